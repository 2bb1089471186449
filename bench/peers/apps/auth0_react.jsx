// The same page with React and @auth0/auth0-react.

import { useState } from "react";
import { createRoot } from "react-dom/client";
import { Auth0Provider, useAuth0 } from "@auth0/auth0-react";

const { issuer, client_id, scope, audience } = JSON.parse(document.getElementById("config").textContent);

function Session() {
  const { isLoading, isAuthenticated, user, loginWithRedirect, logout, getAccessTokenSilently } = useAuth0();
  const [renewals, setRenewals] = useState(0);
  if (isLoading) return null;
  if (!isAuthenticated) {
    return (
      <>
        <p data-testid="session-status" data-status="signed-out">Signed out</p>
        <button onClick={() => loginWithRedirect()}>Sign in</button>
      </>
    );
  }
  const renew = async () => {
    await getAccessTokenSilently({ cacheMode: "off" });
    setRenewals((before) => before + 1);
  };
  return (
    <>
      <p data-testid="session-status" data-status="signed-in">Signed in as <b>{user.name}</b></p>
      <p data-testid="renewals" data-count={renewals}>Renewed {renewals} times</p>
      <button onClick={renew}>Renew now</button>
      <button onClick={() => logout({ logoutParams: { returnTo: location.origin } })}>Sign out</button>
    </>
  );
}

createRoot(document.getElementById("root")).render(
  <Auth0Provider
    domain={issuer.replace(/\/$/, "")}
    clientId={client_id}
    cacheLocation="localstorage"
    useRefreshTokens={scope.includes("offline_access")}
    authorizationParams={{ redirect_uri: `${location.origin}/callback`, scope, audience }}
  >
    <Session />
  </Auth0Provider>,
);
