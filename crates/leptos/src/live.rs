//! What changes on a page, behind one type for each kind: every closure of a type of its own would bring a copy of the
//! renderer with it, a kilobyte or more for each visitor to load.

use leptos::ev::MouseEvent;
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
pub fn click(what: impl Fn() + 'static) -> Click {
    Box::new(move |_| what())
}
