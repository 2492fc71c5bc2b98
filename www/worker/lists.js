/** Lists of people: the browser decodes their letters, the engine's module reads them (src/lists/). */
import * as module from './brow.js';
import { raised } from './raised.js';

/** @import { ListChoices, ListReading } from '../types.js' */

/** @param {string} label @param {Uint8Array} bytes @returns {string | null} null where the encoding has no such bytes */
function decode(label, bytes) {
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** What the page may ask of lists: the worker spreads these among its operations. */
export const listOperations = {
  /**
   * A list as it would be taken; nothing is kept.
   * @param {{bytes: ArrayBuffer, choices: ListChoices}} message
   * @returns {ListReading}
   * @throws {import('../types.js').Raised} list_workbook, list_binary
   */
  listRead({ bytes, choices: { encoding: chosen, ...choices } }) {
    const guess = module.listEncoding(new Uint8Array(bytes), decode);
    if ('refused' in guess) throw raised(guess.refused === 'workbook' ? 'list_workbook' : 'list_binary');
    const encoding = chosen ?? guess.label;
    const text = new TextDecoder(encoding).decode(bytes).normalize('NFC');
    return { encoding, unsure: guess.unsure && !chosen, broken: text.includes('\ufffd'), ...module.listRead(text, JSON.stringify(choices)) };
  },

  /** @param {{wanted: string[], files: string[]}} message paths of photos, as the list names them and as they were chosen */
  listPhotos({ wanted, files }) {
    const composed = (/** @type {string[]} */ paths) => paths.map((path) => path.normalize('NFC'));
    return module.listPhotos(JSON.stringify([composed(wanted), composed(files)]));
  },

  /** @param {{rows: string[][]}} message */
  listWrite({ rows }) {
    return module.listWrite(JSON.stringify(rows));
  },
};
