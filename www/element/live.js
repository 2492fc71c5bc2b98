/**
 * The live view: the camera's picture with a frame and words for each face, a list of who is in view, and an
 * announcement for screen readers when that changes. It knows a root element with the parts below, a camera and who
 * looks at frames, and nothing of the rest of the element around it.
 *
 *   .stage     > video, .overlay
 *   .results   the list
 *   .announcer aria-live
 *   .status    one line: nobody in view, paused, off
 */
import { FrameLoop } from '../camera/camera.js';
import { Upright } from '../camera/upright.js';
import { find, make, nameElement, withName } from '../ui/dom.js';
import { matchMeter } from '../ui/meter.js';
import { askWords, presenceWords } from '../ui/turn.js';
import { BrowError } from '../words/errors.js';
import { text } from '../words/messages.js';
import { Motion } from './motion.js';

/** @import { Camera } from '../camera/camera.js' */
/** @import { CameraFrame, Decision, FrameKind, Look, LookWishes, Observation } from '../types.js' */

/** Announcements come at most so often: a face at the edge of recognition must not chatter. */
const ANNOUNCE_EVERY_MS = 2_000;
/** A face must stay so long in a state before it is announced. */
const SETTLED_MS = 700;

/**
 * Events: `look` CustomEvent<LiveLook> for every frame; `fault` CustomEvent<BrowError>; `upside-down`: the picture stands on its head.
 */
export class LiveView extends EventTarget {
  #observe;
  #upright = new Upright();
  #nameOf;
  #overlay;
  #video;
  #results;
  #announcer;
  #status;
  /** @type {string | null} */
  #statusKey = null;
  #loop;
  /** @type {Map<number, {box: HTMLElement, item: HTMLElement, motion: Motion, placed: string}>} */
  #faces = new Map();
  /** The size of the frames. */
  #size = { width: 1, height: 1 };
  /** Of the request to carry the boxes on; 0 for none. */
  #carrying = 0;
  #announced = '';
  #announcedAt = -Infinity;
  #candidate = '';
  #candidateSince = 0;
  #decided = false;
  /** @type {Observation[]} */
  #observations = [];
  /** Whether the picture is shown like a mirror. */
  mirrored = true;
  /** Whether decisions mean anything: if not, faces are shown without a word on who they are. */
  recognising = true;
  /** Whether those who are enrolled are locked, and nobody can be recognised for that reason. */
  locked = false;

  /**
   * @param {HTMLElement} root
   * @param {{observe: (frame: CameraFrame, wishes: LookWishes) => Promise<Look>, reads: () => FrameKind, camera: Camera, nameOf: (person: string) => string}} parts
   *   `reads`: what kind of frames `observe` takes
   */
  constructor(root, { observe, reads, camera, nameOf }) {
    super();
    this.#observe = observe;
    this.#nameOf = nameOf;
    this.#overlay = find('.overlay', HTMLElement, root);
    this.#results = find('.results', HTMLElement, root);
    this.#announcer = find('.announcer', HTMLElement, root);
    this.#status = find('.status', HTMLElement, root);
    this.#video = camera.video;
    this.#loop = new FrameLoop(camera, (frame) => this.#look(frame), reads);
  }

  /** Who is in view, as of the last frame. @returns {readonly Observation[]} */
  get observations() {
    return this.#observations;
  }

  /** Begins looking at the camera's frames. */
  start() {
    if (this.#loop.running) return;
    this.#upright.reset();
    this.#setStatus('live.nobody');
    document.addEventListener('visibilitychange', this.#hidden);
    this.#loop.start();
  }

  /** @param {'live.off' | 'live.enrolling' | 'live.starting' | 'live.waiting'} why */
  stop(why = 'live.off') {
    this.#loop.stop();
    document.removeEventListener('visibilitychange', this.#hidden);
    this.#show([], this.#size, 0);
    this.#carryNoMore();
    this.#setStatus(why);
  }

  /** The picture is turned otherwise from now on: which way is up is found out anew. */
  turned() {
    this.#upright.reset();
  }

  /** Says everything anew: the words have changed. */
  refresh() {
    for (const { item } of this.#faces.values()) delete item.dataset.key;
    this.#setStatus(this.#statusKey);
  }

  #hidden = () => {
    if (document.hidden) this.#setStatus('live.paused');
  };

  /** @param {CameraFrame} frame */
  async #look(frame) {
    const { width, height, timeMs } = frame;
    try {
      const look = await this.#observe(frame, { turned: this.#upright.due });
      const { observations } = look;
      if (!this.#loop.running) return observations.length;
      this.#show(observations, { width, height }, timeMs);
      this.#markFirst(observations);
      this.dispatchEvent(new CustomEvent('look', { detail: { ...look, size: { width, height } } }));
      if (this.#upright.judge(look)) this.dispatchEvent(new Event('upside-down'));
      return observations.length;
    } catch (error) {
      this.#show([], { width, height }, timeMs);
      if (!this.#loop.running || (error instanceof BrowError && error.code === 'worker_restarted')) return 1;
      this.#loop.stop();
      this.dispatchEvent(new CustomEvent('fault', { detail: error }));
      return 0;
    }
  }

  /** Leaves a mark for measurements when the first face was decided on. @param {Observation[]} observations */
  #markFirst(observations) {
    const isDecided = (/** @type {Observation} */ { decision }) => decision.kind !== 'undecided' || decision.reason === 'empty_gallery';
    if (this.#decided || !observations.some(isDecided)) return;
    this.#decided = true;
    performance.mark('brow:first-decision');
  }

  /**
   * @param {Observation[]} observations
   * @param {{width: number, height: number}} size of the frame
   * @param {number} timeMs when it was taken
   */
  #show(observations, size, timeMs) {
    this.#observations = observations;
    this.#size = size;
    const seen = new Set(observations.map((observation) => observation.track));
    for (const [track, face] of this.#faces) {
      if (seen.has(track)) continue;
      face.box.remove();
      face.item.remove();
      this.#faces.delete(track);
    }
    for (const observation of observations) this.#showFace(observation, timeMs);
    if (this.#faces.size) this.#carrying ||= this.#carryOn();
    // This look may have been under way when the page was hidden.
    if (document.hidden && this.#loop.running) this.#setStatus('live.paused');
    else if (observations.length) this.#setStatus(null);
    else if (this.#loop.running) this.#setStatus('live.nobody');
    this.#announce(observations);
  }

  /** Between two looks the boxes go on as the faces moved. */
  #carry = () => {
    this.#carrying = 0;
    if (this.#faces.size === 0) return;
    const now = performance.now();
    for (const face of this.#faces.values()) this.#place(face, now);
    this.#carrying = this.#carryOn();
  };

  /** With the camera's next picture: a box that moves between two of them moves away from its face, and costs a drawing of the page. */
  #carryOn() {
    return this.#tellsPictures ? this.#video.requestVideoFrameCallback(this.#carry) : requestAnimationFrame(this.#carry);
  }

  /** Asks for no more of it: a video that was taken into another document answers nobody who asked before. */
  #carryNoMore() {
    if (this.#tellsPictures) this.#video.cancelVideoFrameCallback(this.#carrying);
    else cancelAnimationFrame(this.#carrying);
    this.#carrying = 0;
  }

  get #tellsPictures() {
    return typeof this.#video.requestVideoFrameCallback === 'function';
  }

  /** Shows a face's box where it is by now. @param {{box: HTMLElement, motion: Motion, placed: string}} face @param {number} timeMs */
  #place(face, timeMs) {
    const box = face.motion.at(timeMs);
    if (!box) return;
    const { width, height } = this.#size;
    // Where the picture is shown like a mirror, what is left in the frame is right on the screen.
    const left = this.mirrored ? 1 - (box.x + box.width) / width : box.x / width;
    const placed = [left, box.y / height, box.width / width, box.height / height].map((part) => `${(100 * part).toFixed(2)}%`);
    if (face.placed === String(placed)) return;
    face.placed = String(placed);
    const { style, classList } = face.box;
    [style.left, style.top, style.width, style.height] = placed;
    classList.toggle('low', box.y + box.height > 0.86 * height);
    placeLabel(face.box, { left, width: box.width / width, bottom: (box.y + box.height) / height, height: box.height / height });
  }

  /** @param {Observation} observation @param {number} timeMs when it was seen */
  #showFace(observation, timeMs) {
    let face = this.#faces.get(observation.track);
    if (!face) {
      face = { box: make('div', { class: 'face', part: 'face' }), item: make('li', { class: 'who', part: 'who' }), motion: new Motion(), placed: '' };
      this.#faces.set(observation.track, face);
      this.#overlay.append(face.box);
      this.#results.append(face.item);
    }
    const { decision, presence } = observation;
    face.motion.see(observation.box, timeMs);
    this.#place(face, performance.now());
    const key = JSON.stringify([decision, observation.mask.state, this.#whoText(decision), this.recognising, this.locked, presence?.verdict, presence?.reason, presence?.ask]);
    if (face.item.dataset.key === key) return;
    face.item.dataset.key = key;
    face.box.dataset.kind = decision.kind;
    face.box.part.value = `face face-${decision.kind}`;
    face.item.part.value = `who who-${decision.kind}`;
    face.item.dataset.kind = decision.kind;
    face.item.dataset.mask = observation.mask.state;
    face.box.replaceChildren(make('span', { class: 'label', part: 'label' }, make('span', { class: 'sign', 'aria-hidden': 'true' }), this.#who(decision)));
    const meter = this.recognising ? matchMeter(decision) : null;
    face.item.replaceChildren(
      make('span', { class: 'sign', 'aria-hidden': 'true' }),
      make('span', { class: 'words' },
        make('strong', { class: 'name', part: 'name' }, this.#who(decision)),
        make('span', { class: 'note', part: 'note' }, ...(this.recognising ? this.#note(observation) : [])),
        make('span', { class: 'presence', part: 'presence' }, presence?.verdict === 'attack' && decision.kind !== 'undecided' ? text('presence.why.print_or_screen') : ''),
        make('span', { class: 'mask', part: 'mask' }, text(`mask.${observation.mask.state}`)),
        ...(meter ? [meter] : [])),
    );
  }

  /** @param {Decision} decision */
  #who(decision) {
    return decision.kind === 'match' ? nameElement(this.#nameOf(decision.person)) : this.#whoText(decision);
  }

  /** @param {Decision} decision */
  #whoText(decision) {
    if (decision.kind === 'match') return this.#nameOf(decision.person);
    if (!this.recognising || (decision.kind === 'undecided' && decision.reason === 'empty_gallery')) return text('who.nobodyEnrolled');
    return text(`who.${decision.kind}`);
  }

  /** Why, in words; for a stranger, who fell just short. @param {Observation} observation @returns {(Node | string)[]} */
  #note({ decision, presence }) {
    if (decision.kind === 'unknown' && decision.closest) return withName(text('who.unknown.closest', { name: '{name}' }), this.#nameOf(decision.closest));
    if (decision.kind === 'undecided') return [this.#reason({ decision, presence })];
    return [text(`who.${decision.kind}.note`)];
  }

  /** Why nothing can be said. @param {{decision: Extract<Decision, {kind: 'undecided'}>, presence: Observation['presence']}} observation */
  #reason({ decision, presence }) {
    if (decision.reason === 'presence_unproven' && presence) return presenceWords(presence) || text('who.undecided.presence_unproven');
    return text(this.locked && decision.reason === 'empty_gallery' ? 'who.undecided.locked' : `who.undecided.${decision.reason}`);
  }

  /** Tells screen readers what changed, once it has settled; what is asked of a face at once, for the answer has its time. @param {Observation[]} observations */
  #announce(observations) {
    const asked = askWords(observations.find(({ presence }) => presence?.ask)?.presence?.ask);
    if (asked) {
      if (asked !== this.#announced) this.#announcer.textContent = asked;
      this.#announced = asked;
      return;
    }
    const words = observations.map((observation) => text('announce.face', {
      who: observation.decision.kind === 'undecided' && this.recognising ? this.#reason({ decision: observation.decision, presence: observation.presence }) : this.#whoText(observation.decision),
      mask: text(`mask.${observation.mask.state}`),
    })).sort().join(' ') || (this.#loop.running ? text('live.nobody') : '');
    const now = performance.now();
    if (words !== this.#candidate) {
      this.#candidate = words;
      this.#candidateSince = now;
    }
    const settled = now - this.#candidateSince >= SETTLED_MS && now - this.#announcedAt >= ANNOUNCE_EVERY_MS;
    if (!settled || words === this.#announced) return;
    this.#announced = words;
    this.#announcedAt = now;
    this.#announcer.textContent = words;
  }

  /** @param {string | null} key */
  #setStatus(key) {
    this.#statusKey = key;
    const words = key ? text(key) : '';
    if (this.#status.textContent !== words) this.#status.textContent = words;
    this.#status.hidden = !words;
  }
}

/**
 * Keeps the label of a face within the picture: it hangs by the point of its width that the face's middle has in the picture's.
 * @param {HTMLElement} box
 * @param {{left: number, width: number, bottom: number, height: number}} face in parts of the picture, as it is shown
 */
function placeLabel({ style }, { left, width, bottom, height }) {
  const across = Math.min(1, Math.max(0, left + width / 2));
  style.setProperty('--across', across.toFixed(3));
  style.setProperty('--within', `${((100 * (across - left)) / width).toFixed(2)}%`);
  style.setProperty('--below', `${((100 * Math.max(0, bottom - 1)) / height).toFixed(2)}%`);
}
