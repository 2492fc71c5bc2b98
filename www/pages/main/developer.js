/**
 * For who builds with it: what the engine sees and how long it takes, over the camera's picture. Looks a second, milliseconds by stage,
 * the five points and the quality of each face. Off until it is asked for, and asked for anew on each visit.
 */
import { BrowRecogniser } from '../../element/element.js';
import { make } from '../../ui/dom.js';
import { number, onLanguage, text } from '../../words/messages.js';

/** @import { LiveLook, Observation, Timings } from '../../types.js' */

const SVG = 'http://www.w3.org/2000/svg';
/** What is counted and averaged: the looks of so long. */
const SPAN_MS = 2_000;
/** Numbers are written so seldom that they can be read. */
const WRITE_MS = 300;
const STAGES = /** @type {const} */ (['detect', 'landmarks', 'quality', 'periocular', 'full', 'presence', 'decide', 'total']);
/** A point's radius as a share of the picture's width. */
const POINT = 0.008;
/** Wide enough for numbers over the picture; else they stand below it. */
const WIDE = '(min-width: 48rem)';

/** @param {number} value @param {number} [digits] */
const fixed = (value, digits = 1) => number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
/** @param {number} share */
const percent = (share) => number(share, { style: 'percent' });

/** What is written of a face, by the word for it. @type {[key: string, value: (face: Observation) => string][]} */
const FACTS = [
  ['detection', ({ detection }) => percent(detection)],
  ['mask', ({ mask }) => `${text(`mask.${mask.state}`)}, ${percent(mask.probability)}`],
  ['score', ({ decision }) => (decision.score === null ? '\u2013' : `${fixed(decision.score, 2)} / ${fixed(decision.needed, 2)}`)],
  ['frames', ({ frames }) => number(frames)],
  ['quality', ({ quality }) => percent(quality.score)],
  ['size', ({ quality }) => `${number(Math.round(quality.facePx))} px`],
  ['sharpness', ({ quality }) => fixed(quality.sharpness, 2)],
  ['brightness', ({ quality }) => number(Math.round(quality.brightness))],
  ['angles', ({ quality }) => [quality.yaw, quality.pitch, quality.roll].map((angle) => `${number(Math.round(angle) || 0)}\u00b0`).join(' ')],
  ['spread', ({ quality }) => percent(quality.spread)],
  ['outside', ({ quality }) => percent(quality.outside)],
  ['hidden', ({ quality }) => percent(quality.hidden)],
];

export class DeveloperOverlay {
  #recogniser;
  #points = document.createElementNS(SVG, 'svg');
  #panel = make('div', { class: 'developer', role: 'group', tabindex: '0' });
  #wide = matchMedia(WIDE);
  /** @type {{time: number, timings: Timings}[]} */
  #looks = [];
  #written = 0;
  #on = false;

  /** @param {BrowRecogniser} recogniser */
  constructor(recogniser) {
    this.#recogniser = recogniser;
    this.#points.setAttribute('class', 'developer-points');
    this.#points.setAttribute('slot', 'picture');
    this.#points.setAttribute('aria-hidden', 'true');
    this.#wide.addEventListener('change', () => this.#place());
    onLanguage(() => this.#write([]));
  }

  get on() {
    return this.#on;
  }

  set on(wanted) {
    if (wanted === this.#on) return;
    this.#on = wanted;
    this.#looks = [];
    if (wanted) {
      this.#place();
      this.#write([]);
      this.#recogniser.append(this.#points, this.#panel);
      this.#recogniser.addEventListener('brow-look', this.#look);
    } else {
      this.#recogniser.removeEventListener('brow-look', this.#look);
      this.#points.remove();
      this.#panel.remove();
    }
  }

  #place() {
    this.#panel.slot = this.#wide.matches ? 'picture' : 'footer';
  }

  #look = (/** @type {Event} */ event) => {
    const { observations, timings, size } = /** @type {CustomEvent<LiveLook>} */ (event).detail;
    const now = performance.now();
    this.#looks.push({ time: now, timings });
    while (this.#looks[0].time < now - SPAN_MS) this.#looks.shift();
    this.#points.setAttribute('viewBox', `0 0 ${size.width} ${size.height}`);
    this.#points.classList.toggle('mirrored', this.#recogniser.mirrored);
    this.#points.replaceChildren(...observations.flatMap(({ points }) => points.map(({ x, y }) => {
      const point = document.createElementNS(SVG, 'circle');
      for (const [name, value] of Object.entries({ cx: x, cy: y, r: POINT * size.width })) point.setAttribute(name, value.toFixed(1));
      return point;
    })));
    if (now - this.#written < WRITE_MS) return;
    this.#written = now;
    this.#write(observations);
  };

  /** @param {Observation[]} faces */
  #write(faces) {
    const looks = this.#looks;
    const span = looks.length > 1 ? looks[looks.length - 1].time - looks[0].time : 0;
    const rate = span ? fixed((1000 * (looks.length - 1)) / span) : '\u2013';
    const rows = STAGES.map((stage) => {
      const times = looks.map(({ timings }) => timings[stage]);
      const run = times.filter((time) => time > 0);
      const mean = (/** @type {number[]} */ of) => (of.length ? fixed(of.reduce((sum, time) => sum + time, 0) / of.length) : '\u2013');
      return make('tr', {}, make('th', { scope: 'row' }, text(`developer.stage.${stage}`)), make('td', {}, mean(run)), make('td', {}, mean(times)));
    });
    this.#panel.setAttribute('aria-label', text('developer.show'));
    this.#panel.replaceChildren(
      make('p', {}, text('developer.rate', { rate })),
      table(['developer.stage', 'developer.run', 'developer.mean'].map((key) => text(key)), rows),
      ...(faces.length ? [table(['', ...faces.map(({ track }) => text('developer.face', { track }))], FACTS.map(([key, value]) => make('tr', {},
        make('th', { scope: 'row' }, text(`developer.${key}`)), ...faces.map((face) => make('td', {}, value(face))))))] : []),
    );
  }
}

/** @param {string[]} heads @param {HTMLElement[]} rows */
function table(heads, rows) {
  return make('table', {}, make('thead', {}, make('tr', {}, ...heads.map((head) => (head ? make('th', { scope: 'col' }, head) : make('td'))))), make('tbody', {}, ...rows));
}
