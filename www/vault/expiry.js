/** When people are erased by themselves. */

/** @import { Person, Settings } from './types.js' */

export const DAY_MS = 86_400_000;

/**
 * When a person is erased by itself: by their own date or so long after their consent, whichever comes first.
 * @param {Pick<Person, 'expires'> & {consent: {time: number}}} person
 * @param {Settings['retentionDays']} retentionDays
 * @returns {number} milliseconds since 1970; Infinity: never
 */
export function erasedAt({ expires, consent }, retentionDays) {
  return Math.min(expires ?? Infinity, retentionDays === null ? Infinity : consent.time + retentionDays * DAY_MS);
}
