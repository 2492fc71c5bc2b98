/**
 * <brow-recogniser>: the camera's picture, who is in it, and all that can be asked of the recogniser, as one element.
 * Attributes, methods, events, parts and slots: docs/EMBEDDING.md. The page of this site is built on it.
 *
 * An element owns one camera and one worker, and gives both up when it is taken out of the page. Several elements of
 * one page share what was fetched and, under one name of `store`, the gallery.
 */
import { OPTIONS, written } from './attributes.js';
import { Camera, cameraAllowed } from '../camera/camera.js';
import { captureFace } from './capture.js';
import { Changes } from './changes.js';
import { BrowClient } from '../client/client.js';
import { find, make } from '../ui/dom.js';
import { TurnGuide, askWords, hintWords } from '../ui/turn.js';
import { showInside } from './inside.js';
import { elementStyle } from './style.js';
import { BrowError } from '../words/errors.js';
import { LiveView } from './live.js';
import { LoadingWords } from '../ui/loading.js';
import { direction, fault, faultOf, language, onLanguage, setLanguage, text, translate } from '../words/messages.js';
import { nameProblem, tidyName } from '../words/names.js';
import { readPhoto } from '../camera/photo.js';
import { unsupported } from '../camera/support.js';

export { BrowError };

/** @import { Mode, Options } from './attributes.js' */
/** @import { CaptureOptions } from './capture.js' */
/** @import { Change } from './changes.js' */
/** @import { Consent, Decision, Enrolment, Fault, LiveLook, Look, Mask, MaskState, Observation, PersonSummary, Presence, PresencePolicy, Progress, Raised, Rotation, Settings, State } from '../types.js' */

/** @typedef {'none' | 'loading' | 'failed' | 'ready'} EngineState */

/**
 * @typedef {object} EnrolRequest
 * @property {string} name
 * @property {Omit<Consent, 'time'> & {time?: number}} consent what the person agreed to; without it nobody is enrolled
 * @property {MaskState} [mask] by camera: what the person's face is like now; `bare` if left out
 * @property {Blob} [photo] enrols from this picture instead of the camera
 * @property {boolean} [keepPicture] also keeps a picture of the face, from which a release with other networks makes its templates
 * @property {string} [addTo] the id of a person whom the view is added to
 * @property {'refuse' | 'new' | 'add'} [resembling] what happens to a face that matches somebody enrolled; `refuse` if left out
 * @property {'refuse' | 'keep'} [poor] what happens to a face that is darker, smaller or less sharp than it should be, but can be seen;
 *   `refuse` if left out
 * @property {CaptureOptions['onstep']} [onstep]
 * @property {AbortSignal} [signal]
 */

/**
 * @typedef {object} Verdict
 * @property {boolean} verified
 * @property {PersonName} person who was asked about
 * @property {number | null} score
 * @property {number} needed
 * @property {Mask | null} mask
 * @property {number} frames
 * @property {string | null} reason why nothing could be decided, or null
 * @property {PresenceNow | null} presence null where nothing is asked of it, and for a photo
 */

/** What is told of somebody's presence. @typedef {Omit<Presence, 'ask'>} PresenceNow */

/** What `forget`, `snapshotState` and the events tell of a person. @typedef {{id: string, name: string}} PersonName */

/**
 * @typedef {object} Snapshot
 * @property {EngineState} engine
 * @property {boolean} running whether the camera runs
 * @property {boolean} locked whether the gallery is locked by a PIN
 * @property {Omit<Options, 'seal' | 'autostart'>} options
 * @property {number | null} needed the score that a match needs now
 * @property {(PersonName & {bare: number, masked: number, outdated: PersonSummary['outdated']})[]} people
 * @property {FaceNow[]} faces
 * @property {Fault | null} fault the last one, as long as it lasts
 */

/**
 * @typedef {object} FaceNow
 * @property {number} track
 * @property {Decision['kind']} kind
 * @property {PersonName | null} person
 * @property {string | null} reason
 * @property {number | null} score
 * @property {number} needed
 * @property {Mask} mask
 * @property {number} frames
 * @property {PresenceNow | null} presence
 * @property {Observation['box']} box
 */

/** A face that is nobody's for so long was not verified. */
const REFUSED_MS = 1_500;
/** So long `verify` waits for a verdict if it is not told otherwise. */
const VERIFY_MS = 15_000;

const ENGINE_FAULTS = new Set(['offline', 'download_failed', 'program_damaged', 'model_damaged', 'model_truncated', 'model_foreign', 'second_runtime', 'pack_uncalibrated', 'manifest', 'pack_elsewhere', 'pack_unreadable', 'worker_failed', 'worker_refused']);
const isCameraFault = (/** @type {string} */ code) => code.startsWith('camera_') || code === 'pictures_scrambled';

export class BrowRecogniser extends HTMLElement {
  static observedAttributes = Object.values(OPTIONS).map(({ attribute }) => attribute);

  /** @type {Options} */
  #options;
  #parts;
  #live;
  #turnGuide = new TurnGuide();
  #loadingWords = new LoadingWords();
  #changes = new Changes();
  /** @type {EngineState} */
  #engine = 'none';
  /** @type {State | null} */
  #state = null;
  /** @type {Fault | null} */
  #fault = null;
  /** Why nothing can be kept, as it was told. @type {string | null} */
  #storage = null;
  /** Why what is asked of presence can't be kept, as it was told. @type {string | null} */
  #unkept = null;
  /** How many captures are under way: the live view rests meanwhile. */
  #capturing = 0;
  /** Whom `verify` asks about just now. @type {string | null} */
  #asked = null;
  /** Degrees by which the picture of this camera was found to be turned. @type {0 | 180} */
  #overhead = 0;
  /** What the worker was told last. */
  #told = '';
  /** The camera's start that is under way. @type {Promise<void> | null} */
  #starting = null;
  /** @type {(() => void)[]} */
  #whenConnected = [];
  /** @type {AbortController | null} */
  #enrolling = null;
  /** Why the last enrolment was refused, as long as the element says so. @type {string | null} */
  #refused = null;
  /** Set as long as the element is in the page. @type {AbortController | null} */
  #presence = null;
  /** @type {BrowClient | null} */
  #client = null;

  constructor() {
    super();
    const shadow = this.attachShadow({ mode: 'open' });
    this.#options = /** @type {Options} */ (Object.fromEntries(Object.entries(OPTIONS).map(([name, { read }]) => [name, read(null)])));
    this.#parts = build(shadow);
    this.#parts.stage.append(this.#turnGuide.element);
    this.#style();
    /** The element's camera. @type {Camera} */
    this.camera = new Camera(this.#parts.video);
    this.#live = new LiveView(this.#parts.frame, {
      observe: (frame, wishes) => this.#getClient().observe(frame, wishes),
      reads: () => this.#getClient().reads,
      camera: this.camera,
      nameOf: (id) => this.#nameOf(id),
    });
    this.#listen();
    showInside(this, { client: () => this.#getClient(), capture: (options) => this.#capture(options) });
    // What a program set before the element was defined hides the property of the same name.
    for (const name of /** @type {(keyof Options)[]} */ (Object.keys(OPTIONS))) {
      if (!Object.hasOwn(this, name)) continue;
      const value = Reflect.get(this, name);
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
      // Nobody is told of attributes that are set before the constructor is done.
      const { attribute } = OPTIONS[name];
      this.attributeChangedCallback(attribute, null, this.getAttribute(attribute));
    }
  }

  /** What speaks with this element's worker. Made at the first use: `store`, `pack` and `seal` are read then. */
  #getClient() {
    if (!this.#client) {
      const { store, pack, seal } = this.#options;
      this.#client = new BrowClient({ store, pack, seal, inherit: seal });
      this.#listenTo(this.#client);
    }
    return this.#client;
  }

  /** @returns {Mode} */
  get mode() { return this.#options.mode; }
  set mode(value) { this.#reflect('mode', value); }

  /** For mode `verify`: the id of a person, or a name that only one has. @returns {string} */
  get person() { return this.#options.person; }
  set person(value) { this.#reflect('person', value); }

  /** False matches per probe that are accepted; null: as stored in the gallery. @returns {number | null} */
  get targetFmr() { return this.#options.targetFmr; }
  set targetFmr(value) { this.#reflect('targetFmr', value); }

  /** Empty: the camera that faces the person, or the only one. @returns {string} */
  get cameraId() { return this.#options.cameraId; }
  set cameraId(value) { this.#reflect('cameraId', value); }

  /** Whether the picture is shown like a mirror. @returns {boolean} */
  get mirrored() { return this.#options.mirrored; }
  set mirrored(value) { this.#reflect('mirrored', value); }

  /** Degrees clockwise by which the camera's picture is turned. @returns {Rotation} */
  get rotation() { return this.#options.rotation; }
  set rotation(value) { this.#reflect('rotation', value); }

  /** BCP 47; empty: the page's. @returns {string} */
  get language() { return this.#options.language; }
  set language(value) { this.#reflect('language', value); }

  /** @returns {Settings['theme']} */
  get theme() { return this.#options.theme; }
  set theme(value) { this.#reflect('theme', value); }

  /** What is asked of whoever is before the camera, and of whoever is enrolled by it. @returns {PresencePolicy} */
  get presence() { return this.#options.presence; }
  set presence(value) { this.#reflect('presence', value); }

  /** The name of the gallery; read when the engine is loaded first. @returns {string} */
  get store() { return this.#options.store; }
  set store(value) { this.#reflect('store', value); }

  /** The address of a folder of this origin with other networks, read when the engine is loaded first. @returns {string} */
  get pack() { return this.#options.pack; }
  set pack(value) { this.#reflect('pack', value); }

  /** Loads the engine at once, and starts the camera where the visitor allowed it before. @returns {boolean} */
  get autostart() { return this.#options.autostart; }
  set autostart(value) { this.#reflect('autostart', value); }

  /** Takes the page's right to connect to anything, once all is loaded. @returns {boolean} */
  get seal() { return this.#options.seal; }
  set seal(value) { this.#reflect('seal', value); }

  /** Whether the engine is loaded. */
  get ready() {
    return this.#engine === 'ready';
  }

  /** Who is in view, as of the last frame. @returns {readonly Observation[]} */
  get observations() {
    return this.#live.observations;
  }

  /**
   * Loads the engine and opens the gallery; done once, tried again after a failure.
   * @returns {Promise<void>}
   * @throws {BrowError} as fault events tell too
   */
  async load() {
    await this.#connected();
    if (this.#engine !== 'ready') await this.#load();
  }

  /**
   * Loads the engine and starts the camera.
   * @returns {Promise<void>}
   * @throws {BrowError} as fault events tell too
   */
  async start() {
    await this.#connected();
    const camera = this.camera.running ? null : this.#starting ?? this.#startCamera();
    const outcomes = await Promise.allSettled([this.load(), camera]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** Switches the camera off. The engine stays loaded. */
  stop() {
    this.#starting = null;
    this.camera.stop();
  }

  /** Whoever is before the camera, captured and not saved. @param {CaptureOptions} [options] @returns {Promise<Enrolment>} */
  async #capture(options = {}) {
    await this.start();
    return this.#whileCapturing(() => captureFace({ client: this.#getClient(), camera: this.camera, ...options }));
  }

  /**
   * Enrols somebody who has agreed to it.
   * @param {EnrolRequest} request
   * @returns {Promise<PersonName>}
   * @throws {BrowError} consent_missing, name_missing, already_enrolled, what is not good enough (too_dark and its like), the camera's, the photo's and the store's faults;
   *   an AbortError if it was given up
   */
  async enrol(request) {
    const name = tidyName(String(request?.name ?? ''));
    if (nameProblem(name)) throw new BrowError(fault('name_missing'));
    const consent = checkedConsent(request.consent);
    if (this.#enrolling) throw new BrowError(fault('enrolment_busy'));
    const enrolling = this.#enrolling = new AbortController();
    this.#clearFault((code) => code === this.#refused);
    this.#refused = null;
    const give = () => enrolling.abort(request.signal?.reason);
    request.signal?.addEventListener('abort', give);
    if (request.signal?.aborted) give();
    try {
      const enrolment = request.photo ? await this.#takePhoto(request.photo) : await this.#captureShown(request, enrolling.signal);
      enrolling.signal.throwIfAborted();
      const { resembling = 'refuse', poor = 'refuse', addTo } = request;
      const { shortcoming } = enrolment.quality;
      if (shortcoming && poor !== 'keep') throw this.#shown(new BrowError(fault(shortcoming)));
      const known = enrolment.resembles;
      if (known && known.id !== addTo && resembling !== 'new' && resembling !== 'add') throw this.#shown(new BrowError(fault('already_enrolled', { name: known.name })));
      const { person } = await this.#getClient().save({
        name,
        addTo: addTo ?? (known && resembling === 'add' ? known.id : null),
        source: request.photo ? 'photo' : 'camera',
        keepPicture: Boolean(request.keepPicture),
        consent,
      });
      const enrolled = { id: person.id, name: person.name };
      this.#tell('brow-enrolled', { person: enrolled });
      return enrolled;
    } catch (error) {
      this.#client?.discard().catch(() => {});
      throw error;
    } finally {
      request.signal?.removeEventListener('abort', give);
      this.#enrolling = null;
      this.#sync();
    }
  }

  /**
   * Whether the face before the camera, or on a photo, is this person's.
   * @param {string} [person] id, or a name that only one has; the attribute's if left out
   * @param {{photo?: Blob, timeoutMs?: number, signal?: AbortSignal}} [options]
   * @returns {Promise<Verdict>}
   * @throws {BrowError} no_such_person, no_face and the camera's faults; an AbortError
   */
  async verify(person = this.person, { photo, timeoutMs = VERIFY_MS, signal } = {}) {
    await this.load();
    if (!this.#presence) throw leftThePage();
    const id = this.#personId(person);
    if (!id) throw new BrowError(fault('no_such_person'));
    if (photo) {
      const { frame } = await readPhoto(photo);
      const [face] = await this.#getClient().verify(id, frame);
      if (!face) throw new BrowError(fault('no_face'));
      return this.#verdict(id, face);
    }
    await this.start();
    signal?.throwIfAborted();
    this.#asked = id;
    this.#sync();
    try {
      return await this.#awaitVerdict(id, timeoutMs, signal);
    } finally {
      this.#asked = null;
      this.#sync();
    }
  }

  /**
   * Erases a person from this device.
   * @param {string} person id, or a name that only one has
   * @returns {Promise<void>}
   * @throws {BrowError} no_such_person
   */
  async forget(person) {
    await this.load();
    const id = this.#personId(person);
    if (!id) throw new BrowError(fault('no_such_person'));
    await this.#getClient().remove(id);
  }

  /** All that can be told of the element now: plain values, no templates, no pictures. @returns {Snapshot} */
  snapshotState() {
    const { seal: _seal, autostart: _autostart, ...options } = this.#options;
    return {
      engine: this.#engine,
      running: this.camera.running,
      locked: Boolean(this.#state?.vault?.locked),
      options,
      needed: this.#state?.needed ?? null,
      people: (this.#state?.people ?? []).map(({ id, name, bare, masked, outdated }) => ({ id, name, bare, masked, outdated })),
      faces: this.observations.map((observation) => ({ ...this.#face(observation), box: { ...observation.box } })),
      fault: this.#fault && { ...this.#fault },
    };
  }

  connectedCallback() {
    this.#heedFrame();
    // Moved within the page: nothing was given up.
    if (this.#presence) return;
    this.#presence = new AbortController();
    this.#presence.signal.addEventListener('abort', onLanguage(() => this.#words()));
    this.#words();
    this.#sync();
    for (const resolve of this.#whenConnected.splice(0)) resolve();
    // After this task, so that whoever made the element has had time to listen.
    if (this.autostart) queueMicrotask(() => this.#autostart());
  }

  /** In a document of a frame, nobody says that the element leaves the page when the frame does. */
  #heedFrame() {
    const view = this.ownerDocument.defaultView;
    if (!view || view === window) return;
    view.addEventListener('pagehide', () => {
      if (this.ownerDocument.defaultView === view || !this.ownerDocument.defaultView) this.#release();
    }, { once: true });
  }

  disconnectedCallback() {
    queueMicrotask(() => {
      if (!this.isConnected) this.#release();
    });
  }

  adoptedCallback() {
    this.#style();
  }

  /** @param {string} attribute @param {string | null} before @param {string | null} raw */
  attributeChangedCallback(attribute, before, raw) {
    if (before === raw) return;
    const name = /** @type {keyof Options} */ (Object.keys(OPTIONS).find((key) => OPTIONS[/** @type {keyof Options} */ (key)].attribute === attribute));
    const value = OPTIONS[name].read(raw);
    if (value === this.#options[name]) return;
    Reflect.set(this.#options, name, value);
    if (name === 'language') setLanguage(this.language || null).catch((error) => this.#showFault(faultOf(error)));
    if (name === 'cameraId' && this.camera.running && value !== this.camera.deviceId) this.#startCamera().catch(() => {});
    if (name === 'autostart' && value && this.#presence) this.#autostart();
    if (name === 'rotation') {
      // Which way is up was found out of a picture that was turned otherwise.
      this.#overhead = 0;
      this.#live.turned();
    }
    this.#sync();
  }

  /** @param {keyof Options} name @param {unknown} value */
  #reflect(name, value) {
    const { attribute, read } = OPTIONS[name];
    const raw = written(name, value);
    if (raw === null) this.removeAttribute(attribute);
    // A value that can't be is reflected as what is taken instead of it.
    else if (raw === '' || String(read(raw)) === raw) this.setAttribute(attribute, raw);
    else this.#reflect(name, read(null));
  }

  /** A style sheet object rather than a style element: a strict policy lets no inline style in. */
  #style() {
    const view = this.ownerDocument.defaultView ?? window;
    const sheet = new view.CSSStyleSheet();
    sheet.replaceSync(elementStyle);
    /** @type {ShadowRoot} */ (this.shadowRoot).adoptedStyleSheets = [sheet];
  }

  /** Puts the words in. */
  #words() {
    translate(/** @type {ShadowRoot} */ (this.shadowRoot));
    this.#parts.frame.lang = language();
    this.#parts.frame.dir = direction();
    this.#live.refresh();
    // A fault that the page tells itself is not shown here in any language.
    if (this.#fault && this.#parts.fault.dataset.code) this.#showFault(faultOf(this.#fault));
  }

  /** @returns {Promise<void>} */
  #connected() {
    return this.#presence ? Promise.resolve() : new Promise((resolve) => {
      this.#whenConnected.push(resolve);
    });
  }

  async #autostart() {
    const presence = this.#presence;
    if (!presence || this.camera.running) return;
    const loading = this.load();
    loading.catch(() => {});
    if (!unsupported() && await cameraAllowed() && this.#presence === presence) await this.start().catch(() => {});
  }

  /** Gives camera and worker up. */
  #release() {
    if (!this.#presence) return;
    this.#presence.abort();
    this.#presence = null;
    this.#enrolling?.abort();
    this.stop();
    this.#live.stop('live.off');
    this.#client?.close();
    this.#engine = 'none';
    this.#state = null;
    this.#told = '';
    this.#changes.reset();
    this.#clearFault(() => true);
    this.#sync();
  }

  /** @returns {Promise<void>} */
  async #load() {
    const missing = unsupported();
    if (missing) throw this.#report(new BrowError(missing));
    if (this.#engine !== 'loading') {
      this.#engine = 'loading';
      this.#parts.bytes.textContent = '';
      this.#sync();
    }
    try {
      await this.#getClient().start();
    } catch (error) {
      // After a death while loading the client tries again and says `restarted` or `fault`; `closed` is an element that
      // left the page.
      if (!['worker_restarted', 'closed'].includes(codeOf(error))) this.#loadingFailed(error);
      throw error;
    }
    this.#engineReady();
  }

  #engineReady() {
    if (this.#engine === 'ready' || !this.#presence) return;
    this.#engine = 'ready';
    this.#clearFault((code) => ENGINE_FAULTS.has(code));
    this.#sync();
  }

  /** @param {unknown} error */
  #loadingFailed(error) {
    this.#engine = 'failed';
    this.#report(error);
    this.#sync();
  }

  /** @returns {Promise<void>} */
  #startCamera() {
    // Stopped meanwhile, this start has let go of the camera: the next one must not wait for it in place of its own.
    const starting = this.#openCamera(() => this.#starting === starting);
    this.#starting = starting;
    return starting;
  }

  /** @param {() => boolean} wanted whether no stop and no other start came since */
  async #openCamera(wanted) {
    const { button } = this.#parts;
    const hadFocus = this.shadowRoot?.activeElement === button;
    button.disabled = true;
    this.#clearFault(isCameraFault);
    this.#live.stop('live.starting');
    try {
      await this.camera.start(this.cameraId || undefined).catch((error) => {
        // A camera that is not there any more: the one that is.
        if (!this.cameraId || codeOf(error) !== 'camera_absent') throw error;
        return this.camera.start();
      });
      await this.#listCameras();
      if (this.ready) await this.#getClient().resetTracks();
    } catch (error) {
      throw this.#report(error);
    } finally {
      if (wanted()) this.#starting = null;
      button.disabled = this.#starting !== null;
      this.#sync();
      if (hadFocus) (this.camera.running ? this.#parts.stop : button).focus();
    }
  }

  /** Offers a choice where there are several cameras. */
  async #listCameras() {
    const devices = await this.camera.devices();
    const { choice, cameras } = this.#parts;
    choice.hidden = devices.length < 2;
    cameras.replaceChildren(...devices.map((device, index) => make('option', { value: device.deviceId }, device.label || `${text('live.camera')} ${index + 1}`)));
    if (this.camera.deviceId) cameras.value = this.camera.deviceId;
  }

  /** Brings what is shown, and what the worker decides by, in line with camera, engine, options and captures. */
  #sync() {
    const { invite, loading, again, stop, frame, guide, cancel, progress, stage, video } = this.#parts;
    const { mode, mirrored } = this.#options;
    const rotation = /** @type {Rotation} */ ((this.#options.rotation + this.#overhead) % 360);
    const { running } = this.camera;
    const ready = this.ready;
    const enrolling = this.#enrolling !== null && this.#capturing > 0;
    frame.dataset.mode = mode;
    loading.hidden = this.#engine !== 'loading' && this.#engine !== 'failed';
    again.hidden = this.#engine !== 'failed';
    invite.hidden = running || !loading.hidden;
    stop.hidden = !running;
    cancel.hidden = progress.hidden = !enrolling;
    guide.hidden = !(running && (enrolling || (mode === 'enrol' && ready)));
    this.camera.rotation = rotation;
    this.#live.mirrored = mirrored;
    this.#live.recognising = mode === 'identify' || mode === 'verify' || this.#asked !== null;
    turn({ stage, video, mirrored, rotation });
    if (ready) this.#decide();
    if (!running) this.#live.stop('live.off');
    else if (!ready) this.#live.stop('live.waiting');
    else if (this.#capturing) this.#live.stop('live.enrolling');
    else this.#live.start();
  }

  /** Tells the worker whom faces are compared with, and by what target. */
  #decide() {
    const { mode, targetFmr, presence } = this.#options;
    /** @type {string | null} */
    let person = null;
    if (!this.#capturing) {
      if (this.#asked) person = this.#asked;
      else if (mode === 'verify') person = this.#personId(this.person);
      else if (mode !== 'identify') person = '';
    }
    const told = JSON.stringify([person, targetFmr, presence]);
    if (told === this.#told) return;
    this.#told = told;
    if (mode === 'verify' && person === '') this.#report(new BrowError(fault('no_such_person')));
    else this.#clearFault((code) => code === 'no_such_person');
    this.#changes.reset();
    this.#getClient().decideBy({ person, targetFmr, presence }).catch((error) => this.#report(error));
  }

  /** The id of a person by id or by a name that only one has; empty where there is none. @param {string} wanted */
  #personId(wanted) {
    const people = this.#state?.people ?? [];
    const named = people.filter(({ name }) => name === wanted);
    return people.find(({ id }) => id === wanted)?.id ?? (named.length === 1 ? named[0].id : '');
  }

  /** @param {string} id */
  #nameOf(id) {
    return this.#state?.people.find((person) => person.id === id)?.name ?? text('who.unknown');
  }

  /** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  async #whileCapturing(work) {
    this.#capturing += 1;
    this.#sync();
    try {
      return await work();
    } finally {
      this.#capturing -= 1;
      this.#sync();
    }
  }

  /** Captures with the hints shown in the element. @param {EnrolRequest} request @param {AbortSignal} signal */
  async #captureShown({ mask = 'bare', onstep }, signal) {
    const { hint, progress } = this.#parts;
    hint.textContent = text('enrol.capturing');
    progress.value = 0;
    try {
      return await this.#capture({
        mask: () => mask,
        signal,
        onstep: (step) => {
          progress.value = step.progress;
          const words = hintWords(step);
          this.#turnGuide.show(step.observation?.presence?.ask, this.mirrored);
          if (hint.textContent !== words) hint.textContent = words;
          onstep?.(step);
        },
      });
    } finally {
      hint.textContent = '';
      this.#turnGuide.show(null, true);
    }
  }

  /** @param {Blob} photo */
  async #takePhoto(photo) {
    await this.load();
    const { frame } = await readPhoto(photo);
    return this.#whileCapturing(() => this.#getClient().enrolPhoto(frame));
  }

  /** @param {string} id @param {number} timeoutMs @param {AbortSignal} [signal] @returns {Promise<Verdict>} */
  #awaitVerdict(id, timeoutMs, signal) {
    const presence = this.#presence?.signal;
    return new Promise((resolve, reject) => {
      let refusedSince = 0;
      /** @type {Observation | null} */
      let last = null;
      const look = (/** @type {Event} */ event) => {
        const { observations } = /** @type {CustomEvent<Look>} */ (event).detail;
        // The nearest face is meant.
        const face = observations.reduce((best, other) => (best && best.box.width >= other.box.width ? best : other), /** @type {Observation | null} */ (null));
        last = face ?? last;
        if (!face) {
          refusedSince = 0;
          return;
        }
        const { decision } = face;
        if (decision.kind !== 'unknown') refusedSince = 0;
        else refusedSince ||= performance.now();
        // A match with somebody else is of a frame from before the question: it says nothing of this person.
        const matched = decision.kind === 'match' && decision.person === id;
        if (matched || (refusedSince && performance.now() - refusedSince > REFUSED_MS)) end(() => resolve(this.#verdict(id, face)));
      };
      const timer = setTimeout(() => end(() => resolve(last ? this.#verdict(id, last) : {
        verified: false, person: { id, name: this.#nameOf(id) }, score: null, needed: this.#state?.needed ?? 0, mask: null, frames: 0, reason: 'no_face', presence: null,
      })), timeoutMs);
      const aborted = () => end(() => reject(signal?.aborted ? signal.reason : leftThePage()));
      const end = (/** @type {() => void} */ act) => {
        clearTimeout(timer);
        this.#live.removeEventListener('look', look);
        signal?.removeEventListener('abort', aborted);
        presence?.removeEventListener('abort', aborted);
        act();
      };
      this.#live.addEventListener('look', look);
      signal?.addEventListener('abort', aborted);
      presence?.addEventListener('abort', aborted);
    });
  }

  /** @param {string} id @param {Observation} face @returns {Verdict} */
  #verdict(id, { decision, mask, frames, presence }) {
    return {
      verified: decision.kind === 'match' && decision.person === id,
      person: { id, name: this.#nameOf(id) },
      score: decision.score,
      needed: decision.needed,
      mask: { ...mask },
      frames,
      reason: decision.kind === 'undecided' ? decision.reason : null,
      presence: presenceNow({ presence }),
    };
  }

  #listen() {
    const { button, again, stop, cameras, cancel } = this.#parts;
    const quietly = (/** @type {Promise<void>} */ work) => work.catch(() => {});
    button.addEventListener('click', () => quietly(this.start()));
    again.addEventListener('click', () => quietly(this.load()));
    stop.addEventListener('click', () => {
      this.stop();
      button.focus();
    });
    cancel.addEventListener('click', () => this.#enrolling?.abort());
    cameras.addEventListener('change', () => {
      this.cameraId = cameras.value;
    });
    const sync = () => this.#sync();
    this.camera.addEventListener('started', () => {
      this.#clearFault(isCameraFault);
      this.#sync();
      // The browser answered after its silence was said: nobody waits for this start any more.
      if (!this.#starting) void this.#listCameras();
    });
    this.camera.addEventListener('stopped', () => {
      this.#overhead = 0;
      this.#sync();
    });
    this.#live.addEventListener('upside-down', () => {
      this.#overhead = this.#overhead ? 0 : 180;
      this.#sync();
    });
    this.camera.addEventListener('fault', (event) => this.#report(/** @type {CustomEvent} */ (event).detail));
    this.camera.addEventListener('recovered', () => this.#clearFault(isCameraFault));
    this.#parts.video.addEventListener('resize', sync);
    this.#live.addEventListener('fault', (event) => {
      this.#report(/** @type {CustomEvent} */ (event).detail);
      this.#sync();
    });
    this.#live.addEventListener('look', (event) => this.#looked(/** @type {CustomEvent<LiveLook>} */ (event).detail));
  }

  /** @param {BrowClient} client */
  #listenTo(client) {
    client.addEventListener('state', (event) => {
      this.#state = /** @type {CustomEvent<State>} */ (event).detail;
      this.#live.locked = Boolean(this.#state.vault?.locked);
      this.#storageFailed(this.#state.storage);
      this.#presenceFailed(this.#state.presence);
      // A person may have come or gone, or another name taken.
      if (this.ready) this.#decide();
    });
    client.addEventListener('progress', (event) => this.#progressed(/** @type {CustomEvent<Progress>} */ (event).detail));
    client.addEventListener('storage', (event) => this.#storageFailed(/** @type {CustomEvent} */ (event).detail));
    client.addEventListener('restarted', (event) => {
      if (this.ready) this.#report(/** @type {CustomEvent<{cause: Fault}>} */ (event).detail.cause);
      this.#engineReady();
    });
    client.addEventListener('fault', (event) => this.#loadingFailed(/** @type {CustomEvent} */ (event).detail));
  }

  /** Tells once why nothing can be kept. @param {Raised | null} storage */
  #storageFailed(storage) {
    if (storage && storage.code !== this.#storage) this.#report(storage);
    this.#storage = storage?.code ?? null;
  }

  /** Tells once why what is asked of presence can't be kept; over when it can. @param {State['presence']} presence */
  #presenceFailed(presence) {
    const before = this.#unkept;
    this.#unkept = presence?.code ?? null;
    if (presence && presence.code !== before) this.#report(presence);
    else if (!presence) this.#clearFault((code) => code === before);
  }

  /** @param {Progress} detail */
  #progressed(detail) {
    const { loaded, total } = detail;
    this.#parts.loaded.value = total ? loaded / total : 0;
    this.#parts.bytes.textContent = this.#loadingWords.say(detail);
    this.#tell('brow-progress', { ...detail });
  }

  /** @param {LiveLook} look */
  #looked(look) {
    this.#guideTurn(look.observations);
    this.dispatchEvent(new CustomEvent('brow-look', { detail: look }));
    // Somebody who was enrolled a moment ago is known to the worker first: the event waits for the name.
    const named = look.observations.filter(({ decision }) => decision.kind !== 'match' || this.#state?.people.some(({ id }) => id === decision.person));
    for (const change of this.#changes.take(named, performance.now(), this.#live.recognising)) this.#tellChange(change);
  }

  /** Asks for the turn, by arrows and in words, as long as it is asked for. @param {Observation[]} observations */
  #guideTurn(observations) {
    const asked = observations.find(({ presence }) => presence?.ask)?.presence?.ask;
    const words = askWords(asked);
    this.#turnGuide.show(asked, this.mirrored);
    const { hint } = this.#parts;
    if (hint.textContent !== words && !this.#capturing) hint.textContent = words;
  }

  /** @param {Change} change */
  #tellChange(change) {
    if (change.type === 'gone') {
      this.#tell('brow-gone', { track: change.track });
      return;
    }
    const { track, mask } = change.observation;
    if (change.type === 'mask') {
      this.#tell('brow-mask', { track, ...mask });
      return;
    }
    if (change.type === 'presence') {
      this.#tell('brow-presence', { track, ...presenceNow(change.observation) });
      return;
    }
    const { kind: _kind, person, reason, ...rest } = this.#face(change.observation);
    if (change.type === 'match') this.#tell('brow-match', { ...rest, person });
    else this.#tell(`brow-${change.type}`, reason === null ? rest : { ...rest, reason });
  }

  /** What is told of a face. @param {Observation} observation */
  #face({ track, decision, mask, frames, presence }) {
    return {
      track,
      kind: decision.kind,
      person: decision.kind === 'match' ? { id: decision.person, name: this.#nameOf(decision.person) } : null,
      reason: decision.kind === 'undecided' ? decision.reason : null,
      score: decision.score,
      needed: decision.needed,
      mask: { ...mask },
      frames,
      presence: presenceNow({ presence }),
    };
  }

  /** @param {string} type @param {object} detail @param {boolean} [cancelable] @returns {boolean} false: it was cancelled */
  #tell(type, detail, cancelable = false) {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable }));
  }

  /** Tells of a fault, and shows it unless the page says that it does. @template T @param {T} error @returns {T} */
  #report(error) {
    const said = faultOf(error);
    this.#fault = said;
    this.#showFault(this.#tell('brow-fault', { ...said }, true) ? said : null);
    return error;
  }

  /** Shows why nobody was enrolled, which whoever asked is told. @template {BrowError} T @param {T} error @returns {T} */
  #shown(error) {
    this.#fault = faultOf(error);
    this.#refused = error.code;
    this.#showFault(this.#fault);
    return error;
  }

  /** @param {Fault | null} said */
  #showFault(said) {
    const place = this.#parts.fault;
    place.replaceChildren(...(said ? [make('strong', {}, said.message), ` ${said.remedy}`] : []));
    if (said) place.dataset.code = said.code;
    else delete place.dataset.code;
  }

  /** Takes a fault away that is over. @param {(code: string) => boolean} over */
  #clearFault(over) {
    if (!this.#fault || !over(this.#fault.code)) return;
    this.#fault = null;
    this.#showFault(null);
  }
}

const leftThePage = () => new DOMException('the element left the page', 'AbortError');

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof BrowError ? error.code : '';
}

/** What is told of somebody's presence: what is asked of them just now is shown and not told. @param {Pick<Observation, 'presence'>} observation @returns {PresenceNow | null} */
function presenceNow({ presence }) {
  if (!presence) return null;
  const { ask: _ask, ...rest } = presence;
  return rest;
}

/** @param {unknown} given @returns {Consent} */
function checkedConsent(given) {
  const { text: words, version, language, time = Date.now() } = /** @type {Partial<Consent>} */ (given && typeof given === 'object' ? given : {});
  for (const field of [words, version, language]) {
    if (typeof field !== 'string' || !field.trim()) throw new BrowError(fault('consent_missing'));
  }
  if (typeof time !== 'number' || !Number.isFinite(time)) throw new BrowError(fault('consent_missing'));
  return { text: /** @type {string} */ (words), version: /** @type {string} */ (version), language: /** @type {string} */ (language), time };
}

/**
 * Turns and mirrors the picture on the screen, and gives the stage its proportions.
 * @param {{stage: HTMLElement, video: HTMLVideoElement, mirrored: boolean, rotation: Rotation}} parts
 */
function turn({ stage, video, mirrored, rotation }) {
  const across = video.videoWidth || 4;
  const down = video.videoHeight || 3;
  const lying = rotation % 180 !== 0;
  stage.style.aspectRatio = lying ? `${down} / ${across}` : `${across} / ${down}`;
  video.style.width = lying ? `${(100 * across) / down}%` : '100%';
  video.style.height = lying ? `${(100 * down) / across}%` : '100%';
  video.style.transform = `translate(-50%, -50%)${mirrored ? ' scaleX(-1)' : ''}${rotation ? ` rotate(${rotation}deg)` : ''}`;
}

/** Makes the inside of the element. @param {ShadowRoot} shadow */
function build(shadow) {
  const words = (/** @type {string} */ tag, /** @type {Record<string, string | boolean>} */ attributes) => make(/** @type {'p'} */ (tag), attributes);
  const stage = make('div', { class: 'stage', part: 'stage' },
    make('video', { part: 'video', playsinline: true, 'data-t-label': 'live.video' }),
    make('div', { class: 'overlay', part: 'overlay', 'aria-hidden': 'true' }),
    make('slot', { name: 'picture' }),
    make('div', { class: 'guide', part: 'guide', 'aria-hidden': 'true' }),
    make('div', { class: 'loading', part: 'loading' },
      make('slot', { name: 'loading' }, words('p', { class: 'loading-title', 'data-t': 'loading.title' })),
      make('progress', { class: 'loaded', part: 'progress', max: '1', value: '0', 'data-t-label': 'loading.title' }),
      make('p', { class: 'loading-bytes' }),
      make('button', { type: 'button', class: 'primary again', part: 'button again', 'data-t': 'loading.again' })),
    make('div', { class: 'invite', part: 'invite' },
      make('slot', { name: 'invite' }, words('p', { 'data-t': 'live.intro' })),
      make('button', { type: 'button', class: 'primary start', part: 'button start', 'data-t': 'live.start' })));
  const say = make('div', { class: 'say' },
    make('p', { class: 'status', part: 'status' }),
    make('ul', { class: 'results', part: 'results', 'data-t-label': 'live.results' }),
    make('p', { class: 'announcer hidden', 'aria-live': 'polite', role: 'status' }),
    make('p', { class: 'hint', part: 'hint', role: 'status', 'aria-live': 'assertive' }),
    make('progress', { class: 'enrolled', part: 'progress', max: '1', value: '0', 'data-t-label': 'enrol.progress' }),
    make('p', { class: 'fault', part: 'fault', role: 'alert' }));
  const controls = make('div', { class: 'controls', part: 'controls' },
    make('label', { class: 'camera-choice', hidden: true }, words('span', { 'data-t': 'live.camera' }), ' ', make('select', { part: 'select' })),
    make('button', { type: 'button', class: 'plain stop', part: 'button stop', 'data-t': 'live.stop' }),
    make('button', { type: 'button', class: 'plain cancel', part: 'button cancel', 'data-t': 'enrol.cancel' }),
    make('slot', { name: 'controls' }));
  const frame = make('div', { class: 'frame', part: 'frame' }, stage, make('div', { class: 'under', part: 'under' }, say, controls), make('slot', { name: 'footer' }));
  shadow.append(frame);
  const video = find('video', HTMLVideoElement, frame);
  // The attribute of this name is only the default of an element that a parser makes.
  video.muted = true;
  return {
    frame,
    stage,
    video,
    guide: find('.guide', HTMLElement, frame),
    loading: find('.loading', HTMLElement, frame),
    loaded: find('.loaded', HTMLProgressElement, frame),
    bytes: find('.loading-bytes', HTMLElement, frame),
    again: find('.again', HTMLButtonElement, frame),
    invite: find('.invite', HTMLElement, frame),
    button: find('.start', HTMLButtonElement, frame),
    stop: find('.stop', HTMLButtonElement, frame),
    cancel: find('.cancel', HTMLButtonElement, frame),
    hint: find('.hint', HTMLElement, frame),
    progress: find('.enrolled', HTMLProgressElement, frame),
    fault: find('.fault', HTMLElement, frame),
    choice: find('.camera-choice', HTMLElement, frame),
    cameras: find('select', HTMLSelectElement, frame),
  };
}

// Loaded twice, from two addresses, the first one counts.
if (!customElements.get('brow-recogniser')) customElements.define('brow-recogniser', BrowRecogniser);
