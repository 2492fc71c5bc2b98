/** Takes a list of expected people in, and enrols those whose photo is there, with consent on paper. */
import { enrolGuest, poorWords } from './guest-form.js';
import { ListPreview } from './preview.js';
import { readPhoto } from '../../camera/photo.js';
import { choose } from '../../ui/dialogs.js';
import { find, make } from '../../ui/dom.js';
import { fault, faultOf, text } from '../../words/messages.js';

/** @import { BrowClient } from '../../client/client.js' */
/** @import { Fault, State } from '../../types.js' */
/** @import { Guest } from '../../vault/types.js' */
/** @import { Taken } from './preview.js' */

/** So many problems are shown. */
const SHOWN = 200;
/** Codes of this module's own for why somebody is not enrolled; all others are faults. */
const OWN_PROBLEMS = new Set(['none', 'missing', 'ambiguous', 'unknown', 'several_faces', 'photo_huge']);

/** Events: `state` CustomEvent<State> of who is enrolled. */
export class ImportForm extends EventTarget {
  #form;
  #client;
  #preview;
  #show;
  /** Whether there is a list. */
  hasList = false;
  #busy = false;
  #complaints = 0;

  /** @param {HTMLFormElement} form @param {{client: BrowClient, show: () => Promise<unknown>}} parts show: shows the list as it has become */
  constructor(form, { client, show }) {
    super();
    this.#form = form;
    this.#client = client;
    this.#show = show;
    this.#preview = new ListPreview(find('.preview', HTMLElement, form), { client });
    this.#preview.addEventListener('read', (event) => this.#heard(/** @type {CustomEvent<{problems: string[], fault: Fault | null}>} */ (event).detail));
    this.#input('guest-file').addEventListener('change', () => {
      this.#quiet();
      this.#preview.open(this.#input('guest-file').files?.[0] ?? null);
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }

  /** Whether an import is under way. */
  get busy() {
    return this.#busy;
  }

  /** Takes every name out of the form. */
  close() {
    this.#form.reset();
    this.#preview.open(null);
    this.#quiet();
  }

  /** @param {string} id */
  #input(id) {
    return find(`#${id}`, HTMLInputElement, this.#form);
  }

  /** Nothing that was said of an earlier list stands beside what is said of this one. */
  #quiet() {
    for (const selector of ['.problem', '.working', '.row-problems']) find(selector, HTMLElement, this.#form).replaceChildren();
  }

  /** @param {{problems: string[], fault: Fault | null}} heard */
  #heard({ problems, fault: wrong }) {
    if (this.#busy) return;
    find('.row-problems', HTMLElement, this.#form).replaceChildren();
    for (const words of problems) this.#complain(words);
    this.#refuse(wrong ? `${wrong.message} ${wrong.remedy}` : '');
  }

  /** @param {string} words */
  #refuse(words) {
    find('.problem', HTMLElement, this.#form).textContent = words;
  }

  async #submit() {
    if (this.#busy) return;
    const button = find('button', HTMLButtonElement, this.#form);
    this.#busy = true;
    button.disabled = true;
    try {
      await this.#import();
    } catch (error) {
      this.#quiet();
      const { message, remedy } = faultOf(error);
      this.#refuse(`${message} ${remedy}`);
    } finally {
      this.#busy = false;
      button.disabled = false;
      find('progress', HTMLProgressElement, this.#form).hidden = true;
    }
  }

  async #import() {
    const working = find('.working', HTMLElement, this.#form);
    working.textContent = '';
    this.#refuse('');
    const file = this.#input('guest-file').files?.[0];
    const files = [...(this.#input('guest-photos').files ?? []), ...(this.#input('guest-folder').files ?? [])];
    if (!file && !(this.hasList && files.length)) return this.#refuse(text('checkin.nothing'));
    if (!find('[name=consent]', HTMLInputElement, this.#form).checked) return this.#refuse(text('checkin.consent.needed'));
    const taken = await this.#preview.taken;
    if (taken) {
      if (taken.guests.length === 0) return this.#refuse(text('checkin.problem.no_rows'));
      if (this.hasList && !(await this.#mayReplace())) return;
      await this.#keep(/** @type {File} */ (file), taken);
    }
    find('.row-problems', HTMLElement, this.#form).replaceChildren();
    for (const words of taken?.problems ?? []) this.#complain(words);
    working.textContent = text('checkin.done', await this.#enrolAll(files));
    this.#form.reset();
    this.#preview.open(null);
  }

  /** @returns {Promise<boolean>} */
  #mayReplace() {
    return choose([text('checkin.replace.title')], [text('checkin.replace.text')], [
      { label: [text('checkin.replace.yes')], value: true, kind: 'danger' },
      { label: [text('dialog.cancel')], value: false },
    ]);
  }

  /** @param {File} file @param {Taken} taken */
  async #keep(file, { guests }) {
    if (this.hasList) await this.#client.vault('guestsErase');
    await this.#client.vault('guestsImport', { name: file.name, guests });
    this.hasList = true;
    await this.#show();
  }

  /** @param {File[]} files @returns {Promise<{guests: number, enrolled: number}>} how many are on the list, and were enrolled */
  async #enrolAll(files) {
    const progress = find('progress', HTMLProgressElement, this.#form);
    const working = find('.working', HTMLElement, this.#form);
    const all = await this.#client.vault('guestsPhotos', { files: files.map((file) => file.webkitRelativePath || file.name) });
    const lines = new Map(all.map(({ id, line }) => [id, line]));
    const waiting = all.filter((guest) => guest.state !== 'enrolled');
    /** @type {Record<string, string | null>} */
    const problems = {};
    /** @type {State | null} */
    let state = null;
    let enrolled = 0;
    // A list for marking by hand is a good list: nothing is wrong with each of its lines.
    const namesNone = waiting.length > 0 && waiting.length === all.length && all.every(({ photo }) => !photo);
    if (namesNone) this.#complain(text('checkin.photo.nowhere'));
    progress.hidden = false;
    for (const [index, guest] of waiting.entries()) {
      progress.value = index / waiting.length;
      working.textContent = text('checkin.working', { done: index, all: waiting.length });
      const { photo } = guest;
      if (photo?.kind !== 'one') {
        const problem = photo?.kind ?? 'none';
        problems[guest.id] = problem;
        if (!namesNone) this.#complainOf(guest, problemWords(problem));
        continue;
      }
      try {
        const { frame } = await readPhoto(files[photo.index]);
        const { resembles, shortcoming, state: after } = await enrolGuest(this.#client, guest, frame, { again: guest.state === 'again' });
        state = after;
        enrolled += 1;
        problems[guest.id] = null;
        if (resembles) this.#complainOf(guest, alike(resembles, lines.get(resembles.id)));
        if (shortcoming) this.#complainOf(guest, poorWords(shortcoming));
      } catch (error) {
        const { code, message } = faultOf(error);
        // The disk is full, the store is locked: the next row would fare no better.
        if (/^(storage|locked|closed|worker_failed)/.test(code)) throw error;
        problems[guest.id] = code;
        this.#complainOf(guest, message);
      }
    }
    await this.#client.vault('guestsProblems', { problems });
    this.dispatchEvent(new CustomEvent('state', { detail: state ?? await this.#client.state() }));
    await this.#show();
    return { guests: all.length, enrolled };
  }

  /** @param {Pick<Guest, 'line' | 'name'>} guest @param {string} words */
  #complainOf({ line, name }, words) {
    this.#complain(text('checkin.line.name', { line, name, words }));
  }

  /** @param {string} words */
  #complain(words) {
    const list = find('.row-problems', HTMLElement, this.#form);
    this.#complaints = list.childElementCount ? this.#complaints + 1 : 1;
    if (this.#complaints <= SHOWN) list.append(make('li', { dir: 'auto' }, words));
    else {
      if (this.#complaints === SHOWN + 1) list.append(make('li', {}));
      list.lastElementChild?.replaceChildren(text('checkin.lines.more', { count: this.#complaints - SHOWN }));
    }
  }
}

/** Why a guest can't be recognised. @param {string} code */
export function problemWords(code) {
  return OWN_PROBLEMS.has(code) ? text(`checkin.photo.${code}`) : fault(code).message;
}

/** @param {{name: string}} other who has this face already @param {number | undefined} line theirs, where they are on the list */
const alike = ({ name }, line) => (line === undefined ? text('checkin.photo.resembles', { name }) : text('checkin.photo.same', { name, line }));
