/**
 * The worker: the engine, the networks and the gallery live here and nowhere else. Frames come in, words about faces go
 * out; templates never do. One message is one request and has one answer (see client.js).
 */
import init, { Engine } from './brow.js';
import { MemoryStore } from '../vault/memory-store.js';
import { fault, faultOf, isFault } from '../words/messages.js';
import { listOperations } from './lists.js';
import { addModels, readModels } from './models.js';
import { Remaking, usable } from './remaking.js';
import { storeError } from '../vault/errors.js';
import { Witness, vaultState } from '../vault/operations.js';
import { defaultSettings } from '../vault/settings.js';
import { openStore } from '../vault/store.js';

/** @import { CapturedFace } from './brow.js' */
/** @import { Deciding, EngineFiles, Enrolment, Fault, Frame, MaskState, PersonSummary, SaveRequest, Settings, Started, State } from '../types.js' */
/** @import { Held, StoreEvent } from '../vault/store.js' */
/** @import { Person, Reference } from '../vault/types.js' */

/** @typedef {{postMessage: (data: unknown) => void, close: () => void, onmessage: ((event: MessageEvent) => void) | null}} Scope */
/** @typedef {Awaited<ReturnType<typeof openStore>> | MemoryStore} Store */

const scope = /** @type {Scope} */ (/** @type {unknown} */ (self));

/** How sure the mask network must be before a frame counts as of the other mask state than was chosen. */
const MASK_MISMATCH = 0.7;

/** Of a kept picture's JPEG: a template made of it is that of the picture itself, at a fifth of the bytes. */
const PICTURE_QUALITY = 0.92;

/** @type {Engine} */
let engine;
/** @type {Remaking} */
let remaking;
/** The engine's memory: it grows and never shrinks. @type {WebAssembly.Memory} */
let memory;
/** @type {Store} */
let store;
/** Why nothing can be kept, if so. @type {Fault | null} */
let storageFault = null;
let filled = false;
/** Captured and waiting to be saved. @type {CapturedFace | null} */
let captured = null;
/** @type {Deciding} */
let deciding = { person: null, targetFmr: null, presence: 'off' };
/** Frames wait for it, so that none is decided on by what was asked before. */
let refilled = Promise.resolve();

const witness = new Witness();

const now = () => performance.timeOrigin + performance.now();

/**
 * Makes the engine, opens the store beside it, and hands the gallery's templates over.
 * @param {{store: string | null, unattended: boolean, files: EngineFiles, deciding: Deciding, held: Held | null}} options
 * @returns {Promise<Started>}
 */
async function start({ store: name, unattended, files, deciding: asked, held }) {
  const workerRunning = now();
  deciding = asked;
  const opening = name === null ? Promise.resolve(new MemoryStore()) : openStore({ name, unattended, held, onevent: storeChanged, onprogress: () => scope.postMessage({ event: 'working' }) });
  opening.catch(() => {});
  const reading = readModels(files.models);
  reading.catch(() => {});
  memory = /** @type {{memory: WebAssembly.Memory}} */ (await init({ module_or_path: files.module })).memory;
  engine = new Engine(files.manifest);
  remaking = new Remaking({ engine, name: name ?? '', referenceOf });
  const moduleReady = now();
  addModels(engine, await reading);
  watchPresence();
  const modelsReady = now();
  try {
    store = await opening;
    if (!(store instanceof MemoryStore)) store.setProtector(engine);
    await fillGallery();
  } catch (error) {
    storageFault = withoutStorage(toFault(error));
    store = new MemoryStore();
    await fillGallery();
  }
  remakeOutdated();
  const times = { workerRunning, moduleReady, modelsReady, galleryReady: now() };
  return { state: await currentState(), times, build: files.build };
}

/** Asks of presence what was asked for last. Throws where this release can't keep it: nobody is to believe that it does. */
function watchPresence() {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  engine.setPresence(deciding.presence, high, low);
}

/** What is said where the browser stores nothing, with the reason. @param {Fault} cause @returns {Fault} */
function withoutStorage(cause) {
  return fault(cause.code, { ...cause.values, inMemory: true });
}

/** Another tab changed something, or a date of erasure came. @param {StoreEvent} event */
async function storeChanged(event) {
  // Before `start` has filled the gallery there is nothing to bring up to date.
  if (!filled || event.kind === 'unlocked' || (event.kind === 'changed' && event.what === 'log')) return;
  try {
    if (event.kind === 'locked') engine.clearGallery();
    if (event.kind === 'closed') throw storeError(event.reason === 'newer_version' ? 'storage_newer' : 'storage_closed');
    await fillGallery();
    const receipts = event.kind === 'erased' ? event.receipts : [];
    scope.postMessage({ event: 'changed', state: { ...(await currentState()), receipts } });
  } catch (error) {
    // What can't be read any more (locked, closed, erased) must not go on being recognised.
    engine.clearGallery();
    storageFault = toFault(error);
    scope.postMessage({ event: 'storage', fault: storageFault });
  }
}

/**
 * Hands the templates of the store to the engine: everybody's, or those of the one person that it is to decide on.
 * Those of other networks are refused and counted. None while locked.
 */
async function fillGallery() {
  if (store.locked) {
    engine.clearGallery();
    remaking.forget();
    filled = true;
    return;
  }
  const [{ people }, settings] = await Promise.all([store.people(), store.settings()]);
  engine.clearGallery();
  remaking.forget();
  engine.setTarget(deciding.targetFmr ?? settings.targetFmr);
  for (const person of people) putInGallery(person);
  filled = true;
}

/** How many references of each person the engine refused. @type {Map<string, number>} */
const refused = new Map();

/** @param {Person} person */
function putInGallery(person) {
  if (deciding.person !== null && deciding.person !== person.id) {
    remaking.note(person);
    return;
  }
  const result = engine.putPerson(person.id, person.references.map((reference) => reference.template));
  refused.set(person.id, result.refused.length);
  // Whoever was taken in whole has nothing of earlier networks: at a start nobody's templates are read twice for it.
  if (result.refused.length) remaking.note(person);
  else remaking.settled(person.id);
}

/** Makes templates anew where the networks are others and a picture was kept; the page hears of it. Nothing waits for it. */
function remakeOutdated() {
  if (store instanceof MemoryStore || store.locked) return;
  remaking.run(store, {
    put: putInGallery,
    tell: (remade) => {
      scope.postMessage({ event: 'remade', remade });
      if (remade.over) currentState().then((state) => scope.postMessage({ event: 'changed', state }), () => {});
    },
  }).catch(die);
}

/** @returns {Promise<State>} */
async function currentState() {
  const vault = await vaultState(store);
  const [{ people, damaged }, settings] = store.locked
    ? [{ people: [], damaged: [] }, defaultSettings()] : await Promise.all([store.people(), store.settings()]);
  return {
    people: people.map(summary).sort((a, b) => a.name.localeCompare(b.name)),
    damaged: damaged.map(({ id, code, message }) => ({ id, code, message })),
    settings: { targetFmr: settings.targetFmr, keepPictures: settings.keepPictures, language: settings.language, theme: settings.theme },
    needed: engine.needed(),
    storage: storageFault,
    vault,
  };
}

/** @param {Person} person @returns {PersonSummary} */
function summary(person) {
  const bare = person.references.filter((reference) => reference.mask === 'bare').length;
  return {
    id: person.id,
    name: person.name,
    created: person.created,
    updated: person.updated,
    consent: person.consent,
    expires: person.expires,
    bare,
    masked: person.references.length - bare,
    refused: refused.get(person.id) ?? 0,
    outdated: remaking.standing(person.id),
    picture: means.pictures && person.picture ? new Uint8Array(person.picture) : null,
  };
}

/** @param {string} id @returns {Promise<Person | undefined>} */
async function find(id) {
  return store.person(id).catch((error) => {
    if (error?.code === 'no_such_person') return undefined;
    throw error;
  });
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
  if (!captured) throw fault('nothing_captured');
  const references = captured.templates.map((template) => referenceOf(template, request.source));
  const picture = request.keepPicture ? await pictureOf(captured.best) : null;
  const known = request.addTo ? await find(request.addTo) : undefined;
  const id = known?.id ?? request.id ?? crypto.randomUUID();
  if (known) {
    await store.update(id, {
      // Those that only an earlier release could use make room.
      references: [...usable(engine, known.references), ...references],
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
  putInGallery(stored);
  return { person: summary(stored), state: await currentState() };
}

/** What site-worker.js works with; `pictures`: whether people's pictures are told. */
export const means = {
  store: () => store,
  async refill() {
    await fillGallery();
    remakeOutdated();
  },
  empty: () => engine.clearGallery(),
  state: currentState,
  progress: () => scope.postMessage({ event: 'working' }),
  pictures: false,
};

/** What the page may ask for, by name. */
export const operations = {
  start,

  /** @param {{frame: Frame}} message */
  async observe({ frame }) {
    await refilled;
    const observations = engine.observe(pixels(frame), frame.width, frame.height, frame.timeMs);
    witness.note(store, observations);
    return { observations, timings: engine.lastTimings() };
  },

  resetTracks() {
    engine.resetTracks();
    witness.forget();
  },

  beginEnrolment() {
    captured = null;
    engine.enrolBegin();
  },

  /** @param {{frame: Frame, wanted: MaskState}} message */
  enrolFrame({ frame, wanted }) {
    const step = engine.enrolFrame(pixels(frame), frame.width, frame.height, frame.timeMs);
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

  /** @param {{frame: Frame}} message */
  async enrolPhoto({ frame }) {
    captured = null;
    await refilled;
    return hold(engine.enrolPhoto(pixels(frame), frame.width, frame.height));
  },

  /** @param {{request: SaveRequest}} message */
  save({ request }) {
    return save(request);
  },

  discard() {
    captured = null;
  },

  /** @param {{frame: Frame}} message */
  identifyPhoto({ frame }) {
    return engine.identifyPhoto(pixels(frame), frame.width, frame.height);
  },

  /** @param {{person: string, frame: Frame}} message */
  verify({ person, frame }) {
    return engine.verify(person, pixels(frame), frame.width, frame.height);
  },

  state: currentState,

  /** Bytes that the engine holds. */
  memory() {
    return memory.buffer.byteLength;
  },

  /** @param {{person: string}} message @returns {Promise<string | null>} null if they are not enrolled any more */
  async nameOf({ person }) {
    return (await find(person))?.name ?? null;
  },

  /** @param {{person: string, name: string}} message */
  async rename({ person, name }) {
    await store.update(person, { name });
    return currentState();
  },

  /** @param {{person: string}} message */
  async remove({ person }) {
    const receipt = await store.remove(person);
    engine.removePerson(person);
    return { ...(await currentState()), receipts: receipt ? [receipt] : [] };
  },

  async clear() {
    const receipt = await store.clear();
    engine.clearGallery();
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

/** @param {unknown} error @returns {Fault} */
function toFault(error) {
  if (isFault(error)) return faultOf(error);
  console.error(error);
  return fault('unexpected');
}

/** After a trap the engine's memory can't be trusted: this worker ends, and the page starts another. @param {unknown} reason */
function die(reason) {
  scope.postMessage({ event: 'died', reason: String(reason) });
  scope.close();
}

scope.onmessage = async (/** @type {MessageEvent} */ { data }) => {
  const { id, op } = data;
  try {
    const operation = operations[/** @type {keyof operations} */ (op)];
    const value = await /** @type {(message: any) => unknown} */ (operation)(data);
    scope.postMessage({ id, ok: true, value });
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) {
      die(error);
      return;
    }
    scope.postMessage({ id, ok: false, error: toFault(error) });
  }
};
