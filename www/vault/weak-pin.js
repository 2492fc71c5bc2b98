/** What makes a PIN one of the first that anybody tries. */

/** @typedef {'same' | 'row' | 'date' | 'digits'} Weakness */

/** Rows in which keys stand, and in which people count. */
const ROWS = ['01234567890', 'qwertzuiop', 'qwertyuiop', 'azertyuiop', 'asdfghjkl', 'abcdefghijklmnopqrstuvwxyz'];
/** Digits alone that are fewer are tried out in little time by whoever has the device's files. */
const DIGITS_LEAST = 10;

/** @param {string} pin @returns {Weakness | null} null where nothing speaks against it */
export function weakness(pin) {
  const small = pin.toLowerCase();
  if (/^(.{1,3}?)\1+$/su.test(small)) return 'same';
  const reversed = [...small].reverse().join('');
  if (small.length > 2 && ROWS.some((row) => row.includes(small) || row.includes(reversed))) return 'row';
  if (isDate(small)) return 'date';
  return /^\d+$/.test(small) && small.length < DIGITS_LEAST ? 'digits' : null;
}

/** Whether digits may be a day, in any order of day, month and year. @param {string} digits */
function isDate(digits) {
  if (!/^(\d{6}|\d{8})$/.test(digits)) return false;
  const isDayAndMonth = (/** @type {string} */ four) => {
    const [a, b] = [Number(four.slice(0, 2)), Number(four.slice(2))];
    return (a >= 1 && a <= 31 && b >= 1 && b <= 12) || (a >= 1 && a <= 12 && b >= 1 && b <= 31);
  };
  if (digits.length === 6) return isDayAndMonth(digits.slice(0, 4)) || isDayAndMonth(digits.slice(2));
  const isYear = (/** @type {string} */ four) => Number(four) >= 1900 && Number(four) <= 2099;
  return (isYear(digits.slice(4)) && isDayAndMonth(digits.slice(0, 4))) || (isYear(digits.slice(0, 4)) && isDayAndMonth(digits.slice(4)));
}
