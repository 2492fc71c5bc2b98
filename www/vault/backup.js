/** The backup file as a browser makes and opens it: keys and ciphers by WebCrypto, from and to blobs. What is in it and what may come in: src/vault/backup.rs. */
import { BackupReader, BackupSummary, BackupWriter, passphraseFault } from '../worker/brow.js';
import { asText, asked } from './asked.js';
import { crossing, decodePerson, encodePerson } from './codec.js';
import { PBKDF2_ITERATIONS, randomBytes, sha256, stretch, utf8 } from './crypto.js';
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

/** Bytes of a file that are read at once. */
const PIECE = 256 * 1024;

/** @param {unknown} passphrase @throws {import('./errors.js').StoreError} passphrase_too_short, passphrase_too_long */
export function checkPassphrase(passphrase) {
  const fault = passphraseFault(typeof passphrase === 'string' ? passphrase : '');
  if (!fault) return;
  const { code, values } = JSON.parse(fault);
  throw storeError(code, values);
}

/** @param {string} digits hexadecimal @returns {Bytes} */
const fromHex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (byte) => parseInt(byte, 16));

/**
 * @param {string} passphrase
 * @param {Bytes} salt
 * @param {number} iterations
 * @returns {Promise<{key: CryptoKey, check: Bytes}>} check: tells a wrong passphrase from a damaged file
 */
async function deriveKeys(passphrase, salt, iterations) {
  const master = await crypto.subtle.importKey('raw', await stretch(passphrase, salt, iterations), 'HKDF', false, ['deriveBits', 'deriveKey']);
  /** @param {string} use */
  const how = (use) => ({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: utf8(use) });
  const key = await crypto.subtle.deriveKey(how('brow backup key'), master, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  const check = await crypto.subtle.deriveBits(how('brow backup check'), master, 128);
  return { key, check: new Uint8Array(check) };
}

/** @param {Uint8Array} iv @param {Uint8Array} boundTo */
const cipher = (iv, boundTo) => ({ name: 'AES-GCM', iv: /** @type {Bytes} */ (iv), additionalData: /** @type {Bytes} */ (boundTo) });

/**
 * Who goes into a backup, or comes out of one.
 * @param {string} vault
 * @param {AsyncIterable<Person> | Iterable<Person>} people
 * @returns {Promise<Summary>}
 */
export async function summaryOf(vault, people) {
  const summary = new BackupSummary(asText(Date.now()), asText(vault));
  try {
    for await (const person of people) summary.add(crossing(person));
    return JSON.parse(summary.text());
  } finally {
    summary.free();
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
  const { key, check } = await deriveKeys(passphrase, salt, iterations);
  const writer = new BackupWriter(asText(summary), randomBytes(7));
  /** @param {boolean} last */
  async function* chunks(last) {
    for (let plain = writer.chunk(last); plain; plain = writer.chunk(last)) {
      yield /** @type {Bytes} */ (writer.framed(new Uint8Array(await crypto.subtle.encrypt(cipher(writer.nonce(), boundTo), key, /** @type {Bytes} */ (plain)))));
    }
  }
  const start = /** @type {Bytes} */ (writer.start(iterations, salt, check));
  const boundTo = await sha256(start);
  try {
    yield start;
    for await (const person of people) {
      writer.put(encodePerson(person, null));
      yield* chunks(false);
    }
    yield* chunks(true);
  } finally {
    writer.free();
  }
}

/** @param {Blob} file @returns {AsyncGenerator<Uint8Array, void, void>} */
async function* piecesOf(file) {
  // By slices and not by file.stream(): not every browser can iterate a stream, and a slice needs no clean-up.
  for (let at = 0; at < file.size; at += PIECE) yield new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer());
}

/**
 * Opens a backup. The summary comes from its first chunks and is what the file says of itself: good for progress, no more.
 * `people` must be read to the end before anything of it is believed, for only then is it known that the file is whole.
 * @param {Blob} file
 * @param {string} passphrase
 * @param {{looks?: boolean}} [how] looks: into each template, for what is said of it
 * @returns {Promise<{summary: Summary, people: AsyncGenerator<Person, void, void>}>}
 * @throws {import('./errors.js').StoreError} file_foreign, file_newer, file_truncated, file_damaged, file_refused, wrong_passphrase
 */
export async function readBackup(file, passphrase, { looks = false } = {}) {
  const reader = new BackupReader();
  const pieces = piecesOf(file);
  const now = asText(Date.now());
  const more = async () => {
    const { value } = await pieces.next();
    if (value) asked(() => reader.push(value));
    else reader.end();
    return Boolean(value);
  };
  /** @template T @param {() => T | undefined} ask @param {() => Promise<unknown>} lacking brings what it lacks @returns {Promise<T>} */
  const got = async (ask, lacking) => {
    for (;;) {
      const value = asked(ask);
      if (value !== undefined) return value;
      await lacking();
    }
  };
  const { iterations, salt, bound } = JSON.parse(await got(() => reader.start(), more));
  const { key, check } = await deriveKeys(String(passphrase), fromHex(salt), iterations);
  if (!reader.isKey(check)) throw storeError('wrong_passphrase');
  const boundTo = fromHex(bound);

  const chunk = async () => {
    const sealed = await got(() => reader.chunk(), more);
    /** @param {boolean} last */
    const open = (last) => crypto.subtle.decrypt(cipher(reader.nonce(last), boundTo), key, /** @type {Bytes} */ (sealed)).then((plain) => new Uint8Array(plain), () => null);
    const middle = await open(false);
    const plain = middle ?? (await open(true));
    if (!plain) throw storeError('file_damaged');
    asked(() => reader.opened(plain, !middle));
    // Nothing may follow the last one.
    if (!middle) while (await more());
  };
  const summary = JSON.parse(await got(() => reader.summary(now), chunk));
  async function* people() {
    try {
      for (;;) {
        const record = asked(() => reader.person(now, looks));
        if (record) {
          const { person } = decodePerson(record);
          // A name like on every other way in.
          yield { ...person, name: tidyName(person.name) || '?' };
        } else if (reader.isOver()) return;
        else await chunk();
      }
    } finally {
      reader.free();
    }
  }
  return { summary, people: people() };
}
