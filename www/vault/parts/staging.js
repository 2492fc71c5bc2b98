/**
 * Rows of many people, laid out beside the others piece by piece, so that memory does not grow with their number; then one
 * transaction moves all of them over. Whatever a killed tab leaves here is cleared at the next opening.
 */
import { at, putRow, result } from '../database.js';

/** @import { Row } from '../database.js' */
/** @import { Session } from './session.js' */

export class Staging {
  #session;

  /** @param {Session} session */
  constructor(session) {
    this.#session = session;
  }

  /** @param {{id: string, row: Row}[]} rows */
  async lay(rows) {
    // Not "strict": nothing depends on these until the last transaction, which is.
    await this.#session.db.write(['staging'], (tx) => rows.forEach(({ id, row }) => at(tx, 'staging').put(row, id)), 'relaxed');
  }

  /** Moves all of them over. @param {IDBTransaction} tx @returns {Promise<void>} */
  take(tx) {
    return new Promise((resolve, reject) => {
      const request = at(tx, 'staging').openCursor();
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor) {
          at(tx, 'staging').clear();
          resolve();
          return;
        }
        putRow(tx, String(cursor.key), cursor.value);
        cursor.continue();
      };
    });
  }

  /** @param {'strict' | 'relaxed'} [durability] */
  async clear(durability) {
    await this.#session.db.write(['staging'], (tx) => void at(tx, 'staging').clear(), durability);
  }

  /** After a failure: whatever was laid out is of no use. Never fails. */
  async giveUp() {
    await this.clear('relaxed').catch(() => {});
  }

  /** @returns {Promise<number>} */
  async count() {
    return this.#session.db.read(['staging'], (tx) => result(at(tx, 'staging').count()));
  }
}
