/** The audit log as it is stored: each change of the store is written together with its entries. */
import { GENESIS, exportLog, nextEntry, toDrop, verifyChain } from '../audit.js';
import { checkVersion } from '../codec.js';
import { BOUND, binding, seal, unseal, utf8 } from '../crypto.js';
import { at, result } from '../database.js';
import { storeError } from '../errors.js';
import { LOG_HEAD, SINGLE } from '../own.js';
import { isDamage } from './keys.js';

/** @import { Entry, Event, Link, Verdict } from '../audit.js' */
/** @import { Changed, Session } from './session.js' */
/** @import { Sealed } from '../types.js' */

/**
 * @typedef {object} LogHead Sealed with the log's key.
 * @property {number} version
 * @property {Link} last
 * @property {Link} anchor hash of the last entry that rotation dropped
 * @property {number} entries
 * @property {number | null} lastBackup
 * @property {number} changes enrolments, changes and erasures since the last backup
 */
/** @typedef {{event: Event, subject?: string | null, detail?: Record<string, number | boolean | string>}} Happening */

const HEAD_VERSION = 1;
/** What a backup of before does not hold. */
const CHANGES = new Set(['enrolled', 'changed', 'remade', 'erased', 'erased_all', 'guests_erased', 'imported', 'vault_upgraded']);

/** @param {Entry[]} entries @returns {Changed} what other tabs have to load again */
function whatChanged(entries) {
  if (entries.some(({ event }) => CHANGES.has(event) || event === 'protection_renewed')) return 'people';
  return entries.some(({ event }) => event === 'settings_changed') ? 'settings' : 'log';
}

/** @param {string} id the number of an entry, or the head's name */
const bound = (id) => binding(BOUND, 'log', id);
/** @param {CryptoKey} key @param {Entry} entry */
const sealEntry = (key, entry) => seal(key, utf8(JSON.stringify(entry)), bound(String(entry.seq)));
/** @param {CryptoKey} key @param {LogHead} head */
const sealHead = (key, head) => seal(key, utf8(JSON.stringify(head)), bound(LOG_HEAD));

/**
 * The log of a new vault, with its first entry.
 * @param {CryptoKey} key
 * @param {Happening} first
 * @param {number} time
 * @returns {Promise<(tx: IDBTransaction) => void>} writes it
 */
export async function newLog(key, first, time) {
  const entry = await nextEntry(GENESIS, first.event, { ...first, time });
  const sealedEntry = await sealEntry(key, entry);
  const head = { version: HEAD_VERSION, last: { seq: entry.seq, hash: entry.hash }, anchor: GENESIS, entries: 1, lastBackup: null, changes: 0 };
  const sealedHead = await sealHead(key, head);
  return (tx) => {
    at(tx, 'log').put(sealedEntry, entry.seq);
    at(tx, 'records').put(sealedHead, LOG_HEAD);
  };
}

/** @param {CryptoKey} key @param {number} seq @param {Sealed} sealed @returns {Promise<Entry | null>} null if it can't be read */
async function openEntry(key, seq, sealed) {
  try {
    return JSON.parse(new TextDecoder().decode(await unseal(key, sealed, bound(String(seq)))));
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
    return null;
  }
}

export class Log {
  #session;
  #most;

  /** @param {Session} session @param {number} most entries that are kept */
  constructor(session, most) {
    this.#session = session;
    this.#most = most;
  }

  #key() {
    return this.#session.keys.single(SINGLE.log);
  }

  /** @returns {Promise<LogHead & {known: boolean}>} */
  async head() {
    const sealed = await this.#session.db.read(['records'], (tx) => result(at(tx, 'records').get(LOG_HEAD)));
    const key = await this.#key();
    try {
      if (!sealed) throw storeError('record_damaged');
      const head = JSON.parse(new TextDecoder().decode(await unseal(key, sealed, bound(LOG_HEAD))));
      checkVersion(head, HEAD_VERSION);
      return { ...head, version: HEAD_VERSION, known: true };
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      // The head is gone: go on after the highest number, and let the chain show the break.
      const numbers = (await this.#session.db.read(['log'], (tx) => result(at(tx, 'log').getAllKeys()))).map(Number);
      const last = numbers.length ? numbers[numbers.length - 1] : 0;
      const first = numbers.length ? numbers[0] : 1;
      return { version: HEAD_VERSION, last: { seq: last, hash: GENESIS.hash }, anchor: { seq: first - 1, hash: GENESIS.hash }, entries: numbers.length, lastBackup: null, changes: 1, known: false };
    }
  }

  /**
   * Commits a change together with its audit entries, and tells the other tabs.
   * @param {Happening[]} happenings
   * @param {(tx: IDBTransaction) => Promise<void> | void} work
   * @param {'strict' | 'relaxed'} [durability]
   * @param {CryptoKey} [newKey] of the log, which `work` puts in place of the one before
   * @returns {Promise<Entry[]>}
   */
  async commit(happenings, work, durability = 'strict', newKey) {
    const { db } = this.#session;
    const key = await this.#key();
    const { known, ...head } = await this.head();
    /** @type {Happening[]} */
    const all = known ? happenings : [{ event: 'log_restarted' }, ...happenings];
    /** @type {Entry[]} */
    const entries = [];
    let last = head.last;
    for (const { event, subject, detail } of all) {
      const entry = await nextEntry(last, event, { subject, detail });
      entries.push(entry);
      last = { seq: entry.seq, hash: entry.hash };
      if (CHANGES.has(event)) head.changes += 1;
      if (event === 'exported') Object.assign(head, { changes: 0, lastBackup: entry.time });
    }
    const drop = toDrop(head.entries + entries.length, this.#most);
    if (drop > 0) {
      const anchor = await this.#anchorAt(key, head.anchor.seq + drop);
      const rotated = await nextEntry(last, 'log_rotated', { detail: { through: anchor.seq, hash: anchor.hash } });
      entries.push(rotated);
      last = { seq: rotated.seq, hash: rotated.hash };
      head.entries -= drop;
      head.anchor = anchor;
    }
    const under = newKey ?? key;
    const sealed = await Promise.all(entries.map((entry) => sealEntry(under, entry)));
    const newHead = { ...head, last, entries: head.entries + entries.length };
    const sealedHead = await sealHead(under, newHead);
    await db.write(db.allStores, async (tx) => {
      await work(tx);
      entries.forEach((entry, i) => at(tx, 'log').put(sealed[i], entry.seq));
      if (drop > 0) at(tx, 'log').delete(IDBKeyRange.upperBound(newHead.anchor.seq));
      at(tx, 'records').put(sealedHead, LOG_HEAD);
    }, durability);
    this.#session.tell({ kind: 'changed', what: whatChanged(entries) });
    return known ? entries : entries.slice(1);
  }

  /**
   * @param {CryptoKey} key
   * @param {number} seq
   * @returns {Promise<Link>} with zeros for its hash if neither the entry nor the one after it can be read
   */
  async #anchorAt(key, seq) {
    const [row, after] = await this.#session.db.read(['log'], (tx) => Promise.all([result(at(tx, 'log').get(seq)), result(at(tx, 'log').get(seq + 1))]));
    const hash = (await openEntry(key, seq, row))?.hash ?? (await openEntry(key, seq + 1, after))?.previous ?? GENESIS.hash;
    return { seq, hash };
  }

  async #rows() {
    const [seqs, rows] = await this.#session.db.read(['log'], (tx) => Promise.all([result(at(tx, 'log').getAllKeys()), result(at(tx, 'log').getAll())]));
    return rows.map((sealed, i) => ({ seq: Number(seqs[i]), sealed }));
  }

  /** Everything there is, oldest first; null for an entry that can't be read. */
  async read() {
    const key = await this.#key();
    const { known, anchor, last } = await this.head();
    const entries = await Promise.all((await this.#rows()).map(({ seq, sealed }) => openEntry(key, seq, sealed)));
    return { anchor, last, entries, headKnown: known };
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
    await this.#session.ready();
    await this.#session.exclusively(() => this.commit([happening], () => {}, 'relaxed'));
  }

  /** @param {{newest?: number}} [options] */
  async entries({ newest = 500 } = {}) {
    await this.#session.ready();
    const { entries } = await this.read();
    const readable = entries.filter((entry) => entry !== null).reverse();
    return { entries: readable.slice(0, newest), unreadable: entries.length - readable.length };
  }

  /** @returns {Promise<Verdict>} */
  async verify() {
    await this.#session.ready();
    const { anchor, last, entries, headKnown } = await this.read();
    const verdict = await verifyChain(anchor, entries, headKnown ? last : null);
    if (verdict.ok && !headKnown) return { ...verdict, ok: false, problem: { seq: verdict.to + 1, code: 'end' } };
    // It joins on, but to an end that this module had to make up: what came before may be gone.
    const restart = verdict.ok ? entries.find((entry) => entry?.event === 'log_restarted') : undefined;
    if (restart) return { ...verdict, ok: false, problem: { seq: restart.seq, code: 'restarted' } };
    return verdict;
  }

  async export() {
    await this.#session.ready();
    const { anchor, entries } = await this.read();
    return exportLog(await this.#session.vaultId(), anchor, entries.filter((entry) => entry !== null));
  }
}
