/**
 * Which networks the templates of a backup may come from. Each kind (a network and its dimensions) costs the engine a rotation
 * of its own (src/person/protect.rs), so a file that names thousands of them could keep every start busy for minutes.
 */
import { storeError } from './errors.js';

/** @import { Protector, Reference } from './types.js' */

/** The networks of every release are called so, those of anybody's own pack as they like; from format 3 of the manifest on, all say their file's bytes as well. */
const NETWORK = /^(full|periocular)-[0-9]{1,4}$|^[A-Za-z0-9_-]{1,40}@[0-9a-f]{8}$/;
/** More than all releases together have had. */
const KINDS_MOST = 32;

/** Counts the kinds of one file. */
export class Kinds {
  /** @type {Set<string>} */ #seen = new Set();

  /**
   * @param {Reference} reference
   * @param {Protector | null} protector null: what is in the template is not known yet
   * @throws {import('./errors.js').StoreError} file_refused
   */
  check({ template, models }, protector) {
    const inside = protector?.templateInfo ? readInfo(template, protector.templateInfo.bind(protector)) : { models, dimensions: null };
    if (inside.models.periocular !== models.periocular || (inside.models.full ?? undefined) !== models.full) throw storeError('file_refused');
    for (const role of /** @type {const} */ (['periocular', 'full'])) {
      const model = models[role];
      if (!model) continue;
      if (!NETWORK.test(model)) throw storeError('file_refused');
      this.#seen.add(`${model} ${inside.dimensions?.[role] ?? ''}`);
    }
    if (this.#seen.size > KINDS_MOST) throw storeError('file_refused');
  }
}

/** @param {Uint8Array} template @param {NonNullable<Protector['templateInfo']>} templateInfo */
function readInfo(template, templateInfo) {
  try {
    return templateInfo(template);
  } catch {
    throw storeError('file_refused');
  }
}
