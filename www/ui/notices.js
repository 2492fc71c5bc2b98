/** What went wrong or was done, in words, until it is dismissed or over. */
import { make } from './dom.js';
import { faultOf, onLanguage, text } from '../words/messages.js';

/** How long news of something done stays. */
const NEWS_MS = 6_000;

export class Notices {
  #region;
  /** Stands where the region is while no dialog covers the page. */
  #home = document.createComment('notices');
  /** @type {Map<string, HTMLElement>} */
  #shown = new Map();
  /** What is shown, to be said again in another language. @type {Map<string, [error: unknown, action?: {label: string, act: () => void}]>} */
  #faults = new Map();
  /** The same of what is offered, by the key of its words. @type {Map<string, {label: string, act: () => void}>} */
  #offers = new Map();

  /** @param {HTMLElement} region */
  constructor(region) {
    this.#region = region;
    region.before(this.#home);
    onLanguage(() => {
      for (const said of [...this.#faults.values()]) this.fault(...said);
      for (const [key, action] of [...this.#offers]) this.offer(key, action);
    });
  }

  /**
   * A fault, announced at once, with what to do about it. The same fault is shown once.
   * @param {unknown} error
   * @param {{label: string, act: () => void}} [action]
   */
  fault(error, action) {
    const { code, message, remedy } = faultOf(error);
    this.clear(code);
    const notice = make('div', { class: 'notice fault', role: 'alert', 'data-code': code },
      make('p', {}, make('strong', {}, message), ' ', remedy));
    if (action) this.#addButton(code, notice, action.label, action.act);
    this.#add(code, notice);
    this.#faults.set(code, [error, action]);
  }

  /**
   * Something that can be done now, or later.
   * @param {string} key of the words
   * @param {{label: string, act: () => void}} action `label`: the key of the button's words
   */
  offer(key, action) {
    this.clear(key);
    const notice = make('div', { class: 'notice', role: 'status', 'data-code': key }, make('p', {}, text(key)));
    this.#addButton(key, notice, text(action.label), action.act);
    this.#add(key, notice);
    this.#offers.set(key, action);
  }

  /**
   * How far something is that goes on by itself. Said aloud when it begins, not at each step.
   * @param {string} key
   * @param {string} words
   * @param {number} share 0..1
   */
  progress(key, words, share) {
    let notice = this.#shown.get(key);
    if (notice?.isConnected) notice.setAttribute('aria-live', 'off');
    else {
      notice = make('div', { class: 'notice', role: 'status', 'data-code': key }, make('p', {}, make('span', {}), make('progress', {})));
      this.#add(key, notice);
    }
    const [said, bar] = /** @type {HTMLElement} */ (notice.firstElementChild).children;
    said.textContent = words;
    bar.setAttribute('aria-label', words);
    /** @type {HTMLProgressElement} */ (bar).value = share;
  }

  /** Something done. @param {...(Node | string)} words */
  say(...words) {
    const notice = make('div', { class: 'notice', role: 'status' }, make('p', {}, ...words));
    const key = `said ${performance.now()}`;
    this.#add(key, notice);
    setTimeout(() => this.clear(key), NEWS_MS);
  }

  /** Takes a fault away that is over, or an offer. @param {string} code */
  clear(code) {
    this.#shown.get(code)?.remove();
    this.#shown.delete(code);
    this.#faults.delete(code);
    this.#offers.delete(code);
  }

  /** @param {string} key @param {HTMLElement} notice @param {string} label @param {() => void} act */
  #addButton(key, notice, label, act) {
    notice.append(make('button', {
      type: 'button',
      class: 'plain',
      onclick: () => {
        this.clear(key);
        act();
      },
    }, label));
  }

  /** @param {string} key @param {HTMLElement} notice */
  #add(key, notice) {
    notice.append(make('button', {
      type: 'button',
      class: 'dismiss',
      'aria-label': text('notice.dismiss'),
      onclick: () => this.clear(key),
    }, '\u00d7'));
    this.#shown.set(key, notice);
    this.#come();
    this.#region.append(notice);
  }

  /** Brings the region to where the person is: into the dialog that lies over the page, as long as it is open. */
  #come() {
    const dialog = [...document.querySelectorAll('dialog[open]')].at(-1);
    if (!dialog || dialog.contains(this.#region)) return;
    dialog.prepend(this.#region);
    dialog.addEventListener('close', () => this.#home.after(this.#region), { once: true });
  }
}
