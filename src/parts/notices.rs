//! What a person should know: why the session ended, what went wrong, what the browser forbids.

use evergrant_leptos::core::session::Failure;
use evergrant_leptos::html::escaped;
use evergrant_leptos::{EndReason, Status, View, use_session};
use leptos::prelude::*;

use crate::live::{memo, text};
use crate::words;

/// The notices of the moment, announced to screen readers as they come.
#[component]
pub(crate) fn Notices() -> impl IntoView {
    let session = use_session();
    let view = session.view();
    // Memos: a notice that stays is not rendered, and announced, anew.
    let ended = memo(move || html(view.with(|view| view.ended.as_ref().map(Notice::of_end))));
    let problem = memo(move || html(view.with(Notice::of_problem)));
    let warning = memo(move || {
        view.track();
        html(session.warning().map(Notice::of_warning))
    });
    view! {
        <div class="notices" aria-live="polite">
            {[ended, problem, warning].into_iter().map(|notice| place(move || notice.get())).collect_view()}
        </div>
    }
}

/// Something a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How bad it is: `info`, `passing` where it may be over in a moment, `warn` or `bad`.
    pub tone: &'static str,
    /// What happened.
    pub headline: &'static str,
    /// More sentences: what exactly, and what to do about it.
    pub sentences: Vec<String>,
    /// The words of the software, for those who look.
    pub exact: Option<String>,
}

impl Notice {
    /// Why nobody is signed in any more.
    pub fn of_end(reason: &EndReason) -> Self {
        let headline = words::ended(reason);
        match reason {
            EndReason::SignedOut | EndReason::SignedOutElsewhere | EndReason::Idle(None) => {
                Self { tone: "info", headline, sentences: Vec::new(), exact: None }
            }
            EndReason::Idle(Some(failure)) => {
                let mut notice = Self::of("warn", headline, failure);
                notice.sentences.insert(
                    0,
                    "The issuer could not be told: somebody at this device may get in there still.".to_owned(),
                );
                notice
            }
            EndReason::AccountChanged => Self {
                tone: "warn",
                headline,
                sentences: vec!["Your session here could not go on beside theirs. Sign in again to go on.".to_owned()],
                exact: None,
            },
            EndReason::AskThePerson(failure) | EndReason::IssuerNotTold(failure) => Self::of("warn", headline, failure),
            EndReason::SignInFailed(failure) => Self::of("bad", headline, failure),
        }
    }

    /// What went wrong, with the session still there.
    pub fn of_problem(view: &View) -> Option<Self> {
        let failure = view.problem.as_ref()?;
        if view.sign_in_failed {
            return Some(Self::of("warn", words::declined(failure), failure));
        }
        let stopped = view.renew_at.is_none() && view.status != Status::Renewing;
        Some(Self::of(if stopped { "warn" } else { "passing" }, words::problem(failure, stopped), failure))
    }

    fn of_warning(warning: String) -> Self {
        Self { tone: "warn", headline: "Your session will not be remembered.", sentences: vec![warning], exact: None }
    }

    fn of(tone: &'static str, headline: &'static str, failure: &Failure) -> Self {
        let (mut sentences, exact) = match failure {
            // These are sentences for people already, and say what the advice cannot know.
            Failure::Browser(_) | Failure::Silence(_) => (vec![words::sentence(failure)], None),
            _ => (Vec::new(), Some(failure.to_string())),
        };
        sentences.push(failure.advice().to_owned());
        Self { tone, headline, sentences, exact }
    }

    /// The notice as it is drawn.
    pub fn to_html(&self) -> String {
        let Self { tone, headline, sentences, exact } = self;
        let mut html = format!("<section class=\"notice\" data-tone=\"{tone}\"><p class=\"headline\">{headline}</p>");
        for sentence in sentences {
            html += &format!("<p>{}</p>", escaped(sentence));
        }
        if let Some(exact) = exact {
            html += "<details><summary>What exactly happened</summary>";
            html += &format!("<p class=\"exact\">{}</p></details>", escaped(exact));
        }
        html + "</section>"
    }
}

/// Where a notice is shown, or nothing.
pub(crate) fn place(notice: impl Fn() -> String + Send + 'static) -> AnyView {
    view! { <div inner_html=text(notice)></div> }.into_any()
}

fn html(notice: Option<Notice>) -> String {
    notice.map(|notice| notice.to_html()).unwrap_or_default()
}
