/**
 * The one place where an address becomes a script: the policy of the page (require-trusted-types-for 'script') lets
 * only this named policy start a worker, and this policy lets only our own worker through.
 */

/** @typedef {{createScriptURL: (url: string) => string}} ScriptPolicy */
/** @typedef {{createPolicy: (name: string, rules: ScriptPolicy) => ScriptPolicy}} TrustedTypes */

/** @type {ScriptPolicy | null} */
let policy = null;

/**
 * The same address for `new Worker`, marked as trusted where the browser asks for it.
 * @param {string} url of the own origin
 * @returns {string}
 */
function trustedScript(url) {
  const types = /** @type {{trustedTypes?: TrustedTypes}} */ (/** @type {unknown} */ (globalThis)).trustedTypes;
  if (!types) return url;
  policy ??= types.createPolicy('brow', {
    createScriptURL: (candidate) => {
      if (new URL(candidate).origin !== location.origin) throw new TypeError(`a script of another origin: ${candidate}`);
      return candidate;
    },
  });
  return policy.createScriptURL(url);
}

/**
 * Starts a module as a worker. It is started through a Blob that imports it: such a worker takes over the policy of the
 * page, where one that is fetched has only what its own response says, which on some hosts is nothing.
 * @param {URL} module
 * @returns {Worker | null} null where the browser knows no module workers
 */
export function startWorker(module) {
  const bootstrap = URL.createObjectURL(new Blob([`import ${JSON.stringify(module.href)};`], { type: 'text/javascript' }));
  let asked = false;
  const options = {
    name: 'brow',
    // A browser that knows module workers reads this; another would run the module as an old script.
    get type() {
      asked = true;
      return /** @type {WorkerType} */ ('module');
    },
  };
  const worker = new Worker(trustedScript(bootstrap), options);
  if (asked) return worker;
  worker.terminate();
  return null;
}
