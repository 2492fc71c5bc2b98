/** What went wrong or was done, in words, until it is dismissed or over. */
import { make } from './dom.js';
import { faultOf, onLanguage, text } from './messages.js';

/** How long news of something done stays. */
const NEWS_MS = 6_000;

export class Notices {
  #region;
  /** @type {Map<string, HTMLElement>} */
  #shown = new Map();
  /** What is shown, to be said again in another language. @type {Map<string, [error: unknown, action?: {label: string, act: () => void}]>} */
  #faults = new Map();

  /** @param {HTMLElement} region */
  constructor(region) {
    this.#region = region;
    onLanguage(() => {
      for (const said of [...this.#faults.values()]) this.fault(...said);
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
    if (action) {
      notice.append(make('button', {
        type: 'button',
        class: 'plain',
        onclick: () => {
          this.clear(code);
          action.act();
        },
      }, action.label));
    }
    this.#add(code, notice);
    this.#faults.set(code, [error, action]);
  }

  /** Something done. @param {...(Node | string)} words */
  say(...words) {
    const notice = make('div', { class: 'notice', role: 'status' }, make('p', {}, ...words));
    const key = `said ${performance.now()}`;
    this.#add(key, notice);
    setTimeout(() => this.clear(key), NEWS_MS);
  }

  /** Takes a fault away that is over. @param {string} code */
  clear(code) {
    this.#shown.get(code)?.remove();
    this.#shown.delete(code);
    this.#faults.delete(code);
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
    this.#region.append(notice);
  }
}
