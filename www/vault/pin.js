/**
 * The vault key under a PIN or passphrase. Which are taken, and the wait after wrong ones: src/vault/pin.rs.
 */
import { BOUND, PBKDF2_ITERATIONS, binding, importKey, randomBytes, seal, stretch, unseal } from './crypto.js';
import { StoreError, storeError } from './errors.js';
import { mayStretch } from '../worker/brow.js';

/** @typedef {import('./types.js').Bytes} Bytes */

/**
 * @typedef {object} Wrapping The vault key, sealed under a key made from the PIN.
 * @property {'PBKDF2-SHA-256'} kdf
 * @property {number} iterations
 * @property {Bytes} salt
 * @property {import('./types.js').Sealed} sealed
 */
/** @typedef {{failures: number, until: number}} Tries wrong tries in a row, and when the next is allowed */

/**
 * @param {string} pin
 * @param {number} [iterations]
 * @returns {Promise<{pinKey: CryptoKey, how: Pick<Wrapping, 'kdf' | 'iterations' | 'salt'>}>} a key of the PIN's, and how it was made
 */
export async function newPinKey(pin, iterations = PBKDF2_ITERATIONS) {
  const salt = randomBytes(16);
  return { pinKey: await importKey(await stretch(pin, salt, iterations)), how: { kdf: 'PBKDF2-SHA-256', iterations, salt } };
}

/**
 * @param {CryptoKey} pinKey
 * @param {Pick<Wrapping, 'kdf' | 'iterations' | 'salt'>} how it was made
 * @param {Bytes} vaultKey 32 bytes
 * @param {string} vaultId
 * @returns {Promise<Wrapping>}
 */
export async function wrapUnder(pinKey, { kdf, iterations, salt }, vaultKey, vaultId) {
  return { kdf, iterations, salt, sealed: await seal(pinKey, vaultKey, binding(BOUND, 'vault', vaultId)) };
}

/**
 * @param {string} pin
 * @param {Wrapping} wrapping
 * @param {string} vaultId
 * @returns {Promise<{key: Bytes, pinKey: CryptoKey} | null>} the vault key; null if the PIN is wrong
 * @throws {import('./errors.js').StoreError} key_lost
 */
export async function unwrap(pin, wrapping, vaultId) {
  const { iterations, salt, sealed } = wrapping;
  if (!Number.isInteger(iterations) || !mayStretch(iterations) || !(salt instanceof Uint8Array)) throw storeError('key_lost');
  const pinKey = await importKey(await stretch(pin, salt, iterations));
  try {
    return { key: await unseal(pinKey, sealed, binding(BOUND, 'vault', vaultId)), pinKey };
  } catch (cause) {
    if (cause instanceof StoreError) return null;
    throw cause;
  }
}
