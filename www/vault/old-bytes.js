/**
 * [Note: old bytes] What a database overwrote or deleted stays in the browser's files until the browser tidies up, which may
 * take weeks: Chromium's LevelDB keeps old rows beside new ones. Only the deletion of a whole database makes Chromium drop what
 * it held (measured by reading the files, tests/e2e/attacks). So once keys were made anew, the header says `stale`, and the next
 * start that finds no other page at the store moves all of it: into a copy beside it, the old one deleted, and back under its
 * name. A copy counts once its header is there, which comes last; whatever a killed start left, the next one goes on with.
 * Chromium drops the bytes in the background, after it said that the database is gone; closed in that second, it may forget to.
 */
import { STORES, openDatabase, result, transaction } from './database.js';
import { storeError } from './errors.js';
import { HEADER } from './header.js';
import { clearStoresOf } from './migrations/from-2.js';
import { fillLog, renewLog } from './torn-log.js';

/** Rows that are copied at once. */
const BATCH = 50;
/** How long pages of an older release may take to let go. */
const BLOCKED_MS = 4000;
/** How long to wait for being alone at the store. */
const ALONE_MS = 1000;

/** @param {string} name */
const copyOf = (name) => `${name}-moving`;

/** Held by every page as long as it has the store open, and alone by the one that moves it. @param {string} name */
export const openLock = (name) => `brow-open-${name}`;

/**
 * Opens a database after everything that is due before anybody works on it.
 * @param {string} name
 * @param {() => void} onprogress told that a long move goes on
 * @returns {Promise<{db: IDBDatabase, release: () => void}>} release: to be called when the database was closed
 */
export async function openSettled(name, onprogress) {
  const release = await shareLock(name);
  try {
    const db = await openDatabase(name);
    if (!(await isUnsettled(db, name))) return { db, release };
    db.close();
  } catch (cause) {
    release();
    throw cause;
  }
  release();
  try {
    // The page that was here before a reload may take a moment to be gone; another one stays, and this one goes on without.
    await navigator.locks.request(openLock(name), { signal: AbortSignal.timeout(ALONE_MS) }, () => settle(name, onprogress));
  } catch (cause) {
    if (!(cause instanceof DOMException && ['TimeoutError', 'AbortError'].includes(cause.name))) throw cause;
  }
  const again = await shareLock(name);
  try {
    return { db: await openDatabase(name), release: again };
  } catch (cause) {
    again();
    throw cause;
  }
}

/** @param {string} name @returns {Promise<() => void>} */
function shareLock(name) {
  return new Promise((resolve, reject) => {
    navigator.locks.request(openLock(name), { mode: 'shared' }, () => new Promise((release) => resolve(() => release(undefined)))).catch(reject);
  });
}

/** @param {IDBDatabase} db @param {string} name */
async function isUnsettled(db, name) {
  const header = await transaction(db, ['vault'], 'readonly', (tx) => result(tx.objectStore('vault').get(HEADER)));
  if (header?.stale) return clearStoresOf(db).length === 0;
  return !header && (await exists(copyOf(name)));
}

/** To be called by whoever holds the lock alone. @param {string} name @param {() => void} onprogress */
async function settle(name, onprogress) {
  // Before anything is written: what an earlier session left of the log may be torn.
  await renewLog();
  const db = await openDatabase(name);
  const header = await transaction(db, ['vault'], 'readonly', (tx) => result(tx.objectStore('vault').get(HEADER)));
  db.close();
  if (header?.stale === 'moved') {
    await finish(name);
    return;
  }
  if (header?.stale) {
    await deleteDatabase(copyOf(name));
    try {
      await copyAll(name, copyOf(name), onprogress);
    } catch {
      // No room for two of them: it stays as it is, and the next start tries again.
      await deleteDatabase(copyOf(name));
      return;
    }
  } else if (header || !(await isWhole(copyOf(name)))) {
    await deleteDatabase(copyOf(name));
    return;
  }
  await deleteDatabase(name);
  // A database that was made just now says that its log is new, which it need not be.
  await fillLog();
  await copyAll(copyOf(name), name, onprogress, { stale: 'moved' });
  await finish(name);
}

/** The store is back under its name. @param {string} name */
async function finish(name) {
  await deleteDatabase(copyOf(name));
  await fillLog();
  const db = await openDatabase(name);
  try {
    await transaction(db, ['vault'], 'readwrite', async (tx) => {
      const header = await result(tx.objectStore('vault').get(HEADER));
      tx.objectStore('vault').put({ ...header, stale: false }, HEADER);
    });
  } finally {
    db.close();
  }
}

/**
 * @param {string} from
 * @param {string} to a new database
 * @param {() => void} [onprogress]
 * @param {{stale?: boolean | 'moved'}} [mark] what the header says there besides
 */
export async function copyAll(from, to, onprogress = () => {}, mark = {}) {
  const source = await openDatabase(from);
  const target = await openDatabase(to);
  try {
    for (const store of STORES) {
      if (store === 'vault') continue;
      /** @type {IDBKeyRange | null} */
      let range = null;
      for (;;) {
        /** @type {[IDBValidKey[], any[]]} */
        const [keys, rows] = await transaction(source, [store], 'readonly', (tx) =>
          Promise.all([result(tx.objectStore(store).getAllKeys(range, BATCH)), result(tx.objectStore(store).getAll(range, BATCH))]));
        if (keys.length === 0) break;
        await transaction(target, [store], 'readwrite', (tx) => keys.forEach((key, i) => tx.objectStore(store).put(rows[i], key)));
        range = IDBKeyRange.lowerBound(keys[keys.length - 1], true);
        onprogress();
      }
    }
    const header = await transaction(source, ['vault'], 'readonly', (tx) => result(tx.objectStore('vault').get(HEADER)));
    await transaction(target, ['vault'], 'readwrite', (tx) => void tx.objectStore('vault').put({ ...header, ...mark }, HEADER));
  } finally {
    source.close();
    target.close();
  }
}

/** Whether there is such a database, with a header, which comes last. @param {string} name */
export async function isWhole(name) {
  if (!(await exists(name))) return false;
  const db = await openDatabase(name);
  try {
    return Boolean(await transaction(db, ['vault'], 'readonly', (tx) => result(tx.objectStore('vault').get(HEADER))));
  } finally {
    db.close();
  }
}

/** Whether there is such a database; asking does not make it. @param {string} name @returns {Promise<boolean>} */
function exists(name) {
  return new Promise((resolve) => {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => request.transaction?.abort();
    request.onsuccess = () => {
      request.result.close();
      resolve(true);
    };
    request.onerror = () => resolve(false);
  });
}

/** @param {string} name @returns {Promise<void>} */
export function deleteDatabase(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onblocked = () => setTimeout(() => reject(storeError('storage_blocked')), BLOCKED_MS);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(storeError('storage_failed', { cause: String(request.error) }));
  });
}
