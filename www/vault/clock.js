/** Whether this device's clock can be believed, as it goes beside one that nobody sets (src/vault/expiry.rs). */
import { clockJumped } from '../worker/brow.js';

export class DeviceClock {
  #wall = Date.now();
  #steady = performance.now();

  /** Whether it has jumped since it was looked at last. */
  jumped() {
    const [wall, steady] = [Date.now(), performance.now()];
    const jumped = clockJumped(wall - this.#wall, steady - this.#steady);
    this.#wall = wall;
    this.#steady = steady;
    return jumped;
  }
}
