/**
 * The encrypted gallery. Runs in the module worker (and anywhere that has IndexedDB, WebCrypto and Web Locks).
 *
 * Every change is one IndexedDB transaction with durability "strict", together with its audit entry: it is there wholly,
 * on the disk, when the promise resolves, or not at all. Changes of several tabs take turns by a Web Lock; tabs hear of
 * each other's changes by a BroadcastChannel. In the clear are random ids, the names of this file's own records, the
 * time of creation, the count of wrong PINs, and what sizes and counts tell; nothing else.
 */
import { exportLog, GENESIS, nextEntry, toDrop, verifyChain, LOG_MOST } from './audit.js';
import { DeviceClock, JUMP_MS } from './clock.js';
import { checkPerson, checkVersion, decodePerson, encodePerson, isId } from './codec.js';
import { BOUND, KEY_BYTES, binding, hex, importKey, newDeviceKey, randomBytes, seal, sha256, unseal, utf8 } from './crypto.js';
import { DATABASE_VERSION, STORES, result, transaction } from './database.js';
import { fromCause, storeError } from './errors.js';
import { checkGuests, decodeGuests, encodeGuests } from './guests.js';
import { Kinds } from './kinds.js';
import { clearStoresOf, readClear } from './migrations/from-1.js';
import { openSettled } from './old-bytes.js';
import { WAIT_MOST, checkPin, countTry, newPinKey, unwrap, waitSeconds, wrapUnder } from './pin.js';
import { DAY_MS, erasedAt } from './expiry.js';
import { checkSettings, decodeSettings, defaultSettings, encodeSettings } from './settings.js';
import { tidyName } from '../words/names.js';
import { addToSummary, checkPassphrase, emptySummary, readBackup, writeBackup } from './transfer.js';

export { StoreError } from './errors.js';
export { verifyExport } from './audit.js';

/** @typedef {import('./types.js').Bytes} Bytes */
/** @typedef {import('./types.js').Person} Person */
/** @typedef {import('./types.js').Reference} Reference */
/** @typedef {import('./types.js').Sealed} Sealed */
/** @typedef {import('./types.js').Settings} Settings */
/** @typedef {import('./types.js').Damaged} Damaged */
/** @typedef {import('./types.js').GuestList} GuestList */
/** @typedef {import('./types.js').Receipt} Receipt */
/** @typedef {import('./types.js').Protector} Protector */
/** @typedef {import('./audit.js').Entry} Entry */
/** @typedef {import('./audit.js').Event} Event */
/** @typedef {import('./audit.js').Link} Link */
/** @typedef {import('./pin.js').Tries} Tries */
/** @typedef {import('./pin.js').Wrapping} Wrapping */
/**
 * @typedef {object} Header Kept in the clear.
 * @property {string} vault random id
 * @property {number} [version] of this header; there was none before data keys were made anew together with the vault key
 * @property {number} created
 * @property {number} generation grows whenever the vault key changes, so that other tabs drop theirs
 * @property {CryptoKey | null} key the vault key, non-extractable; under a PIN null, unless it is kept open on this device
 * @property {Wrapping | null} wrapping the vault key under the PIN
 * @property {Tries} tries wrong PINs at a locked vault
 * @property {Tries} [asked] the same where an open one asks again
 * @property {number} [locks] how often it was locked: other tabs believe this, not what somebody sends them
 * @property {boolean} [owed] the key lay on the disk and could not be made anew yet, for the PIN was not known
 * @property {boolean | 'moved'} [stale] the files of the browser may still hold keys of before, see old-bytes.js
 */
/**
 * @typedef {object} LogHead Sealed with the log's key.
 * @property {number} version
 * @property {Link} last
 * @property {Link} anchor hash of the last entry that rotation dropped
 * @property {number} entries
 * @property {number | null} lastBackup
 * @property {number} changes enrolments, changes and erasures since the last backup
 */
/**
 * @typedef {{kind: 'changed', what: 'people' | 'settings' | 'log'} | {kind: 'locked', reason: 'asked' | 'idle' | 'other_tab' | 'key_changed'} | {kind: 'unlocked'} |
 *   {kind: 'erased', receipts: Receipt[]} | {kind: 'closed', reason: 'newer_version' | 'lost'}} StoreEvent
 */
/** @typedef {{person: Person, protection: string | null}} Stored a person as it lies in the store, and the secret of its templates */
/** @typedef {{bytes: Bytes, print: string}} Secret of the transform, with its fingerprint */
/** @typedef {{event: Event, subject?: string | null, detail?: Record<string, number | boolean | string>}} Happening */
/** @typedef {{key: CryptoKey, pinKey: CryptoKey | null, generation: number}} Held the keys of an open vault, for the worker that takes its place */
/** @typedef {{pinKey: CryptoKey, how: Pick<Wrapping, 'kdf' | 'iterations' | 'salt'>}} Under what the vault key is sealed under: a key of the PIN's */
/** @typedef {'skip' | 'replace' | 'both'} MergeRule */
/** @typedef {{people: number, references: number, models: Record<string, number>, created: number, sameVault: boolean, known: number, sameName: number, who: {id: string, name: string, references: number, known: boolean, sameName: boolean}[]}} Preview */

const HEADER = 'header';
const HEADER_VERSION = 2;
const LOG_HEAD_VERSION = 1;
/** @type {Tries} */
const NO_TRIES = { failures: 0, until: 0 };
const LOG_HEAD = 'log-head';
/** The list of expected people, under a key of its own. */
const GUESTS = 'guests';
/** Data keys that are not a person's. */
const SINGLE = /** @type {const} */ ({ settings: 'settings', log: 'log', protection: 'protection' });
/** People sealed, opened or laid out at once. */
const BATCH = 200;
/** Bytes of templates and pictures that an import holds in memory before it lays them out. */
const BATCH_BYTES = 4 * 1024 * 1024;
const EXPIRY_CHECK_MS = 15 * 60 * 1000;
const CHANGES = new Set(['enrolled', 'changed', 'remade', 'erased', 'erased_all', 'guests_erased', 'imported', 'vault_upgraded']);

/** @param {string} id @param {unknown} cause @returns {Damaged} */
function asDamaged(id, cause) {
  const { code, message } = fromCause(cause);
  return { id, code, message };
}

/** @param {Entry[]} entries @returns {'people' | 'settings' | 'log'} what other tabs have to load again */
function whatChanged(entries) {
  if (entries.some(({ event }) => CHANGES.has(event) || event === 'protection_renewed')) return 'people';
  return entries.some(({ event }) => event === 'settings_changed') ? 'settings' : 'log';
}

/** A name as people read it: two that look the same are the same. @param {string} name */
const asRead = (name) => tidyName(name).replace(/\p{Cf}/gu, '').toLowerCase();

/** Tells secrets of the transform apart; kept inside the ciphertext. @param {Bytes} secret @returns {Promise<string>} */
async function fingerprint(secret) {
  return hex((await sha256(secret)).subarray(0, 8));
}

/** @param {any} header @returns {header is Header} */
function isHeader(header) {
  return header && typeof header.vault === 'string' && Number.isInteger(header.generation) && Number.isFinite(header.tries?.until) &&
    (header.key instanceof CryptoKey || header.wrapping?.salt instanceof Uint8Array);
}

/** @param {unknown} cause @returns {boolean} whether a row is there but does not open, as opposed to one that could not be read */
const isDamage = (cause) => ['record_damaged', 'bad_setting'].includes(fromCause(cause).code);

/** @param {IDBTransaction} tx @param {typeof STORES[number]} store */
function at(tx, store) {
  return tx.objectStore(store);
}

/**
 * @param {{name?: string, protector?: Protector | null, onevent?: (event: StoreEvent) => void, onprogress?: () => void, logMost?: number, iterations?: number,
 *   held?: Held | null, unattended?: boolean}} [options]
 *   protector: the engine's transform of templates; held: opens it without the PIN, see {@link Store#hold}; onevent: told of changes by other tabs, locking, erasures by date;
 *   onprogress: told that a long opening goes on; unattended: for a page that nobody attends, which alone may use a key that is kept open; logMost and iterations: for tests.
 * @returns {Promise<Store>} it may be locked: see store.locked
 */
export async function openStore({
  name = 'brow', protector = null, onevent = () => {}, onprogress = () => {}, logMost = LOG_MOST, iterations, held = null, unattended = false,
} = {}) {
  if (!globalThis.crypto?.subtle || !globalThis.navigator?.locks) throw storeError('storage_insecure');
  const { db, release } = await openSettled(name, onprogress);
  const store = new Store(name, db, { protector, onevent, logMost, iterations, unattended, release });
  try {
    await store.start(held);
  } catch (cause) {
    store.close();
    throw fromCause(cause);
  }
  return store;
}

export class Store {
  /** @type {IDBDatabase} */ #db;
  /** @type {string} */ #name;
  /** @type {Protector | null} */ #protector;
  /** @type {(event: StoreEvent) => void} */ #onevent;
  /** @type {number} */ #logMost;
  /** @type {number | undefined} */ #iterations;
  /** @type {boolean} */ #unattended;
  /** @type {() => void} */ #release;
  /** @type {CryptoKey | null} */ #vaultKey = null;
  /** What the PIN makes, once it was given: what a new vault key is sealed under. @type {CryptoKey | null} */ #pinKey = null;
  /** How often the vault had been locked when this tab opened it. */ #locks = 0;
  /** When the next try is allowed by a clock that nobody can set, while this tab is open. */ #mayTry = { tries: 0, asked: 0 };
  /** @type {number} */ #generation = -1;
  /** @type {Map<string, Bytes>} raw 32-byte keys of this module's own records, by id */ #singles = new Map();
  /** @type {BroadcastChannel | null} */ #channel = null;
  /** @type {string[]} */ #repaired = [];
  /** @type {boolean} */ #closed = false;
  /** @type {number} */ #lastActive = Date.now();
  /** @type {number} */ #lockAfterMs = 0;
  /** Whether the operator wants recognitions in the audit log. @type {boolean} */ logsMatches = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #idleTimer;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #expiryTimer;
  #clock = new DeviceClock();
  /** When this store was opened, until it has been asked whether the clock jumped before that. @type {number | null} */ #openedAt = Date.now();
  /** How many people's erasure is held back. */ #held = 0;

  /**
   * @param {string} name
   * @param {IDBDatabase} db
   * @param {{protector: Protector | null, onevent: (event: StoreEvent) => void, logMost: number, iterations: number | undefined, unattended: boolean, release: () => void}} options
   */
  constructor(name, db, { protector, onevent, logMost, iterations, unattended, release }) {
    this.#name = name;
    this.#db = db;
    this.#protector = protector;
    this.#onevent = onevent;
    this.#logMost = logMost;
    this.#iterations = iterations;
    this.#unattended = unattended;
    this.#release = release;
    db.onversionchange = () => this.#drop('newer_version');
    db.onclose = () => this.#drop('lost');
    if (globalThis.BroadcastChannel) {
      this.#channel = new BroadcastChannel(`brow-vault-${name}`);
      this.#channel.onmessage = ({ data }) => this.#hear(data);
    }
  }

  /** Makes the vault or opens it, and tidies up what a killed tab left. Called by openStore. @param {Held | null} [held] */
  async start(held = null) {
    await this.#exclusively(async () => {
      let header = await this.#header();
      if (!header && (await this.#isEmpty())) header = await this.#create();
      if (!header) return;
      await this.#adopt(header);
      if (!this.#vaultKey && held?.generation === header.generation) {
        this.#vaultKey = held.key;
        this.#pinKey = held.pinKey;
        this.#follow(await this.#settings());
      }
      if (this.#vaultKey) await this.#tidy();
    });
    this.#expiryTimer = setInterval(() => void this.eraseExpired().catch(() => {}), EXPIRY_CHECK_MS);
    // Under Node a timer would keep the process alive.
    if (typeof this.#expiryTimer === 'object') /** @type {any} */ (this.#expiryTimer).unref?.();
    if (!this.locked) await this.eraseExpired();
  }

  /** True when a PIN is needed before people can be read. */
  get locked() {
    return this.#vaultKey === null;
  }

  /** Hands in the engine's transform once the engine is ready. @param {Protector} protector */
  setProtector(protector) {
    this.#protector = protector;
  }

  /** Ends the use of the store; calls afterwards throw storage_closed. */
  close() {
    this.#closed = true;
    this.#forgetKeys();
    clearInterval(this.#expiryTimer);
    clearTimeout(this.#idleTimer);
    this.#channel?.close();
    this.#db.close();
    this.#release();
  }

  // ---------------------------------------------------------------------------------------------------- people

  /**
   * Everybody, with what could not be read set aside.
   * @returns {Promise<{people: Person[], damaged: Damaged[]}>}
   */
  async people() {
    await this.#ready();
    return this.#people();
  }

  /**
   * @param {string} id
   * @returns {Promise<Person>}
   * @throws {import('./errors.js').StoreError} no_such_person, record_damaged
   */
  async person(id) {
    await this.#ready();
    return this.#personAsEnrolled(id);
  }

  /**
   * Stores a person, in place of one with the same id if there is one.
   * @param {Omit<Person, 'id'> & {id?: string}} person without an id it gets a random one
   * @returns {Promise<Person>} as stored
   */
  async put(person) {
    await this.#ready(true);
    return this.#exclusively(async () => {
      const checked = checkPerson({ ...person, id: person.id ?? crypto.randomUUID() });
      const sealed = await this.#sealPerson(checked);
      const known = await this.#read(['records'], (tx) => result(at(tx, 'records').getKey(checked.id)));
      await this.#commit([{ event: known ? 'changed' : 'enrolled', subject: checked.id, detail: { references: checked.references.length } }], (tx) =>
        this.#writePerson(tx, checked.id, sealed),
      );
      return checked;
    });
  }

  /**
   * @param {string} id
   * @param {Partial<Omit<Person, 'id' | 'created'>>} change
   * @returns {Promise<Person>} as stored
   */
  async update(id, change) {
    await this.#ready(true);
    return this.#exclusively(async () => {
      const before = await this.#personAsEnrolled(id);
      const after = checkPerson({ ...before, ...change, id, created: before.created, updated: Date.now() });
      const sealed = await this.#sealPerson(after);
      await this.#commit([{ event: 'changed', subject: id, detail: { references: after.references.length } }], (tx) => this.#writePerson(tx, id, sealed));
      return after;
    });
  }

  /**
   * Puts other references in the place of several people's, in one transaction; all else of them stays. What is done in the
   * background is nobody's doing: it puts off no lock.
   * @param {string[]} ids whoever is not there any more, or damaged, is passed over
   * @param {(person: Person) => Reference[] | null} anew of a person as they are now; null: they stay as they are
   * @returns {Promise<Person[]>} whoever got other references, as stored
   */
  async remake(ids, anew) {
    await this.#ready();
    return this.#exclusively(async () => {
      /** @type {Person[]} */
      const people = [];
      for (const id of ids) {
        const before = await this.#personAsEnrolled(id).catch((cause) => {
          if (!['no_such_person', 'record_damaged'].includes(fromCause(cause).code)) throw cause;
          return null;
        });
        const references = before && anew(before);
        if (references) people.push(checkPerson({ ...before, references, updated: Date.now() }));
      }
      if (people.length === 0) return [];
      const rows = await Promise.all(people.map((person) => this.#sealPerson(person)));
      await this.#commit(people.map(({ id, references }) => ({ event: 'remade', subject: id, detail: { references: references.length } })), (tx) => {
        people.forEach(({ id }, i) => this.#writePerson(tx, id, rows[i]));
      });
      return people;
    });
  }

  /**
   * "Forget me": erases the record and the key that it was sealed under.
   * @param {string} id also of a damaged record
   * @param {Receipt['reason']} [reason]
   * @returns {Promise<Receipt>}
   */
  async remove(id, reason = 'asked') {
    await this.#ready(true);
    return this.#exclusively(() => this.#erase([id], reason)).then((receipts) => receipts[0]);
  }

  /** Erases everybody, and the list of expected people; settings, PIN and audit log stay. @returns {Promise<Receipt>} */
  async clear() {
    await this.#ready(true);
    return this.#exclusively(async () => {
      const { people: stored, damaged } = await this.#storedPeople();
      const people = stored.map(({ person }) => person);
      const ids = [...people, ...damaged].map(({ id }) => id);
      const [entry] = await this.#commit([{ event: 'erased_all', detail: { people: ids.length } }], (tx) => {
        for (const id of ids) this.#deletePerson(tx, id);
        this.#deletePerson(tx, GUESTS);
      });
      return {
        kind: 'people', person: null, reason: 'asked', time: entry.time, people: ids.length,
        references: damaged.length ? null : people.reduce((sum, person) => sum + person.references.length, 0),
        pictures: people.some((person) => person.picture !== null),
        confirmed: await this.#areGone(ids), vault: await this.#vaultId(), log: { seq: entry.seq, hash: entry.hash },
      };
    });
  }

  /**
   * "Forget everything": people, settings, PIN, keys and audit log. Works on a locked vault too, for whoever has
   * forgotten the PIN must be able to erase. The store is then new, empty and unlocked.
   * @returns {Promise<Receipt>}
   */
  async eraseEverything() {
    this.#mustBeOpen();
    return this.#exclusively(async () => {
      const old = await this.#header();
      const ids = await this.#read(['records'], (tx) => result(at(tx, 'records').getAllKeys()));
      const people = ids.filter((id) => !this.#isOwn(id)).length;
      const header = await this.#create(old?.generation ?? 0, { event: 'erased_everything', detail: { people } });
      await this.#adopt(header);
      this.#tell({ kind: 'rekeyed' });
      const left = await this.#read(['records', 'staging'], (tx) => Promise.all([result(at(tx, 'records').getAllKeys()), result(at(tx, 'staging').count())]));
      const { last } = await this.#logHead();
      return {
        kind: 'everything', person: null, reason: 'asked', time: header.created, people, references: null, pictures: false,
        confirmed: left[1] === 0 && left[0].every((id) => this.#isOwn(id)), vault: old?.vault ?? header.vault, log: last,
      };
    });
  }

  /**
   * Erases whoever's date has come, by their own expiry or by the retention rule. Called at opening, at unlocking and
   * every quarter of an hour. Where more than one person's date has come by a clock that jumped, nobody is erased until
   * somebody says that the clock is right, or it has been put right: see {@link Store#status}.
   * @param {number} [now]
   * @param {{sure?: boolean}} [options] sure: the clock is right, as somebody says
   * @returns {Promise<Receipt[]>}
   */
  async eraseExpired(now = Date.now(), { sure = false } = {}) {
    if (this.locked || this.#closed) return [];
    const jumped = this.#clock.jumped();
    const heldBefore = this.#held;
    const receipts = await this.#exclusively(async () => {
      const { retentionDays, clockDoubted } = await this.#settings();
      /** @type {string[]} */
      const expired = [];
      /** @type {string[]} */
      const retired = [];
      for await (const { id, stored } of this.#eachStored()) {
        if (!stored) continue;
        const { expires, consent } = stored.person;
        if (expires !== null && expires <= now) expired.push(id);
        else if (retentionDays !== null && consent.time + retentionDays * DAY_MS <= now) retired.push(id);
      }
      const guests = retentionDays === null ? null : await this.#guests();
      const outdated = guests && guests.created + Number(retentionDays) * DAY_MS <= now ? guests.guests.length : 0;
      const people = expired.length + retired.length + outdated;
      const doubted = people > 1 && !sure && (clockDoubted || jumped || (await this.#jumpedBefore()));
      if (doubted !== clockDoubted) await this.#keepSettings({ clockDoubted: doubted }, doubted ? 'expiry_held' : 'settings_changed');
      this.#held = doubted ? people : 0;
      if (doubted) return [];
      return [...(await this.#erase(expired, 'expired')), ...(await this.#erase(retired, 'retention')), ...(outdated ? [await this.#eraseGuests('retention')] : [])];
    });
    if (receipts.length) this.#onevent({ kind: 'erased', receipts });
    else if (this.#held !== heldBefore) this.#onevent({ kind: 'changed', what: 'settings' });
    return receipts;
  }

  /** Whether the clock is more than a day past the last entry of the log from before this opening. Asked once. */
  async #jumpedBefore() {
    const opened = this.#openedAt;
    this.#openedAt = null;
    if (opened === null) return false;
    const { entries } = await this.#readLog();
    // By the order of the log, not by its times: the clock may have been wrong before.
    const before = [...entries].reverse().find((entry) => entry !== null && entry.time < opened);
    return Boolean(before && opened - before.time > JUMP_MS);
  }

  // ------------------------------------------------------------------------------------------- expected people

  /** @returns {Promise<GuestList | null>} null if there is none */
  async guests() {
    await this.#ready();
    return this.#guests();
  }

  /**
   * Puts another list of expected people in the place of the one there is.
   * @param {(list: GuestList | null) => GuestList} change
   * @returns {Promise<GuestList>} as stored
   */
  async changeGuests(change) {
    await this.#ready(true);
    return this.#exclusively(async () => {
      const list = checkGuests(change(await this.#guests()));
      const row = await this.#sealGuests(list);
      await this.#commit([{ event: 'guests_changed', detail: { guests: list.guests.length, arrived: list.guests.filter(({ arrived }) => arrived !== null).length } }], (tx) =>
        this.#writePerson(tx, GUESTS, row),
      );
      return list;
    });
  }

  /** Erases the list of expected people and everybody who was enrolled from it. @returns {Promise<Receipt>} */
  async eraseGuests() {
    await this.#ready(true);
    return this.#exclusively(() => this.#eraseGuests('asked'));
  }

  // -------------------------------------------------------------------------------------------------- settings

  /** @returns {Promise<Settings>} defaults where nothing was set or the record is damaged */
  async settings() {
    await this.#ready();
    return this.#settings();
  }

  /**
   * @param {Partial<Settings>} patch
   * @returns {Promise<Settings>} as stored
   */
  async setSettings(patch) {
    await this.#ready(true);
    return this.#exclusively(async () => {
      const settings = await this.#keepSettings(patch, 'settings_changed');
      this.touch();
      return settings;
    });
  }

  /** @param {Partial<Settings>} patch @param {Event} event @returns {Promise<Settings>} */
  async #keepSettings(patch, event) {
    const settings = { ...(await this.#settings()), ...checkSettings(patch) };
    const sealed = await seal(await this.#single(SINGLE.settings), encodeSettings(settings), binding(BOUND, 'settings', SINGLE.settings));
    await this.#commit([{ event }], (tx) => void at(tx, 'records').put(sealed, SINGLE.settings));
    this.#follow(settings);
    return settings;
  }

  // ------------------------------------------------------------------------------------------------ PIN and lock

  /**
   * What a page shows about the vault, locked or not.
   * @returns {Promise<{vault: string | null, created: number | null, pin: boolean, keptOpen: boolean, stale: boolean, locked: boolean, lost: boolean, failures: number, waitSeconds: number, records: number,
   *   persisted: boolean | null, usage: number | null, quota: number | null, repaired: string[], held: number}>} lost: there are records but no key for them; stale: until the next start
   *   the browser's files may hold keys and records of before the PIN;
   *   repaired: own records (settings, log, protection) that were damaged and had to be replaced at opening; held: people whose date has come by a clock that jumped
   */
  async status() {
    this.#mustBeOpen();
    const header = await this.#header();
    const ids = await this.#read(['records'], (tx) => result(at(tx, 'records').getAllKeys()));
    const storage = globalThis.navigator?.storage;
    const estimate = await storage?.estimate?.().catch(() => null);
    return {
      vault: header?.vault ?? null,
      created: header?.created ?? null,
      pin: Boolean(header?.wrapping),
      keptOpen: Boolean(header?.wrapping && header.key),
      stale: Boolean(header?.stale),
      locked: this.locked,
      lost: !header,
      failures: header?.tries.failures ?? 0,
      waitSeconds: header ? this.#waitSeconds(header, 'tries') : 0,
      records: ids.filter((id) => !this.#isOwn(id)).length,
      persisted: (await storage?.persisted?.().catch(() => null)) ?? null,
      usage: estimate?.usage ?? null,
      quota: estimate?.quota ?? null,
      repaired: this.#repaired,
      held: this.#held,
    };
  }

  /** @param {string} pin 6 to 200 characters */
  async setPin(pin) {
    await this.#ready(true);
    checkPin(pin);
    await this.#exclusively(async () => {
      if ((await this.#mustHaveHeader()).wrapping) throw storeError('already_protected');
      await this.#rekey(await newPinKey(pin, this.#iterations), [{ event: 'pin_set' }]);
    });
  }

  /** @param {string} pin @param {string} newPin */
  async changePin(pin, newPin) {
    await this.#ready(true);
    checkPin(newPin);
    await this.#exclusively(async () => {
      await this.#tryPin(pin);
      await this.#rekey(await newPinKey(newPin, this.#iterations), [{ event: 'pin_changed' }]);
    });
  }

  /** @param {string} pin */
  async removePin(pin) {
    await this.#ready(true);
    await this.#exclusively(async () => {
      await this.#tryPin(pin);
      await this.#rekey(null, [{ event: 'pin_removed' }]);
    });
  }

  /**
   * @param {string} pin
   * @throws {import('./errors.js').StoreError} wrong_pin, too_many_tries (detail.waitSeconds), not_protected, key_lost
   */
  async unlock(pin) {
    this.#mustBeOpen();
    await this.#exclusively(async () => {
      const { key, pinKey, failures, header } = await this.#tryPin(pin);
      this.#vaultKey = await importKey(key);
      key.fill(0);
      this.#pinKey = pinKey;
      this.#generation = header.generation;
      this.#locks = header.locks ?? 0;
      await this.#tidy();
      /** @type {Happening[]} */
      const happenings = [...(failures ? [{ event: /** @type {Event} */ ('unlock_refused'), detail: { tries: failures } }] : []), { event: 'unlocked' }];
      const wrapping = /** @type {Wrapping} */ (header.wrapping);
      // Keys that may have lain on the disk are made anew as soon as the PIN is there to seal the new ones under.
      if (!header.key && (header.owed || header.version !== HEADER_VERSION)) await this.#rekey({ pinKey, how: wrapping }, happenings);
      else await this.#commit(happenings, () => {});
      this.#follow(await this.#settings());
    });
    this.touch();
    this.#onevent({ kind: 'unlocked' });
    await this.eraseExpired();
  }

  /**
   * Asks for the PIN again although the vault is open: for what not everybody at an open device may do.
   * @param {string} pin
   * @throws {import('./errors.js').StoreError} wrong_pin, too_many_tries, not_protected
   */
  async provePin(pin) {
    await this.#ready(true);
    await this.#exclusively(async () => {
      const { key, pinKey, failures } = await this.#tryPin(pin, 'asked');
      key.fill(0);
      this.#pinKey = pinKey;
      await this.#commit([...(failures ? [{ event: /** @type {Event} */ ('unlock_refused'), detail: { tries: failures } }] : []), { event: 'admin_opened' }], () => {});
    });
  }

  /**
   * Keeps the vault open on this device although it has a PIN, so that a page that nobody attends goes on after a reload
   * or a power cut; or ends that. While it is kept open the key lies on the disk as it does without a PIN. Locking ends it.
   * @param {boolean} wanted
   */
  async keepOpen(wanted) {
    await this.#ready(true);
    await this.#exclusively(async () => {
      const header = await this.#mustHaveHeader();
      if (!header.wrapping) throw storeError('not_protected');
      /** @type {Happening[]} */
      const happenings = [{ event: 'kept_open', detail: { on: wanted } }];
      if (!wanted && header.key) await this.#endKeptOpen(header, happenings);
      else if (wanted) await this.#commit(happenings, (tx) => this.#alterHeader(tx, (now) => ({ ...now, key: this.#mustHaveKey() })));
      else await this.#commit(happenings, () => {});
    });
  }

  /** What opens the vault in the worker that takes this one's place: keys that can be used but not read. @returns {Promise<Held>} */
  async hold() {
    await this.#ready();
    return { key: this.#mustHaveKey(), pinKey: this.#pinKey, generation: this.#generation };
  }

  /** Forgets the key, in every tab. @param {'asked' | 'idle'} [reason] */
  async lock(reason = 'asked') {
    this.#mustBeOpen();
    if (this.locked) return;
    /** @type {unknown} */
    let problem = null;
    await this.#exclusively(async () => {
      const header = await this.#mustHaveHeader();
      if (!header.wrapping) throw storeError('not_protected');
      /** @type {Happening[]} */
      const happenings = [{ event: 'locked', detail: { reason } }];
      const count = (/** @type {IDBTransaction} */ tx) => this.#alterHeader(tx, (now) => ({ ...now, locks: (now.locks ?? 0) + 1 }));
      try {
        if (header.key) await this.#endKeptOpen(header, happenings);
        await this.#commit(header.key ? [] : happenings, count);
      } catch (cause) {
        // Without room for its entry it locks all the same; only a key that stays on the disk has to be told of.
        await this.#write(['vault'], count).catch(() => {});
        if ((await this.#header())?.key) problem = cause;
      }
    }).catch((cause) => {
      if (!this.locked) throw cause;
    });
    // Another tab may have put another PIN in place meanwhile, which locked this one and said so.
    if (this.locked) return;
    this.#forgetKeys();
    this.#tell({ kind: 'locked' });
    this.#onevent({ kind: 'locked', reason });
    if (problem) throw fromCause(problem);
  }

  /** Tells that somebody is there: puts off the locking by idleness. Changes do so by themselves. */
  touch() {
    this.#lastActive = Date.now();
    clearTimeout(this.#idleTimer);
    if (this.locked || !this.#lockAfterMs) return;
    this.#idleTimer = setTimeout(() => void this.#lockIfIdle().catch(() => {}), this.#lockAfterMs);
    if (typeof this.#idleTimer === 'object') /** @type {any} */ (this.#idleTimer).unref?.();
  }

  // ------------------------------------------------------------------------------------------ export and import

  /**
   * Goes through the store twice, piece by piece, so that memory does not grow with the number of people: the summary
   * comes first in the file, and only a first pass can tell it.
   * @param {string} passphrase at least 8 characters
   * @param {(done: number, total: number) => void} [onprogress] people
   * @returns {Promise<{file: Blob, filename: string, people: number, references: number, leftOut: Damaged[]}>}
   */
  async exportTo(passphrase, onprogress = () => {}) {
    await this.#ready(true);
    checkPassphrase(passphrase);
    return this.#exclusively(async () => {
      const summary = emptySummary(await this.#vaultId());
      /** @type {Damaged[]} */
      const leftOut = [];
      for await (const { id, person, cause } of this.#eachPerson()) {
        if (person) addToSummary(summary, person);
        else leftOut.push(asDamaged(id, cause));
        if (summary.people % BATCH === 0) onprogress(0, summary.people);
      }
      const each = this.#eachPerson();
      let done = 0;
      async function* people() {
        for await (const { person } of each) {
          if (person) yield person;
          done += 1;
          if (done % BATCH === 0) onprogress(done, summary.people);
        }
      }
      /** @type {BlobPart[]} */
      const parts = [];
      for await (const piece of writeBackup(passphrase, summary, people(), this.#iterations)) {
        // A Blob of its own: the browser may keep it on the disk instead of in this worker's memory.
        parts.push(new Blob([piece]));
      }
      const file = new Blob(parts, { type: 'application/octet-stream' });
      onprogress(summary.people, summary.people);
      await this.#commit([{ event: 'exported', detail: { people: summary.people, references: summary.references } }], () => {});
      const day = new Date(summary.created).toISOString().slice(0, 10);
      return { file, filename: `brow-${day}.brow`, people: summary.people, references: summary.references, leftOut };
    });
  }

  /**
   * @param {Blob} file
   * @param {string} passphrase
   * @returns {Promise<Preview>} known: already here by id; sameName: here under another id, and imported as another person; who: by name
   */
  async previewImport(file, passphrase) {
    await this.#ready(true);
    // From the records themselves: what the file says of itself may be anything.
    const { summary: said, people: coming } = await readBackup(file, passphrase);
    const summary = emptySummary(said.vault);
    const kinds = new Kinds();
    for await (const person of coming) {
      for (const reference of person.references) kinds.check(reference, this.#protector);
      addToSummary(summary, person);
    }
    const { people: stored, damaged } = await this.#storedPeople();
    const people = stored.map(({ person }) => person);
    const ids = new Set([...people, ...damaged].map(({ id }) => id));
    const names = new Set(people.map(({ name }) => asRead(name)));
    const who = summary.who.map((one) => {
      const known = ids.has(one.id);
      return { id: one.id, name: one.name, references: one.references, known, sameName: !known && names.has(asRead(one.name)) };
    }).sort((one, other) => one.name.localeCompare(other.name));
    return {
      people: summary.people, references: summary.references, models: summary.models, created: Math.min(said.created, Date.now()),
      sameVault: summary.vault === (await this.#vaultId()),
      known: who.filter(({ known }) => known).length,
      sameName: who.filter(({ sameName }) => sameName).length,
      who,
    };
  }

  /**
   * Takes in a backup: all of it or, if anything goes wrong at any time, nothing. People are sealed and laid out in the
   * staging store piece by piece; once the file has proved to be whole, one transaction moves them over.
   * @param {Blob} file
   * @param {string} passphrase
   * @param {MergeRule} rule for people whose id is here already: skip them, replace what is here, or keep both
   * @param {(done: number, total: number) => void} [onprogress] people
   * @returns {Promise<{added: number, replaced: number, skipped: number, expired: number, references: number}>}
   */
  async importFrom(file, passphrase, rule, onprogress = () => {}) {
    await this.#ready(true);
    if (!['skip', 'replace', 'both'].includes(rule)) throw storeError('bad_rule');
    return this.#exclusively(async () => {
      const { summary, people } = await readBackup(file, passphrase);
      const { retentionDays } = await this.#settings();
      const here = new Set((await this.#read(['records', 'keys'], (tx) => Promise.all([result(at(tx, 'records').getAllKeys()), result(at(tx, 'keys').getAllKeys())]))).flat());
      const counts = { added: 0, replaced: 0, skipped: 0, expired: 0, references: 0 };
      try {
        /** @type {Person[]} */
        let batch = [];
        const stage = async () => {
          const sealed = await Promise.all(batch.map(async (person) => ({ id: person.id, ...(await this.#sealPerson(person)) })));
          // Not "strict": nothing depends on these until the last transaction, which is.
          await this.#write(['staging'], (tx) => sealed.forEach(({ id, ...row }) => at(tx, 'staging').put(row, id)), 'relaxed');
          batch = [];
          bytes = 0;
        };
        let bytes = 0;
        let done = 0;
        const kinds = new Kinds();
        for await (const person of people) {
          for (const reference of person.references) kinds.check(reference, this.#protector);
          const known = here.has(person.id);
          if (erasedAt(person, retentionDays) <= Date.now()) counts.expired += 1;
          else if (known && rule === 'skip') counts.skipped += 1;
          else {
            if (known && rule === 'replace') counts.replaced += 1;
            else counts.added += 1;
            counts.references += person.references.length;
            bytes += person.references.reduce((sum, reference) => sum + reference.template.length, person.picture?.length ?? 0);
            batch.push(known && rule === 'both' ? { ...person, id: crypto.randomUUID() } : person);
          }
          done += 1;
          if (batch.length === BATCH || bytes > BATCH_BYTES) await stage();
          if (done % BATCH === 0) onprogress(done, summary.people);
        }
        await stage();
        await this.#commit([{ event: 'imported', detail: { ...counts, rule } }], (tx) => this.#takeStaged(tx));
        onprogress(summary.people, summary.people);
      } catch (cause) {
        await this.#write(['staging'], (tx) => void at(tx, 'staging').clear(), 'relaxed').catch(() => {});
        throw fromCause(cause);
      }
      return counts;
    });
  }

  /**
   * @param {number} [now]
   * @returns {Promise<{due: boolean, lastBackup: number | null, changes: number, days: number | null}>} due: changes are not in any backup,
   *   and the last one is older than the setting backupAfterDays or there is none
   */
  async backup(now = Date.now()) {
    await this.#ready();
    const { backupAfterDays } = await this.#settings();
    const { lastBackup, changes } = await this.#logHead();
    const days = lastBackup === null ? null : Math.floor((now - lastBackup) / DAY_MS);
    return { due: backupAfterDays > 0 && changes > 0 && (days === null || days >= backupAfterDays), lastBackup, changes, days };
  }

  // ------------------------------------------------------------------------------------------ template protection

  /**
   * Makes a new secret for the transform of templates and stores every template anew under it. Templates that leaked
   * before are then of no use for finding anybody in the store, and the other way round.
   * @returns {Promise<{people: number, references: number}>}
   */
  async renewProtection() {
    await this.#ready(true);
    return this.#exclusively(async () => {
      if (!this.#protector) throw storeError('protection_missing');
      const { people } = await this.#people();
      const secret = randomBytes(KEY_BYTES);
      const wrapped = await this.#sealKey(SINGLE.protection, secret);
      /** @type {{id: string, key: Sealed, record: Sealed}[]} */
      const rows = [];
      for (const person of people) rows.push({ id: person.id, ...(await this.#sealPerson(person, secret)) });
      const references = people.reduce((sum, person) => sum + person.references.length, 0);
      await this.#commit([{ event: 'protection_renewed', detail: { people: people.length, references } }], (tx) => {
        at(tx, 'keys').put(wrapped, SINGLE.protection);
        for (const { id, ...row } of rows) this.#writePerson(tx, id, row);
      });
      return { people: people.length, references };
    });
  }

  // ---------------------------------------------------------------------------------------------------- audit log

  /**
   * @param {Event} event
   * @param {{subject?: string | null, detail?: Record<string, number | boolean | string>}} [about] no names, no scores per person
   */
  async log(event, about = {}) {
    await this.#ready();
    await this.#exclusively(() => this.#commit([{ event, ...about }], () => {}, 'relaxed'));
  }

  /**
   * @param {{newest?: number}} [options]
   * @returns {Promise<{entries: Entry[], unreadable: number}>} newest first
   */
  async logEntries({ newest = 500 } = {}) {
    await this.#ready();
    const { entries } = await this.#readLog();
    const readable = entries.filter((entry) => entry !== null).reverse();
    return { entries: readable.slice(0, newest), unreadable: entries.length - readable.length };
  }

  /** @returns {Promise<import('./audit.js').Verdict>} */
  async verifyLog() {
    await this.#ready();
    const { anchor, last, entries, headKnown } = await this.#readLog();
    const verdict = await verifyChain(anchor, entries, headKnown ? last : null);
    if (verdict.ok && !headKnown) return { ...verdict, ok: false, problem: { seq: verdict.to + 1, code: 'end' } };
    // It joins on, but to an end that this module had to make up: what came before may be gone.
    const restart = verdict.ok ? entries.find((entry) => entry?.event === 'log_restarted') : undefined;
    if (restart) return { ...verdict, ok: false, problem: { seq: restart.seq, code: 'restarted' } };
    return verdict;
  }

  /** @returns {Promise<string>} JSON; check it with verifyExport */
  async exportLog() {
    await this.#ready();
    const { anchor, entries } = await this.#readLog();
    return exportLog(await this.#vaultId(), anchor, entries.filter((entry) => entry !== null));
  }

  // ------------------------------------------------------------------------------------------------------ inside

  #mustBeOpen() {
    if (this.#closed) throw storeError('storage_closed');
  }

  /** @param {boolean} [active] whether this is somebody's doing, which puts off the idle lock */
  async #ready(active = false) {
    this.#mustBeOpen();
    await this.#lockIfIdle();
    if (!this.locked) await this.#freshKey();
    if (this.locked) throw storeError((await this.#header()) ? 'locked' : 'key_lost');
    if (active) this.touch();
  }

  async #lockIfIdle() {
    if (this.locked || !this.#lockAfterMs || Date.now() - this.#lastActive < this.#lockAfterMs) return;
    // A laptop that slept had its timers stopped: the clock decides, not the timer.
    if ((await this.#header())?.wrapping) await this.lock('idle');
    else this.touch();
  }

  #forgetKeys() {
    this.#vaultKey = null;
    this.#pinKey = null;
    for (const key of this.#singles.values()) key.fill(0);
    this.#singles.clear();
    clearTimeout(this.#idleTimer);
  }

  /** @param {'newer_version' | 'lost'} reason */
  #drop(reason) {
    if (this.#closed) return;
    this.close();
    this.#onevent({ kind: 'closed', reason });
  }

  /** @param {{kind: string, what?: 'people' | 'settings' | 'log'}} message */
  #tell(message) {
    if (!this.#closed) this.#channel?.postMessage(message);
  }

  /** What another tab says that it did. Anything of the site may say so: what it may do to keys is looked up in the store. @param {{kind: string, what?: 'people' | 'settings' | 'log'}} message */
  #hear(message) {
    if (message?.kind === 'changed') this.#onevent({ kind: 'changed', what: message.what ?? 'people' });
    else if (message?.kind === 'locked' || message?.kind === 'rekeyed') void this.#followKeys().catch(() => {});
  }

  /** @type {Promise<unknown>} */ #turn = Promise.resolve();

  /**
   * One change at a time in this tab and among all tabs.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #exclusively(work) {
    const mine = this.#turn.then(() =>
      navigator.locks.request(`brow-vault-${this.#name}`, async () => {
        this.#mustBeOpen();
        await this.#freshKey();
        // Another tab may have put new keys in their place.
        this.#singles.clear();
        return work();
      }),
    );
    this.#turn = mine.catch(() => {});
    return mine;
  }

  /** Follows a change of the vault key or a locking by another tab whose message has not come yet. */
  async #freshKey() {
    const wasOpen = !this.locked;
    await this.#followKeys();
    if (wasOpen && this.locked) throw storeError('locked');
  }

  /** Brings the keys of this tab in line with what the store says of them. */
  async #followKeys() {
    if (this.#generation < 0) return;
    const header = await this.#header();
    if (!header) return;
    const wasOpen = !this.locked;
    if (header.generation !== this.#generation) {
      await this.#adopt(header);
      if (!this.locked) this.#onevent({ kind: 'changed', what: 'people' });
      else if (wasOpen) this.#onevent({ kind: 'locked', reason: 'key_changed' });
    } else if (wasOpen && (header.locks ?? 0) !== this.#locks) {
      this.#forgetKeys();
      this.#onevent({ kind: 'locked', reason: 'other_tab' });
    }
  }

  /**
   * @template T
   * @param {readonly (typeof STORES[number])[]} stores
   * @param {(tx: IDBTransaction) => Promise<T>} work
   * @returns {Promise<T>}
   */
  #read(stores, work) {
    return transaction(this.#db, stores, 'readonly', work);
  }

  /**
   * @param {readonly string[]} stores
   * @param {(tx: IDBTransaction) => Promise<void> | void} work
   * @param {'strict' | 'relaxed'} [durability]
   */
  #write(stores, work, durability) {
    return transaction(this.#db, stores, 'readwrite', work, durability);
  }

  /** @returns {Promise<Header | undefined>} undefined if there is none or it makes no sense */
  async #header() {
    const header = await this.#read(['vault'], (tx) => result(at(tx, 'vault').get(HEADER)));
    return isHeader(header) ? header : undefined;
  }

  /**
   * Every change of the header but making a new vault: under the lock, read and written in one transaction.
   * @param {IDBTransaction} tx
   * @param {(header: Header) => Header} change
   */
  async #alterHeader(tx, change) {
    const header = await result(at(tx, 'vault').get(HEADER));
    if (!isHeader(header)) throw storeError('key_lost');
    // Another tab has put another key in place: what this one would write belongs to the one before.
    if (header.generation !== this.#generation) throw storeError('locked');
    at(tx, 'vault').put(change(header), HEADER);
  }

  async #mustHaveHeader() {
    const header = await this.#header();
    if (!header) throw storeError('key_lost');
    return header;
  }

  async #vaultId() {
    return (await this.#mustHaveHeader()).vault;
  }

  async #isEmpty() {
    const counts = await this.#read(['keys', 'records'], (tx) => Promise.all([result(at(tx, 'keys').count()), result(at(tx, 'records').count())]));
    return counts.every((count) => count === 0);
  }

  /** @param {Header} header */
  async #adopt(header) {
    this.#forgetKeys();
    this.#generation = header.generation;
    this.#locks = header.locks ?? 0;
    // A key that is kept open beside a PIN is for the page that nobody attends.
    this.#vaultKey = header.wrapping && !this.#unattended ? null : header.key;
    if (this.#vaultKey) this.#follow(await this.#settings());
    this.touch();
  }

  /**
   * A new vault in place of whatever is there.
   * @param {number} [generation] of the one before
   * @param {Happening} [first]
   * @returns {Promise<Header>}
   */
  async #create(generation = 0, first = { event: 'vault_created' }) {
    const key = await newDeviceKey();
    const time = Date.now();
    /** @type {Header} */
    const header = {
      version: HEADER_VERSION, vault: crypto.randomUUID(), created: time, generation: Math.max(generation + 1, time), key, wrapping: null, tries: NO_TRIES,
      // Whatever was here before is to be forgotten by the browser's files, too.
      stale: first.event !== 'vault_created',
    };
    const raw = new Map(Object.values(SINGLE).map((id) => [id, randomBytes(KEY_BYTES)]));
    const keys = await Promise.all([...raw].map(async ([id, bytes]) => ({ id, sealed: await seal(key, bytes, binding(BOUND, 'key', id)) })));
    const logKey = await importKey(/** @type {Bytes} */ (raw.get(SINGLE.log)));
    const entry = await nextEntry(GENESIS, first.event, { ...first, time });
    /** @type {LogHead} */
    const head = { version: LOG_HEAD_VERSION, last: { seq: entry.seq, hash: entry.hash }, anchor: GENESIS, entries: 1, lastBackup: null, changes: 0 };
    const sealedEntry = await seal(logKey, utf8(JSON.stringify(entry)), binding(BOUND, 'log', String(entry.seq)));
    const sealedHead = await seal(logKey, utf8(JSON.stringify(head)), binding(BOUND, 'log', LOG_HEAD));
    await this.#write(this.#allStores(), (tx) => {
      // What came from version 1 stays until it has been moved, unless this is a wish to forget everything.
      for (const store of first.event === 'vault_created' ? STORES : this.#allStores()) tx.objectStore(store).clear();
      at(tx, 'vault').put(header, HEADER);
      for (const { id, sealed } of keys) at(tx, 'keys').put(sealed, id);
      at(tx, 'log').put(sealedEntry, entry.seq);
      at(tx, 'records').put(sealedHead, LOG_HEAD);
    });
    return header;
  }

  #allStores() {
    return [...STORES, ...clearStoresOf(this.#db)];
  }

  /** @param {Settings} settings */
  #follow({ lockAfterMinutes, logMatches }) {
    this.#lockAfterMs = lockAfterMinutes * 60_000;
    this.logsMatches = logMatches;
  }

  /** @returns {Promise<Settings>} */
  async #settings() {
    const sealed = await this.#read(['records'], (tx) => result(at(tx, 'records').get(SINGLE.settings)));
    if (!sealed) return defaultSettings();
    try {
      return { ...defaultSettings(), ...(await this.#openSettings(sealed)) };
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      return defaultSettings();
    }
  }

  /** @param {Sealed} sealed @returns {Promise<Partial<Settings>>} */
  async #openSettings(sealed) {
    const plain = await unseal(await this.#single(SINGLE.settings), sealed, binding(BOUND, 'settings', SINGLE.settings));
    try {
      return decodeSettings(plain);
    } catch (cause) {
      throw cause instanceof SyntaxError ? storeError('record_damaged') : cause;
    }
  }

  /**
   * Puts new keys in the place of this module's own that are gone or do not open, so that the rest stays usable. What did not
   * open is kept aside; what could not be read at all stops the opening, for it may be there the next time.
   */
  async #repair() {
    /** @type {{id: string, sealed: Sealed}[]} */
    const keys = [];
    for (const id of Object.values(SINGLE)) {
      try {
        await this.#singleBytes(id);
      } catch (cause) {
        if (!isDamage(cause)) throw cause;
        keys.push({ id, sealed: await this.#sealKey(id, randomBytes(KEY_BYTES)) });
      }
    }
    const sealed = await this.#read(['records'], (tx) => result(at(tx, 'records').get(SINGLE.settings)));
    let settingsLost = false;
    if (sealed !== undefined && !keys.some(({ id }) => id === SINGLE.settings)) {
      await this.#openSettings(sealed).catch((cause) => {
        if (!isDamage(cause)) throw cause;
        settingsLost = true;
      });
    } else settingsLost = sealed !== undefined;
    if (keys.length === 0 && !settingsLost) return;
    await this.#write(['keys', 'records', 'aside'], async (tx) => {
      const time = Date.now();
      /** @param {'keys' | 'records'} store @param {string} id */
      const keep = async (store, id) => {
        const row = await result(at(tx, store).get(id));
        if (row !== undefined) at(tx, 'aside').add({ store, id, time, row });
      };
      for (const { id, sealed: key } of keys) {
        await keep('keys', id);
        at(tx, 'keys').put(key, id);
      }
      if (settingsLost) {
        await keep('records', SINGLE.settings);
        at(tx, 'records').delete(SINGLE.settings);
      }
    });
    this.#singles.clear();
    this.#repaired = [...new Set([...keys.map(({ id }) => id), ...(settingsLost ? [SINGLE.settings] : [])])];
  }

  /** What a killed tab left: half of an import, people of version 1 that were not moved yet; and what was damaged. */
  async #tidy() {
    await this.#repair();
    const staged = await this.#read(['staging'], (tx) => result(at(tx, 'staging').count()));
    if (staged) await this.#write(['staging'], (tx) => void at(tx, 'staging').clear());
    await this.#takeClear();
  }

  /** Takes over what version 1 stored in the clear: see migrations/from-1.js. */
  async #takeClear() {
    const clear = await readClear(this.#db);
    if (!clear) return;
    const { wrapping } = await this.#mustHaveHeader();
    const [here, known] = await this.#read(['records', 'keys'], async (tx) => {
      const [records, keys, settings] = await Promise.all([result(at(tx, 'records').getAllKeys()), result(at(tx, 'keys').getAllKeys()), result(at(tx, 'records').getKey(SINGLE.settings))]);
      return [new Set([...records, ...keys]), settings !== undefined];
    });
    const people = wrapping ? [] : clear.people.filter(({ id }) => !here.has(id));
    const rows = await Promise.all(people.map(async (person) => ({ id: person.id, ...(await this.#sealPerson(person)) })));
    const settings = wrapping || known
      ? null : await seal(await this.#single(SINGLE.settings), encodeSettings({ ...defaultSettings(), ...clear.settings }), binding(BOUND, 'settings', SINGLE.settings));
    const refused = clear.rows - clear.unreadable - rows.length;
    const detail = { from: 1, to: DATABASE_VERSION, people: rows.length, unreadable: clear.unreadable, refused, settings: settings === null ? '' : Object.keys(clear.settings).join('.') };
    await this.#commit([{ event: 'vault_upgraded', detail }], (tx) => {
      for (const { id, ...row } of rows) this.#writePerson(tx, id, row);
      if (settings) at(tx, 'records').put(settings, SINGLE.settings);
      for (const store of clearStoresOf(this.#db)) tx.objectStore(store).clear();
    });
  }

  /** @param {IDBValidKey} id */
  #isOwn(id) {
    return id === LOG_HEAD || id === GUESTS || Object.values(SINGLE).some((own) => own === id);
  }

  // --- keys and records

  /** @returns {CryptoKey} */
  #mustHaveKey() {
    if (!this.#vaultKey) throw storeError('locked');
    return this.#vaultKey;
  }

  /** @param {string} id @param {Bytes} raw @returns {Promise<Sealed>} */
  #sealKey(id, raw) {
    return seal(this.#mustHaveKey(), raw, binding(BOUND, 'key', id));
  }

  /** @param {string} id one of SINGLE @returns {Promise<Bytes>} */
  async #singleBytes(id) {
    const cached = this.#singles.get(id);
    if (cached) return cached;
    const sealed = await this.#read(['keys'], (tx) => result(at(tx, 'keys').get(id)));
    if (!sealed) throw storeError('record_damaged');
    const raw = await unseal(this.#mustHaveKey(), sealed, binding(BOUND, 'key', id));
    this.#singles.set(id, raw);
    return raw;
  }

  /** @param {string} id one of SINGLE @returns {Promise<CryptoKey>} */
  async #single(id) {
    return importKey(await this.#singleBytes(id));
  }

  /**
   * @param {string} id
   * @param {Sealed | undefined} key
   * @param {Sealed | undefined} record
   * @returns {Promise<Stored>}
   */
  async #openPerson(id, key, record) {
    if (!key || !record || !isId(id)) throw storeError('record_damaged');
    const stored = decodePerson(await this.#openRecord('person', id, key, record));
    if (stored.person.id !== id) throw storeError('record_damaged');
    return stored;
  }

  /** @param {string} kind @param {string} id @param {Sealed} key @param {Sealed} record */
  async #openRecord(kind, id, key, record) {
    const raw = await unseal(this.#mustHaveKey(), key, binding(BOUND, 'key', id));
    const plain = await unseal(await importKey(raw), record, binding(BOUND, kind, id));
    raw.fill(0);
    return plain;
  }

  /** @param {string} id @returns {Promise<{stored: Stored, protectionKey: Sealed | undefined}>} */
  async #person(id) {
    const [key, record, protectionKey] = await this.#read(['keys', 'records'], (tx) =>
      Promise.all([result(at(tx, 'keys').get(id)), result(at(tx, 'records').get(id)), result(at(tx, 'keys').get(SINGLE.protection))]),
    );
    if ((!key && !record) || this.#isOwn(id)) throw storeError('no_such_person');
    return { stored: await this.#openPerson(id, key, record), protectionKey };
  }

  /** @param {string} id @returns {Promise<Person>} */
  async #personAsEnrolled(id) {
    const { stored, protectionKey } = await this.#person(id);
    return this.#unprotected(stored, await this.#openProtectionKey(protectionKey));
  }

  /** @returns {Promise<{people: Stored[], damaged: Damaged[], protectionKey: Sealed | undefined}>} all of one moment */
  async #storedPeople() {
    const { header, keys, records } = await this.#read(['vault', 'keys', 'records'], async (tx) => {
      const [header, keyIds, keyRows, recordIds, recordRows] = await Promise.all([
        result(at(tx, 'vault').get(HEADER)),
        result(at(tx, 'keys').getAllKeys()),
        result(at(tx, 'keys').getAll()),
        result(at(tx, 'records').getAllKeys()),
        result(at(tx, 'records').getAll()),
      ]);
      return { header, keys: new Map(keyIds.map((id, i) => [id, keyRows[i]])), records: new Map(recordIds.map((id, i) => [id, recordRows[i]])) };
    });
    // Sealed anew by another tab since the check in #ready: nothing is damaged, the key is another.
    if (header?.generation !== this.#generation) throw storeError('locked');
    const ids = [...new Set([...keys.keys(), ...records.keys()])].filter((id) => !this.#isOwn(id)).map(String);
    /** @type {Stored[]} */
    const people = [];
    /** @type {Damaged[]} */
    const damaged = [];
    for (let i = 0; i < ids.length; i += BATCH) {
      await Promise.all(
        ids.slice(i, i + BATCH).map(async (id) => {
          try {
            people.push(await this.#openPerson(id, keys.get(id), records.get(id)));
          } catch (cause) {
            damaged.push(asDamaged(id, cause));
          }
        }),
      );
    }
    people.sort(({ person: a }, { person: b }) => a.created - b.created || (a.id < b.id ? -1 : 1));
    return { people, damaged, protectionKey: keys.get(SINGLE.protection) };
  }

  /**
   * Everybody, a batch at a time, in the order of their ids. To be called under the lock, for between two batches another
   * tab could write.
   * @returns {AsyncGenerator<{id: string, stored: Stored | null, cause: unknown}, void, void>}
   */
  async *#eachStored() {
    for (let after = ''; ; ) {
      const from = IDBKeyRange.lowerBound(after, true);
      const { ids, records, keys } = await this.#read(['keys', 'records'], async (tx) => {
        const [ids, records] = await Promise.all([result(at(tx, 'records').getAllKeys(from, BATCH)), result(at(tx, 'records').getAll(from, BATCH))]);
        return { ids: ids.map(String), records, keys: await Promise.all(ids.map((id) => result(at(tx, 'keys').get(id)))) };
      });
      if (ids.length === 0) return;
      after = ids[ids.length - 1];
      const opened = await Promise.all(
        ids.map((id, i) =>
          this.#isOwn(id) ? null : this.#openPerson(id, keys[i], records[i]).then((stored) => ({ id, stored, cause: null }), (cause) => ({ id, stored: null, cause })),
        ),
      );
      for (const one of opened) if (one) yield one;
    }
  }

  /**
   * The same, with templates as the engine knows them.
   * @returns {AsyncGenerator<{id: string, person: Person | null, cause: unknown}, void, void>}
   */
  async *#eachPerson() {
    const secret = await this.#openProtectionKey(await this.#read(['keys'], (tx) => result(at(tx, 'keys').get(SINGLE.protection))));
    for await (const { id, stored, cause } of this.#eachStored()) {
      if (!stored) {
        yield { id, person: null, cause };
        continue;
      }
      /** @type {Person | null} */
      let person = null;
      /** @type {unknown} */
      let problem = null;
      try {
        person = this.#unprotected(stored, secret);
      } catch (error) {
        if (fromCause(error).code === 'protection_missing') throw error;
        problem = error;
      }
      yield { id, person, cause: problem };
    }
  }

  /** @returns {Promise<{people: Person[], damaged: Damaged[]}>} templates as the engine knows them */
  async #people() {
    const { people: stored, damaged, protectionKey } = await this.#storedPeople();
    const secret = await this.#openProtectionKey(protectionKey);
    /** @type {Person[]} */
    const people = [];
    for (const one of stored) {
      try {
        people.push(this.#unprotected(one, secret));
      } catch (cause) {
        // Not damage: nobody's templates can be read before the engine is there.
        if (fromCause(cause).code === 'protection_missing') throw cause;
        damaged.push(asDamaged(one.person.id, cause));
      }
    }
    return { people, damaged };
  }

  /** @param {Sealed | undefined} sealed @returns {Promise<Secret | null>} null if it is damaged */
  async #openProtectionKey(sealed) {
    if (!sealed) return null;
    const bytes = await unseal(this.#mustHaveKey(), sealed, binding(BOUND, 'key', SINGLE.protection)).catch((cause) => {
      if (!isDamage(cause)) throw cause;
      return null;
    });
    return bytes && { bytes, print: await fingerprint(bytes) };
  }

  /** @param {Stored} stored @param {Secret | null} secret @returns {Person} */
  #unprotected({ person, protection }, secret) {
    if (protection === null) return person;
    const protector = this.#protector;
    if (!protector) throw storeError('protection_missing');
    // A template under another secret would come out as noise that looks like a template.
    if (protection !== secret?.print) throw storeError('record_damaged');
    try {
      return { ...person, references: person.references.map((reference) => ({ ...reference, template: protector.unprotect(reference.template, secret.bytes) })) };
    } catch {
      throw storeError('record_damaged');
    }
  }

  /**
   * @param {Person} person
   * @param {Bytes} [secret] for the transform; the stored one if it is left out
   * @returns {Promise<{key: Sealed, record: Sealed}>} under a new data key
   */
  async #sealPerson(person, secret) {
    let stored = person;
    /** @type {string | null} */
    let protection = null;
    const protector = this.#protector;
    if (protector) {
      const key = secret ?? (await this.#singleBytes(SINGLE.protection));
      stored = { ...person, references: person.references.map((reference) => ({ ...reference, template: protector.protect(reference.template, key) })) };
      protection = await fingerprint(key);
    }
    return this.#sealRecord('person', person.id, encodePerson(stored, protection));
  }

  /** @param {string} kind @param {string} id @param {Bytes} plain @param {CryptoKey} [vaultKey] @returns {Promise<{key: Sealed, record: Sealed}>} under a new data key */
  async #sealRecord(kind, id, plain, vaultKey = this.#mustHaveKey()) {
    const raw = randomBytes(KEY_BYTES);
    const [record, key] = await Promise.all([
      importKey(raw).then((dataKey) => seal(dataKey, plain, binding(BOUND, kind, id))),
      seal(vaultKey, raw, binding(BOUND, 'key', id)),
    ]);
    raw.fill(0);
    return { key, record };
  }

  /** @param {IDBTransaction} tx @param {string} id @param {{key: Sealed, record: Sealed}} row */
  #writePerson(tx, id, { key, record }) {
    at(tx, 'keys').put(key, id);
    at(tx, 'records').put(record, id);
  }

  /** @param {IDBTransaction} tx @param {string} id */
  #deletePerson(tx, id) {
    at(tx, 'keys').delete(id);
    at(tx, 'records').delete(id);
  }

  /** @param {string[]} ids */
  async #areGone(ids) {
    const left = await this.#read(['keys', 'records'], (tx) => Promise.all([result(at(tx, 'keys').getAllKeys()), result(at(tx, 'records').getAllKeys())]));
    const still = new Set(left.flat());
    return ids.every((id) => !still.has(id));
  }

  /**
   * @param {string[]} ids
   * @param {Receipt['reason']} reason
   * @returns {Promise<Receipt[]>}
   */
  async #erase(ids, reason) {
    if (ids.length === 0) return [];
    const before = await Promise.all(ids.map((id) => this.#person(id).then(({ stored }) => stored.person, (error) => {
      if (fromCause(error).code === 'no_such_person') throw error;
      return null;
    })));
    const guests = await this.#guests();
    const left = guests?.guests.filter(({ id }) => !ids.includes(id));
    const row = guests && left && left.length < guests.guests.length ? await this.#sealGuests({ ...guests, guests: left }) : null;
    const entries = await this.#commit(ids.map((id) => ({ event: 'erased', subject: id, detail: { reason } })), (tx) => {
      for (const id of ids) this.#deletePerson(tx, id);
      // Whoever is forgotten is forgotten as an expected guest, too.
      if (row) this.#writePerson(tx, GUESTS, row);
    });
    const vault = await this.#vaultId();
    return Promise.all(ids.map(async (id, i) => ({
      kind: /** @type {const} */ ('person'), person: id, reason: before[i] ? reason : /** @type {const} */ ('damaged'), time: entries[i].time, people: 1,
      references: before[i]?.references.length ?? null, pictures: Boolean(before[i]?.picture), confirmed: await this.#areGone([id]),
      vault, log: { seq: entries[i].seq, hash: entries[i].hash },
    })));
  }

  /** @returns {Promise<GuestList | null>} null if there is none, or if it can't be read */
  async #guests() {
    const [key, record] = await this.#read(['keys', 'records'], (tx) => Promise.all([result(at(tx, 'keys').get(GUESTS)), result(at(tx, 'records').get(GUESTS))]));
    if (!key || !record) return null;
    try {
      return decodeGuests(await this.#openRecord('guests', GUESTS, key, record));
    } catch {
      return null;
    }
  }

  /** @param {GuestList} list @returns {Promise<{key: Sealed, record: Sealed}>} under a new data key */
  async #sealGuests(list) {
    return this.#sealRecord('guests', GUESTS, encodeGuests(list));
  }

  /** @param {Receipt['reason']} reason @returns {Promise<Receipt>} */
  async #eraseGuests(reason) {
    const list = await this.#guests();
    const invited = new Set(list?.guests.map(({ id }) => id));
    const { people } = await this.#storedPeople();
    const enrolled = people.map(({ person }) => person).filter(({ id }) => invited.has(id));
    const ids = enrolled.map(({ id }) => id);
    const [entry] = await this.#commit([{ event: 'guests_erased', detail: { guests: invited.size, people: ids.length, reason } }], (tx) => {
      for (const id of [...ids, GUESTS]) this.#deletePerson(tx, id);
    });
    return {
      kind: 'people', person: null, reason, time: entry.time, people: ids.length,
      references: enrolled.reduce((sum, person) => sum + person.references.length, 0), pictures: enrolled.some(({ picture }) => picture !== null),
      confirmed: await this.#areGone([...ids, GUESTS]), vault: await this.#vaultId(), log: { seq: entry.seq, hash: entry.hash },
    };
  }

  /** @param {IDBTransaction} tx @returns {Promise<void>} */
  #takeStaged(tx) {
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
        this.#writePerson(tx, String(cursor.key), cursor.value);
        cursor.continue();
      };
    });
  }

  // --- PIN

  /** @param {Header} header @param {'tries' | 'asked'} which @returns {number} */
  #waitSeconds(header, which) {
    const steady = Math.max(0, Math.ceil((this.#mayTry[which] - performance.now()) / 1000));
    return Math.max(steady, waitSeconds(header[which] ?? NO_TRIES, Date.now(), WAIT_MOST[which]));
  }

  /**
   * Counts the try, then tests the PIN.
   * @param {string} pin
   * @param {'tries' | 'asked'} [which] asked: where the vault is open, whose wait is short
   * @returns {Promise<{key: Bytes, pinKey: CryptoKey, failures: number, header: Header}>} the vault key, and how many wrong tries came before
   */
  async #tryPin(pin, which = 'tries') {
    const header = await this.#mustHaveHeader();
    if (!header.wrapping) throw storeError('not_protected');
    const wait = this.#waitSeconds(header, which);
    if (wait > 0) throw storeError('too_many_tries', { waitSeconds: wait });
    const { failures } = header[which] ?? NO_TRIES;
    const tries = countTry({ failures, until: 0 }, Date.now(), WAIT_MOST[which]);
    await this.#write(['vault'], (tx) => this.#alterHeader(tx, (now) => ({ ...now, [which]: tries })));
    const opened = await unwrap(String(pin), header.wrapping, header.vault);
    if (!opened) {
      this.#mayTry[which] = performance.now() + Math.max(0, tries.until - Date.now());
      throw storeError('wrong_pin', { waitSeconds: waitSeconds(tries, Date.now()), failures: tries.failures });
    }
    this.#mayTry = { tries: 0, asked: 0 };
    await this.#write(['vault'], (tx) => this.#alterHeader(tx, (now) => ({ ...now, tries: NO_TRIES, asked: NO_TRIES })));
    return { ...opened, failures, header };
  }

  /**
   * Takes the key from the disk on which it was kept open, and makes new ones, since what was there may be read from the
   * browser's files; or says that it is owed where the PIN was never given to this worker.
   * @param {Header} header
   * @param {Happening[]} happenings
   */
  async #endKeptOpen(header, happenings) {
    const wrapping = /** @type {Wrapping} */ (header.wrapping);
    if (this.#pinKey) {
      const done = await this.#rekey({ pinKey: this.#pinKey, how: wrapping }, happenings).then(() => true, (cause) => {
        // Where there is no room to seal everything anew, the key at least goes.
        if (fromCause(cause).code !== 'storage_full') throw cause;
        return false;
      });
      if (done) return;
    }
    await this.#commit(happenings, (tx) => this.#alterHeader(tx, (now) => ({ ...now, key: null, owed: true, stale: true })));
  }

  /**
   * A new vault key, under the PIN or without one, and new data keys: everything is sealed anew under them, so that a key
   * that lay on the disk opens nothing that is written from now on.
   * @param {Under | null} under null: without a PIN
   * @param {Happening[]} happenings
   */
  async #rekey(under, happenings) {
    const header = await this.#mustHaveHeader();
    const raw = under && randomBytes(KEY_BYTES);
    const vaultKey = raw ? await importKey(raw) : await newDeviceKey();
    const wrapping = under && raw && (await wrapUnder(under.pinKey, under.how, raw, header.vault));
    raw?.fill(0);
    try {
      await this.#stageAnew(vaultKey);
      const { singles, settings, guests, logKey } = await this.#ownAnew(vaultKey);
      const log = await this.#logAnew(logKey);
      await this.#commit(happenings, async (tx) => {
        await this.#alterHeader(tx, (now) => ({
          ...now, version: HEADER_VERSION, generation: now.generation + 1, key: raw ? null : vaultKey, wrapping, tries: NO_TRIES, asked: NO_TRIES, owed: false, stale: true,
        }));
        await this.#takeStaged(tx);
        for (const { id, key } of singles) at(tx, 'keys').put(key, id);
        if (settings) at(tx, 'records').put(settings, SINGLE.settings);
        if (guests) this.#writePerson(tx, GUESTS, guests);
        for (const { seq, sealed } of log) at(tx, 'log').put(sealed, seq);
      }, 'strict', logKey);
    } catch (cause) {
      await this.#write(['staging'], (tx) => void at(tx, 'staging').clear(), 'relaxed').catch(() => {});
      throw cause;
    }
    this.#vaultKey = vaultKey;
    this.#pinKey = under?.pinKey ?? null;
    this.#generation = header.generation + 1;
    this.#singles.clear();
    this.touch();
    this.#tell({ kind: 'rekeyed' });
  }

  /** Lays everybody out in the staging store, under new data keys. What is damaged stays where it is, as it is. @param {CryptoKey} vaultKey */
  async #stageAnew(vaultKey) {
    for (let after = ''; ; ) {
      const from = IDBKeyRange.lowerBound(after, true);
      const { ids, keys, records } = await this.#read(['keys', 'records'], async (tx) => {
        const [ids, records] = await Promise.all([result(at(tx, 'records').getAllKeys(from, BATCH)), result(at(tx, 'records').getAll(from, BATCH))]);
        return { ids: ids.map(String), records, keys: await Promise.all(ids.map((id) => result(at(tx, 'keys').get(id)))) };
      });
      if (ids.length === 0) return;
      after = ids[ids.length - 1];
      const sealed = await Promise.all(ids.map(async (id, i) => {
        if (this.#isOwn(id)) return null;
        const row = await this.#resealed('person', id, keys[i], records[i], vaultKey);
        return row && { id, row };
      }));
      await this.#write(['staging'], (tx) => {
        for (const one of sealed) if (one) at(tx, 'staging').put(one.row, one.id);
      }, 'relaxed');
    }
  }

  /**
   * @param {string} kind
   * @param {string} id
   * @param {Sealed | undefined} key
   * @param {Sealed | undefined} record
   * @param {CryptoKey} vaultKey
   * @returns {Promise<{key: Sealed, record: Sealed} | null>} null if it can't be opened
   */
  async #resealed(kind, id, key, record, vaultKey) {
    if (!key || !record) return null;
    try {
      const plain = await this.#openRecord(kind, id, key, record);
      return await this.#sealRecord(kind, id, plain, vaultKey);
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      return null;
    }
  }

  /** This module's own records under new keys. @param {CryptoKey} vaultKey */
  async #ownAnew(vaultKey) {
    const [sealed, guestsKey, guestsRecord] = await this.#read(['records', 'keys'], (tx) =>
      Promise.all([result(at(tx, 'records').get(SINGLE.settings)), result(at(tx, 'keys').get(GUESTS)), result(at(tx, 'records').get(GUESTS))]));
    const settingsKey = randomBytes(KEY_BYTES);
    const logKey = randomBytes(KEY_BYTES);
    // The secret of the templates' rotation is no key that anything is sealed under: renewProtection makes another.
    const raw = { [SINGLE.settings]: settingsKey, [SINGLE.log]: logKey, [SINGLE.protection]: await this.#singleBytes(SINGLE.protection) };
    const singles = await Promise.all(Object.entries(raw).map(async ([id, bytes]) => ({ id, key: await seal(vaultKey, bytes, binding(BOUND, 'key', id)) })));
    const boundTo = binding(BOUND, 'settings', SINGLE.settings);
    const settings = sealed && (await seal(await importKey(settingsKey), await unseal(await this.#single(SINGLE.settings), sealed, boundTo), boundTo));
    return { singles, settings, guests: await this.#resealed('guests', GUESTS, guestsKey, guestsRecord, vaultKey), logKey: await importKey(logKey) };
  }

  /** The log's entries under a new key; one that can't be read is left as it is, for the chain to show. @param {CryptoKey} logKey */
  async #logAnew(logKey) {
    const key = await this.#single(SINGLE.log);
    const [seqs, rows] = await this.#read(['log'], (tx) => Promise.all([result(at(tx, 'log').getAllKeys()), result(at(tx, 'log').getAll())]));
    const anew = await Promise.all(rows.map(async (row, i) => {
      const seq = Number(seqs[i]);
      const boundTo = binding(BOUND, 'log', String(seq));
      try {
        return { seq, sealed: await seal(logKey, await unseal(key, row, boundTo), boundTo) };
      } catch (cause) {
        if (!isDamage(cause)) throw cause;
        return null;
      }
    }));
    return anew.filter((one) => one !== null);
  }

  // --- log

  /** @returns {Promise<LogHead & {known: boolean}>} */
  async #logHead() {
    const [sealed, seqs] = await this.#read(['records', 'log'], (tx) => Promise.all([result(at(tx, 'records').get(LOG_HEAD)), result(at(tx, 'log').getAllKeys())]));
    const key = await this.#single(SINGLE.log);
    try {
      if (!sealed) throw storeError('record_damaged');
      const head = JSON.parse(new TextDecoder().decode(await unseal(key, sealed, binding(BOUND, 'log', LOG_HEAD))));
      checkVersion(head, LOG_HEAD_VERSION);
      return { ...head, version: LOG_HEAD_VERSION, known: true };
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      // The head is gone: go on after the highest number, and let the chain show the break.
      const numbers = seqs.map(Number);
      const last = numbers.length ? numbers[numbers.length - 1] : 0;
      const first = numbers.length ? numbers[0] : 1;
      return { version: LOG_HEAD_VERSION, last: { seq: last, hash: GENESIS.hash }, anchor: { seq: first - 1, hash: GENESIS.hash }, entries: numbers.length, lastBackup: null, changes: 1, known: false };
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
  async #commit(happenings, work, durability = 'strict', newKey) {
    const key = await this.#single(SINGLE.log);
    const { known, ...head } = await this.#logHead();
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
    const drop = toDrop(head.entries + entries.length, this.#logMost);
    if (drop > 0) {
      const anchor = await this.#anchorAt(key, head.anchor.seq + drop);
      const rotated = await nextEntry(last, 'log_rotated', { detail: { through: anchor.seq, hash: anchor.hash } });
      entries.push(rotated);
      last = { seq: rotated.seq, hash: rotated.hash };
      head.entries -= drop;
      head.anchor = anchor;
    }
    const under = newKey ?? key;
    const sealed = await Promise.all(entries.map((entry) => seal(under, utf8(JSON.stringify(entry)), binding(BOUND, 'log', String(entry.seq)))));
    const newHead = { ...head, last, entries: head.entries + entries.length };
    const sealedHead = await seal(under, utf8(JSON.stringify(newHead)), binding(BOUND, 'log', LOG_HEAD));
    await this.#write(this.#allStores(), async (tx) => {
      await work(tx);
      entries.forEach((entry, i) => at(tx, 'log').put(sealed[i], entry.seq));
      if (drop > 0) at(tx, 'log').delete(IDBKeyRange.upperBound(newHead.anchor.seq));
      at(tx, 'records').put(sealedHead, LOG_HEAD);
    }, durability);
    this.#tell({ kind: 'changed', what: whatChanged(entries) });
    return known ? entries : entries.slice(1);
  }

  /**
   * @param {CryptoKey} key
   * @param {number} seq
   * @returns {Promise<Link>} with zeros for its hash if neither the entry nor the one after it can be read
   */
  async #anchorAt(key, seq) {
    const [row, after] = await this.#read(['log'], (tx) => Promise.all([result(at(tx, 'log').get(seq)), result(at(tx, 'log').get(seq + 1))]));
    const hash = (await this.#openEntry(key, seq, row))?.hash ?? (await this.#openEntry(key, seq + 1, after))?.previous ?? GENESIS.hash;
    return { seq, hash };
  }

  /** @param {CryptoKey} key @param {number} seq @param {Sealed} sealed @returns {Promise<Entry | null>} */
  async #openEntry(key, seq, sealed) {
    try {
      return JSON.parse(new TextDecoder().decode(await unseal(key, sealed, binding(BOUND, 'log', String(seq)))));
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      return null;
    }
  }

  async #readLog() {
    const key = await this.#single(SINGLE.log);
    const { known, anchor, last } = await this.#logHead();
    const [seqs, rows] = await this.#read(['log'], (tx) => Promise.all([result(at(tx, 'log').getAllKeys()), result(at(tx, 'log').getAll())]));
    const entries = await Promise.all(rows.map((row, i) => this.#openEntry(key, Number(seqs[i]), row)));
    return { anchor, last, entries, headKnown: known };
  }
}
