//! What can go wrong, in the words of a person.

use evergrant_leptos::core::protocol::challenge::Challenge;
use evergrant_leptos::core::protocol::{OAuthError, Scope};

use crate::parts::Notice;

/// Why there is nothing new to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The configuration names no API.
    NoApi,
    /// Another issuer is in use, whose tokens this app's APIs do not get.
    OtherIssuer,
    /// There is no network.
    Offline,
    /// No answer came.
    Unreachable,
    /// The request did not leave, because there is no token to send.
    NotAsked(String),
    /// The API said no.
    Refused { status: u16, challenge: Challenge },
    /// It answered something else than expenses.
    Unreadable,
}

impl Trouble {
    /// What to say of it; `has_report` when there is one from before.
    pub(super) fn notice(&self, has_report: bool) -> Notice {
        let mut sentences = vec![self.exact()];
        if has_report {
            sentences.push("What you see is from before.".to_owned());
        }
        Notice { tone: "warn", headline: self.headline(), sentences, exact: None }
    }

    /// What happened.
    fn headline(&self) -> &'static str {
        match self {
            Self::NoApi => "This app has not been told of an API.",
            Self::OtherIssuer => "The API of this app is not asked.",
            Self::Offline => "You are offline.",
            Self::Unreachable => "The API could not be reached.",
            Self::NotAsked(_) => "Your session could not be renewed, so the API was not asked.",
            Self::Refused { .. } if !self.needed_scope().is_empty() => {
                "You have not allowed this app to read expenses."
            }
            Self::Refused { status: 401, .. } => "The API did not accept your session.",
            Self::Refused { .. } | Self::Unreadable => "The API did not answer as it should.",
        }
    }

    /// What exactly, or what to do about it.
    fn exact(&self) -> String {
        match self {
            Self::NoApi => "Name its origin in config.json, under allowed_api_origins.".to_owned(),
            Self::OtherIssuer => {
                "You are using an issuer of your own. The API trusts the app's own issuer, and gets tokens of \
                                  no other: go back to that to see expenses."
                    .to_owned()
            }
            Self::Offline => "Load again once you are back.".to_owned(),
            Self::Unreachable => "Try again in a moment.".to_owned(),
            Self::NotAsked(why) => why.clone(),
            Self::Refused { status, challenge } => match &challenge.error {
                Some(OAuthError { error_description: Some(description), .. }) => description.clone(),
                _ => format!("Its answer was {status}."),
            },
            Self::Unreadable => "Its answer holds no expenses.".to_owned(),
        }
    }

    /// What the person would have to allow for it; empty where that is not the trouble.
    pub(super) fn needed_scope(&self) -> Scope {
        match self {
            Self::Refused { challenge, .. } => challenge.scope.clone(),
            _ => Scope::default(),
        }
    }
}
