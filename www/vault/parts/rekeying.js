/**
 * A new vault key and new data keys: everything is sealed anew under them, so that a key that lay on the disk opens nothing that
 * is written from now on ([Note: keys] in crypto.js).
 */
import { KEY_BYTES, importKey, newDeviceKey, randomBytes } from '../crypto.js';
import { at, putRow } from '../database.js';
import { HEADER_VERSION, NO_TRIES } from '../header.js';
import { GUESTS, SINGLE } from '../own.js';
import { wrapUnder } from '../pin.js';

/** @import { Wrapping } from '../header.js' */
/** @import { StoredGuests } from './guests.js' */
/** @import { Happening, Log } from './log.js' */
/** @import { People } from './people.js' */
/** @import { Session } from './session.js' */
/** @import { StoredSettings } from './settings.js' */
/** @import { Staging } from './staging.js' */

/** @typedef {{pinKey: CryptoKey, how: Pick<Wrapping, 'kdf' | 'iterations' | 'salt'>}} Under what the vault key is sealed under: a key of the PIN's */

export class Rekeying {
  #session;
  #log;
  #settings;
  #people;
  #guests;
  #staging;

  /** @param {{session: Session, log: Log, settings: StoredSettings, people: People, guests: StoredGuests, staging: Staging}} parts */
  constructor({ session, log, settings, people, guests, staging }) {
    this.#session = session;
    this.#log = log;
    this.#settings = settings;
    this.#people = people;
    this.#guests = guests;
    this.#staging = staging;
  }

  /**
   * Under the lock.
   * @param {Under | null} under null: without a PIN
   * @param {Happening[]} happenings
   */
  async run(under, happenings) {
    const header = await this.#session.mustHaveHeader();
    const raw = under && randomBytes(KEY_BYTES);
    const vaultKey = raw ? await importKey(raw) : await newDeviceKey();
    const wrapping = under && raw && (await wrapUnder(under.pinKey, under.how, raw, header.vault));
    raw?.fill(0);
    try {
      await this.#layPeople(vaultKey);
      const { keys, logKey, settings, guests } = await this.#own(vaultKey);
      const log = await this.#log.anew(logKey);
      await this.#log.commit(happenings, async (tx) => {
        await this.#session.alterHeader(tx, (now) => ({
          ...now, version: HEADER_VERSION, generation: now.generation + 1, key: raw ? null : vaultKey, wrapping, tries: NO_TRIES, asked: NO_TRIES, owed: false, stale: true,
        }));
        await this.#staging.take(tx);
        for (const { id, sealed } of keys) at(tx, 'keys').put(sealed, id);
        if (settings) at(tx, 'records').put(settings, SINGLE.settings);
        if (guests) putRow(tx, GUESTS, guests);
        for (const { seq, sealed } of log) at(tx, 'log').put(sealed, seq);
      }, 'strict', logKey);
    } catch (cause) {
      await this.#staging.giveUp();
      throw cause;
    }
    this.#session.rekeyed(vaultKey, under?.pinKey ?? null);
  }

  /** Everybody, into the staging store. What is damaged stays where it is, as it is. @param {CryptoKey} vaultKey */
  async #layPeople(vaultKey) {
    for await (const rows of this.#people.rows()) {
      const anew = await Promise.all(rows.map(async ({ id, row }) => ({ id, row: await this.#session.keys.resealed('person', id, row, vaultKey) })));
      await this.#staging.lay(anew.flatMap(({ id, row }) => (row ? [{ id, row }] : [])));
    }
  }

  /** The store's own records. @param {CryptoKey} vaultKey */
  async #own(vaultKey) {
    const settings = await this.#settings.anew();
    const logKey = randomBytes(KEY_BYTES);
    // The secret of the templates' rotation is no key that anything is sealed under: renewProtection makes another.
    const raw = { [SINGLE.settings]: settings.key, [SINGLE.log]: logKey, [SINGLE.protection]: await this.#session.keys.singleBytes(SINGLE.protection) };
    const keys = await Promise.all(Object.entries(raw).map(async ([id, bytes]) => ({ id, sealed: await this.#session.keys.sealKey(id, bytes, vaultKey) })));
    return { keys, logKey: await importKey(logKey), settings: settings.sealed, guests: await this.#guests.anew(vaultKey) };
  }
}
