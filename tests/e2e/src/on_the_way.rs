//! What can happen to the app's requests, and to their answers, on their way: they are lost, or changed.

use serde_json::json;

use crate::app::App;

impl App<'_> {
    /// Loses the answer to the next request of this page: the server gives it, and the page never sees it. With
    /// `with_the_network` the page learns of the loss only when it is offline.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn lose_the_next_answer(&self, with_the_network: bool) -> anyhow::Result<()> {
        let script = "
            const [withTheNetwork] = arguments, fetch = window.fetch;
            window.fetch = async (...request) => {
                window.fetch = fetch;
                await fetch(...request);
                if (withTheNetwork && navigator.onLine) {
                    await new Promise(lost => window.addEventListener('offline', lost, { once: true }));
                }
                throw new TypeError('the answer was lost');
            };";
        self.browser.script(script, vec![json!(with_the_network)]).await.map(drop)
    }

    /// Loses the next request of this page before it reaches anybody, as a network would: the page cannot tell.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn lose_the_next_request(&self) -> anyhow::Result<()> {
        let script = "
            const fetch = window.fetch;
            window.fetch = async () => {
                window.fetch = fetch;
                throw new TypeError('the request was lost');
            };";
        self.browser.script(script, vec![]).await.map(drop)
    }

    /// Changes the next ID token that this page is answered, by JavaScript that sees its `header`, `claims` and `signature`; what
    /// it returns, if anything, stands in for the whole token. `before` is the token of the stored session.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn change_the_next_id_token(&self, change: &str) -> anyhow::Result<()> {
        let before = self.stored_session().await?.id_token()?;
        let script = "
            const [before] = arguments, fetch = window.fetch;
            const decoded = part => JSON.parse(new TextDecoder().decode(
                Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), it => it.charCodeAt(0))));
            const encoded = value => btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))))
                .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
            const changed = (header, claims, signature) => {
                const whole = (() => { CHANGE })();
                return whole ?? `${encoded(header)}.${encoded(claims)}.${signature}`;
            };
            window.fetch = async (...request) => {
                const answer = await fetch(...request);
                if (!answer.ok || !answer.url.endsWith('/oauth/token')) return answer;
                window.fetch = fetch;
                const body = await answer.json(), [header, claims, signature] = body.id_token.split('.');
                body.id_token = changed(decoded(header), decoded(claims), signature);
                return new Response(JSON.stringify(body), { status: 200 });
            };";
        self.browser.script(&script.replace("CHANGE", change), vec![json!(before.secret())]).await.map(drop)
    }
}
