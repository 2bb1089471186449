//! What is bound to happen in a world, in order of time.

use super::faults::Fault;
use super::world::World;

/// What is bound to happen.
#[derive(Clone, Copy, Debug)]
pub enum Happening {
    Fault(Fault),
    /// The tab comes back from the issuer, signed in there as this person or not.
    ComesBack {
        tab: usize,
        page: u64,
        person: Option<u64>,
    },
    /// The person has signed in as somebody in the tab's popup, or closed it.
    PopupAnswers {
        tab: usize,
        page: u64,
        attempt: u64,
        person: Option<u64>,
    },
    Thaws {
        tab: usize,
    },
    WeatherEnds,
    /// No more faults.
    Calm,
    /// The person asks where trying has ended.
    Asks,
    /// A look at every tab.
    Look,
    End,
}

impl World {
    pub fn plan(&mut self, at: u64, happening: Happening) {
        let place = self.plan.partition_point(|(other, _)| *other <= at);
        self.plan.insert(place, (at, happening));
    }

    pub fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Fault(fault) => {
                self.note(|_| format!("{fault:?}"));
                self.befalls(fault);
            }
            Happening::ComesBack { tab, page, person } => self.comes_back(tab, page, person),
            Happening::PopupAnswers { tab, page, attempt, person } => self.popup_answers(tab, page, attempt, person),
            Happening::Thaws { tab } => self.thaw(tab),
            Happening::WeatherEnds if self.clock.truth >= self.weather_until => self.weather_clears(),
            Happening::WeatherEnds | Happening::Look | Happening::End => {}
            Happening::Calm => self.calm(),
            Happening::Asks => self.ask_where_trying_ended(),
        }
    }
}
