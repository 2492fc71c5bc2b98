/** A vault's beginning: made anew, or opened with whatever a killed tab, damage or an earlier release left put in order. */
import { KEY_BYTES, importKey, newDeviceKey, randomBytes } from '../crypto.js';
import { DATABASE_VERSION, STORES, at, putRow, result } from '../database.js';
import { HEADER, HEADER_VERSION, NO_TRIES } from '../header.js';
import { readClear } from '../migrations/from-1.js';
import { SINGLE } from '../own.js';
import { defaultSettings } from '../settings.js';
import { isDamage } from './keys.js';
import { newLog } from './log.js';

/** @import { Header } from '../header.js' */
/** @import { Held } from '../port.js' */
/** @import { Bytes, Sealed } from '../types.js' */
/** @import { Happening, Log } from './log.js' */
/** @import { People } from './people.js' */
/** @import { Session } from './session.js' */
/** @import { StoredSettings } from './settings.js' */
/** @import { Staging } from './staging.js' */

export class Opening {
  #session;
  #log;
  #settings;
  #people;
  #staging;
  #networks;
  /** Own records that were damaged and had to be replaced. @type {string[]} */
  repaired = [];

  /**
   * @param {{session: Session, log: Log, settings: StoredSettings, people: People, staging: Staging, networks: Record<string, string>}} parts
   *   networks: what the log of a new vault begins with
   */
  constructor({ session, log, settings, people, staging, networks }) {
    this.#session = session;
    this.#log = log;
    this.#settings = settings;
    this.#people = people;
    this.#staging = staging;
    this.#networks = networks;
  }

  /** Makes the vault or opens it. @param {Held | null} held */
  async start(held) {
    await this.#session.exclusively(async () => {
      let header = await this.#session.header();
      if (!header && (await this.#isEmpty())) header = await this.create();
      if (!header) return;
      await this.#session.adopt(header);
      if (held) await this.#session.resume(held);
      if (!this.#session.locked) await this.tidy();
    });
  }

  async #isEmpty() {
    const counts = await this.#session.db.read(['keys', 'records'], (tx) => Promise.all([result(at(tx, 'keys').count()), result(at(tx, 'records').count())]));
    return counts.every((count) => count === 0);
  }

  /**
   * A new vault in place of whatever is there.
   * @param {number} [generation] of the one before
   * @param {Happening} [first]
   * @returns {Promise<Header>}
   */
  async create(generation = 0, first = { event: 'vault_created' }) {
    const { db } = this.#session;
    const key = await newDeviceKey();
    const time = Date.now();
    /** @type {Header} */
    const header = {
      version: HEADER_VERSION, vault: crypto.randomUUID(), created: time, generation: Math.max(generation + 1, time), key, wrapping: null, tries: NO_TRIES,
      // Whatever was here before is to be forgotten by the browser's files, too.
      stale: first.event !== 'vault_created',
    };
    const raw = new Map(Object.values(SINGLE).map((id) => [id, randomBytes(KEY_BYTES)]));
    const keys = await Promise.all([...raw].map(async ([id, bytes]) => ({ id, sealed: await this.#session.keys.sealKey(id, bytes, key) })));
    const writeLog = await newLog(await importKey(/** @type {Bytes} */ (raw.get(SINGLE.log))), { ...first, detail: { ...this.#networks, ...first.detail } }, time);
    await db.write(db.allStores, (tx) => {
      // What came from version 1 stays until it has been moved, unless this is a wish to forget everything.
      for (const store of first.event === 'vault_created' ? STORES : db.allStores) tx.objectStore(store).clear();
      at(tx, 'vault').put(header, HEADER);
      for (const { id, sealed } of keys) at(tx, 'keys').put(sealed, id);
      writeLog(tx);
    });
    return header;
  }

  /** What a killed tab left: half of an import, people of version 1 that were not moved yet; and what was damaged. */
  async tidy() {
    await this.#repair();
    if (await this.#staging.count()) await this.#staging.clear();
    await this.#takeClear();
  }

  /**
   * Puts new keys in the place of the store's own that are gone or do not open, so that the rest stays usable. What did not
   * open is kept aside; what could not be read at all stops the opening, for it may be there the next time.
   */
  async #repair() {
    const { db, keys: held } = this.#session;
    /** @type {{id: string, sealed: Sealed}[]} */
    const keys = [];
    for (const id of Object.values(SINGLE)) {
      try {
        await held.singleBytes(id);
      } catch (cause) {
        if (!isDamage(cause)) throw cause;
        keys.push({ id, sealed: await held.sealKey(id, randomBytes(KEY_BYTES)) });
      }
    }
    const sealed = await this.#settings.sealed();
    let settingsLost = false;
    if (sealed !== undefined && !keys.some(({ id }) => id === SINGLE.settings)) {
      await this.#settings.open(sealed).catch((cause) => {
        if (!isDamage(cause)) throw cause;
        settingsLost = true;
      });
    } else settingsLost = sealed !== undefined;
    if (keys.length === 0 && !settingsLost) return;
    await db.write(['keys', 'records', 'aside'], async (tx) => {
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
    held.forgetSingles();
    this.repaired = [...new Set([...keys.map(({ id }) => id), ...(settingsLost ? [SINGLE.settings] : [])])];
  }

  /** Takes over what version 1 stored in the clear: see migrations/from-1.js. */
  async #takeClear() {
    const { db } = this.#session;
    const clear = await readClear(db);
    if (!clear) return;
    const { wrapping } = await this.#session.mustHaveHeader();
    const [here, known] = await db.read(['records', 'keys'], async (tx) => {
      const [records, keys, settings] = await Promise.all([result(at(tx, 'records').getAllKeys()), result(at(tx, 'keys').getAllKeys()), result(at(tx, 'records').getKey(SINGLE.settings))]);
      return [new Set([...records, ...keys]), settings !== undefined];
    });
    const people = wrapping ? [] : clear.people.filter(({ id }) => !here.has(id));
    const rows = await Promise.all(people.map(async (person) => ({ id: person.id, row: await this.#people.seal(person) })));
    const settings = wrapping || known ? null : await this.#settings.seal({ ...defaultSettings(), ...clear.settings });
    const refused = clear.rows - clear.unreadable - rows.length;
    const detail = { from: 1, to: DATABASE_VERSION, people: rows.length, unreadable: clear.unreadable, refused, settings: settings === null ? '' : Object.keys(clear.settings).join('.') };
    await this.#log.commit([{ event: 'vault_upgraded', detail }], (tx) => {
      for (const { id, row } of rows) putRow(tx, id, row);
      if (settings) at(tx, 'records').put(settings, SINGLE.settings);
      for (const store of db.clearStores) tx.objectStore(store).clear();
    });
  }
}
