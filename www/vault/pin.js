/**
 * The vault key under a PIN or passphrase, and the wait after wrong tries.
 */
import { BOUND, PBKDF2_ITERATIONS, PBKDF2_MOST, binding, importKey, randomBytes, seal, stretch, unseal } from './crypto.js';
import { StoreError, storeError } from './errors.js';

/** @typedef {import('./types.js').Bytes} Bytes */

/**
 * @typedef {object} Wrapping The vault key, sealed under a key made from the PIN.
 * @property {'PBKDF2-SHA-256'} kdf
 * @property {number} iterations
 * @property {Bytes} salt
 * @property {import('./types.js').Sealed} sealed
 */
/** @typedef {{failures: number, until: number}} Tries wrong tries in a row, and when the next is allowed */

const PIN_LEAST = 6;
const PIN_MOST = 200;
/** Seconds to wait after the third, fourth ... wrong try in a row. */
const WAITS = [5, 15, 60, 300, 900, 3600];
/** The longest wait in seconds: at a locked vault, and where an open one asks again, for guests who try must not keep out whoever looks after it. */
export const WAIT_MOST = { tries: WAITS[WAITS.length - 1], asked: 60 };
const FREE_TRIES = 3;

/** @param {unknown} pin @throws {import('./errors.js').StoreError} pin_too_short, pin_too_long */
export function checkPin(pin) {
  if (typeof pin !== 'string' || [...pin].length < PIN_LEAST) throw storeError('pin_too_short');
  if (pin.length > PIN_MOST) throw storeError('pin_too_long');
}

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
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > PBKDF2_MOST || !(salt instanceof Uint8Array)) throw storeError('key_lost');
  const pinKey = await importKey(await stretch(pin, salt, iterations));
  try {
    return { key: await unseal(pinKey, sealed, binding(BOUND, 'vault', vaultId)), pinKey };
  } catch (cause) {
    if (cause instanceof StoreError) return null;
    throw cause;
  }
}

/**
 * The state to store BEFORE a try, so that killing the tab does not win a free one.
 * @param {Tries} tries
 * @param {number} now
 * @param {number} [most] seconds of the longest wait
 * @returns {Tries}
 */
export function countTry(tries, now, most = WAITS[WAITS.length - 1]) {
  const failures = tries.failures + 1;
  const step = failures - FREE_TRIES;
  const seconds = step < 0 ? 0 : Math.min(most, WAITS[Math.min(step, WAITS.length - 1)]);
  return { failures, until: now + seconds * 1000 };
}

/**
 * @param {Tries} tries
 * @param {number} now
 * @param {number} [most] seconds of the longest wait
 * @returns {number} seconds until the next try is allowed, 0 if it is now
 */
export function waitSeconds(tries, now, most = WAITS[WAITS.length - 1]) {
  // A clock that was set back must not lock people out for longer than the longest wait.
  return Math.min(Math.max(0, Math.ceil((tries.until - now) / 1000)), most);
}
