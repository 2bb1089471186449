/// To the issuer's page for those who have no account yet (`prompt=create`, Initiating User Registration via OpenID Connect).
fn sign_up(session: SessionHandle, address: &str) -> Result<(), ParameterError> {
    let parameters = AuthorizationParameters::new([("prompt", "create"), ("login_hint", address)])?;
    session.sign_in_with(SignIn { return_to: here(), parameters, ..SignIn::default() });
    Ok(())
}

/// What an API wants that has refused a request: another scope, or that the person shows themselves again (RFC 9470).
async fn as_the_api_wants_it(session: SessionHandle, refusal: &web_sys::Response) -> Result<(), Failure> {
    let Some(challenge) = challenge(refusal) else { return Ok(()) };
    let parameters = challenge.parameters();
    session.ask_with(SignIn { return_to: here(), scope: challenge.scope, parameters, ..SignIn::default() }).await
}
