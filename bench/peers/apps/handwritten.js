// Signing in and staying so, by hand: what a page needs at least. It trusts its issuer and looks into no signature.

import { show } from "./view.js";

const config = JSON.parse(document.getElementById("config").textContent);
const { issuer, client_id, scope, audience } = config;
const silentUri = `${location.origin}/silent.html`;
const callbackUri = `${location.origin}/callback`;
let session = JSON.parse(localStorage.getItem("session"));
let renewals = 0;
let timer;

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

async function authorize(redirect_uri, more) {
  const [state, nonce, verifier] = [random(), random(), random()];
  const challenge = base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  const query = { client_id, scope, audience, redirect_uri, state, nonce, response_type: "code", code_challenge: challenge, code_challenge_method: "S256", ...more };
  return { state, nonce, verifier, redirect_uri, url: `${issuer}authorize?${new URLSearchParams(query)}` };
}

async function redeem(form, nonce) {
  const sent = Date.now();
  const answer = await fetch(`${issuer}oauth/token`, { method: "POST", body: new URLSearchParams({ client_id, ...form }) });
  if (!answer.ok) throw new Error((await answer.json()).error);
  const tokens = await answer.json();
  const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(tokens.id_token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")), (it) => it.charCodeAt())));
  if (nonce && claims.nonce !== nonce) throw new Error("nonce");
  session = { refresh_token: session?.refresh_token, ...tokens, claims, expires_at: sent + tokens.expires_in * 1000 };
  localStorage.setItem("session", JSON.stringify(session));
  schedule();
}

const redeemCode = ({ redirect_uri, verifier, nonce }, code) =>
  redeem({ grant_type: "authorization_code", code, redirect_uri, code_verifier: verifier }, nonce);

// The renewal that others are measured by.
async function renew() {
  if (session.refresh_token) {
    await redeem({ grant_type: "refresh_token", refresh_token: session.refresh_token });
  } else {
    const transaction = await authorize(silentUri, { prompt: "none" });
    const frame = document.createElement("iframe");
    const answer = new Promise((resolve) => {
      window.addEventListener("message", function listen({ origin, source, data }) {
        if (origin !== location.origin || source !== frame.contentWindow) return;
        window.removeEventListener("message", listen);
        resolve(new URLSearchParams(data));
      });
    });
    frame.style.display = "none";
    frame.src = transaction.url;
    document.body.append(frame);
    const parameters = await answer;
    frame.remove();
    if (parameters.get("state") !== transaction.state) throw new Error("state");
    if (parameters.get("error")) throw new Error(parameters.get("error"));
    await redeemCode(transaction, parameters.get("code"));
  }
  renewals += 1;
  draw();
}

function schedule() {
  clearTimeout(timer);
  const life = session.expires_at - Date.now();
  timer = setTimeout(renew, Math.max(0, life - Math.max(5000, life / 10)));
}

async function signIn() {
  const transaction = await authorize(callbackUri);
  sessionStorage.setItem("transaction", JSON.stringify(transaction));
  location.assign(transaction.url);
}

function signOut() {
  clearTimeout(timer);
  localStorage.removeItem("session");
  location.assign(`${issuer}oidc/logout?${new URLSearchParams({ client_id, post_logout_redirect_uri: `${location.origin}/` })}`);
}

const draw = () => show({ name: session?.claims.name, renewals, signIn, signOut, renew });

if (location.pathname === "/callback") {
  const parameters = new URLSearchParams(location.search);
  history.replaceState(null, "", "/");
  const transaction = JSON.parse(sessionStorage.getItem("transaction"));
  sessionStorage.removeItem("transaction");
  if (parameters.get("state") === transaction.state) await redeemCode(transaction, parameters.get("code"));
} else if (session) {
  schedule();
}
draw();
