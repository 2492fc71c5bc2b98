/**
 * Of what the engine says in every frame, the changes that have settled: what programs are told. A face at the edge of
 * recognition must not make an event a frame.
 */

/** @import { Decision, Observation } from '../types.js' */

/** A name, or that there is none, must hold so long, in two frames at least, before it is told. */
const SETTLED_MS = 300;
/** "Not sure yet" must hold so long: on the way to a decision it is no news. */
const UNDECIDED_SETTLED_MS = 1_000;
/** A face that was not seen for so long is gone; a shorter gap is a missed detection. */
const GONE_MS = 1_000;

/** @typedef {{type: 'match' | 'unknown' | 'undecided' | 'mask' | 'presence', observation: Observation} | {type: 'gone', track: number}} Change */

/** Something that is told once it has held for some time. */
class Settling {
  told = '';
  #candidate = '';
  #since = 0;
  #frames = 0;

  /**
   * @param {string} key
   * @param {number} now
   * @param {number} settledMs
   * @returns {boolean} whether it has settled and differs from what was told last
   */
  take(key, now, settledMs) {
    if (key !== this.#candidate) {
      this.#candidate = key;
      this.#since = now;
      this.#frames = 0;
    }
    this.#frames += 1;
    if (key === this.told || this.#frames < 2 || now - this.#since < settledMs) return false;
    this.told = key;
    return true;
  }
}

/** @param {Decision} decision */
function keyOf(decision) {
  if (decision.kind === 'match') return `match ${decision.person}`;
  return decision.kind === 'undecided' ? `undecided ${decision.reason}` : 'unknown';
}

export class Changes {
  /** @type {Map<number, {decision: Settling, mask: Settling, presence: Settling, seen: number}>} */
  #tracks = new Map();

  /** Forgets every face, without telling that they are gone. */
  reset() {
    this.#tracks.clear();
  }

  /**
   * @param {Observation[]} observations of one frame
   * @param {number} now milliseconds
   * @param {boolean} [recognising] whether decisions mean anything
   * @returns {Change[]}
   */
  take(observations, now, recognising = true) {
    /** @type {Change[]} */
    const changes = [];
    for (const observation of observations) {
      const { track, decision, mask, presence } = observation;
      const known = this.#tracks.get(track) ?? { decision: new Settling(), mask: new Settling(), presence: new Settling(), seen: now };
      this.#tracks.set(track, known);
      known.seen = now;
      if (known.mask.take(mask.state, now, SETTLED_MS)) changes.push({ type: 'mask', observation });
      if (presence && known.presence.take(`${presence.verdict} ${presence.turn} ${presence.reason}`, now, SETTLED_MS)) changes.push({ type: 'presence', observation });
      const settled = decision.kind === 'undecided' ? UNDECIDED_SETTLED_MS : SETTLED_MS;
      if (recognising && known.decision.take(keyOf(decision), now, settled)) changes.push({ type: decision.kind, observation });
    }
    for (const [track, { seen }] of this.#tracks) {
      if (now - seen < GONE_MS) continue;
      this.#tracks.delete(track);
      changes.push({ type: 'gone', track });
    }
    return changes;
  }
}
