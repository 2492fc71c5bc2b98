/**
 * [Note: torn log] Chromium keeps IndexedDB in LevelDB, whose log goes on where the last session left it. If that one was
 * killed in the middle of a record, the rest of the record stays in the log; what is written behind it can be read until
 * the browser starts again, which then finds a broken log and throws the origin's databases away, all of them
 * (google/leveldb#1287). A page cannot look at the log, but it can make it full: LevelDB then moves everything into a table
 * and starts a new log. So the first write of a page to a store that was there before is preceded by filler, in a database
 * of its own that is deleted at once: some 50 ms, once.
 */
const NAME = 'brow-filler';
/** LevelDB starts a new log after 4 MiB of keys and values, on very small disks earlier. */
const FILLER_BYTES = 4.25 * 2 ** 20;
/** Chromium puts values of 64 KiB and more into files of their own, and `getRandomValues` gives no more at a time. */
const CHUNK_BYTES = 2 ** 15;

/** @type {Promise<void> | null} */
let renewed = null;

/** Tells that this page made the database: there is no log of an earlier session to go on with. */
export function logIsNew() {
  renewed ??= Promise.resolve();
}

/** Sees to it, once for each page, that a log which an earlier session may have left torn is not written on. Never fails. */
export function renewLog() {
  renewed ??= fillLog();
  return renewed;
}

/** Makes LevelDB begin a new log, whatever this page did before. Never fails. */
export async function fillLog() {
  const brands = /** @type {any} */ (globalThis.navigator)?.userAgentData?.brands ?? [];
  if (!brands.some((/** @type {{brand: string}} */ { brand }) => brand === 'Chromium')) return;
  try {
    const db = await finished(indexedDB.open(NAME), (request) => request.result.createObjectStore('filler'));
    db.onversionchange = () => db.close();
    const tx = db.transaction('filler', 'readwrite', { durability: 'relaxed' });
    // Random, for the browser compresses values.
    for (let i = 0; i < FILLER_BYTES / CHUNK_BYTES; i += 1) tx.objectStore('filler').put(crypto.getRandomValues(new Uint8Array(CHUNK_BYTES)), i);
    await new Promise((resolve) => {
      tx.oncomplete = resolve;
      tx.onabort = resolve;
    });
    db.close();
    await finished(indexedDB.deleteDatabase(NAME));
  } catch {
    // No room, or no storage at all: the write that waits for this meets the same and says so.
  }
}

/**
 * @param {IDBOpenDBRequest} request
 * @param {(request: IDBOpenDBRequest) => void} [upgrade]
 * @returns {Promise<IDBDatabase>}
 */
function finished(request, upgrade = () => {}) {
  return new Promise((resolve, reject) => {
    request.onupgradeneeded = () => upgrade(request);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    // Another page is at the same work: it will delete the filler.
    request.onblocked = () => reject(new DOMException('', 'AbortError'));
  });
}
