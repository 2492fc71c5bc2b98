/**
 * On the page's side of the vault: asking the browser to keep the store, and noticing that it did not.
 *
 * Browsers may clear IndexedDB when a device runs short of space. A marker in localStorage, which some browsers (Chromium)
 * do not clear with it, holds the store's random id and a time, nothing else; if the store that is found has another id, the one
 * before is gone.
 */

const MARKER = 'brow.vault';

/** @typedef {{vault: string, time: number, people: number}} Marker */

/** @returns {Marker | null} */
function readMarker() {
  try {
    const marker = JSON.parse(localStorage.getItem(MARKER) ?? 'null');
    return typeof marker?.vault === 'string' && typeof marker.time === 'number' && typeof marker.people === 'number' ? marker : null;
  } catch {
    return null;
  }
}

/**
 * Whether a store with people in it was here before and is not any more.
 * @param {string} vault random id of the store that was found
 * @returns {{since: number, people: number} | null} since: when it was last seen
 */
export function clearedStore(vault) {
  const marker = readMarker();
  if (!marker || marker.vault === vault || marker.people === 0) return null;
  return { since: marker.time, people: marker.people };
}

/** How many people were here when the page was last open, before the store says so. */
export const peopleBefore = () => readMarker()?.people ?? 0;

/** @param {string} vault @param {number} people */
export function rememberStore(vault, people) {
  try {
    localStorage.setItem(MARKER, JSON.stringify({ vault, people, time: Date.now() }));
  } catch {
    // Where nothing may be kept, nothing can be noticed.
  }
}

/**
 * Asks the browser not to clear the store by itself. Some ask the person, some decide by themselves.
 * @returns {Promise<boolean>} whether it promised
 */
export async function askToPersist() {
  try {
    return (await navigator.storage.persist()) === true;
  } catch {
    return false;
  }
}
