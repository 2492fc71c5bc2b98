/**
 * The one place where an address becomes a script: the policy of the page (require-trusted-types-for 'script') lets
 * only this named policy start a worker, and this policy lets only our own worker through.
 */

/** @typedef {{createScriptURL: (url: string) => string}} ScriptPolicy */
/** @typedef {{createPolicy: (name: string, rules: ScriptPolicy) => ScriptPolicy}} TrustedTypes */

/** @type {ScriptPolicy | null} */
let policy = null;

/**
 * @param {URL} url of the own origin
 * @returns {URL} the same for `new Worker`, marked as trusted where the browser asks for it
 */
export function trustedScript(url) {
  const types = /** @type {{trustedTypes?: TrustedTypes}} */ (/** @type {unknown} */ (globalThis)).trustedTypes;
  if (!types) return url;
  policy ??= types.createPolicy('brow', {
    createScriptURL: (candidate) => {
      if (new URL(candidate).origin !== location.origin) throw new TypeError(`a script of another origin: ${candidate}`);
      return candidate;
    },
  });
  return /** @type {URL} */ (/** @type {unknown} */ (policy.createScriptURL(url.href)));
}
