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
/** @import { GuestFilter } from '../../worker/brow.js' */
/** @import { Arrival, GuestRow, GuestState, GuestView } from '../../vault/types.js' */

/** @type {GuestFilter[]} */
const FILTERS = ['all', 'expected', 'confirm', 'unknown', 'photo'];

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
  /** @type {{guest: string, before: Arrival}[]} */
  #undo = [];
  /** Grows with every question what is to be shown, so that an answer that was overtaken is dropped. */
  #turn = 0;
  #isOpen = false;

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
    this.#input('#guest-search').addEventListener('input', () => this.#showAgain({ changed: false }));
    this.#filter.addEventListener('change', () => this.#showAgain({ changed: false }));
    this.#import = new ImportForm(find('.import', HTMLFormElement, root), { client, show: () => this.#show() });
    this.#import.addEventListener('state', (event) => this.dispatchEvent(new CustomEvent('state', { detail: /** @type {CustomEvent<State>} */ (event).detail })));
  }

  /** Whether an import is under way. */
  get busy() {
    return this.#import.busy;
  }

  async open() {
    this.#isOpen = true;
    await this.#client.vault('guestsOpen');
    if (!this.#isOpen) return this.close();
    await this.#show();
    this.#showCodes(await this.#client.vault('codesOpen'));
  }

  /** Somebody may have been enrolled, or erased. */
  heed() {
    if (this.#isOpen) this.#showAgain();
  }

  /** Takes every name out of the page. */
  close() {
    this.#isOpen = false;
    this.#client.vault('guestsClose').catch(() => {});
    this.#turn += 1;
    this.#undo = [];
    this.#import.hasList = false;
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
    this.#filter.replaceChildren(...FILTERS.map((name) => make('option', { value: name }, text(`checkin.filter.${name}`))));
    this.#filter.value = value || 'all';
  }

  /** @param {{changed?: boolean}} [what] changed: whether the list may be another */
  #showAgain({ changed = true } = {}) {
    (changed ? this.#show() : this.#showFound()).catch((error) => this.#notices.fault(error));
  }

  /** The list as it is now. */
  async #show() {
    const [times] = await Promise.all([this.#client.vault('guestsTimes'), this.#showFound()]);
    if (this.#isOpen) this.#day.show(times);
  }

  /** Whom the worker finds. */
  async #showFound() {
    const turn = ++this.#turn;
    this.#showFilters();
    const view = await this.#client.vault('guestsView', { wanted: this.#input('#guest-search').value, filter: /** @type {GuestFilter} */ (this.#filter.value) });
    if (turn !== this.#turn) return;
    this.#import.hasList = view !== null;
    this.#showView(view);
  }

  /** @param {GuestView | null} view */
  #showView(view) {
    find('.with-list', HTMLElement, this.#root).hidden = !view;
    find('.no-list', HTMLElement, this.#root).hidden = view !== null;
    const { all, arrived, enrolled, found, rows } = view ?? { all: 0, arrived: 0, enrolled: 0, found: 0, rows: [] };
    find('.summary', HTMLElement, this.#root).textContent = view ? text('checkin.summary', { arrived, all, enrolled }) : text('checkin.none');
    find('.undo', HTMLButtonElement, this.#root).disabled = this.#undo.length === 0;
    find('.shown', HTMLElement, this.#root).textContent = found < all ? text('checkin.shown', { shown: found, all }) : '';
    find('thead', HTMLElement, this.#root).replaceChildren(make('tr', {}, ...['name', 'company', 'state', 'arrived', 'seen', 'action'].map((column) => make('th', { scope: 'col' }, text(`checkin.${column}`)))));
    find('.rows tbody', HTMLElement, this.#root).replaceChildren(...rows.map((guest) => this.#row(guest)));
    find('.more', HTMLElement, this.#root).textContent = found > rows.length ? text('checkin.more', { count: found - rows.length }) : '';
  }

  /** @param {GuestRow} guest */
  #row(guest) {
    const { id, name, company, arrived, seen, state } = guest;
    const key = arrived === null ? 'mark' : 'unmark';
    const button = make('button', {
      type: 'button', class: 'small plain', 'aria-label': text(`checkin.${key}.of`, { name }),
      onclick: () => this.#mark(id, arrived === null).catch((error) => this.#notices.fault(error)),
    }, text(`checkin.${key}`));
    const photo = state === 'enrolled' ? [] : [' ', make('button', {
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
      make('th', { scope: 'row' }, nameElement(name)), cell('company', company && make('bdi', {}, company)), cell('state', stateWords(state)),
      make('td', { class: 'arrived', 'data-head': text('checkin.arrived') }, arrived === null ? '' : when(arrived)), cell('seen', seen === null ? '' : when(seen)), make('td', {}, button, ...photo, ' ', remove));
  }

  /** @param {string} guest @param {boolean} arrived */
  async #mark(guest, arrived) {
    this.#undo.push({ guest, before: await this.#client.vault('guestMark', { guest, arrived }) });
    await this.#show();
    this.#focus(guest);
  }

  /** Where the keyboard goes on; a filter may have taken the row away. @param {string} id */
  #focus(id) {
    const next = this.#root.querySelector(`tr[data-id="${id}"] button`) ?? this.#filter;
    if (next instanceof HTMLElement) next.focus();
  }

  /** @param {GuestRow} [guest] whose photo is added; without one, somebody who is not on the list */
  async add(guest) {
    const done = await askGuest({ client: this.#client, eyes: this.#eyes, guest, again: guest?.state === 'again' });
    if (!done) return;
    if (done.state) this.dispatchEvent(new CustomEvent('state', { detail: done.state }));
    await this.#show();
    const { id, name } = done;
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

  /** @param {GuestRow} guest */
  async #remove({ id, name }) {
    const sure = await choose(withName(text('checkin.remove.title', { name: '{name}' }), name), [text('checkin.remove.text')], [
      { label: [text('checkin.remove.yes')], value: true, kind: 'danger' },
      { label: [text('dialog.cancel')], value: false },
    ]);
    if (!sure) return;
    const state = await this.#client.vault('guestRemove', { guest: id });
    this.#undo = this.#undo.filter(({ guest }) => guest !== id);
    this.dispatchEvent(new CustomEvent('state', { detail: state }));
    await this.#show();
    this.#notices.say(...withName(text('checkin.removed', { name: '{name}' }), name));
    this.#filter.focus();
  }

  async #undoLast() {
    const last = this.#undo.pop();
    if (last) await this.#client.vault('guestUndo', last);
    await this.#show();
  }

  async #export() {
    const list = await this.#client.vault('guests');
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
    this.#undo = [];
    this.#import.close();
    this.dispatchEvent(new CustomEvent('state', { detail: state }));
    this.#notices.say(text('checkin.erased'));
  }
}

/** Whether a guest can be recognised, or why not. @param {GuestState} state */
function stateWords(state) {
  if (state === 'enrolled') return text('checkin.enrolled');
  return state === 'again' ? text('people.again') : problemWords(state ?? 'unknown');
}
