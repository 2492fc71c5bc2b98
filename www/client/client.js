/**
 * The page's side of the worker. Nothing else posts to it. One BrowClient owns one worker, notices when it dies or
 * stops answering, starts another in its place and says so; the gallery lies in the worker's store and is there again.
 */
import { engineFiles, workerAddress, workerScript } from './download.js';
import { BrowError } from '../words/errors.js';
import { fault, faultOf } from '../words/messages.js';
import { sealPage } from './seal.js';
import { startWorker } from './trusted.js';
import { applied, withPeople } from '../worker/told.js';

export { BrowError };

/** @import { CameraFrame, Choices, Deciding, EnrolStep, Enrolment, Fault, Frame, FrameKind, Look, LookWishes, MaskState, NetworkAbout, Observation, PersonSummary, PresencePolicy, SaveRequest, Saved, Settings, Started, State, WorkerEvent } from '../types.js' */
/** @import { Held } from '../vault/port.js' */
/** @import { Operations } from '../worker/site-worker.js' */
/** @import { Difference } from '../worker/told.js' */
/** @import { Answered } from '../worker/worker.js' */

/** How long an answer to a frame may take before the worker counts as dead: far above the slowest phone's frame. */
const FRAME_BOUND_MS = 5_000;
/** The same for work on the store and on photographs. */
const WORK_BOUND_MS = 20_000;
/** The same for the start of the engine and the opening of the store. */
const START_BOUND_MS = 30_000;
/** The same for backups and keys of many people, which tell of their progress, and for one long step of them. */
const VAULT_BOUND_MS = 120_000;
/** A timer this late means that the machine slept or the page was frozen, so that silence proves nothing. */
const SLEPT_MS = 1_500;
/** So many deaths in a row without an answer in between, and it is not started again. */
const BARREN_DEATHS = 3;

/** @typedef {keyof Operations} Op what the worker may be asked for */
/** @template {Op} K @typedef {Parameters<Operations[K]> extends [infer Fields] ? Fields : {}} Asked what is said with it */
/** @template {Op} K @typedef {Awaited<ReturnType<Operations[K]>>} Answer */
/**
 * @typedef {object} Pending
 * @property {(value: any) => void} resolve
 * @property {(error: BrowError) => void} reject
 * @property {Op} op
 * @property {number} bound milliseconds of silence that are allowed
 * @property {ReturnType<typeof setTimeout>} timer
 */

/**
 * Events:
 * - `progress` CustomEvent<Progress>: bytes fetched;
 * - `state` CustomEvent<State>: whenever a state arrives, as part of an answer or by itself: another tab changed the
 *   gallery, or somebody's date of erasure came;
 * - `remade` CustomEvent<Remade>: templates are made anew from kept pictures, in the background;
 * - `storage` CustomEvent<Fault>: the store can't be used any more;
 * - `restarted` CustomEvent<{cause: Fault, state: State}>: the worker died, and another one is ready;
 * - `fault` CustomEvent<Fault>: it could not be started again.
 */
export class BrowClient extends EventTarget {
  /** @type {Worker | null} */
  #worker = null;
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  #nextId = 1;
  /** @type {Promise<Started> | null} */
  #ready = null;
  /** Whether this worker ever said anything: if not, its script could not be fetched. */
  #heard = false;
  /** Deaths since the last answer to anything but `start`. */
  #barrenDeaths = 0;
  #closed = false;
  /** Grows with every load and every close, so that a load that was overtaken starts no worker. */
  #turn = 0;
  /** Whether the page's policy refused the worker. */
  #refused = false;
  /** Pending while the page is left. */
  #shown = Promise.resolve();
  /** @type {Held | null} */
  #held = null;
  /** @type {FrameKind} */
  #reads = 'pixels';
  /** Whom the worker told of last. @type {PersonSummary[]} */
  #people = [];
  #store;
  #pack;
  #seal;
  #inherit;
  #unattended;
  /** @type {Deciding} */
  #deciding;

  /**
   * @param {{store?: string | null, seal?: boolean, inherit?: boolean, unattended?: boolean, presence?: PresencePolicy, pack?: string}} [options] `store` names the gallery; two names are two
   *   galleries; null keeps nothing, and forgets everybody with the worker. `seal`: once everything is loaded, the page can't fetch anything any more but scripts of its own origin, see
   *   sealPage; for pages that have nothing else to fetch. `inherit`: the worker starts from what was fetched and held to its hash, and
   *   has the page's policy, see startWorker. `unattended`: the
   *   page goes on without the PIN where the vault is kept open on this device. `presence`: what is
   *   asked of whoever is before the camera, until `decideBy` asks otherwise; where it can't be kept, states say so (`presence`). `pack`: the address of a folder
   *   of this origin with other networks (docs/PACKS.md); empty: the release's own.
   */
  constructor({ store = 'brow', seal = false, inherit = true, unattended = false, presence = 'off', pack = '' } = {}) {
    super();
    this.#store = store;
    this.#pack = pack;
    this.#seal = seal;
    this.#inherit = inherit;
    this.#unattended = unattended;
    this.#deciding = { person: null, targetFmr: null, presence };
  }

  /**
   * Loads the engine, its networks and the gallery. Called again after a failure, it tries again.
   * @returns {Promise<Started>}
   */
  start() {
    if (!this.#ready) {
      const ready = this.#load();
      this.#ready = ready;
      ready.catch(() => {
        if (this.#ready === ready) this.#stopWorker();
      });
    }
    return this.#ready;
  }

  /** @returns {Promise<Started>} */
  async #load() {
    this.#closed = false;
    const turn = ++this.#turn;
    addEventListener('pagehide', this.#onHide);
    const [files, script] = await Promise.all([
      engineFiles((progress) => this.dispatchEvent(new CustomEvent('progress', { detail: progress })), this.#pack),
      this.#inherit ? workerScript() : workerAddress(),
    ]);
    // The worker is started after the seal, for it takes its policy from the page at that moment.
    if (this.#seal) await sealPage();
    await this.#shown;
    if (turn !== this.#turn) throw new BrowError(fault('closed'));
    this.#launch(script);
    const started = await this.#post('start', { store: this.#store, unattended: this.#unattended, files, deciding: this.#deciding, held: this.#held }, [], START_BOUND_MS);
    // Firefox 153 hands a VideoFrame over and its worker does not answer: what is not Chromium's goes as pixels.
    this.#reads = 'userAgentData' in navigator ? started.frames : 'pixels';
    return started;
  }

  /** What kind of the camera's frames the worker reads. */
  get reads() {
    return this.#reads;
  }

  /** Ends the worker. Whatever still waits is refused. */
  close() {
    this.#closed = true;
    this.#turn++;
    removeEventListener('pagehide', this.#onHide);
    this.#stopWorker();
    this.#refuseAll(fault('closed'));
  }

  /**
   * Looks at one frame of a live picture.
   * @param {CameraFrame} frame
   * @param {LookWishes} [wishes]
   * @returns {Promise<Look>}
   */
  observe(frame, wishes = {}) {
    return this.#hand(frame, (transfer) => this.#call('observe', { ...wishes, frame }, transfer, FRAME_BOUND_MS));
  }

  /**
   * Hands a frame of the camera over. A picture that never left is let go of: the camera has only so many.
   * @template T
   * @param {CameraFrame} frame
   * @param {(transfer: Transferable[]) => Promise<T>} send
   * @returns {Promise<T>}
   */
  async #hand(frame, send) {
    try {
      return await send(['picture' in frame ? frame.picture : frame.buffer]);
    } finally {
      if ('picture' in frame) frame.picture.close();
    }
  }

  /** Forgets which faces were in view: to be called when the camera changes. @returns {Promise<void>} */
  resetTracks() {
    return this.#call('resetTracks', {});
  }

  /** @returns {Promise<void>} */
  beginEnrolment() {
    return this.#call('beginEnrolment', {});
  }

  /**
   * Looks at one frame for an enrolment.
   * @param {CameraFrame} frame
   * @param {MaskState} wanted what the person chose; frames of another mask state don't count
   * @returns {Promise<EnrolStep>}
   */
  enrolFrame(frame, wanted) {
    return this.#hand(frame, (transfer) => this.#call('enrolFrame', { frame, wanted }, transfer, FRAME_BOUND_MS));
  }

  /** Ends the capture by camera. @returns {Promise<Enrolment>} */
  finishEnrolment() {
    return this.#call('finishEnrolment', {});
  }

  /**
   * Takes the one face of a photograph, or of several the one at a point that somebody chose.
   * @param {Frame} frame @param {{x: number, y: number}} [chosen] @returns {Promise<Enrolment>}
   */
  enrolPhoto(frame, chosen) {
    return this.#call('enrolPhoto', chosen ? { frame, chosen } : { frame }, [frame.buffer]);
  }

  /**
   * Keeps what was captured last.
   * @param {SaveRequest} request
   * @returns {Promise<Saved>}
   */
  save(request) {
    return this.#call('save', { request });
  }

  /** Drops what was captured and not saved. @returns {Promise<void>} */
  discard() {
    return this.#call('discard', {});
  }

  /** Finds faces in a still, without tracking. @param {Frame} frame @returns {Promise<Observation[]>} */
  identifyPhoto(frame) {
    return this.#call('identifyPhoto', { frame }, [frame.buffer]);
  }

  /** Compares a still with one person only. @param {string} person @param {Frame} frame @returns {Promise<Observation[]>} */
  verify(person, frame) {
    return this.#call('verify', { person, frame }, [frame.buffer]);
  }

  /** @returns {Promise<State>} */
  state() {
    return this.#call('state', {});
  }

  /** What each target would cost with the people who are enrolled. @returns {Promise<Choices>} */
  choices() {
    return this.#call('choices', {});
  }

  /** @param {string} person @param {string} name @returns {Promise<State>} */
  rename(person, name) {
    return this.#call('rename', { person, name });
  }

  /** Erases one person. @param {string} person @returns {Promise<State>} */
  remove(person) {
    return this.#call('remove', { person });
  }

  /** Erases everybody. @returns {Promise<State>} */
  clear() {
    return this.#call('clear', {});
  }

  /** Bytes that the engine holds in its worker. They grow and never shrink. @returns {Promise<number>} */
  memory() {
    return this.#call('memory', {});
  }

  /** @returns {Promise<NetworkAbout[]>} */
  networks() {
    return this.#call('networks', {});
  }

  /** @param {string} person @returns {Promise<string | null>} null if they are not enrolled any more */
  nameOf(person) {
    return this.#call('nameOf', { person });
  }

  /**
   * Lets the workers to come open the vault that is open now, though it has a PIN; or ends that. The page holds a key that
   * scripts can use but not read, as long as it lives.
   * @param {boolean} wanted
   */
  async hold(wanted) {
    this.#held = wanted ? await this.#call('vaultHold', {}) : null;
  }

  /**
   * Puts a fresh worker in the place of this one, whose memory has grown. To be called when nothing is under way.
   * @returns {Promise<State>}
   */
  async recycle() {
    this.#stopWorker();
    this.#refuseAll(fault('worker_restarted'));
    return (await this.start()).state;
  }

  /** @param {Partial<Settings>} patch @returns {Promise<State>} */
  setSettings(patch) {
    return this.#call('setSettings', { patch });
  }

  /**
   * Compares faces with one person only, or by another target, without storing it. Holds for workers to come, too.
   * @param {Partial<Deciding>} deciding what is left out stays
   * @returns {Promise<void>}
   */
  async decideBy(deciding) {
    const before = this.#deciding;
    const after = { ...before, ...deciding };
    if (after.person === before.person && after.targetFmr === before.targetFmr && after.presence === before.presence) return;
    this.#deciding = after;
    if (this.#ready) await this.#call('decideBy', { deciding: this.#deciding });
  }

  /**
   * Anything that this site's worker answers, of the vault above all: see www/vault/operations.js.
   * @template {Op} K
   * @param {K} op
   * @param {{} extends Asked<K> ? [fields?: {}] : [fields: Asked<K>]} fields
   * @returns {Promise<Answer<K>>}
   */
  vault(op, ...[fields = {}]) {
    return this.#call(op, /** @type {Asked<K>} */ (fields), [], VAULT_BOUND_MS);
  }

  /** @param {URL | Blob} script */
  #launch(script) {
    this.#heard = false;
    this.#people = [];
    this.#refused = false;
    document.addEventListener('securitypolicyviolation', this.#onViolation);
    let worker;
    try {
      worker = startWorker(script);
    } catch (error) {
      console.warn('brow: the worker was refused:', error);
      throw new BrowError(fault('worker_refused'));
    }
    if (!worker) throw new BrowError(fault('browser_no_module_worker'));
    this.#worker = worker;
    worker.onmessage = ({ data }) => {
      if (this.#worker === worker) this.#receive(data);
    };
    worker.onmessageerror = () => this.#died('an answer could not be read');
    worker.onerror = (event) => {
      event.preventDefault();
      this.#died(event.message || 'the worker could not be loaded');
    };
  }

  #onViolation = (/** @type {SecurityPolicyViolationEvent} */ { effectiveDirective }) => {
    if (effectiveDirective === 'worker-src') this.#refused = true;
  };

  /**
   * WebKit keeps a page that is left for the Back button as it stands, its workers too: one that was just writing would hold the
   * store for as long, and no other page could open it. So it ends here, and another one comes when the page is shown again.
   */
  #onHide = () => {
    this.#shown = new Promise((resolve) => addEventListener('pageshow', () => resolve(), { once: true }));
    if (!this.#worker) return;
    this.#stopWorker();
    this.#replace();
  };

  /** @param {Answered | WorkerEvent} said */
  #receive(said) {
    this.#heard = true;
    const way = (/** @type {Difference} */ change) => (this.#people = applied(this.#people, change));
    /** @type {Answered | WorkerEvent} */
    const data = 'value' in said ? { ...said, value: withPeople(said.value, way) } : withPeople(said, way);
    document.removeEventListener('securitypolicyviolation', this.#onViolation);
    for (const pending of this.#pending.values()) this.#watch(pending);
    if ('event' in data) {
      if (data.event === 'died') this.#died(data.reason);
      else if (data.event === 'working') return; // It lives: the clocks of silence were started anew above.
      else if (data.event === 'remade') this.dispatchEvent(new CustomEvent('remade', { detail: data.remade }));
      else if (data.event === 'storage') this.dispatchEvent(new CustomEvent('storage', { detail: faultOf(data.fault) }));
      else this.#tellState(data.state);
      return;
    }
    const pending = this.#pending.get(data.id);
    if (!pending) return;
    this.#pending.delete(data.id);
    clearTimeout(pending.timer);
    if (pending.op !== 'start') this.#barrenDeaths = 0;
    if (data.ok) {
      this.#tellState(data.value);
      pending.resolve(data.value);
    } else pending.reject(new BrowError(faultOf(data.error)));
  }

  /** Tells of a state that an answer is or holds. @param {any} value */
  #tellState(value) {
    const state = value?.state ?? value;
    if (state?.people && state.settings) this.dispatchEvent(new CustomEvent('state', { detail: state }));
  }

  /**
   * Posts once the engine is ready.
   * @template {Op} K
   * @param {K} op
   * @param {Asked<K>} fields
   * @param {Transferable[]} [transfer]
   * @param {number} [bound]
   * @returns {Promise<Answer<K>>}
   */
  async #call(op, fields, transfer = [], bound = WORK_BOUND_MS) {
    await this.start();
    return this.#post(op, fields, transfer, bound);
  }

  /**
   * @template {Op} K
   * @param {K} op
   * @param {Asked<K>} fields
   * @param {Transferable[]} transfer
   * @param {number} bound
   * @returns {Promise<Answer<K>>}
   */
  #post(op, fields, transfer, bound) {
    return new Promise((resolve, reject) => {
      const worker = this.#worker;
      if (!worker) {
        reject(new BrowError(fault('worker_restarted')));
        return;
      }
      const id = this.#nextId++;
      /** @type {Pending} */
      const pending = { resolve, reject, op, bound, timer: setTimeout(() => {}, 0) };
      this.#pending.set(id, pending);
      this.#watch(pending);
      worker.postMessage({ .../** @type {object} */ (fields), id, op }, transfer);
    });
  }

  /** Starts the clock of silence anew. @param {Pending} pending */
  #watch(pending) {
    clearTimeout(pending.timer);
    const due = performance.now() + pending.bound;
    pending.timer = setTimeout(() => {
      if (pending.bound < WORK_BOUND_MS && this.#isQueued(pending)) pending.bound = WORK_BOUND_MS;
      else if (performance.now() - due <= SLEPT_MS) {
        this.#died('it did not answer in time');
        return;
      }
      this.#watch(pending);
    }, pending.bound);
  }

  /**
   * Whether the worker may still be busy with something that was asked for before and may take longer: that a frame waits
   * behind a photo on a slow device says nothing against it.
   * @param {Pending} pending
   */
  #isQueued(pending) {
    for (const other of this.#pending.values()) {
      if (other === pending) return false;
      if (other.bound > pending.bound) return true;
    }
    return false;
  }

  /** @param {string} reason */
  #died(reason) {
    if (this.#closed || !this.#worker) return;
    console.warn(`brow: the worker is gone: ${reason}`);
    this.#stopWorker();
    if (!this.#heard) {
      const cause = navigator.onLine ? 'download_failed' : 'offline';
      this.#refuseAll(fault(this.#refused ? 'worker_refused' : cause));
      return;
    }
    this.#barrenDeaths += 1;
    if (this.#barrenDeaths >= BARREN_DEATHS) {
      this.#refuseAll(fault('worker_restarted'));
      this.dispatchEvent(new CustomEvent('fault', { detail: fault('worker_failed') }));
      return;
    }
    this.#replace();
  }

  /** Another worker for one that is gone. */
  #replace() {
    this.#refuseAll(fault('worker_restarted'));
    this.start().then(
      ({ state }) => this.dispatchEvent(new CustomEvent('restarted', { detail: { cause: fault('worker_restarted'), state } })),
      (error) => {
        if (!['worker_restarted', 'closed'].includes(error.code)) this.dispatchEvent(new CustomEvent('fault', { detail: error }));
      },
    );
  }

  #stopWorker() {
    document.removeEventListener('securitypolicyviolation', this.#onViolation);
    this.#worker?.terminate();
    this.#worker = null;
    this.#ready = null;
  }

  /** @param {Fault} fault */
  #refuseAll(fault) {
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of waiting) {
      clearTimeout(pending.timer);
      pending.reject(new BrowError(fault));
    }
  }
}
