/**
 * Errors of the vault: always a code for programs, and a message and a remedy for people, from the tables in ../texts/.
 */
import { fault } from '../words/messages.js';

export class StoreError extends Error {
  /**
   * @param {string} code
   * @param {string} message what happened, in plain words
   * @param {string} remedy what to do about it
   * @param {Record<string, unknown>} [detail] numbers that a page may want to show
   */
  constructor(code, message, remedy, detail) {
    super(message);
    this.name = 'StoreError';
    this.code = code;
    this.remedy = remedy;
    this.detail = detail ?? {};
  }

  /** The shape that crosses from the worker to the page. */
  toJSON() {
    return { code: this.code, message: this.message, remedy: this.remedy, detail: this.detail };
  }
}

/**
 * @param {string} code
 * @param {Record<string, unknown>} [detail]
 * @returns {StoreError}
 */
export function storeError(code, detail) {
  const { message, remedy } = fault(code, detail);
  return new StoreError(code, message, remedy, detail);
}

/**
 * Turns whatever IndexedDB or WebCrypto threw into an error with words.
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
