//! What a page cannot know of its tokens' time, for how they came to it.

use evergrant_core::session::{Event, Status};

use super::super::tab::Doubt;
use super::tab::access_token;
use super::world::World;

impl World {
    /// Whether the request for this access token left before `then`, or at that time.
    pub fn got_before(&self, access_token: u64, then: Option<u64>) -> bool {
        then.is_some_and(|then| self.asked_for_at[&access_token] <= then)
    }

    /// A page is given tokens, in answer to its own request or by another page: what it cannot know of their time.
    pub fn takes_token(&mut self, tab: usize, event: &Event) {
        let status = self.tabs[tab].view(&self.clock).status;
        let (token, doubt) = match event {
            // Whoever is on the way to the issuer, or back, takes nothing over.
            Event::Adopted { .. } if matches!(status, Status::SigningIn | Status::SigningOut) => return,
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
            Event::SignedInAnew { tokens } if status.is_signed_in() => {
                (tokens.access_token.as_ref().and_then(|it| it.secret().parse().ok()), self.tabs[tab].in_flight)
            }
            _ => return,
        };
        let page = &mut self.tabs[tab];
        if page.token != token {
            (page.token, page.doubt) = (token, doubt);
            // The issuer has answered since, here or in another page.
            page.left_alone_until = 0;
        }
    }
}
