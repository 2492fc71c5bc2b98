/**
 * What every part of an open store works through: its database and keys, whose turn it is among all tabs, what those did
 * meanwhile, and how long nobody was there.
 */
import { Database, at, result } from '../database.js';
import { storeError } from '../errors.js';
import { HEADER, isHeader } from '../header.js';
import { Keys } from './keys.js';

/** @import { Header } from '../header.js' */
/** @import { Held, StoreEvent } from '../port.js' */

/** @typedef {'people' | 'settings' | 'log'} Changed */
/** @typedef {{kind: 'changed', what: Changed} | {kind: 'locked'} | {kind: 'rekeyed'}} Message to other tabs */
/**
 * @typedef {object} Parts What a session asks of the parts that work through it.
 * @property {() => Promise<void>} opened the vault's key is there
 * @property {() => Promise<void>} idle nobody was there for as long as was set
 */

/** Under Node a timer would keep the process alive. @param {any} timer */
const unref = (timer) => timer?.unref?.();

export class Session {
  #name;
  #onevent;
  #unattended;
  #release;
  #parts;
  /** How often the vault had been locked when this tab opened it. */ #locks = 0;
  #generation = -1;
  /** @type {BroadcastChannel | null} */ #channel = null;
  #closed = false;
  #lastActive = Date.now();
  #lockAfterMs = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #idleTimer;
  /** @type {ReturnType<typeof setInterval>[]} */ #repeated = [];
  /** @type {Promise<unknown>} */ #turn = Promise.resolve();

  /**
   * @param {{name: string, db: IDBDatabase, release: () => void, onevent: (event: StoreEvent) => void, unattended: boolean, parts: Parts}} options release: called once the
   *   database is closed; unattended: whether it uses a key that is kept open beside a PIN
   */
  constructor({ name, db, release, onevent, unattended, parts }) {
    this.#name = name;
    this.#onevent = onevent;
    this.#unattended = unattended;
    this.#release = release;
    this.#parts = parts;
    this.db = new Database(db, (reason) => this.#drop(reason));
    this.keys = new Keys(this.db);
    if (globalThis.BroadcastChannel) {
      this.#channel = new BroadcastChannel(`brow-vault-${name}`);
      this.#channel.onmessage = ({ data }) => this.#hear(data);
    }
  }

  get locked() {
    return this.keys.locked;
  }

  get closed() {
    return this.#closed;
  }

  close() {
    this.#closed = true;
    this.forgetKeys();
    for (const timer of this.#repeated) clearInterval(timer);
    this.#channel?.close();
    this.db.close();
    this.#release();
  }

  /** @param {'newer_version' | 'lost'} reason */
  #drop(reason) {
    if (this.#closed) return;
    this.close();
    this.event({ kind: 'closed', reason });
  }

  /** Does something again and again until it is closed. @param {() => void} work @param {number} ms */
  repeat(work, ms) {
    const timer = setInterval(work, ms);
    unref(timer);
    this.#repeated.push(timer);
  }

  // --- whether it may be used

  mustBeOpen() {
    if (this.#closed) throw storeError('storage_closed');
  }

  /** @param {boolean} [active] whether this is somebody's doing, which puts off the idle lock */
  async ready(active = false) {
    this.mustBeOpen();
    await this.#lockIfIdle();
    if (!this.locked) await this.#followKeys();
    if (this.locked) throw storeError((await this.header()) ? 'locked' : 'key_lost');
    if (active) this.touch();
  }

  /**
   * One change at a time in this tab and among all tabs, and nothing that was sealed is read while one goes on: what lies there in one moment would be
   * opened with the keys of the next, and would look damaged, or as if nothing had been set. What was asked of an open vault is not done at one that was
   * locked meanwhile.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async exclusively(work) {
    const wasOpen = !this.locked;
    const mine = this.#turn.then(() =>
      navigator.locks.request(`brow-vault-${this.#name}`, async () => {
        this.mustBeOpen();
        await this.#followKeys();
        if (wasOpen && this.locked) throw storeError('locked');
        // Another tab may have put new keys in their place.
        this.keys.forgetSingles();
        return work();
      }),
    );
    this.#turn = mine.catch(() => {});
    return mine;
  }

  /**
   * The same at an open vault, by what is nobody's doing: it puts off no lock.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async whileOpen(work) {
    await this.ready();
    return this.exclusively(work);
  }

  // --- idleness

  /** Somebody is there: puts off the locking by idleness. */
  touch() {
    this.#lastActive = Date.now();
    clearTimeout(this.#idleTimer);
    if (this.locked || !this.#lockAfterMs) return;
    this.#idleTimer = setTimeout(() => void this.#lockIfIdle().catch(() => {}), this.#lockAfterMs);
    unref(this.#idleTimer);
  }

  /** @param {number} ms idle time before it locks itself; 0 for never */
  lockAfter(ms) {
    this.#lockAfterMs = ms;
  }

  async #lockIfIdle() {
    if (this.locked || !this.#lockAfterMs || Date.now() - this.#lastActive < this.#lockAfterMs) return;
    // A laptop that slept had its timers stopped: the clock decides, not the timer.
    if ((await this.header())?.wrapping) await this.#parts.idle();
    else this.touch();
  }

  // --- keys

  /** @param {Header} header whose keys are this tab's from now on */
  async adopt(header) {
    this.forgetKeys();
    this.#generation = header.generation;
    this.#locks = header.locks ?? 0;
    // A key that is kept open beside a PIN is for the page that nobody attends.
    this.keys.use(header.wrapping && !this.#unattended ? null : header.key);
    if (!this.locked) await this.#parts.opened();
    this.touch();
  }

  /** Goes on with the keys of the worker whose place this one takes, if they are still those of the store. @param {Held} held */
  async resume({ key, pinKey, generation }) {
    if (!this.locked || generation !== this.#generation) return;
    this.keys.use(key, pinKey);
    await this.#parts.opened();
  }

  /** @returns {Held} */
  hold() {
    return { key: this.keys.vault, pinKey: this.keys.pin, generation: this.#generation };
  }

  /** @param {Header} header @param {CryptoKey} vaultKey @param {CryptoKey} pinKey */
  unlocked(header, vaultKey, pinKey) {
    this.keys.use(vaultKey, pinKey);
    this.#generation = header.generation;
    this.#locks = header.locks ?? 0;
  }

  /** The next generation of keys lies in the store. @param {CryptoKey} vaultKey @param {CryptoKey | null} pinKey */
  rekeyed(vaultKey, pinKey) {
    this.keys.use(vaultKey, pinKey);
    this.keys.forgetSingles();
    this.#generation += 1;
    this.touch();
    this.tell({ kind: 'rekeyed' });
  }

  forgetKeys() {
    this.keys.forget();
    clearTimeout(this.#idleTimer);
  }

  /** Brings the keys of this tab in line with what the store says of them: another tab may have changed or locked them, and its message has not come yet. */
  async #followKeys() {
    if (this.#generation < 0) return;
    const header = await this.header();
    if (!header) return;
    const wasOpen = !this.locked;
    if (header.generation !== this.#generation) {
      await this.adopt(header);
      if (!this.locked) this.event({ kind: 'changed', what: 'people' });
      else if (wasOpen) this.event({ kind: 'locked', reason: 'key_changed' });
    } else if (wasOpen && (header.locks ?? 0) !== this.#locks) {
      this.forgetKeys();
      this.event({ kind: 'locked', reason: 'other_tab' });
    }
  }

  // --- the header

  /** @returns {Promise<Header | undefined>} undefined if there is none or it makes no sense */
  async header() {
    const header = await this.db.read(['vault'], (tx) => result(at(tx, 'vault').get(HEADER)));
    return isHeader(header) ? header : undefined;
  }

  async mustHaveHeader() {
    const header = await this.header();
    if (!header) throw storeError('key_lost');
    return header;
  }

  async vaultId() {
    return (await this.mustHaveHeader()).vault;
  }

  /**
   * Every change of the header but making a new vault: under the lock, read and written in one transaction.
   * @param {IDBTransaction} tx
   * @param {(header: Header) => Header} change
   */
  async alterHeader(tx, change) {
    const header = await result(at(tx, 'vault').get(HEADER));
    if (!isHeader(header)) throw storeError('key_lost');
    // Another tab has put another key in place: what this one would write belongs to the one before.
    if (header.generation !== this.#generation) throw storeError('locked');
    at(tx, 'vault').put(change(header), HEADER);
  }

  // --- other tabs, and whoever opened the store

  /** @param {StoreEvent} event */
  event(event) {
    this.#onevent(event);
  }

  /** @param {Message} message */
  tell(message) {
    if (!this.#closed) this.#channel?.postMessage(message);
  }

  /** What another tab says that it did. Anything of the site may say so: what it may do to keys is looked up in the store. @param {Partial<Message & {what: Changed}>} message */
  #hear(message) {
    if (message?.kind === 'changed') this.event({ kind: 'changed', what: message.what ?? 'people' });
    else if (message?.kind === 'locked' || message?.kind === 'rekeyed') void this.#followKeys().catch(() => {});
  }
}
