// npm oidc-provider as an application would run it: one client, anybody who names themself, pages of its own.
//   node oidc_provider.js '{"client": {...}, "response_types": [...], "alg": "ES256", "access_token_lifetime": 3600, "dpop": false}'
// POST /test/rotate-keys puts a new signing key beside the old one; with ?withdraw the old one is gone.

import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";

import { Provider } from "oidc-provider";

import { form, serve, settings } from "./peer.js";

const cookieKey = randomUUID();
const nonceSecret = randomBytes(32);
let keys = [newKey()];

serve("oidc-provider", (issuer) => {
  let provider = newProvider(issuer);
  return async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, issuer);
    if (request.method === "POST" && pathname === "/test/rotate-keys") {
      keys = [newKey(), ...(searchParams.has("withdraw") ? [] : keys)];
      provider = newProvider(issuer);
      response.writeHead(204).end();
    } else if (pathname.startsWith("/interaction/")) {
      await interact(provider, request, response);
    } else {
      await provider.callback()(request, response);
    }
  };
});

// What the provider remembers, beyond a change of its keys. Nothing here lives long enough to be forgotten.
const records = new Map();

class Records {
  constructor(model) {
    this.model = model;
  }
  async upsert(id, payload) {
    records.set(`${this.model}:${id}`, payload);
  }
  async find(id) {
    return records.get(`${this.model}:${id}`);
  }
  async findByUid(uid) {
    return [...records.values()].find((it) => it.kind === this.model && it.uid === uid);
  }
  async consume(id) {
    records.get(`${this.model}:${id}`).consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) {
    records.delete(`${this.model}:${id}`);
  }
  async revokeByGrantId(grantId) {
    for (const [key, it] of records) if (it.grantId === grantId) records.delete(key);
  }
}

function newKey() {
  const { privateKey } =
    settings.alg === "RS256"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...privateKey.export({ format: "jwk" }), alg: settings.alg, use: "sig", kid: randomUUID() };
}

function newProvider(issuer) {
  const provider = new Provider(issuer, {
    adapter: Records,
    claims: { openid: ["sub"], profile: ["name", "given_name"], email: ["email", "email_verified"] },
    clientBasedCORS: (_, origin) => new URL(settings.client.redirect_uris[0]).origin === origin,
    clients: [{ id_token_signed_response_alg: settings.alg, ...settings.client }],
    cookies: { keys: [cookieKey] },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: settings.dpop, nonceSecret, requireNonce: () => true },
      revocation: { enabled: true },
      rpInitiatedLogout: { logoutSource },
    },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, name: `${sub} at the other provider`, given_name: sub }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    jwks: { keys },
    responseTypes: settings.response_types,
    ttl: { AccessToken: settings.access_token_lifetime, Session: 86400, Grant: 86400, IdToken: 3600, Interaction: 3600 },
  });
  allowImplicitOnThisMachine(provider);
  return provider;
}

// The package insists on https for the implicit flow, and has this place for exceptions in development.
function allowImplicitOnThisMachine(provider) {
  const { prototype } = provider.Client.Schema;
  const { invalidate } = prototype;
  prototype.invalidate = function (message, code) {
    if (code !== "implicit-force-https" && code !== "implicit-forbid-localhost") invalidate.call(this, message, code);
  };
}

async function interact(provider, request, response) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  if (request.method !== "POST") {
    response.writeHead(200, { "content-type": "text/html" }).end(prompt.name === "login" ? SIGN_IN_PAGE : CONSENT_PAGE);
    return;
  }
  const fields = await form(request);
  let result;
  if (prompt.name === "login") {
    result = { login: { accountId: fields.get("username") } };
  } else if (fields.get("decision") === "allow") {
    result = { consent: { grantId: await granted(provider, prompt.details, grantId, session.accountId, params.client_id) } };
  } else {
    result = { error: "access_denied", error_description: "The person said no." };
  }
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

async function granted(provider, missing, grantId, accountId, clientId) {
  const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId, clientId });
  if (missing.missingOIDCScope) grant.addOIDCScope(missing.missingOIDCScope.join(" "));
  if (missing.missingOIDCClaims) grant.addOIDCClaims(missing.missingOIDCClaims);
  return grant.save();
}

const SIGN_IN_PAGE = `<!doctype html><title>Sign in</title>
<form method="post"><input name="username"><input name="password" type="password"><button type="submit">Sign in</button></form>`;

const CONSENT_PAGE = `<!doctype html><title>Consent</title><form method="post">
<button name="decision" value="allow">Allow</button><button name="decision" value="deny">Deny</button></form>`;

function logoutSource(ctx, form) {
  ctx.body = `<!doctype html><title>Sign out</title>${form}<button form="op.logoutForm" name="logout" value="yes">Sign out</button>`;
}
