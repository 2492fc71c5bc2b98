/**
 * The live view: the camera's picture with a frame and words for each face, a list of who is in view, and an
 * announcement for screen readers when that changes. It knows a root element with the parts below, a client and a
 * camera, and nothing of the rest of the page.
 *
 *   .stage     > video, .overlay
 *   .results   the list
 *   .announcer aria-live
 *   .status    one line: nobody in view, paused, off
 */
import { FrameLoop } from './camera.js';
import { find, make, nameElement } from './dom.js';
import { BrowError } from './errors.js';
import { text } from './messages.js';

/** @import { Camera } from './camera.js' */
/** @import { BrowClient } from './client.js' */
/** @import { Decision, Frame, Observation } from './types.js' */

/** Announcements come at most so often: a face at the edge of recognition must not chatter. */
const ANNOUNCE_EVERY_MS = 2_000;
/** A face must stay so long in a state before it is announced. */
const SETTLED_MS = 700;

/**
 * Events: `decision` CustomEvent<{observations, timings}> for every frame; `fault` CustomEvent<BrowError>.
 */
export class LiveView extends EventTarget {
  #root;
  #client;
  #nameOf;
  #overlay;
  #results;
  #announcer;
  #status;
  #loop;
  /** @type {Map<number, {box: HTMLElement, item: HTMLElement}>} */
  #faces = new Map();
  #announced = '';
  #announcedAt = -Infinity;
  #candidate = '';
  #candidateSince = 0;
  #decided = false;

  /**
   * @param {HTMLElement} root
   * @param {{client: BrowClient, camera: Camera, nameOf: (person: string) => string}} parts
   */
  constructor(root, { client, camera, nameOf }) {
    super();
    this.#root = root;
    this.#client = client;
    this.#nameOf = nameOf;
    this.#overlay = find('.overlay', HTMLElement, root);
    this.#results = find('.results', HTMLElement, root);
    this.#announcer = find('.announcer', HTMLElement, root);
    this.#status = find('.status', HTMLElement, root);
    this.#loop = new FrameLoop(camera, (frame, scale) => this.#look(frame, scale));
    document.addEventListener('visibilitychange', () => {
      if (this.#loop.running && document.hidden) this.#setStatus('live.paused');
    });
  }

  /** Begins looking at the camera's frames. */
  start() {
    this.#setStatus('live.nobody');
    this.#loop.start();
  }

  /** @param {'live.off' | 'live.enrolling' | 'live.starting' | 'live.waiting'} why */
  stop(why = 'live.off') {
    this.#loop.stop();
    this.#show([], 1, 1, 1);
    this.#setStatus(why);
  }

  /** @param {Frame} frame @param {number} scale */
  async #look(frame, scale) {
    const { width, height } = frame;
    try {
      const { observations, timings } = await this.#client.observe(frame);
      if (!this.#loop.running) return observations.length;
      this.#show(observations, width, height, scale);
      this.#markFirst(observations);
      this.dispatchEvent(new CustomEvent('decision', { detail: { observations, timings } }));
      return observations.length;
    } catch (error) {
      this.#show([], width, height, scale);
      if (error instanceof BrowError && error.code === 'worker_restarted') return 1;
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
   * @param {number} width of the frame
   * @param {number} height
   * @param {number} scale
   */
  #show(observations, width, height, scale) {
    const seen = new Set(observations.map((observation) => observation.track));
    for (const [track, face] of this.#faces) {
      if (seen.has(track)) continue;
      face.box.remove();
      face.item.remove();
      this.#faces.delete(track);
    }
    for (const observation of observations) this.#showFace(observation, width, height);
    if (observations.length) this.#setStatus(null);
    else if (this.#loop.running) this.#setStatus('live.nobody');
    this.#root.classList.toggle('has-faces', observations.length > 0);
    this.#announce(observations);
    this.#root.style.setProperty('--frame-scale', String(scale));
  }

  /** @param {Observation} observation @param {number} width @param {number} height */
  #showFace(observation, width, height) {
    let face = this.#faces.get(observation.track);
    if (!face) {
      face = { box: make('div', { class: 'face' }), item: make('li', { class: 'who' }) };
      this.#faces.set(observation.track, face);
      this.#overlay.append(face.box);
      this.#results.append(face.item);
    }
    const { box, decision } = observation;
    const percent = (/** @type {number} */ part) => `${(100 * part).toFixed(2)}%`;
    // The picture is shown like a mirror, so what is left in the frame is right on the screen.
    face.box.style.left = percent(1 - (box.x + box.width) / width);
    face.box.style.top = percent(box.y / height);
    face.box.style.width = percent(box.width / width);
    face.box.style.height = percent(box.height / height);
    face.box.classList.toggle('low', box.y + box.height > 0.86 * height);
    const key = JSON.stringify([decision, observation.mask.state, this.#whoText(decision)]);
    if (face.item.dataset.key === key) return;
    face.item.dataset.key = key;
    face.box.dataset.kind = decision.kind;
    face.item.dataset.kind = decision.kind;
    face.item.dataset.mask = observation.mask.state;
    face.box.replaceChildren(make('span', { class: 'label' }, make('span', { class: 'sign', 'aria-hidden': 'true' }), this.#who(decision)));
    face.item.replaceChildren(
      make('span', { class: 'sign', 'aria-hidden': 'true' }),
      make('span', { class: 'words' },
        make('strong', { class: 'name' }, this.#who(decision)),
        make('span', { class: 'note' }, note(decision)),
        make('span', { class: 'mask' }, text(`mask.${observation.mask.state}`))),
    );
  }

  /** @param {Decision} decision */
  #who(decision) {
    return decision.kind === 'match' ? nameElement(this.#nameOf(decision.person)) : this.#whoText(decision);
  }

  /** @param {Decision} decision */
  #whoText(decision) {
    if (decision.kind === 'match') return this.#nameOf(decision.person);
    if (decision.kind === 'undecided' && decision.reason === 'empty_gallery') return text('who.nobodyEnrolled');
    return text(`who.${decision.kind}`);
  }

  /** Tells screen readers what changed, once it has settled. @param {Observation[]} observations */
  #announce(observations) {
    const words = observations.map((observation) => text('announce.face', {
      who: observation.decision.kind === 'undecided' ? note(observation.decision) : this.#whoText(observation.decision),
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
    const words = key ? text(key) : '';
    if (this.#status.textContent !== words) this.#status.textContent = words;
    this.#status.hidden = !words;
  }
}

/** Why, in words. @param {Decision} decision */
function note(decision) {
  return decision.kind === 'undecided' ? text(`who.undecided.${decision.reason}`) : text(`who.${decision.kind}.note`);
}
