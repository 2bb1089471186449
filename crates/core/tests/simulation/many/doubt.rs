//! What a page cannot know of its tokens' time, for how they came to it.

use evergrant_core::session::Event;

use super::super::network::TIMEOUT;
use super::super::tab::Doubt;
use super::tab::access_token;
use super::world::World;

impl World {
    /// Whether the request for this access token may have left before `then`.
    pub fn got_before(&self, access_token: u64, then: Option<u64>) -> bool {
        let issued_at = self.issuer.expires_at(access_token) - 1000 * self.issuer.rules.lifetime;
        then.is_some_and(|then| issued_at <= then + TIMEOUT)
    }

    /// A page is given tokens, in answer to its own request or by another page: what it cannot know of their time.
    pub fn takes_token(&mut self, tab: usize, event: &Event) {
        let (token, doubt) = match event {
            Event::SignInEnded { outcome: Ok(tokens), .. } | Event::RenewalEnded { outcome: Ok(tokens), .. } => {
                (tokens.access_token.as_ref().and_then(|it| it.secret().parse().ok()), self.tabs[tab].in_flight)
            }
            Event::Opened { stored: Some(session) }
            | Event::CallbackArrived { stored: Some(session) }
            | Event::Adopted { session } => {
                let number = access_token(session);
                // When it expires is told by the wall clock alone, as it was when the tokens came.
                (Some(number), Doubt::of_stored(self.got_before(number, self.clock.set_back_at)))
            }
            _ => return,
        };
        let page = &mut self.tabs[tab];
        if page.token != token {
            (page.token, page.doubt) = (token, doubt);
        }
    }
}
