//! What to say about an issuer, looked up while it is typed.

use evergrant_leptos::{OtherIssuer, use_session};
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::check::{Check, HINT, PAUSE, said};
use super::registration::CopyButton;
use crate::live::{effect, submit, text};
use crate::parts::Notice;
use crate::{other_issuer, words};

/// The form.
#[component]
pub(super) fn IssuerForm() -> impl IntoView {
    let config = use_session().config();
    let draft = Draft::of(match OtherIssuer::is_used_by(&config) {
        true => OtherIssuer::of(&config),
        false => OtherIssuer { scope: config.scope.to_string(), ..OtherIssuer::default() },
    });
    let (of_the_link, trouble) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let check = Check::new();
    let read_link = move || {
        if let Some(other) = other_issuer::proposed() {
            of_the_link.set(proposal(other.is_some()).to_html());
            if let Some(other) = other {
                draft.set(other);
            }
        }
    };
    read_link();
    let listener = window_event_listener(ev::hashchange, move |_| read_link());
    on_cleanup(move || listener.remove());

    let own = config.clone();
    effect(move || {
        let issuer = draft.issuer.get().trim().to_owned();
        // The client comes later; an address is looked up without it.
        let named = OtherIssuer { client_id: "-".to_owned(), scope: "openid".to_owned(), ..draft.read() };
        match named.in_place_of(&own) {
            _ if issuer.is_empty() => check.say(&said("", HINT)),
            Err(error) => check.say(&said("bad", words::unusable_issuer(&error))),
            Ok(_) => spawn_local(async move {
                check.look_up(issuer, PAUSE).await;
            }),
        }
    });
    let use_it = move || {
        let other = draft.read();
        if let Err(error) = other.in_place_of(&config) {
            return trouble.set(words::unusable_issuer(&error).to_owned());
        }
        trouble.set(String::new());
        spawn_local(async move {
            if check.look_up(other.issuer.trim().to_owned(), 0).await && !other_issuer::use_from_now_on(&other) {
                let trouble_is = "This browser does not let this site store anything, so the choice cannot be kept.";
                trouble.set(trouble_is.to_owned());
            }
        });
    };
    view! {
        <section class="card" aria-labelledby="about-issuer">
            <div>
                <h2 id="about-issuer">"The issuer"</h2>
                <div aria-live="polite" inner_html=text(move || of_the_link.get())></div>
            </div>
            <form class="fields" on:submit=submit(use_it)>
                <Field id="issuer" label="Issuer URL" value=draft.issuer trouble hint="issuer-hint" placeholder="https://tenant.example.com/"/>
                <div class="check" id="issuer-hint" aria-live="polite" inner_html=text(move || check.seen())></div>
                <Field id="client-id" label="Client ID" value=draft.client_id trouble/>
                <Field id="scope" label="Scope" value=draft.scope trouble/>
                <Field id="audience" label="Audience, if the issuer wants one" value=draft.audience trouble/>
                <p class="problem" role="alert">{text(move || trouble.get())}</p>
                <div class="actions">
                    <button type="submit" class="primary">"Use this issuer"</button>
                    <CopyButton what="Copy a link to this" name="Copy a link to this" value=text(move || other_issuer::link(&draft.read()))/>
                </div>
                <p class="muted small">"A session that you have now stays as it is, and is there again when you come back to its issuer."</p>
            </form>
        </section>
    }
}

fn proposal(can_be_read: bool) -> Notice {
    let (headline, advice) = match can_be_read {
        true => (
            "A link filled this in.",
            "Nothing is changed yet. Use it only if you know this issuer: you will be sent there to sign in.",
        ),
        false => ("That link names no issuer.", "It may have lost a part on its way."),
    };
    Notice { tone: "warn", headline, sentences: vec![advice.to_owned()], exact: None }
}

/// What is being typed.
#[derive(Clone, Copy)]
struct Draft {
    issuer: RwSignal<String>,
    client_id: RwSignal<String>,
    scope: RwSignal<String>,
    audience: RwSignal<String>,
}

impl Draft {
    fn of(other: OtherIssuer) -> Self {
        let [issuer, client_id, scope, audience] =
            [other.issuer, other.client_id, other.scope, other.audience].map(RwSignal::new);
        Self { issuer, client_id, scope, audience }
    }

    fn set(self, other: OtherIssuer) {
        self.issuer.set(other.issuer);
        self.client_id.set(other.client_id);
        self.scope.set(other.scope);
        self.audience.set(other.audience);
    }

    fn read(self) -> OtherIssuer {
        let [issuer, client_id, scope, audience] =
            [self.issuer, self.client_id, self.scope, self.audience].map(|value| value.get_untracked());
        OtherIssuer { issuer, client_id, scope, audience }
    }
}

#[component]
fn Field(
    id: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    /// What was wrong when the form was sent: nobody knows once something else is typed.
    trouble: RwSignal<String>,
    /// What describes it.
    #[prop(optional)]
    hint: &'static str,
    #[prop(optional)] placeholder: &'static str,
) -> impl IntoView {
    view! {
        <label for=id>{label}</label>
        <input id=id autocomplete="off" autocapitalize="none" spellcheck="false" placeholder=placeholder
            aria-describedby=hint prop:value=text(move || value.get())
            on:input=move |event| {
                value.set(event_target_value(&event));
                trouble.set(String::new());
            }/>
    }
}
