/**
 * The recogniser in a frame of somebody else's page: takes requests by postMessage from the origins that the operator of
 * this site lists, and tells of events. No picture and no template is ever in a message. docs/EMBEDDING.md.
 *
 * Nothing is loaded and no camera is asked for before a page of the list has said hello. Each such origin has a gallery
 * of its own. Nobody is enrolled on the word of the page around: the person is asked here, in the frame.
 */
import '../offline/guard.js';
import { askConsent } from './consent.js';
import { find, withName } from '../ui/dom.js';
import { BrowRecogniser } from '../element/element.js';
import { BrowError } from '../words/errors.js';
import { MOST_PENDING, Pace, VERSION, readOrigins, readRequest } from './protocol.js';
import { fault, faultOf, text } from '../words/messages.js';
import { keepOffline } from '../offline/offline.js';
import { startLanguage } from '../ui/page-language.js';
import { galleryOf } from '../vault/migrations/frame-name.js';

/** @import { Refusal, Request } from './protocol.js' */

const EVENTS = /** @type {const} */ (['brow-match', 'brow-unknown', 'brow-undecided', 'brow-mask', 'brow-presence', 'brow-gone', 'brow-enrolled', 'brow-fault', 'brow-progress']);

/** Who may speak with this frame: written by the build, see tools/frame-origins.mjs. */
const origins = new Set(readOrigins(find('meta[name=brow-origins]', HTMLMetaElement).content));
const status = find('.frame-status', HTMLElement);
const pace = new Pace();
/** How many messages were refused, and why. @type {Record<Refusal, number>} */
const refused = { origin: 0, source: 0, flood: 0, malformed: 0, version: 0, op: 0, huge: 0, busy: 0 };
/** The page that said hello first: no other is listened to afterwards. @type {string | null} */
let host = null;
/** @type {Promise<BrowRecogniser> | null} */
let recogniser = null;
let pending = 0;
/** @type {AbortController | null} */
let enrolling = null;

/** @param {object} message */
function send(message) {
  if (host) window.parent.postMessage({ brow: VERSION, ...message }, host);
}

/** The element, made when the first page of the list has said hello. @param {string} origin */
function meet(origin) {
  host = origin;
  return (recogniser ??= makeElement(origin));
}

/** @param {string} origin */
async function makeElement(origin) {
  const element = new BrowRecogniser();
  // Another page's people are none of this one's business, also where the browser keeps one store for all.
  element.store = await galleryOf(origin);
  element.seal = true;
  for (const type of EVENTS) element.addEventListener(type, (event) => send({ event: type, detail: event.detail }));
  status.hidden = true;
  document.body.append(element);
  keepOffline({ after: element.load() }).catch(() => {});
  return element;
}

/** @param {Record<string, any>} request the person is asked in this frame, in the host's words @param {BrowRecogniser} element */
async function enrol({ name, consent, mask, addTo }, element) {
  const { text: words, version, language } = consent;
  // A view is added to nobody on a host's word but to whoever could not be recognised otherwise.
  const again = addTo === undefined ? null : element.snapshotState().people.find(({ id, outdated }) => id === addTo && outdated === 'again');
  if (again === undefined) throw new BrowError(fault('no_such_person'));
  const agreed = await askConsent(withName(text('frame.consent.title', { name: '{name}' }), again?.name ?? name), words);
  if (!agreed) throw new BrowError(fault('consent_refused'));
  enrolling = new AbortController();
  try {
    return await element.enrol({
      name, mask, addTo, consent: { text: words, version, language, time: Date.now() }, signal: enrolling.signal,
    });
  } finally {
    enrolling = null;
  }
}

/** @param {Request} request @param {BrowRecogniser} element @returns {Promise<unknown>} */
async function answer({ op, fields }, element) {
  switch (op) {
    case 'hello': return { version: VERSION };
    case 'start': return element.start();
    case 'stop': return element.stop();
    case 'cancel': return enrolling?.abort();
    case 'state': return { ...element.snapshotState(), refused: { ...refused } };
    case 'set': return void Object.assign(element, fields.options);
    case 'enrol': return enrol(fields, element);
    case 'verify': return element.verify(fields.person);
    case 'forget': return element.forget(fields.person);
  }
}

/** @param {unknown} error */
function wordsFor(error) {
  return error instanceof DOMException && error.name === 'AbortError' ? fault('given_up') : faultOf(error);
}

/** @param {Refusal} why @param {number | string | null} [id] whom to answer; nobody is answered who floods or is not listed */
function refuse(why, id) {
  refused[why] += 1;
  if (id !== undefined) send({ id, ok: false, error: { ...fault('frame_refused', { why }), why } });
}

// What is said does not get looked at before it is clear who says it.
addEventListener('message', async (event) => {
  if (!origins.has(event.origin) || (host !== null && event.origin !== host)) return refuse('origin');
  if (event.source !== window.parent || window.parent === window) return refuse('source');
  if (!pace.take(performance.now())) return refuse('flood');
  const read = readRequest(event.data);
  if ('refusal' in read) return refuse(read.refusal, read.id);
  const { request } = read;
  if (pending >= MOST_PENDING) return refuse('busy', request.id);
  pending += 1;
  try {
    const value = await answer(request, await meet(event.origin));
    send({ id: request.id, ok: true, value });
  } catch (error) {
    send({ id: request.id, ok: false, error: wordsFor(error) });
  } finally {
    pending -= 1;
  }
});

startLanguage();
document.documentElement.dataset.ready = '';
