/** The vault's header: what is kept in the clear. */

/** @typedef {import('./pin.js').Tries} Tries */
/** @typedef {import('./pin.js').Wrapping} Wrapping */
/**
 * @typedef {object} Header
 * @property {string} vault random id
 * @property {number} [version] of this header; there was none before data keys were made anew together with the vault key
 * @property {number} created
 * @property {number} generation grows whenever the vault key changes, so that other tabs drop theirs
 * @property {CryptoKey | null} key the vault key, non-extractable; under a PIN null, unless it is kept open on this device
 * @property {Wrapping | null} wrapping the vault key under the PIN
 * @property {Tries} tries wrong PINs at a locked vault
 * @property {Tries} [asked] the same where an open one asks again
 * @property {number} [locks] how often it was locked: other tabs believe this, not what somebody sends them
 * @property {boolean} [owed] the key lay on the disk and could not be made anew yet, for the PIN was not known
 * @property {boolean | 'moved'} [stale] the files of the browser may still hold keys of before, see old-bytes.js
 */

/** Its key in the object store `vault`. */
export const HEADER = 'header';
export const HEADER_VERSION = 2;
/** @type {Tries} */
export const NO_TRIES = { failures: 0, until: 0 };

/** @param {any} header @returns {header is Header} */
export function isHeader(header) {
  return header && typeof header.vault === 'string' && Number.isInteger(header.generation) && Number.isFinite(header.tries?.until) &&
    (header.key instanceof CryptoKey || header.wrapping?.salt instanceof Uint8Array);
}
