/** The names of the store's own records, which lie beside people's. */
import { at, result } from './database.js';

/** Own records with a data key that is kept as long as the vault key is. */
export const SINGLE = /** @type {const} */ ({ settings: 'settings', log: 'log', protection: 'protection' });
/** The end of the audit log's chain, sealed with the log's key. */
export const LOG_HEAD = 'log-head';
/** The list of expected people, under a key of its own. */
export const GUESTS = 'guests';

const OWN = [LOG_HEAD, GUESTS, ...Object.values(SINGLE)];

/** @param {IDBValidKey} id whether it names an own record, and no person */
export function isOwn(id) {
  return OWN.some((own) => own === id);
}

/** How many people's records there are. @param {IDBTransaction} tx @returns {Promise<number>} */
export async function countPeople(tx) {
  const [all, ...own] = await Promise.all([result(at(tx, 'records').count()), ...OWN.map((id) => result(at(tx, 'records').getKey(id)))]);
  return Number(all) - own.filter((key) => key !== undefined).length;
}
