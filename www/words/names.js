/** What may be a name, and how it is searched for. Which are taken: src/vault/names.rs. */
/** Characters as people count them. */
export const LONGEST_NAME = 80;

/** @param {string} name */
function characters(name) {
  if (typeof Intl.Segmenter !== 'function') return [...name].length;
  return [...new Intl.Segmenter().segment(name)].length;
}

/**
 * A name in the form in which it is kept: composed, without control characters, line breaks, or marks that would turn
 * the direction of the text around it or that nobody sees; of spaces one at a time. Joiners stay: some scripts need them.
 * @param {string} raw
 */
export function tidyName(raw) {
  return raw.normalize('NFC').replace(/[\u202a-\u202e\u2060-\u206f\u200b\u200e\u200f\u061c\u00ad\u180e\ufeff\ufff9-\ufffb]/g, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Zs}]+/gu, ' ').trim();
}

/** @param {string} name tidy @returns {[key: string, values?: Record<string, unknown>] | null} what is wrong with it: the key of its words and their values */
export function nameProblem(name) {
  // Invisible characters alone would make a person nobody can see in the list.
  if (!/[^\p{Cf}\p{Zs}\p{M}]/u.test(name)) return ['name.empty'];
  const length = characters(name);
  // Marks piled on one letter count as one character: the second bound is the store's.
  if (length > LONGEST_NAME || name.length > 200) return ['name.long', { most: LONGEST_NAME, length: Math.max(length, name.length) }];
  return null;
}

/** A name as it is searched for: without marks, in small letters, for nobody types those of others. @param {string} name */
export function searchForm(name) {
  return name.normalize('NFKD').replace(/\p{M}+/gu, '').toLocaleLowerCase();
}
