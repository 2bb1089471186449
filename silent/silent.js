{
  // Exact origins only: the browser's word, the referrer's, or each.
  const allowed = document.currentScript.dataset.origins.split(" ");
  const known = allowed.find((o) => o === location.ancestorOrigins?.[0])
    ?? allowed.find((o) => document.referrer.startsWith(o + "/"));
  const framed = parent !== window;
  const app = framed ? parent : opener;
  const { hash, search } = location;
  const response = (hash.includes("state=") ? hash : search || hash).slice(1);
  for (const origin of app ? known ? [known] : allowed : [])
    app.postMessage({ type: "evergrant:authorization-response", response }, origin);
  history.replaceState(null, "", location.pathname);
  document.querySelector("p").hidden = !!app;
  if (!framed && app) close();
}
