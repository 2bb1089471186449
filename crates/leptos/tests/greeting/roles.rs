/// Claims of the issuer's own, as a type of the app's own. `Deserialize` is serde's.
#[derive(Default, serde::Deserialize)]
struct Own {
    #[serde(default)]
    roles: Vec<String>,
}

fn is_admin(session: SessionHandle) -> Memo<bool> {
    let claims = session.all_claims();
    let own = move || serde_json::from_value::<Own>(claims.get().into()).unwrap_or_default();
    Memo::new(move |_| own().roles.iter().any(|role| role == "admin"))
}
