/**
 * Version 2 left the object stores of version 1 in place, empty once what lay in them was sealed (from-1.js). From version 3 on
 * they are there only as long as something waits in them, so that nobody can put people in the clear beside a vault.
 */
export const CLEAR_STORES = /** @type {const} */ (['people', 'settings']);

/** @param {IDBDatabase} db */
export const clearStoresOf = (db) => CLEAR_STORES.filter((store) => db.objectStoreNames.contains(store));

/** @param {IDBDatabase} db @param {IDBTransaction} upgrade */
export function dropClearStores(db, upgrade) {
  for (const store of CLEAR_STORES) {
    if (!db.objectStoreNames.contains(store)) continue;
    const counting = upgrade.objectStore(store).count();
    counting.onsuccess = () => {
      if (counting.result === 0) db.deleteObjectStore(store);
    };
  }
}
