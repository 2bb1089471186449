/// What an API says, as values of the app's own. `Request` and `Response` are those of `gloo_net::http`, which become the
/// browser's, and are made from them.
async fn reports(session: SessionHandle) -> Result<Vec<Report>, Box<dyn Error>> {
    let request = Request::get("https://api.example.com/reports").build()?;
    let response = Response::from(session.fetch(request.into()).await?);
    Ok(response.json().await?)
}
