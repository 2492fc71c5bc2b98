/**
 * Where a release has other networks than the one before, templates are made anew from the pictures that people asked to be kept: in
 * the background, and at the next start from wherever this one got to. Who is out of date and which picture will do, the
 * engine decides; a person has the old templates until the new one is stored in their place.
 */
import { raised, raisedOf } from './raised.js';

/** @import { Engine } from './brow.js' */
/** @import { Raised, Remade } from '../types.js' */
/** @import { Store } from '../vault/port.js' */
/** @import { Person, Reference } from '../vault/types.js' */

/** So many people are stored in one transaction: no more work than theirs is lost in a crash. */
const BATCH = 8;
/** A picture of ours is far smaller; it keeps one of a foreign backup from asking for memory. */
const SIDE_MOST = 2048;
/** After these the page knows already that nobody can be read or written. */
const ENDED = ['locked', 'storage_closed', 'key_lost'];

/**
 * The references that this release's networks, or later ones, can use.
 * @param {Engine} engine
 * @param {Reference[]} references
 */
export function usable(engine, references) {
  const outdated = engine.outdated(references.map(({ template }) => template)).references;
  return references.filter((_, index) => !outdated.includes(index));
}

/** Who is out of date, and the making of their new templates. */
export class Remaking {
  #engine;
  #name;
  #referenceOf;
  /** Whoever nothing but old templates is there of: whether there is a picture, and when they were changed last. @type {Map<string, {pictured: boolean, updated: number}>} */
  #due = new Map();
  /** Whose picture is not good enough, as of their last change. @type {Map<string, number>} */
  #failed = new Map();
  #running = false;

  /** @param {{engine: Engine, name: string, referenceOf: (template: Uint8Array, source: 'photo') => Reference}} parts name: of the store */
  constructor({ engine, name, referenceOf }) {
    this.#engine = engine;
    this.#name = name;
    this.#referenceOf = referenceOf;
  }

  /** Nobody is known any more. */
  forget() {
    this.#due.clear();
  }

  /** @param {Person} person as stored now */
  note(person) {
    this.stands(person, this.#engine.outdated(person.references.map(({ template }) => template)).due);
  }

  /** @param {Pick<Person, 'id' | 'updated' | 'picture'>} person as stored now @param {boolean} due whether nothing but old templates is there of them */
  stands({ id, updated, picture }, due) {
    if (due) this.#due.set(id, { pictured: picture !== null, updated });
    else this.settled(id);
  }

  /** Nothing of this person is of earlier networks. @param {string} id */
  settled(id) {
    this.#due.delete(id);
  }

  /** @param {string} id @returns {'waiting' | 'again' | null} */
  standing(id) {
    const due = this.#due.get(id);
    if (!due) return null;
    return this.#canTry(id) ? 'waiting' : 'again';
  }

  /** @param {string} id */
  #canTry(id) {
    const due = this.#due.get(id);
    return due !== undefined && due.pictured && this.#failed.get(id) !== due.updated;
  }

  /**
   * Goes through everybody who is out of date and has a picture, one tab at a time. Nothing is done while it goes on already.
   * @param {Store} store
   * @param {{put: (person: Person) => void, tell: (remade: Remade) => void}} worker put: hands somebody to the engine's gallery, and has them noted here
   */
  async run(store, { put, tell }) {
    if (this.#running || !this.#waiting().length) return;
    this.#running = true;
    let made = 0;
    let done = 0;
    let total = 0;
    /** @type {Raised | null} */
    let problem = null;
    try {
      await navigator.locks.request(`brow-remaking-${this.#name}`, async () => {
        /** @type {Set<string>} */
        const tried = new Set();
        // Asked anew for each batch: another tab may have done some meanwhile, and a backup may have brought more.
        for (;;) {
          const left = this.#waiting().filter((id) => !tried.has(id));
          total = done + left.length;
          if (left.length === 0) return;
          /** @type {Map<string, {picture: Uint8Array, reference: Reference}>} */
          const batch = new Map();
          for (const id of left.slice(0, BATCH)) {
            tried.add(id);
            const one = await this.#make(store, id);
            if (one) batch.set(id, one);
            done += 1;
            tell({ done, total, made, over: false, fault: null });
            // Frames that came meanwhile have their turn.
            await new Promise((resolve) => {
              setTimeout(resolve);
            });
          }
          made += await this.#keep(store, batch, put);
        }
      });
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw error;
      problem = raisedOf(error);
      if (ENDED.includes(problem.code)) problem = null;
    } finally {
      this.#running = false;
    }
    tell({ done, total, made, over: true, fault: problem });
  }

  /** Who can be tried. */
  #waiting() {
    return [...this.#due.keys()].filter((id) => this.#canTry(id));
  }

  /** @param {Store} store @param {string} id @returns {Promise<{picture: Uint8Array, reference: Reference} | null>} null where the picture does not do */
  async #make(store, id) {
    const person = await store.person(id).catch((error) => {
      // Erased or damaged meanwhile.
      if (['no_such_person', 'record_damaged'].includes(error?.code)) return null;
      throw error;
    });
    if (!person?.picture) return null;
    const { picture, updated } = person;
    try {
      const { data, width, height } = await pixelsOf(picture);
      return { picture, reference: this.#referenceOf(this.#engine.remake(new Uint8Array(data.buffer), width, height), 'photo') };
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw error;
      this.#failed.set(id, updated);
      return null;
    }
  }

  /**
   * @param {Store} store
   * @param {Map<string, {picture: Uint8Array, reference: Reference}>} batch
   * @param {(person: Person) => void} put
   * @returns {Promise<number>} how many were stored
   */
  async #keep(store, batch, put) {
    const people = await store.remake([...batch.keys()], ({ id, references, picture }) => {
      const one = batch.get(id);
      // Enrolled again, or with another picture since: what was made of the one before is not theirs any more.
      if (!one || !picture || !isSame(picture, one.picture) || !this.#engine.outdated(references.map(({ template }) => template)).due) return null;
      return [...usable(this.#engine, references), one.reference];
    });
    people.forEach(put);
    return people.length;
  }
}

/** @param {Uint8Array} a @param {Uint8Array} b */
const isSame = (a, b) => a.length === b.length && a.every((byte, index) => byte === b[index]);

/** @param {Uint8Array} picture @returns {Promise<ImageData>} */
async function pixelsOf(picture) {
  const bitmap = await createImageBitmap(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (picture)]));
  try {
    const { width, height } = bitmap;
    if (Math.max(width, height) > SIDE_MOST) throw raised('photo_damaged');
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(width, height).getContext('2d'));
    context.drawImage(bitmap, 0, 0);
    return context.getImageData(0, 0, width, height);
  } finally {
    bitmap.close();
  }
}
