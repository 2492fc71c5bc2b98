/** The audit log as it is stored: each change of the store is written together with its entries. What is in them, and how they are chained: src/vault/log.rs. */
import { logEntry, logExport, logFirst, logGrown, logHead, logLost, logRotation, logVerify, logVerifyExport } from '../../worker/brow.js';
import { asText, asked } from '../asked.js';
import { BOUND, binding, seal, unseal, utf8 } from '../crypto.js';
import { at, result } from '../database.js';
import { storeError } from '../errors.js';
import { LOG_HEAD, SINGLE } from '../own.js';
import { isDamage } from './keys.js';

/** @import { LogEvent } from '../../worker/brow.js' */
/** @import { Session } from './session.js' */
/** @import { Entry, LogHead, Sealed, Verdict } from '../types.js' */

/** @typedef {{event: LogEvent, subject?: string | null, detail?: Record<string, number | boolean | string>}} Happening */

/** @param {string} id the number of an entry, or the head's name */
const bound = (id) => binding(BOUND, 'log', id);
/** @param {CryptoKey} key @param {string} id @param {string} json */
const sealLine = (key, id, json) => seal(key, utf8(json), bound(id));
/** @param {string} json @returns {Entry} */
const entryOf = (json) => JSON.parse(json);

/**
 * A log, grown by what happened, and sealed.
 * @param {CryptoKey} key that it is sealed under
 * @param {string} head as Rust gives it
 * @param {Happening[]} happenings
 * @param {{time?: number, most?: number | undefined, dropped?: string | undefined, after?: string | undefined}} [how]
 */
async function grown(key, head, happenings, { time = Date.now(), most, dropped, after } = {}) {
  const lines = asked(() => logGrown(head, asText(happenings), asText(time), most, dropped, after)).split('\n');
  const entries = lines.slice(2).filter(Boolean);
  const rows = await Promise.all(entries.map(async (json) => ({ seq: entryOf(json).seq, row: await sealLine(key, String(entryOf(json).seq), json) })));
  const headRow = await sealLine(key, LOG_HEAD, lines[0]);
  return {
    what: /** @type {'people' | 'settings' | 'log'} */ (lines[1]),
    entries: entries.map(entryOf),
    /** @param {IDBTransaction} tx */
    write(tx) {
      for (const { seq, row } of rows) at(tx, 'log').put(row, seq);
      at(tx, 'records').put(headRow, LOG_HEAD);
    },
  };
}

/**
 * The log of a new vault, with its first entry.
 * @param {CryptoKey} key
 * @param {Happening} first
 * @param {number} time
 * @returns {Promise<(tx: IDBTransaction) => void>} writes it
 */
export async function newLog(key, first, time) {
  return (await grown(key, logFirst(), [first], { time })).write;
}

/** @param {CryptoKey} key @param {number} seq @param {Sealed} row @returns {Promise<string | undefined>} undefined if it can't be read */
async function openEntry(key, seq, row) {
  try {
    const record = await unseal(key, row, bound(String(seq)));
    return asked(() => logEntry(record));
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
    return undefined;
  }
}

/** @param {(string | undefined)[]} entries */
const listed = (entries) => `[${entries.map((entry) => entry ?? 'null').join(',')}]`;

/**
 * @param {string} text an exported log
 * @returns {Verdict}
 * @throws {import('../errors.js').StoreError} log_damaged if this is no exported log at all
 */
export const verifyExport = (text) => JSON.parse(asked(() => logVerifyExport(text)));

export class Log {
  #session;
  #most;

  /** @param {Session} session @param {number} [most] entries that are kept: for tests */
  constructor(session, most) {
    this.#session = session;
    this.#most = most;
  }

  #key() {
    return this.#session.keys.single(SINGLE.log);
  }

  /** @returns {Promise<string>} as Rust gives it */
  async #head() {
    const row = await this.#session.db.read(['records'], (tx) => result(at(tx, 'records').get(LOG_HEAD)));
    const key = await this.#key();
    try {
      if (!row) throw storeError('record_damaged');
      const record = await unseal(key, row, bound(LOG_HEAD));
      return asked(() => logHead(record));
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      const numbers = (await this.#session.db.read(['log'], (tx) => result(at(tx, 'log').getAllKeys()))).map(Number);
      return logLost(numbers[0] ?? 1, numbers[numbers.length - 1] ?? 0, numbers.length);
    }
  }

  /** @returns {Promise<LogHead>} */
  async head() {
    return JSON.parse(await this.#head());
  }

  /**
   * Commits a change together with its audit entries, and tells the other tabs.
   * @param {Happening[]} happenings
   * @param {(tx: IDBTransaction) => Promise<void> | void} work
   * @param {'strict' | 'relaxed'} [durability]
   * @param {CryptoKey} [newKey] of the log, which `work` puts in place of the one before
   * @returns {Promise<Entry[]>} of what happened
   */
  async commit(happenings, work, durability = 'strict', newKey) {
    const { db } = this.#session;
    const key = await this.#key();
    const head = await this.#head();
    const through = logRotation(head, happenings.length, this.#most);
    const [dropped, after] = through === undefined ? [] : await this.#open(key, [through, through + 1]);
    const { what, entries, write } = await grown(newKey ?? key, head, happenings, { most: this.#most, dropped, after });
    await db.write(db.allStores, async (tx) => {
      await work(tx);
      write(tx);
      if (through !== undefined) at(tx, 'log').delete(IDBKeyRange.upperBound(through));
    }, durability);
    this.#session.tell({ kind: 'changed', what });
    return JSON.parse(head).lost ? entries.slice(1) : entries;
  }

  /** @param {CryptoKey} key @param {number[]} seqs */
  async #open(key, seqs) {
    const rows = await this.#session.db.read(['log'], (tx) => Promise.all(seqs.map((seq) => result(at(tx, 'log').get(seq)))));
    return Promise.all(rows.map((row, i) => openEntry(key, seqs[i], row)));
  }

  async #rows() {
    const [seqs, rows] = await this.#session.db.read(['log'], (tx) => Promise.all([result(at(tx, 'log').getAllKeys()), result(at(tx, 'log').getAll())]));
    return rows.map((sealed, i) => ({ seq: Number(seqs[i]), sealed }));
  }

  /**
   * Everything there is, oldest first, as Rust gives it; undefined for an entry that can't be read. While nobody else may write: the head of one
   * moment with the entries of another would be a log that somebody changed.
   */
  async #read() {
    const key = await this.#key();
    const head = await this.#head();
    const entries = await Promise.all((await this.#rows()).map(({ seq, sealed: row }) => openEntry(key, seq, row)));
    return { head, entries };
  }

  /** The entries under a new key; one that can't be read is left as it is, for the chain to show. @param {CryptoKey} logKey @returns {Promise<{seq: number, sealed: Sealed}[]>} */
  async anew(logKey) {
    const key = await this.#key();
    const anew = await Promise.all((await this.#rows()).map(async ({ seq, sealed }) => {
      try {
        return { seq, sealed: await seal(logKey, await unseal(key, sealed, bound(String(seq))), bound(String(seq))) };
      } catch (cause) {
        if (!isDamage(cause)) throw cause;
        return null;
      }
    }));
    return anew.filter((one) => one !== null);
  }

  /** @param {Happening} happening that changes nothing */
  async note(happening) {
    await this.#session.whileOpen(() => this.commit([happening], () => {}, 'relaxed'));
  }

  /** The newest first. @param {number} [most] */
  async newest(most = Infinity) {
    const { entries } = await this.#read();
    const readable = entries.filter((entry) => entry !== undefined).reverse();
    return { entries: readable.slice(0, most).map(entryOf), unreadable: entries.length - readable.length };
  }

  /** @param {{newest?: number}} [options] */
  async entries({ newest = 500 } = {}) {
    return this.#session.whileOpen(() => this.newest(newest));
  }

  /** @returns {Promise<Verdict>} */
  async verify() {
    const { head, entries } = await this.#session.whileOpen(() => this.#read());
    return JSON.parse(asked(() => logVerify(head, listed(entries))));
  }

  async export() {
    const { head, entries } = await this.#session.whileOpen(() => this.#read());
    const vault = asText(await this.#session.vaultId());
    // Laid out for whoever reads it.
    return JSON.stringify(JSON.parse(asked(() => logExport(vault, asText(Date.now()), head, listed(entries)))), null, 1);
  }
}
