/** The list of expected people as JavaScript has it. What may be in it, and its record: src/vault/guests.rs. */
import { guestsRead, guestsWrite } from '../worker/brow.js';
import { asText, asked } from './asked.js';
import { storeError } from './errors.js';

/** @typedef {import('./types.js').Guest} Guest */
/** @typedef {import('./types.js').GuestList} GuestList */
/** @typedef {import('./types.js').DeskReason} DeskReason */

/** A year of hours, each for every reason. */
const DESK_MOST = 4 * 366 * 24;

/**
 * The record of a list, without the fields that do not belong.
 * @param {any} list
 * @returns {import('./types.js').Bytes}
 * @throws {import('./errors.js').StoreError} bad_guests
 */
export const encodeGuests = (list) => /** @type {import('./types.js').Bytes} */ (asked(() => guestsWrite(asText(list ?? null))));

/** What a record says that {@link encodeGuests} just made: of ten thousand guests not all are checked once more. @param {Uint8Array} bytes @returns {GuestList} */
export function justEncoded(bytes) {
  const { version, ...list } = JSON.parse(new TextDecoder().decode(bytes));
  return list;
}

/**
 * @param {Uint8Array} bytes
 * @returns {GuestList}
 * @throws {import('./errors.js').StoreError} bad_guests, record_damaged, storage_newer
 */
export const decodeGuests = (bytes) => JSON.parse(asked(() => guestsRead(bytes)));

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
