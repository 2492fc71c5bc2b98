/**
 * What the page does, shown to whoever has no camera or would rather look first: somebody is enrolled, puts a mask on and is
 * still known, and a stranger is not. The frames are put together from two portraits; the engine that looks at them is the real
 * one, in a worker of its own that keeps nothing and ends with the dialog.
 */
import { BrowClient } from '../../client/client.js';
import { find, withName } from '../../ui/dom.js';
import { matchMeter } from '../../ui/meter.js';
import { consentVersion, faultOf, language, onLanguage, text } from '../../words/messages.js';

/** @import { Frame, Observation } from '../../types.js' */

/** Who is on the first portrait. */
const NAME = 'Eileen Collins';
const WIDTH = 640;
const HEIGHT = 480;
/** Between two frames: as many as a slow device looks at. */
const REST_MS = 60;
const PUT_ON_MS = 800;
/** A decision stays so long, to be read. */
const READ_MS = 2_200;
/** What could not be decided by then is shown as it is. */
const PATIENCE_MS = 15_000;
/** How far the portrait sways, in pixels; for whoever wants less motion. */
const SWAY = 8;
const LITTLE_SWAY = 1.5;

/** Where eyes and mouth lie in the canonical face, in which the mask is drawn. */
const EYES = { x: 55.9, y: 51.6, apart: 35.24 };
const MOUTH_BELOW = 40.7;

/** @typedef {'enrol' | 'mask' | 'stranger'} Act */
/** @typedef {{rightEye: Point, leftEye: Point, mouth: Point}} Face in pixels of the portrait */
/** @typedef {{x: number, y: number}} Point */

export class Demo extends EventTarget {
  #dialog;
  #canvas;
  /** What the engine gets: the picture without what is drawn over it. */
  #frame;
  #said;
  #sure;
  /** What is said just now and what came of each act, to be said again in another language. @type {Map<Act | 'said', () => (Node | string)[]>} */
  #words = new Map();
  /** Grows with every beginning and every end: what was overtaken stops. */
  #turn = 0;
  /** @type {BrowClient | null} */
  #client = null;
  #step = 0;
  #scale = 1;
  #left = 0;
  #top = 0;

  /** Events: `own`: now with the visitor's own camera. @param {HTMLDialogElement} dialog */
  constructor(dialog) {
    super();
    this.#dialog = dialog;
    this.#canvas = context2d(find('canvas', HTMLCanvasElement, dialog));
    this.#frame = context2d(document.createElement('canvas'), { willReadFrequently: true });
    for (const { canvas } of [this.#canvas, this.#frame]) Object.assign(canvas, { width: WIDTH, height: HEIGHT });
    this.#said = find('.said', HTMLElement, dialog);
    this.#sure = find('.sure', HTMLElement, dialog);
    find('.close', HTMLButtonElement, dialog).addEventListener('click', () => dialog.close());
    find('.again', HTMLButtonElement, dialog).addEventListener('click', () => void this.#play());
    find('.own', HTMLButtonElement, dialog).addEventListener('click', () => {
      dialog.close();
      this.dispatchEvent(new Event('own'));
    });
    dialog.addEventListener('close', () => this.#end());
    onLanguage(() => {
      for (const [place, words] of this.#words) this.#place(place).replaceChildren(...words());
    });
    // The worker ended when the page was left, and with it whoever was enrolled: for who comes back to a kept page it begins anew.
    addEventListener('pageshow', ({ persisted }) => {
      if (persisted && this.#client) void this.#play();
    });
  }

  open() {
    this.#dialog.showModal();
    find('.close', HTMLButtonElement, this.#dialog).focus();
    void this.#play();
  }

  #end() {
    this.#turn += 1;
    this.#client?.close();
    this.#client = null;
  }

  async #play() {
    this.#end();
    const turn = this.#turn;
    const client = this.#client = new BrowClient({ store: null, seal: true });
    for (const act of this.#dialog.querySelectorAll('[data-act]')) {
      act.setAttribute('data-state', 'todo');
      find('.result', HTMLElement, act).textContent = '';
    }
    for (const button of ['.again', '.own']) find(button, HTMLElement, this.#dialog).hidden = true;
    this.#words.clear();
    this.#say('said', () => [text('loading.engine')]);
    try {
      const [guest, stranger] = await Promise.all(['.guest', '.stranger'].map(async (selector) => {
        const picture = find(selector, HTMLImageElement, this.#dialog);
        await picture.decode();
        return picture;
      }));
      this.#draw(guest);
      this.#show(null);
      await client.start();
      const face = await this.#enrol(client, guest);
      await this.#recognise(client, guest, face);
      await this.#meet(client, stranger);
      this.#over();
    } catch (error) {
      // Closed, or begun anew.
      if (turn !== this.#turn) return;
      this.#say('said', () => {
        const { message, remedy } = faultOf(error);
        return [`${message} ${remedy}`];
      });
      find('.again', HTMLElement, this.#dialog).hidden = false;
    }
  }

  /** @param {BrowClient} client @param {HTMLImageElement} guest @returns {Promise<Face>} where the engine saw the face */
  async #enrol(client, guest) {
    this.#begin('enrol', 'enrol.capturing');
    await client.beginEnrolment();
    /** @type {Observation | null} */
    let seen = null;
    for (let done = false; !done;) {
      this.#draw(guest);
      const step = await client.enrolFrame(this.#take(), 'bare');
      this.#show(step.observation);
      seen = step.observation ?? seen;
      ({ done } = step);
      await rest();
    }
    await client.finishEnrolment();
    await client.save({
      name: NAME, source: 'photo', keepPicture: false,
      consent: { text: text('demo.credit'), version: consentVersion(), language: language(), time: Date.now() },
    });
    const [rightEye, leftEye, , ...corners] = /** @type {Observation} */ (seen).points.map(({ x, y }) => ({ x: (x - this.#left) / this.#scale, y: (y - this.#top) / this.#scale }));
    this.#result('enrol', () => withName(text('enrol.saved', { name: '{name}' }), NAME));
    return { rightEye, leftEye, mouth: middle(corners[0], corners[1]) };
  }

  /** @param {BrowClient} client @param {HTMLImageElement} guest @param {Face} face */
  async #recognise(client, guest, face) {
    this.#begin('mask', 'demo.mask');
    await client.resetTracks();
    const began = performance.now();
    await this.#watch('mask', client, () => {
      this.#draw(guest);
      drawMask(this.#frame, face, Math.min(1, (performance.now() - began) / PUT_ON_MS));
    }, ({ decision, mask }) => decision.kind === 'match' && mask.state === 'masked');
  }

  /** @param {BrowClient} client @param {HTMLImageElement} stranger */
  async #meet(client, stranger) {
    this.#begin('stranger', 'demo.stranger');
    await client.resetTracks();
    await this.#watch('stranger', client, () => this.#draw(stranger), ({ decision }) => decision.kind === 'unknown');
  }

  /**
   * Looks at frames until what is expected was seen for long enough to be read, or cannot be expected any more.
   * @param {Act} act @param {BrowClient} client @param {() => void} draw @param {(face: Observation) => boolean} expected
   */
  async #watch(act, client, draw, expected) {
    const began = performance.now();
    let since = 0;
    /** @type {Observation | null} */
    let last = null;
    for (let now = began; now - began < PATIENCE_MS && !(since && now - since > READ_MS); now = performance.now()) {
      draw();
      const { observations: [face] } = await client.observe(this.#take());
      this.#show(face ?? null);
      last = face ?? last;
      if (face && expected(face) && !since) {
        since = performance.now();
        this.#result(act, () => this.#wordsOf(face));
      }
      await rest();
    }
    const seen = last;
    if (!since && seen) this.#result(act, () => this.#wordsOf(seen), false);
  }

  /** Who it is, with or without a mask, as the live view says it. @param {Observation} face */
  #wordsOf({ decision, mask }) {
    const said = text('announce.face', { who: '{name}', mask: text(`mask.${mask.state}`) });
    return decision.kind === 'match' ? withName(said, NAME) : [said.replace('{name}', text(`who.${decision.kind}`))];
  }

  /** @param {Act | 'said'} place */
  #place(place) {
    return place === 'said' ? this.#said : find(`[data-act="${place}"] .result`, HTMLElement, this.#dialog);
  }

  /** @param {Act | 'said'} place @param {() => (Node | string)[]} words */
  #say(place, words) {
    this.#words.set(place, words);
    this.#place(place).replaceChildren(...words());
  }

  /** @param {Act} act @param {string} key of what is said meanwhile */
  #begin(act, key) {
    find(`[data-act="${act}"]`, HTMLElement, this.#dialog).dataset.state = 'now';
    this.#say('said', () => [text(key)]);
  }

  /** @param {Act} act @param {() => (Node | string)[]} words @param {boolean} [asExpected] */
  #result(act, words, asExpected = true) {
    find(`[data-act="${act}"]`, HTMLElement, this.#dialog).dataset.state = asExpected ? 'ok' : 'warn';
    this.#say(act, words);
    this.#say('said', words);
  }

  #over() {
    for (const button of ['.again', '.own']) find(button, HTMLElement, this.#dialog).hidden = false;
    this.#say('said', () => [text('demo.over')]);
    this.#end();
  }

  /** Puts a portrait into the frame, moved a little, as a living person is never still. @param {HTMLImageElement} picture */
  #draw(picture) {
    const step = this.#step++;
    const sway = matchMedia('(prefers-reduced-motion: reduce)').matches ? LITTLE_SWAY : SWAY;
    const { naturalWidth: width, naturalHeight: height } = picture;
    this.#scale = Math.max(WIDTH / width, HEIGHT / height) * (1.08 + (0.005 * sway * Math.sin(step / 16)));
    this.#left = (WIDTH - width * this.#scale) / 2 + sway * Math.sin(step / 11);
    this.#top = (HEIGHT - height * this.#scale) / 2 + 0.75 * sway * Math.cos(step / 13);
    this.#frame.setTransform(this.#scale, 0, 0, this.#scale, this.#left, this.#top);
    this.#frame.drawImage(picture, 0, 0);
  }

  /** @returns {Frame} */
  #take() {
    const { data } = this.#frame.getImageData(0, 0, WIDTH, HEIGHT);
    return { buffer: data.buffer, width: WIDTH, height: HEIGHT, timeMs: performance.now() };
  }

  /** The frame with the face's box: as in the live view a full line for somebody known, dots for a stranger. @param {Observation | null} face */
  #show(face) {
    const context = this.#canvas;
    context.drawImage(this.#frame.canvas, 0, 0);
    const meter = face && matchMeter(face.decision);
    this.#sure.replaceChildren(...(meter ? [meter] : []));
    if (!face) return;
    const { box, decision } = face;
    const name = { match: '--face-match', unknown: '--face-unknown', undecided: '--face' }[decision.kind];
    const line = { match: [], unknown: [2, 8], undecided: [12, 8] }[decision.kind];
    for (const [colour, width] of /** @type {[string, number][]} */ ([['--face-edge', 7], [name, 5]])) {
      context.strokeStyle = getComputedStyle(this.#dialog).getPropertyValue(colour);
      context.lineWidth = width;
      context.lineCap = 'round';
      context.setLineDash(line);
      context.beginPath();
      context.roundRect(box.x, box.y, box.width, box.height, 14);
      context.stroke();
    }
  }
}

/** @param {HTMLCanvasElement} canvas @param {CanvasRenderingContext2DSettings} [settings] */
function context2d(canvas, settings) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', settings));
}

/**
 * Draws a mask onto a face; the context draws in pixels of the portrait.
 * @param {CanvasRenderingContext2D} context @param {Face} face @param {number} on 0: not yet there; 1: in its place
 */
function drawMask(context, { rightEye, leftEye, mouth }, on) {
  const eyes = middle(rightEye, leftEye);
  const across = { x: (leftEye.x - rightEye.x) / EYES.apart, y: (leftEye.y - rightEye.y) / EYES.apart };
  const down = { x: (mouth.x - eyes.x) / MOUTH_BELOW, y: (mouth.y - eyes.y) / MOUTH_BELOW };
  context.save();
  context.transform(across.x, across.y, down.x, down.y, eyes.x - EYES.x * across.x - EYES.y * down.x, eyes.y - EYES.x * across.y - EYES.y * down.y);
  context.translate(0, (1 - on) * 60);
  context.globalAlpha = on;
  const cloth = context.createLinearGradient(22, 62, 90, 120);
  cloth.addColorStop(0, '#c4dfe8');
  cloth.addColorStop(0.5, '#a9cddb');
  cloth.addColorStop(1, '#7fa9bb');
  context.strokeStyle = '#e8eff0';
  context.lineWidth = 1.6;
  context.beginPath();
  context.moveTo(25, 69);
  context.lineTo(13, 58);
  context.moveTo(87, 69);
  context.lineTo(99, 58);
  context.stroke();
  context.fillStyle = cloth;
  context.beginPath();
  context.moveTo(23, 67);
  context.quadraticCurveTo(44, 64, 56, 57);
  context.quadraticCurveTo(68, 64, 89, 67);
  context.quadraticCurveTo(90, 92, 80, 106);
  context.quadraticCurveTo(66, 121, 56, 121);
  context.quadraticCurveTo(46, 121, 32, 106);
  context.quadraticCurveTo(22, 92, 23, 67);
  context.fill();
  context.strokeStyle = 'rgb(60 95 110 / 45%)';
  context.lineWidth = 0.9;
  for (const y of [78, 89, 100]) {
    context.beginPath();
    context.moveTo(25 + (y - 78) / 6, y - 2);
    context.quadraticCurveTo(56, y + 5, 87 - (y - 78) / 6, y - 2);
    context.stroke();
  }
  context.restore();
}

/** @param {Point} a @param {Point} b */
const middle = (a, b) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

const rest = () => new Promise((resolve) => {
  setTimeout(resolve, REST_MS);
});
