/**
 * Stands in for the vault where the browser stores nothing (private windows of some browsers, blocked site data), and where
 * nothing is to be kept: people and settings are there until the worker ends, and whatever is about keeping is refused.
 */
import { checkPerson, encodePerson, joined } from './codec.js';
import { storeError } from './errors.js';
import { checkSettings, defaultSettings } from './settings.js';

/** @import { Store } from './port.js' */
/** @import { Person } from './types.js' */

/** What nothing can be done about where nothing is kept. @returns {Promise<never>} */
const refuse = async () => {
  throw storeError('storage_unavailable');
};

/** @returns {Store} */
export function memoryStore() {
  /** @type {Map<string, Person>} */
  const people = new Map();
  let settings = defaultSettings();
  /** @param {string} id @returns {Person} a copy: what a caller does to it changes nothing here */
  const copy = (id) => {
    const person = people.get(id);
    if (!person) throw storeError('no_such_person');
    return structuredClone(person);
  };
  /** @param {Person} person @returns {Person} */
  const keep = (person) => {
    const checked = checkPerson(person);
    people.set(checked.id, structuredClone(checked));
    return checked;
  };

  return {
    locked: false,
    // There is no log.
    logsMatches: false,
    // What is in memory is no safer for being turned.
    setProtector() {},
    close() {},
    status: async () => null,

    people: async () => ({ people: structuredClone([...people.values()]), damaged: [] }),
    records: async () => ({ records: [...people.values()].map((person) => ({ id: person.id, bytes: encodePerson(person, null) })), secret: null, damaged: [] }),
    person: async (id) => copy(id),
    put: async (person) => keep({ ...person, id: person.id ?? crypto.randomUUID() }),
    async update(id, change) {
      const before = copy(id);
      const wanted = typeof change === 'function' ? change(copy(id)) : change;
      return wanted === null ? before : keep({ ...before, ...wanted, id, created: before.created, updated: Date.now() });
    },
    async merge(first, second) {
      const { kept, change } = joined(copy(first), copy(second), null);
      const before = copy(kept);
      const person = keep({ ...before, ...change, id: kept, created: before.created, updated: Date.now() });
      people.delete(kept === first ? second : first);
      return { person, receipt: null };
    },
    async remake(ids, anew) {
      return ids.filter((id) => people.has(id)).flatMap((id) => {
        const person = copy(id);
        const references = anew(person);
        return references ? [keep({ ...person, references, updated: Date.now() })] : [];
      });
    },
    renewProtection: refuse,

    async remove(id) {
      if (!people.delete(id)) throw storeError('no_such_person');
      return null;
    },
    async clear() {
      people.clear();
      return null;
    },
    eraseEverything: refuse,
    eraseExpired: async () => [],
    eraseGuests: refuse,

    guests: refuse,
    guestsRecord: refuse,
    changeGuests: refuse,

    settings: async () => ({ ...settings }),
    async setSettings(patch) {
      settings = { ...settings, ...checkSettings(patch) };
      return { ...settings };
    },

    setPin: refuse,
    changePin: refuse,
    removePin: refuse,
    unlock: refuse,
    provePin: refuse,
    keepOpen: refuse,
    hold: refuse,
    lock: refuse,
    touch() {},

    exportTo: refuse,
    previewImport: refuse,
    importFrom: refuse,
    backup: refuse,

    log: async () => {},
    logEntries: async () => ({ entries: [], unreadable: 0 }),
    verifyLog: refuse,
    exportLog: refuse,
  };
}
