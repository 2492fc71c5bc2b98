/** Settings: what may be set, and to what. */
import { checkVersion } from './codec.js';
import { utf8 } from './crypto.js';
import { storeError } from './errors.js';

/** @typedef {import('./types.js').Settings} Settings */

/** @returns {Settings} */
export function defaultSettings() {
  return {
    targetFmr: 1e-3, keepPictures: false, language: null, theme: 'system', lockAfterMinutes: 10, retentionDays: null, logMatches: true, backupAfterDays: 30,
    kioskDistance: 0.22, kioskTimeoutSeconds: 8, kioskSounds: false, kioskCamera: null, kioskHosts: [], kioskPresence: 'require-turn', clockDoubted: false,
  };
}

/** @param {number} least @param {number} most @returns {(value: unknown) => boolean} */
const between = (least, most) => (value) => typeof value === 'number' && value >= least && value <= most;

/** @param {unknown} value whether it is an origin as a browser writes it */
function isOrigin(value) {
  if (typeof value !== 'string' || value.length > 300 || !URL.canParse(value)) return false;
  const { origin, protocol } = new URL(value);
  return origin === value && (protocol === 'https:' || protocol === 'http:');
}

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
  kioskDistance: between(0.05, 0.9),
  kioskTimeoutSeconds: between(2, 120),
  kioskSounds: (value) => typeof value === 'boolean',
  kioskCamera: (value) => value === null || (typeof value === 'string' && value.length <= 500),
  clockDoubted: (value) => typeof value === 'boolean',
  kioskPresence: (value) => ['off', 'warn', 'require-passive', 'require-turn'].includes(value),
  kioskHosts: (value) => Array.isArray(value) && value.length <= 20 && value.every(isOrigin),
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

/** Of the settings' record. */
const VERSION = 1;

/** @param {Settings} settings @returns {import('./types.js').Bytes} */
export function encodeSettings(settings) {
  return utf8(JSON.stringify({ version: VERSION, ...settings }));
}

/** @param {Uint8Array} bytes @returns {Partial<Settings>} */
export function decodeSettings(bytes) {
  const { version, ...settings } = JSON.parse(new TextDecoder().decode(bytes));
  checkVersion({ version }, VERSION);
  return checkSettings(settings);
}
