/**
 * The guide for the turn of the head that shows that somebody is there: arrows towards the side, one for a little and two for far,
 * one back where a little was too far, a bar that fills as the head turns, and the same in words.
 */
import { make } from './dom.js';
import { text } from '../words/messages.js';

/** @import { Ask, EnrolStep, Presence } from '../types.js' */

/** What to do now, in words; empty where nothing is asked. @param {Ask | null | undefined} ask */
export function askWords(ask) {
  if (!ask) return '';
  return ask.kind === 'turn' ? text(`presence.ask.${ask.side}.${ask.amount}`) : text('presence.ask.straight');
}

/** Why somebody's presence is not shown yet, or what to do about it. @param {Presence | null} presence */
export function presenceWords(presence) {
  if (!presence) return '';
  return askWords(presence.ask) || (presence.reason ? text(`presence.why.${presence.reason}`) : '');
}

/** What an enrolment asks of whoever is looked at; where that is a turn, also why the one before did not count. @param {Pick<EnrolStep, 'hint' | 'observation'>} step */
export function hintWords({ hint, observation }) {
  return (hint === 'turn' && presenceWords(observation?.presence ?? null)) || text(`hint.${hint}`);
}

/** Arrows and bar. Hidden while nothing is asked. */
export class TurnGuide {
  element;
  #arrows;
  #fill;

  constructor() {
    this.#arrows = make('span', { class: 'arrows', 'aria-hidden': 'true' });
    this.#fill = make('span', { class: 'fill' });
    this.element = make('div', { class: 'turn', part: 'turn', hidden: true, dir: 'ltr' }, this.#arrows, make('span', { class: 'bar', 'aria-hidden': 'true' }, this.#fill));
  }

  /**
   * @param {Ask | null | undefined} ask
   * @param {boolean} mirrored whether the picture is shown like a mirror: there one's own left is on the left
   */
  show(ask, mirrored) {
    const turn = ask?.kind === 'turn' ? ask : null;
    this.element.hidden = !turn;
    if (!turn) return;
    const left = ((turn.side === 'left') === mirrored) !== (turn.amount === 'less');
    const arrow = left ? '\u2190' : '\u2192';
    this.element.dataset.side = left ? 'left' : 'right';
    this.#arrows.textContent = turn.amount === 'far' ? arrow.repeat(2) : arrow;
    this.#fill.style.width = `${Math.round(100 * turn.reached)}%`;
  }
}
