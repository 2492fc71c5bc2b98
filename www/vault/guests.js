/**
 * The list of expected people of one event: what a kiosk checks in. One record of the vault, sealed like a person under a
 * key of its own, which every change renews. Whoever is enrolled from it has the id of their row.
 */
import { checkVersion, isId } from './codec.js';
import { utf8 } from './crypto.js';
import { storeError } from './errors.js';

/** @typedef {import('./types.js').Guest} Guest */
/** @typedef {import('./types.js').GuestList} GuestList */
/** @typedef {import('./types.js').DeskCount} DeskCount */
/** @typedef {import('./types.js').DeskReason} DeskReason */

/** Of the list's record. Only what has counts of the desk in it is of version 2, and of guests with a code among them of 3: earlier releases would drop or refuse them. */
const VERSION = 3;
export const GUESTS_MOST = 10_000;
const TEXT_MOST = 500;
/** A year of hours, each for every reason. */
const DESK_MOST = 4 * 366 * 24;
const REASONS = ['stranger', 'unsure', 'refused', 'known'];
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

/** @param {any} count @returns {DeskCount} */
function checkDesk(count) {
  const { hour, why, count: times } = count ?? {};
  if (!isTime(hour) || !REASONS.includes(why) || !Number.isInteger(times) || times < 1) throw storeError('bad_guests');
  return { hour, why, count: times };
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
  const { desk = [] } = list;
  if (!Array.isArray(desk) || desk.length > DESK_MOST) throw storeError('bad_guests');
  return { name: list.name, created: list.created, guests, ...(desk.length ? { desk: desk.map(checkDesk) } : {}) };
}

/** @param {GuestList} list */
const versionOf = ({ desk }) => (desk?.some(({ why }) => why === 'known') ? VERSION : desk ? 2 : 1);

/** @param {GuestList} list @returns {import('./types.js').Bytes} */
export function encodeGuests(list) {
  const json = utf8(JSON.stringify({ version: versionOf(list), ...list }));
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

/** Somebody who was not expected; where there is no list yet they begin one. @param {GuestList | null} list @param {Guest} guest @returns {GuestList} */
export function withGuest(list, guest) {
  return list ? { ...list, guests: [...list.guests, guest] } : { name: '', created: Date.now(), guests: [guest] };
}

/** @param {GuestList | null} list @param {string} id @returns {GuestList} */
export function withoutGuest(list, id) {
  if (!list) throw storeError('no_guests');
  return { ...list, guests: list.guests.filter((guest) => guest.id !== id) };
}

/**
 * Once more in this hour somebody was sent to the desk.
 * @param {GuestList} list
 * @param {DeskReason} why
 * @param {number} time
 * @returns {GuestList}
 */
export function withDesk(list, why, time) {
  const hour = new Date(time).setMinutes(0, 0, 0);
  const desk = list.desk ?? [];
  const known = desk.some((one) => one.hour === hour && one.why === why);
  if (!known) return { ...list, desk: [...desk, { hour, why, count: 1 }].slice(-DESK_MOST) };
  return { ...list, desk: desk.map((one) => (one.hour === hour && one.why === why ? { ...one, count: one.count + 1 } : one)) };
}
