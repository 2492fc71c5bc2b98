/** Times as spreadsheets read them. */

/** @param {number} value */
const two = (value) => String(value).padStart(2, '0');

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
    `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`,
    `UTC${ahead < 0 ? '-' : '+'}${two(Math.floor(far / 60))}:${two(far % 60)}`,
  ];
}
