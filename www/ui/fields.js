/** Fields that the browser gives no good form to: file choosers, which speak the browser's language, and what is typed unseen. */
import { make } from './dom.js';
import { countText, onLanguage, text } from '../words/messages.js';

/** @import { BrowClient } from '../client/client.js' */

/**
 * A control with its label above it, and help below it.
 * @param {string} key of the label's words @param {HTMLElement} control with an id @param {string} [help] key of the help's words
 */
export function field(key, control, help) {
  const words = help ? [make('p', { class: 'note', id: `${control.id}-help` }, text(help))] : [];
  if (help) control.setAttribute('aria-describedby', `${control.id}-help`);
  return make('div', { class: 'field' }, make('label', { for: control.id }, text(key)), control, ...words);
}

/**
 * Shows a file chooser in the page's words. The input itself lies over them, unseen: its label, focus, drops and the system's
 * window stay its own.
 * @template {HTMLInputElement} T
 * @param {T} input
 * @returns {HTMLElement} the input with its words; it stands where the input stood
 */
export function chooser(input) {
  const choose = make('span', { class: 'choose', 'aria-hidden': 'true' });
  const chosen = make('span', { class: 'chosen', 'aria-hidden': 'true' });
  const place = make('span', { class: 'chooser' });
  input.replaceWith(place);
  place.append(input, choose, chosen);
  const kind = input.webkitdirectory ? 'folder' : input.multiple ? 'several' : 'one';
  const show = () => {
    const files = input.files ?? [];
    choose.textContent = text(`file.choose.${kind}`);
    chosen.textContent = files.length === 0 ? text('file.none') : files.length === 1 ? files[0].name : countText('file.count', files.length);
  };
  input.addEventListener('change', show);
  // A form tells before it is emptied.
  input.form?.addEventListener('reset', () => queueMicrotask(show));
  const stop = onLanguage(() => (place.isConnected ? show() : stop()));
  show();
  return place;
}

/**
 * Gives a field of a PIN or passphrase a tick that shows what is typed; sent off, it is hidden again.
 * @param {HTMLInputElement} input with its label beside it
 * @returns {HTMLElement} the input with its tick; it stands where the input stood
 */
export function secret(input) {
  const tick = make('input', { type: 'checkbox', 'aria-controls': input.id });
  const words = make('span', {});
  const place = make('div', { class: 'secret' });
  const label = input.parentElement?.querySelector('label');
  if (label) {
    label.id ||= `${input.id}-label`;
    tick.setAttribute('aria-describedby', label.id);
  }
  input.replaceWith(place);
  place.append(input, make('label', { class: 'check' }, tick, words));
  input.spellcheck = false;
  input.autocapitalize = 'none';
  const show = (/** @type {boolean} */ open) => {
    tick.checked = open;
    input.type = open ? 'text' : 'password';
    words.textContent = text('field.show');
  };
  tick.addEventListener('change', () => show(tick.checked));
  const sent = (/** @type {Event} */ event) => {
    if (!place.isConnected) document.removeEventListener('submit', sent, true);
    else if (event.target === input.form) show(false);
  };
  document.addEventListener('submit', sent, true);
  const stop = onLanguage(() => (place.isConnected ? show(tick.checked) : stop()));
  show(false);
  return place;
}

/**
 * Says below a field of a new PIN, as it is typed, what makes it easy to guess.
 * @param {HTMLInputElement} input in its place, with `secret` done
 * @param {Pick<BrowClient, 'vault'>} client
 */
export function nameWeakness(input, client) {
  const words = make('p', { class: 'note weak', role: 'status' });
  (input.closest('.secret') ?? input).after(words);
  const show = async () => {
    const pin = input.autocomplete === 'new-password' ? input.value : '';
    const why = pin ? await client.vault('pinWeakness', { pin }).catch(() => null) : null;
    // It may have been typed on meanwhile: then that has an answer of its own.
    if (!pin || pin === input.value) words.textContent = why ? text(`pin.weak.${why}`) : '';
  };
  input.addEventListener('input', show);
  const stop = onLanguage(() => (words.isConnected ? void show() : stop()));
}
