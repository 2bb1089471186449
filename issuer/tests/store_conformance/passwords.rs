//! Which password each person has, and what ends when it is another.

use std::sync::Arc;

use evergrant_core::protocol::Subject;
use evergrant_issuer::Store;
use evergrant_issuer::secret::SecretHash;
use evergrant_issuer::store::{Grant, Session};

use super::rows::{after, ann, bob, family, grant, hash, session};
use super::{Opened, at_once};

/// Everybody has `password` where nothing else is said.
async fn note(store: &Arc<dyn Store>, anns: &str) -> u64 {
    store.note_passwords(vec![(bob(), hash("password")), (ann(), hash(anns))], after(1)).await.unwrap()
}

/// A session and a family of `subject`, both made with `password`.
async fn sign_in(store: &Arc<dyn Store>, name: &str, subject: Subject, password: Option<SecretHash>) {
    let session = Session { subject: subject.clone(), password, ..session(name) };
    assert_eq!(store.start_session(session.clone(), None).await.map(|()| session.id).unwrap(), hash(name));
    assert_eq!(store.session(hash(name), after(1)).await.unwrap(), Some(session));
    let grant = Grant { subject, password, ..grant(name) };
    store.add_refresh_family(grant.clone(), family(name, name)).await.unwrap();
    assert_eq!(store.refresh_family(hash(name), after(1)).await.unwrap(), Some((grant, family(name, name))));
}

/// Whether session and family are there, and the grant is not on the list of what was revoked.
async fn is_signed_in(store: &Arc<dyn Store>, name: &str) -> bool {
    let session = store.session(hash(name), after(1)).await.unwrap().is_some();
    assert_eq!(store.refresh_family(hash(name), after(1)).await.unwrap().is_some(), session, "{name}");
    assert_eq!(!store.is_revoked("no token", Some(name)).await.unwrap(), session, "{name}");
    session
}

pub(super) async fn whoever_has_another_password_is_signed_out_of_what_was_made_with_any_other(
    Opened { store, .. }: &Opened,
) {
    note(store, "password").await;
    sign_in(store, "old", ann(), Some(hash("password"))).await;
    sign_in(store, "from before", ann(), None).await;
    sign_in(store, "new already", ann(), Some(hash("another"))).await;
    sign_in(store, "bob's", bob(), Some(hash("password"))).await;
    sign_in(store, "bob's from before", bob(), None).await;
    assert_eq!(note(store, "another").await, 1);
    let mut signed_in = Vec::new();
    for name in ["old", "from before", "new already", "bob's", "bob's from before"] {
        signed_in.push(is_signed_in(store, name).await);
    }
    assert_eq!(signed_in, [false, false, true, true, true]);
    assert_eq!(store.noted_password(&ann()).await.unwrap(), Some(hash("another")));
    assert_eq!(store.noted_password(&bob()).await.unwrap(), Some(hash("password")));
    // And back.
    assert_eq!(note(store, "password").await, 1);
    assert!(!is_signed_in(store, "new already").await);
}

pub(super) async fn a_password_that_is_noted_first_or_again_ends_nothing(Opened { store, .. }: &Opened) {
    assert_eq!(store.noted_password(&ann()).await.unwrap(), None);
    sign_in(store, "from before", ann(), None).await;
    sign_in(store, "of another", ann(), Some(hash("another"))).await;
    assert_eq!(note(store, "password").await, 0);
    assert_eq!(note(store, "password").await, 0);
    assert!(is_signed_in(store, "from before").await && is_signed_in(store, "of another").await);
    assert_eq!(store.note_passwords(Vec::new(), after(1)).await.unwrap(), 0);
    // Nobody of such a name can ever sign in; the others are noted.
    let odd = Subject::new("ann\0");
    let passwords = vec![(odd, hash("any")), (Subject::new("eve"), hash("eve's"))];
    assert_eq!(store.note_passwords(passwords, after(1)).await.unwrap(), 0);
    assert_eq!(store.noted_password(&Subject::new("eve")).await.unwrap(), Some(hash("eve's")));
}

pub(super) async fn of_many_who_note_a_password_at_once_one_sees_it_change(opened: &Opened) {
    let people = || (0..20).map(|number| Subject::new(format!("person {number}")));
    let passwords = |password: &'static str| people().map(|person| (person, hash(password))).collect::<Vec<_>>();
    opened.store.note_passwords(passwords("password"), after(0)).await.unwrap();
    let changed = at_once(opened, 20, |store, number| {
        let mut passwords = passwords("another");
        passwords.rotate_left(number);
        async move { store.note_passwords(passwords, after(1)).await.unwrap() }
    });
    assert_eq!(changed.await.iter().sum::<u64>(), 20);
}
