//! An issuer inside the page, for what a real one never does: it answers the client's requests with whatever a test makes
//! of a good answer, properly signed where the test lets it be.
#![allow(clippy::unwrap_used, dead_code)]

use evergrant_core::config::Config;
use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Opens the issuer: `fetch` answers for it, and what is framed at its authorization endpoint posts its answers.
/// Arguments: the issuer identifier, the client id.
const OPEN: &str = r#"
const [issuer, client] = arguments, origin = location.origin;
const base64url = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const utf8 = text => new TextEncoder().encode(text);
const encoded = value => base64url(utf8(JSON.stringify(value)));
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const self = { requests: [], said: [], given: 0, tamper: () => {}, metadata: {}, api: [], userinfo: [], proofs: [], seen: new Set() };

// What a proof of possession proves (RFC 9449 §4.3). The answer is a refusal, or nothing.
const bytes = text => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), letter => letter.charCodeAt());
const decoded = part => JSON.parse(new TextDecoder().decode(bytes(part)));
const judged = async (proof, method, url, token) => {
    if (!proof) return;
    const [header, claims, signature] = proof.split('.');
    const { typ, alg, jwk } = decoded(header), said = decoded(claims);
    const key = await crypto.subtle.importKey('jwk', jwk, algorithm, true, ['verify']);
    const ath = token && base64url(await crypto.subtle.digest('SHA-256', utf8(token)));
    const good = await crypto.subtle.verify(algorithm, key, bytes(signature), utf8(`${header}.${claims}`))
        && typ === 'dpop+jwt' && alg === 'ES256' && !('d' in jwk) && said.htm === method && said.htu === url
        && Math.abs(said.iat - Date.now() / 1000) < 60 && said.ath === ath && !self.seen.has(said.jti);
    self.seen.add(said.jti);
    self.proofs.push(`${good ? 'good' : 'bad'} ${said.nonce ?? 'without a nonce'} ${jwk.x}`);
    return self.nonce && said.nonce !== self.nonce ? 'use_dpop_nonce' : undefined;
};
const given = () => self.nonce ? { 'DPoP-Nonce': self.nonce } : {};

const idToken = async nonce => {
    const now = Math.floor(Date.now() / 1000);
    const header = { alg: 'ES256', kid: 'known' };
    const claims = { iss: issuer, sub: 'tess', aud: client, iat: now, exp: now + 3600, nonce };
    const forged = { header, claims, signature: null };
    self.tamper(forged);
    const input = `${encoded(header)}.${encoded(claims)}`;
    const signature = await crypto.subtle.sign(algorithm, self.keys.privateKey, utf8(input));
    return `${input}.${forged.signature ?? base64url(signature)}`;
};

const answers = {
    '.well-known/openid-configuration': () => ({
        issuer, authorization_endpoint: issuer + 'authorize', token_endpoint: issuer + 'token', jwks_uri: issuer + 'jwks',
        response_types_supported: ['code'], authorization_response_iss_parameter_supported: true, ...self.metadata,
    }),
    'jwks': async () => {
        const key = await crypto.subtle.exportKey('jwk', self.keys.publicKey);
        return { keys: [{ ...key, kid: 'known', alg: 'ES256', use: 'sig' }] };
    },
    'token': async (form, proof) => {
        const code = new URLSearchParams(form).get('code') ?? undefined;
        const tokens = {
            access_token: `access-${++self.given}`, token_type: proof ? 'DPoP' : 'Bearer', expires_in: 3600,
            id_token: await idToken(code),
        };
        self.tamper({ tokens, code });
        return tokens;
    },
};

const real = window.fetch;
window.fetch = async (request, init) => {
    const [url] = (request instanceof Request ? request.url : String(request)).split('?');
    if (url === `${origin}/api`) {
        const token = request.headers.get('Authorization');
        self.requests.push(`api ${token}`);
        const wrong = await judged(request.headers.get('DPoP'), request.method, url, token?.split(' ')[1]);
        if (wrong) return new Response('', { status: 401, headers: { ...given(), 'WWW-Authenticate': `DPoP error="${wrong}"` } });
        return new Response('', { status: self.api.shift() ?? 200, headers: self.challenge });
    }
    const path = url.startsWith(issuer) ? url.slice(issuer.length) : null;
    if (path === 'userinfo') {
        const { credentials, cache, redirect, headers } = init;
        self.requests.push(`userinfo ${headers.Authorization} ${credentials} ${cache} ${redirect}`);
        await judged(headers.DPoP, 'GET', url, headers.Authorization.split(' ')[1]);
        const answer = { status: 200, type: 'application/json', body: '{"sub":"tess","name":"Tess Tester"}' };
        const { status, type, body } = { ...answer, ...self.userinfo.shift() };
        if (self.heldPath === path) await self.held;
        return new Response(body, { status, headers: { 'Content-Type': type } });
    }
    if (!(path in answers)) return real.call(window, request, init);
    self.requests.push(path);
    if (self.heldPath === path) await self.held;
    const proof = init?.headers?.DPoP;
    const wrong = await judged(proof, init?.method, url);
    if (wrong) return new Response(JSON.stringify({ error: wrong }), { status: 400, headers: given() });
    const answer = await answers[path](init?.body, proof);
    return new Response(JSON.stringify(answer), { headers: given() });
};

// At the authorization endpoint there is nothing but the test server's "not found": what such a page would do is done in it.
const answer = frame => {
    const asked = new URL(frame.contentWindow.location).searchParams;
    const response = { code: asked.get('nonce'), state: asked.get('state'), iss: issuer };
    self.tamper({ response });
    const message = asked.get('response_mode') === 'web_message'
        ? { type: 'authorization_response', response }
        : { type: 'evergrant:authorization-response', response: String(new URLSearchParams(response)) };
    const page = frame.contentDocument;
    const script = page.createElement('script');
    script.textContent = `parent.postMessage(${JSON.stringify(message)}, ${JSON.stringify(origin)})`;
    page.documentElement.append(script);
};
const note = url => {
    const asked = new URL(url).searchParams;
    self.said.push(Object.fromEntries(asked));
    self.requests.push(`authorize ${asked.get('response_mode') ?? 'silent_page'}`);
};


const watch = new MutationObserver(records => {
    for (const frame of records.flatMap(record => [...record.addedNodes])) {
        if (!(frame instanceof HTMLIFrameElement) || !frame.src.startsWith(issuer + 'authorize')) continue;
        note(frame.src);
        frame.addEventListener('load', () => answer(frame), { once: true });
    }
});
watch.observe(document.body, { childList: true });
// A popup is a frame here: without somebody's click, browsers open none.
const open = window.open;
window.open = () => {
    const frame = self.popup = document.body.appendChild(document.createElement('iframe'));
    frame.addEventListener('load', () => {
        const at = frame.contentWindow.location.href;
        if (!at.startsWith(issuer + 'authorize')) return;
        note(at);
        answer(frame);
    });
    return frame.contentWindow;
};
// What is asked there waits until it is let go.
self.hold = path => {
    self.heldPath = path;
    self.held = new Promise(release => { self.release = release; });
};
// Another key takes the place of the one there was, by the same name.
self.replaceKey = async () => { self.keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']); };
// The token endpoint is somewhere else from now on.
self.moveTokenEndpoint = () => {
    self.metadata = { token_endpoint: issuer + 'moved' };
    answers.moved = answers.token;
    delete answers.token;
};
self.closePopup = () => self.popup?.remove();
self.close = () => {
    watch.disconnect();
    self.closePopup();
    window.fetch = real;
    window.open = open;
};
return self.replaceKey().then(() => self);
"#;

/// Configures a client that is to be answered by the issuer's own page.
pub(crate) const BY_MESSAGE: &str = r#""silent_response":"web_message","#;

/// Metadata of an issuer that can do so.
pub(crate) const OFFERS_MESSAGES: &str = r#"{"response_modes_supported":["query","web_message"]}"#;

/// One issuer with one client; gone when it is dropped.
pub(crate) struct Issuer {
    issuer: JsValue,
    base: String,
    client_id: String,
}

impl Issuer {
    /// An issuer for this client.
    pub(crate) async fn open(client_id: &str) -> Self {
        let base = format!("{}/{client_id}/", evergrant_browser::location::origin().unwrap());
        let open: Function = Function::new_no_args(OPEN);
        let opening = open.call2(&JsValue::NULL, &base.as_str().into(), &client_id.into()).unwrap();
        let issuer = JsFuture::from(opening.unchecked_into::<Promise>()).await.unwrap();
        Self { issuer, base, client_id: client_id.to_owned() }
    }

    /// The configuration of that client, with `more` members: `"key":value,`.
    pub(crate) fn config(&self, more: &str) -> Config {
        let origin = evergrant_browser::location::origin().unwrap();
        let json = format!(
            r#"{{{more}"issuer":"{}","client_id":"{}","allowed_api_origins":["{origin}"]}}"#,
            self.base, self.client_id
        );
        Config::parse(&json, &origin).unwrap()
    }

    /// From now on `script` changes the ID tokens before they are signed: `header` and `claims`. It may set
    /// `token.signature` as well.
    pub(crate) fn tamper_id_token(&self, script: &str) {
        let script = format!("const {{ header, claims }} = token; if (claims) {{ {script} }}");
        self.set("tamper", &Function::new_with_args("token", &script));
    }

    /// From now on `script` changes the `response` of the authorization endpoint.
    pub(crate) fn tamper_response(&self, script: &str) {
        let script = format!("if (response) {{ {script} }}");
        self.set("tamper", &Function::new_with_args("{ response }", &script));
    }

    /// From now on `script` changes the `tokens` that a `code`, or without one a refresh, brings.
    pub(crate) fn tamper_tokens(&self, script: &str) {
        let script = format!("if (tokens) {{ {script} }}");
        self.set("tamper", &Function::new_with_args("{ tokens, code }", &script));
    }

    /// It has another key, by the same name, and the one before is gone.
    pub(crate) async fn replace_key(&self) {
        let replace: Function = Reflect::get(&self.issuer, &"replaceKey".into()).unwrap().unchecked_into();
        let replacing: Promise = replace.call0(&self.issuer).unwrap().unchecked_into();
        JsFuture::from(replacing).await.unwrap();
    }

    /// Its token endpoint is somewhere else from now on, and its metadata says so.
    pub(crate) fn move_token_endpoint(&self) {
        self.call("moveTokenEndpoint");
    }

    /// The address below which its endpoints are.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Its metadata says so as well.
    pub(crate) fn announce(&self, metadata: &str) {
        self.set("metadata", &js_sys::JSON::parse(metadata).unwrap());
    }

    /// The API at `/api` answers with these, and with 200 afterwards.
    pub(crate) fn api_answers(&self, statuses: &[u16]) {
        self.set("api", &statuses.iter().map(|status| JsValue::from(*status)).collect::<Array>());
    }

    /// The API says this beside, in a `WWW-Authenticate` header.
    pub(crate) fn api_challenges(&self, challenge: &str) {
        let headers = js_sys::Object::new();
        Reflect::set(&headers, &"WWW-Authenticate".into(), &challenge.into()).unwrap();
        self.set("challenge", &headers);
    }

    /// It has a UserInfo endpoint, which answers with these, and with the name of Tess afterwards: objects with `status`, `type`
    /// and `body`, each unless it is as usual.
    pub(crate) fn offers_userinfo(&self, answers: &str) {
        self.announce(&format!(r#"{{"userinfo_endpoint":"{}userinfo"}}"#, self.base));
        self.set("userinfo", &js_sys::JSON::parse(answers).unwrap());
    }

    /// It and the API want this nonce in proofs from now on.
    pub(crate) fn wants_nonce(&self, nonce: &str) {
        self.set("nonce", &nonce.into());
    }

    /// The proofs that it and the API were shown, in order: whether each is good, its nonce, and its key.
    pub(crate) fn proofs(&self) -> Vec<String> {
        let proofs: Array = Reflect::get(&self.issuer, &"proofs".into()).unwrap().unchecked_into();
        proofs.iter().map(|proof| proof.as_string().unwrap()).collect()
    }

    /// Its answers at this path wait for [`Issuer::release`].
    pub(crate) fn hold(&self, path: &str) {
        let hold: Function = Reflect::get(&self.issuer, &"hold".into()).unwrap().unchecked_into();
        hold.call1(&self.issuer, &path.into()).unwrap();
    }

    /// Lets go of what was held back.
    pub(crate) fn release(&self) {
        self.call("release");
    }

    /// What it and the API were asked, in order. Requests for the API show the header that they came with.
    pub(crate) fn requests(&self) -> Vec<String> {
        let requests: Array = Reflect::get(&self.issuer, &"requests".into()).unwrap().unchecked_into();
        requests.iter().map(|request| request.as_string().unwrap()).collect()
    }

    /// What its authorization endpoint was told in one parameter, request by request.
    pub(crate) fn said(&self, name: &str) -> Vec<Option<String>> {
        let said: Array = Reflect::get(&self.issuer, &"said".into()).unwrap().unchecked_into();
        said.iter().map(|asked| Reflect::get(&asked, &name.into()).unwrap().as_string()).collect()
    }

    /// Closes the popup, as a person does.
    pub(crate) fn close_popup(&self) {
        self.call("closePopup");
    }

    fn call(&self, name: &str) {
        let function: Function = Reflect::get(&self.issuer, &name.into()).unwrap().unchecked_into();
        function.call0(&self.issuer).unwrap();
    }

    fn set(&self, name: &str, value: &JsValue) {
        Reflect::set(&self.issuer, &name.into(), value).unwrap();
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.call("close");
    }
}
