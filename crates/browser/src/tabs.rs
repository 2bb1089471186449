//! What tabs of one app tell each other, over a BroadcastChannel. Never a token.

use std::fmt::Display;
use std::rc::Rc;

use evergrant_core::session::TabMessage;
use evergrant_core::time::UnixTime;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BroadcastChannel, Event, MessageEvent};

use crate::code;
use crate::listener::Listener;

const SIGNED_OUT: &str = "signed-out";
const CHANGED: &str = "changed";
const IDLE_ENDED: &str = "idle-ended";
/// Followed by when the person was active, in milliseconds since the epoch.
const ACTIVE: &str = "active:";

/// The channel to the other tabs; closed when it is dropped.
#[derive(Debug)]
pub struct Tabs {
    channel: BroadcastChannel,
    _listener: Listener,
}

impl Tabs {
    /// Opens the channel of the client that is [`kept_as`](evergrant_core::config::Config::kept_as) `name`; `None` where the
    /// browser has none. A tab does not hear itself.
    pub fn open(name: &dyn Display, hear: impl Fn(TabMessage) + 'static) -> Option<Self> {
        let channel = BroadcastChannel::new(&format!("evergrant.{name}")).ok()?;
        let heard = move |event: Event| {
            let data = event.dyn_into::<MessageEvent>().ok().and_then(|message| message.data().as_string());
            // A newer version of this app may say more.
            if let Some(message) = data.as_deref().and_then(read) {
                hear(message);
            }
        };
        let listener = Listener::new(&channel, "message", code::heard_when_there(Rc::new(heard)));
        Some(Self { channel, _listener: listener })
    }

    /// Tells every other tab of this origin and client. A page that is frozen or gone hears nothing.
    pub fn tell(&self, message: TabMessage) {
        let text = match message {
            TabMessage::SignedOut => SIGNED_OUT.to_owned(),
            TabMessage::Changed => CHANGED.to_owned(),
            TabMessage::IdleEnded => IDLE_ENDED.to_owned(),
            TabMessage::Active { at } => format!("{ACTIVE}{}", at.as_millis()),
        };
        // Posting a string on an open channel does not throw.
        let _ = self.channel.post_message(&JsValue::from_str(&text));
    }
}

fn read(text: &str) -> Option<TabMessage> {
    match text {
        SIGNED_OUT => Some(TabMessage::SignedOut),
        CHANGED => Some(TabMessage::Changed),
        IDLE_ENDED => Some(TabMessage::IdleEnded),
        _ => {
            let millis = text.strip_prefix(ACTIVE)?.parse().ok()?;
            Some(TabMessage::Active { at: UnixTime::from_millis(millis) })
        }
    }
}

impl Drop for Tabs {
    fn drop(&mut self) {
        self.channel.close();
    }
}
