/**
 * IndexedDB with promises: opening, upgrading, and transactions that are all or nothing.
 *
 * [Note: schema] Version 1 kept people and settings in the clear, in the object stores `people` and `settings`. Version 2:
 *
 * | object store | key | holds |
 * |---|---|---|
 * | vault | 'header' | the vault's random id, the vault key (or its wrapping), wrong tries |
 * | keys | id | data keys, sealed under the vault key |
 * | records | id | people and settings, each sealed under its data key |
 * | staging | id | people of an import under way, sealed in the same way; moved to `records` by its last transaction |
 * | log | number | sealed audit entries; `records` holds the chain's sealed head |
 *
 * An upgrade transaction cannot wait for WebCrypto, so upgrading to 2 only adds the new stores; the records in the old
 * ones are sealed, moved and deleted right after opening, in one transaction. If the tab dies before, the next one does it.
 */
import { fromCause, storeError } from './errors.js';
import { logIsNew, renewLog } from './torn-log.js';

export const SCHEMA = 2;
export const STORES = /** @type {const} */ (['vault', 'keys', 'records', 'staging', 'log']);
export const LEGACY_STORES = /** @type {const} */ (['people', 'settings']);
/** How long to wait for other tabs to let go of an older version. */
const BLOCKED_MS = 4000;

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
export function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * @param {string} name
 * @param {IDBFactory | undefined} [factory]
 * @returns {Promise<IDBDatabase>}
 * @throws {import('./errors.js').StoreError} storage_unavailable, storage_newer, storage_blocked, storage_full
 */
export function openDatabase(name, factory = globalThis.indexedDB) {
  return new Promise((resolve, reject) => {
    if (!factory) {
      reject(storeError('storage_unavailable'));
      return;
    }
    /** @type {IDBOpenDBRequest} */
    let request;
    try {
      request = factory.open(name, SCHEMA);
    } catch {
      reject(storeError('storage_unavailable'));
      return;
    }
    let given = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    request.onblocked = () => {
      timer = setTimeout(() => {
        given = true;
        reject(storeError('storage_blocked'));
      }, BLOCKED_MS);
    };
    request.onupgradeneeded = ({ oldVersion }) => {
      if (oldVersion === 0) logIsNew();
      for (const store of STORES) {
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store);
      }
    };
    request.onsuccess = () => {
      clearTimeout(timer);
      if (given) request.result.close();
      else resolve(request.result);
    };
    request.onerror = () => {
      clearTimeout(timer);
      const error = fromCause(request.error);
      reject(error.code === 'storage_failed' || error.code === 'storage_closed' ? storeError('storage_unavailable', error.detail) : error);
    };
  });
}

/**
 * Runs `work` in one transaction and resolves once it has been committed; whatever `work` throws undoes all of it.
 * `work` may wait for requests of this transaction only, for else the browser commits early.
 * @template T
 * @param {IDBDatabase} db
 * @param {readonly string[]} stores
 * @param {'readonly' | 'readwrite'} mode
 * @param {(tx: IDBTransaction) => Promise<T> | T} work
 * @param {'strict' | 'relaxed'} [durability] strict: on the disk, not only in the operating system's memory
 * @returns {Promise<T>}
 */
export async function transaction(db, stores, mode, work, durability = 'strict') {
  if (mode === 'readwrite') await renewLog();
  /** @type {IDBTransaction} */
  let tx;
  try {
    tx = db.transaction([...stores], mode, { durability });
  } catch (cause) {
    throw fromCause(cause);
  }
  /** @type {Promise<void>} */
  const done = new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error ?? new DOMException('aborted', 'AbortError'));
  });
  /** @type {T} */
  let value;
  try {
    value = await work(tx);
  } catch (cause) {
    try {
      tx.abort();
    } catch {
      // Already aborted by the browser: the cause below says why.
    }
    const aborted = await done.then(() => null, (error) => error);
    throw fromCause(cause instanceof Error && cause.name === 'AbortError' && aborted ? aborted : cause);
  }
  try {
    await done;
  } catch (cause) {
    throw fromCause(cause);
  }
  return value;
}
