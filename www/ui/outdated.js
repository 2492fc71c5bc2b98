/** Where this release has other networks: how far new templates are made from kept pictures, and who has to be enrolled again, by name. */
import { fault, text } from '../words/messages.js';

/** @import { Notices } from './notices.js' */
/** @import { Remade, State } from '../types.js' */

/** So many are named; all of them are marked in the list. */
const NAMED = 20;
/** Keeps the letters of one name from mixing with those of the next where they run the other way. @param {string} name */
const apart = (name) => `\u2068${name}\u2069`;

export class OutdatedNotice {
  #notices;
  /** Who was named last. */
  #named = '';

  /** @param {Notices} notices */
  constructor(notices) {
    this.#notices = notices;
  }

  /** Names everybody who has to be enrolled again; once, for whoever dismissed it has read it. @param {State | null} state */
  show(state) {
    const again = (state?.people ?? []).filter(({ outdated }) => outdated === 'again');
    const key = again.map(({ id }) => id).join();
    if (key === this.#named) return;
    this.#named = key;
    this.#notices.clear('enrol_again');
    if (again.length === 0) return;
    const names = again.slice(0, NAMED).map(({ name }) => apart(name)).join(', ');
    this.#notices.fault(fault('enrol_again', { count: again.length, names: again.length > NAMED ? `${names} …` : names }));
  }

  /** @param {Remade} remade */
  progress({ done, total, made, over, fault: problem }) {
    if (!over) {
      this.#notices.progress('remaking', text('remaking.working', { done, total }), done / total);
      return;
    }
    this.#notices.clear('remaking');
    if (made) this.#notices.say(text('remaking.done', { count: made }));
    if (problem) this.#notices.fault(problem);
  }
}
