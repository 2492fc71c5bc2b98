/**
 * IndexedDB with promises: opening, upgrading, and transactions that are all or nothing.
 *
 * [Note: versions] The version of the database counts its object stores and nothing else; what is in a record says its own
 * version (src/vault/), and what a ciphertext is bound to never changes (crypto.js). Each step has a file in migrations/.
 *
 * | object store | key | holds |
 * |---|---|---|
 * | vault | 'header' | the vault's random id, the vault key (or its wrapping), wrong tries |
 * | keys | id | data keys, sealed under the vault key |
 * | records | id | people and settings, each sealed under its data key |
 * | staging | id | people of an import under way, sealed in the same way; moved to `records` by its last transaction |
 * | log | number | sealed audit entries; `records` holds the chain's sealed head |
 * | aside | number | since version 3: rows that could not be opened and had to be replaced |
 */
import { fromCause, storeError } from './errors.js';
import { clearStoresOf, dropClearStores } from './migrations/from-2.js';
import { logIsNew, renewLog } from './torn-log.js';

/** @typedef {import('./types.js').Sealed} Sealed */
/** @typedef {{key: Sealed, record: Sealed}} Row a data key under the vault key, and what it seals */

export const DATABASE_VERSION = 3;
export const STORES = /** @type {const} */ (['vault', 'keys', 'records', 'staging', 'log', 'aside']);
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
      request = factory.open(name, DATABASE_VERSION);
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
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store, store === 'aside' ? { autoIncrement: true } : {});
      }
      if (oldVersion < 3) dropClearStores(request.result, /** @type {IDBTransaction} */ (request.transaction));
    };
    request.onsuccess = () => {
      clearTimeout(timer);
      if (given) request.result.close();
      else resolve(request.result);
    };
    request.onerror = () => {
      clearTimeout(timer);
      const error = fromCause(request.error);
      reject(error.code === 'storage_failed' || error.code === 'storage_closed' ? storeError('storage_unavailable', error.values) : error);
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
    tx.onabort = () => reject(tx.error ?? new DOMException('', 'AbortError'));
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

/** @param {IDBTransaction} tx @param {typeof STORES[number]} store */
export function at(tx, store) {
  return tx.objectStore(store);
}

/** A sealed record with its key, under one id. @param {IDBTransaction} tx @param {string} id @param {Row} row */
export function putRow(tx, id, { key, record }) {
  at(tx, 'keys').put(key, id);
  at(tx, 'records').put(record, id);
}

/** @param {IDBTransaction} tx @param {string} id */
export function deleteRow(tx, id) {
  at(tx, 'keys').delete(id);
  at(tx, 'records').delete(id);
}

/** A database that is open. */
export class Database {
  /** @type {IDBDatabase} */ #db;

  /** @param {IDBDatabase} db @param {(reason: 'newer_version' | 'lost') => void} ondropped told that it has to be closed */
  constructor(db, ondropped) {
    this.#db = db;
    db.onversionchange = () => ondropped('newer_version');
    db.onclose = () => ondropped('lost');
  }

  /** The object stores of version 1 that something may wait in: see migrations/from-1.js. */
  get clearStores() {
    return clearStoresOf(this.#db);
  }

  get allStores() {
    return [...STORES, ...this.clearStores];
  }

  /**
   * @template T
   * @param {readonly string[]} stores
   * @param {(tx: IDBTransaction) => Promise<T>} work
   * @returns {Promise<T>}
   */
  read(stores, work) {
    return transaction(this.#db, stores, 'readonly', work);
  }

  /**
   * @param {readonly string[]} stores
   * @param {(tx: IDBTransaction) => Promise<void> | void} work
   * @param {'strict' | 'relaxed'} [durability]
   */
  write(stores, work, durability) {
    return transaction(this.#db, stores, 'readwrite', work, durability);
  }

  close() {
    this.#db.close();
  }
}
