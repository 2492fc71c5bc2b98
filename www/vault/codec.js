/**
 * A person as bytes: what is sealed in the store and streamed in a backup.
 *
 *     u32 length of the JSON | JSON without the binary parts | templates, one after another | picture | zeros
 *
 * Zeros fill up to a multiple of 256, so that a ciphertext's length does not tell the length of a name. The JSON says which
 * version of this it is; where it says nothing it is 1.
 */
import { StoreError, storeError } from './errors.js';
import { utf8 } from './crypto.js';

/** @typedef {import('./types.js').Bytes} Bytes */
/** @typedef {import('./types.js').Person} Person */

/** Of a person's record. */
const VERSION = 1;
const PADDING = 256;
const NAME_MOST = 200;
const REFERENCES_MOST = 10_000;
const TEMPLATE_MOST = 65_536;
const PICTURE_MOST = 4 * 1024 * 1024;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** @param {unknown} id @returns {id is string} */
export function isId(id) {
  return typeof id === 'string' && ID.test(id);
}

/**
 * Every record says by itself which version of its format it is: none is 1, for the first ones said nothing.
 * @param {{version?: unknown}} record
 * @param {number} most the newest version that this release reads
 * @throws {import('./errors.js').StoreError} storage_newer, record_damaged
 */
export function checkVersion({ version = 1 }, most) {
  if (!Number.isInteger(version) || Number(version) < 1) throw storeError('record_damaged');
  if (Number(version) > most) throw storeError('storage_newer');
}

/** @param {unknown} value @returns {value is number} */
function isTime(value) {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value < 1e15;
}

/** @param {unknown} value @param {number} most @returns {value is string} */
function isText(value, most) {
  return typeof value === 'string' && value.length <= most;
}

/**
 * @param {unknown} name
 * @returns {string} trimmed and composed (NFC)
 * @throws {import('./errors.js').StoreError} bad_name
 */
export function checkName(name) {
  const clean = typeof name === 'string' ? name.normalize('NFC').trim() : '';
  if (clean === '' || clean.length > NAME_MOST || CONTROL.test(clean)) throw storeError('bad_name');
  return clean;
}

/** @param {any} value @returns {import('./types.js').Reference} */
function checkReference(value) {
  const models = value?.models;
  if (
    !(value?.template instanceof Uint8Array) ||
    value.template.length === 0 ||
    value.template.length > TEMPLATE_MOST ||
    (value.source !== 'camera' && value.source !== 'photo') ||
    !isText(value.mask, 32) ||
    typeof value.quality !== 'number' ||
    !Number.isFinite(value.quality) ||
    !isTime(value.time) ||
    !isText(models?.periocular, 200) ||
    (models.full !== undefined && !isText(models.full, 200))
  ) {
    throw storeError('bad_person');
  }
  return {
    template: value.template,
    source: value.source,
    mask: value.mask,
    quality: value.quality,
    models: models.full === undefined ? { periocular: models.periocular } : { full: models.full, periocular: models.periocular },
    time: value.time,
  };
}

/**
 * Checks every field and drops those that do not belong.
 * @param {any} value
 * @returns {Person}
 * @throws {import('./errors.js').StoreError} bad_id, bad_name, bad_person
 */
export function checkPerson(value) {
  if (!isId(value?.id)) throw storeError('bad_id');
  const name = checkName(value.name);
  const consent = value.consent;
  if (
    !isTime(value.created) ||
    !isTime(value.updated) ||
    !(value.expires === null || isTime(value.expires)) ||
    !isText(consent?.text, 20_000) ||
    !isText(consent?.version, 100) ||
    !isText(consent?.language, 100) ||
    !isTime(consent?.time) ||
    !Array.isArray(value.references) ||
    value.references.length > REFERENCES_MOST ||
    !(value.picture === null || (value.picture instanceof Uint8Array && value.picture.length <= PICTURE_MOST))
  ) {
    throw storeError('bad_person');
  }
  return {
    id: value.id,
    name,
    created: value.created,
    updated: value.updated,
    consent: { text: consent.text, version: consent.version, language: consent.language, time: consent.time },
    expires: value.expires,
    references: value.references.map(checkReference),
    picture: value.picture,
  };
}

/**
 * @param {Person} person
 * @param {string | null} protection id of the key that the templates are protected under; null if they are not
 * @returns {Bytes}
 */
export function encodePerson(person, protection) {
  const { references, picture, ...rest } = person;
  const json = utf8(
    JSON.stringify({
      version: VERSION,
      ...rest,
      protection,
      references: references.map(({ template, ...reference }) => ({ ...reference, bytes: template.length })),
      pictureBytes: picture?.length ?? null,
    }),
  );
  const blobs = [...references.map((reference) => reference.template), ...(picture ? [picture] : [])];
  const used = blobs.reduce((sum, blob) => sum + blob.length, 4 + json.length);
  const out = new Uint8Array(Math.ceil(used / PADDING) * PADDING);
  new DataView(out.buffer).setUint32(0, json.length, true);
  out.set(json, 4);
  let at = 4 + json.length;
  for (const blob of blobs) {
    out.set(blob, at);
    at += blob.length;
  }
  return out;
}

/**
 * The inverse of {@link encodePerson}; every length is checked, so that no bytes can make it fail otherwise.
 * @param {Uint8Array} bytes
 * @returns {{person: Person, protection: string | null}}
 * @throws {import('./errors.js').StoreError} record_damaged, storage_newer
 */
export function decodePerson(bytes) {
  try {
    if (bytes.length < 4) throw storeError('record_damaged');
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
    if (length > bytes.length - 4) throw storeError('record_damaged');
    const json = JSON.parse(decoder.decode(bytes.subarray(4, 4 + length)));
    checkVersion(json, VERSION);
    let at = 4 + length;
    /** @param {unknown} size */
    const take = (size) => {
      if (!Number.isInteger(size) || Number(size) < 0 || Number(size) > bytes.length - at) throw storeError('record_damaged');
      const blob = bytes.slice(at, at + Number(size));
      at += Number(size);
      return blob;
    };
    const { protection, pictureBytes, ...rest } = json;
    const references = rest.references.map((/** @type {any} */ reference) => ({ ...reference, template: take(reference.bytes) }));
    const picture = pictureBytes === null ? null : take(pictureBytes);
    if (!(protection === null || isText(protection, 64))) throw storeError('record_damaged');
    return { person: checkPerson({ ...rest, references, picture }), protection };
  } catch (cause) {
    if (cause instanceof StoreError && cause.code === 'storage_newer') throw cause;
    throw storeError('record_damaged');
  }
}
