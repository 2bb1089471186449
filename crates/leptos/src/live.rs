//! What changes on a page, behind one type for each kind: every closure of a type of its own would bring a copy of the
//! renderer with it, a kilobyte or more for each visitor to load.

use leptos::ev::{MouseEvent, SubmitEvent};
use leptos::prelude::*;

/// A text, or an attribute's value.
pub type Text = Box<dyn FnMut() -> String + Send>;

/// A text that follows the signals that `of` reads.
pub fn text<T: Into<String>>(of: impl Fn() -> T + Send + 'static) -> Text {
    Box::new(move || of().into())
}

/// An attribute that is there, with that value, or not.
pub type Attribute = Box<dyn FnMut() -> Option<&'static str> + Send>;

/// An attribute that has `value` while `when` holds, and else is not there.
pub fn attribute(value: &'static str, when: impl Fn() -> bool + Send + 'static) -> Attribute {
    Box::new(move || when().then_some(value))
}

/// A part of a page.
pub type Part = Box<dyn FnMut() -> AnyView + Send>;

/// A part of a page that is drawn anew when a signal changes that `of` reads.
pub fn part(of: impl Fn() -> AnyView + Send + 'static) -> Part {
    Box::new(of)
}

/// What a click does.
pub type Click = Box<dyn FnMut(MouseEvent)>;

/// A click that does `what`.
pub fn click(mut what: impl FnMut() + 'static) -> Click {
    on_click(move |_| what())
}

/// A click that does `what` with the event.
pub fn on_click(what: impl FnMut(MouseEvent) + 'static) -> Click {
    Box::new(what)
}

/// What happens when a form is sent.
pub type Submit = Box<dyn FnMut(SubmitEvent)>;

/// Does `what` when a form is sent, in place of loading another page.
pub fn submit(mut what: impl FnMut() + 'static) -> Submit {
    Box::new(move |event| {
        event.prevent_default();
        what();
    })
}

/// A value that follows the signals that `of` reads, and is told on only when it is another.
pub fn memo<T: PartialEq + Send + Sync + 'static>(of: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    let of: Box<dyn Fn() -> T + Send + Sync> = Box::new(of);
    Memo::new(move |_| of())
}

/// Does `what` now, and again when a signal changes that it reads.
pub fn effect(what: impl Fn() + 'static) {
    let what: Box<dyn Fn()> = Box::new(what);
    Effect::new(move |_| what());
}
