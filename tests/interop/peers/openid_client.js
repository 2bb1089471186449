// A server that signs people in with npm openid-client, every check of it switched on: node openid_client.js '{"client_id": …}'
// A browser is sent to /sign-in; the rest is asked for as JSON, and says what the library made of the answers.

import * as client from "openid-client";

import { form, serve, settings } from "./peer.js";

let config;
let hybrid;
let pending;
let tokens;
let spent;
let polling;
let dpop;

serve("openid-client", (origin) => {
  const redirect_uri = `${origin}/callback`;
  const routes = {
    "/discover": async (query) => {
      const secret = settings.client_secret;
      const methods = { basic: client.ClientSecretBasic(secret), post: client.ClientSecretPost(secret), none: client.None() };
      const method = methods[query.get("auth")];
      const client_id = query.get("auth") === "none" ? settings.public_client_id : settings.client_id;
      const options = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };
      const discover = () => client.discovery(new URL(query.get("issuer")), client_id, {}, method, options);
      [config, hybrid] = [await discover(), await discover()];
      client.useCodeIdTokenResponseType(hybrid);
      dpop = query.has("dpop") ? { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair(query.get("dpop"))) } : {};
      return config.serverMetadata();
    },
    "/sign-in": async (query, response) => {
      const code_verifier = client.randomPKCECodeVerifier();
      pending = { code_verifier, state: client.randomState(), nonce: client.randomNonce(), hybrid: query.has("hybrid") };
      const url = client.buildAuthorizationUrl(pending.hybrid ? hybrid : config, {
        redirect_uri,
        scope: query.get("scope"),
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(code_verifier),
        code_challenge_method: "S256",
        ...(query.has("audience") && { audience: query.get("audience") }),
        ...(pending.hybrid && { response_mode: "form_post" }),
        ...(dpop.DPoP && { dpop_jkt: await dpop.DPoP.calculateThumbprint() }),
      });
      response.writeHead(303, { location: url.href }).end();
    },
    "/callback": async (_, response, request) => {
      const url = new URL(request.url, origin);
      const answer =
        request.method === "POST" ? new Request(url, { method: "POST", body: await form(request) }) : url;
      const { code_verifier, state, nonce } = pending;
      const checks = { pkceCodeVerifier: code_verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
      tokens = await client.authorizationCodeGrant(pending.hybrid ? hybrid : config, answer, checks, {}, dpop);
      response.writeHead(200, { "content-type": "text/html" }).end(`<p>Signed in as ${tokens.claims().name}</p>`);
    },
    "/refresh": async (query) => {
      const presented = query.has("spent") ? spent : tokens.refresh_token;
      const options = query.has("unproven") ? {} : dpop;
      tokens = await client.refreshTokenGrant(config, presented, {}, options);
      spent = presented;
      const { refresh_token, token_type } = tokens;
      return { rotated: refresh_token !== presented, token_type, sub: tokens.claims()?.sub, expires_in: tokens.expiresIn() };
    },
    "/introspect": (query) => client.tokenIntrospection(config, tokens[query.get("token")]),
    "/revoke": async (query) => {
      await client.tokenRevocation(config, tokens[query.get("token")], { token_type_hint: query.get("token") });
      return {};
    },
    "/userinfo": () => client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, dpop),
    "/call": async (query) => {
      const options = query.has("unproven") ? {} : dpop;
      const url = new URL(query.get("url"));
      const answer = await client.fetchProtectedResource(config, tokens.access_token, url, "GET", null, null, options);
      return { status: answer.status, body: await answer.json() };
    },
    "/client-credentials": async (query) => {
      tokens = await client.clientCredentialsGrant(config, Object.fromEntries(query), dpop);
      return { scope: tokens.scope, expires_in: tokens.expiresIn(), id_token: tokens.id_token ?? null };
    },
    "/device": async (query) => {
      const told = await client.initiateDeviceAuthorization(config, { scope: query.get("scope") });
      polling = client.pollDeviceAuthorizationGrant(config, told);
      // Whoever asks for the tokens is told.
      polling.catch(() => {});
      return told;
    },
    "/device-tokens": async () => {
      tokens = await polling;
      return { sub: tokens.claims().sub, scope: tokens.scope };
    },
    "/sign-out": (query, response) => {
      const parameters = { post_logout_redirect_uri: `${origin}/`, id_token_hint: tokens.id_token };
      response.writeHead(303, { location: client.buildEndSessionUrl(config, parameters).href }).end();
    },
    "/": (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>Nobody is here</p>"),
  };
  return async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, origin);
    const route = routes[pathname];
    if (!route) {
      response.writeHead(404).end();
      return;
    }
    const answer = await route(searchParams, response, request);
    if (!response.headersSent) response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  };
});
