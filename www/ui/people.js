/** The list of people: who is enrolled, searched and sorted where they are many, and renaming, adding a view, showing what is kept, and deleting. */
import { ask, askSamePerson, confirmClear, confirmDelete } from './dialogs.js';
import { find, make, nameElement, withName } from './dom.js';
import { showOwnData } from './own-data.js';
import { pictureBlob } from './picture.js';
import { countText, date, text } from '../words/messages.js';
import { distinctName, nameProblem, sameName, searchForm, tidyName } from '../words/names.js';
import { erasedAt } from '../vault/expiry.js';

/** @import { BrowClient } from '../client/client.js' */
/** @import { Notices } from './notices.js' */
/** @import { PersonSummary, State } from '../types.js' */

/** From so many people on they are searched and sorted, and scroll by themselves. */
const MANY = 9;
/** So many rows are made at a time; the next when the last comes near. */
const ROWS = 50;
const NEAR = '800px';

/** @typedef {'name' | 'newest' | 'expiry'} Order */

/** Events: `more` CustomEvent<PersonSummary>: a view is to be added, or the person enrolled again. */
export class PeopleList extends EventTarget {
  #list;
  #count;
  #none;
  #damaged;
  #clear;
  #client;
  #notices;
  /** @type {PersonSummary[]} */
  #people = [];
  /** Whom the search finds, in the chosen order. @type {PersonSummary[]} */
  #found = [];
  /** How many of them have a row. */
  #rows = 0;
  /** @type {number | null} */
  #retentionDays = null;
  #tools;
  #search;
  #order;
  #foundWords;
  #end = new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) this.#addRows(this.#rows + ROWS);
  }, { rootMargin: NEAR });
  /** @type {string[]} */
  #pictureUrls = [];

  /**
   * @param {HTMLElement} root
   * @param {{client: BrowClient, notices: Notices}} parts
   */
  constructor(root, { client, notices }) {
    super();
    this.#client = client;
    this.#notices = notices;
    this.#list = find('.people', HTMLElement, root);
    this.#count = find('.count', HTMLElement, root);
    this.#none = find('.none', HTMLElement, root);
    this.#damaged = find('.damaged', HTMLElement, root);
    this.#clear = find('.clear', HTMLButtonElement, root);
    this.#clear.addEventListener('click', () => this.#forgetEverybody());
    this.#search = make('input', { id: 'people-search', type: 'search', dir: 'auto', autocomplete: 'off' });
    this.#order = make('select', { id: 'people-order' });
    this.#foundWords = make('p', { class: 'note found', role: 'status' });
    this.#tools = make('div', { class: 'people-tools', hidden: true },
      make('div', { class: 'field' }, make('label', { 'for': 'people-search', 'data-t': 'people.search' }), this.#search),
      make('div', { class: 'field' }, make('label', { 'for': 'people-order', 'data-t': 'people.order' }), this.#order), this.#foundWords);
    this.#list.before(this.#tools);
    for (const [control, kind] of /** @type {[HTMLElement, string][]} */ ([[this.#search, 'input'], [this.#order, 'change']])) {
      control.addEventListener(kind, () => {
        this.#rows = 0;
        this.#showFound();
        this.#list.scrollTop = 0;
      });
    }
  }

  /** @returns {PersonSummary[]} */
  get people() {
    return this.#people;
  }

  /** @param {string} id */
  nameOf(id) {
    return this.#people.find((person) => person.id === id)?.name ?? text('who.unknown');
  }

  /** @param {State} state */
  show({ people, damaged, vault }) {
    this.#people = people;
    this.#retentionDays = vault?.settings?.retentionDays ?? null;
    this.#showTools(people.length >= MANY);
    this.#count.textContent = people.length ? countText('people.count', people.length) : '';
    this.#none.hidden = people.length > 0;
    this.#clear.hidden = people.length === 0;
    this.#damaged.hidden = damaged.length === 0;
    this.#damaged.textContent = damaged.length ? countText('people.damaged', damaged.length) : '';
    this.#showFound();
  }

  /** Nobody is in the page any more, nor what was searched for. */
  forget() {
    this.#people = [];
    this.#search.value = '';
    this.#rows = 0;
    this.#showFound();
  }

  /** @param {boolean} many */
  #showTools(many) {
    this.#tools.hidden = !many;
    this.#list.classList.toggle('many', many);
    if (!many) this.#search.value = '';
    const { value } = this.#order;
    this.#order.replaceChildren(...['name', 'newest', 'expiry'].map((order) => make('option', { value: order }, text(`people.order.${order}`))));
    this.#order.value = many && value ? value : 'name';
    for (const label of this.#tools.querySelectorAll('label')) label.textContent = text(label.dataset.t ?? '');
  }

  /** Finds and sorts anew. What was scrolled to stays. */
  #showFound() {
    const wanted = searchForm(this.#search.value.trim());
    this.#found = wanted ? this.#people.filter(({ name }) => searchForm(name).includes(wanted)) : [...this.#people];
    const order = /** @type {Order} */ (this.#order.value);
    // By name they come already.
    if (order === 'newest') this.#found.sort((a, b) => b.created - a.created);
    if (order === 'expiry') this.#found.sort((a, b) => this.#erasedAt(a) - this.#erasedAt(b));
    this.#foundWords.textContent = wanted ? countText('people.found', this.#found.length) : '';
    const { scrollTop } = this.#list;
    const rows = Math.max(ROWS, this.#rows);
    this.#rows = 0;
    for (const url of this.#pictureUrls) URL.revokeObjectURL(url);
    this.#pictureUrls = [];
    this.#list.replaceChildren();
    this.#addRows(rows);
    this.#list.scrollTop = scrollTop;
  }

  /** @param {number} count of rows that there are to be */
  #addRows(count) {
    this.#end.disconnect();
    this.#list.append(...this.#found.slice(this.#rows, count).map((person) => this.#row(person)));
    this.#rows = Math.min(count, this.#found.length);
    const last = this.#list.lastElementChild;
    if (last && this.#rows < this.#found.length) this.#end.observe(last);
  }

  /** @param {PersonSummary} person */
  #erasedAt(person) {
    return erasedAt(person, this.#retentionDays);
  }

  /** @param {PersonSummary} person */
  #row(person) {
    const since = date(person.created, { dateStyle: 'medium' });
    const until = this.#erasedAt(person);
    const words = make('div', { class: 'words' },
      make('strong', { class: 'name' }, nameElement(person.name)),
      make('span', { class: 'note' }, `${text('people.references', { bare: person.bare, masked: person.masked })} \u00b7 ${text('people.since', { date: since })}`));
    if (until < Infinity) words.append(make('span', { class: 'note until' }, text('people.until', { date: date(until, { dateStyle: 'medium' }) })));
    if (person.outdated) words.append(make('span', { class: person.outdated === 'again' ? 'problem' : 'note' }, text(person.outdated === 'again' ? 'people.again' : 'people.remaking')));
    else if (person.refused) words.append(make('span', { class: 'problem' }, text('people.refused', { count: person.refused })));
    const button = (/** @type {string} */ key, /** @type {string} */ kind, /** @type {() => void} */ act) => make('button', {
      type: 'button', class: `small ${kind}`, 'aria-label': text(`people.${key}.of`, { name: person.name }), onclick: act,
    }, text(`people.${key}`));
    return make('li', { 'data-id': person.id },
      this.#picture(person), words,
      make('div', { class: 'actions' },
        button(person.outdated === 'again' ? 'enrolAgain' : 'more', person.outdated === 'again' ? 'primary' : 'plain', () => this.dispatchEvent(new CustomEvent('more', { detail: person }))),
        button('rename', 'plain', () => this.#rename(person)),
        button('data', 'plain', () => void this.#showData(person)),
        button('delete', 'danger', () => this.#delete(person))));
  }

  /** The picture that was asked for, or the first letter of the name. @param {PersonSummary} person */
  #picture(person) {
    if (!person.picture) return make('span', { class: 'portrait', 'aria-hidden': 'true' }, [...person.name][0] ?? '');
    const url = URL.createObjectURL(pictureBlob(person.picture));
    this.#pictureUrls.push(url);
    return make('img', { class: 'portrait', src: url, alt: text('people.picture', { name: person.name }) });
  }

  /** @param {PersonSummary} person */
  async #rename(person) {
    const raw = await ask({
      title: withName(text('rename.title', { name: '{name}' }), person.name),
      label: text('rename.label'),
      value: person.name,
      save: text('rename.save'),
      check: (answer) => nameProblem(tidyName(answer)),
    });
    if (raw === null) return;
    let name = tidyName(raw);
    const others = this.#people.filter(({ id }) => id !== person.id).map((other) => other.name);
    if (others.some((other) => sameName(other, name))) name = distinctName(name, others);
    await this.#change(() => this.#client.rename(person.id, name), withName(text('said.renamed', { name: '{name}' }), name), person.id);
  }

  /** @param {PersonSummary} person */
  async #showData(person) {
    try {
      await showOwnData(await this.#client.vault('personData', { person: person.id }));
    } catch (error) {
      this.#notices.fault(error);
    }
  }

  /** @param {PersonSummary} person */
  async #delete(person) {
    if (!(await confirmDelete(person.name))) return;
    await this.#change(() => this.#client.remove(person.id), withName(text('said.deleted', { name: '{name}' }), person.name), null);
  }

  async #forgetEverybody() {
    if (!(await confirmClear())) return;
    await this.#change(() => this.#client.clear(), [text('said.cleared')], null);
  }

  /**
   * @param {() => Promise<State>} act
   * @param {(Node | string)[]} said
   * @param {string | null} focus whose row the keyboard goes on in; null for the heading
   */
  async #change(act, said, focus) {
    try {
      await act();
      this.#notices.say(...said);
      const row = focus && this.#list.querySelector(`[data-id="${CSS.escape(focus)}"] button`);
      (row instanceof HTMLElement ? row : document.getElementById('people-title'))?.focus();
    } catch (error) {
      this.#notices.fault(error);
    }
  }

  /**
   * The name that a new person gets, after asking where it is taken.
   * @param {string} name tidy
   * @returns {Promise<{name: string, addTo: string | null} | null>} null when it was cancelled
   */
  async settleName(name) {
    const same = this.#people.find((person) => sameName(person.name, name));
    if (!same) return { name, addTo: null };
    const distinct = distinctName(name, this.#people.map((person) => person.name));
    const answer = await askSamePerson(same.name, distinct);
    if (answer === null) return null;
    return answer === 'same' ? { name: same.name, addTo: same.id } : { name: distinct, addTo: null };
  }
}
