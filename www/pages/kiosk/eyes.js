/**
 * What the kiosk sees with: client, camera and frame loop behind one door, kept going whatever happens to them. A camera
 * that is gone, frozen or taken is tried again for ever, a worker that grows is replaced, and sleep is noticed.
 */
import { Camera, FrameLoop } from '../../camera/camera.js';
import { Upright } from '../../camera/upright.js';
import { BrowClient } from '../../client/client.js';
import { BrowError } from '../../words/errors.js';

/** @import { CameraFrame, Fault, KioskRules, State } from '../../types.js' */
/** @import { Suspicion } from '../../worker/suspect.js' */

/** Waits between tries to get the camera back; the last one for ever. */
const CAMERA_WAITS_MS = [500, 2_000, 5_000, 10_000, 30_000];
/** The same for a recogniser that could not be started. */
const CLIENT_WAITS_MS = [5_000, 15_000, 60_000];
/** A black picture is more often a covered lens than a stuck driver: the camera is started anew so often only. */
const BLACK_RETRY_MS = 60_000;
/** While the browser waits for somebody's answer, it is not asked again and again. */
const SILENT_RETRY_MS = 60_000;
/** The engine's memory may grow so far over what it had after its start before the worker is replaced. */
export const GROWTH_MOST = 96 * 1024 * 1024;

/**
 * Events: `look` CustomEvent<{observations: Observation[], height: number, kiosk?: KioskSaid}>: what is in view, and what is to be shown; `state` CustomEvent<State>: after a start, a
 * restart, or a change elsewhere; `trouble` CustomEvent<Fault>; `well`: the trouble is over; `restarted`: tracks are new,
 * of a new worker or a camera that was started anew.
 */
export class Eyes extends EventTarget {
  // Until the administrator's choice is known, the most is asked.
  client = new BrowClient({ seal: true, unattended: true, presence: 'require-turn' });
  camera;
  #upright = new Upright();
  /** Workers replaced because they had grown. */
  recycled = 0;
  #loop;
  /** @type {string | null} */
  #cameraId = null;
  #wanted = false;
  #tries = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  #memoryAtStart = 0;
  /** How often the camera was opened. */
  #opens = 0;
  /** @type {Suspicion[]} */
  #suspicions = [];
  #recycling = false;
  /** By what whoever is in view is served; null: nobody is. @type {() => KioskRules | null} */
  serving = () => null;

  /** @param {HTMLVideoElement} video */
  constructor(video) {
    super();
    this.camera = new Camera(video);
    this.#loop = new FrameLoop(this.camera, (frame) => this.#look(frame), () => this.client.reads);
    this.camera.addEventListener('fault', (event) => this.#cameraFault(/** @type {CustomEvent<Fault>} */ (event).detail));
    // Also where the browser answers long after it was asked.
    this.camera.addEventListener('started', () => this.#opened());
    this.camera.addEventListener('stopped', () => {
      this.#upright.reset();
      this.#turn(0);
    });
    this.camera.addEventListener('recovered', () => this.#tell('well'));
    this.client.addEventListener('restarted', (event) => this.#restarted(/** @type {CustomEvent} */ (event).detail.state));
    this.client.addEventListener('state', (event) => this.#tell('state', /** @type {CustomEvent} */ (event).detail));
    this.client.addEventListener('storage', (event) => this.#tell('trouble', /** @type {CustomEvent} */ (event).detail));
    this.client.addEventListener('fault', (event) => {
      this.#tell('trouble', /** @type {CustomEvent} */ (event).detail);
      void this.load(1);
    });
    navigator.mediaDevices?.addEventListener?.('devicechange', () => {
      if (this.#wanted && !this.camera.running) this.#again(0);
    });
  }

  /** What speaks against the camera being one. */
  get suspicion() {
    return this.#suspicions;
  }

  /** Loads the engine, and tries until it is there. @param {number} [tries] */
  async load(tries = 0) {
    if (tries) await new Promise((resolve) => setTimeout(resolve, CLIENT_WAITS_MS[Math.min(tries, CLIENT_WAITS_MS.length) - 1]));
    try {
      this.#restarted((await this.client.start()).state);
      this.#tell('well');
    } catch (error) {
      if (error instanceof BrowError && error.code === 'worker_restarted') return;
      this.#tell('trouble', error);
      void this.load(tries + 1);
    }
  }

  /** @param {string | null} cameraId null lets the camera be chosen @returns {Promise<boolean>} whether it runs now */
  async open(cameraId) {
    this.#cameraId = cameraId;
    this.#wanted = true;
    clearTimeout(this.#retry);
    try {
      await this.#startCamera();
      // Closed meanwhile, or opened again: then that one goes on from here.
      return this.camera.running;
    } catch (error) {
      this.#tell('trouble', error);
      if (error instanceof BrowError && error.code === 'camera_touch') document.addEventListener('click', () => void this.open(this.#cameraId), { once: true });
      else this.#again(error instanceof BrowError && error.code === 'camera_silent' ? SILENT_RETRY_MS : undefined);
      return false;
    }
  }

  /** The camera shows its picture. */
  #opened() {
    if (!this.#wanted) return;
    clearTimeout(this.#retry);
    this.#tries = 0;
    this.#tell('well');
    this.#opens += 1;
    this.#suspicions = [];
    this.#loop.start();
    // Whoever stands there now need not be who stood there before.
    this.client.resetTracks().catch(() => {}).then(() => this.#tell('restarted'));
  }

  /** Shows and reads the picture turned. @param {0 | 180} degrees */
  #turn(degrees) {
    this.camera.rotation = degrees;
    this.camera.video.style.rotate = `${degrees}deg`;
  }

  /** The chosen camera, or another where that one is not there any more. */
  async #startCamera() {
    if (!this.#cameraId) return this.camera.start();
    try {
      return await this.camera.start(this.#cameraId);
    } catch (error) {
      if (!(error instanceof BrowError) || error.code !== 'camera_absent') throw error;
      return this.camera.start();
    }
  }

  close() {
    this.#wanted = false;
    clearTimeout(this.#retry);
    this.#loop.stop();
    this.camera.stop();
  }

  /** Stops looking, and goes on; the camera stays on. @param {boolean} paused */
  pause(paused) {
    if (paused) this.#loop.stop();
    else if (this.camera.running) this.#loop.start();
  }

  /** After sleep: a camera that the system took away without a word is started anew. */
  wake() {
    if (!this.#wanted) return;
    const track = this.camera.stream?.getVideoTracks()[0];
    if (!track || track.readyState !== 'live' || track.muted || this.camera.video.paused) this.#again(0);
  }

  /**
   * Puts a fresh worker in the place of one that has grown. For idle moments.
   * @param {number} [most] bytes of growth
   * @returns {Promise<boolean>} whether it did
   */
  async recycle(most = GROWTH_MOST) {
    if (this.#recycling || (await this.client.memory()) - this.#memoryAtStart < most) return false;
    this.#recycling = true;
    try {
      this.#restarted(await this.client.recycle());
      this.recycled += 1;
      return true;
    } finally {
      this.#recycling = false;
    }
  }

  /** @param {State} state */
  #restarted(state) {
    this.client.memory().then((bytes) => {
      this.#memoryAtStart = bytes;
    }, () => {});
    this.#tell('state', state);
    this.#tell('restarted');
    this.#tell('well');
  }

  /** @param {Fault} fault */
  #cameraFault(fault) {
    this.#tell('trouble', fault);
    if (!this.#wanted || fault.code === 'camera_infrared') return;
    this.#again(fault.code === 'camera_black' ? BLACK_RETRY_MS : undefined);
  }

  /** @param {number} [wait] */
  #again(wait = CAMERA_WAITS_MS[Math.min(this.#tries, CAMERA_WAITS_MS.length - 1)]) {
    this.#tries += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      if (this.#wanted) void this.open(this.#cameraId);
    }, wait);
  }

  /** @param {CameraFrame} frame */
  async #look(frame) {
    const { height } = frame;
    const watched = { label: this.camera.stream?.getVideoTracks()[0]?.label ?? '', opened: this.#opens, timeMs: 1000 * this.camera.video.currentTime };
    try {
      const look = await this.client.observe(frame, { turned: this.#upright.due, watched, kiosk: this.serving() ?? undefined });
      const { observations, kiosk } = look;
      this.#suspicions = look.suspicions ?? [];
      if (this.#loop.running) this.#tell('look', { observations, height, kiosk });
      if (this.#upright.judge(look)) this.#turn(this.camera.rotation ? 0 : 180);
      return observations.length;
    } catch (error) {
      if (!(error instanceof BrowError) || error.code !== 'worker_restarted') {
        console.warn('brow: a frame could not be looked at:', error);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
      return 1;
    }
  }

  /** @param {string} kind @param {unknown} [detail] */
  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
