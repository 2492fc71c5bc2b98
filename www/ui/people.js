/** The list of people: who is enrolled, searched, sorted and folded by group where they are many, and renaming, adding a view, noting, showing what is kept, and deleting. */
import { ask, askSamePerson, confirmClear, confirmDelete } from './dialogs.js';
import { find, make, nameElement, withName } from './dom.js';
import { showOwnData } from './own-data.js';
import { editPerson } from './person.js';
import { pictureBlob } from './picture.js';
import { countText, date, text } from '../words/messages.js';
import { nameProblem, searchForm, tidyName } from '../words/names.js';

/** @import { BrowClient } from '../client/client.js' */
/** @import { Notices } from './notices.js' */
/** @import { PersonSummary, State } from '../types.js' */

/** From so many people on they are searched and sorted, and scroll by themselves. */
const MANY = 9;
/** So many rows are made at a time; the next when the last comes near. */
const ROWS = 50;
const NEAR = '800px';

/** @typedef {'name' | 'newest' | 'expiry' | 'group'} Order */
/** @typedef {{group: string, count: number}} Heading of the rows of a group; the empty one is of whoever is in none */

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
  /** What there is a row for: whom the search finds, in the chosen order, and above each group its heading. @type {(PersonSummary | Heading)[]} */
  #found = [];
  /** Groups that are folded, as long as the page is open. @type {Set<string>} */
  #folded = new Set();
  /** @type {WeakMap<PersonSummary, string>} */
  #forms = new WeakMap();
  /** How many of them have a row. */
  #rows = 0;
  #tools;
  #search;
  #order;
  #group;
  #groupField;
  #foundWords;
  #foldAll;
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
    this.#group = make('select', { id: 'people-group' });
    this.#groupField = make('div', { class: 'field', hidden: true }, make('label', { 'for': 'people-group', 'data-t': 'people.group' }), this.#group);
    this.#foundWords = make('p', { class: 'note found', role: 'status' });
    this.#foldAll = make('button', { type: 'button', class: 'small plain fold-all', hidden: true, onclick: () => this.#fold(this.#groups(), this.#groups().some((group) => !this.#folded.has(group))) });
    this.#tools = make('div', { class: 'people-tools', hidden: true },
      make('div', { class: 'field' }, make('label', { 'for': 'people-search', 'data-t': 'people.search' }), this.#search),
      make('div', { class: 'field' }, make('label', { 'for': 'people-order', 'data-t': 'people.order' }), this.#order), this.#groupField, this.#foundWords, this.#foldAll);
    this.#list.before(this.#tools);
    for (const [control, kind] of /** @type {[HTMLElement, string][]} */ ([[this.#search, 'input'], [this.#order, 'change'], [this.#group, 'change']])) {
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
  show({ people, damaged }) {
    this.#people = people;
    const grouped = people.some(({ groups }) => groups.length > 0);
    this.#showTools(people.length >= MANY || grouped, grouped);
    this.#showGroups();
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

  /** @param {boolean} many @param {boolean} grouped whether anybody is in a group */
  #showTools(many, grouped) {
    this.#tools.hidden = !many;
    this.#list.classList.toggle('many', many);
    if (!many) this.#search.value = '';
    const { value } = this.#order;
    const orders = ['name', 'newest', 'expiry', ...(grouped ? ['group'] : [])];
    this.#order.replaceChildren(...orders.map((order) => make('option', { value: order }, text(`people.order.${order}`))));
    this.#order.value = many && orders.includes(value) ? value : 'name';
    for (const label of this.#tools.querySelectorAll('label')) label.textContent = text(label.dataset.t ?? '');
  }

  /** Groups to choose from, where there are any. */
  #showGroups() {
    const groups = [...new Set(this.#people.flatMap((person) => person.groups))].sort((a, b) => a.localeCompare(b));
    const { value } = this.#group;
    this.#group.replaceChildren(make('option', { value: '' }, text('people.group.all')), ...groups.map((group) => make('option', { value: group }, group)));
    this.#group.value = groups.includes(value) ? value : '';
    this.#groupField.hidden = groups.length === 0;
  }

  /** What of a person is searched, made once: a key that is pressed asks it of everybody. @param {PersonSummary} person */
  #formOf(person) {
    const known = this.#forms.get(person);
    if (known !== undefined) return known;
    const form = searchForm([person.name, ...person.groups].join(' '));
    this.#forms.set(person, form);
    return form;
  }

  /** Finds and sorts anew. What was scrolled to stays. */
  #showFound() {
    const wanted = searchForm(this.#search.value.trim());
    const group = this.#group.value;
    const found = this.#people.filter((person) => (!group || person.groups.includes(group)) && (!wanted || this.#formOf(person).includes(wanted)));
    const order = /** @type {Order} */ (this.#order.value);
    // By name they come already.
    if (order === 'newest') found.sort((a, b) => b.created - a.created);
    if (order === 'expiry') found.sort((a, b) => (a.erased === b.erased ? 0 : a.erased - b.erased));
    this.#found = order === 'group' ? this.#divided(found, group) : found;
    this.#foundWords.textContent = wanted || group ? countText('people.found', found.length) : '';
    this.#showFoldAll(order === 'group');
    const { scrollTop } = this.#list;
    const rows = Math.max(ROWS, this.#rows);
    this.#rows = 0;
    for (const url of this.#pictureUrls) URL.revokeObjectURL(url);
    this.#pictureUrls = [];
    this.#list.replaceChildren();
    this.#addRows(rows);
    this.#list.scrollTop = scrollTop;
  }

  /** By group, each beneath its heading; whoever is in several stands in each. @param {PersonSummary[]} people @param {string} only of which group, if of one @returns {(PersonSummary | Heading)[]} */
  #divided(people, only) {
    /** @type {Map<string, PersonSummary[]>} */
    const divided = new Map();
    for (const person of people) {
      for (const group of only ? [only] : person.groups.length ? person.groups : ['']) {
        const members = divided.get(group);
        if (members) members.push(person);
        else divided.set(group, [person]);
      }
    }
    const groups = [...divided.keys()].sort((a, b) => Number(a === '') - Number(b === '') || a.localeCompare(b));
    return groups.flatMap((group) => {
      const members = divided.get(group) ?? [];
      return [{ group, count: members.length }, ...(this.#folded.has(group) ? [] : members)];
    });
  }

  /** The groups that have a heading now. */
  #groups() {
    return this.#found.flatMap((one) => ('group' in one ? [one.group] : []));
  }

  /** @param {boolean} grouped */
  #showFoldAll(grouped) {
    const groups = grouped ? this.#groups() : [];
    this.#foldAll.hidden = groups.length < 2;
    this.#foldAll.textContent = text(groups.every((group) => this.#folded.has(group)) ? 'people.unfold' : 'people.fold');
  }

  /** @param {string[]} groups @param {boolean} folded */
  #fold(groups, folded) {
    for (const group of groups) {
      if (folded) this.#folded.add(group);
      else this.#folded.delete(group);
    }
    this.#showFound();
  }

  /** @param {Heading} heading */
  #heading({ group, count }) {
    const folded = this.#folded.has(group);
    const button = make('button', {
      type: 'button', 'aria-expanded': String(!folded),
      onclick: () => {
        this.#fold([group], !folded);
        const again = this.#list.querySelector(`[data-group="${CSS.escape(group)}"] button`);
        if (again instanceof HTMLElement) again.focus();
      },
    }, make('span', {}, ...withName(text('people.group.members', { name: '{name}', count }), group || text('people.group.none'))));
    return make('li', { class: 'group-head', 'data-group': group }, make('h3', {}, button));
  }

  /** @param {number} count of rows that there are to be */
  #addRows(count) {
    this.#end.disconnect();
    this.#list.append(...this.#found.slice(this.#rows, count).map((one) => ('group' in one ? this.#heading(one) : this.#row(one))));
    this.#rows = Math.min(count, this.#found.length);
    const last = this.#list.lastElementChild;
    if (last && this.#rows < this.#found.length) this.#end.observe(last);
  }

  /** @param {PersonSummary} person */
  #row(person) {
    const since = date(person.created, { dateStyle: 'medium' });
    const { erased: until } = person;
    const words = make('div', { class: 'words' },
      make('strong', { class: 'name' }, nameElement(person.name)),
      make('span', { class: 'note' }, `${text('people.references', { bare: person.bare, masked: person.masked })} \u00b7 ${text('people.since', { date: since })}`));
    if (until < Infinity) words.append(make('span', { class: 'note until' }, text('people.until', { date: date(until, { dateStyle: 'medium' }) })));
    if (person.groups.length) words.append(make('span', { class: 'note groups' }, person.groups.join(' \u00b7 ')));
    if (person.note) words.append(make('span', { class: 'note own-note' }, person.note));
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
        button('edit', 'plain', () => void this.#edit(person)),
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
      check: async (answer) => {
        const name = tidyName(answer);
        const wrong = nameProblem(name);
        if (wrong) return text(...wrong);
        const taken = await this.#client.vault('nameTaken', { name, except: person.id });
        return taken ? text('rename.taken') : null;
      },
    });
    if (raw === null) return;
    const name = tidyName(raw);
    await this.#change(() => this.#client.rename(person.id, name), withName(text('said.renamed', { name: '{name}' }), name), person.id);
  }

  /** @param {PersonSummary} person */
  async #edit(person) {
    try {
      const said = await editPerson({ client: this.#client, person, people: this.#people, failed: (error) => this.#notices.fault(error) });
      if (said) this.#notices.say(...said);
    } catch (error) {
      this.#notices.fault(error);
    }
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
    const taken = await this.#client.vault('nameTaken', { name });
    if (!taken) return { name, addTo: null };
    const { same, free } = taken;
    const answer = await askSamePerson(same.name, free);
    if (answer === null) return null;
    return answer === 'same' ? { name: same.name, addTo: same.id } : { name: free, addTo: null };
  }
}
