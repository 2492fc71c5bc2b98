/**
 * Version 1 stored in the clear: people under their id in the object store `people`, settings by name in `settings`. An upgrade
 * cannot wait for WebCrypto, so what lies there is sealed right after opening, in one transaction that also empties it; if the
 * tab dies before, the next one does it.
 *
 * Whoever can write to the storage can put such stores there. Where a PIN protects the vault nothing is taken from them, for
 * there they would be a way around it; elsewhere only what is not here yet, and no settings that open anything to anybody.
 */
import { checkPerson, isId } from '../codec.js';
import { result } from '../database.js';
import { checkSettings } from '../settings.js';

/** @typedef {import('../database.js').Database} Database */
/** @typedef {import('../types.js').Person} Person */
/** @typedef {import('../types.js').Settings} Settings */

/** What version 1 knew. */
const SETTINGS = ['targetFmr', 'keepPictures', 'language', 'theme'];

/**
 * @param {any} record
 * @returns {Person | null} null if there is nothing in it that could be used
 */
function upgradePerson(record) {
  const now = Date.now();
  try {
    return checkPerson({
      ...record,
      // Version 1 let the page choose ids; only random ones may be stored in the clear.
      id: isId(record?.id) ? record.id : crypto.randomUUID(),
      created: record.created ?? now,
      updated: record.updated ?? now,
      expires: record.expires ?? null,
      picture: record.picture ?? null,
    });
  } catch {
    return null;
  }
}

/** @param {Record<string, unknown>} stored @returns {Partial<Settings>} those that are still allowed */
function upgradeSettings(stored) {
  /** @type {Record<string, unknown>} */
  const kept = {};
  for (const name of SETTINGS) {
    if (!Object.hasOwn(stored, name)) continue;
    try {
      Object.assign(kept, checkSettings({ [name]: stored[name] }));
    } catch {
      // A setting that no longer exists: the default takes its place.
    }
  }
  return kept;
}

/**
 * @param {Database} db
 * @returns {Promise<{people: Person[], settings: Partial<Settings>, rows: number, unreadable: number} | null>} null if there is nothing to move
 */
export async function readClear(db) {
  const stores = db.clearStores;
  if (stores.length === 0) return null;
  const { people: rows, settings: [names, values] } = await db.read(stores, async (tx) => ({
    people: stores.includes('people') ? await result(tx.objectStore('people').getAll()) : [],
    settings: stores.includes('settings')
      ? await Promise.all([result(tx.objectStore('settings').getAllKeys()), result(tx.objectStore('settings').getAll())])
      : [[], []],
  }));
  if (rows.length === 0 && names.length === 0) return null;
  const people = rows.map(upgradePerson).filter((person) => person !== null);
  const settings = upgradeSettings(Object.fromEntries(names.map((name, i) => [String(name), values[i]])));
  return { people, settings, rows: rows.length, unreadable: rows.length - people.length };
}
