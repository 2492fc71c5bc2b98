/**
 * Reads what version 1 stored in the clear: people under their id in `people`, settings by name in `settings`.
 * See [Note: schema] in database.js.
 */
import { checkPerson, isId } from './codec.js';
import { LEGACY_STORES, result, transaction } from './database.js';
import { checkSettings } from './settings.js';

/** @typedef {import('./types.js').Person} Person */
/** @typedef {import('./types.js').Settings} Settings */

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
  for (const [name, value] of Object.entries(stored)) {
    try {
      Object.assign(kept, checkSettings({ [name]: value }));
    } catch {
      // A setting that no longer exists: the default takes its place.
    }
  }
  return kept;
}

/**
 * @param {IDBDatabase} db
 * @returns {Promise<{people: Person[], settings: Partial<Settings>, unreadable: number} | null>} null if there is nothing to move
 */
export async function migrateLegacy(db) {
  const stores = LEGACY_STORES.filter((store) => db.objectStoreNames.contains(store));
  if (stores.length === 0) return null;
  const rows = await transaction(db, stores, 'readonly', async (tx) => ({
    people: stores.includes('people') ? await result(tx.objectStore('people').getAll()) : [],
    settings: stores.includes('settings')
      ? await Promise.all([result(tx.objectStore('settings').getAllKeys()), result(tx.objectStore('settings').getAll())])
      : [[], []],
  }));
  const [names, values] = rows.settings;
  if (rows.people.length === 0 && names.length === 0) return null;
  const people = rows.people.map(upgradePerson).filter((person) => person !== null);
  const settings = upgradeSettings(Object.fromEntries(names.map((name, i) => [String(name), values[i]])));
  return { people, settings, unreadable: rows.people.length - people.length };
}
