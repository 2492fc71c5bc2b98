/** Errors of the vault: a code and values, which the page has words for (../words/messages.js). */

export class StoreError extends Error {
  /**
   * @param {string} code
   * @param {Record<string, unknown>} [values] what its words are filled with
   */
  constructor(code, values = {}) {
    super(code);
    this.name = 'StoreError';
    this.code = code;
    this.values = values;
  }
}

/**
 * @param {string} code
 * @param {Record<string, unknown>} [values]
 * @returns {StoreError}
 */
export function storeError(code, values) {
  return new StoreError(code, values);
}

/**
 * Turns whatever IndexedDB or WebCrypto threw into an error with a code of ours.
 * @param {unknown} cause
 * @returns {StoreError}
 */
export function fromCause(cause) {
  if (cause instanceof StoreError) return cause;
  const name = cause && typeof cause === 'object' && 'name' in cause ? String(cause.name) : '';
  const code =
    {
      QuotaExceededError: 'storage_full',
      VersionError: 'storage_newer',
      InvalidStateError: 'storage_closed',
      SecurityError: 'storage_unavailable',
      NotFoundError: 'storage_failed',
    }[name] ?? 'storage_failed';
  return storeError(code, { cause: String(cause) });
}
