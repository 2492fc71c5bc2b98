/**
 * The language of a page of this site: which one, its words in the whole document, and the choice, which the settings
 * keep. A copy of the choice lies in localStorage, for the pages that open no store and for a store that is locked.
 */
import { make } from './dom.js';
import { LANGUAGES, direction, language, onLanguage, setLanguage, text, translate } from '../words/messages.js';

const KEPT = 'brow.language';

/** @returns {string | null} */
function keptChoice() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** @param {string | null} choice */
function keep(choice) {
  try {
    if (choice === null) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, choice);
  } catch {
    // Where nothing may be kept, the choice holds until the page is closed.
  }
}

/** What was chosen, by the visitor now or before. */
let chosen = keptChoice();

function showWords() {
  document.documentElement.lang = language();
  document.documentElement.dir = direction();
  translate(document);
}

/** Gives the page the language that was chosen, or else the browser's. To be awaited before anything is shown. */
export async function startLanguage() {
  onLanguage(showWords);
  try {
    await setLanguage(chosen);
  } catch {
    // English, which always is there; the choice is kept for the next time.
    showWords();
  }
}

/**
 * @param {string | null} choice BCP 47; null follows the browser
 * @throws {import('../types.js').Fault} language_unavailable
 */
export async function chooseLanguage(choice) {
  if (choice === chosen) return;
  chosen = choice;
  await setLanguage(choice);
  keep(choice);
}

/** Another language for a while, without choosing it. @param {string | null} tag null: what was chosen */
export function borrowLanguage(tag) {
  return setLanguage(tag ?? chosen);
}

/** Fills the list of languages, each by its own name, and shows the choice. @param {HTMLSelectElement} select */
export function showLanguages(select) {
  select.replaceChildren(make('option', { value: '' }, text('settings.language.system')),
    ...Object.entries(LANGUAGES).map(([tag, name]) => make('option', { value: tag, lang: tag }, name)));
  select.value = chosen ?? '';
}
