// Starts the app, and keeps in `evergrantRan` which functions of its code have run. Where it would start with the first part
// alone, it takes the rest to be on its way until `evergrantArrived` is called.
import { __wbg_finalize_init, __wbg_get_imports, __wbg_load } from './bindings.js';
import { first, home } from './parts.js';

const imports = __wbg_get_imports();
const [script] = Object.values(imports);
globalThis.evergrantRan = new Set();
script.$ = (number) => evergrantRan.add(number);
if (location.pathname + location.search + location.hash === home) {
  globalThis.evergrantCode = new Promise((resolve) => {
    globalThis.evergrantArrived = resolve;
  });
}
const { instance, module } = await __wbg_load(await fetch(first.address), imports);
__wbg_finalize_init(instance, module);
