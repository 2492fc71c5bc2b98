/**
 * A guest whom nobody announced enrols by a code of staff: the code, who they are and that they agree, a picture by the kiosk's own camera. Which of
 * these screens there is, and when it is over, comes with the flow (src/kiosk/); nothing of the guest stays in the page when it is another.
 */
import { captureFace } from '../../element/capture.js';
import { find } from '../../ui/dom.js';
import { Ticks } from '../../ui/ticks.js';
import { hintWords } from '../../ui/turn.js';
import { consentVersion, fault, faultOf, language, text } from '../../words/messages.js';
import { nameProblem, tidyName } from '../../words/names.js';

/** @import { TurnGuide } from '../../ui/turn.js' */
/** @import { EnrolStep, MaskState, ScreenKind } from '../../types.js' */
/** @import { Eyes } from './eyes.js' */
/** @import { KioskFlow } from './flow.js' */

/** A hint stays at least so long, so that it can be read and followed. */
const HINT_MS = 900;
/** Before a screen is over, its guest is asked for so long whether they are still there. */
const SOON_MS = 20_000;
/** What a guest does is told to the worker at most so often. */
const TOUCH_EVERY_MS = 1_000;
/** @type {ScreenKind[]} */
const SCREENS = ['code', 'details', 'capture'];

export class ByCode {
  #form;
  #eyes;
  #client;
  #flow;
  #guide;
  #leave;
  #ticks = new Ticks();
  /** @type {ScreenKind | null} */
  #shown = null;
  #busy = false;
  #touched = 0;
  /** What the camera sees now: a guest is enrolled as they stand there, with a mask or without. @type {MaskState} */
  #mask = 'bare';
  /** What to do, and since when it is said. */
  #hint = { words: '', at: 0 };
  /** Ends the capture under way. @type {AbortController | null} */
  #capturing = null;
  /** Says what to do now. @type {(words: string) => void} */
  onhint = () => {};

  /**
   * @param {HTMLFormElement} form
   * @param {{eyes: Eyes, flow: KioskFlow, guide: TurnGuide, leave: () => void}} parts guide: over the camera's picture; leave: the guest gives it up
   */
  constructor(form, { eyes, flow, guide, leave }) {
    this.#form = form;
    this.#eyes = eyes;
    this.#client = eyes.client;
    this.#flow = flow;
    this.#guide = guide;
    this.#leave = leave;
    find('.looking progress', HTMLElement, form).before(this.#ticks.element);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#go();
    });
    find('.retake', HTMLElement, form).addEventListener('click', () => void this.#capture());
    find('.keep', HTMLElement, form).addEventListener('click', () => void this.#try(() => this.#enrol()));
    find('.leave', HTMLElement, form).addEventListener('click', () => leave());
    for (const kind of ['pointerdown', 'keydown', 'input']) document.addEventListener(kind, (event) => this.#touch(event), { passive: true });
  }

  /** Whether a guest is at it. */
  get open() {
    return this.#shown !== null;
  }

  /** The words that its screen begins with. */
  get words() {
    return this.#shown === 'capture' && this.#hint.words ? this.#hint.words : text(`kiosk.${this.#shown}`);
  }

  /** Brings the form in line with the flow. @param {ScreenKind} kind */
  show(kind) {
    const shown = SCREENS.includes(kind) ? kind : null;
    if (shown === this.#shown) return;
    if (!this.open) this.#eyes.pause(true);
    this.#shown = shown;
    this.#form.hidden = !shown;
    this.#complain('');
    if (!shown) return this.#end();
    for (const part of SCREENS) find(`.by-${part}`, HTMLElement, this.#form).hidden = part !== shown;
    this.#offer();
    if (shown === 'capture') void this.#capture();
    else find(`.by-${shown} input`, HTMLInputElement, this.#form).focus();
  }

  /** Asks whether somebody is still there. @param {number} now */
  tick(now) {
    const soon = this.open && !this.#busy && this.#flow.left(now) < SOON_MS;
    const words = find('.soon', HTMLElement, this.#form);
    if (Boolean(words.textContent) !== soon) words.textContent = soon ? text('kiosk.code.soon') : '';
  }

  /** Nothing of the guest is left. */
  #end() {
    this.#capturing?.abort();
    this.#capturing = null;
    this.#form.reset();
    this.#hint = { words: '', at: 0 };
    this.#mask = 'bare';
    this.#busy = false;
    this.#guide.show(null, true);
    this.#eyes.pause(false);
  }

  /** @param {Event} event */
  #touch(event) {
    if (!this.open) return;
    if (event instanceof KeyboardEvent && event.key === 'Escape') return this.#leave();
    if (performance.now() - this.#touched < TOUCH_EVERY_MS) return;
    this.#touched = performance.now();
    this.#client.vault('kioskTouch').then((said) => this.#flow.heed(said), () => {});
  }

  /** @param {string} name */
  #value(name) {
    return find(`[name=${name}]`, HTMLInputElement, this.#form).value;
  }

  /** Which buttons there are. @param {{poor?: boolean}} [taken] poor: there is a picture, and it is none too good */
  #offer({ poor = false } = {}) {
    find('.go', HTMLElement, this.#form).hidden = this.#shown === 'capture';
    find('.retake', HTMLElement, this.#form).hidden = this.#shown !== 'capture' || this.#capturing !== null;
    find('.keep', HTMLElement, this.#form).hidden = !poor;
  }

  /** @param {unknown} problem words, or anything that was thrown @param {string} [name] of the field that it is about */
  #complain(problem, name) {
    for (const input of this.#form.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
    const { message, remedy } = typeof problem === 'string' ? { message: problem, remedy: '' } : faultOf(problem);
    const place = find('.problem', HTMLElement, this.#form);
    place.textContent = `${message} ${remedy}`.trim();
    if (!place.textContent) return;
    const field = name ? find(`[name=${name}]`, HTMLInputElement, this.#form) : null;
    field?.setAttribute('aria-invalid', 'true');
    field?.focus({ preventScroll: true });
    place.scrollIntoView({ block: 'nearest' });
  }

  async #go() {
    if (this.#shown === 'code') await this.#try(() => this.#enter(), 'code');
    else if (this.#shown === 'details') await this.#try(() => this.#agree());
  }

  /** One thing at a time. @param {() => Promise<unknown>} act @param {string} [field] that what goes wrong is about */
  async #try(act, field) {
    if (this.#busy) return;
    const shown = this.#shown;
    this.#busy = true;
    this.#complain('');
    try {
      await act();
    } catch (error) {
      if (this.#shown === shown) this.#complain(error, field);
    } finally {
      this.#busy = false;
    }
  }

  async #enter() {
    const { said, asks } = await this.#client.vault('kioskEnterCode', { code: this.#value('code') });
    for (const what of /** @type {const} */ (['company', 'host'])) find(`.guest-${what}`, HTMLElement, this.#form).hidden = !asks[what];
    this.#flow.heed(said);
  }

  async #agree() {
    const wrong = nameProblem(tidyName(this.#value('name')));
    if (wrong) return this.#complain(text(...wrong), 'name');
    if (!find('[name=agree]', HTMLInputElement, this.#form).checked) return this.#complain(text('kiosk.details.agree'), 'agree');
    this.#flow.heed(await this.#client.vault('kioskCapture'));
  }

  /** Looks at the guest until the picture is good, and enrols them. */
  async #capture() {
    this.#capturing?.abort();
    const capturing = this.#capturing = new AbortController();
    const { signal } = capturing;
    this.#complain('');
    this.#offer();
    this.#hint = { words: '', at: 0 };
    this.onhint(this.words);
    this.#ticks.show('no_face');
    find('.looking', HTMLElement, this.#form).hidden = false;
    find('.leave', HTMLElement, this.#form).focus({ preventScroll: true });
    try {
      const { quality } = await captureFace({ client: this.#client, camera: this.#eyes.camera, mask: () => this.#mask, onstep: (step) => this.#step(step, signal), signal });
      if (signal.aborted) return;
      this.#guide.show(null, true);
      if (!quality.shortcoming) {
        this.#say(text('kiosk.wait'));
        await this.#enrol();
        return;
      }
      const { message, remedy } = fault(quality.shortcoming);
      this.#over(text('enrol.poor.title'), `${message} ${remedy} ${text('enrol.poor.text')}`, true);
    } catch (error) {
      if (signal.aborted) return;
      const { message, remedy } = faultOf(error);
      this.#over(text('kiosk.capture.not'), `${message} ${remedy}`, false);
    }
  }

  /** No picture is being taken any more, and the guest is told why. @param {string} title @param {string} words @param {boolean} poor */
  #over(title, words, poor) {
    this.#capturing = null;
    find('.looking', HTMLElement, this.#form).hidden = true;
    this.#say(title);
    this.#complain(words);
    this.#offer({ poor });
    find('.retake', HTMLElement, this.#form).focus({ preventScroll: true });
  }

  /** @param {EnrolStep} step @param {AbortSignal} signal */
  #step({ hint, progress, observation }, signal) {
    if (signal.aborted) return;
    if (observation) this.#mask = observation.mask.state === 'bare' ? 'bare' : 'masked';
    // A mask that is put on or off is as welcome as before: the picture only begins anew.
    const shown = hint === 'mask_on' || hint === 'mask_off' ? 'hold_still' : hint;
    if (shown === 'desk') {
      this.#capturing?.abort();
      this.#client.vault('kioskAbsent').then((said) => this.#flow.heed(said), () => this.#leave());
      return;
    }
    find('.looking progress', HTMLProgressElement, this.#form).value = progress;
    this.#guide.show(observation?.presence?.ask, true);
    this.#ticks.show(shown);
    const words = hintWords({ hint: shown, observation });
    if (words !== this.#hint.words && (shown === 'turn' || performance.now() - this.#hint.at >= HINT_MS)) this.#say(words);
  }

  /** @param {string} words */
  #say(words) {
    this.#hint = { words, at: performance.now() };
    this.onhint(words);
  }

  async #enrol() {
    const { said } = await this.#client.vault('kioskEnrol', {
      name: tidyName(this.#value('name')), company: this.#value('company').trim(), host: this.#value('host').trim(),
      consent: { text: text('kiosk.details.consent'), version: `kiosk ${consentVersion()}`, language: language(), time: Date.now() },
    });
    this.#flow.heed(said);
  }
}
