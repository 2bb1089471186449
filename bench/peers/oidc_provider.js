// npm oidc-provider as an application would run it, with one person signed in already:
//   node oidc_provider.js PORT FAMILIES
// Prints one line of JSON when it listens: {"refresh_tokens": [...], "cookie": "..."}.

import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";

import { Provider } from "oidc-provider";

// oidc-provider wants this of Node 22.
URL.parse ??= (text, base) => (URL.canParse(text, base) ? new URL(text, base) : null);

const [port, families] = process.argv.slice(2).map(Number);
const clientId = "bench";
const accountId = "user|bench";
const scope = "openid offline_access";
// As at Evergrant, access tokens are signed as well: that takes a resource (RFC 8707) here.
const resource = "https://api.example/";
const redirectUri = "https://app.example/callback";

// The adapter that comes with the package walks over all tokens of a grant whenever one is added, and says itself that
// it is for development. Plain maps cost nothing; what is old is dropped, so that they do not grow without end.
const LARGEST_MAP = 100_000;
const records = new Map();
const sessionOfUid = new Map();

function remember(map, key, value) {
  map.set(key, value);
  if (map.size > LARGEST_MAP) map.delete(map.keys().next().value);
}

class MapAdapter {
  constructor(model) {
    this.model = model;
  }
  key(id) {
    return `${this.model}:${id}`;
  }
  async upsert(id, payload) {
    // Renewed records move to the young end.
    records.delete(this.key(id));
    remember(records, this.key(id), payload);
    if (this.model === "Session") remember(sessionOfUid, payload.uid, id);
  }
  async find(id) {
    const key = this.key(id);
    const payload = records.get(key);
    if (payload && (this.model === "Grant" || this.model === "Session")) {
      records.delete(key);
      records.set(key, payload);
    }
    return payload;
  }
  async findByUid(uid) {
    return this.find(sessionOfUid.get(uid));
  }
  async consume(id) {
    records.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) {
    records.delete(this.key(id));
  }
  async revokeByGrantId() {}
}

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: MapAdapter,
  clients: [
    {
      client_id: clientId,
      application_type: "web",
      token_endpoint_auth_method: "none",
      id_token_signed_response_alg: "ES256",
      grant_types: ["authorization_code", "refresh_token"],
      redirect_uris: [redirectUri],
    },
  ],
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      defaultResource: () => resource,
      getResourceServerInfo: () => ({ scope: "", accessTokenFormat: "jwt", jwt: { sign: { alg: "ES256" } } }),
      useGrantedResource: () => true,
    },
  },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: "bench" }] },
  rotateRefreshToken: true,
  ttl: { AccessToken: 3600, AuthorizationCode: 60, Grant: 1209600, IdToken: 3600, RefreshToken: 1209600, Session: 1209600 },
});

async function grant() {
  const granted = new provider.Grant({ accountId, clientId });
  granted.addOIDCScope(scope);
  return granted.save(1209600);
}

// What signing in and redeeming a code leave behind.
async function refreshToken(client) {
  const token = new provider.RefreshToken({
    accountId,
    authTime: Math.floor(Date.now() / 1000),
    client,
    expiresWithSession: false,
    grantId: await grant(),
    gty: "authorization_code",
    resource,
    scope,
  });
  return token.save();
}

async function sessionCookie() {
  const session = new provider.Session();
  session.loginAccount({ accountId });
  session.ensureClientContainer(clientId);
  session.grantIdFor(clientId, await grant());
  await session.save(1209600);
  return `${provider.cookieName("session")}=${session.id}`;
}

createServer(provider.callback()).listen(port, "127.0.0.1", async () => {
  const client = await provider.Client.find(clientId);
  const tokens = await Promise.all(Array.from({ length: families }, () => refreshToken(client)));
  console.log(JSON.stringify({ refresh_tokens: tokens, cookie: await sessionCookie() }));
});
