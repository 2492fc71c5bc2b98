/**
 * The list of expected people of one event: what a kiosk checks in. One record of the vault, sealed like a person under a
 * key of its own, which every change renews. Whoever is enrolled from it has the id of their row.
 */
import { checkVersion, isId } from './codec.js';
import { utf8 } from './crypto.js';
import { storeError } from './errors.js';

/** @typedef {import('./types.js').Guest} Guest */
/** @typedef {import('./types.js').GuestList} GuestList */

/** Of the list's record. */
const VERSION = 1;
export const GUESTS_MOST = 10_000;
const TEXT_MOST = 500;
/** The ciphertext's length tells the length of the list no finer than this. */
const PADDING = 4096;

/** @param {unknown} value @param {number} [most] */
const isText = (value, most = TEXT_MOST) => typeof value === 'string' && value.length <= most;
/** @param {unknown} value */
const isTime = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0 && value < 1e15;
/** @param {unknown} value */
const isTimeOrNull = (value) => value === null || isTime(value);

/** @param {any} guest @returns {Guest} */
function checkGuest(guest) {
  const { id, line, name, email, ref, company, photo, host = '', problem, arrived, seen, by } = guest ?? {};
  if (
    !isId(id) || !Number.isInteger(line) || ![name, email, ref, company, photo, host].every((value) => isText(value)) ||
    !(problem === null || isText(problem, 64)) || !isTimeOrNull(arrived) || !isTimeOrNull(seen) || ![null, 'camera', 'hand'].includes(by)
  ) {
    throw storeError('bad_guests');
  }
  return { id, line, name, email, ref, company, photo, host, problem, arrived, seen, by };
}

/**
 * Checks every field and drops those that do not belong.
 * @param {any} list
 * @returns {GuestList}
 * @throws {import('./errors.js').StoreError} bad_guests
 */
export function checkGuests(list) {
  if (!isText(list?.name, 200) || !isTime(list.created) || !Array.isArray(list.guests) || list.guests.length > GUESTS_MOST) throw storeError('bad_guests');
  const guests = /** @type {Guest[]} */ (list.guests.map(checkGuest));
  if (new Set(guests.map(({ id }) => id)).size !== guests.length) throw storeError('bad_guests');
  return { name: list.name, created: list.created, guests };
}

/** @param {GuestList} list @returns {import('./types.js').Bytes} */
export function encodeGuests(list) {
  const json = utf8(JSON.stringify({ version: VERSION, ...list }));
  const out = new Uint8Array(Math.ceil(json.length / PADDING) * PADDING);
  out.fill(0x20);
  out.set(json);
  return out;
}

/** @param {Uint8Array} bytes @returns {GuestList} */
export function decodeGuests(bytes) {
  const json = JSON.parse(new TextDecoder().decode(bytes));
  checkVersion(json, VERSION);
  return checkGuests(json);
}

/**
 * @param {GuestList} list
 * @param {string} id
 * @param {Pick<Guest, 'arrived' | 'seen' | 'by'>} arrival
 * @returns {GuestList}
 */
export function withArrival(list, id, { arrived, seen, by }) {
  if (!list.guests.some((guest) => guest.id === id)) throw storeError('no_such_person');
  return { ...list, guests: list.guests.map((guest) => (guest.id === id ? { ...guest, arrived, seen, by } : guest)) };
}
