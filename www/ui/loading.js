/** How far a download is, in words: bytes, and how long the rest will take. */
import { duration, number, text } from '../words/messages.js';

/** @import { Progress } from '../types.js' */

/** So long the pace is watched before a time is told by it. */
const WATCHED_MS = 700;

/** Words for one download. */
export class LoadingWords {
  /** When the first bytes came, and how many. @type {{at: number, loaded: number} | null} */
  #first = null;

  /** @param {Pick<Progress, 'loaded' | 'total'>} progress @param {number} [now] milliseconds, on any clock that only goes forward */
  say({ loaded, total }, now = performance.now()) {
    if (loaded >= total) return text('loading.engine');
    // What was tried again begins anew.
    if (!this.#first || loaded < this.#first.loaded) this.#first = { at: now, loaded };
    const spent = now - this.#first.at;
    const came = loaded - this.#first.loaded;
    const values = { loaded: megabytes(loaded), total: megabytes(total) };
    if (spent < WATCHED_MS || came <= 0) return text('loading.bytes', values);
    return text('loading.left', { ...values, left: duration(Math.max(1, Math.round(((total - loaded) * spent) / came / 1000))) });
  }
}

/** @param {number} bytes */
function megabytes(bytes) {
  return number(bytes / 1e6, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}
