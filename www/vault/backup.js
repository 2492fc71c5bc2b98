/**
 * The backup file: everybody in the store in one encrypted file, opened by a passphrase.
 *
 *     "BRWX" | u16 version | u32 length of the header | header (JSON)
 *     then chunks: u32 length | AES-256-GCM ciphertext with its tag                    (numbers little-endian)
 *
 * The header says how the key comes from the passphrase (PBKDF2-SHA-256, then HKDF into the key and a check value that
 * tells a wrong passphrase from a damaged file). A chunk's nonce is the file's random prefix, the chunk's number and a
 * last-chunk flag, and every chunk is bound to the SHA-256 of all that comes before the first: chunks cannot be
 * changed, left out, reordered, taken from another file or cut off at the end without being noticed (the STREAM
 * construction). Inside, the plaintext is a row of records, each `u32 length | bytes`: first the summary (JSON), then
 * one record a person (codec.js). It is written and read in pieces of 256 KiB, whatever the number of people.
 */
import { PBKDF2_ITERATIONS, PBKDF2_MOST, hex, randomBytes, sha256, stretch, utf8 } from './crypto.js';
import { decodePerson, encodePerson } from './codec.js';
import { storeError } from './errors.js';
import { tidyName } from '../words/names.js';

/** @typedef {import('./types.js').Bytes} Bytes */
/** @typedef {import('./types.js').Person} Person */
/**
 * @typedef {object} Summary
 * @property {number} created
 * @property {string} vault random id of the vault that it was made from
 * @property {number} people
 * @property {number} references
 * @property {Record<string, number>} models references by model id
 * @property {{id: string, name: string, references: number}[]} who
 */
/** @typedef {{kdf: string, iterations: number, salt: string, prefix: string, check: string}} Header */

const MAGIC = utf8('BRWX');
export const VERSION = 1;
const CHUNK = 256 * 1024;
const TAG = 16;
const HEADER_MOST = 4096;
/** The largest record: the summary of a hundred thousand people. */
const RECORD_MOST = 64 * 1024 * 1024;
const PASSPHRASE_LEAST = 8;
const PASSPHRASE_MOST = 1000;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** @param {unknown} passphrase @throws {import('./errors.js').StoreError} passphrase_too_short, passphrase_too_long */
export function checkPassphrase(passphrase) {
  if (typeof passphrase !== 'string' || [...passphrase].length < PASSPHRASE_LEAST) {
    throw storeError('passphrase_too_short', { least: PASSPHRASE_LEAST });
  }
  if (passphrase.length > PASSPHRASE_MOST) throw storeError('passphrase_too_long', { most: PASSPHRASE_MOST });
}

/** @param {unknown} text @param {number} bytes @returns {Bytes} */
function fromHex(text, bytes) {
  if (typeof text !== 'string' || !new RegExp(`^[0-9a-f]{${bytes * 2}}$`).test(text)) throw storeError('file_damaged');
  return Uint8Array.from({ length: bytes }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/**
 * @param {string} passphrase
 * @param {Bytes} salt
 * @param {number} iterations
 * @returns {Promise<{key: CryptoKey, check: string}>}
 */
async function deriveKeys(passphrase, salt, iterations) {
  const master = await crypto.subtle.importKey('raw', await stretch(passphrase, salt, iterations), 'HKDF', false, ['deriveBits', 'deriveKey']);
  /** @param {string} use */
  const how = (use) => ({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: utf8(use) });
  const key = await crypto.subtle.deriveKey(how('brow backup key'), master, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  const check = await crypto.subtle.deriveBits(how('brow backup check'), master, 128);
  return { key, check: hex(new Uint8Array(check)) };
}

/**
 * @param {Bytes} prefix 7 bytes
 * @param {number} index
 * @param {boolean} last
 * @returns {Bytes} 12 bytes, never the same twice under one key
 */
function nonce(prefix, index, last) {
  const bytes = new Uint8Array(12);
  bytes.set(prefix);
  new DataView(bytes.buffer).setUint32(7, index);
  bytes[11] = last ? 1 : 0;
  return bytes;
}

/** @param {number} value @returns {Bytes} */
function u32(value) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** @param {string} vault @returns {Summary} of nobody yet */
export function emptySummary(vault) {
  return { created: Date.now(), vault, people: 0, references: 0, models: {}, who: [] };
}

/** @param {Summary} summary @param {Person} person */
export function addToSummary(summary, { id, name, references }) {
  summary.people += 1;
  summary.references += references.length;
  summary.who.push({ id, name, references: references.length });
  for (const { models } of references) {
    for (const model of [models.full, models.periocular]) {
      if (model !== undefined) summary.models[model] = (summary.models[model] ?? 0) + 1;
    }
  }
}

/**
 * @param {string} passphrase
 * @param {Summary} summary
 * @param {AsyncIterable<Person> | Iterable<Person>} people exactly those of the summary
 * @param {number} [iterations]
 * @returns {AsyncGenerator<Bytes, void, void>} the file, piece by piece
 */
export async function* writeBackup(passphrase, summary, people, iterations = PBKDF2_ITERATIONS) {
  checkPassphrase(passphrase);
  const salt = randomBytes(16);
  const prefix = randomBytes(7);
  const { key, check } = await deriveKeys(passphrase, salt, iterations);
  /** @type {Header} */
  const header = { kdf: 'PBKDF2-SHA-256', iterations, salt: hex(salt), prefix: hex(prefix), check };
  const json = utf8(JSON.stringify(header));
  const start = new Uint8Array(10 + json.length);
  start.set(MAGIC);
  new DataView(start.buffer).setUint16(4, VERSION, true);
  new DataView(start.buffer).setUint32(6, json.length, true);
  start.set(json, 10);
  const boundTo = await sha256(start);
  yield start;

  let chunk = new Uint8Array(CHUNK);
  let filled = 0;
  let index = 0;
  /** @param {boolean} last */
  const flush = async (last) => {
    const how = { name: 'AES-GCM', iv: nonce(prefix, index, last), additionalData: boundTo };
    const data = new Uint8Array(await crypto.subtle.encrypt(how, key, chunk.subarray(0, filled)));
    index += 1;
    filled = 0;
    const piece = new Uint8Array(4 + data.length);
    piece.set(u32(data.length));
    piece.set(data, 4);
    return piece;
  };
  async function* records() {
    yield utf8(JSON.stringify(summary));
    for await (const person of people) yield encodePerson(person, null);
  }
  for await (const record of records()) {
    for (const part of [u32(record.length), record]) {
      for (let at = 0; at < part.length; ) {
        if (filled === CHUNK) yield await flush(false);
        const size = Math.min(CHUNK - filled, part.length - at);
        chunk.set(part.subarray(at, at + size), filled);
        filled += size;
        at += size;
      }
    }
  }
  yield await flush(true);
}

/** Bytes in, bytes out, in pieces of any size. */
class Queue {
  /** @param {AsyncIterator<Uint8Array>} source */
  constructor(source) {
    this.source = source;
    /** @type {Uint8Array[]} */
    this.pieces = [];
    this.length = 0;
  }

  /**
   * @param {number} size
   * @returns {Promise<Bytes | null>} null if the source ends before; what is left stays in the queue
   */
  async take(size) {
    while (this.length < size) {
      const { done, value } = await this.source.next();
      if (done) return null;
      this.pieces.push(value);
      this.length += value.length;
    }
    const out = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      const piece = this.pieces[0];
      const part = piece.subarray(0, size - at);
      out.set(part, at);
      at += part.length;
      if (part.length === piece.length) this.pieces.shift();
      else this.pieces[0] = piece.subarray(part.length);
    }
    this.length -= size;
    return out;
  }
}

/** @param {Blob} file @returns {AsyncGenerator<Uint8Array, void, void>} */
async function* piecesOf(file) {
  // By slices and not by file.stream(): not every browser can iterate a stream, and a slice needs no clean-up.
  for (let at = 0; at < file.size; at += CHUNK) yield new Uint8Array(await file.slice(at, at + CHUNK).arrayBuffer());
}

/**
 * @param {Queue} queue
 * @returns {Promise<{header: Header, boundTo: Bytes}>}
 */
async function readHeader(queue) {
  const start = await queue.take(10);
  if (!start) throw storeError('file_foreign');
  if (!MAGIC.every((byte, i) => start[i] === byte)) throw storeError('file_foreign');
  const view = new DataView(start.buffer);
  if (view.getUint16(4, true) > VERSION) throw storeError('file_newer');
  const length = view.getUint32(6, true);
  if (view.getUint16(4, true) === 0 || length > HEADER_MOST) throw storeError('file_damaged');
  const json = await queue.take(length);
  if (!json) throw storeError('file_truncated');
  const all = new Uint8Array(10 + length);
  all.set(start);
  all.set(json, 10);
  try {
    return { header: JSON.parse(decoder.decode(json)), boundTo: await sha256(all) };
  } catch {
    throw storeError('file_damaged');
  }
}

/**
 * @param {Queue} queue
 * @param {CryptoKey} key
 * @param {Bytes} prefix
 * @param {Bytes} boundTo
 * @returns {AsyncGenerator<Bytes, void, void>} the plaintext, chunk by chunk; ends only after a genuine last chunk
 */
async function* readChunks(queue, key, prefix, boundTo) {
  for (let index = 0; ; index += 1) {
    const size = await queue.take(4);
    if (!size) throw storeError('file_truncated');
    const length = new DataView(size.buffer).getUint32(0, true);
    if (length < TAG || length > CHUNK + TAG) throw storeError('file_damaged');
    const data = await queue.take(length);
    if (!data) throw storeError('file_truncated');
    /** @param {boolean} last */
    const open = (last) =>
      crypto.subtle
        .decrypt({ name: 'AES-GCM', iv: nonce(prefix, index, last), additionalData: boundTo }, key, data)
        .then((plain) => new Uint8Array(plain), () => null);
    const middle = await open(false);
    if (middle) {
      yield middle;
      continue;
    }
    const end = await open(true);
    if (!end) throw storeError('file_damaged');
    yield end;
    if (await queue.take(1)) throw storeError('file_damaged');
    return;
  }
}

/** @param {any} value @returns {Summary} */
function checkSummary(value) {
  const counts = [value?.created, value?.people, value?.references];
  if (counts.some((count) => !Number.isSafeInteger(count) || count < 0) || typeof value.vault !== 'string' || !Array.isArray(value.who) || typeof value.models !== 'object' || value.models === null) {
    throw storeError('file_damaged');
  }
  return value;
}

/**
 * A person as they may come in, whoever wrote the file: a name like on every other way in, and no time that has yet to come, for
 * a consent of the future would never be too old.
 * @param {Person} person
 * @returns {Person}
 */
function asTakenIn({ name, created, updated, consent, references, ...rest }) {
  const now = Date.now();
  /** @param {number} time */
  const past = (time) => Math.min(time, now);
  return {
    ...rest, name: tidyName(name) || '?', created: past(created), updated: past(updated), consent: { ...consent, time: past(consent.time) },
    references: references.map((reference) => ({ ...reference, time: past(reference.time) })),
  };
}

/**
 * Opens a backup. The summary comes from its first chunks and is what the file says of itself: good for progress, no more.
 * `people` must be read to the end before anything of it is believed, for only then is it known that the file is whole.
 * @param {Blob} file
 * @param {string} passphrase
 * @returns {Promise<{summary: Summary, people: AsyncGenerator<Person, void, void>}>}
 * @throws {import('./errors.js').StoreError} file_foreign, file_newer, file_truncated, file_damaged, wrong_passphrase
 */
export async function readBackup(file, passphrase) {
  const outer = new Queue(piecesOf(file));
  const { header, boundTo } = await readHeader(outer);
  const iterations = header?.iterations;
  if (header?.kdf !== 'PBKDF2-SHA-256' || !Number.isInteger(iterations) || iterations < 1 || iterations > PBKDF2_MOST) throw storeError('file_damaged');
  const { key, check } = await deriveKeys(String(passphrase), fromHex(header.salt, 16), iterations);
  fromHex(header.check, 16);
  if (check !== header.check) throw storeError('wrong_passphrase');
  const inner = new Queue(readChunks(outer, key, fromHex(header.prefix, 7), boundTo));

  /** @returns {Promise<Bytes | null>} null at the end of the file */
  const record = async () => {
    const size = await inner.take(4);
    if (!size) {
      if (inner.length > 0) throw storeError('file_damaged');
      return null;
    }
    const length = new DataView(size.buffer).getUint32(0, true);
    if (length > RECORD_MOST) throw storeError('file_damaged');
    const bytes = await inner.take(length);
    if (!bytes) throw storeError('file_damaged');
    return bytes;
  };
  /** @returns {Promise<Summary>} */
  const readSummary = async () => {
    const bytes = await record();
    try {
      return checkSummary(JSON.parse(decoder.decode(bytes ?? new Uint8Array(0))));
    } catch {
      throw storeError('file_damaged');
    }
  };
  const summary = await readSummary();
  async function* people() {
    const seen = new Set();
    for (let bytes = await record(); bytes; bytes = await record()) {
      /** @type {Person} */
      let person;
      try {
        person = asTakenIn(decodePerson(bytes).person);
      } catch {
        throw storeError('file_damaged');
      }
      if (seen.has(person.id)) throw storeError('file_damaged');
      seen.add(person.id);
      yield person;
    }
    if (seen.size !== summary.people) throw storeError('file_damaged');
  }
  return { summary, people: people() };
}
