// An app's pages with npm oidc-client-ts, as static files would be: node oidc_client_ts.js

import { readFile } from "node:fs/promises";

import { serve } from "./peer.js";

const html = (script) => `<!doctype html><title>oidc-client-ts</title><script src="/oidc-client-ts.js"></script><script>${script}</script>`;

// The settings come by the store, since the issuer is known only after this server. A store for keys is no JSON.
const SETTINGS = `JSON.parse(localStorage.settings ?? "{}", (name, value) =>
  name === "dpop" ? { ...value, store: new oidc.IndexedDbDPoPStore() } : value)`;
const PAGES = {
  "/": html(`window.manager = new oidc.UserManager(${SETTINGS});`),
  "/callback": html(`
    const manager = new oidc.UserManager(${SETTINGS});
    manager.signinCallback().then(
      user => { if (user && window.opener === null && window.parent === window) location.replace("/"); },
      error => { document.body.textContent = error.message; });`),
};

serve("oidc-client-ts", () => async (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  if (pathname === "/oidc-client-ts.js") {
    const script = new URL("node_modules/oidc-client-ts/dist/browser/oidc-client-ts.js", import.meta.url);
    response.writeHead(200, { "content-type": "text/javascript" }).end(await readFile(script));
  } else {
    const page = PAGES[pathname];
    response.writeHead(page ? 200 : 404, { "content-type": "text/html" }).end(page);
  }
});
