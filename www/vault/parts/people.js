/** People as they are stored: each sealed under a data key of their own. */
import { checkPerson, decodePerson, encodePerson, isId } from '../codec.js';
import { KEY_BYTES, randomBytes } from '../crypto.js';
import { at, putRow, result } from '../database.js';
import { fromCause, storeError } from '../errors.js';
import { SINGLE, isOwn } from '../own.js';

/** @import { Row } from '../database.js' */
/** @import { Change } from '../port.js' */
/** @import { Bytes, Damaged, Person, Reference, Sealed } from '../types.js' */
/** @import { Log } from './log.js' */
/** @import { Protection, Stored } from './protection.js' */
/** @import { Session } from './session.js' */

/** People opened at once. */
export const BATCH = 200;

/** @param {string} id @param {unknown} cause @returns {Damaged} */
export function asDamaged(id, cause) {
  return { id, code: fromCause(cause).code };
}

export class People {
  #session;
  #log;
  #protection;

  /** @param {Session} session @param {Log} log @param {Protection} protection */
  constructor(session, log, protection) {
    this.#session = session;
    this.#log = log;
    this.#protection = protection;
  }

  // --- what may be asked for

  async all() {
    return this.#session.whileOpen(() => this.#all());
  }

  /** Everybody's opened record. */
  async records() {
    return this.#session.whileOpen(async () => {
      /** @type {{id: string, bytes: Uint8Array}[]} */
      const records = [];
      const { damaged, protectionKey } = await this.#eachOfNow(async (id, row) => {
        records.push({ id, bytes: await this.#bytes(id, row) });
      });
      return { records, damaged, secret: await this.#protection.secret(protectionKey) };
    });
  }

  /** @param {string} id */
  async one(id) {
    return this.#session.whileOpen(() => this.enrolled(id));
  }

  /** @param {Omit<Person, 'id'> & {id?: string}} person @returns {Promise<Person>} */
  async put(person) {
    await this.#session.ready(true);
    return this.#session.exclusively(async () => {
      const checked = checkPerson({ ...person, id: person.id ?? crypto.randomUUID() });
      const row = await this.seal(checked);
      const known = await this.#session.db.read(['records'], (tx) => result(at(tx, 'records').getKey(checked.id)));
      await this.#log.commit([{ event: known ? 'changed' : 'enrolled', subject: checked.id, detail: { references: checked.references.length } }], (tx) => putRow(tx, checked.id, row));
      return checked;
    });
  }

  /** @param {string} id @param {Change | ((before: Person) => Change | null)} change @returns {Promise<Person>} */
  async update(id, change) {
    await this.#session.ready(true);
    return this.#session.exclusively(async () => {
      const before = await this.enrolled(id);
      const wanted = typeof change === 'function' ? change(structuredClone(before)) : change;
      if (wanted === null) return before;
      const after = checkPerson({ ...before, ...wanted, id, created: before.created, updated: Date.now() });
      const row = await this.seal(after);
      await this.#log.commit([{ event: 'changed', subject: id, detail: { references: after.references.length } }], (tx) => putRow(tx, id, row));
      return after;
    });
  }

  /** @param {string[]} ids @param {(person: Person) => Reference[] | null} anew @returns {Promise<Person[]>} */
  async remake(ids, anew) {
    // What is done in the background is nobody's doing: it puts off no lock.
    return this.#session.whileOpen(async () => {
      /** @type {Person[]} */
      const people = [];
      for (const id of ids) {
        const before = await this.enrolled(id).catch((cause) => {
          if (!['no_such_person', 'record_damaged'].includes(fromCause(cause).code)) throw cause;
          return null;
        });
        const references = before && anew(before);
        if (references) people.push(checkPerson({ ...before, references, updated: Date.now() }));
      }
      if (people.length === 0) return [];
      const rows = await Promise.all(people.map((person) => this.seal(person)));
      await this.#log.commit(people.map(({ id, references }) => ({ event: 'remade', subject: id, detail: { references: references.length } })), (tx) => {
        people.forEach(({ id }, i) => putRow(tx, id, rows[i]));
      });
      return people;
    });
  }

  /** @returns {Promise<{people: number, references: number}>} */
  async renewProtection() {
    await this.#session.ready(true);
    return this.#session.exclusively(async () => {
      if (!this.#protection.protector) throw storeError('protection_missing');
      const { people } = await this.#all();
      const secret = randomBytes(KEY_BYTES);
      const wrapped = await this.#session.keys.sealKey(SINGLE.protection, secret);
      /** @type {{id: string, row: Row}[]} */
      const rows = [];
      for (const person of people) rows.push({ id: person.id, row: await this.seal(person, secret) });
      const references = people.reduce((sum, person) => sum + person.references.length, 0);
      await this.#log.commit([{ event: 'protection_renewed', detail: { people: people.length, references } }], (tx) => {
        at(tx, 'keys').put(wrapped, SINGLE.protection);
        for (const { id, row } of rows) putRow(tx, id, row);
      });
      return { people: people.length, references };
    });
  }

  // --- what other parts ask for

  /**
   * @param {Person} person
   * @param {Bytes} [secret] for the templates' transform; the stored one if it is left out
   * @returns {Promise<Row>} under a new data key
   */
  async seal(person, secret) {
    const { person: stored, protection } = await this.#protection.applied(person, secret);
    return this.#session.keys.sealRecord('person', person.id, encodePerson(stored, protection));
  }

  /** @param {string} id @param {Partial<Row>} row @returns {Promise<Bytes>} */
  async #bytes(id, { key, record }) {
    if (!key || !record || !isId(id)) throw storeError('record_damaged');
    return this.#session.keys.openRecord('person', id, { key, record });
  }

  /** @param {string} id @param {Partial<Row>} row @returns {Promise<Stored>} */
  async #open(id, row) {
    const stored = decodePerson(await this.#bytes(id, row));
    if (stored.person.id !== id) throw storeError('record_damaged');
    return stored;
  }

  /** @param {string} id @returns {Promise<{stored: Stored, protectionKey: Sealed | undefined}>} */
  async #find(id) {
    const [key, record, protectionKey] = await this.#session.db.read(['keys', 'records'], (tx) =>
      Promise.all([result(at(tx, 'keys').get(id)), result(at(tx, 'records').get(id)), result(at(tx, 'keys').get(SINGLE.protection))]),
    );
    if ((!key && !record) || isOwn(id)) throw storeError('no_such_person');
    return { stored: await this.#open(id, { key, record }), protectionKey };
  }

  /** @param {string} id @returns {Promise<Person>} with templates as they are stored */
  async stored(id) {
    return (await this.#find(id)).stored.person;
  }

  /** @param {string} id @returns {Promise<Person>} with templates as the engine knows them */
  async enrolled(id) {
    const { stored, protectionKey } = await this.#find(id);
    return this.#protection.removed(stored, await this.#protection.secret(protectionKey));
  }

  /** @returns {Promise<{people: Person[], damaged: Damaged[]}>} with templates as the engine knows them */
  async #all() {
    const { people: stored, damaged, protectionKey } = await this.#allStored();
    const secret = await this.#protection.secret(protectionKey);
    /** @type {Person[]} */
    const people = [];
    for (const one of stored) {
      try {
        people.push(this.#protection.removed(one, secret));
      } catch (cause) {
        // Not damage: nobody's templates can be read before the engine is there.
        if (fromCause(cause).code === 'protection_missing') throw cause;
        damaged.push(asDamaged(one.person.id, cause));
      }
    }
    return { people, damaged };
  }

  /** @returns {Promise<{people: Person[], damaged: Damaged[]}>} all of one moment, with templates as they are stored */
  async allStored() {
    const { people, damaged } = await this.#allStored();
    return { people: people.map(({ person }) => person), damaged };
  }

  async #allStored() {
    /** @type {Stored[]} */
    const people = [];
    const { damaged, protectionKey } = await this.#eachOfNow(async (id, row) => {
      people.push(await this.#open(id, row));
    });
    people.sort(({ person: a }, { person: b }) => a.created - b.created || (a.id < b.id ? -1 : 1));
    return { people, damaged, protectionKey };
  }

  /**
   * Everybody of one moment, many at once; to be called under the lock.
   * @param {(id: string, row: Partial<Row>) => Promise<void>} open
   * @returns {Promise<{damaged: Damaged[], protectionKey: Sealed | undefined}>} damaged: for whom it failed
   */
  async #eachOfNow(open) {
    const { keys, records } = await this.#session.db.read(['keys', 'records'], async (tx) => {
      const [keyIds, keyRows, recordIds, recordRows] = await Promise.all([
        result(at(tx, 'keys').getAllKeys()),
        result(at(tx, 'keys').getAll()),
        result(at(tx, 'records').getAllKeys()),
        result(at(tx, 'records').getAll()),
      ]);
      return { keys: new Map(keyIds.map((id, i) => [id, keyRows[i]])), records: new Map(recordIds.map((id, i) => [id, recordRows[i]])) };
    });
    const ids = [...new Set([...keys.keys(), ...records.keys()])].filter((id) => !isOwn(id)).map(String);
    /** @type {Damaged[]} */
    const damaged = [];
    for (let i = 0; i < ids.length; i += BATCH) {
      await Promise.all(
        ids.slice(i, i + BATCH).map(async (id) => {
          try {
            await open(id, { key: keys.get(id), record: records.get(id) });
          } catch (cause) {
            damaged.push(asDamaged(id, cause));
          }
        }),
      );
    }
    return { damaged, protectionKey: keys.get(SINGLE.protection) };
  }

  /**
   * Everybody as they lie there, a batch at a time, in the order of their ids. To be called under the lock, for between two
   * batches another tab could write.
   * @returns {AsyncGenerator<{id: string, row: Partial<Row>}[], void, void>}
   */
  async *rows() {
    for (let after = ''; ; ) {
      const from = IDBKeyRange.lowerBound(after, true);
      const { ids, records, keys } = await this.#session.db.read(['keys', 'records'], async (tx) => {
        const [ids, records] = await Promise.all([result(at(tx, 'records').getAllKeys(from, BATCH)), result(at(tx, 'records').getAll(from, BATCH))]);
        return { ids: ids.map(String), records, keys: await Promise.all(ids.map((id) => result(at(tx, 'keys').get(id)))) };
      });
      if (ids.length === 0) return;
      after = ids[ids.length - 1];
      yield ids.map((id, i) => ({ id, row: { key: keys[i], record: records[i] } })).filter(({ id }) => !isOwn(id));
    }
  }

  /**
   * The same as opened records; null for what does not open.
   * @returns {AsyncGenerator<{id: string, bytes: Bytes | null}, void, void>}
   */
  async *eachRecord() {
    for await (const rows of this.rows()) {
      yield* await Promise.all(rows.map(({ id, row }) => this.#bytes(id, row).then((bytes) => ({ id, bytes }), () => ({ id, bytes: null }))));
    }
  }

  /**
   * The same, read, with templates as they are stored.
   * @returns {AsyncGenerator<{id: string, stored: Stored | null, cause: unknown}, void, void>}
   */
  async *eachStored() {
    for await (const rows of this.rows()) {
      yield* await Promise.all(rows.map(({ id, row }) => this.#open(id, row).then((stored) => ({ id, stored, cause: null }), (cause) => ({ id, stored: null, cause }))));
    }
  }

  /**
   * The same, with templates as the engine knows them.
   * @returns {AsyncGenerator<{id: string, person: Person | null, cause: unknown}, void, void>}
   */
  async *each() {
    const secret = await this.#protection.secret(await this.#session.db.read(['keys'], (tx) => result(at(tx, 'keys').get(SINGLE.protection))));
    for await (const { id, stored, cause } of this.eachStored()) {
      if (!stored) {
        yield { id, person: null, cause };
        continue;
      }
      /** @type {Person | null} */
      let person = null;
      /** @type {unknown} */
      let problem = null;
      try {
        person = this.#protection.removed(stored, secret);
      } catch (error) {
        if (fromCause(error).code === 'protection_missing') throw error;
        problem = error;
      }
      yield { id, person, cause: problem };
    }
  }
}
