/** Whether this device's clock can be believed. Dates of erasure rest on it alone, and what is erased is gone. */

/** A clock that moved on by more than this beyond the time that passed is not believed. */
export const JUMP_MS = 24 * 60 * 60 * 1000;

export class DeviceClock {
  #wall;
  #steady;

  /** @param {number} [wall] milliseconds since 1970, as the device has it @param {number} [steady] on a clock that nobody sets */
  constructor(wall = Date.now(), steady = performance.now()) {
    this.#wall = wall;
    this.#steady = steady;
  }

  /** Whether it has jumped since it was looked at last. @param {number} [wall] @param {number} [steady] */
  jumped(wall = Date.now(), steady = performance.now()) {
    const beyond = wall - this.#wall - (steady - this.#steady);
    this.#wall = wall;
    this.#steady = steady;
    return beyond > JUMP_MS;
  }
}
