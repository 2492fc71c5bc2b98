/** What a kiosk's day was: how many came, when, and how many were sent to the desk. It knows hours and numbers, and of no guest more than when they came. */

/** @import { DeskReason, GuestTimes } from '../../vault/types.js' */

const HOUR_MS = 3_600_000;

/**
 * @typedef {object} Day
 * @property {number} start midnight before it, on this device's clock
 * @property {number} expected on the list
 * @property {number} arrived on this day
 * @property {number} byCamera of those
 * @property {number} byHand of those
 * @property {Record<DeskReason, number>} desk how often somebody was sent to the desk, by reason
 * @property {{start: number, arrived: number, desk: number}[]} hours from the first in which something happened to the last, without a gap
 */

/** Midnight before a moment. @param {number} time */
export const midnight = (time) => new Date(time).setHours(0, 0, 0, 0);
/** @param {number} time */
const hourOf = (time) => new Date(time).setMinutes(0, 0, 0);

/** The days on which anything happened, oldest first. @param {Pick<GuestTimes, 'guests' | 'desk'>} times @returns {number[]} their midnights */
export function daysOf({ guests, desk }) {
  const times = [...guests.map(({ arrived }) => arrived).filter((time) => time !== null), ...desk.map(({ hour }) => hour)];
  return [...new Set(times.map(midnight))].sort((a, b) => a - b);
}

/** @param {GuestTimes} times @param {number} start midnight @returns {Day} */
export function dayOf({ expected, guests, desk }, start) {
  const came = guests.filter(({ arrived }) => arrived !== null && midnight(arrived) === start);
  const sent = desk.filter(({ hour }) => midnight(hour) === start);
  const times = [...came.map(({ arrived }) => hourOf(Number(arrived))), ...sent.map(({ hour }) => hourOf(hour))];
  /** @type {Day['hours']} */
  const hours = [];
  // Where the clocks are changed an hour comes twice, or not at all: what counts is that the next one is later.
  for (let hour = Math.min(...times), last = Math.max(...times); hour <= last; hour += HOUR_MS) {
    hours.push({
      start: hour,
      arrived: came.filter(({ arrived }) => hourOf(Number(arrived)) === hour).length,
      desk: sum(sent.filter((one) => hourOf(one.hour) === hour)),
    });
  }
  const of = (/** @type {DeskReason} */ why) => sum(sent.filter((one) => one.why === why));
  return {
    start, hours, expected, arrived: came.length, byCamera: came.filter(({ by }) => by === 'camera').length, byHand: came.filter(({ by }) => by === 'hand').length,
    desk: { stranger: of('stranger'), unsure: of('unsure'), refused: of('refused'), known: of('known') },
  };
}

/** @param {{count: number}[]} counts */
const sum = (counts) => counts.reduce((all, { count }) => all + count, 0);
