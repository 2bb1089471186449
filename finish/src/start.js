// Starts the app with the first part of its code, and brings the rest while the person looks at it.
import { __wbg_finalize_init, __wbg_get_imports, __wbg_load } from './bindings.js';
import { first, home, rest } from './parts.js';
import { sha256 } from './sha256.js';

const imports = __wbg_get_imports();
const [script] = Object.values(imports);
const ask = ({ address, integrity }) => fetch(address, { integrity });

let whole = false;
let arrived;
// The app waits for it with what takes time anyway.
globalThis.evergrantCode = new Promise((resolve) => {
  arrived = () => {
    whole = true;
    delete globalThis.evergrantCode;
    resolve();
  };
});
const bring = async (response) => {
  await __wbg_load(await response, imports);
  arrived();
};
const bringSoon = (delay) => bring(ask(rest)).catch(() => setTimeout(bringSoon, delay, Math.min(2 * delay, 30000)));

// A function is called that is not there yet, and its caller cannot wait: so the page does.
script.$ = () => {
  if (whole) return;
  try {
    const request = new XMLHttpRequest();
    request.open('GET', rest.address, false);
    request.overrideMimeType('text/plain; charset=x-user-defined');
    request.send();
    const bytes = Uint8Array.from(request.responseText, (character) => character.charCodeAt());
    if (sha256(bytes) !== rest.digest) throw new Error('It is not what was built');
    new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
    arrived();
  } catch {
    throw new WebAssembly.RuntimeError('The rest of the app could not be loaded');
  }
};

// The first part is made for the start at the app's own address. Where the person begins elsewhere, or comes back from the
// issuer, everything is needed at once; and a browser from before 2024 may refuse to compile what it has to wait for.
const atOnce = location.pathname + location.search + location.hash !== home || !URL.canParse;
const other = atOnce && ask(rest);
// The page has asked for the first part already, unless a content security policy kept it from that.
const { instance, module } = await __wbg_load(await (globalThis.evergrantFirst ?? ask(first)), imports);
imports[''] = instance.exports;
if (atOnce) await bring(other);
__wbg_finalize_init(instance, module);
// What the person is to see is made first. A page in the background may never be idle, and Safari does not tell.
if (!atOnce) (self.requestIdleCallback ?? setTimeout)(() => bringSoon(1000), { timeout: 200 });
