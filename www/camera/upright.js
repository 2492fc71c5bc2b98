/**
 * Notices a camera's picture that is upside down. The detector finds a face in it either way, less surely where the face stands
 * on its head: the picture as it is and turned by 180 degrees are compared until that is settled.
 */

/** @import { Frame, Observation } from '../types.js' */

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
  #find;
  #lookedAt = -Infinity;
  /** Votes in a row, positive for turning. */
  #votes = 0;
  #settled = false;

  /** @param {(frame: Frame) => Promise<readonly Pick<Observation, 'detection'>[]>} find the faces of a frame, apart from the live stream */
  constructor(find) {
    this.#find = find;
  }

  /** Another camera. */
  reset() {
    this.#settled = false;
    this.#votes = 0;
  }

  /** The frame turned, where that is to be looked at; to be asked for before the frame is handed over. @param {Frame} frame @returns {Frame | null} */
  turned(frame) {
    if (this.#settled || performance.now() - this.#lookedAt < LOOK_EVERY_MS) return null;
    return { ...frame, buffer: new Uint32Array(frame.buffer.slice(0)).reverse().buffer };
  }

  /**
   * @param {Frame | null} turned
   * @param {readonly Observation[]} faces of the frame as it is
   * @returns {Promise<boolean>} whether the picture stands on its head
   */
  async judge(turned, faces) {
    if (faces.some(({ decision }) => decision.kind === 'match')) this.#settled = true;
    if (!turned || this.#settled) return false;
    this.#lookedAt = performance.now();
    const lead = surest(await this.#find(turned)) - surest(faces);
    if (Math.abs(lead) < SURER) this.#votes = 0;
    else this.#votes = lead > 0 ? Math.max(0, this.#votes) + 1 : Math.min(0, this.#votes) - 1;
    this.#settled = this.#votes <= -TIMES;
    if (this.#votes < TIMES) return false;
    this.#votes = 0;
    return true;
  }
}
