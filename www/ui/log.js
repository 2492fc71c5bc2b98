/** The audit log as people read it: day by day, what was done when. Whom it was about are random numbers, shown to whoever asks for them. */
import { make } from './dom.js';
import { date, text } from '../words/messages.js';

/** @import { Entry, Verdict } from '../vault/types.js' */

/** So many characters of a number tell people apart. */
const ID_SHOWN = 8;

/**
 * @param {{entries: Entry[], verdict: Verdict}} log newest first
 * @returns {{ok: boolean, words: string, rows: HTMLElement}} words: about its soundness; rows: the entries, with a tick for the numbers
 */
export function logParts({ entries, verdict }) {
  const words = verdict.ok ? text('vault.log.ok', { count: verdict.entries }) : text('vault.log.broken', { seq: verdict.problem?.seq ?? 0, problem: text(`vault.log.problem.${verdict.problem?.code}`) });
  /** @type {HTMLElement[]} */
  const subjects = [];
  const onDemand = (/** @type {HTMLElement} */ cell) => {
    cell.hidden = true;
    subjects.push(cell);
    return cell;
  };
  const head = make('tr', {}, make('th', { scope: 'col' }, text('vault.log.time')), make('th', { scope: 'col' }, text('vault.log.event')), onDemand(make('th', { scope: 'col' }, text('vault.log.subject'))));
  /** @type {HTMLTableSectionElement[]} */
  const days = [];
  let shown = '';
  for (const { time, event, subject } of entries) {
    const day = date(time, { dateStyle: 'full' });
    if (day !== shown) days.push(make('tbody', {}, make('tr', { class: 'day' }, make('th', { scope: 'rowgroup', colspan: '2' }, day))));
    shown = day;
    days[days.length - 1].append(make('tr', {}, make('td', {}, date(time, { timeStyle: 'medium' })), make('td', {}, text(`vault.event.${event}`)), onDemand(make('td', {}, make('code', {}, subject?.slice(0, ID_SHOWN) ?? '')))));
  }
  const tick = make('input', {
    type: 'checkbox',
    onchange: () => {
      for (const cell of subjects) cell.hidden = !tick.checked;
    },
  });
  const table = make('div', { class: 'log-rows', tabindex: '0', role: 'group', 'aria-label': text('vault.log.title') }, make('table', {}, make('thead', {}, head), ...days));
  return { ok: verdict.ok, words, rows: make('div', { class: 'log-view' }, make('label', { class: 'check' }, tick, ' ', make('span', {}, text('vault.log.subjects'))), table) };
}
