/**
 * The four things that a picture of a face needs, ticked off as they are: size, light, straight, sharp. The engine looks at them in
 * this order and names the first that is not there yet, so what comes before it is, and what comes after is open.
 */
import { make } from './dom.js';
import { text } from '../words/messages.js';

/** @import { EnrolHint, Quality, QualityProblem } from '../types.js' */

const TICKS = /** @type {const} */ (['size', 'light', 'straight', 'sharp']);
/** @typedef {typeof TICKS[number]} Tick */
/** @typedef {'ok' | 'now' | 'todo'} TickState */

/** Which of them a hint is about; none: nobody is there who could be looked at. @type {Partial<Record<EnrolHint, Tick | null>>} */
const ABOUT = {
  no_face: null, several_faces: null, mask_off: null, mask_on: null,
  come_closer: 'size', move_back: 'size', centre: 'size', more_light: 'light', less_light: 'light',
  look_straight: 'straight', free_eyes: 'straight', hold_still: 'sharp', free_face: 'sharp',
};

/** What a person is told about a problem. @type {Record<QualityProblem, EnrolHint>} */
const HINTS = {
  too_small: 'come_closer', cut_off: 'centre', too_dark: 'more_light', too_bright: 'less_light', turned_away: 'look_straight', eyes_hidden: 'free_eyes',
  too_blurred: 'hold_still', points_unsure: 'free_face',
};

/** The hint that a face's quality comes to, where no capture is under way. @param {Quality | null} face null: nobody is there @returns {EnrolHint} */
export function hintOf(face) {
  if (!face) return 'no_face';
  return face.shortcoming ? HINTS[face.shortcoming] : 'good';
}

/** @param {EnrolHint} hint @returns {Record<Tick, TickState>} */
export function ticksOf(hint) {
  const about = ABOUT[hint];
  const at = about === null ? -1 : about === undefined ? TICKS.length : TICKS.indexOf(about);
  return /** @type {Record<Tick, TickState>} */ (Object.fromEntries(TICKS.map((tick, index) => [tick, index < at ? 'ok' : index === at ? 'now' : 'todo'])));
}

/** Shows them beside the camera's picture. */
export class Ticks {
  element = make('ul', { class: 'ticks' });
  #shown = '';

  /** @param {EnrolHint} hint */
  show(hint) {
    const ticks = ticksOf(hint);
    const shown = TICKS.map((tick) => `${text(`tick.${tick}`)} ${ticks[tick]}`).join();
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.element.replaceChildren(...TICKS.map((tick) => make('li', { 'data-state': ticks[tick] },
      make('span', { class: 'sign', 'aria-hidden': 'true' }), make('span', {}, text(`tick.${tick}`)), make('span', { class: 'hidden' }, ` ${text(`tick.is.${ticks[tick]}`)}`))));
  }
}
