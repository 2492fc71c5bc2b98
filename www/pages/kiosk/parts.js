/** The parts of the administration, of which one is shown: a list of tabs, in which the arrow keys go to and fro as screen readers say. */
import { find } from '../../ui/dom.js';

/** @typedef {'guests' | 'import' | 'day' | 'setup' | 'settings' | 'look' | 'people' | 'log'} Part */

export class Parts {
  #root;
  #tabs;

  /** @param {HTMLElement} root with the tabs and what they show */
  constructor(root) {
    this.#root = root;
    const list = find('[role="tablist"]', HTMLElement, root);
    this.#tabs = /** @type {HTMLButtonElement[]} */ ([...list.querySelectorAll('[role="tab"]')]);
    for (const tab of this.#tabs) tab.addEventListener('click', () => this.#show(tab).scrollIntoView({ block: 'start' }));
    list.addEventListener('keydown', (event) => this.#move(event));
    for (const button of root.querySelectorAll('[data-to]')) button.addEventListener('click', () => this.#reveal(button.getAttribute('data-to') ?? ''));
  }

  /** @param {Part} part */
  open(part) {
    this.#show(find(`#tab-${part}`, HTMLButtonElement, this.#root));
  }

  /** @param {HTMLButtonElement} tab */
  #panelOf(tab) {
    return find(`#${tab.getAttribute('aria-controls')}`, HTMLElement, this.#root);
  }

  /** @param {HTMLButtonElement} shown @returns {HTMLElement} what it shows */
  #show(shown) {
    for (const tab of this.#tabs) {
      const isShown = tab === shown;
      tab.setAttribute('aria-selected', String(isShown));
      tab.tabIndex = isShown ? 0 : -1;
      this.#panelOf(tab).hidden = !isShown;
    }
    return this.#panelOf(shown);
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const at = this.#tabs.findIndex((tab) => tab === event.target);
    // Towards the end of the line is onwards.
    const ahead = getComputedStyle(this.#root).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
    const steps = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: -1, ArrowDown: 1, [ahead]: 1, Home: -at, End: this.#tabs.length - 1 - at };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (at < 0 || step === undefined) return;
    event.preventDefault();
    const next = this.#tabs[(at + step + this.#tabs.length) % this.#tabs.length];
    this.#show(next);
    next.focus();
  }

  /** Goes to a field, in whatever part it stands. @param {string} id */
  #reveal(id) {
    const field = find(`#${id}`, HTMLElement, this.#root);
    const tab = this.#tabs.find((one) => this.#panelOf(one).contains(field));
    if (tab) this.#show(tab);
    field.scrollIntoView({ block: 'center' });
    field.focus({ preventScroll: true });
  }
}
