/** The list of expected people as it is stored. */
import { at, putRow, result } from '../database.js';
import { changedGuests, decodeGuests } from '../guests.js';
import { GUESTS } from '../own.js';
import { isDamage } from './keys.js';

/** @import { Row } from '../database.js' */
/** @import { ChangedGuests } from '../port.js' */
/** @import { Bytes, GuestChange, GuestList } from '../types.js' */
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

  /** @returns {Promise<Bytes | null>} its opened record; null if there is none, or if it can't be opened */
  async record() {
    const { key, record } = await this.#row();
    if (!key || !record) return null;
    return this.#session.keys.openRecord(KIND, GUESTS, { key, record }).catch((cause) => {
      if (!isDamage(cause)) throw cause;
      return null;
    });
  }

  /** @returns {Promise<GuestList | null>} null if there is none, or if it can't be read */
  async read() {
    const record = await this.record();
    try {
      return record && decodeGuests(record);
    } catch {
      return null;
    }
  }

  /**
   * The list after a change, sealed under a new data key.
   * @param {GuestChange} change
   * @returns {Promise<ReturnType<typeof changedGuests> & {row: Row} | null>} null where nothing is to be changed
   */
  async changed(change) {
    const changed = changedGuests(await this.record(), change);
    return changed && { ...changed, row: await this.#session.keys.sealRecord(KIND, GUESTS, changed.record) };
  }

  /** @param {CryptoKey} vaultKey @returns {Promise<Row | null>} the list under another vault key; null if there is none that can be read */
  async anew(vaultKey) {
    return this.#session.keys.resealed(KIND, GUESTS, await this.#row(), vaultKey);
  }

  /** @returns {Promise<GuestList | null>} */
  async get() {
    return this.#session.whileOpen(() => this.read());
  }

  /** @returns {Promise<Bytes | null>} */
  async getRecord() {
    return this.#session.whileOpen(() => this.record());
  }

  /** @param {GuestChange} change @returns {Promise<ChangedGuests | null>} */
  async change(change) {
    await this.#session.ready(true);
    return this.#session.exclusively(async () => {
      const changed = await this.changed(change);
      if (!changed) return null;
      const { guests, arrived, logged, row, record, said } = changed;
      await this.#log.commit(logged ? [{ event: 'guests_changed', detail: { guests, arrived } }] : [], (tx) => putRow(tx, GUESTS, row));
      return { record, said };
    });
  }
}
