/**
 * What the kiosk shows, as the worker decides it (src/kiosk/): it comes with every look. The page keeps the last of it and no more, and lets
 * a screen go when its time is over, though no worker answers.
 */

/** @import { BrowClient } from '../../client/client.js' */
/** @import { Ask, KioskRules, KioskSaid, Screen } from '../../types.js' */

/** Page and worker have a clock each, and browsers round both: the worker's time is over before the page's. */
const ROUNDED_MS = 20;

/** Nobody is there. */
const nobody = (codes = false) => /** @type {KioskSaid} */ ({ screen: { number: 0, kind: 'attract', person: null, masked: false }, ask: null, idle: true, lastsMs: null, forgot: false, codes });

/** Event `change`: something other than a look brought another screen. */
export class KioskFlow extends EventTarget {
  /** As the operator set them; null as long as that is not known. @type {KioskRules | null} */
  rules = null;
  #client;
  #said = nobody();
  /** When the screen is over. */
  #until = Infinity;
  /** Questions under way before whose answer everything is of somebody who is forgotten. */
  #stale = 0;

  /** @param {Pick<BrowClient, 'vault'>} client */
  constructor(client) {
    super();
    this.#client = client;
  }

  /** The same object as long as it is the same screen. @returns {Screen} */
  get screen() {
    return this.#said.screen;
  }

  /** The turn that is asked for now, for the guide. @returns {Ask | null} */
  get ask() {
    return this.#said.ask;
  }

  /** Whether nobody is being served, so that upkeep disturbs nobody. */
  get idle() {
    return this.#said.idle;
  }

  /** Whether guests may have a code. */
  get codes() {
    return this.#said.codes;
  }

  /** So long until the screen is over, in milliseconds. @param {number} now */
  left(now) {
    return this.#until - now;
  }

  /** What a look told. @param {KioskSaid} said @param {number} now milliseconds, on any clock that only goes forward */
  see(said, now) {
    if (this.#stale === 0) this.#take(said, now);
  }

  /** What something other than a look told. @param {KioskSaid} said */
  heed(said) {
    this.see(said, performance.now());
    this.dispatchEvent(new Event('change'));
  }

  /** The name of whom a screen greets is on it: the guest's time to read it begins. @param {Screen} screen */
  named({ number }) {
    this.#client.vault('kioskNamed', { number }).then((said) => {
      this.heed(said);
    }, () => {});
  }

  /** Time passes. @param {number} now */
  tick(now) {
    if (now < this.#until) return;
    this.#forget(() => this.#client.vault('kioskTick'));
  }

  /** Whoever stands there wants another try, after a verdict or a timeout. @param {{forget?: boolean}} [how] forget: nor is it known who was in view */
  again({ forget = false } = {}) {
    this.#forget(() => this.#client.vault('kioskAgain', { forget }));
  }

  /** Nobody is on the screen; looks from before the answer say nothing any more. @param {() => Promise<KioskSaid>} ask */
  #forget(ask) {
    const none = nobody(this.codes);
    this.#take(none, performance.now());
    this.#stale += 1;
    ask().catch(() => none).then((said) => {
      this.#stale -= 1;
      this.heed(said);
    });
  }

  /** @param {KioskSaid} said @param {number} now */
  #take(said, now) {
    const { screen } = said.screen.number === this.#said.screen.number ? this.#said : said;
    this.#said = { ...said, screen };
    this.#until = said.lastsMs === null ? Infinity : now + said.lastsMs + ROUNDED_MS;
  }
}
