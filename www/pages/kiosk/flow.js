/**
 * What the kiosk shows next, from what the engine saw and the time. It knows faces by their track and people by their id,
 * never a name, and forgets both at every reset. No page, no clock of its own: everything comes in.
 */

/** @import { Observation, UndecidedReason } from '../../types.js' */

/** A face that is nearer than this part of the set distance keeps the kiosk awake, so that it does not flicker at the edge. */
const STAY = 0.75;
/** Nobody near for so long: they walked off. */
const AWAY_MS = 1_500;
/** A decision must hold so long before it is shown. A name is certain sooner than its absence. */
const MATCH_MS = 250;
const UNKNOWN_MS = 1_500;
/** An instruction stays at least so long: reading takes time. */
const ADVICE_MS = 1_400;
/** After so long without any decision, a person has to help. */
const HELPLESS_MS = 20_000;
/** No frame at all for so long: whoever stood there may be gone. */
const BLIND_MS = 10_000;
/** A second face of this part of the first one's height makes it unclear who is meant. */
const RIVAL = 0.8;

/**
 * @typedef {'attract' | 'look' | 'closer' | 'still' | 'light' | 'glare' | 'straight' | 'centre' | 'single' | 'greet' | 'stranger' | 'unsure'} ScreenKind
 * @typedef {object} Screen
 * @property {ScreenKind} kind
 * @property {string | null} person whom to greet
 * @property {boolean} masked the face wears a mask
 */

/** @type {Record<UndecidedReason, ScreenKind>} */
const ADVICE = {
  too_small: 'closer', too_blurred: 'still', too_dark: 'light', too_bright: 'glare', turned_away: 'straight', cut_off: 'centre',
  points_unsure: 'look', too_few_frames: 'look', too_close_to_call: 'look', empty_gallery: 'look',
};
/** Screens that end a visit. */
const VERDICTS = new Set(['greet', 'stranger', 'unsure']);

/** @type {Screen} */
const ATTRACT = Object.freeze({ kind: 'attract', person: null, masked: false });

export class KioskFlow {
  /** Height of a face, as a part of the picture's, from which on somebody is meant. */
  distance;
  timeoutMs;
  /** @type {Screen} */
  #screen = ATTRACT;
  #since = 0;
  /** Whether the name of whom it greets is on the screen. */
  #named = false;
  /** @type {number | null} */
  #track = null;
  #wokeAt = 0;
  #goneSince = 0;
  #framedAt = 0;
  /** The visit has ended and its person still stands there. */
  #done = false;
  #settling = '';
  #settlingSince = 0;

  /** @param {{distance: number, timeoutMs: number}} settings */
  constructor({ distance, timeoutMs }) {
    this.distance = distance;
    this.timeoutMs = timeoutMs;
  }

  get screen() {
    return this.#screen;
  }

  /** Whether nobody is being served, so that upkeep disturbs nobody. */
  get idle() {
    return this.#screen.kind === 'attract' && !this.#done;
  }

  /**
   * @param {Observation[]} observations
   * @param {number} height of the frame
   * @param {number} now milliseconds, on any clock that only goes forward
   * @returns {Screen}
   */
  see(observations, height, now) {
    this.#framedAt = now;
    const share = (/** @type {Observation} */ { box }) => box.height / height;
    const [face, rival] = [...observations].sort((a, b) => b.box.height - a.box.height);
    const asleep = this.#track === null;
    if (!face || share(face) < this.distance * (asleep ? 1 : STAY)) return this.#nobody(now);
    this.#goneSince = 0;
    if (this.#done) return this.#screen;
    if (!asleep && face.track !== this.#track && VERDICTS.has(this.#screen.kind)) this.#reset();
    if (this.#track === null) this.#wokeAt = now;
    this.#track = face.track;
    if (this.#screen.kind === 'greet') return this.#screen;
    return this.#judge(face, Boolean(rival && share(rival) > RIVAL * share(face)), now);
  }

  /** The name came, a moment after the greeting was decided on: the guest's time to read it begins. @param {number} now */
  named(now) {
    this.#named = true;
    this.#since = now;
  }

  /** Time passes without a frame. @param {number} now @returns {Screen} */
  tick(now) {
    const complete = this.#screen.kind === 'greet' ? this.#named : VERDICTS.has(this.#screen.kind);
    if (complete && now - this.#since >= this.timeoutMs) {
      this.#reset();
      this.#done = true;
    }
    if (this.#track !== null && now - this.#framedAt > BLIND_MS) this.#reset();
    return this.#screen;
  }

  /** Whoever stands there wants another try, after a verdict or a timeout. */
  again() {
    this.#reset();
  }

  /** @param {number} now */
  #nobody(now) {
    this.#goneSince ||= now;
    if (now - this.#goneSince >= AWAY_MS) this.#reset();
    return this.#screen;
  }

  #reset() {
    this.#screen = ATTRACT;
    this.#track = null;
    this.#done = false;
    this.#settling = '';
  }

  /** @param {Observation} face @param {boolean} crowded @param {number} now */
  #judge({ decision, mask }, crowded, now) {
    const masked = mask.state === 'masked';
    const person = decision.kind === 'match' ? decision.person : null;
    const unknown = decision.kind === 'unknown' || (decision.kind === 'undecided' && decision.reason === 'empty_gallery');
    const settling = person ?? (unknown ? '?' : '');
    if (settling !== this.#settling) {
      this.#settling = settling;
      this.#settlingSince = now;
    }
    const held = now - this.#settlingSince;
    if (person !== null && held >= MATCH_MS) return this.#show({ kind: 'greet', person, masked }, now);
    if (VERDICTS.has(this.#screen.kind)) return this.#screen;
    if (crowded) return this.#advise('single', masked, now);
    if (unknown && held >= UNKNOWN_MS) return this.#show({ kind: 'stranger', person: null, masked }, now);
    if (now - this.#wokeAt >= HELPLESS_MS) return this.#show({ kind: 'unsure', person: null, masked }, now);
    return this.#advise(decision.kind === 'undecided' ? ADVICE[decision.reason] : 'look', masked, now);
  }

  /** One instruction at a time, each long enough to be read. @param {ScreenKind} kind @param {boolean} masked @param {number} now */
  #advise(kind, masked, now) {
    if (this.#screen.kind === kind && this.#screen.masked === masked) return this.#screen;
    if (this.#screen.kind !== 'attract' && this.#screen.kind !== 'look' && now - this.#since < ADVICE_MS) return this.#screen;
    return this.#show({ kind, person: null, masked }, now);
  }

  /** @param {Screen} screen @param {number} now */
  #show(screen, now) {
    this.#screen = screen;
    this.#since = now;
    this.#named = false;
    return screen;
  }
}
