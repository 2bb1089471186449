#[component]
fn Welcome() -> impl IntoView {
    let config = RwSignal::new(None);
    Effect::new(move |_| {
        leptos::task::spawn_local(async move { config.set(Some(load_config("/config.json").await)) });
    });
    let greeting = move || match config.get()? {
        Ok(config) => Some(view! { <SessionProvider config><Greeting/></SessionProvider> }.into_any()),
        Err(error) => Some(error.to_string().into_any()),
    };
    view! { <h1>"Welcome"</h1> {greeting} }
}
