/**
 * The worker: the engine, the networks and the gallery live here and nowhere else. Frames come in, words about faces go
 * out; templates never do. One message is one request and has one answer (see client.js).
 */
import init, { Engine, Pictures, erasedAt } from './brow.js';
import { memoryStore } from '../vault/memory-store.js';
import { readFrame, readableFrames } from './frames.js';
import { Known } from './known.js';
import { latest } from './latest.js';
import { listOperations } from './lists.js';
import { aboutNetworks, networksAsDetail } from './about.js';
import { addModels, readModels } from './models.js';
import { raised, raisedOf } from './raised.js';
import { Remaking, usable } from './remaking.js';
import { CameraWatch } from './suspect.js';
import { difference, withPeople } from './told.js';
import { asked } from '../vault/asked.js';
import { withoutTemplates } from '../vault/codec.js';
import { StoreError, storeError } from '../vault/errors.js';
import { Witness, vaultState } from '../vault/operations.js';
import { defaultSettings } from '../vault/settings.js';
import { openStore } from '../vault/store.js';

/** @import { CapturedFace } from './brow.js' */
/** @import { CameraFrame, Choices, Deciding, EngineFiles, EnrolStep, Enrolment, Frame, KioskSaid, Look, LookWishes, MaskState, NetworkAbout, PersonSummary, Raised, SaveRequest, Settings, Started, State, WorkerEvent } from '../types.js' */
/** @import { Held, Store, StoreEvent } from '../vault/port.js' */
/** @import { Damaged, KeptPerson, Person, Reference } from '../vault/types.js' */

/** @typedef {{id: number, ok: true, value: unknown} | {id: number, ok: false, error: Raised}} Answered */
/** @typedef {{postMessage: (data: Answered | WorkerEvent) => void, close: () => void, onmessage: ((event: MessageEvent) => void) | null}} Scope */

const scope = /** @type {Scope} */ (/** @type {unknown} */ (self));

/** How sure the mask network must be before a frame counts as of the other mask state than was chosen. */
const MASK_MISMATCH = 0.7;

/** Of a kept picture's JPEG: a template made of it is that of the picture itself, at a fifth of the bytes. */
const PICTURE_QUALITY = 0.92;

/** @type {Engine} */
let engine;
/** @type {Remaking} */
let remaking;
/** The frame that is looked at. @type {Pictures} */
let pictures;
/** The frame before has been looked at. @type {Promise<unknown>} */
let looked = Promise.resolve();
/** The engine's memory: it grows and never shrinks. @type {WebAssembly.Memory} */
let memory;
/** @type {Store} */
let store;
/** Why nothing can be kept, if so. @type {Raised | null} */
let storageFault = null;
/** Why what is asked of presence can't be kept, if so. @type {Raised | null} */
let presenceFault = null;
let filled = false;
/** @type {NetworkAbout[]} */
let networks = [];
/** Captured and waiting to be saved. @type {CapturedFace | null} */
let captured = null;
/** @type {Deciding} */
let deciding = { person: null, targetFmr: null, presence: 'off' };
/** Whatever is decided waits for it: by nothing that was asked before, and of nobody as a stranger who is not taken in yet. */
let refilled = Promise.resolve();

const witness = new Witness();
const cameraWatch = new CameraWatch();
const known = new Known(() => means.pictures);

/** Whom the page was told of. @type {PersonSummary[]} */
let told = [];

/** @param {Answered | WorkerEvent} data */
function tell(data) {
  const way = (/** @type {PersonSummary[]} */ people) => {
    const change = difference(told, people);
    told = people;
    return change;
  };
  scope.postMessage('value' in data ? { ...data, value: withPeople(data.value, way) } : withPeople(data, way));
}

const now = () => performance.timeOrigin + performance.now();

/**
 * Makes the engine, opens the store beside it, and hands the gallery's templates over.
 * @param {{store: string | null, unattended: boolean, files: EngineFiles, deciding: Deciding, held: Held | null}} options
 * @returns {Promise<Started>}
 */
async function start({ store: name, unattended, files, deciding: asked, held }) {
  const workerRunning = now();
  deciding = asked;
  const reading = readModels(files.models);
  reading.catch(() => {});
  memory = /** @type {{memory: WebAssembly.Memory}} */ (await init({ module_or_path: files.module })).memory;
  pictures = new Pictures();
  const frames = readableFrames();
  // What the store decides is in the module.
  const opening = name === null ? Promise.resolve(memoryStore()) : openStore({ name, unattended, held, networks: networksAsDetail(files.manifest), onevent: storeChanged, onprogress: () => tell({ event: 'working' }) });
  opening.catch(() => {});
  engine = new Engine(files.manifest);
  remaking = new Remaking({ engine, name: name ?? '', referenceOf });
  const moduleReady = now();
  networks = aboutNetworks(files.manifest, addModels(engine, files.manifest, await reading));
  watchPresence();
  const modelsReady = now();
  try {
    store = await opening;
    store.setProtector(engine);
    await fillGallery();
  } catch (error) {
    storageFault = withoutStorage(raisedOf(error));
    store = memoryStore();
    await fillGallery();
  }
  remakeOutdated();
  const times = { workerRunning, moduleReady, modelsReady, galleryReady: now() };
  return { state: await currentState(), times, build: files.build, frames: await frames };
}

/** Asks of presence what was asked for last. Where it can't be kept every state says so, and the engine names nobody whom it would have to refuse. */
function watchPresence() {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  presenceFault = null;
  try {
    engine.setPresence(deciding.presence, high, low);
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw error;
    presenceFault = raisedOf(error);
  }
}

/** What is said where the browser stores nothing, with the reason. @param {Raised} cause @returns {Raised} */
function withoutStorage(cause) {
  return raised(cause.code, { ...cause.values, inMemory: true });
}

/** Another tab changed something, or a date of erasure came. @param {StoreEvent} event */
async function storeChanged(event) {
  // Before `start` has filled the gallery there is nothing to bring up to date.
  if (!filled || event.kind === 'unlocked' || (event.kind === 'changed' && event.what === 'log')) return;
  try {
    if (event.kind === 'locked') shut();
    if (event.kind === 'closed') throw storeError(event.reason === 'newer_version' ? 'storage_newer' : 'storage_closed');
    await fillGallery();
    const receipts = event.kind === 'erased' ? event.receipts : [];
    tell({ event: 'changed', state: { ...(await currentState()), receipts } });
  } catch (error) {
    // What can't be read any more (locked, closed, erased) must not go on being recognised.
    shut();
    storageFault = raisedOf(error);
    tell({ event: 'storage', fault: storageFault });
  }
}

/** Nobody is recognised any more, and nobody shown. */
function emptyGallery() {
  engine.clearGallery();
  remaking.forget();
  known.forget();
}

/** Nothing can be read or kept any more: nor does a guest come in by a code that was given before. */
function shut() {
  emptyGallery();
  engine.kioskLock();
}

/**
 * Hands the templates of the store to the engine: everybody's, or those of the one person that it is to decide on.
 * Those of other networks are refused and counted. None while locked.
 */
async function fillGallery() {
  if (store.locked) shut();
  else {
    const { all, settings } = await readStore();
    emptyGallery();
    engine.setTarget(deciding.targetFmr ?? settings.targetFmr);
    known.fill(takeIn(all));
  }
  filled = true;
}

async function readStore() {
  for (;;) {
    const { changes } = known;
    const [all, settings] = await Promise.all([store.records(), store.settings()]);
    // Whoever was changed meanwhile may have been read as they were before.
    if (changes === known.changes) return { all, settings };
  }
}

/** How many references of each person the engine refused. @type {Map<string, number>} */
const refused = new Map();

/**
 * Hands records to the engine, which takes the templates out of them.
 * @param {Awaited<ReturnType<Store['records']>>} all
 * @returns {{people: KeptPerson[], damaged: Damaged[]}}
 */
function takeIn({ records, secret, damaged }) {
  /** @type {KeptPerson[]} */
  const people = [];
  const unread = [...damaged];
  for (const { id, bytes } of records) {
    try {
      const { read, refused: refusals, due } = JSON.parse(asked(() => engine.takeRecord(id, bytes, secret?.bytes, secret?.print, deciding.person ?? undefined)));
      const person = withoutTemplates(bytes, read);
      refused.set(id, refusals);
      remaking.stands(person, due);
      people.push(person);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      unread.push({ id, code: error.code });
    }
  }
  people.sort((a, b) => a.created - b.created);
  return { people, damaged: unread };
}

/** @param {Person} person */
function putInGallery(person) {
  if (deciding.person !== null && deciding.person !== person.id) {
    remaking.note(person);
    return;
  }
  const refusals = engine.putPerson(person.id, person.references.map((reference) => reference.template));
  refused.set(person.id, refusals);
  // Whoever was taken in whole has nothing of earlier networks: at a start nobody's templates are read twice for it.
  if (refusals) remaking.note(person);
  else remaking.settled(person.id);
}

/** Somebody was stored as they are now. @param {Person} person */
function keepUp(person) {
  putInGallery(person);
  known.put(person);
}

/** Makes templates anew where the networks are others and a picture was kept; the page hears of it. Nothing waits for it. */
function remakeOutdated() {
  if (store.locked) return;
  remaking.run(store, {
    put: keepUp,
    tell: (remade) => {
      tell({ event: 'remade', remade });
      if (remade.over) currentState().then((state) => tell({ event: 'changed', state }), () => {});
    },
  }).catch(die);
}

const currentState = latest(/** @returns {Promise<State>} */ async () => {
  const vault = await vaultState(store);
  const settings = vault?.settings ?? (store.locked ? defaultSettings() : await store.settings());
  const { retentionDays } = settings;
  return {
    people: store.locked ? [] : known.withStanding(({ id, expires, consent }) => ({
      refused: refused.get(id) ?? 0, outdated: remaking.standing(id), erased: erasedAt(expires, consent.time, retentionDays),
    })),
    damaged: store.locked ? [] : known.damaged,
    settings: { targetFmr: settings.targetFmr, keepPictures: settings.keepPictures, language: settings.language, theme: settings.theme },
    needed: engine.needed(),
    storage: storageFault,
    presence: presenceFault,
    vault,
  };
});

/** @param {string} id @returns {Promise<Person | undefined>} */
async function find(id) {
  return store.person(id).catch((error) => {
    if (error?.code === 'no_such_person') return undefined;
    throw error;
  });
}

/** Nobody is known any more to have been in view. */
function resetTracks() {
  engine.resetTracks();
  witness.forget();
}

function discard() {
  captured = null;
}

/** Nobody is known any more to have been in view, or kept to be enrolled. */
function forget() {
  resetTracks();
  discard();
}

/** The tracks of whoever was judged and still stands there are kept, or they would be judged again and again. @param {KioskSaid} said */
function forgetting(said) {
  if (said.forgot) forget();
  return said;
}

/**
 * Reads a frame and does something with it, one after the other: there is one place for pixels.
 * @template T @param {CameraFrame} frame @param {() => T} act @returns {Promise<T>}
 */
function withFrame(frame, act) {
  const done = looked.then(async () => {
    await readFrame(pictures, frame);
    await refilled;
    return act();
  });
  looked = done.catch(() => {});
  return done;
}

/** @param {Frame} frame */
const pixels = (frame) => new Uint8Array(frame.buffer);

/**
 * Keeps a capture for `save` and says what it is.
 * @param {CapturedFace} face
 * @returns {Promise<Enrolment>}
 */
async function hold(face) {
  captured = face;
  const person = face.resembles ? await find(face.resembles) : undefined;
  return {
    mask: face.mask,
    quality: face.quality,
    templates: face.templates.length,
    resembles: person ? { id: person.id, name: person.name } : null,
  };
}

/**
 * @param {Uint8Array} template
 * @param {'camera' | 'photo'} source
 * @returns {Reference}
 */
function referenceOf(template, source) {
  const info = engine.templateInfo(template);
  const { periocular, full } = info.models;
  const models = full ? { periocular, full } : { periocular };
  return { template, source, mask: info.mask.state, quality: info.quality, models, time: Date.now() };
}

/** The aligned face, with its border, as JPEG. @param {CapturedFace['best']} best @returns {Promise<Uint8Array<ArrayBuffer>>} */
async function pictureOf(best) {
  const canvas = new OffscreenCanvas(best.width, best.height);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.putImageData(new ImageData(new Uint8ClampedArray(best.rgba), best.width, best.height), 0, 0);
  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: PICTURE_QUALITY });
  return new Uint8Array(await blob.arrayBuffer());
}

/**
 * Stores what was captured. The store is written first: what the engine knows is never more than what is kept.
 * @param {SaveRequest} request
 */
async function save(request) {
  if (!captured) throw raised('nothing_captured');
  const references = captured.templates.map((template) => referenceOf(template, request.source));
  const picture = request.keepPicture ? await pictureOf(captured.best) : null;
  const before = request.addTo ? await find(request.addTo) : undefined;
  const id = before?.id ?? request.id ?? crypto.randomUUID();
  if (before) {
    await store.update(id, {
      // Those that only an earlier release could use make room.
      references: [...usable(engine, before.references), ...references],
      consent: request.consent,
      ...(picture ? { picture } : {}),
    });
  } else {
    const time = Date.now();
    await store.put({
      id, name: request.name, created: time, updated: time, consent: request.consent, expires: null, references, picture,
    });
  }
  captured = null;
  const stored = /** @type {Person} */ (await find(id));
  keepUp(stored);
  const state = await currentState();
  return { person: /** @type {PersonSummary} */ (state.people.find((person) => person.id === id)), state };
}

/** What site-worker.js works with; `pictures`: whether people's pictures are told. */
export const means = {
  store: () => store,
  people: () => known.people,
  kept: (/** @type {Person} */ person) => known.put(person),
  async refill() {
    await fillGallery();
    remakeOutdated();
  },
  empty: shut,
  state: currentState,
  progress: () => tell({ event: 'working' }),
  pictures: false,
  engine: () => engine,
  forgetting,
  forget,
  captured: () => captured,
  discard,
  save,
};

/** What the page may ask for, by name. */
export const operations = {
  start,

  /** @param {{frame: CameraFrame} & LookWishes} message @returns {Promise<Look>} */
  async observe({ frame, turned, watched, kiosk }) {
    return withFrame(frame, () => {
      const observations = engine.observe(pictures, frame.timeMs);
      witness.note(store, observations);
      /** @type {Look} */
      const look = { observations, timings: engine.lastTimings() };
      if (kiosk) look.kiosk = forgetting(engine.kioskSee(frame.height, kiosk.distance, kiosk.timeoutMs));
      if (watched) look.suspicions = cameraWatch.look(pictures.rgba(), watched);
      if (turned) look.turned = engine.observeTurned(pictures).map(({ detection }) => ({ detection }));
      return look;
    });
  },

  resetTracks,

  beginEnrolment() {
    captured = null;
    engine.enrolBegin();
  },

  /** @param {{frame: CameraFrame, wanted: MaskState}} message @returns {Promise<EnrolStep>} */
  async enrolFrame({ frame, wanted }) {
    const step = await withFrame(frame, () => engine.enrolFrame(pictures, frame.timeMs));
    const { observation } = step;
    const covered = observation ? observation.mask.state !== 'bare' : false;
    if (!observation || observation.mask.probability < MASK_MISMATCH || covered === (wanted !== 'bare')) return step;
    // The frames so far may hold the wrong state too: better to begin again than to mix them.
    engine.enrolBegin();
    return { hint: wanted === 'bare' ? 'mask_off' : 'mask_on', progress: 0, observation, done: false };
  },

  async finishEnrolment() {
    await refilled;
    return hold(engine.enrolFinish());
  },

  /** @param {{frame: Frame, chosen?: {x: number, y: number}}} message chosen: of several faces the one at this point */
  async enrolPhoto({ frame, chosen }) {
    captured = null;
    await refilled;
    return hold(engine.enrolPhoto(pixels(frame), frame.width, frame.height, chosen?.x, chosen?.y));
  },

  /** @param {{request: SaveRequest}} message */
  save({ request }) {
    return save(request);
  },

  discard,

  /** @param {{frame: Frame}} message */
  async identifyPhoto({ frame }) {
    await refilled;
    return engine.identifyPhoto(pixels(frame), frame.width, frame.height);
  },

  /** @param {{person: string, frame: Frame}} message */
  async verify({ person, frame }) {
    await refilled;
    return engine.verify(person, pixels(frame), frame.width, frame.height);
  },

  state: currentState,

  /** What each target would cost with the people who are enrolled. @returns {Promise<Choices>} */
  async choices() {
    await refilled;
    const sets = engine.choices().map(([set, costs]) => ({
      set, choices: Array.from({ length: costs.length / 3 }, (_, at) => ({ target: costs[3 * at], bare: costs[3 * at + 1], masked: costs[3 * at + 2] })),
    }));
    return { people: engine.people(), sets };
  },

  /** Bytes that the engine holds. */
  memory() {
    return memory.buffer.byteLength;
  },

  networks() {
    return networks;
  },

  /** @param {{person: string}} message @returns {Promise<string | null>} null if they are not enrolled any more */
  async nameOf({ person }) {
    return (await find(person))?.name ?? null;
  },

  /** @param {{person: string, name: string}} message */
  async rename({ person, name }) {
    known.put(await store.update(person, { name }));
    return currentState();
  },

  /** @param {{person: string}} message */
  async remove({ person }) {
    const receipt = await store.remove(person);
    engine.removePerson(person);
    known.remove(person);
    return { ...(await currentState()), receipts: receipt ? [receipt] : [] };
  },

  async clear() {
    const receipt = await store.clear();
    emptyGallery();
    return { ...(await currentState()), receipts: receipt ? [receipt] : [] };
  },

  /** @param {{patch: Partial<Settings>}} message */
  async setSettings({ patch }) {
    await store.setSettings(patch);
    if (patch.targetFmr !== undefined) engine.setTarget(deciding.targetFmr ?? patch.targetFmr);
    return currentState();
  },

  /** @param {{deciding: Deciding}} message */
  async decideBy({ deciding: asked }) {
    const { presence } = deciding;
    deciding = asked;
    if (deciding.presence !== presence) watchPresence();
    const filling = fillGallery();
    refilled = filling.catch(() => {});
    await filling;
    return currentState();
  },

  ...listOperations,
};

/** After a trap the engine's memory can't be trusted: this worker ends, and the page starts another. @param {unknown} reason */
function die(reason) {
  tell({ event: 'died', reason: String(reason) });
  scope.close();
}

scope.onmessage = async (/** @type {MessageEvent} */ { data }) => {
  const { id, op } = data;
  try {
    const operation = operations[/** @type {keyof operations} */ (op)];
    const value = await /** @type {(message: any) => unknown} */ (operation)(data);
    tell({ id, ok: true, value });
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) {
      die(error);
      return;
    }
    tell({ id, ok: false, error: raisedOf(error) });
  }
};
