use evergrant_browser::core::session::{SignIn, View};
use evergrant_browser::{FetchError, Runtime, StartError, load_config};
use web_sys::{Request, Response};

/// Once, when the page is there.
async fn start(show: impl Fn(View) + 'static) -> Result<Runtime, StartError> {
    Ok(Runtime::start(load_config("/config.json").await?, show))
}

/// In a click.
fn sign_in(runtime: &Runtime) {
    let flow = runtime.config().flow;
    runtime.sign_in(SignIn { flow, return_to: "/reports".into(), ..SignIn::default() });
}

/// With the access token, which is renewed first if it has to be.
async fn call(runtime: &Runtime, request: Request) -> Result<Response, FetchError> {
    runtime.fetch(request).await
}
