// npm @node-oauth/oauth2-server behind Node's own HTTP server, with its opaque tokens in plain maps:
//   node oauth2_server.js PORT FAMILIES
// Prints one line of JSON when it listens: {"refresh_tokens": [...], "cookie": ""}.

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";

import OAuth2Server from "@node-oauth/oauth2-server";

const [port, families] = process.argv.slice(2).map(Number);
const { Request, Response } = OAuth2Server;
const client = { id: "bench", grants: ["refresh_token"] };
const user = { id: "user|bench" };
const scope = ["openid", "offline_access"];
const LARGEST_MAP = 100_000;
const accessTokens = new Map();
const refreshTokens = new Map();

function remember(map, key, value) {
  map.set(key, value);
  if (map.size > LARGEST_MAP) map.delete(map.keys().next().value);
}

const oauth = new OAuth2Server({
  model: {
    getClient: async (id) => (id === client.id ? client : false),
    getRefreshToken: async (token) => refreshTokens.get(token),
    revokeToken: async (token) => refreshTokens.delete(token.refreshToken),
    saveToken: async (token, ofClient, ofUser) => {
      const saved = { ...token, client: ofClient, user: ofUser };
      remember(accessTokens, token.accessToken, saved);
      remember(refreshTokens, token.refreshToken, saved);
      return saved;
    },
  },
  requireClientAuthentication: { refresh_token: false },
});

async function answer(incoming, outgoing) {
  if (incoming.url === "/healthz") return outgoing.end("ok");
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const body = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
  const request = new Request({ method: incoming.method, query: {}, headers: incoming.headers, body });
  const response = new Response({ headers: {} });
  // The refusal is in the response as well.
  await oauth.token(request, response).catch(() => {});
  const text = JSON.stringify(response.body);
  outgoing.writeHead(response.status, {
    ...response.headers,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  outgoing.end(text);
}

createServer(answer).listen(port, "127.0.0.1", () => {
  const tokens = Array.from({ length: families }, () => randomBytes(32).toString("hex"));
  const refreshTokenExpiresAt = new Date(Date.now() + 1209600_000);
  for (const refreshToken of tokens) {
    refreshTokens.set(refreshToken, { refreshToken, refreshTokenExpiresAt, client, user, scope });
  }
  console.log(JSON.stringify({ refresh_tokens: tokens, cookie: "" }));
});
