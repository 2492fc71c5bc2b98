/** Asks about dates of erasure that have come by a clock that jumped: whether it is right, only a person knows. */
import { date, fault, text } from '../words/messages.js';

/** @import { BrowClient } from '../client/client.js' */
/** @import { Notices } from './notices.js' */
/** @import { VaultState } from '../types.js' */

export class HeldNotice {
  #client;
  #notices;
  #shown = 0;

  /** @param {{client: BrowClient, notices: Notices}} parts */
  constructor({ client, notices }) {
    this.#client = client;
    this.#notices = notices;
  }

  /** @param {VaultState | null} vault */
  show(vault) {
    const held = vault?.held ?? 0;
    if (held === this.#shown) return;
    this.#shown = held;
    if (held === 0) {
      this.#notices.clear('expiry_held');
      return;
    }
    const now = date(Date.now(), { dateStyle: 'full', timeStyle: 'short' });
    this.#notices.fault(fault('expiry_held', { people: held, now }), { label: text('vault.held.erase'), act: () => void this.#erase() });
  }

  async #erase() {
    try {
      await this.#client.vault('vaultEraseDue');
    } catch (error) {
      this.#shown = 0;
      this.#notices.fault(error);
    }
  }
}
