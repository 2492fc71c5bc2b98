/**
 * Which networks the templates of a backup may come from. Each kind (a network and its dimensions) costs the engine a rotation
 * of its own (src/person/protect.rs), so a file that names thousands of them could keep every start busy for minutes.
 */
import { storeError } from './errors.js';

/** @typedef {import('./types.js').Protector} Protector */
/** @typedef {import('./types.js').Reference} Reference */

/** The networks of every release are called so; those of format 3 of the manifest say their file's bytes as well. */
const NETWORK = /^(full|periocular)-[0-9]{1,4}(@[0-9a-f]{8})?$/;
/** More than all releases together have had. */
const KINDS_MOST = 32;
/** What stands before the first network's name in a template: magic, version, mask, two half-precision numbers. */
const NAMES_FROM = 10;

/** Counts the kinds of one file. */
export class Kinds {
  /** @type {Set<string>} */ #seen = new Set();

  /**
   * @param {Reference} reference
   * @param {Protector | null} protector null: what is in the template is not known yet
   * @throws {import('./errors.js').StoreError} file_refused
   */
  check({ template, models }, protector) {
    const inside = protector?.templateInfo ? readInfo(template, protector) : models;
    if (inside.periocular !== models.periocular || (inside.full ?? undefined) !== models.full) throw storeError('file_refused');
    let at = NAMES_FROM;
    for (const model of [models.periocular, models.full ?? '']) {
      if (model && !NETWORK.test(model)) throw storeError('file_refused');
      at += 1 + model.length;
      const dimensions = (template[at] ?? 0) + 256 * (template[at + 1] ?? 0);
      at += 2 + 2 * dimensions;
      if (protector?.templateInfo) this.#seen.add(`${model} ${dimensions}`);
      else this.#seen.add(model);
    }
    if (this.#seen.size > KINDS_MOST) throw storeError('file_refused');
  }
}

/** @param {Uint8Array} template @param {Protector} protector */
function readInfo(template, protector) {
  try {
    return /** @type {NonNullable<Protector['templateInfo']>} */ (protector.templateInfo)(template).models;
  } catch {
    throw storeError('file_refused');
  }
}
