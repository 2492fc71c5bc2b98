/** Where a face is between two looks, so that its frame does not trail it: a look tells where it was when its picture was taken. */

/** @typedef {{x: number, y: number, width: number, height: number}} Box */

/** A face is carried on so far ahead of its last look at most: then it may have turned round. */
const AHEAD_MS = 200;
/** Looks further apart than this say nothing of a speed. */
const APART_MS = 500;
/** From look to look a box wavers by less than this share of its width where the face keeps still. */
const STILL = 0.012;
/** How much the newest two looks count for the speed. */
const NEWEST = 0.6;

/** The motion of one face. */
export class Motion {
  /** @type {Box | null} */
  #box = null;
  #timeMs = 0;
  /** Pixels of the frame a millisecond. */
  #speed = { x: 0, y: 0 };

  /** @param {Box} box of a look @param {number} timeMs when its picture was taken */
  see(box, timeMs) {
    const before = this.#box;
    const passed = timeMs - this.#timeMs;
    this.#box = box;
    this.#timeMs = timeMs;
    if (!before || passed <= 0 || passed > APART_MS) {
      this.#speed = { x: 0, y: 0 };
      return;
    }
    const x = box.x + box.width / 2 - before.x - before.width / 2;
    const y = box.y + box.height / 2 - before.y - before.height / 2;
    const moved = Math.hypot(x, y) >= STILL * box.width;
    const mixed = (/** @type {number} */ old, /** @type {number} */ way) => (1 - NEWEST) * old + (moved ? (NEWEST * way) / passed : 0);
    this.#speed = { x: mixed(this.#speed.x, x), y: mixed(this.#speed.y, y) };
  }

  /** Where the face is to be shown. @param {number} timeMs by the same clock @returns {Box | null} null before it was seen */
  at(timeMs) {
    if (!this.#box) return null;
    const ahead = Math.min(AHEAD_MS, Math.max(0, timeMs - this.#timeMs));
    return { ...this.#box, x: this.#box.x + ahead * this.#speed.x, y: this.#box.y + ahead * this.#speed.y };
  }
}
