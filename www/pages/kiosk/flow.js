/**
 * What the kiosk shows next, from what the engine saw and the time. It knows faces by their track and people by their id,
 * never a name. No page, no clock of its own: everything comes in.
 *
 * A verdict belongs to its track. Whoever was judged and stays (a waiting friend, a poster) is known as judged until they
 * are gone, and is in nobody's way: of all others who are near, the nearest is served, known guests first.
 */

/** @import { Ask, Observation, PresenceReason, UndecidedReason } from '../../types.js' */

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
/** A verdict stays at least so long where its person still stands there and somebody else waits. */
const READ_MS = 1_000;
/** A face that was lost and found where it was, by so much of both boxes, is the same one. */
const SAME_PLACE = 0.5;
/** Somebody who stands there judged for so long is a poster, or waits for others: upkeep disturbs nobody. */
const LINGERS_MS = 60_000;

/**
 * @typedef {'attract' | 'look' | 'closer' | 'still' | 'light' | 'glare' | 'straight' | 'glasses' | 'centre' | 'single' | 'back' | 'turn' | 'retry' | 'greet' | 'stranger' | 'unsure' | 'refused'} ScreenKind
 * @typedef {object} Screen
 * @property {ScreenKind} kind
 * @property {string | null} person whom to greet
 * @property {boolean} masked the face wears a mask
 * @property {string} [turn] side and amount of the turn that is asked for, as in the words for it
 * @property {PresenceReason} [why] the turn has to be made once more
 *
 * @typedef {object} Judged a track that had its verdict
 * @property {string | null} person who it was; null: nobody who is known
 * @property {Observation['box']} box where it was seen last
 * @property {number} seenAt when that was
 * @property {number} since when it was judged
 *
 * @typedef {object} Waiting a track that is near and not judged
 * @property {string} settling what its decision says: a person, `?` for nobody who is known, `!` for nobody who is there, or nothing
 * @property {number} settlingSince
 * @property {number} cameAt
 */

/** @type {Record<UndecidedReason, ScreenKind>} */
const ADVICE = {
  too_small: 'closer', too_blurred: 'still', too_dark: 'light', too_bright: 'glare', turned_away: 'straight', cut_off: 'centre',
  eyes_hidden: 'glasses', points_unsure: 'look', too_few_frames: 'look', too_close_to_call: 'look', empty_gallery: 'look',
  presentation_attack: 'look', presence_unproven: 'look',
};
/** Screens that end a visit. */
const VERDICTS = new Set(['greet', 'stranger', 'unsure', 'refused']);
/** Screens that can't wait until another one was read: the answer has its time. */
const URGENT = new Set(['turn', 'straight']);
/** While a turn is made, or somebody's presence is refused, nobody waits for a decision: whatever else lasts too long does. @type {Set<PresenceReason | null>} */
const WAITING = new Set([null, 'looking', 'step_back']);

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
  /** Whom the screen is about. @type {number | null} */
  #track = null;
  #goneSince = 0;
  #framedAt = 0;
  /** @type {Ask | null} */
  #ask = null;
  /** @type {Map<number, Judged>} */
  #judged = new Map();
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();

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
    return this.#screen.kind === 'attract' && [...this.#judged.values()].every(({ seenAt, since }) => seenAt - since > LINGERS_MS);
  }

  /** The turn that is asked for now, for the guide. @returns {Ask | null} */
  get ask() {
    return this.#ask;
  }

  /** Whether nothing is known of anybody any more. */
  get forgotten() {
    return this.#screen.kind === 'attract' && this.#judged.size === 0;
  }

  /**
   * @param {Observation[]} observations
   * @param {number} height of the frame
   * @param {number} now milliseconds, on any clock that only goes forward
   * @returns {Screen}
   */
  see(observations, height, now) {
    this.#framedAt = now;
    this.#ask = null;
    const share = (/** @type {Observation} */ { box }) => box.height / height;
    const inView = [...observations].sort((a, b) => b.box.height - a.box.height);
    const present = new Set(inView.map(({ track }) => track));
    for (const face of inView) {
      this.#recall(face, present);
      const known = this.#judged.get(face.track);
      if (known && share(face) >= STAY * this.distance) Object.assign(known, { box: face.box, seenAt: now });
    }
    for (const [track, { seenAt }] of this.#judged) if (now - seenAt >= AWAY_MS) this.#judged.delete(track);
    const near = inView.filter((face) => !this.#judged.has(face.track) && !this.#isBack(face, present)
      && share(face) >= this.distance * (face.track === this.#track ? STAY : 1));
    this.#settle(near, now);
    this.#serve(near, Boolean(near[1] && share(near[1]) > RIVAL * share(near[0])), now);
    return this.#screen;
  }

  /** The name came, a moment after the greeting was decided on: the guest's time to read it begins. @param {number} now */
  named(now) {
    this.#named = true;
    this.#since = now;
  }

  /** Time passes without a frame. @param {number} now @returns {Screen} */
  tick(now) {
    const complete = this.#screen.kind === 'greet' ? this.#named : VERDICTS.has(this.#screen.kind);
    if (complete && now - this.#since >= this.timeoutMs) this.#rest();
    if (now - this.#framedAt > BLIND_MS) this.again();
    return this.#screen;
  }

  /** Whoever stands there wants another try, after a verdict or a timeout. */
  again() {
    this.#judged.clear();
    this.#waiting.clear();
    this.#rest();
  }

  /** Nobody is on the screen. */
  #rest() {
    this.#screen = ATTRACT;
    this.#track = null;
    this.#goneSince = 0;
  }

  /**
   * Knows a judged face again that was lost for a moment and has a new track, and takes the verdict back from a face that was
   * nobody's and now is a guest's: nearer, or without the mask.
   * @param {Observation} face
   * @param {Set<number>} present tracks in view
   */
  #recall({ track, decision, box }, present) {
    const person = decision.kind === 'match' ? decision.person : null;
    const known = this.#judged.get(track);
    if (known) {
      if (known.person === null && person !== null) this.#judged.delete(track);
      return;
    }
    for (const [lost, judged] of this.#judged) {
      if (present.has(lost)) continue;
      if (person === null ? judged.person !== null || overlap(judged.box, box) < SAME_PLACE : judged.person !== person) continue;
      this.#judged.delete(lost);
      this.#judged.set(track, judged);
      if (this.#track === lost) this.#track = track;
      return;
    }
  }

  /**
   * Whether this may be a judged face that was lost a moment ago and has a new track: until that is known it is no newcomer.
   * @param {Observation} face
   * @param {Set<number>} present
   */
  #isBack({ decision, box }, present) {
    return decision.kind === 'undecided' && decision.reason !== 'empty_gallery'
      && [...this.#judged].some(([track, judged]) => !present.has(track) && overlap(judged.box, box) >= SAME_PLACE);
  }

  /** Since when each face's decision is what it is. @param {Observation[]} near @param {number} now */
  #settle(near, now) {
    const here = new Set(near.map(({ track }) => track));
    for (const track of this.#waiting.keys()) if (!here.has(track)) this.#waiting.delete(track);
    for (const { track, decision, presence } of near) {
      const isUnknown = decision.kind === 'unknown' || (decision.kind === 'undecided' && decision.reason === 'empty_gallery');
      const isAbsent = decision.kind === 'undecided' && (decision.reason === 'presentation_attack' || presence?.reason === 'desk');
      const settling = decision.kind === 'match' ? decision.person : isUnknown ? '?' : isAbsent ? '!' : '';
      const waiting = this.#waiting.get(track);
      if (!waiting) this.#waiting.set(track, { settling, settlingSince: now, cameAt: now });
      else if (waiting.settling !== settling) Object.assign(waiting, { settling, settlingSince: now });
    }
  }

  /**
   * @param {Observation[]} near who is near and not judged, nearest first
   * @param {boolean} crowded whether it is unclear who is meant
   * @param {number} now
   */
  #serve(near, crowded, now) {
    const isVerdict = VERDICTS.has(this.#screen.kind);
    const shown = this.#track === null ? undefined : this.#judged.get(this.#track);
    const reading = isVerdict && shown?.seenAt === now && now - this.#since < READ_MS;
    const held = (/** @type {Observation} */ { track }) => now - (this.#waiting.get(track)?.settlingSince ?? now);
    const guest = near.find((face) => face.decision.kind === 'match' && held(face) >= MATCH_MS);
    if (guest && !(reading && this.#screen.kind === 'greet')) return this.#judge('greet', guest, now);
    if (reading) return;
    const [face] = near;
    if (!face) return this.#nobody(isVerdict, now);
    this.#goneSince = 0;
    const { settling, cameAt } = /** @type {Waiting} */ (this.#waiting.get(face.track));
    if (settling === '?' && held(face) >= UNKNOWN_MS) return this.#judge('stranger', face, now);
    if (settling === '!' && held(face) >= UNKNOWN_MS) return this.#judge('refused', face, now);
    if (now - cameAt >= HELPLESS_MS && WAITING.has(face.presence?.reason ?? null)) return this.#judge('unsure', face, now);
    // A verdict makes place at once where its person is gone.
    this.#track = face.track;
    const masked = face.mask.state === 'masked';
    if (this.#askFor(face, masked, now)) return;
    if (crowded) this.#advise('single', masked, now);
    else this.#advise(face.decision.kind === 'undecided' ? ADVICE[face.decision.reason] : 'look', masked, now);
  }

  /** What shows that somebody is there. @param {Observation} face @param {boolean} masked @param {number} now @returns {boolean} whether something is asked */
  #askFor({ decision, presence }, masked, now) {
    if (presence?.ask) {
      this.#ask = presence.ask;
      const { ask } = presence;
      if (ask.kind === 'turn') this.#advise('turn', masked, now, { turn: `${ask.side}.${ask.amount}` });
      else this.#advise('straight', masked, now);
      return true;
    }
    if (decision.kind !== 'undecided' || decision.reason !== 'presence_unproven' || !presence?.reason) return false;
    if (presence.reason === 'step_back') this.#advise('back', masked, now);
    else if (presence.turn === 'refused' && presence.reason !== 'desk') this.#advise('retry', masked, now, { why: presence.reason });
    else return false;
    return true;
  }

  /** Nobody waits. An instruction is over when nobody is there to follow it, a verdict when its person is gone. @param {boolean} isVerdict @param {number} now */
  #nobody(isVerdict, now) {
    if (isVerdict && this.#track !== null && this.#judged.get(this.#track)?.seenAt === now) this.#goneSince = 0;
    else this.#goneSince ||= now;
    if (this.#goneSince && now - this.#goneSince >= AWAY_MS) this.#rest();
  }

  /** @param {'greet' | 'stranger' | 'unsure' | 'refused'} kind @param {Observation} face @param {number} now */
  #judge(kind, { track, box, decision, mask }, now) {
    const person = kind === 'greet' && decision.kind === 'match' ? decision.person : null;
    this.#waiting.delete(track);
    this.#judged.set(track, { person, box, seenAt: now, since: now });
    this.#track = track;
    this.#goneSince = 0;
    this.#show({ kind, person, masked: mask.state === 'masked' }, now);
  }

  /** One instruction at a time, each long enough to be read. @param {ScreenKind} kind @param {boolean} masked @param {number} now @param {Pick<Screen, 'turn' | 'why'>} [more] */
  #advise(kind, masked, now, more = {}) {
    const { kind: shown, masked: wasMasked, turn, why } = this.#screen;
    if (shown === kind && wasMasked === masked && turn === more.turn && why === more.why) return;
    const urgent = URGENT.has(kind) && this.#ask !== null;
    if (!urgent && shown !== 'attract' && shown !== 'look' && !VERDICTS.has(shown) && now - this.#since < ADVICE_MS) return;
    this.#show({ kind, person: null, masked, ...more }, now);
  }

  /** @param {Screen} screen @param {number} now */
  #show(screen, now) {
    this.#screen = screen;
    this.#since = now;
    this.#named = false;
  }
}

/** The part of two boxes' union that both share. @param {Observation['box']} a @param {Observation['box']} b */
function overlap(a, b) {
  const side = (/** @type {number} */ from, /** @type {number} */ to) => Math.max(0, to - from);
  const both = side(Math.max(a.x, b.x), Math.min(a.x + a.width, b.x + b.width)) * side(Math.max(a.y, b.y), Math.min(a.y + a.height, b.y + b.height));
  return both / (a.width * a.height + b.width * b.height - both);
}
