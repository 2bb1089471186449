//! How often what happened: what shows that the worlds are worth living in.

use std::ops::AddAssign;

macro_rules! tally {
    ($($name:ident)*) => {
        /// Counts of one world, or of many.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Tally {
            $(pub $name: u64,)*
        }

        impl Tally {
            /// Every count with its name.
            pub fn counts(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name)),*]
            }
        }

        impl AddAssign for Tally {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)*
            }
        }
    };
}

pub(crate) use tally;

tally! {
    steps faults sign_ins renewals_by_iframe renewals_by_refresh_token failures retry_afters late_answers
    asked_the_person sleeps reloads stops sign_outs sign_outs_while_renewing
}
