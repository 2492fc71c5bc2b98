/**
 * Whom the open store holds, as a page sees them. They are read once, together with the gallery, and kept up with it: to tell a page
 * of a change, nobody's record has to be opened again.
 */

/** @import { PersonSummary } from '../types.js' */
/** @import { Damaged, KeptPerson } from '../vault/types.js' */

/** @typedef {Pick<PersonSummary, 'refused' | 'outdated' | 'erased'>} Standing what somebody's record alone does not tell: of their templates with the engine, and by what is set */

/** Made once: to ask each name for its order makes another each time. */
const { compare } = new Intl.Collator();

export class Known {
  #pictures;
  /** Everybody, by name. Whoever is the same as before is the same object, which nobody changes. @type {PersonSummary[]} */ people = [];
  /** @type {Damaged[]} */ damaged = [];
  /** Grows with every change, so that whoever reads the store sees that what they read may be older. */ changes = 0;

  /** @param {() => boolean} pictures whether people's pictures are told */
  constructor(pictures) {
    this.#pictures = pictures;
  }

  /** @param {{people: KeptPerson[], damaged: Damaged[]}} all */
  fill({ people, damaged }) {
    this.changes += 1;
    this.people = people.map((person) => this.#shown(person)).sort((a, b) => compare(a.name, b.name));
    this.damaged = damaged.map(({ id, code }) => ({ id, code }));
  }

  forget() {
    this.fill({ people: [], damaged: [] });
  }

  /** @param {KeptPerson} person as stored now */
  put(person) {
    this.remove(person.id);
    let [from, to] = [0, this.people.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (compare(this.people[middle].name, person.name) <= 0) from = middle + 1;
      else to = middle;
    }
    this.people.splice(from, 0, this.#shown(person));
  }

  /** @param {string} id */
  remove(id) {
    this.changes += 1;
    this.people = this.people.filter((person) => person.id !== id);
    this.damaged = this.damaged.filter((record) => record.id !== id);
  }

  /** Has everybody's standing told as it is now. @param {(person: PersonSummary) => Standing} standing @returns {PersonSummary[]} */
  withStanding(standing) {
    this.people = this.people.map((person) => {
      const { refused, outdated, erased } = standing(person);
      return refused === person.refused && outdated === person.outdated && erased === person.erased ? person : { ...person, refused, outdated, erased };
    });
    return this.people;
  }

  /** @param {KeptPerson} person @returns {PersonSummary} */
  #shown({ id, name, created, updated, consent, expires, groups = [], note = '', references, picture }) {
    const bare = references.filter(({ mask }) => mask === 'bare').length;
    return {
      id, name, created, updated, consent, expires, groups, note, bare, masked: references.length - bare, refused: 0, outdated: null, erased: Infinity,
      picture: this.#pictures() && picture ? new Uint8Array(picture) : null,
    };
  }
}
