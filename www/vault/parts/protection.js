/** Templates under the engine's keyed transform, as they lie in the store. */
import { hex, sha256 } from '../crypto.js';
import { storeError } from '../errors.js';
import { SINGLE } from '../own.js';

/** @import { Secret } from '../port.js' */
/** @import { Bytes, Person, Protector, Sealed } from '../types.js' */
/** @import { Session } from './session.js' */

/** @typedef {{person: Person, protection: string | null}} Stored a person as it lies in the store, and the print of the secret that its templates are under; null: under none */

/** Tells secrets of the transform apart; kept inside the ciphertext. @param {Bytes} secret @returns {Promise<string>} */
async function fingerprint(secret) {
  return hex((await sha256(secret)).subarray(0, 8));
}

export class Protection {
  #session;

  /** @param {Session} session @param {Protector | null} protector null until the engine is there */
  constructor(session, protector) {
    this.#session = session;
    this.protector = protector;
  }

  /** @param {Sealed | undefined} sealed key of the transform @returns {Promise<Secret | null>} null if it is gone or damaged */
  async secret(sealed) {
    const bytes = await this.#session.keys.openProtection(sealed);
    return bytes && { bytes, print: await fingerprint(bytes) };
  }

  /** @param {Stored} stored @param {Secret | null} secret @returns {Person} with templates as the engine knows them */
  removed({ person, protection }, secret) {
    if (protection === null) return person;
    const { protector } = this;
    if (!protector) throw storeError('protection_missing');
    // A template under another secret would come out as noise that looks like a template.
    if (protection !== secret?.print) throw storeError('record_damaged');
    try {
      return { ...person, references: person.references.map((reference) => ({ ...reference, template: protector.unprotect(reference.template, secret.bytes) })) };
    } catch {
      throw storeError('record_damaged');
    }
  }

  /** @param {Person} person @param {Bytes} [secret] the stored one if it is left out @returns {Promise<Stored>} */
  async applied(person, secret) {
    const { protector } = this;
    if (!protector) return { person, protection: null };
    const key = secret ?? (await this.#session.keys.singleBytes(SINGLE.protection));
    const references = person.references.map((reference) => ({ ...reference, template: protector.protect(reference.template, key) }));
    return { person: { ...person, references }, protection: await fingerprint(key) };
  }
}
