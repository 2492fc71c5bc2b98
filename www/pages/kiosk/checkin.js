/** Expected people: imported from a CSV file with photos, marked as they arrive, exported, and erased together. */
import { decodeText, photoKey, readGuests, writeCsv } from './csv.js';
import { choose } from '../../ui/dialogs.js';
import { find, make, nameElement } from '../../ui/dom.js';
import { consentVersion, fault, faultOf, language, text } from '../../words/messages.js';
import { nameProblem, tidyName } from '../../words/names.js';
import { readPhoto } from '../../camera/photo.js';
import { download, moment } from '../../ui/vault.js';

/** @import { BrowClient } from '../../client/client.js' */
/** @import { Notices } from '../../ui/notices.js' */
/** @import { State } from '../../types.js' */
/** @import { Guest, GuestList } from '../../vault/types.js' */

const GUESTS_MOST = 10_000;
/** A list that is larger is no list: reading it would stop the page. */
const LIST_MOST_MB = 20;
/** So many rows are shown at once; a search finds the others. */
const SHOWN = 200;
/** Codes of this module's own for why somebody is not enrolled; all others are faults. */
const OWN_PROBLEMS = new Set(['none', 'missing', 'unknown']);

/** @typedef {Pick<Guest, 'arrived' | 'seen' | 'by'>} Arrival */

/** Events: `state` CustomEvent<State> after a change of who is enrolled. */
export class CheckIn extends EventTarget {
  #root;
  #client;
  #notices;
  /** @type {GuestList | null} */
  #list = null;
  /** Ids of everybody enrolled. @type {Set<string>} */
  #enrolled = new Set();
  /** @type {{id: string, before: Arrival}[]} */
  #undo = [];
  #importing = false;
  #complaints = 0;

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
    find('.import', HTMLFormElement, root).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }

  /** Whether an import is under way. */
  get busy() {
    return this.#importing;
  }

  /** @param {State} state */
  async open(state) {
    this.#list = await this.#client.vault('guests');
    this.heed(state);
  }

  /** @param {State} state */
  heed({ people }) {
    this.#enrolled = new Set(people.map(({ id }) => id));
    this.#show();
  }

  /** Takes every name out of the page. */
  close() {
    this.#list = null;
    this.#enrolled.clear();
    this.#undo = [];
    find('form', HTMLFormElement, this.#root).reset();
    this.#input('#guest-search').value = '';
    for (const selector of ['tbody', '.row-problems', '.summary', '.working', '.problem']) find(selector, HTMLElement, this.#root).replaceChildren();
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
    const time = (/** @type {number | null} */ value) => (value === null ? '' : new Date(value).toISOString());
    const rows = list.guests.map((guest) => [guest.name, guest.email, guest.ref, guest.company, guest.photo, time(guest.arrived), time(guest.seen), guest.by ?? '']);
    const csv = writeCsv([['name', 'email', 'id', 'company', 'photo', 'arrived', 'last seen', 'by'], ...rows]);
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
    find('.row-problems', HTMLElement, this.#root).replaceChildren();
    this.dispatchEvent(new CustomEvent('state', { detail: state }));
    this.#notices.say(text('checkin.erased'));
  }

  async #submit() {
    if (this.#importing) return;
    const form = find('.import', HTMLFormElement, this.#root);
    const problem = find('.problem', HTMLElement, form);
    const button = find('button', HTMLButtonElement, form);
    problem.textContent = '';
    find('.row-problems', HTMLElement, form).replaceChildren();
    this.#importing = true;
    button.disabled = true;
    try {
      await this.#import(form);
    } catch (error) {
      const { message, remedy } = faultOf(error);
      problem.textContent = `${message} ${remedy}`;
    } finally {
      this.#importing = false;
      button.disabled = false;
      find('progress', HTMLProgressElement, form).hidden = true;
    }
  }

  /** @param {HTMLFormElement} form */
  async #import(form) {
    const problem = find('.problem', HTMLElement, form);
    const file = this.#input('#guest-file').files?.[0];
    const files = [...(this.#input('#guest-photos').files ?? []), ...(this.#input('#guest-folder').files ?? [])];
    if (!file && !(this.#list && files.length)) {
      problem.textContent = text('checkin.nothing');
      return;
    }
    if (!find('[name=consent]', HTMLInputElement, form).checked) {
      problem.textContent = text('checkin.consent.needed');
      return;
    }
    if (file && !(await this.#takeList(file))) return;
    const enrolled = await this.#enrolAll(new Map(files.map((one) => [photoKey(one.name), one])));
    find('.working', HTMLElement, form).textContent = text('checkin.done', { guests: this.#list?.guests.length ?? 0, enrolled });
    form.reset();
  }

  /** @param {File} file @returns {Promise<boolean>} false when there is nothing in it or it was cancelled */
  async #takeList(file) {
    if (file.size > LIST_MOST_MB * 1024 * 1024) throw fault('list_huge', { most: LIST_MOST_MB });
    const { guests, problems } = readGuests(decodeText(await file.arrayBuffer()), { tidy: tidyName, nameProblem, most: GUESTS_MOST });
    for (const { line, code, words } of problems) this.#complain(text('checkin.line', { line, words: code === 'bad_name' ? String(words) : text(`checkin.problem.${code}`, { words: words ?? GUESTS_MOST }) }));
    if (guests.length === 0) return false;
    if (this.#list) {
      const sure = await choose([text('checkin.replace.title')], [text('checkin.replace.text')], [
        { label: [text('checkin.replace.yes')], value: true, kind: 'danger' },
        { label: [text('dialog.cancel')], value: false },
      ]);
      if (!sure) return false;
      await this.#client.vault('guestsErase');
    }
    this.#undo = [];
    this.#list = await this.#client.vault('guestsSet', {
      list: {
        name: file.name.slice(0, 200),
        created: Date.now(),
        guests: guests.map((guest) => ({ ...guest, id: crypto.randomUUID(), problem: guest.photo ? 'missing' : 'none', arrived: null, seen: null, by: null })),
      },
    });
    return true;
  }

  /** @param {Map<string, File>} photos by photoKey @returns {Promise<number>} how many were enrolled */
  async #enrolAll(photos) {
    const progress = find('progress', HTMLProgressElement, this.#root);
    const working = find('.working', HTMLElement, this.#root);
    const waiting = (this.#list?.guests ?? []).filter(({ id }) => !this.#enrolled.has(id));
    /** @type {Record<string, string | null>} */
    const problems = {};
    /** @type {State | null} */
    let state = null;
    let enrolled = 0;
    progress.hidden = false;
    for (const [index, guest] of waiting.entries()) {
      progress.value = index / waiting.length;
      working.textContent = text('checkin.working', { done: index, all: waiting.length });
      const file = guest.photo ? photos.get(photoKey(guest.photo)) : undefined;
      if (!file) {
        problems[guest.id] = guest.photo ? 'missing' : 'none';
        this.#complainOf(guest, problemWords(problems[guest.id] ?? ''));
        continue;
      }
      try {
        const { resembles, state: after } = await this.#enrol(guest, file);
        state = after;
        enrolled += 1;
        problems[guest.id] = null;
        if (resembles) this.#complainOf(guest, text('checkin.photo.resembles', { name: resembles }));
      } catch (error) {
        const { code, message } = faultOf(error);
        // The disk is full, the store is locked: the next row would fare no better.
        if (/^(storage|locked|closed|worker_failed)/.test(code)) throw error;
        problems[guest.id] = code;
        this.#complainOf(guest, message);
      }
    }
    this.#list = await this.#client.vault('guestsProblems', { problems });
    this.dispatchEvent(new CustomEvent('state', { detail: state ?? await this.#client.state() }));
    return enrolled;
  }

  /**
   * @param {Guest} guest
   * @param {File} file
   * @returns {Promise<{resembles: string | null, state: State}>}
   */
  async #enrol({ id, name }, file) {
    const { frame } = await readPhoto(file);
    const { resembles } = await this.#client.enrolPhoto(frame);
    const { state } = await this.#client.save({
      id, name, source: 'photo', keepPicture: false,
      consent: { text: text('checkin.consent.text'), version: `paper ${consentVersion()}`, language: language(), time: Date.now() },
    });
    return { resembles: resembles?.name ?? null, state };
  }

  /** @param {Guest} guest @param {string} words */
  #complainOf({ line, name }, words) {
    this.#complain(text('checkin.line.name', { line, name, words }));
  }

  /** @param {string} words */
  #complain(words) {
    const list = find('.row-problems', HTMLElement, this.#root);
    this.#complaints = list.childElementCount ? this.#complaints + 1 : 1;
    if (this.#complaints <= SHOWN) list.append(make('li', { dir: 'auto' }, words));
    else {
      if (this.#complaints === SHOWN + 1) list.append(make('li', {}));
      list.lastElementChild?.replaceChildren(text('checkin.lines.more', { count: this.#complaints - SHOWN }));
    }
  }
}

/** @param {string} code */
function problemWords(code) {
  return OWN_PROBLEMS.has(code) ? text(`checkin.photo.${code}`) : fault(code).message;
}
