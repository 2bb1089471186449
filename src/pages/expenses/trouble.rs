//! What can go wrong, in the words of a person.

use evergrant_leptos::core::protocol::challenge::Challenge;
use evergrant_leptos::core::protocol::{OAuthError, Scope};

/// Why there is nothing new to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The configuration names no API.
    NoApi,
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
    /// What happened.
    pub(super) fn headline(&self) -> &'static str {
        match self {
            Self::NoApi => "This app has not been told of an API.",
            Self::Offline => "You are offline.",
            Self::Unreachable => "The API could not be reached.",
            Self::NotAsked(_) => "Your session could not be renewed, so the API was not asked.",
            Self::Refused { .. } if self.needed_scope().is_some() => "You have not allowed this app to read expenses.",
            Self::Refused { status: 401, .. } => "The API did not accept your session.",
            Self::Refused { .. } | Self::Unreadable => "The API did not answer as it should.",
        }
    }

    /// What exactly, or what to do about it.
    pub(super) fn exact(&self) -> String {
        match self {
            Self::NoApi => "Name its origin in config.json, under allowed_api_origins.".to_owned(),
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

    /// What the person would have to allow for it.
    pub(super) fn needed_scope(&self) -> Option<Scope> {
        match self {
            Self::Refused { challenge, .. } if !challenge.scope.is_empty() => Some(challenge.scope.clone()),
            _ => None,
        }
    }
}
