// The same page with oidc-client-ts.

import { UserManager } from "oidc-client-ts";

import { settings } from "./oidc_client_ts_settings.js";
import { show } from "./view.js";

const users = new UserManager(settings);
let renewals = 0;
let user = null;

const draw = () =>
  show({ name: user?.profile.name, renewals, signIn: () => users.signinRedirect(), signOut: () => users.signoutRedirect(), renew: () => users.signinSilent() });

if (location.pathname === "/callback") {
  user = await users.signinCallback();
  history.replaceState(null, "", "/");
} else {
  user = await users.getUser();
}
users.events.addUserLoaded((loaded) => {
  user = loaded;
  renewals += 1;
  draw();
});
draw();
