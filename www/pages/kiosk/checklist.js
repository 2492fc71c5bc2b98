/** What has to be there before a kiosk is left alone, step by step, with what is the case now: a part of its administration. */
import { find, withName } from '../../ui/dom.js';
import { countText, text } from '../../words/messages.js';

/** @import { Observation, State } from '../../types.js' */
/** @import { Eyes } from './eyes.js' */

/** @typedef {'camera' | 'people' | 'face' | 'policy' | 'go'} Step */
/** @typedef {{id: string, name: string}} Tried whom the kiosk has recognised while this was open */

/** A turn of the head cannot be followed by fewer looks a second: everybody would be sent to the desk. */
const LEAST_LOOKS = 5;
/** The pace is known after this many looks at a face without a gap. */
const PACE_LOOKS = 10;

export class Checklist {
  #root;
  #done;
  #eyes;
  /** Whether the kiosk is being set up, and how far that is stands beside the name of this part. */
  #counts = false;
  /** @type {State | null} */
  #state = null;
  /** @type {Tried | null} */
  #tried = null;
  /** @type {Observation | null} */
  #face = null;
  /** When a face was looked at of late, without a gap. @type {number[]} */
  #looks = [];
  #shown = '';

  /** @param {HTMLElement} root @param {{eyes: Eyes, done: HTMLElement}} parts done: says how many of the steps are */
  constructor(root, { eyes, done }) {
    this.#root = root;
    this.#eyes = eyes;
    this.#done = done;
  }

  /** @param {State} state */
  open(state) {
    this.#counts ||= state.people.length === 0;
    this.#tried = null;
    this.#shown = '';
    this.heed(state);
  }

  /** @param {State} state */
  heed(state) {
    this.#state = state;
    this.#show();
  }

  /** @param {Observation | null} face the nearest one in view */
  saw(face) {
    this.#face = face;
    this.#looks = face ? [...this.#looks, performance.now()].slice(-PACE_LOOKS - 1) : [];
    const decision = face?.decision;
    if (decision?.kind === 'match') {
      const person = this.#state?.people.find(({ id }) => id === decision.person);
      if (person) this.#tried = { id: person.id, name: person.name };
    }
    this.#show();
  }

  /** Nobody's name stays in the closed page. */
  forget() {
    this.#counts = false;
    this.#state = null;
    this.#tried = null;
    this.#face = null;
    this.#looks = [];
    find('[data-step="face"] .words', HTMLElement, this.#root).replaceChildren();
  }

  #show() {
    const state = this.#state;
    if (!state) return;
    const problem = this.#face?.quality.problem ?? null;
    const decision = this.#face?.decision;
    const running = this.#eyes.camera.running;
    const people = state.people.length;
    const presence = state.vault?.settings?.kioskPresence;
    const isSlow = presence === 'require-turn' && this.#looks.length > PACE_LOOKS && this.#looks[PACE_LOOKS] - this.#looks[0] > 1000 * PACE_LOOKS / LEAST_LOOKS;
    const key = JSON.stringify([running, Boolean(this.#face), problem, people, this.#tried, decision?.kind, decision?.kind === 'undecided' && decision.reason, presence, isSlow, state.settings.targetFmr, text('kiosk.steps')]);
    if (key === this.#shown) return;
    this.#shown = key;
    if (!running) this.#say('camera', 'fail', [text('live.off')]);
    else if (!this.#face) this.#say('camera', 'now', [text('kiosk.steps.camera.nobody')]);
    else this.#say('camera', problem ? 'warn' : 'ok', [text(problem ? `who.undecided.${problem}` : 'check.light.ok')]);
    this.#say('people', people ? 'ok' : 'now', [people ? countText('people.count', people) : text('kiosk.steps.people.none')]);
    if (this.#tried) this.#say('face', 'ok', withName(text('kiosk.steps.face.known', { name: '{name}' }), this.#tried.name));
    else if (people && decision?.kind === 'unknown') this.#say('face', 'warn', [text('who.unknown.note')]);
    else this.#say('face', people ? 'now' : 'todo', [text('kiosk.steps.face.try')]);
    const policy = [text(`kiosk.presence.${presence}`), ' \u00b7 ', this.#target(state.settings.targetFmr)];
    this.#say('policy', isSlow ? 'warn' : 'ok', isSlow ? [...policy, '. ', text('kiosk.steps.policy.slow')] : policy);
    this.#say('go', people && this.#tried ? 'ok' : 'todo', null);
    const states = [...this.#root.querySelectorAll('[data-step]')].map((row) => row.getAttribute('data-state'));
    this.#done.textContent = this.#counts ? text('admin.setup.done', { done: states.filter((one) => one === 'ok').length, all: states.length }) : '';
  }

  /** A setting by the words of its menu. @param {number} fmr */
  #target(fmr) {
    return [...find('#kiosk-target', HTMLSelectElement).options].find(({ value }) => Number(value) === fmr)?.textContent ?? String(fmr);
  }

  /** @param {Step} step @param {'todo' | 'now' | 'ok' | 'warn' | 'fail'} state @param {(Node | string)[] | null} words null: as they stand in the page */
  #say(step, state, words) {
    const row = find(`[data-step="${step}"]`, HTMLElement, this.#root);
    row.dataset.state = state;
    if (words) find('.words', HTMLElement, row).replaceChildren(...words);
  }
}
