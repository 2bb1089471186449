// What every page without a framework shows.

export function show({ name, renewals, signIn, signOut, renew }) {
  const root = document.getElementById("root");
  if (!name) {
    root.innerHTML = `<p data-testid="session-status" data-status="signed-out">Signed out</p><button>Sign in</button>`;
    root.querySelector("button").onclick = signIn;
    return;
  }
  root.innerHTML = `<p data-testid="session-status" data-status="signed-in">Signed in as <b></b></p>
    <p data-testid="renewals" data-count="${renewals}">Renewed ${renewals} times</p>
    <button>Renew now</button> <button>Sign out</button>`;
  root.querySelector("b").textContent = name;
  const [renewNow, signOutNow] = root.querySelectorAll("button");
  renewNow.onclick = renew;
  signOutNow.onclick = signOut;
}
