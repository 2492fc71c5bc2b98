/**
 * What may be said to frame.html, and how much of it. Whatever is not written here is refused: a host page is somebody
 * else's program, and the page around that may be anybody's. docs/EMBEDDING.md has the messages in words.
 */

export const VERSION = 1;

/** Messages of one page: so many at once, and so many a second in the long run. */
const BURST = 40;
const PER_SECOND = 20;
/** Requests that wait for an answer. */
export const MOST_PENDING = 8;

/** @typedef {'origin' | 'source' | 'flood' | 'malformed' | 'version' | 'op' | 'huge' | 'busy'} Refusal why a message was refused */

/** @param {number} longest @returns {(value: unknown) => Refusal | null} */
const words = (longest) => (value) => {
  if (typeof value !== 'string') return 'malformed';
  return value.length > longest ? 'huge' : null;
};

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isPlain(value) {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/**
 * @param {Record<string, (value: unknown) => Refusal | null>} allowed
 * @param {number} [least] so many of them, from the first, must be there
 * @returns {(value: unknown) => Refusal | null}
 */
const fields = (allowed, least = 0) => (value) => {
  if (!isPlain(value)) return 'malformed';
  const keys = Reflect.ownKeys(value);
  if (keys.length > Object.keys(allowed).length) return 'malformed';
  if (Object.keys(allowed).slice(0, least).some((key) => !Object.hasOwn(value, key))) return 'malformed';
  for (const key of keys) {
    if (typeof key !== 'string' || !Object.hasOwn(allowed, key)) return 'malformed';
    const wrong = allowed[key](value[key]);
    if (wrong) return wrong;
  }
  return null;
};

/** @param {unknown} value @returns {Refusal | null} */
function simple(value) {
  if (typeof value === 'string') return words(200)(value);
  return value === null || typeof value === 'number' || typeof value === 'boolean' ? null : 'malformed';
}

const OPTION_NAMES = ['mode', 'person', 'targetFmr', 'cameraId', 'mirrored', 'rotation', 'language', 'theme', 'presence'];
const consent = fields({ text: words(4_000), version: words(64), language: words(35) }, 3);

/** What each request may hold beside `brow`, `id` and `op`. */
const OPS = {
  hello: fields({}),
  start: fields({}),
  stop: fields({}),
  cancel: fields({}),
  state: fields({}),
  set: fields({ options: fields(Object.fromEntries(OPTION_NAMES.map((name) => [name, simple]))) }, 1),
  enrol: fields({ name: words(200), consent, mask: (value) => (value === 'bare' || value === 'masked' ? null : 'malformed'), addTo: words(64) }, 2),
  verify: fields({ person: words(200) }),
  forget: fields({ person: words(200) }, 1),
};

/** @typedef {keyof typeof OPS} Op */
/** @typedef {{id: number | string, op: Op, fields: Record<string, any>}} Request */

/** @param {unknown} id @returns {id is number | string} */
function isId(id) {
  return typeof id === 'string' ? id.length <= 64 : Number.isSafeInteger(id);
}

/**
 * @param {unknown} data of a message, from an origin that is allowed
 * @returns {{request: Request} | {refusal: Refusal, id: number | string | null}}
 */
export function readRequest(data) {
  if (!isPlain(data) || Reflect.ownKeys(data).length > 6 || !Object.hasOwn(data, 'brow')) return { refusal: 'malformed', id: null };
  const { brow, id, op, ...rest } = data;
  if (!isId(id)) return { refusal: 'malformed', id: null };
  if (brow !== VERSION) return { refusal: 'version', id };
  if (typeof op !== 'string' || !Object.hasOwn(OPS, op)) return { refusal: 'op', id };
  const name = /** @type {Op} */ (op);
  const refusal = OPS[name](rest);
  return refusal ? { refusal, id } : { request: { id, op: name, fields: rest } };
}

/** Lets so many through as may be: a bucket that fills as time goes by. */
export class Pace {
  #left = BURST;
  #at = 0;

  /** @param {number} now milliseconds @returns {boolean} */
  take(now) {
    this.#left = Math.min(BURST, this.#left + ((now - this.#at) * PER_SECOND) / 1000);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

/**
 * The origins of a list, as browsers write them.
 * @param {string} list separated by spaces or commas
 * @returns {string[]}
 * @throws {TypeError} for anything that is not an origin of its own
 */
export function readOrigins(list) {
  return list.split(/[\s,]+/).filter(Boolean).map((text) => {
    const { origin, protocol } = new URL(text);
    if (!['https:', 'http:'].includes(protocol) || /[*;,'"]/.test(origin) || text.replace(/\/$/, '').toLowerCase() !== origin) throw new TypeError(`not an origin: ${text}`);
    return origin;
  });
}
