/**
 * What the pages of this site ask of an element beyond what it offers to everybody: its client, which knows the vault and
 * people's pictures, and a capture that is not saved yet. The package offers neither, and its worker answers nothing of the vault.
 */

/** @import { BrowClient } from '../client/client.js' */
/** @import { Enrolment } from '../types.js' */
/** @import { CaptureOptions } from './capture.js' */
/** @import { BrowRecogniser } from './element.js' */

/**
 * @typedef {object} Inside
 * @property {() => BrowClient} client what speaks with the element's worker
 * @property {(options?: CaptureOptions) => Promise<Enrolment>} capture whoever is before the camera, while the live view rests;
 *   `client.save` keeps it, `client.discard` drops it
 */

/** @type {WeakMap<BrowRecogniser, Inside>} */
const insides = new WeakMap();

/** @param {BrowRecogniser} element @param {Inside} inside */
export function showInside(element, inside) {
  insides.set(element, inside);
}

/** @param {BrowRecogniser} element @returns {Inside} */
export function insideOf(element) {
  return /** @type {Inside} */ (insides.get(element));
}
