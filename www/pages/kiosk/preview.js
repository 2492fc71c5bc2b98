/** The list as it will be read, before anything of it is kept: its first lines, and all that was guessed, each changeable. */
import { encodings } from './encodings.js';
import { find, make } from '../../ui/dom.js';
import { fault, faultOf, onLanguage, text } from '../../words/messages.js';
import { nameProblem, tidyName } from '../../words/names.js';

/** @import { BrowClient } from '../../client/client.js' */
/** @import { ListChoices, ListColumn, ListGuest, ListReading } from '../../types.js' */

/** A list that is larger is no list: reading it would stop the page. */
const LIST_MOST_MB = 20;
/** Titles are looked for among so many lines. */
const HEADS_SHOWN = 8;

const DELIMITERS = /** @type {const} */ ({ ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'pipe' });
/** @type {ListColumn[]} */
const COLUMNS = ['name', 'first', 'last', 'email', 'ref', 'company', 'photo', 'host', 'other'];

/** @typedef {{guests: ListGuest[], problems: string[], doubts: string[]}} Taken problems, doubts: in words */

/** Events: `read` CustomEvent<{problems: string[], fault: Fault | null}> after each reading, also one that failed. */
export class ListPreview extends EventTarget {
  #root;
  #client;
  /** @type {File | null} */
  #file = null;
  /** @type {ListChoices} */
  #choices = {};
  /** @type {Promise<Taken | null>} */
  #taken = Promise.resolve(null);
  /** Grows with every reading, so that one that was overtaken is dropped. */
  #turn = 0;

  /** @param {HTMLElement} root @param {{client: BrowClient}} parts */
  constructor(root, { client }) {
    super();
    this.#root = root;
    this.#client = client;
    onLanguage(() => {
      if (this.#file) this.#choose(this.#choices);
    });
    this.#select('.list-encoding').addEventListener('change', () => this.#choose({ encoding: this.#select('.list-encoding').value }));
    this.#select('.list-delimiter').addEventListener('change', () => {
      this.#choose({ encoding: this.#choices.encoding, delimiter: this.#select('.list-delimiter').value });
    });
    this.#select('.list-head').addEventListener('change', () => {
      const line = Number(this.#select('.list-head').value);
      const { encoding, delimiter } = this.#choices;
      this.#choose({ encoding, delimiter, head: line ? { kind: 'at', line } : { kind: 'none' } });
    });
  }

  /** The list as it is shown; null without one. It waits for a reading that is under way. @returns {Promise<Taken | null>} */
  get taken() {
    return this.#taken;
  }

  /** @param {File | null} file */
  open(file) {
    this.#file = file;
    this.#choose({});
  }

  /** @param {string} selector */
  #select(selector) {
    return find(selector, HTMLSelectElement, this.#root);
  }

  /** @param {ListChoices} choices */
  #choose(choices) {
    this.#choices = choices;
    const turn = ++this.#turn;
    const file = this.#file;
    if (!file) this.#clear();
    const reading = file ? this.#read(file) : Promise.resolve(null);
    this.#taken = reading.then((taken) => taken && this.#words(taken));
    // Whoever awaits it hears of its error; so does the page, at once.
    this.#taken.then((taken) => this.#shown(turn, taken), (error) => this.#failed(turn, error));
    reading.then((taken) => {
      if (taken && turn === this.#turn) this.#show(taken);
    }, () => {});
  }

  /** @param {File} file @returns {Promise<ListReading>} */
  async #read(file) {
    if (file.size > LIST_MOST_MB * 1024 * 1024) throw fault('list_huge', { most: LIST_MOST_MB });
    return this.#client.vault('listRead', { bytes: await file.arrayBuffer(), choices: this.#choices });
  }

  /** Names as they are kept, and what is wrong, by line. @param {ListReading} reading @returns {Taken} */
  #words({ guests, problems, broken, unsure, head }) {
    const said = problems.map((problem) => ({ line: problem.line, words: text(`checkin.problem.${problem.code}`, { words: 'of' in problem ? problem.of : '' }) }));
    const named = guests.map((guest) => ({ ...guest, name: tidyName(guest.name) })).filter(({ line, name }) => {
      const wrong = nameProblem(name);
      if (wrong) said.push({ line, words: text(...wrong) });
      return wrong === null;
    });
    const doubts = [broken && 'broken', unsure && 'unsure', head.kind === 'none' && guests.length > 0 && 'untitled'].filter((doubt) => typeof doubt === 'string');
    return {
      guests: named, doubts: doubts.map((doubt) => text(`checkin.doubt.${doubt}`)),
      problems: said.sort((a, b) => a.line - b.line).map(({ line, words }) => text('checkin.line', { line, words })),
    };
  }

  /** @param {number} turn @param {Taken | null} taken */
  #shown(turn, taken) {
    if (turn !== this.#turn || !taken) return;
    const { doubts, guests, problems } = taken;
    find('.doubts', HTMLElement, this.#root).replaceChildren(...doubts.map((words) => make('p', {}, words)));
    find('.found', HTMLElement, this.#root).textContent = text('checkin.preview.found', { guests: guests.length, left: problems.length });
    this.dispatchEvent(new CustomEvent('read', { detail: { problems, fault: null } }));
  }

  /** @param {number} turn @param {unknown} error */
  #failed(turn, error) {
    if (turn !== this.#turn) return;
    this.#clear();
    this.dispatchEvent(new CustomEvent('read', { detail: { problems: [], fault: faultOf(error) } }));
  }

  #clear() {
    this.#root.hidden = true;
    for (const row of this.#root.querySelectorAll('tr')) row.remove();
    for (const part of ['.doubts', '.found']) find(part, HTMLElement, this.#root).replaceChildren();
  }

  /** @param {ListReading} reading */
  #show({ encoding, delimiter, head, columns, titles, first }) {
    this.#root.hidden = false;
    fill(this.#select('.list-encoding'), encodings().map(({ label, words }) => [label, words]), encoding);
    const divided = Object.entries(DELIMITERS).map(([sign, name]) => /** @type {[string, string]} */ ([sign, text(`checkin.delimiter.${name}`)]));
    fill(this.#select('.list-delimiter'), delimiter in DELIMITERS ? divided : [[delimiter, delimiter], ...divided], delimiter);
    const at = head.kind === 'at' ? head.line : 0;
    const heads = first.slice(0, HEADS_SHOWN).map(({ line, cells }) => /** @type {[string, string]} */ ([String(line), text('checkin.preview.head.at', { line, words: cells.join(' \u00b7 ').slice(0, 60) })]));
    fill(this.#select('.list-head'), [['0', text('checkin.preview.head.none')], ...heads], String(at));
    const selects = columns.map((kind, index) => this.#column(kind, index, columns, titles[index] ?? ''));
    find('thead', HTMLElement, this.#root).replaceChildren(make('tr', {}, make('th', { scope: 'col' }, text('checkin.preview.line')), ...selects.map((select) => make('th', { scope: 'col' }, select))));
    const table = find('table', HTMLTableElement, this.#root);
    // Rows of the file are no rows of the list of guests: they stand in the table itself.
    table.replaceChildren(find('thead', HTMLElement, table), ...first.map(({ line, cells }) => make('tr', { class: line === at ? 'titles' : line < at ? 'above' : '' },
      make('th', { scope: 'row' }, String(line)), ...cells.map((cell) => make('td', {}, make('bdi', {}, cell.slice(0, 100)))))));
  }

  /** @param {ListColumn} kind @param {number} index @param {ListColumn[]} columns @param {string} title */
  #column(kind, index, columns, title) {
    const select = make('select', {
      'aria-label': text('checkin.preview.column', { number: index + 1, title }),
      onchange: () => {
        // A kind is one column's.
        const chosen = columns.map((other) => (other === select.value ? 'other' : other));
        chosen[index] = /** @type {ListColumn} */ (select.value);
        this.#choose({ ...this.#choices, columns: chosen });
        this.#taken.then(() => find(`thead th:nth-child(${index + 2}) select`, HTMLSelectElement, this.#root).focus(), () => {});
      },
    });
    fill(select, COLUMNS.map((name) => [name, text(`checkin.column.${name}`)]), kind);
    return select;
  }
}

/** @param {HTMLSelectElement} select @param {[value: string, words: string][]} options @param {string} value */
function fill(select, options, value) {
  select.replaceChildren(...options.map(([option, words]) => make('option', { value: option }, words)));
  select.value = value;
}
