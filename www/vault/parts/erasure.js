/** Erasing people, the list of expected ones or everything, by wish or by date, with a receipt for each. */
import { DeviceClock } from '../clock.js';
import { checkPerson, joined } from '../codec.js';
import { at, deleteRow, putRow, result } from '../database.js';
import { fromCause } from '../errors.js';
import { GUESTS, countPeople, isOwn } from '../own.js';
import { clockJumped, erasureDue, erasureHeld, personDue } from '../../worker/brow.js';

/** @import { Entry, Person, Receipt } from '../types.js' */
/** @import { StoredGuests } from './guests.js' */
/** @import { Happening, Log } from './log.js' */
/** @import { Opening } from './opening.js' */
/** @import { People } from './people.js' */
/** @import { Session } from './session.js' */
/** @import { StoredSettings } from './settings.js' */

const CHECK_MS = 15 * 60 * 1000;

/** @param {Entry} entry */
const link = ({ seq, hash }) => ({ seq, hash });

export class Erasure {
  #session;
  #log;
  #settings;
  #people;
  #guests;
  #opening;
  #clock = new DeviceClock();
  /** When this store was opened, until it has been asked whether the clock jumped before that. @type {number | null} */ #openedAt = Date.now();
  /** How many people's erasure is held back, for their date has come by a clock that jumped. */
  held = 0;

  /** @param {{session: Session, log: Log, settings: StoredSettings, people: People, guests: StoredGuests, opening: Opening}} parts */
  constructor({ session, log, settings, people, guests, opening }) {
    this.#session = session;
    this.#log = log;
    this.#settings = settings;
    this.#people = people;
    this.#guests = guests;
    this.#opening = opening;
  }

  /** Looks after dates from now on. */
  async start() {
    this.#session.repeat(() => void this.expired().catch(() => {}), CHECK_MS);
    await this.expired();
  }

  /** @param {string} id @param {Receipt['reason']} [reason] @returns {Promise<Receipt>} */
  async person(id, reason = 'asked') {
    await this.#session.ready(true);
    return this.#session.exclusively(() => this.#erase([id], reason)).then((receipts) => receipts[0]);
  }

  /**
   * Two records become one: the one that stays and the erasure of the other are one transaction.
   * @param {string} first @param {string} second
   * @returns {Promise<{person: Person, receipt: Receipt}>}
   */
  async merged(first, second) {
    await this.#session.ready(true);
    return this.#session.exclusively(async () => {
      const [one, other, list] = await Promise.all([this.#people.enrolled(first), this.#people.enrolled(second), this.#guests.record()]);
      const { kept, change } = joined(one, other, list);
      const [stays, goes] = kept === first ? [one, other] : [other, one];
      const person = checkPerson({ ...stays, ...change, id: stays.id, created: stays.created, updated: Date.now() });
      const row = await this.#people.seal(person);
      const changed = { event: /** @type {const} */ ('changed'), subject: person.id, detail: { references: person.references.length } };
      const [receipt] = await this.#erase([goes.id], 'asked', { happening: changed, work: (tx) => putRow(tx, person.id, row) });
      return { person, receipt };
    });
  }

  /** @returns {Promise<Receipt>} */
  async everybody() {
    await this.#session.ready(true);
    return this.#session.exclusively(async () => {
      const { people, damaged } = await this.#people.allStored();
      const ids = [...people, ...damaged].map(({ id }) => id);
      const [entry] = await this.#log.commit([{ event: 'erased_all', detail: { people: ids.length } }], (tx) => {
        for (const id of [...ids, GUESTS]) deleteRow(tx, id);
      });
      return {
        kind: 'people', person: null, reason: 'asked', time: entry.time, people: ids.length,
        references: damaged.length ? null : people.reduce((sum, person) => sum + person.references.length, 0),
        pictures: people.some((person) => person.picture !== null),
        confirmed: await this.#areGone(ids), vault: await this.#session.vaultId(), log: link(entry),
      };
    });
  }

  /** @returns {Promise<Receipt>} */
  async guests() {
    await this.#session.ready(true);
    return this.#session.exclusively(() => this.#eraseGuests('asked'));
  }

  /** @returns {Promise<Receipt>} */
  async everything() {
    this.#session.mustBeOpen();
    return this.#session.exclusively(async () => {
      const { db } = this.#session;
      const old = await this.#session.header();
      const people = await db.read(['records'], countPeople);
      const header = await this.#opening.create(old?.generation ?? 0, { event: 'erased_everything', detail: { people } });
      await this.#session.adopt(header);
      this.#session.tell({ kind: 'rekeyed' });
      const [left, staged] = await db.read(['records', 'staging'], (tx) => Promise.all([result(at(tx, 'records').getAllKeys()), result(at(tx, 'staging').count())]));
      const { last } = await this.#log.head();
      return {
        kind: 'everything', person: null, reason: 'asked', time: header.created, people, references: null, pictures: false,
        confirmed: staged === 0 && left.every(isOwn), vault: old?.vault ?? header.vault, log: last,
      };
    });
  }

  /** @param {number} [now] @param {{sure?: boolean}} [options] @returns {Promise<Receipt[]>} */
  async expired(now = Date.now(), { sure = false } = {}) {
    if (this.#session.locked || this.#session.closed) return [];
    const jumped = this.#clock.jumped();
    const heldBefore = this.held;
    const receipts = await this.#session.exclusively(async () => {
      const { retentionDays, clockDoubted } = await this.#settings.read();
      /** @type {string[]} */
      const expired = [];
      /** @type {string[]} */
      const retired = [];
      for await (const { id, bytes } of this.#people.eachRecord()) {
        const due = bytes && personDue(id, bytes, retentionDays, now);
        if (due) (due === 'expired' ? expired : retired).push(id);
      }
      const guests = retentionDays === null ? null : await this.#guests.read();
      const outdated = guests && erasureDue(null, guests.created, retentionDays, now) ? guests.guests.length : 0;
      const people = expired.length + retired.length + outdated;
      // The log is read only where it decides.
      const jumpedEver = jumped || (!clockDoubted && erasureHeld(people, sure, false, true) && (await this.#jumpedBefore()));
      const doubted = erasureHeld(people, sure, clockDoubted, jumpedEver);
      if (doubted !== clockDoubted) await this.#settings.keep({ clockDoubted: doubted }, doubted ? 'expiry_held' : 'settings_changed');
      this.held = doubted ? people : 0;
      if (doubted) return [];
      return [...(await this.#erase(expired, 'expired')), ...(await this.#erase(retired, 'retention')), ...(outdated ? [await this.#eraseGuests('retention')] : [])];
    });
    if (receipts.length) this.#session.event({ kind: 'erased', receipts });
    else if (this.held !== heldBefore) this.#session.event({ kind: 'changed', what: 'settings' });
    return receipts;
  }

  /** Whether the clock is more than a day past the last entry of the log from before this opening. Asked once. */
  async #jumpedBefore() {
    const opened = this.#openedAt;
    this.#openedAt = null;
    if (opened === null) return false;
    const { entries } = await this.#log.newest();
    // By the order of the log, not by its times: the clock may have been wrong before.
    const before = entries.find(({ time }) => time < opened);
    return Boolean(before && clockJumped(opened - before.time, 0));
  }

  /**
   * @param {string[]} ids @param {Receipt['reason']} reason @param {{happening: Happening, work: (tx: IDBTransaction) => void}} [also] what else happens in the same transaction
   * @returns {Promise<Receipt[]>}
   */
  async #erase(ids, reason, also) {
    if (ids.length === 0) return [];
    const before = await Promise.all(ids.map((id) => this.#people.stored(id).catch((error) => {
      if (fromCause(error).code === 'no_such_person') throw error;
      return null;
    })));
    // A list of a later release stays as it is, and nobody's erasure waits for it.
    const left = await this.#guests.changed({ remove: ids }).catch((error) => {
      if (fromCause(error).code !== 'storage_newer') throw error;
      return null;
    });
    /** @type {Happening[]} */
    const happenings = ids.map((id) => ({ event: 'erased', subject: id, detail: { reason } }));
    const entries = await this.#log.commit(also ? [...happenings, also.happening] : happenings, (tx) => {
      for (const id of ids) deleteRow(tx, id);
      also?.work(tx);
      // Whoever is forgotten is forgotten as an expected guest, too.
      if (left) putRow(tx, GUESTS, left.row);
    });
    const vault = await this.#session.vaultId();
    return Promise.all(ids.map(async (id, i) => ({
      kind: /** @type {const} */ ('person'), person: id, reason: before[i] ? reason : /** @type {const} */ ('damaged'), time: entries[i].time, people: 1,
      references: before[i]?.references.length ?? null, pictures: Boolean(before[i]?.picture), confirmed: await this.#areGone([id]),
      vault, log: link(entries[i]),
    })));
  }

  /** The list and everybody who was enrolled from it. @param {Receipt['reason']} reason @returns {Promise<Receipt>} */
  async #eraseGuests(reason) {
    const list = await this.#guests.read();
    const invited = new Set(list?.guests.map(({ id }) => id));
    const { people } = await this.#people.allStored();
    const enrolled = people.filter(({ id }) => invited.has(id));
    const ids = enrolled.map(({ id }) => id);
    const [entry] = await this.#log.commit([{ event: 'guests_erased', detail: { guests: invited.size, people: ids.length, reason } }], (tx) => {
      for (const id of [...ids, GUESTS]) deleteRow(tx, id);
    });
    return {
      kind: 'people', person: null, reason, time: entry.time, people: ids.length,
      references: enrolled.reduce((sum, person) => sum + person.references.length, 0), pictures: enrolled.some(({ picture }) => picture !== null),
      confirmed: await this.#areGone([...ids, GUESTS]), vault: await this.#session.vaultId(), log: link(entry),
    };
  }

  /** @param {string[]} ids */
  async #areGone(ids) {
    const left = await this.#session.db.read(['keys', 'records'], (tx) => Promise.all([result(at(tx, 'keys').getAllKeys()), result(at(tx, 'records').getAllKeys())]));
    const still = new Set(left.flat());
    return ids.every((id) => !still.has(id));
  }
}
