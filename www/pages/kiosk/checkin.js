/** Expected people: imported from a list with photos or added by hand, marked as they arrive, counted by day, exported, and erased together. */
import { midnight } from './day.js';
import { DayPanel } from './day-panel.js';
import { askGuest } from './guest-form.js';
import { ImportForm, problemWords } from './import.js';
import { choose } from '../../ui/dialogs.js';
import { find, make, nameElement, withName } from '../../ui/dom.js';
import { date, text } from '../../words/messages.js';
import { localTime } from '../../ui/times.js';
import { download } from '../../ui/vault.js';

/** @import { BrowClient } from '../../client/client.js' */
/** @import { Notices } from '../../ui/notices.js' */
/** @import { Eyes } from './eyes.js' */
/** @import { State } from '../../types.js' */
/** @import { Guest, GuestList } from '../../vault/types.js' */

/** So many rows are shown at once; a search finds the others. */
const SHOWN = 200;
/** @typedef {Pick<Guest, 'arrived' | 'seen' | 'by'>} Arrival */

/** Which of the guests are shown. @type {Record<string, (guest: Guest, isKnown: boolean) => boolean>} */
const FILTERS = {
  all: () => true,
  expected: ({ arrived }) => arrived === null,
  confirm: ({ arrived, seen }) => arrived === null && seen !== null,
  unknown: (_guest, isKnown) => !isKnown,
  photo: ({ problem }, isKnown) => !isKnown && (problem === 'none' || problem === 'missing'),
};

/** A moment as staff look for it: of today its time alone. @param {number} time */
const when = (time) => date(time, midnight(time) === midnight(Date.now()) ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' });

/** Events: `state` CustomEvent<State> after a change of who is enrolled. */
export class CheckIn extends EventTarget {
  #root;
  #client;
  #notices;
  #eyes;
  #import;
  #day;
  /** @type {{id: string, before: Arrival}[]} */
  #undo = [];

  /** @param {HTMLElement} root @param {{client: BrowClient, notices: Notices, eyes: Eyes}} parts */
  constructor(root, { client, notices, eyes }) {
    super();
    this.#root = root;
    this.#client = client;
    this.#notices = notices;
    this.#eyes = eyes;
    this.#day = new DayPanel(find('#day', HTMLElement, root), find('.no-day', HTMLElement, root));
    const on = (/** @type {string} */ selector, /** @type {() => Promise<unknown>} */ act) =>
      find(selector, HTMLButtonElement, root).addEventListener('click', () => act.call(this).catch((/** @type {unknown} */ error) => notices.fault(error)));
    on('.undo', this.#undoLast);
    on('.add-guest', () => this.add());
    on('.give-code', this.#giveCode);
    on('.take-codes-back', this.#takeCodesBack);
    on('.export-guests', this.#export);
    on('.erase-guests', this.#erase);
    this.#input('#guest-search').addEventListener('input', () => this.#show());
    this.#filter.addEventListener('change', () => this.#show());
    this.#import = new ImportForm(find('.import', HTMLFormElement, root), { client });
    this.#import.addEventListener('list', () => this.#show());
    this.#import.addEventListener('state', (event) => this.dispatchEvent(new CustomEvent('state', { detail: /** @type {CustomEvent<State>} */ (event).detail })));
  }

  /** @returns {GuestList | null} */
  get #list() {
    return this.#import.list;
  }

  set #list(list) {
    this.#import.list = list;
  }

  /** @returns {Set<string>} ids */
  get #enrolled() {
    return this.#import.enrolled;
  }

  /** Whether an import is under way. */
  get busy() {
    return this.#import.busy;
  }

  /** @param {State} state */
  async open(state) {
    this.#list = await this.#client.vault('guests');
    this.heed(state);
    this.#showCodes(await this.#client.vault('codesOpen'));
  }

  /** @param {State} state */
  heed({ people }) {
    const ids = (/** @type {boolean} */ again) => new Set(people.filter(({ outdated }) => (outdated === 'again') === again).map(({ id }) => id));
    this.#import.again = ids(true);
    this.#import.enrolled = ids(false);
    this.#show();
  }

  /** Takes every name out of the page. */
  close() {
    this.#list = null;
    this.#enrolled.clear();
    this.#import.again.clear();
    this.#undo = [];
    this.#import.close();
    this.#day.show(null);
    this.#input('#guest-search').value = '';
    for (const selector of ['.rows tbody', '.summary', '.given']) find(selector, HTMLElement, this.#root).replaceChildren();
  }

  /** @param {string} selector */
  #input(selector) {
    return find(selector, HTMLInputElement, this.#root);
  }

  get #filter() {
    return find('#guest-filter', HTMLSelectElement, this.#root);
  }

  #showFilters() {
    const { value } = this.#filter;
    this.#filter.replaceChildren(...Object.keys(FILTERS).map((name) => make('option', { value: name }, text(`checkin.filter.${name}`))));
    this.#filter.value = value || 'all';
  }

  #show() {
    const list = this.#list;
    this.#showFilters();
    this.#day.show(list);
    find('.with-list', HTMLElement, this.#root).hidden = !list;
    find('.no-list', HTMLElement, this.#root).hidden = Boolean(list);
    const guests = list?.guests ?? [];
    find('.summary', HTMLElement, this.#root).textContent = list ? text('checkin.summary', {
      arrived: guests.filter(({ arrived }) => arrived !== null).length,
      all: guests.length,
      enrolled: guests.filter(({ id }) => this.#enrolled.has(id)).length,
    }) : text('checkin.none');
    find('.undo', HTMLButtonElement, this.#root).disabled = this.#undo.length === 0;
    const wanted = this.#input('#guest-search').value.trim().toLocaleLowerCase();
    const found = guests.filter((guest) => FILTERS[this.#filter.value](guest, this.#enrolled.has(guest.id))
      && [guest.name, guest.company, guest.email, guest.ref].some((value) => value.toLocaleLowerCase().includes(wanted)));
    find('.shown', HTMLElement, this.#root).textContent = found.length < guests.length ? text('checkin.shown', { shown: found.length, all: guests.length }) : '';
    find('thead', HTMLElement, this.#root).replaceChildren(make('tr', {}, ...['name', 'company', 'state', 'arrived', 'seen', 'action'].map((column) => make('th', { scope: 'col' }, text(`checkin.${column}`)))));
    find('.rows tbody', HTMLElement, this.#root).replaceChildren(...found.slice(0, SHOWN).map((guest) => this.#row(guest)));
    find('.more', HTMLElement, this.#root).textContent = found.length > SHOWN ? text('checkin.more', { count: found.length - SHOWN }) : '';
  }

  /** @param {Guest} guest */
  #row(guest) {
    const { id, name, company, arrived, seen, by } = guest;
    const key = arrived === null ? 'mark' : 'unmark';
    const next = arrived === null ? { arrived: Date.now(), seen: Date.now(), by: /** @type {const} */ ('hand') } : { arrived: null, seen: null, by: null };
    const button = make('button', {
      type: 'button', class: 'small plain', 'aria-label': text(`checkin.${key}.of`, { name }),
      onclick: () => this.#arrive(id, next, { arrived, seen, by }).catch((error) => this.#notices.fault(error)),
    }, text(`checkin.${key}`));
    const photo = this.#enrolled.has(id) ? [] : [' ', make('button', {
      type: 'button', class: 'small plain', 'aria-label': text('checkin.photo.add.of', { name }),
      onclick: () => this.add(guest).catch((error) => this.#notices.fault(error)),
    }, text('checkin.photo.add'))];
    const remove = make('button', {
      type: 'button', class: 'small danger', 'aria-label': text('checkin.remove.of', { name }),
      onclick: () => this.#remove(guest).catch((error) => this.#notices.fault(error)),
    }, text('checkin.remove'));
    // A phone has no room for the heads of columns: there each cell says its own.
    const cell = (/** @type {'company' | 'state' | 'seen'} */ column, /** @type {Node | string} */ value) => make('td', { 'data-head': text(`checkin.${column}`) }, value);
    return make('tr', { 'data-id': id },
      make('th', { scope: 'row' }, nameElement(name)), cell('company', company && make('bdi', {}, company)), cell('state', this.#stateOf(guest)),
      make('td', { class: 'arrived', 'data-head': text('checkin.arrived') }, arrived === null ? '' : when(arrived)), cell('seen', seen === null ? '' : when(seen)), make('td', {}, button, ...photo, ' ', remove));
  }

  /** @param {Guest} guest */
  #stateOf({ id, problem }) {
    if (this.#enrolled.has(id)) return text('checkin.enrolled');
    if (this.#import.again.has(id)) return text('people.again');
    return problemWords(problem ?? 'unknown');
  }

  /** @param {string} id @param {Arrival} arrival @param {Arrival} before */
  async #arrive(id, arrival, before) {
    this.#list = await this.#client.vault('guestArrival', { guest: id, arrival });
    this.#undo.push({ id, before });
    this.#show();
    this.#focus(id);
  }

  /** Where the keyboard goes on; a filter may have taken the row away. @param {string} id */
  #focus(id) {
    const next = this.#root.querySelector(`tr[data-id="${id}"] button`) ?? this.#filter;
    if (next instanceof HTMLElement) next.focus();
  }

  /** @param {Guest} [guest] whose photo is added; without one, somebody who is not on the list */
  async add(guest) {
    const done = await askGuest({ client: this.#client, eyes: this.#eyes, guest, again: guest !== undefined && this.#import.again.has(guest.id) });
    if (!done) return;
    this.#list = done.list;
    if (done.state) this.dispatchEvent(new CustomEvent('state', { detail: done.state }));
    this.#show();
    const { id, name } = guest ?? done.list.guests[done.list.guests.length - 1];
    this.#notices.say(...withName(text(done.state ? 'checkin.photo.added' : 'checkin.guest.added', { name: '{name}' }), name), ...done.said.map((words) => ` ${words}`));
    this.#focus(id);
  }

  /** A code by which a guest enrols at the kiosk. Nobody can see it again. */
  async #giveCode() {
    const { code, lastsMs, open } = await this.#client.vault('codeGive');
    const until = date(Date.now() + lastsMs, { timeStyle: 'short' });
    find('.given', HTMLElement, this.#root).replaceChildren(make('p', { class: 'code' }, make('bdi', { dir: 'ltr' }, code)), make('p', { class: 'note' }, text('checkin.code.for', { until })));
    this.#showCodes(open);
  }

  async #takeCodesBack() {
    await this.#client.vault('codesTakeBack');
    find('.given', HTMLElement, this.#root).replaceChildren(make('p', { class: 'note' }, text('checkin.code.gone')));
    this.#showCodes(0);
    find('.give-code', HTMLButtonElement, this.#root).focus();
  }

  /** @param {number} open that nobody has used yet */
  #showCodes(open) {
    const back = find('.take-codes-back', HTMLButtonElement, this.#root);
    back.hidden = open === 0;
    back.textContent = text('checkin.code.back', { count: open });
  }

  /** @param {Guest} guest */
  async #remove({ id, name }) {
    const sure = await choose(withName(text('checkin.remove.title', { name: '{name}' }), name), [text('checkin.remove.text')], [
      { label: [text('checkin.remove.yes')], value: true, kind: 'danger' },
      { label: [text('dialog.cancel')], value: false },
    ]);
    if (!sure) return;
    const { list, state } = await this.#client.vault('guestRemove', { guest: id });
    this.#list = list;
    this.#undo = this.#undo.filter((done) => done.id !== id);
    this.dispatchEvent(new CustomEvent('state', { detail: state }));
    this.#show();
    this.#notices.say(...withName(text('checkin.removed', { name: '{name}' }), name));
    this.#filter.focus();
  }

  async #undoLast() {
    const last = this.#undo.pop();
    if (last) this.#list = await this.#client.vault('guestArrival', { guest: last.id, arrival: last.before });
    this.#show();
  }

  async #export() {
    const list = this.#list;
    if (!list) return;
    const rows = list.guests.map((guest) => [guest.name, guest.email, guest.ref, guest.company, guest.photo, guest.host, ...localTime(guest.arrived), ...localTime(guest.seen), guest.by ?? '']);
    const titles = ['name', 'email', 'id', 'company', 'photo', 'host', 'arrived', 'arrived UTC offset', 'last seen', 'last seen UTC offset', 'by'];
    const csv = await this.#client.vault('listWrite', { rows: [titles, ...rows] });
    download(new Blob([csv], { type: 'text/csv' }), 'brow-check-in.csv');
  }

  async #erase() {
    const sure = await choose([text('checkin.erase.title')], [text('checkin.erase.text')], [
      { label: [text('checkin.erase.yes')], value: true, kind: 'danger' },
      { label: [text('dialog.cancel')], value: false },
    ]);
    if (!sure) return;
    const state = await this.#client.vault('guestsErase');
    this.#list = null;
    this.#undo = [];
    this.#import.close();
    this.dispatchEvent(new CustomEvent('state', { detail: state }));
    this.#notices.say(text('checkin.erased'));
  }
}
