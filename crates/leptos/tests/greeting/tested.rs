#[wasm_bindgen_test]
fn tess_is_greeted() {
    // Each test has a client of its own, since all tests are in one tab.
    let config = r#"{"issuer":"https://id.example.com/","client_id":"tess-is-greeted"}"#;
    let config = Config::parse(config, "https://app.example.com").unwrap();
    let claims = serde_json::json!({"sub": "1", "name": "Tess", "roles": ["admin"]});
    assert!(testing::sign_in(&config, claims.as_object().cloned().unwrap_or_default()));
    let place: web_sys::HtmlElement = document().create_element("div").unwrap().unchecked_into();
    mount_to(place.clone(), || view! { <SessionProvider config><Greeting/></SessionProvider> }).forget();
    assert!(place.text_content().unwrap_or_default().contains("Hello, Tess"));
}
