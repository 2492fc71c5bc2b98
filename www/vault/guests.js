/** The list of expected people as JavaScript has it. What may be in it, its record, and what a change makes of it: src/vault/guests.rs. */
import { guestsChange, guestsRead } from '../worker/brow.js';
import { asText, asked } from './asked.js';

/** @typedef {import('./types.js').Bytes} Bytes */
/** @typedef {import('./types.js').GuestChange} GuestChange */
/** @typedef {import('./types.js').GuestList} GuestList */

const LINE_END = 10;

/**
 * @param {Uint8Array} bytes
 * @returns {GuestList}
 * @throws {import('./errors.js').StoreError} bad_guests, record_damaged, storage_newer
 */
export const decodeGuests = (bytes) => JSON.parse(asked(() => guestsRead(bytes)));

/**
 * A list's record after a change, with what whoever asked for it is told.
 * @param {Uint8Array | null} before the record; null where there is no list
 * @param {GuestChange} change
 * @returns {{record: Bytes, guests: number, arrived: number, logged: boolean, said: any} | null} null where nothing is to be changed
 * @throws {import('./errors.js').StoreError} bad_guests, no_guests, no_such_person, storage_newer
 */
export function changedGuests(before, change) {
  const bytes = asked(() => guestsChange(before, asText(change)));
  if (!bytes) return null;
  const end = bytes.indexOf(LINE_END);
  return { ...JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))), record: /** @type {Bytes} */ (bytes.subarray(end + 1)) };
}
