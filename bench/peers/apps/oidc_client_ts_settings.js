// The settings of oidc-client-ts, here and under react-oidc-context: a session that all tabs share.

import { WebStorageStateStore } from "oidc-client-ts";

const { issuer, client_id, scope, audience } = JSON.parse(document.getElementById("config").textContent);

export const settings = {
  authority: issuer,
  client_id,
  scope,
  extraQueryParams: { audience },
  redirect_uri: `${location.origin}/callback`,
  silent_redirect_uri: `${location.origin}/silent.html`,
  post_logout_redirect_uri: `${location.origin}/`,
  userStore: new WebStorageStateStore({ store: localStorage }),
  accessTokenExpiringNotificationTimeInSeconds: 5,
};
