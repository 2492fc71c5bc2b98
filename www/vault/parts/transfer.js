/** Backups of the store: saving one, looking into one, taking one in. */
import { asked } from '../asked.js';
import { fromCause } from '../errors.js';
import { at, result } from '../database.js';
import { checkPassphrase, readBackup, summaryOf, writeBackup } from '../backup.js';
import { taken } from '../names.js';
import { backupDue, importMerged } from '../../worker/brow.js';
import { BATCH, asDamaged } from './people.js';

/** @import { MergeRule, Preview } from '../port.js' */
/** @import { Damaged, Person } from '../types.js' */
/** @import { Log } from './log.js' */
/** @import { People } from './people.js' */
/** @import { Protection } from './protection.js' */
/** @import { Session } from './session.js' */
/** @import { StoredSettings } from './settings.js' */
/** @import { Staging } from './staging.js' */

/** @typedef {(done: number, total: number) => void} Progress in people */

/** Bytes of templates and pictures that an import holds in memory before it lays them out. */
const BATCH_BYTES = 4 * 1024 * 1024;

export class Transfer {
  #session;
  #log;
  #settings;
  #people;
  #protection;
  #staging;
  #iterations;

  /** @param {{session: Session, log: Log, settings: StoredSettings, people: People, protection: Protection, staging: Staging, iterations?: number | undefined}} parts iterations: for tests */
  constructor({ session, log, settings, people, protection, staging, iterations }) {
    this.#session = session;
    this.#log = log;
    this.#settings = settings;
    this.#people = people;
    this.#protection = protection;
    this.#staging = staging;
    this.#iterations = iterations;
  }

  /**
   * Goes through the store twice, piece by piece, so that memory does not grow with the number of people: the summary
   * comes first in the file, and only a first pass can tell it.
   * @param {string} passphrase
   * @param {Progress} [onprogress]
   */
  async save(passphrase, onprogress = () => {}) {
    await this.#session.ready(true);
    checkPassphrase(passphrase);
    return this.#session.exclusively(async () => {
      /** @type {Damaged[]} */
      const leftOut = [];
      const counted = this.#people.each();
      async function* known() {
        let count = 0;
        for await (const { id, person, cause } of counted) {
          if (person) yield person;
          else leftOut.push(asDamaged(id, cause));
          if (person) count += 1;
          if (count % BATCH === 0) onprogress(0, count);
        }
      }
      const summary = await summaryOf(await this.#session.vaultId(), known());
      const each = this.#people.each();
      let done = 0;
      async function* people() {
        for await (const { person } of each) {
          if (person) yield person;
          done += 1;
          if (done % BATCH === 0) onprogress(done, summary.people);
        }
      }
      /** @type {BlobPart[]} */
      const parts = [];
      for await (const piece of writeBackup(passphrase, summary, people(), this.#iterations)) {
        // A Blob of its own: the browser may keep it on the disk instead of in this worker's memory.
        parts.push(new Blob([piece]));
      }
      const file = new Blob(parts, { type: 'application/octet-stream' });
      onprogress(summary.people, summary.people);
      await this.#log.commit([{ event: 'exported', detail: { people: summary.people, references: summary.references } }], () => {});
      const day = new Date(summary.created).toISOString().slice(0, 10);
      return { file, filename: `brow-${day}.brow`, people: summary.people, references: summary.references, leftOut };
    });
  }

  /** @param {Blob} file @param {string} passphrase */
  #read(file, passphrase) {
    // Where there is no engine yet templates are what somebody made up for a test.
    return readBackup(file, passphrase, { looks: Boolean(this.#protection.protector?.templateInfo) });
  }

  /** @param {Blob} file @param {string} passphrase @returns {Promise<Preview>} */
  async preview(file, passphrase) {
    await this.#session.ready(true);
    // From the records themselves: what the file says of itself may be anything.
    const { summary: said, people: coming } = await this.#read(file, passphrase);
    const summary = await summaryOf(said.vault, coming);
    const { people, damaged } = await this.#session.exclusively(() => this.#people.allStored());
    const ids = new Set([...people, ...damaged].map(({ id }) => id));
    const names = taken(summary.who.map(({ name }) => name), people.map(({ name }) => name));
    const who = summary.who.map((one, at) => {
      const known = ids.has(one.id);
      return { id: one.id, name: one.name, references: one.references, known, sameName: !known && names[at] !== null };
    }).sort((one, other) => one.name.localeCompare(other.name));
    return {
      people: summary.people, references: summary.references, models: summary.models, created: said.created,
      sameVault: summary.vault === (await this.#session.vaultId()),
      known: who.filter(({ known }) => known).length,
      sameName: who.filter(({ sameName }) => sameName).length,
      who,
    };
  }

  /**
   * All of it or, if anything goes wrong at any time, nothing: people are sealed and laid out piece by piece; once the file has
   * proved to be whole, one transaction moves them over.
   * @param {Blob} file
   * @param {string} passphrase
   * @param {MergeRule} rule
   * @param {Progress} [onprogress]
   */
  async takeIn(file, passphrase, rule, onprogress = () => {}) {
    await this.#session.ready(true);
    /** @param {boolean} known @param {Person} person @param {number | null} retentionDays */
    const merged = (known, { expires, consent }, retentionDays) => asked(() => importMerged(rule, known, expires, consent.time, retentionDays, Date.now()));
    return this.#session.exclusively(async () => {
      const { summary, people } = await this.#read(file, passphrase);
      const { retentionDays } = await this.#settings.read();
      const here = new Set((await this.#session.db.read(['records', 'keys'], (tx) => Promise.all([result(at(tx, 'records').getAllKeys()), result(at(tx, 'keys').getAllKeys())]))).flat());
      const counts = { added: 0, replaced: 0, skipped: 0, expired: 0, references: 0 };
      try {
        /** @type {Person[]} */
        let batch = [];
        const stage = async () => {
          await this.#staging.lay(await Promise.all(batch.map(async (person) => ({ id: person.id, row: await this.#people.seal(person) }))));
          batch = [];
          bytes = 0;
        };
        let bytes = 0;
        let done = 0;
        for await (const person of people) {
          const becomes = merged(here.has(person.id), person, retentionDays);
          counts[becomes === 'copied' ? 'added' : becomes] += 1;
          if (becomes !== 'expired' && becomes !== 'skipped') {
            counts.references += person.references.length;
            bytes += person.references.reduce((sum, reference) => sum + reference.template.length, person.picture?.length ?? 0);
            batch.push(becomes === 'copied' ? { ...person, id: crypto.randomUUID() } : person);
          }
          done += 1;
          if (batch.length === BATCH || bytes > BATCH_BYTES) await stage();
          if (done % BATCH === 0) onprogress(done, summary.people);
        }
        await stage();
        await this.#log.commit([{ event: 'imported', detail: { ...counts, rule } }], (tx) => this.#staging.take(tx));
        onprogress(summary.people, summary.people);
      } catch (cause) {
        await this.#staging.giveUp();
        throw fromCause(cause);
      }
      return counts;
    });
  }

  /** Whether it is time for a backup. @param {number} [now] */
  async due(now = Date.now()) {
    return this.#session.whileOpen(async () => {
      const { backupAfterDays } = await this.#settings.read();
      const { lastBackup, changes } = await this.#log.head();
      return { ...backupDue(lastBackup, changes, backupAfterDays, now), lastBackup, changes };
    });
  }
}
