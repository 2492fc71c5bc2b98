/** Below "how sure must a match be?": mix-ups against misses as the pack was measured, and where the gallery of now stands. */
import { curveChart, curveKey } from './chart.js';
import { find, make } from './dom.js';
import { number, text } from '../words/messages.js';

/** @import { BrowClient } from '../client/client.js' */
/** @import { Choices, State } from '../types.js' */

/** Of the axis, in powers of ten: the choices that there are. */
const TICKS = [2, 3, 4, 5, 6];
/** What the value axis reaches: the first that holds all. */
const TOPS = [0.05, 0.1, 0.2, 0.5, 1];

/** What the shipped networks were measured on, by its name in their manifest; what other packs say is their makers' own words. */
const SETS = new Map([['LFW and masked copies', 'lfw'], ['RMFRD validation', 'rmfrd']]);

/** @param {string} set by its name in the manifest */
export function setWords(set) {
  const known = SETS.get(set);
  return known ? text(`choices.set.${known}`) : set;
}

/** @param {number} share */
const percent = (share) => number(share, { style: 'percent', maximumFractionDigits: share > 0 && share < 0.1 ? 1 : 0 });
/** @param {number} power of ten */
const strangers = (power) => number(10 ** power);

export class ChoicesPanel {
  #element;
  #client;
  #details;
  /** @type {Choices | null} */
  #choices = null;
  #target = 0;
  /** Which of the sets is shown. */
  #set = 0;
  /** Grows with every question, so that a late answer to an earlier one is dropped. */
  #turn = 0;

  /** @param {HTMLDetailsElement} details in which it stands: nothing is asked for while that is folded @param {BrowClient} client */
  constructor(details, client) {
    this.#details = details;
    this.#element = find('.choices', HTMLElement, details);
    this.#client = client;
    details.addEventListener('toggle', () => void this.#ask());
  }

  /** @param {State} state */
  show(state) {
    this.#target = state.settings.targetFmr;
    void this.#ask();
  }

  async #ask() {
    if (!this.#details.open || !this.#target) return;
    const turn = ++this.#turn;
    const choices = await this.#client.choices().catch((error) => {
      console.warn('brow: what a choice costs is not known:', error);
      return null;
    });
    if (turn !== this.#turn) return;
    this.#choices = choices;
    this.#draw();
  }

  #draw() {
    const { people, sets } = this.#choices ?? { people: 0, sets: [] };
    const title = make('h3', {}, text('choices.title'));
    if (!sets.length) {
      this.#element.replaceChildren(title, make('p', { class: 'note' }, text('choices.none')));
      return;
    }
    this.#set = Math.min(this.#set, sets.length - 1);
    const { set, choices } = sets[this.#set];
    const power = -Math.log10(this.#target);
    const shown = choices.map((choice) => ({ ...choice, power: -Math.log10(choice.target) })).filter((choice) => choice.power > TICKS[0] - 0.01);
    const most = TOPS.find((top) => shown.every(({ bare, masked }) => bare <= top && masked <= top)) ?? 1;
    const at = (/** @type {number} */ wanted) => shown.reduce((near, choice) => (Math.abs(choice.power - wanted) < Math.abs(near.power - wanted) ? choice : near));
    const here = at(power);
    const stands = [
      people ? text('choices.people', { people, rate: strangers(power), each: number(people / this.#target, { maximumSignificantDigits: 2 }) }) : text('choices.nobody', { rate: strangers(power) }),
      text('choices.missed', { bare: percent(here.bare), masked: percent(here.masked) }),
    ].join(' ');
    const names = ['choices.bare', 'choices.masked'];
    const chart = curveChart({
      label: stands, most, mark: Math.max(TICKS[0], Math.min(TICKS[TICKS.length - 1], power)), percent,
      ticks: TICKS.map((at) => ({ at, words: number(10 ** at, { notation: 'compact' }) })),
      rows: [shown.map(({ power, bare }) => [power, bare]), shown.map(({ power, masked }) => [power, masked])],
    });
    const table = make('table', {}, make('thead', {}, make('tr', {}, ...['choices.rate', ...names].map((key) => make('th', { scope: 'col' }, text(key))))),
      make('tbody', {}, ...TICKS.map((tick) => make('tr', tick === Math.round(power) ? { 'aria-current': 'true' } : {},
        make('th', { scope: 'row' }, strangers(tick)), make('td', {}, percent(at(tick).bare)), make('td', {}, percent(at(tick).masked))))));
    const { open } = this.#element.querySelector('details') ?? { open: false };
    this.#element.replaceChildren(
      title, make('p', {}, stands),
      make('figure', {}, make('p', { class: 'note' }, text('choices.y')), chart, make('p', { class: 'note' }, text('choices.x')),
        make('p', { class: 'note keys' }, ...names.flatMap((key, row) => [make('span', {}, curveKey(row), ' ', text(key)), ' ']))),
      ...this.#setChoice(sets.map((one) => one.set)),
      make('p', { class: 'note' }, text('choices.note')),
      make('details', { class: 'numbers', open }, make('summary', {}, text('choices.numbers')), table),
    );
    if (sets.length === 1) this.#element.querySelector('figure')?.after(make('p', { class: 'note' }, text('choices.set'), ': ', make('bdi', {}, setWords(set))));
  }

  /** What it was measured on decides much: where there are several sets, one is chosen. @param {string[]} sets @returns {HTMLElement[]} */
  #setChoice(sets) {
    if (sets.length < 2) return [];
    const select = make('select', { id: 'choices-set' }, ...sets.map((name, index) => make('option', { value: String(index), selected: index === this.#set }, setWords(name))));
    select.addEventListener('change', () => {
      this.#set = Number(select.value);
      this.#draw();
      document.getElementById('choices-set')?.focus();
    });
    return [make('label', { for: 'choices-set' }, text('choices.set')), select];
  }
}
