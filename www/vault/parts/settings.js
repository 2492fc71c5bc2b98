/** The settings as they are stored, and what follows from them at once. */
import { BOUND, KEY_BYTES, binding, importKey, randomBytes, seal, unseal } from '../crypto.js';
import { at, result } from '../database.js';
import { SINGLE } from '../own.js';
import { checkSettings, decodeSettings, defaultSettings, encodeSettings } from '../settings.js';
import { isDamage } from './keys.js';

/** @import { LogEvent } from '../../worker/brow.js' */
/** @import { Bytes, Sealed, Settings } from '../types.js' */
/** @import { Log } from './log.js' */
/** @import { Session } from './session.js' */

const BOUND_TO = binding(BOUND, 'settings', SINGLE.settings);

export class StoredSettings {
  #session;
  #log;
  /** Whether the operator wants recognitions in the audit log. */
  logsMatches = true;

  /** @param {Session} session @param {Log} log */
  constructor(session, log) {
    this.#session = session;
    this.#log = log;
  }

  /** @returns {Promise<Sealed | undefined>} */
  sealed() {
    return this.#session.db.read(['records'], (tx) => result(at(tx, 'records').get(SINGLE.settings)));
  }

  /** @returns {Promise<Settings>} defaults where nothing was set or the record is damaged */
  async read() {
    const sealed = await this.sealed();
    if (!sealed) return defaultSettings();
    try {
      return { ...defaultSettings(), ...(await this.open(sealed)) };
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      return defaultSettings();
    }
  }

  /** @param {Sealed} sealed @returns {Promise<Partial<Settings>>} */
  async open(sealed) {
    return decodeSettings(await unseal(await this.#session.keys.single(SINGLE.settings), sealed, BOUND_TO));
  }

  /** @param {Settings} settings @returns {Promise<Sealed>} */
  async seal(settings) {
    return seal(await this.#session.keys.single(SINGLE.settings), encodeSettings(settings), BOUND_TO);
  }

  /** @returns {Promise<{key: Bytes, sealed: Sealed | undefined}>} the record under a new key of its own */
  async anew() {
    const sealed = await this.sealed();
    const key = randomBytes(KEY_BYTES);
    return { key, sealed: sealed && (await seal(await importKey(key), await unseal(await this.#session.keys.single(SINGLE.settings), sealed, BOUND_TO), BOUND_TO)) };
  }

  /** Goes by what is stored. */
  async follow() {
    this.#follow(await this.read());
  }

  /** @param {Settings} settings */
  #follow({ lockAfterMinutes, logMatches }) {
    this.#session.lockAfter(lockAfterMinutes * 60_000);
    this.logsMatches = logMatches;
  }

  /** Under the lock. @param {Partial<Settings>} patch @param {LogEvent} event @returns {Promise<Settings>} */
  async keep(patch, event) {
    const settings = { ...(await this.read()), ...checkSettings(patch) };
    const sealed = await this.seal(settings);
    await this.#log.commit([{ event }], (tx) => void at(tx, 'records').put(sealed, SINGLE.settings));
    this.#follow(settings);
    return settings;
  }

  /** @returns {Promise<Settings>} */
  async get() {
    return this.#session.whileOpen(() => this.read());
  }

  /** @param {Partial<Settings>} patch @returns {Promise<Settings>} */
  async set(patch) {
    await this.#session.ready(true);
    return this.#session.exclusively(async () => {
      const settings = await this.keep(patch, 'settings_changed');
      this.#session.touch();
      return settings;
    });
  }
}
