/** Counts presentations by what they were and what they were taken for. No page, no clock of its own: everything comes in. */

/** @import { Observation, Presence } from '../../types.js' */

export const KINDS = /** @type {const} */ (['person', 'print', 'screen']);
export const VERDICTS = /** @type {const} */ (['live', 'attack', 'unsure']);
/** @typedef {typeof KINDS[number]} Kind */
/** @typedef {Presence['verdict']} Verdict */

/** A presentation is looked at for so long, as somebody before the kiosk is. */
const LOOK_MS = 3_000;
/** One that ended sooner says something only after so long. */
const LEAST_MS = 1_000;
/** A face that is not seen for so long was taken away. */
const GONE_MS = 700;

export class Tally {
  /** @type {Record<Kind, Record<Verdict, number>>} */
  counts;
  /** The presentation under way. @type {{kind: Kind, since: number, seen: number, verdict: Verdict, counted: boolean} | null} */
  #now = null;

  constructor() {
    const none = () => ({ live: 0, attack: 0, unsure: 0 });
    this.counts = { person: none(), print: none(), screen: none() };
  }

  /**
   * Takes in what is seen in a frame while this kind is held up. The largest face counts.
   * @param {Kind} kind @param {Observation[]} observations @param {number} now
   * @returns {{state: 'waiting' | 'looking'} | {state: 'counted', verdict: Verdict}}
   */
  see(kind, observations, now) {
    const [face] = [...observations].sort((a, b) => b.box.width - a.box.width);
    if (face) {
      // Who is found anew at once may be what was there before.
      this.#now ??= { kind, since: now, seen: now, verdict: 'unsure', counted: false };
      this.#now.seen = now;
      if (!this.#now.counted) this.#now.verdict = face.presence?.verdict ?? 'unsure';
    }
    if (!this.#now) return { state: 'waiting' };
    const { since, seen, counted } = this.#now;
    if (!counted && (now - since >= LOOK_MS || (now - seen >= GONE_MS && seen - since >= LEAST_MS))) {
      this.#now.counted = true;
      this.counts[this.#now.kind][this.#now.verdict] += 1;
    }
    const { verdict } = this.#now;
    const state = this.#now.counted ? { state: /** @type {const} */ ('counted'), verdict } : { state: /** @type {const} */ ('looking') };
    if (now - seen >= GONE_MS) this.#now = null;
    return state;
  }

  /** How many of this kind were taken for what they are not, of how many. @param {Kind} kind */
  errors(kind) {
    const { live, attack, unsure } = this.counts[kind];
    return { wrong: kind === 'person' ? attack : live, all: live + attack + unsure };
  }
}
