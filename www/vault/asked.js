/** How the vault asks what Rust decides of the records (src/vault/): by text and bytes. What is refused is thrown as its code (VaultFault). */
import { storeError } from './errors.js';

/** @template T @param {() => T} work @returns {T} */
export function asked(work) {
  try {
    return work();
  } catch (code) {
    throw typeof code === 'string' ? storeError(code) : code;
  }
}

/** A value as JSON, in which what is no number is none: JSON alone would make it null, which is something that may be meant. @param {unknown} value */
export const asText = (value) => JSON.stringify(value, (_, part) => (typeof part === 'number' && !Number.isFinite(part) ? {} : part));
