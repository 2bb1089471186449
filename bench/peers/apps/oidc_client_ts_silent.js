// The callback page of a silent renewal, as oidc-client-ts wants it.

import { UserManager } from "oidc-client-ts";

await new UserManager({ authority: "", client_id: "", redirect_uri: "" }).signinSilentCallback();
