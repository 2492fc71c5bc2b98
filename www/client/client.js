/**
 * The page's side of the worker. Nothing else posts to it. One BrowClient owns one worker, notices when it dies or
 * stops answering, starts another in its place and says so; the gallery lies in the worker's store and is there again.
 */
import { engineFiles, workerAddress, workerScript } from './download.js';
import { BrowError } from '../words/errors.js';
import { fault, faultOf } from '../words/messages.js';
import { sealPage } from './seal.js';
import { startWorker } from './trusted.js';

export { BrowError };

/** @import { Deciding, Enrolment, EnrolStep, Fault, Frame, Look, MaskState, Observation, PresencePolicy, Remade, Saved, SaveRequest, Settings, Started, State } from '../types.js' */
/** @import { Held } from '../vault/store.js' */

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

/**
 * @typedef {object} Pending
 * @property {(value: any) => void} resolve
 * @property {(error: BrowError) => void} reject
 * @property {string} op
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
  #store;
  #seal;
  #inherit;
  #unattended;
  /** @type {Deciding} */
  #deciding;

  /**
   * @param {{store?: string | null, seal?: boolean, inherit?: boolean, unattended?: boolean, presence?: PresencePolicy}} [options] `store` names the gallery; two names are two
   *   galleries; null keeps nothing, and forgets everybody with the worker. `seal`: once everything is loaded, the page can't fetch anything any more but scripts of its own origin, see
   *   sealPage; for pages that have nothing else to fetch. `inherit`: the worker starts from what was fetched and held to its hash, and
   *   has the page's policy, see startWorker. `unattended`: the
   *   page goes on without the PIN where the vault is kept open on this device. `presence`: what is
   *   asked of whoever is before the camera, until `decideBy` asks otherwise; a release that can't keep it does not start.
   */
  constructor({ store = 'brow', seal = false, inherit = true, unattended = false, presence = 'off' } = {}) {
    super();
    this.#store = store;
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
      engineFiles((progress) => this.dispatchEvent(new CustomEvent('progress', { detail: progress }))),
      this.#inherit ? workerScript() : workerAddress(),
    ]);
    // The worker is started after the seal, for it takes its policy from the page at that moment.
    if (this.#seal) await sealPage();
    await this.#shown;
    if (turn !== this.#turn) throw new BrowError(fault('closed'));
    this.#launch(script);
    return this.#post('start', { store: this.#store, unattended: this.#unattended, files, deciding: this.#deciding, held: this.#held }, [], START_BOUND_MS);
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
   * @param {Frame} frame
   * @returns {Promise<Look>}
   */
  observe(frame) {
    return this.#call('observe', { frame }, [frame.buffer], FRAME_BOUND_MS);
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
   * @param {Frame} frame
   * @param {MaskState} wanted what the person chose; frames of another mask state don't count
   * @returns {Promise<EnrolStep>}
   */
  enrolFrame(frame, wanted) {
    return this.#call('enrolFrame', { frame, wanted }, [frame.buffer], FRAME_BOUND_MS);
  }

  /** Ends the capture by camera. @returns {Promise<Enrolment>} */
  finishEnrolment() {
    return this.#call('finishEnrolment', {});
  }

  /** Takes the one face of a photograph. @param {Frame} frame @returns {Promise<Enrolment>} */
  enrolPhoto(frame) {
    return this.#call('enrolPhoto', { frame }, [frame.buffer]);
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
   * Anything of the vault: see www/vault/operations.js.
   * @param {string} op
   * @param {object} [fields]
   * @returns {Promise<any>}
   */
  vault(op, fields = {}) {
    return this.#call(op, fields, [], VAULT_BOUND_MS);
  }

  /** @param {URL | Blob} script */
  #launch(script) {
    this.#heard = false;
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
    worker.onmessage = ({ data }) => this.#receive(data);
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

  /** @param {{id: number, ok: boolean, value?: unknown, error?: Fault} | {event: 'died', reason: string} | {event: 'changed', state: State}
   *   | {event: 'storage', fault: Fault} | {event: 'remade', remade: Remade} | {event: 'working'}} data */
  #receive(data) {
    this.#heard = true;
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
   * @param {string} op
   * @param {object} fields
   * @param {Transferable[]} [transfer]
   * @param {number} [bound]
   * @returns {Promise<any>}
   */
  async #call(op, fields, transfer = [], bound = WORK_BOUND_MS) {
    await this.start();
    return this.#post(op, fields, transfer, bound);
  }

  /**
   * @param {string} op
   * @param {object} fields
   * @param {Transferable[]} transfer
   * @param {number} bound
   * @returns {Promise<any>}
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
      worker.postMessage({ ...fields, id, op }, transfer);
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
