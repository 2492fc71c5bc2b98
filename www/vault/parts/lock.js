/** The PIN, and the locking and unlocking of the vault. */
import { importKey } from '../crypto.js';
import { fromCause, storeError } from '../errors.js';
import { HEADER_VERSION, NO_TRIES } from '../header.js';
import { newPinKey, unwrap } from '../pin.js';
import { pinCounted, pinFault, pinWait } from '../../worker/brow.js';

/** @import { Header, Wrapping } from '../header.js' */
/** @import { Held } from '../port.js' */
/** @import { Bytes } from '../types.js' */
/** @import { Happening, Log } from './log.js' */
/** @import { Opening } from './opening.js' */
/** @import { Rekeying } from './rekeying.js' */
/** @import { Session } from './session.js' */
/** @import { StoredSettings } from './settings.js' */

/** @typedef {'tries' | 'asked'} Which tries: at a locked vault; asked: where an open one asks again, whose wait is short */

/** @param {number} failures @returns {Happening[]} */
const refusals = (failures) => (failures ? [{ event: 'unlock_refused', detail: { tries: failures } }] : []);

/** @param {unknown} pin @throws {import('../errors.js').StoreError} pin_too_short, pin_too_long */
function checkPin(pin) {
  const code = pinFault(typeof pin === 'string' ? pin : '');
  if (code) throw storeError(code);
}

export class Lock {
  #session;
  #log;
  #settings;
  #opening;
  #rekeying;
  #iterations;
  /** When the next try is allowed by a clock that nobody can set, while this tab is open. */ #mayTry = { tries: 0, asked: 0 };

  /** @param {{session: Session, log: Log, settings: StoredSettings, opening: Opening, rekeying: Rekeying, iterations?: number | undefined}} parts iterations: for tests */
  constructor({ session, log, settings, opening, rekeying, iterations }) {
    this.#session = session;
    this.#log = log;
    this.#settings = settings;
    this.#opening = opening;
    this.#rekeying = rekeying;
    this.#iterations = iterations;
  }

  // --- the PIN

  /** @param {Header} header @param {Which} which @returns {number} seconds until the next PIN may be tried */
  waitSeconds(header, which) {
    return pinWait((header[which] ?? NO_TRIES).until, Date.now(), this.#mayTry[which] - performance.now(), which === 'asked');
  }

  /**
   * Counts the try, then tests the PIN.
   * @param {string} pin
   * @param {Which} [which]
   * @returns {Promise<{key: Bytes, pinKey: CryptoKey, failures: number, header: Header}>} the vault key, and how many wrong tries came before
   */
  async #try(pin, which = 'tries') {
    const header = await this.#session.mustHaveHeader();
    if (!header.wrapping) throw storeError('not_protected');
    const wait = this.waitSeconds(header, which);
    if (wait > 0) throw storeError('too_many_tries', { waitSeconds: wait });
    const { failures } = header[which] ?? NO_TRIES;
    const tries = pinCounted(failures, Date.now(), which === 'asked');
    await this.#session.db.write(['vault'], (tx) => this.#session.alterHeader(tx, (now) => ({ ...now, [which]: tries })));
    const opened = await unwrap(String(pin), header.wrapping, header.vault);
    if (!opened) {
      this.#mayTry[which] = performance.now() + Math.max(0, tries.until - Date.now());
      throw storeError('wrong_pin', { waitSeconds: pinWait(tries.until, Date.now(), 0, which === 'asked'), failures: tries.failures });
    }
    this.#mayTry = { tries: 0, asked: 0 };
    await this.#session.db.write(['vault'], (tx) => this.#session.alterHeader(tx, (now) => ({ ...now, tries: NO_TRIES, asked: NO_TRIES })));
    return { ...opened, failures, header };
  }

  /** @param {string} pin */
  async setPin(pin) {
    await this.#session.ready(true);
    checkPin(pin);
    await this.#session.exclusively(async () => {
      if ((await this.#session.mustHaveHeader()).wrapping) throw storeError('already_protected');
      await this.#rekeying.run(await newPinKey(pin, this.#iterations), [{ event: 'pin_set' }]);
    });
  }

  /** @param {string} pin @param {string} newPin */
  async changePin(pin, newPin) {
    await this.#session.ready(true);
    checkPin(newPin);
    await this.#session.exclusively(async () => {
      await this.#try(pin);
      await this.#rekeying.run(await newPinKey(newPin, this.#iterations), [{ event: 'pin_changed' }]);
    });
  }

  /** @param {string} pin */
  async removePin(pin) {
    await this.#session.ready(true);
    await this.#session.exclusively(async () => {
      await this.#try(pin);
      await this.#rekeying.run(null, [{ event: 'pin_removed' }]);
    });
  }

  /** @param {string} pin */
  async provePin(pin) {
    await this.#session.ready(true);
    await this.#session.exclusively(async () => {
      const { key, pinKey, failures } = await this.#try(pin, 'asked');
      key.fill(0);
      this.#session.keys.pin = pinKey;
      await this.#log.commit([...refusals(failures), { event: 'admin_opened' }], () => {});
    });
  }

  // --- locking and unlocking

  /** @param {string} pin */
  async unlock(pin) {
    this.#session.mustBeOpen();
    await this.#session.exclusively(async () => {
      const { key, pinKey, failures, header } = await this.#try(pin);
      this.#session.unlocked(header, await importKey(key), pinKey);
      key.fill(0);
      await this.#opening.tidy();
      /** @type {Happening[]} */
      const happenings = [...refusals(failures), { event: 'unlocked' }];
      const wrapping = /** @type {Wrapping} */ (header.wrapping);
      // Keys that may have lain on the disk are made anew as soon as the PIN is there to seal the new ones under.
      if (!header.key && (header.owed || header.version !== HEADER_VERSION)) await this.#rekeying.run({ pinKey, how: wrapping }, happenings);
      else await this.#log.commit(happenings, () => {});
      await this.#settings.follow();
    });
    this.#session.touch();
    this.#session.event({ kind: 'unlocked' });
  }

  /** @param {boolean} wanted */
  async keepOpen(wanted) {
    await this.#session.ready(true);
    await this.#session.exclusively(async () => {
      const header = await this.#session.mustHaveHeader();
      if (!header.wrapping) throw storeError('not_protected');
      /** @type {Happening[]} */
      const happenings = [{ event: 'kept_open', detail: { on: wanted } }];
      if (!wanted && header.key) await this.#endKeptOpen(header.wrapping, happenings);
      else if (wanted) await this.#log.commit(happenings, (tx) => this.#session.alterHeader(tx, (now) => ({ ...now, key: this.#session.keys.vault })));
      else await this.#log.commit(happenings, () => {});
    });
  }

  /**
   * Takes the key from the disk on which it was kept open, and makes new ones, since what was there may be read from the
   * browser's files; or says that it is owed where the PIN was never given to this worker.
   * @param {Wrapping} wrapping
   * @param {Happening[]} happenings
   */
  async #endKeptOpen(wrapping, happenings) {
    const pinKey = this.#session.keys.pin;
    if (pinKey) {
      const done = await this.#rekeying.run({ pinKey, how: wrapping }, happenings).then(() => true, (cause) => {
        // Where there is no room to seal everything anew, the key at least goes.
        if (fromCause(cause).code !== 'storage_full') throw cause;
        return false;
      });
      if (done) return;
    }
    await this.#log.commit(happenings, (tx) => this.#session.alterHeader(tx, (now) => ({ ...now, key: null, owed: true, stale: true })));
  }

  /** @returns {Promise<Held>} */
  async hold() {
    await this.#session.ready();
    return this.#session.hold();
  }

  /** @param {'asked' | 'idle'} [reason] */
  async lock(reason = 'asked') {
    this.#session.mustBeOpen();
    if (this.#session.locked) return;
    /** @type {unknown} */
    let problem = null;
    await this.#session.exclusively(async () => {
      const header = await this.#session.mustHaveHeader();
      if (!header.wrapping) throw storeError('not_protected');
      /** @type {Happening[]} */
      const happenings = [{ event: 'locked', detail: { reason } }];
      const count = (/** @type {IDBTransaction} */ tx) => this.#session.alterHeader(tx, (now) => ({ ...now, locks: (now.locks ?? 0) + 1 }));
      try {
        if (header.key) await this.#endKeptOpen(header.wrapping, happenings);
        await this.#log.commit(header.key ? [] : happenings, count);
      } catch (cause) {
        // Without room for its entry it locks all the same; only a key that stays on the disk has to be told of.
        await this.#session.db.write(['vault'], count).catch(() => {});
        if ((await this.#session.header())?.key) problem = cause;
      }
    }).catch((cause) => {
      if (!this.#session.locked) throw cause;
    });
    // Another tab may have put another PIN in place meanwhile, which locked this one and said so.
    if (this.#session.locked) return;
    this.#session.forgetKeys();
    this.#session.tell({ kind: 'locked' });
    this.#session.event({ kind: 'locked', reason });
    if (problem) throw fromCause(problem);
  }
}
