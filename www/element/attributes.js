/**
 * What may stand in the attributes of <brow-recogniser>, and what is taken instead of anything else. No value of an
 * attribute is an error: a page in a check-in hall must not stop because of one. But `presence` is handed on as it stands: a
 * check that was asked for in words that nobody knows is not to be skipped, the engine asks for the most and the element says so.
 */

/** @import { PresencePolicy, Rotation, Settings } from '../types.js' */

/** @typedef {'identify' | 'verify' | 'enrol' | 'observe'} Mode */

/**
 * @typedef {object} Options
 * @property {Mode} mode
 * @property {string} person
 * @property {number | null} targetFmr
 * @property {string} cameraId
 * @property {boolean} mirrored
 * @property {Rotation} rotation
 * @property {string} language
 * @property {Settings['theme']} theme
 * @property {PresencePolicy} presence
 * @property {string} store
 * @property {string} pack
 * @property {boolean} autostart
 * @property {boolean} seal
 */

/**
 * @template T
 * @param {readonly T[]} allowed the first is the default
 * @returns {(raw: string | null) => T}
 */
const oneOf = (allowed) => (raw) => allowed.find((value) => String(value) === raw?.trim().toLowerCase()) ?? allowed[0];

/** @param {RegExp} pattern @param {string} otherwise @returns {(raw: string | null) => string} */
const matching = (pattern, otherwise) => (raw) => (raw !== null && pattern.test(raw.trim()) ? raw.trim() : otherwise);

/** @param {string | null} raw */
const present = (raw) => raw !== null;

/** @param {string | null} raw @returns {number | null} */
function rate(raw) {
  const value = raw?.trim() ? Number(raw) : NaN;
  return value >= 1e-6 && value <= 1e-1 ? value : null;
}

/**
 * By property: its attribute, and what a text (or null, where the attribute is absent) means.
 * @type {{[K in keyof Options]: {attribute: string, read: (raw: string | null) => Options[K]}}}
 */
export const OPTIONS = {
  mode: { attribute: 'mode', read: oneOf(/** @type {Mode[]} */ (['identify', 'verify', 'enrol', 'observe'])) },
  person: { attribute: 'person', read: (raw) => raw?.trim() ?? '' },
  targetFmr: { attribute: 'target-fmr', read: rate },
  cameraId: { attribute: 'camera-id', read: (raw) => raw ?? '' },
  mirrored: { attribute: 'mirrored', read: (raw) => raw?.trim().toLowerCase() !== 'false' },
  rotation: { attribute: 'rotation', read: oneOf(/** @type {Rotation[]} */ ([0, 90, 180, 270])) },
  language: { attribute: 'language', read: matching(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, '') },
  theme: { attribute: 'theme', read: oneOf(/** @type {Settings['theme'][]} */ (['system', 'light', 'dark'])) },
  presence: { attribute: 'presence', read: (raw) => /** @type {PresencePolicy} */ (raw === null ? 'off' : raw.trim().toLowerCase()) },
  store: { attribute: 'store', read: matching(/^[A-Za-z0-9_-]{1,64}$/, 'brow') },
  pack: { attribute: 'pack', read: (raw) => raw?.trim() ?? '' },
  autostart: { attribute: 'autostart', read: present },
  seal: { attribute: 'seal', read: present },
};

/**
 * The attribute's text for what a program set the property to.
 * @param {keyof Options} name
 * @param {unknown} value
 * @returns {string | null} null: the attribute is taken away
 */
export function written(name, value) {
  if (name === 'autostart' || name === 'seal') return value ? '' : null;
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : null;
}
