/** The keys of an open vault, and what is sealed under them. */
import { BOUND, KEY_BYTES, binding, importKey, randomBytes, seal, unseal } from '../crypto.js';
import { at, result } from '../database.js';
import { fromCause, storeError } from '../errors.js';
import { SINGLE } from '../own.js';

/** @import { Database, Row } from '../database.js' */
/** @import { Bytes, Sealed } from '../types.js' */

/** @param {unknown} cause @returns {boolean} whether a row is there but does not open, as opposed to one that could not be read */
export const isDamage = (cause) => ['record_damaged', 'bad_setting'].includes(fromCause(cause).code);

export class Keys {
  /** @type {Database} */ #db;
  /** @type {CryptoKey | null} */ #vaultKey = null;
  /** What the PIN makes, once it was given: what a new vault key is sealed under. @type {CryptoKey | null} */ pin = null;
  /** Raw 32-byte keys of own records, by id. @type {Map<string, Bytes>} */ #singles = new Map();

  /** @param {Database} db */
  constructor(db) {
    this.#db = db;
  }

  get locked() {
    return this.#vaultKey === null;
  }

  /** @returns {CryptoKey} the vault key */
  get vault() {
    if (!this.#vaultKey) throw storeError('locked');
    return this.#vaultKey;
  }

  /** @param {CryptoKey | null} vaultKey @param {CryptoKey | null} [pinKey] */
  use(vaultKey, pinKey = null) {
    this.#vaultKey = vaultKey;
    this.pin = pinKey;
  }

  forget() {
    this.use(null);
    for (const key of this.#singles.values()) key.fill(0);
    this.#singles.clear();
  }

  /** Others lie in the store now than the ones that were read. */
  forgetSingles() {
    this.#singles.clear();
  }

  /** @param {string} id one of SINGLE @returns {Promise<Bytes>} */
  async singleBytes(id) {
    const cached = this.#singles.get(id);
    if (cached) return cached;
    const sealed = await this.#db.read(['keys'], (tx) => result(at(tx, 'keys').get(id)));
    if (!sealed) throw storeError('record_damaged');
    const raw = await this.#openKey(id, sealed);
    this.#singles.set(id, raw);
    return raw;
  }

  /** @param {string} id one of SINGLE @returns {Promise<CryptoKey>} */
  async single(id) {
    return importKey(await this.singleBytes(id));
  }

  /** @param {string} id @param {Bytes} raw @param {CryptoKey} [vaultKey] @returns {Promise<Sealed>} */
  sealKey(id, raw, vaultKey = this.vault) {
    return seal(vaultKey, raw, binding(BOUND, 'key', id));
  }

  /** @param {string} id @param {Sealed} sealed */
  #openKey(id, sealed) {
    return unseal(this.vault, sealed, binding(BOUND, 'key', id));
  }

  /** @param {Sealed | undefined} sealed the protection's key @returns {Promise<Bytes | null>} null if it is gone or damaged */
  async openProtection(sealed) {
    if (!sealed) return null;
    return this.#openKey(SINGLE.protection, sealed).catch((cause) => {
      if (!isDamage(cause)) throw cause;
      return null;
    });
  }

  /** @param {string} kind @param {string} id @param {Bytes} plain @param {CryptoKey} [vaultKey] @returns {Promise<Row>} under a new data key */
  async sealRecord(kind, id, plain, vaultKey = this.vault) {
    const raw = randomBytes(KEY_BYTES);
    const [record, key] = await Promise.all([
      importKey(raw).then((dataKey) => seal(dataKey, plain, binding(BOUND, kind, id))),
      this.sealKey(id, raw, vaultKey),
    ]);
    raw.fill(0);
    return { key, record };
  }

  /** @param {string} kind @param {string} id @param {Row} row */
  async openRecord(kind, id, { key, record }) {
    const raw = await this.#openKey(id, key);
    const plain = await unseal(await importKey(raw), record, binding(BOUND, kind, id));
    raw.fill(0);
    return plain;
  }

  /**
   * @param {string} kind
   * @param {string} id
   * @param {Partial<Row>} row
   * @param {CryptoKey} vaultKey
   * @returns {Promise<Row | null>} under another vault key and a new data key; null if it can't be opened
   */
  async resealed(kind, id, { key, record }, vaultKey) {
    if (!key || !record) return null;
    try {
      return await this.sealRecord(kind, id, await this.openRecord(kind, id, { key, record }), vaultKey);
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      return null;
    }
  }
}
