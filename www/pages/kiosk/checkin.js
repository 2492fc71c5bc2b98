/** Expected people: imported from a list with photos, marked as they arrive, exported, and erased together. */
import { ImportForm, problemWords } from './import.js';
import { choose } from '../../ui/dialogs.js';
import { find, make, nameElement } from '../../ui/dom.js';
import { text } from '../../words/messages.js';
import { localTime } from '../../ui/times.js';
import { download, moment } from '../../ui/vault.js';

/** @import { BrowClient } from '../../client/client.js' */
/** @import { Notices } from '../../ui/notices.js' */
/** @import { State } from '../../types.js' */
/** @import { Guest, GuestList } from '../../vault/types.js' */

/** So many rows are shown at once; a search finds the others. */
const SHOWN = 200;
/** @typedef {Pick<Guest, 'arrived' | 'seen' | 'by'>} Arrival */

/** Events: `state` CustomEvent<State> after a change of who is enrolled. */
export class CheckIn extends EventTarget {
  #root;
  #client;
  #notices;
  #import;
  /** @type {{id: string, before: Arrival}[]} */
  #undo = [];

  /** @param {HTMLElement} root @param {{client: BrowClient, notices: Notices}} parts */
  constructor(root, { client, notices }) {
    super();
    this.#root = root;
    this.#client = client;
    this.#notices = notices;
    const on = (/** @type {string} */ selector, /** @type {() => Promise<unknown>} */ act) =>
      find(selector, HTMLButtonElement, root).addEventListener('click', () => act.call(this).catch((/** @type {unknown} */ error) => notices.fault(error)));
    on('.undo', this.#undoLast);
    on('.export-guests', this.#export);
    on('.erase-guests', this.#erase);
    this.#input('#guest-search').addEventListener('input', () => this.#show());
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
    this.#input('#guest-search').value = '';
    for (const selector of ['tbody', '.summary']) find(selector, HTMLElement, this.#root).replaceChildren();
  }

  /** @param {string} selector */
  #input(selector) {
    return find(selector, HTMLInputElement, this.#root);
  }

  #show() {
    const list = this.#list;
    find('.with-list', HTMLElement, this.#root).hidden = !list;
    const guests = list?.guests ?? [];
    find('.summary', HTMLElement, this.#root).textContent = list ? text('checkin.summary', {
      arrived: guests.filter(({ arrived }) => arrived !== null).length,
      all: guests.length,
      enrolled: guests.filter(({ id }) => this.#enrolled.has(id)).length,
    }) : text('checkin.none');
    find('.undo', HTMLButtonElement, this.#root).disabled = this.#undo.length === 0;
    const wanted = this.#input('#guest-search').value.trim().toLocaleLowerCase();
    const found = guests.filter(({ name, company, email, ref }) => [name, company, email, ref].some((value) => value.toLocaleLowerCase().includes(wanted)));
    find('thead', HTMLElement, this.#root).replaceChildren(make('tr', {}, ...['name', 'company', 'state', 'arrived', 'seen', 'action'].map((column) => make('th', { scope: 'col' }, text(`checkin.${column}`)))));
    find('tbody', HTMLElement, this.#root).replaceChildren(...found.slice(0, SHOWN).map((guest) => this.#row(guest)));
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
    return make('tr', { 'data-id': id },
      make('th', { scope: 'row' }, nameElement(name)), make('td', {}, make('bdi', {}, company)), make('td', {}, this.#stateOf(guest)),
      make('td', { class: 'arrived' }, arrived === null ? '' : moment(arrived)), make('td', {}, seen === null ? '' : moment(seen)), make('td', {}, button));
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
    find(`tr[data-id="${id}"] button`, HTMLButtonElement, this.#root).focus();
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
