/**
 * Stands in for the vault where the browser stores nothing (private windows of some browsers, blocked site data), and where
 * nothing is to be kept: everything works, and everybody is forgotten with the worker.
 */

import { storeError } from './errors.js';

/** @import { Person, Settings } from './types.js' */

export class MemoryStore {
  locked = false;
  /** @type {Map<string, Person>} */
  #people = new Map();
  /** @type {Record<string, unknown>} */
  #settings = { targetFmr: 1e-3, keepPictures: false, language: null, theme: 'system' };

  /** @returns {Promise<{people: Person[], damaged: {id: string, code: string, message: string}[]}>} */
  async people() {
    return { people: structuredClone([...this.#people.values()]), damaged: [] };
  }

  /** @param {string} id @returns {Promise<Person>} */
  async person(id) {
    const person = this.#people.get(id);
    if (!person) throw storeError('no_such_person');
    return structuredClone(person);
  }

  /** @param {Person} person */
  async put(person) {
    this.#people.set(person.id, structuredClone(person));
  }

  /** @param {string} id @param {Partial<Person>} change */
  async update(id, change) {
    const person = this.#people.get(id);
    if (person) this.#people.set(id, { ...person, ...structuredClone(change), updated: Date.now() });
  }

  /** @param {string} id */
  async remove(id) {
    this.#people.delete(id);
  }

  async clear() {
    this.#people.clear();
  }

  /** @returns {Promise<Settings>} */
  async settings() {
    return /** @type {Settings} */ (/** @type {unknown} */ ({ ...this.#settings }));
  }

  /** @param {Partial<Settings>} patch */
  async setSettings(patch) {
    Object.assign(this.#settings, patch);
  }

  close() {}
}
