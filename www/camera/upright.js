/**
 * Notices a camera's picture that is upside down. The detector finds a face in it either way, less surely where the face stands
 * on its head: the picture as it is and turned by 180 degrees are compared until that is settled.
 */

/** @import { Look, Observation } from '../types.js' */

/** A turned picture is looked at so often while it is not settled which way is up. */
const LOOK_EVERY_MS = 1_500;
/** Natural logarithm of the odds by which one way must be surer than the other: of one portrait, 0.998 upright and 0.9 on its head are 4 apart. */
const SURER = 2;
/** So many times in a row. */
const TIMES = 2;
/** What counts where no face is found. */
const NO_FACE = 0.01;

/** How sure the surest face of a picture is. @param {readonly Pick<Observation, 'detection'>[]} faces */
function surest(faces) {
  const part = Math.min(0.9999, Math.max(NO_FACE, ...faces.map(({ detection }) => detection)));
  return Math.log(part / (1 - part));
}

export class Upright {
  #lookedAt = -Infinity;
  /** Votes in a row, positive for turning. */
  #votes = 0;
  #settled = false;

  /** Another camera. */
  reset() {
    this.#settled = false;
    this.#votes = 0;
  }

  /** Whether the next frame is to be looked at turned as well. */
  get due() {
    return !this.#settled && performance.now() - this.#lookedAt >= LOOK_EVERY_MS;
  }

  /** @param {Look} look @returns {boolean} whether the picture stands on its head */
  judge({ observations, turned }) {
    if (observations.some(({ decision }) => decision.kind === 'match')) this.#settled = true;
    if (!turned || this.#settled) return false;
    this.#lookedAt = performance.now();
    const lead = surest(turned) - surest(observations);
    if (Math.abs(lead) < SURER) this.#votes = 0;
    else this.#votes = lead > 0 ? Math.max(0, this.#votes) + 1 : Math.min(0, this.#votes) - 1;
    this.#settled = this.#votes <= -TIMES;
    if (this.#votes < TIMES) return false;
    this.#votes = 0;
    return true;
  }
}
