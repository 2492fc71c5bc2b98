/** The list of expected people as it is stored. */
import { at, putRow, result } from '../database.js';
import { decodeGuests, encodeGuests, justEncoded } from '../guests.js';
import { fromCause } from '../errors.js';
import { GUESTS } from '../own.js';

/** @import { Row } from '../database.js' */
/** @import { GuestList } from '../types.js' */
/** @import { Log } from './log.js' */
/** @import { Session } from './session.js' */

const KIND = 'guests';

export class StoredGuests {
  #session;
  #log;

  /** @param {Session} session @param {Log} log */
  constructor(session, log) {
    this.#session = session;
    this.#log = log;
  }

  /** @returns {Promise<Partial<Row>>} */
  async #row() {
    const [key, record] = await this.#session.db.read(['keys', 'records'], (tx) => Promise.all([result(at(tx, 'keys').get(GUESTS)), result(at(tx, 'records').get(GUESTS))]));
    return { key, record };
  }

  /**
   * @param {{toChange?: boolean}} [why] toChange: a list of a later release is an error, for the change would be its end
   * @returns {Promise<GuestList | null>} null if there is none, or if it can't be read
   * @throws {import('../errors.js').StoreError} storage_newer
   */
  async read({ toChange = false } = {}) {
    const { key, record } = await this.#row();
    if (!key || !record) return null;
    try {
      return decodeGuests(await this.#session.keys.openRecord(KIND, GUESTS, { key, record }));
    } catch (cause) {
      if (toChange && fromCause(cause).code === 'storage_newer') throw cause;
      return null;
    }
  }

  /** @param {GuestList} list @returns {Promise<Row>} under a new data key */
  async seal(list) {
    return this.#session.keys.sealRecord(KIND, GUESTS, encodeGuests(list));
  }

  /** @param {CryptoKey} vaultKey @returns {Promise<Row | null>} the list under another vault key; null if there is none that can be read */
  async anew(vaultKey) {
    return this.#session.keys.resealed(KIND, GUESTS, await this.#row(), vaultKey);
  }

  /** @returns {Promise<GuestList | null>} */
  async get() {
    await this.#session.ready();
    return this.read();
  }

  /** @param {(list: GuestList | null) => GuestList} change @param {{logged?: boolean}} [options] @returns {Promise<GuestList>} */
  async change(change, { logged = true } = {}) {
    await this.#session.ready(true);
    return this.#session.exclusively(async () => {
      const record = encodeGuests(change(await this.read({ toChange: true })));
      const list = justEncoded(record);
      const row = await this.#session.keys.sealRecord(KIND, GUESTS, record);
      const arrived = list.guests.filter((guest) => guest.arrived !== null).length;
      await this.#log.commit(logged ? [{ event: 'guests_changed', detail: { guests: list.guests.length, arrived } }] : [], (tx) => putRow(tx, GUESTS, row));
      return list;
    });
  }
}
