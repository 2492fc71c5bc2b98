/**
 * The words that people read, in their language. The tables lie in texts/, one a language; English is always there and
 * stands in for whatever another lacks, the rest is loaded when it is asked for. How to replace words or add a language:
 * docs/LANGUAGES.md.
 *
 * `{name}` is filled in, numbers as the language writes them. What went wrong crosses from the worker as a code and values,
 * and gets its words here: the worker has no language.
 */
import { holdToHash } from './checked.js';
import english from './texts/en.js';

/** @import { Fault } from '../types.js' */

/**
 * @typedef {object} Table
 * @property {string} consentVersion the version of the consent text, stored with each consent
 * @property {Record<string, string>} texts
 * @property {Record<string, [message: string, remedy: string]>} faults
 */
/** @typedef {Record<string, unknown>} Values */

/** The languages that are shipped, each by its own name. @type {Record<string, string>} */
export const LANGUAGES = { en: 'English', de: 'Deutsch', fr: 'Français', es: 'Español', ja: '日本語', ar: 'العربية' };

/** @type {Record<string, () => Promise<{default: Table}>>} */
const LOADERS = {
  en: async () => ({ default: english }),
  de: () => import('./texts/de.js'),
  fr: () => import('./texts/fr.js'),
  es: () => import('./texts/es.js'),
  ja: () => import('./texts/ja.js'),
  ar: () => import('./texts/ar.js'),
};

/** A value in a sentence. */
const VALUE = /\{(\w+)\}/g;

const RIGHT_TO_LEFT = new Set(['ar', 'fa', 'he', 'ur']);

/** What an embedder put in place of our words. @type {Map<string, Partial<Table>>} */
const replaced = new Map();
/** @type {Set<() => void>} */
const listeners = new Set();

let current = 'en';
/** The table of `current` as it is shipped. @type {Partial<Table>} */
let shipped = english;
/** @type {Table} */
let words = english;
/** Grows with every call of setLanguage: the last one counts, whichever is loaded first. */
let turn = 0;

/** BCP 47: the language of the words. */
export function language() {
  return current;
}

/** @returns {'ltr' | 'rtl'} */
export function direction() {
  return RIGHT_TO_LEFT.has(primary(current)) ? 'rtl' : 'ltr';
}

/** The version of the consent text, stored with each consent together with its language. */
export function consentVersion() {
  return words.consentVersion;
}

/** @param {string} tag */
const primary = (tag) => tag.toLowerCase().split('-')[0];

/** The language that there is for a tag: itself, or the one that it is a kind of. @param {string} tag */
function known(tag) {
  return [tag, primary(tag)].find((candidate) => replaced.has(candidate) || Object.hasOwn(LOADERS, candidate)) ?? null;
}

/** The first language of the browser that there are words for. */
function preferred() {
  for (const tag of globalThis.navigator?.languages ?? []) {
    const found = known(tag);
    if (found) return found;
  }
  return 'en';
}

/**
 * Changes the language of all words that are asked for from now on.
 * @param {string | null} tag BCP 47; null follows the browser. A language that nobody has words for becomes English
 * @returns {Promise<void>} once the words are there
 * @throws {Fault} language_unavailable: they could not be fetched; the language stays what it was
 */
export async function setLanguage(tag) {
  const mine = ++turn;
  const wanted = tag === null ? preferred() : known(tag) ?? 'en';
  const loader = LOADERS[wanted] ?? LOADERS[primary(wanted)];
  /** @type {Partial<Table>} */
  let table = {};
  try {
    if (loader) {
      await holdToHash(wanted);
      table = (await loader()).default;
    }
  } catch (error) {
    console.warn('brow: the words of a language could not be fetched:', error);
    throw fault('language_unavailable');
  }
  if (mine !== turn) return;
  shipped = table;
  use(wanted);
}

/** @param {string} tag */
function use(tag) {
  current = tag;
  const own = replaced.get(tag) ?? {};
  words = {
    consentVersion: own.consentVersion ?? shipped.consentVersion ?? english.consentVersion,
    texts: { ...english.texts, ...shipped.texts, ...own.texts },
    faults: { ...english.faults, ...shipped.faults, ...own.faults },
  };
  for (const listener of listeners) listener();
}

/**
 * Puts other words in place of ours, or adds a language. What the table lacks stays as it is.
 * @param {string} tag BCP 47
 * @param {Partial<Table>} table
 */
export function setTexts(tag, table) {
  if (table.texts?.['consent.text'] !== undefined && !table.consentVersion) throw new TypeError('another consent text needs a consentVersion of its own');
  replaced.set(tag, table);
  if (tag === current) use(tag);
}

/** Calls a function whenever the words have changed. @param {() => void} listener @returns {() => void} ends that */
export function onLanguage(listener) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** The language as the visitor writes numbers and dates in it. */
function locale() {
  // The words have European digits, so the numbers among them have too.
  if (primary(current) === 'ar') return `${current}-u-nu-latn`;
  return globalThis.navigator?.languages?.find((tag) => primary(tag) === current) ?? current;
}

/** @param {number} value @param {Intl.NumberFormatOptions} [options] */
export function number(value, options) {
  return value.toLocaleString(locale(), options);
}

/** @param {number} time milliseconds since 1970 @param {Intl.DateTimeFormatOptions} options */
export function date(time, options) {
  return new Intl.DateTimeFormat(locale(), options).format(time);
}

/**
 * @param {string} key
 * @param {Values} [values]
 * @returns {string}
 */
export function text(key, values = {}) {
  const found = words.texts[key];
  if (found === undefined) throw new Error(`no text for ${key}`);
  return fill(found, values);
}

/** A text in the form that a number asks for: one, two, few, many. @param {string} key @param {number} count @returns {string} */
export function countText(key, count) {
  const form = new Intl.PluralRules(current).select(count);
  return text(`${key}.${form}` in words.texts ? `${key}.${form}` : `${key}.other`, { count });
}

/**
 * @param {string} code
 * @param {Values} [values]
 * @returns {Fault}
 */
export function fault(code, values) {
  return translated(code, values) ?? { code, ...sentences('unexpected', {}) };
}

/**
 * Words for anything that was thrown: in the visitor's language where we have some, the fault's own otherwise.
 * @param {unknown} error
 * @returns {Fault}
 */
export function faultOf(error) {
  /** @type {Partial<Fault>} */
  const { code, message, remedy, values } = error && typeof error === 'object' ? error : {};
  const found = code ? translated(code, values) : null;
  if (found) return found;
  if (code && message && remedy) return { code, message, remedy };
  console.error(error);
  return fault('unexpected');
}

/** @param {string} code @param {Values} [values] @returns {Fault | null} null where there are no words, or they would have a gap */
function translated(code, values = {}) {
  const wait = Number(values.waitSeconds ?? 0);
  // Why exactly, where there are words for that.
  const why = wait > 0 ? 'wait' : values.why;
  const key = words.faults[`${code}.${why}`] ? `${code}.${why}` : code;
  if (!words.faults[key]) return null;
  const filled = wait > 0 ? { ...values, wait: duration(wait) } : values;
  for (const [, name] of words.faults[key].join(' ').matchAll(VALUE)) if (filled[name] === undefined) return null;
  let { message, remedy } = sentences(key, filled);
  if (values.inMemory) {
    const without = sentences('storage_memory', { reason: message });
    message = without.message;
    remedy = `${remedy} ${without.remedy}`;
  }
  return Object.keys(values).length ? { code, message, remedy, values } : { code, message, remedy };
}

/** @param {string} key @param {Values} values */
function sentences(key, values) {
  const [message, remedy] = words.faults[key];
  return { message: fill(message, values), remedy: fill(remedy, values) };
}

/** @param {number} seconds */
export function duration(seconds) {
  return seconds < 60 ? countText('duration.seconds', seconds) : countText('duration.minutes', Math.ceil(seconds / 60));
}

/** @param {string} sentence @param {Values} values */
function fill(sentence, values) {
  return sentence.replace(VALUE, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    if (typeof value !== 'number') return String(value);
    // Three decimals would make nothing of a small rate.
    return number(value, Math.abs(value) < 0.001 ? { maximumSignificantDigits: 3 } : {});
  });
}

/**
 * Puts the texts into a part of the page: `data-t` names the text of an element, `data-t-label` that of its aria-label.
 * @param {ParentNode} root
 */
export function translate(root) {
  for (const element of root.querySelectorAll('[data-t]')) element.textContent = text(element.getAttribute('data-t') ?? '');
  for (const element of root.querySelectorAll('[data-t-label]')) {
    element.setAttribute('aria-label', text(element.getAttribute('data-t-label') ?? ''));
  }
}
