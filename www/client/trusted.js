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
export function trustedScript(url) {
  const types = /** @type {{trustedTypes?: TrustedTypes}} */ (/** @type {unknown} */ (globalThis)).trustedTypes;
  if (!types) return url;
  try {
    policy ??= types.createPolicy('brow', {
      createScriptURL: (candidate) => {
        if (new URL(candidate).origin !== location.origin) throw new TypeError(`a script of another origin: ${candidate}`);
        return candidate;
      },
    });
  } catch (error) {
    // A host page that lists other policies only: if it also asks for trusted scripts, the worker will be refused.
    console.warn('brow: the page allows no policy of this name:', error);
    return url;
  }
  return policy.createScriptURL(url);
}

/**
 * Starts a module as a worker.
 * @param {URL | Blob} module A Blob's worker takes over the policy of the page, where one that is fetched has only what its
 *   own response says, which on some hosts is nothing; but the page's policy must allow workers from `blob:`.
 * @returns {Worker | null} null where the browser knows no module workers
 */
export function startWorker(module) {
  const address = module instanceof Blob ? URL.createObjectURL(module) : module.href;
  let asked = false;
  const options = {
    name: 'brow',
    // A browser that knows module workers reads this; another would run the module as an old script.
    get type() {
      asked = true;
      return /** @type {WorkerType} */ ('module');
    },
  };
  const worker = new Worker(trustedScript(address), options);
  if (asked) return worker;
  worker.terminate();
  return null;
}
