/**
 * A person as JavaScript has them, and the bytes that are sealed in the store and streamed in a backup. What is in those, and who may be stored:
 * src/vault/record.rs. Names are composed here, for which browsers have the tables.
 */
import { isPersonId, peopleJoined, personCheck, personRead, personWrite, viewMayGo } from '../worker/brow.js';
import { asText, asked } from './asked.js';

/** @typedef {import('./types.js').Bytes} Bytes */
/** @typedef {import('./types.js').KeptPerson} KeptPerson */
/** @typedef {import('./types.js').Person} Person */

/** @param {unknown} id @returns {id is string} */
export function isId(id) {
  return typeof id === 'string' && isPersonId(id);
}

/** @param {unknown} name */
const composed = (name) => (typeof name === 'string' ? name.normalize('NFC').trim() : name);
/** Each once; nothing where there is none. @param {unknown} groups */
const grouped = (groups) => (Array.isArray(groups) && groups.length ? [...new Set(groups.map(composed))] : Array.isArray(groups) || groups === null ? undefined : groups);
/** @param {unknown} bytes */
const sizeOf = (bytes) => (bytes instanceof Uint8Array ? bytes.length : false);

/**
 * A person as they cross to Rust: the lengths of templates and picture in the places of their bytes.
 * @param {any} person
 * @param {string | null} [protection]
 */
export function crossing(person, protection) {
  const { id, name, created, updated, consent, expires, groups, note, references, picture } = person ?? {};
  return asText({
    id, name: composed(name), created, updated, consent, expires, groups: grouped(groups), note: note === '' ? undefined : note, protection,
    references: Array.isArray(references) ? references.map((reference) => {
      const { source, mask, quality, models, time, template } = reference ?? {};
      return { source, mask, quality, models, time, bytes: sizeOf(template) };
    }) : null,
    pictureBytes: picture === null ? null : sizeOf(picture),
  });
}

/**
 * @param {any} person as they come from Rust
 * @param {Uint8Array[]} templates
 * @param {Uint8Array | null} picture
 * @returns {Person}
 */
function crossed({ pictureBytes, references, ...rest }, templates, picture) {
  return { ...rest, references: references.map((/** @type {any} */ { bytes, ...reference }, /** @type {number} */ i) => ({ template: templates[i], ...reference })), picture };
}

/** @param {Person} person @returns {Uint8Array[]} */
const templatesOf = ({ references }) => references.map(({ template }) => template);

/**
 * Checks every field and drops those that do not belong. The name is trimmed and composed (NFC), groups are so, and each is there once.
 * @param {any} value
 * @returns {Person}
 * @throws {import('./errors.js').StoreError} bad_id, bad_name, bad_person
 */
export function checkPerson(value) {
  const checked = JSON.parse(asked(() => personCheck(crossing(value))));
  return crossed(checked, templatesOf(value), value.picture);
}

/**
 * @param {Person} person
 * @param {string | null} protection id of the key that the templates are protected under; null if they are not
 * @returns {Bytes}
 * @throws {import('./errors.js').StoreError} bad_id, bad_name, bad_person
 */
export function encodePerson(person, protection) {
  const blobs = [...templatesOf(person), ...(person.picture ? [person.picture] : [])];
  return /** @type {Bytes} */ (asked(() => personWrite(crossing(person, protection), blobs)));
}

/**
 * The inverse of {@link encodePerson}.
 * @param {Uint8Array} bytes
 * @returns {{person: Person, protection: string | null}}
 * @throws {import('./errors.js').StoreError} record_damaged, storage_newer
 */
export function decodePerson(bytes) {
  const { at, person: { protection, ...person } } = JSON.parse(asked(() => personRead(bytes)));
  let from = at;
  /** @param {number} size */
  const take = (size) => bytes.slice(from, (from += size));
  const templates = person.references.map((/** @type {{bytes: number}} */ reference) => take(reference.bytes));
  const picture = person.pictureBytes === null ? null : take(person.pictureBytes);
  return { person: crossed({ ...person, name: composed(person.name) }, templates, picture), protection };
}

/**
 * The person of a record without their templates, which are the engine's; the picture is a view of the record's bytes.
 * @param {Uint8Array} bytes a record
 * @param {{at: number, person: any}} read what Rust read in it
 * @returns {KeptPerson}
 */
export function withoutTemplates(bytes, { at, person: { pictureBytes, protection, ...person } }) {
  const from = person.references.reduce((/** @type {number} */ sum, /** @type {{bytes: number}} */ reference) => sum + reference.bytes, at);
  return { ...person, name: composed(person.name), picture: pictureBytes === null ? null : bytes.subarray(from, from + pictureBytes) };
}

/**
 * What becomes of two people who are one.
 * @param {Person} first
 * @param {Person} second
 * @param {Uint8Array | null} guests the opened record of the list of expected people
 * @returns {{kept: string, change: import('./port.js').Change}} kept: the id that stays
 */
export function joined(first, second, guests) {
  const { kept, picture, ...change } = JSON.parse(asked(() => peopleJoined(crossing(first), crossing(second), guests)));
  return { kept, change: { ...change, picture: picture === 'first' ? first.picture : second.picture, references: [...first.references, ...second.references] } };
}

/** Whether a view of somebody may be erased: it is still where it was seen, and not their only one. @param {Person} person @param {number} index @param {number} time the view's own */
export const mayForgetView = (person, index, time) => viewMayGo(crossing(person), index, time);
