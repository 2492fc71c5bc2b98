/**
 * Holds a module to its hash before it is imported: `import()` itself cannot be told one. What is fetched ahead lies in the
 * page's map of modules, out of which the import then takes it, without asking the host again.
 */
import { hashes } from './hashes.js';

/**
 * @param {string} tag of a language
 * @returns {Promise<void>} once its table is here and is what it should be
 * @throws {Error} it could not be fetched, or is another
 */
export async function holdToHash(tag) {
  const known = hashes[tag];
  // Browsers that fetch no modules ahead (Safari before 17, Firefox before 115) have nothing to hold it by.
  if (!known || !globalThis.document?.createElement('link').relList.supports('modulepreload')) return;
  const link = document.createElement('link');
  link.rel = 'modulepreload';
  link.integrity = known.integrity;
  link.href = new URL(known.url, import.meta.url).href;
  await new Promise((resolve, reject) => {
    link.addEventListener('load', resolve);
    link.addEventListener('error', () => reject(new Error(`not what it should be, or not to be had: ${known.url}`)));
    document.head.append(link);
  }).finally(() => link.remove());
}
