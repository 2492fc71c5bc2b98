/** Settings: what may be set, and to what. */
import { storeError } from './errors.js';

/** @typedef {import('./types.js').Settings} Settings */

/** @returns {Settings} */
export function defaultSettings() {
  return { targetFmr: 1e-3, keepPictures: false, language: null, theme: 'system', lockAfterMinutes: 10, retentionDays: null, logMatches: true, backupAfterDays: 30 };
}

/** @param {number} least @param {number} most @returns {(value: unknown) => boolean} */
const between = (least, most) => (value) => typeof value === 'number' && value >= least && value <= most;

/** @type {Record<keyof Settings, (value: any) => boolean>} */
const ALLOWED = {
  targetFmr: between(1e-6, 1e-1),
  keepPictures: (value) => typeof value === 'boolean',
  language: (value) => value === null || (typeof value === 'string' && /^[A-Za-z0-9-]{2,35}$/.test(value)),
  theme: (value) => ['system', 'light', 'dark'].includes(value),
  lockAfterMinutes: between(0, 24 * 60),
  retentionDays: (value) => value === null || between(1, 36_500)(value),
  logMatches: (value) => typeof value === 'boolean',
  backupAfterDays: between(0, 3650),
};

/**
 * @param {any} patch
 * @returns {Partial<Settings>}
 * @throws {import('./errors.js').StoreError} bad_setting
 */
export function checkSettings(patch) {
  for (const [name, value] of Object.entries(patch ?? {})) {
    if (!Object.hasOwn(ALLOWED, name) || !ALLOWED[/** @type {keyof Settings} */ (name)](value)) {
      throw storeError('bad_setting', { setting: name });
    }
  }
  return { ...patch };
}
