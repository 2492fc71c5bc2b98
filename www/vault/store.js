/**
 * The encrypted gallery. Runs in the module worker (and anywhere that has IndexedDB, WebCrypto and Web Locks).
 *
 * Every change is one IndexedDB transaction with durability "strict", together with its audit entry: it is there wholly,
 * on the disk, when the promise resolves, or not at all. Changes of several tabs take turns by a Web Lock; tabs hear of
 * each other's changes by a BroadcastChannel. In the clear are random ids, the names of the store's own records, the
 * time of creation, the count of wrong PINs, and what sizes and counts tell; nothing else.
 *
 * What it does is in parts/, one concern each; what may be asked of it in port.js.
 */
import { fromCause, storeError } from './errors.js';
import { openSettled } from './old-bytes.js';
import { countPeople } from './own.js';
import { Erasure } from './parts/erasure.js';
import { StoredGuests } from './parts/guests.js';
import { Lock } from './parts/lock.js';
import { Log } from './parts/log.js';
import { Opening } from './parts/opening.js';
import { People } from './parts/people.js';
import { Protection } from './parts/protection.js';
import { Rekeying } from './parts/rekeying.js';
import { Session } from './parts/session.js';
import { StoredSettings } from './parts/settings.js';
import { Staging } from './parts/staging.js';
import { Transfer } from './parts/transfer.js';

/** @import { Held, Status, Store, StoreEvent } from './port.js' */
/** @import { Protector } from './types.js' */

export { StoreError } from './errors.js';
export { verifyExport } from './parts/log.js';

/**
 * @param {{name?: string, protector?: Protector | null, onevent?: (event: StoreEvent) => void, onprogress?: () => void, logMost?: number, iterations?: number,
 *   held?: Held | null, unattended?: boolean, networks?: Record<string, string>}} [options]
 *   protector: the engine's transform of templates; held: opens it without the PIN, see Store.hold; onevent: told of changes by other tabs, locking, erasures by date;
 *   onprogress: told that a long opening goes on; unattended: for a page that nobody attends, which alone may use a key that is kept open; networks: what the log of a new
 *   vault begins with; logMost and iterations: for tests.
 * @returns {Promise<Store>} it may be locked: see store.locked
 */
export async function openStore({
  name = 'brow', protector = null, onevent = () => {}, onprogress = () => {}, logMost, iterations, held = null, unattended = false, networks = {},
} = {}) {
  if (!globalThis.crypto?.subtle || !globalThis.navigator?.locks) throw storeError('storage_insecure');
  const { db, release } = await openSettled(name, onprogress);
  /** @type {Session} */
  const session = new Session({ name, db, release, onevent, unattended, parts: { opened: () => settings.follow(), idle: () => lock.lock('idle') } });
  const log = new Log(session, logMost);
  const settings = new StoredSettings(session, log);
  const protection = new Protection(session, protector);
  const people = new People(session, log, protection);
  const guests = new StoredGuests(session, log);
  const staging = new Staging(session);
  const opening = new Opening({ session, log, settings, people, staging, networks });
  const rekeying = new Rekeying({ session, log, settings, people, guests, staging });
  const lock = new Lock({ session, log, settings, opening, rekeying, iterations });
  const erasure = new Erasure({ session, log, settings, people, guests, opening });
  const transfer = new Transfer({ session, log, settings, people, protection, staging, iterations });
  try {
    await opening.start(held);
    await erasure.start();
  } catch (cause) {
    session.close();
    throw fromCause(cause);
  }
  return {
    get locked() {
      return session.locked;
    },
    get logsMatches() {
      return settings.logsMatches;
    },
    setProtector: (engine) => void (protection.protector = engine),
    close: () => session.close(),
    status: () => statusOf({ session, lock, opening, erasure }),

    people: () => people.all(),
    records: () => people.records(),
    person: (id) => people.one(id),
    put: (person) => people.put(person),
    update: (id, change) => people.update(id, change),
    merge: (first, second) => erasure.merged(first, second),
    remake: (ids, anew) => people.remake(ids, anew),
    renewProtection: () => people.renewProtection(),

    remove: (id, reason) => erasure.person(id, reason),
    clear: () => erasure.everybody(),
    eraseEverything: () => erasure.everything(),
    eraseExpired: (now, options) => erasure.expired(now, options),
    eraseGuests: () => erasure.guests(),

    guests: () => guests.get(),
    guestsRecord: () => guests.getRecord(),
    changeGuests: (change) => guests.change(change),

    settings: () => settings.get(),
    setSettings: (patch) => settings.set(patch),

    setPin: (pin) => lock.setPin(pin),
    changePin: (pin, newPin) => lock.changePin(pin, newPin),
    removePin: (pin) => lock.removePin(pin),
    async unlock(pin) {
      await lock.unlock(pin);
      await erasure.expired();
    },
    provePin: (pin) => lock.provePin(pin),
    keepOpen: (wanted) => lock.keepOpen(wanted),
    hold: () => lock.hold(),
    lock: (reason) => lock.lock(reason),
    touch: () => session.touch(),

    exportTo: (passphrase, onprogress) => transfer.save(passphrase, onprogress),
    previewImport: (file, passphrase) => transfer.preview(file, passphrase),
    importFrom: (file, passphrase, rule, onprogress) => transfer.takeIn(file, passphrase, rule, onprogress),
    backup: (now) => transfer.due(now),

    log: (event, about) => log.note({ ...about, event }),
    logEntries: (options) => log.entries(options),
    verifyLog: () => log.verify(),
    exportLog: () => log.export(),
  };
}

/** @param {{session: Session, lock: Lock, opening: Opening, erasure: Erasure}} parts @returns {Promise<Status>} */
async function statusOf({ session, lock, opening, erasure }) {
  session.mustBeOpen();
  const header = await session.header();
  const records = await session.db.read(['records'], countPeople);
  const storage = globalThis.navigator?.storage;
  const estimate = await storage?.estimate?.().catch(() => null);
  return {
    vault: header?.vault ?? null,
    created: header?.created ?? null,
    pin: Boolean(header?.wrapping),
    keptOpen: Boolean(header?.wrapping && header.key),
    stale: Boolean(header?.stale),
    locked: session.locked,
    lost: !header,
    failures: header?.tries.failures ?? 0,
    waitSeconds: header ? lock.waitSeconds(header, 'tries') : 0,
    records,
    persisted: (await storage?.persisted?.().catch(() => null)) ?? null,
    usage: estimate?.usage ?? null,
    quota: estimate?.quota ?? null,
    repaired: opening.repaired,
    held: erasure.held,
  };
}
