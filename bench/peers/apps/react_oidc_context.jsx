// The same page with React and react-oidc-context.

import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { AuthProvider, useAuth } from "react-oidc-context";

import { settings } from "./oidc_client_ts_settings.js";

function Session() {
  const auth = useAuth();
  const [renewals, setRenewals] = useState(0);
  useEffect(() => auth.events.addUserLoaded(() => setRenewals((before) => before + 1)), [auth.events]);
  if (auth.isLoading) return null;
  if (!auth.isAuthenticated) {
    return (
      <>
        <p data-testid="session-status" data-status="signed-out">Signed out</p>
        <button onClick={() => auth.signinRedirect()}>Sign in</button>
      </>
    );
  }
  return (
    <>
      <p data-testid="session-status" data-status="signed-in">Signed in as <b>{auth.user.profile.name}</b></p>
      <p data-testid="renewals" data-count={renewals}>Renewed {renewals} times</p>
      <button onClick={() => auth.signinSilent()}>Renew now</button>
      <button onClick={() => auth.signoutRedirect()}>Sign out</button>
    </>
  );
}

createRoot(document.getElementById("root")).render(
  <AuthProvider {...settings} onSigninCallback={() => history.replaceState(null, "", "/")}>
    <Session />
  </AuthProvider>,
);
