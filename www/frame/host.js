/**
 * For the page around a frame with Brow's frame.html in it: promises instead of messages. It needs nothing else of Brow.
 *
 *     const brow = await connectBrow(document.querySelector('iframe'), { origin: 'https://brow.example' });
 *     brow.addEventListener('brow-match', ({ detail }) => greet(detail.person.name));
 *     await brow.start();
 */

/** @import { Options } from '../element/attributes.js' */
/** @import { PersonName, Snapshot, Verdict } from '../element/element.js' */
/** @import { Consent, Fault } from '../types.js' */

/** As frame-protocol.js has it; written here too, so that this file can be copied alone. */
const VERSION = 1;
/** Until the frame is loaded, nobody hears a hello: it is said again. */
const HELLO_EVERY_MS = 250;

/** What the frame answered instead of doing it. */
export class BrowFrameError extends Error {
  /** @param {Fault & {why?: string}} fault */
  constructor({ code, message, remedy, why }) {
    super(message);
    this.name = 'BrowFrameError';
    this.code = code;
    this.remedy = remedy;
    /** Why a message was refused, where one was. */
    this.why = why ?? null;
  }
}

/** Events: those of <brow-recogniser>, with the same details. */
export class BrowFrame extends EventTarget {
  #iframe;
  #origin;
  #nextId = 1;
  /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
  #pending = new Map();
  #closed = false;

  /** @param {HTMLIFrameElement} iframe @param {string} origin of the frame's page */
  constructor(iframe, origin) {
    super();
    this.#iframe = iframe;
    this.#origin = new URL(origin).origin;
    addEventListener('message', this.#receive);
  }

  /** @returns {Promise<void>} */
  start() { return this.request('start'); }

  /** @returns {Promise<void>} */
  stop() { return this.request('stop'); }

  /** @param {Partial<Pick<Options, 'mode' | 'person' | 'targetFmr' | 'cameraId' | 'mirrored' | 'rotation' | 'language' | 'theme' | 'presence'>>} options @returns {Promise<void>} */
  set(options) { return this.request('set', { options }); }

  /**
   * The person is asked in the frame whether they agree to the words of `consent`.
   * @param {{name: string, consent: Pick<Consent, 'text' | 'version' | 'language'>, mask?: 'bare' | 'masked', addTo?: string}} request `addTo`: the id of
   *   somebody whom the state calls `outdated: 'again'`
   * @returns {Promise<PersonName>}
   */
  enrol(request) { return this.request('enrol', request); }

  /** Gives up the enrolment that is under way. @returns {Promise<void>} */
  cancel() { return this.request('cancel'); }

  /** @param {string} [person] @returns {Promise<Verdict>} */
  verify(person) { return this.request('verify', person === undefined ? {} : { person }); }

  /** @param {string} person @returns {Promise<void>} */
  forget(person) { return this.request('forget', { person }); }

  /** @returns {Promise<Snapshot & {refused: Record<import('./protocol.js').Refusal, number>}>} */
  state() { return this.request('state'); }

  /** Ends listening. Whatever still waits is refused; the frame itself is the page's to remove. */
  close() {
    this.#closed = true;
    removeEventListener('message', this.#receive);
    for (const { reject } of this.#pending.values()) reject(new BrowFrameError({ code: 'closed', message: 'The frame was closed.', remedy: 'Connect to it again.' }));
    this.#pending.clear();
  }

  /**
   * @param {string} op
   * @param {object} [fields]
   * @returns {Promise<any>}
   * @throws {BrowFrameError}
   */
  request(op, fields = {}) {
    return new Promise((resolve, reject) => {
      const frame = this.#iframe.contentWindow;
      if (!frame || this.#closed) {
        reject(new BrowFrameError({ code: 'closed', message: 'The frame is not in the page.', remedy: 'Add it and connect again.' }));
        return;
      }
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      frame.postMessage({ brow: VERSION, id, op, ...fields }, this.#origin);
    });
  }

  /** @param {MessageEvent} event */
  #receive = ({ origin, source, data }) => {
    if (origin !== this.#origin || source !== this.#iframe.contentWindow || data?.brow !== VERSION) return;
    if (typeof data.event === 'string' && data.event.startsWith('brow-')) {
      this.dispatchEvent(new CustomEvent(data.event, { detail: data.detail }));
      return;
    }
    const waiting = this.#pending.get(data.id);
    if (!waiting) return;
    this.#pending.delete(data.id);
    if (data.ok) waiting.resolve(data.value);
    else waiting.reject(new BrowFrameError(data.error));
  };
}

/**
 * Speaks with a frame as soon as it answers.
 * @param {HTMLIFrameElement} iframe with frame.html of a site with Brow, and allow="camera"
 * @param {{origin: string, timeoutMs?: number}} options `origin`: that site's
 * @returns {Promise<BrowFrame>}
 * @throws {BrowFrameError} frame_silent: not loaded, or this page's origin is not on its list
 */
export async function connectBrow(iframe, { origin, timeoutMs = 20_000 }) {
  const frame = new BrowFrame(iframe, origin);
  const end = performance.now() + timeoutMs;
  while (performance.now() < end) {
    const hello = frame.request('hello');
    hello.catch(() => {});
    const answered = await Promise.race([hello, new Promise((resolve) => setTimeout(resolve, HELLO_EVERY_MS, null))]);
    if (answered) return frame;
  }
  frame.close();
  throw new BrowFrameError({
    code: 'frame_silent', message: 'The frame does not answer.', remedy: 'Its site must list this page\u2019s origin; see docs/EMBEDDING.md.',
  });
}
