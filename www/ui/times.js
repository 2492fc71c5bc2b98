/** Times as spreadsheets, date fields and file names have them. */

/** @param {number} value */
const two = (value) => String(value).padStart(2, '0');

/** The day of a moment on this device's calendar: 2026-01-31. @param {number} time */
export function calendarDay(time) {
  const at = new Date(time);
  return [String(at.getFullYear()).padStart(4, '0'), two(at.getMonth() + 1), two(at.getDate())].join('-');
}

/**
 * A moment on this device's own clock, in a form that spreadsheets take for a time, and how far that clock then was from UTC: in
 * one cell with it no spreadsheet would read the time.
 * @param {number | null} time
 * @returns {[time: string, offset: string]} both empty for null
 */
export function localTime(time) {
  if (time === null) return ['', ''];
  const at = new Date(time);
  const ahead = -at.getTimezoneOffset();
  const far = Math.abs(ahead);
  return [
    `${calendarDay(time)} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`,
    `UTC${ahead < 0 ? '-' : '+'}${two(Math.floor(far / 60))}:${two(far % 60)}`,
  ];
}
