/**
 * Where the tables of other languages lie, relative to this module, and the integrity of each. The build replaces this file
 * by one with what it made; without it, a table is taken as it comes.
 *
 * @type {Record<string, {url: string, integrity: string}>}
 */
export const hashes = {};
