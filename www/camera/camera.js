/**
 * The camera: opening it, with words for every way in which that fails; watching it for black and frozen pictures; and
 * handing out frames, one at a time, at the pace of whoever looks at them.
 */
import { BrowError } from '../words/errors.js';
import { fault } from '../words/messages.js';
import { Grabber, context2d } from './grab.js';
import { picturesScrambled } from './support.js';

/** @import { CameraFrame, FrameKind, Rotation } from '../types.js' */

/** So long at least from one frame to the next while faces are in view: the 30 a second that the camera is asked for, less what its clock wavers. */
const BUSY_INTERVAL_MS = 1000 / 30 - 5;
/** While nobody is there the picture is only checked for movement so often, on a few hundred pixels ... */
const IDLE_CHECK_MS = 250;
/** ... and looked at for faces, moving or not, so often. */
const IDLE_LOOK_MS = 3_000;
/** With nobody in view for so long, the loop turns idle. */
const IDLE_AFTER_MS = 2_000;
/** Mean change of brightness (0..255) of the small picture that counts as movement: above a dim camera's noise. */
const MOVED = 4;
const SMALL_WIDTH = 32;
const SMALL_HEIGHT = 24;
/** A brightest small pixel below this is black: a closed lens cover gives 0 to 20. */
const BLACK = 24;
const BLACK_AFTER_MS = 2_500;
const FROZEN_AFTER_MS = 6_000;
/** A driver that hangs may send one picture over and over; a living sensor's noise never gives two that are the same. */
const STILL_AFTER_MS = 30_000;
/** Mean difference of red, green and blue (0..255) below which a picture has no colour at all: even a grey wall has some. */
const GREY = 0.5;
const GREY_AFTER_MS = 4_000;
/** What the names of cameras say that see infrared light (for Windows Hello and the like): their faces are not what the networks learned. */
const INFRARED = /(?<![a-z])ir(?![a-z])|infra-?\s?red|infrarot|infrarouge|infrarroj|赤外|红外|紅外|أشعة تحت الحمراء/i;
const WATCH_EVERY_MS = 500;
/** A browser that has not answered for so long waits for the person, or hangs: that is said. */
const ANSWER_MS = 8_000;

/** @param {unknown} error what getUserMedia threw @returns {BrowError} */
function cameraError(error) {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return new BrowError(fault('camera_refused'));
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return new BrowError(fault('camera_absent'));
  if (name === 'NotReadableError' || name === 'AbortError') return new BrowError(fault('camera_busy'));
  return new BrowError(fault('unexpected'));
}

/** Whether a camera's name says that it sees infrared light. @param {string} label */
export function isInfrared(label) {
  return INFRARED.test(label);
}

/** @param {ConstrainDOMString | undefined} deviceId */
function open(deviceId) {
  const wanted = deviceId ? { deviceId } : { facingMode: 'user' };
  return navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { ...wanted, width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } },
  });
}

/** @param {MediaStream} stream */
function end(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/** The stream, or null where the browser has not answered in time. @param {Promise<MediaStream>} opening */
async function answered(opening) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ANSWER_MS, null);
  });
  try {
    return /** @type {MediaStream | null} */ (await Promise.race([opening, late]));
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the page may use the camera without asking. */
export async function cameraAllowed() {
  try {
    const permission = await navigator.permissions.query({ name: /** @type {PermissionName} */ ('camera') });
    return permission.state === 'granted';
  } catch {
    return false;
  }
}

/**
 * One camera shown in one video element.
 *
 * Where no camera is asked for by its id, cameras that see infrared light are avoided: by their name, and by the picture
 * that has no colour.
 *
 * Events: `started`; `stopped`; `fault` CustomEvent<Fault>: unplugged, black, frozen or infrared; `recovered`: the last
 * fault is over.
 */
export class Camera extends EventTarget {
  /** @type {MediaStream | null} */
  #stream = null;
  /** One that the browser shows only after a touch. @type {MediaStream | null} */
  #waiting = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #watching;
  #darkSince = 0;
  #movedAt = 0;
  #lastTime = -1;
  #changedAt = 0;
  #lastPicture = new Uint8Array();
  #greySince = 0;
  /** Ids of cameras whose picture had no colour. @type {Set<string>} */
  #colourless = new Set();
  /** Whether the page chose this camera, and not the visitor. */
  #free = true;
  /** Grows with every start and stop, so that a start that was overtaken lets go of its camera. */
  #turn = 0;
  /** @type {string | null} */
  #faultCode = null;
  /** @type {string | undefined} */
  #deviceId;
  #small = smallCanvas();
  /** Degrees clockwise by which the picture must be turned to stand upright. @type {Rotation} */
  rotation = 0;

  /** @param {HTMLVideoElement} video */
  constructor(video) {
    super();
    this.video = video;
  }

  get running() {
    return this.#stream !== null;
  }

  get stream() {
    return this.#stream;
  }

  get deviceId() {
    return this.#deviceId;
  }

  /**
   * Asks for the camera and shows it. Resolves with the first picture. A browser that answers after `camera_silent` was said
   * is heeded all the same, unless it was stopped or started anew meanwhile: `started`, or a `fault`, tells of it.
   * @param {string} [deviceId]
   * @throws {BrowError} camera_refused, camera_absent, camera_busy; camera_silent: no answer yet; camera_touch: started once
   *   more by a touch, it shows its picture; pictures_scrambled
   */
  async start(deviceId) {
    const waiting = this.#waiting;
    if (waiting && (!deviceId || waiting.getVideoTracks()[0].getSettings().deviceId === deviceId)) {
      this.#waiting = null;
      return this.#show(waiting);
    }
    this.stop();
    const turn = this.#turn;
    this.#free = !deviceId;
    if (!navigator.mediaDevices) throw new BrowError(fault('browser_insecure'));
    if (picturesScrambled()) throw new BrowError(fault('pictures_scrambled'));
    const opening = this.#open(deviceId, turn);
    const stream = await answered(opening);
    if (stream) return turn === this.#turn ? this.#show(stream) : end(stream);
    opening.then((late) => (turn === this.#turn ? this.#show(late) : end(late))).catch((error) => {
      if (turn === this.#turn) this.#report(error);
    });
    throw new BrowError(fault('camera_silent'));
  }

  /** @param {string | undefined} deviceId @param {number} turn */
  async #open(deviceId, turn) {
    try {
      const stream = await open(deviceId ? { exact: deviceId } : undefined);
      return !deviceId && turn === this.#turn ? await this.#avoidInfrared(stream) : stream;
    } catch (error) {
      throw cameraError(error);
    }
  }

  /** @param {MediaStream} stream */
  async #show(stream) {
    this.#stream = stream;
    const [track] = stream.getVideoTracks();
    this.#deviceId = track.getSettings().deviceId;
    track.addEventListener('ended', () => {
      if (this.#stream === stream) this.#lost();
    });
    this.video.srcObject = stream;
    try {
      await this.video.play();
    } catch (error) {
      if (this.#stream !== stream) return;
      if (error instanceof Error && error.name === 'NotAllowedError') {
        this.#stream = null;
        this.#waiting = stream;
        throw new BrowError(fault('camera_touch'));
      }
      this.stop();
      throw cameraError(error);
    }
    this.#movedAt = performance.now();
    this.#changedAt = this.#movedAt;
    this.#darkSince = 0;
    this.#greySince = 0;
    this.#faultCode = null;
    this.#watching = setInterval(() => this.#watch(), WATCH_EVERY_MS);
    this.dispatchEvent(new Event('started'));
  }

  stop() {
    this.#heedDevices(false);
    this.#turn++;
    clearInterval(this.#watching);
    if (this.#waiting) end(this.#waiting);
    this.#waiting = null;
    if (!this.#stream) return;
    end(this.#stream);
    this.#stream = null;
    this.video.srcObject = null;
    this.dispatchEvent(new Event('stopped'));
  }

  /** The cameras of this device; their names are empty until the camera was allowed. */
  async devices() {
    const all = await navigator.mediaDevices.enumerateDevices();
    return all.filter((device) => device.kind === 'videoinput' && device.deviceId);
  }

  /** Mean absolute change of brightness since the last call, 0..255, on a small copy. */
  movement() {
    return this.#small.compare(this.video).change;
  }

  /** Mean brightness of the picture, 0..255, on a small copy. */
  brightness() {
    const { grey } = this.#small.look(this.video);
    return grey.reduce((sum, value) => sum + value, 0) / grey.length;
  }

  #devicechange = () => this.#devicesChanged();

  /** Whether it starts again by itself when a camera comes back. @param {boolean} wanted */
  #heedDevices(wanted) {
    const { mediaDevices } = navigator;
    if (wanted) mediaDevices?.addEventListener?.('devicechange', this.#devicechange);
    else mediaDevices?.removeEventListener?.('devicechange', this.#devicechange);
  }

  /**
   * Another camera in the place of one that sees infrared light, if there is one.
   * @param {MediaStream} stream
   */
  async #avoidInfrared(stream) {
    const [track] = stream.getVideoTracks();
    const unfit = (/** @type {{label: string, deviceId?: string}} */ { label, deviceId }) => isInfrared(label) || this.#colourless.has(deviceId ?? '');
    if (!unfit({ label: track.label, deviceId: track.getSettings().deviceId })) return stream;
    const other = (await this.devices()).find((device) => !unfit(device));
    if (!other) return stream;
    end(stream);
    return open({ exact: other.deviceId });
  }

  /** The picture has no colour. */
  async #grey() {
    if (this.#deviceId) this.#colourless.add(this.#deviceId);
    const others = (await this.devices()).some(({ deviceId, label }) => !this.#colourless.has(deviceId) && !isInfrared(label));
    if (!this.#free || !others) {
      this.#report('camera_infrared');
      return;
    }
    await this.start().catch((error) => console.warn('brow: the other camera does not start:', error));
  }

  /** The picture went away under us. */
  #lost() {
    this.stop();
    this.#heedDevices(true);
    this.#report('camera_unplugged');
  }

  async #devicesChanged() {
    if (this.running || this.#faultCode !== 'camera_unplugged') return;
    try {
      if ((await this.devices()).length === 0) return;
      await this.start();
      this.dispatchEvent(new Event('recovered'));
    } catch (error) {
      console.warn('brow: the camera is not back yet:', error);
    }
  }

  #watch() {
    if (!this.#stream || document.hidden) {
      this.#movedAt = performance.now();
      this.#changedAt = this.#movedAt;
      return;
    }
    const now = performance.now();
    const { grey, brightest, colour } = this.#small.look(this.video);
    if (brightest >= BLACK) this.#darkSince = 0;
    else this.#darkSince ||= now;
    if (brightest < BLACK || colour >= GREY) this.#greySince = 0;
    else this.#greySince ||= now;
    if (this.video.currentTime !== this.#lastTime) this.#movedAt = now;
    this.#lastTime = this.video.currentTime;
    if (this.#darkSince || grey.length !== this.#lastPicture.length || grey.some((value, i) => value !== this.#lastPicture[i])) this.#changedAt = now;
    this.#lastPicture = grey;
    const isFrozen = now - this.#movedAt > FROZEN_AFTER_MS || now - this.#changedAt > STILL_AFTER_MS;
    if (isFrozen) this.#report('camera_frozen');
    else if (this.#darkSince && now - this.#darkSince > BLACK_AFTER_MS) this.#report('camera_black');
    else if (this.#greySince && now - this.#greySince > GREY_AFTER_MS) {
      if (this.#faultCode !== 'camera_infrared') void this.#grey();
    } else if (this.#faultCode && !this.#darkSince && !this.#greySince) {
      this.#faultCode = null;
      this.dispatchEvent(new Event('recovered'));
    }
  }

  /** @param {string | BrowError} what a code, or what was thrown */
  #report(what) {
    const { code } = typeof what === 'string' ? { code: what } : what;
    if (this.#faultCode === code) return;
    this.#faultCode = code;
    this.dispatchEvent(new CustomEvent('fault', { detail: typeof what === 'string' ? fault(what) : what }));
  }
}

/** A 32x24 copy of the picture: enough to tell black, and movement, for a thousandth of a detection's work. */
function smallCanvas() {
  const context = context2d(SMALL_WIDTH, SMALL_HEIGHT);
  let last = new Uint8Array(SMALL_WIDTH * SMALL_HEIGHT);
  /** @param {HTMLVideoElement} video */
  const read = (video) => {
    context.drawImage(video, 0, 0, SMALL_WIDTH, SMALL_HEIGHT);
    const { data } = context.getImageData(0, 0, SMALL_WIDTH, SMALL_HEIGHT);
    const grey = new Uint8Array(last.length);
    let brightest = 0;
    let colour = 0;
    for (let i = 0; i < grey.length; i++) {
      const [red, green, blue] = [data[4 * i], data[4 * i + 1], data[4 * i + 2]];
      grey[i] = (red * 77 + green * 151 + blue * 28) >> 8;
      brightest = Math.max(brightest, grey[i]);
      colour += Math.abs(red - green) + Math.abs(blue - green);
    }
    return { grey, brightest, colour: colour / (2 * grey.length) };
  };
  return {
    look: read,
    /** @param {HTMLVideoElement} video */
    compare(video) {
      const { grey } = read(video);
      let change = 0;
      for (let i = 0; i < grey.length; i++) change += Math.abs(grey[i] - last[i]);
      last = grey;
      return { change: change / grey.length };
    },
  };
}

/**
 * Hands frames of a camera to a function, one in flight, as long as it is running: as many as that function and the camera can do.
 * Slows down when nobody is in view, and stops while the page is hidden.
 */
export class FrameLoop {
  #camera;
  #take;
  #running = false;
  #kind;
  #grabber = new Grabber();
  #pictures;
  #seenAt = 0;
  #lookedAt = -Infinity;
  #generation = 0;
  /** @type {() => void} */
  #onVisible = () => {};

  /**
   * @param {Camera} camera
   * @param {(frame: CameraFrame, scale: number) => Promise<number>} take looks at a frame and tells how many faces it saw;
   *   `scale` is pixels of the video per pixel of the frame
   * @param {() => FrameKind} kind what kind of frames it takes
   */
  constructor(camera, take, kind) {
    this.#camera = camera;
    this.#take = take;
    this.#kind = kind;
    this.#pictures = new Pictures(camera.video);
  }

  get running() {
    return this.#running;
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#seenAt = performance.now();
    this.#lookedAt = -Infinity;
    const generation = ++this.#generation;
    this.#onVisible = () => {
      if (!document.hidden) this.#seenAt = performance.now();
    };
    document.addEventListener('visibilitychange', this.#onVisible);
    this.#pictures.start();
    this.#run(() => this.#running && this.#generation === generation);
  }

  stop() {
    this.#running = false;
    this.#pictures.stop();
    document.removeEventListener('visibilitychange', this.#onVisible);
  }

  /** @param {() => boolean} wanted */
  async #run(wanted) {
    while (wanted()) {
      const idle = performance.now() - this.#seenAt > IDLE_AFTER_MS;
      await (idle ? sleep(IDLE_CHECK_MS) : this.#pictures.next());
      if (!wanted()) return;
      if (document.hidden) {
        await becomesVisible();
        continue;
      }
      const now = performance.now();
      if (idle && this.#camera.movement() < MOVED && now - this.#lookedAt < IDLE_LOOK_MS) continue;
      if (now - this.#lookedAt < BUSY_INTERVAL_MS) {
        await sleep(BUSY_INTERVAL_MS - now + this.#lookedAt);
        continue;
      }
      const { video, rotation } = this.#camera;
      const grabbed = await this.#grabber.grab(video, rotation, this.#kind(), this.#pictures.take());
      if (!grabbed) {
        await sleep(IDLE_CHECK_MS);
        continue;
      }
      this.#lookedAt = now;
      if ((await this.#take(grabbed.frame, grabbed.scale)) > 0) this.#seenAt = performance.now();
    }
  }
}

/** @param {number} ms */
function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function becomesVisible() {
  return new Promise((resolve) => {
    const check = () => {
      if (document.hidden) return;
      document.removeEventListener('visibilitychange', check);
      resolve(undefined);
    };
    document.addEventListener('visibilitychange', check);
    check();
  });
}

/** So long is waited for a picture where none comes or the browser can't tell. */
const NO_PICTURE_MS = 100;
/** With nobody looking, so many pictures more are heeded: then each would wake the page for nothing. */
const HEEDED = 30;

/** The pictures of a video, as they are shown. */
class Pictures {
  #video;
  /** When the newest was shown; NaN where it was looked at. */
  #shownMs = NaN;
  #takenMs = 0;
  /** Of the request to be told of the next picture; 0 for none. */
  #asked = 0;
  #heeded = 0;
  /** @type {() => void} */
  #wake = () => {};

  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.#video = video;
  }

  start() {
    this.#shownMs = NaN;
    this.#takenMs = performance.now();
    this.#heed();
  }

  stop() {
    if (this.#asked) this.#video.cancelVideoFrameCallback(this.#asked);
    this.#asked = 0;
    this.#wake();
  }

  #heed() {
    this.#heeded = 0;
    if (!this.#asked) this.#ask();
  }

  #ask() {
    if (typeof this.#video.requestVideoFrameCallback === 'function') this.#asked = this.#video.requestVideoFrameCallback(this.#shown);
  }

  #shown = (/** @type {number} */ _now, /** @type {VideoFrameCallbackMetadata} */ { presentationTime }) => {
    this.#asked = 0;
    this.#heeded += 1;
    // The last one that is heeded grows old.
    this.#shownMs = this.#heeded < HEEDED ? presentationTime : NaN;
    if (this.#heeded < HEEDED) this.#ask();
    this.#wake();
  };

  /** Until there is a picture that was not looked at yet: one that came meanwhile is looked at at once. @returns {Promise<void>} */
  next() {
    if (!Number.isNaN(this.#shownMs)) return Promise.resolve();
    this.#heed();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, NO_PICTURE_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** When the picture that is looked at now was shown; later from call to call. */
  take() {
    const shown = Number.isNaN(this.#shownMs) ? performance.now() : this.#shownMs;
    this.#shownMs = NaN;
    this.#heed();
    this.#takenMs = Math.max(this.#takenMs + 0.1, shown);
    return this.#takenMs;
  }
}
