/** What went wrong crosses to the page as a code and values: the page has the words (../words/messages.js), the worker has none. */

/** @import { Raised } from '../types.js' */

/** @param {string} code @param {Record<string, unknown>} [values] what its words are filled with @returns {Raised} */
export const raised = (code, values = {}) => ({ code, values });

/** What crosses of anything that was thrown. @param {unknown} error @returns {Raised} */
export function raisedOf(error) {
  /** @type {Partial<Raised>} */
  const { code, values } = error && typeof error === 'object' ? error : {};
  if (typeof code === 'string') return raised(code, values);
  console.error(error);
  return raised('unexpected');
}
