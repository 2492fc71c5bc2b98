/** The day in the administration: its numbers, a chart by the hour with its table, and a file of both, without faces, names or scores. */
import { dayOf, daysOf } from './day.js';
import { barChart, chartKey } from '../../ui/chart.js';
import { find, make } from '../../ui/dom.js';
import { savedPage } from '../../ui/saved-page.js';
import { calendarDay } from '../../ui/times.js';
import { download } from '../../ui/vault.js';
import { date, number, text } from '../../words/messages.js';

/** @import { GuestTimes } from '../../vault/types.js' */
/** @import { Day } from './day.js' */

/** @param {number} start */
const dayWords = (start) => date(start, { dateStyle: 'full' });
/** @param {number} start */
const hourWords = (start) => date(start, { hour: 'numeric', minute: '2-digit' });

/** What is shown and what is saved of a day. @param {Day} day @returns {HTMLElement[]} */
function parts({ start, arrived, byCamera, byHand, expected, desk, hours }) {
  const sent = desk.stranger + desk.unsure + desk.refused + desk.known;
  const busiest = hours.reduce((most, hour) => (hour.arrived > most.arrived ? hour : most), hours[0]);
  const label = text('day.chart', { arrived, desk: sent, hour: hourWords(busiest.start), most: busiest.arrived });
  const columns = hours.map(({ start }) => hourWords(start));
  const chart = barChart({ label, columns, rows: [hours.map((hour) => hour.arrived), hours.map((hour) => hour.desk)], number });
  const titles = ['day.hour', 'day.arrived', 'day.desk'].map((key, index) => make('th', { scope: 'col' }, ...(index ? [chartKey(index - 1), ' '] : []), text(key)));
  /** A place of its own that the keyboard scrolls, where it is wider than the screen. @param {string} kind @param {Element} content */
  const wide = (kind, content) => make('figure', { class: kind, tabindex: '0', 'aria-label': text('day.title', { day: dayWords(start) }) }, content);
  return [
    make('ul', { class: 'day-numbers' }, ...[
      text('day.words', { arrived, expected, camera: byCamera, hand: byHand }),
      text('day.words.desk', { ...desk, desk: sent }),
    ].map((words) => make('li', {}, words))),
    wide('day-chart', chart),
    wide('day-table', make('table', { class: 'day-hours' }, make('thead', {}, make('tr', {}, ...titles)),
      make('tbody', {}, ...hours.map((hour, index) => make('tr', {}, make('th', { scope: 'row' }, columns[index]), make('td', {}, number(hour.arrived)), make('td', {}, number(hour.desk))))))),
  ];
}

export class DayPanel {
  #root;
  #none;
  /** @type {GuestTimes | null} */
  #times = null;

  /** @param {HTMLElement} root @param {HTMLElement} none stands there as long as there is no day */
  constructor(root, none) {
    this.#root = root;
    this.#none = none;
    this.#select.addEventListener('change', () => this.#show());
    find('.save-day', HTMLButtonElement, root).addEventListener('click', () => this.#save());
  }

  get #select() {
    return find('select', HTMLSelectElement, this.#root);
  }

  /** @param {GuestTimes | null} times null: there is no list, and nothing of one stays in the page */
  show(times) {
    this.#times = times;
    const days = times ? daysOf(times) : [];
    this.#root.hidden = days.length === 0;
    this.#none.hidden = days.length > 0;
    const chosen = this.#select.value;
    this.#select.replaceChildren(...days.map((start) => make('option', { value: String(start) }, dayWords(start))));
    // The last one, unless somebody looks at another.
    this.#select.value = days.map(String).includes(chosen) ? chosen : String(days.at(-1) ?? '');
    this.#show();
  }

  get #day() {
    return this.#times && this.#select.value ? dayOf(this.#times, Number(this.#select.value)) : null;
  }

  #show() {
    const day = this.#day;
    find('.day', HTMLElement, this.#root).replaceChildren(...(day ? parts(day) : []));
  }

  #save() {
    const day = this.#day;
    if (!day) return;
    const title = text('day.title', { day: dayWords(day.start) });
    download(savedPage(title, [title], parts(day)), `brow-day-${calendarDay(day.start)}.html`);
  }
}
