/** Where a face is between two looks, so that its frame does not trail it: a look tells where it was when its picture was taken. */

/** @typedef {{x: number, y: number, width: number, height: number}} Box */

/** A face is carried on so far ahead of its last look at most: then it may have turned round. */
const AHEAD_MS = 200;
/** Looks further apart than this say nothing of a speed. */
const APART_MS = 500;
/** From look to look a box wavers by less than this share of its width where the face keeps still. */
const STILL = 0.012;
/** By less than this share of itself its width wavers then. */
const GROWN = 0.024;
/** How much the newest two looks count for the speed. */
const NEWEST = 0.6;

/** The motion of one face. */
export class Motion {
  /** Of the last look. @type {Box | null} */
  #box = null;
  /** Where it is shown from: of a face that keeps still that of an earlier look, so that nothing is drawn anew for it. @type {Box | null} */
  #shown = null;
  #timeMs = 0;
  /** Pixels of the frame a millisecond. */
  #speed = { x: 0, y: 0 };

  /** @param {Box} box of a look @param {number} timeMs when its picture was taken */
  see(box, timeMs) {
    const before = this.#box;
    const passed = timeMs - this.#timeMs;
    this.#box = box;
    this.#timeMs = timeMs;
    if (!before || !this.#shown || passed <= 0 || passed > APART_MS) {
      this.#speed = { x: 0, y: 0 };
      this.#shown = box;
      return;
    }
    const { x, y } = between(before, box);
    const moved = isFar({ x, y }, box);
    if (moved || isFar(between(this.#shown, box), box) || Math.abs(box.width - this.#shown.width) >= GROWN * box.width) this.#shown = box;
    const mixed = (/** @type {number} */ old, /** @type {number} */ way) => (1 - NEWEST) * old + (moved ? (NEWEST * way) / passed : 0);
    this.#speed = { x: mixed(this.#speed.x, x), y: mixed(this.#speed.y, y) };
  }

  /** Where the face is to be shown. @param {number} timeMs by the same clock @returns {Box | null} null before it was seen */
  at(timeMs) {
    if (!this.#shown) return null;
    const ahead = Math.min(AHEAD_MS, Math.max(0, timeMs - this.#timeMs));
    return { ...this.#shown, x: this.#shown.x + ahead * this.#speed.x, y: this.#shown.y + ahead * this.#speed.y };
  }
}

/** From the middle of one box to that of another. @param {Box} from @param {Box} to */
const between = (from, to) => ({ x: to.x + to.width / 2 - from.x - from.width / 2, y: to.y + to.height / 2 - from.y - from.height / 2 });

/** Further than boxes waver. @param {{x: number, y: number}} way @param {Box} box */
const isFar = ({ x, y }, { width }) => Math.hypot(x, y) >= STILL * width;
