/** Which names are taken. What reads the same, and which one is free: src/vault/names.rs; browsers have the tables by which letters are composed. */
import { nameNumber, namesTaken } from '../worker/brow.js';

/** @param {string} name a line of its own */
const composed = (name) => name.normalize('NFKC').replaceAll('\n', ' ');
/** @param {string[]} names */
const lines = (names) => names.map(composed).join('\n');

/** For each name the place among others of the first that reads the same; null: it is free. @param {string[]} names @param {string[]} others @returns {(number | null)[]} */
export const taken = (names, others) => [...namesTaken(lines(names), lines(others))].map((place) => (place < 0 ? null : place));

/** The name with the first number that makes it different from all of the others. @param {string} name @param {string[]} others */
export const numbered = (name, others) => `${name} (${nameNumber(composed(name), lines(others))})`;
