/**
 * Sealing and key derivation, all of it by WebCrypto.
 *
 * [Note: keys] The vault key encrypts nothing but other keys. Every person, the settings and the audit log have a data
 * key of their own, sealed under the vault key. Erasing a data key therefore erases what it opened. Without a PIN the vault
 * key is a non-extractable CryptoKey in IndexedDB; with one it exists only sealed under a key that PBKDF2 makes from the PIN,
 * and in the memory of an unlocked worker. Whenever that changes, data keys are made anew as well and everything is sealed
 * under them: a vault key that lay on the disk, and the rows it opened, may still be found there.
 */
import { storeError } from './errors.js';

/** @typedef {import('./types.js').Bytes} Bytes */
/** @typedef {import('./types.js').Sealed} Sealed */

/** OWASP's figure for PBKDF2-HMAC-SHA-256 (Password Storage Cheat Sheet, 2023). */
export const PBKDF2_ITERATIONS = 600_000;
const IV_BYTES = 12;
export const KEY_BYTES = 32;

const text = new TextEncoder();

/** @param {string} words @returns {Bytes} */
export function utf8(words) {
  return /** @type {Bytes} */ (text.encode(words));
}

/** @param {number} length @returns {Bytes} */
export function randomBytes(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}

/**
 * The number in every ciphertext's binding since people were first sealed. It is no version of anything and must never
 * change: with another, nothing that lies on anybody's device could be opened.
 */
export const BOUND = 2;

/**
 * What a ciphertext is bound to: moving it to another record, kind or number makes it unreadable.
 * @param {number} schema {@link BOUND}
 * @param {string} kind person, settings, audit, key, vault ...
 * @param {string} id
 */
export function binding(schema, kind, id) {
  return utf8(JSON.stringify(['brow', schema, kind, id]));
}

/** A key that can be stored and used but never read. @returns {Promise<CryptoKey>} */
export async function newDeviceKey() {
  return crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

/** @param {Bytes} raw 32 bytes @returns {Promise<CryptoKey>} non-extractable */
export async function importKey(raw) {
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/**
 * @param {CryptoKey} key
 * @param {Bytes} plain
 * @param {Bytes} boundTo additional data, see {@link binding}
 * @returns {Promise<Sealed>}
 */
export async function seal(key, plain, boundTo) {
  const iv = randomBytes(IV_BYTES);
  const data = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: boundTo }, key, plain);
  return { iv, data: new Uint8Array(data) };
}

/**
 * @param {CryptoKey} key
 * @param {Sealed} sealed
 * @param {Bytes} boundTo
 * @returns {Promise<Bytes>}
 * @throws {import('./errors.js').StoreError} record_damaged
 */
export async function unseal(key, sealed, boundTo) {
  if (!(sealed?.iv instanceof Uint8Array && sealed.iv.length === IV_BYTES && sealed.data instanceof Uint8Array)) throw storeError('record_damaged');
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: sealed.iv, additionalData: boundTo }, key, sealed.data));
  } catch (cause) {
    // Only what fails to authenticate is damaged: anything else may go well the next time.
    if (cause instanceof DOMException && cause.name === 'OperationError') throw storeError('record_damaged');
    throw cause;
  }
}

/**
 * @param {string} secret PIN or passphrase
 * @param {Bytes} salt
 * @param {number} iterations
 * @returns {Promise<Bytes>} 32 bytes
 */
export async function stretch(secret, salt, iterations) {
  // NFKC, so that the same words typed on another keyboard give the same key.
  const material = await crypto.subtle.importKey('raw', utf8(secret.normalize('NFKC')), 'PBKDF2', false, ['deriveBits']);
  const bits = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, material, 256);
  return new Uint8Array(bits);
}

/** @param {Bytes} data @returns {Promise<Bytes>} SHA-256 */
export async function sha256(data) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', data));
}

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
