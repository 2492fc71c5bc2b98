/** Settings as JavaScript has them. What may be set, and to what, and how it is stored: src/vault/settings.rs. */
import { settingsDefaults, settingsFault, settingsRead, settingsWrite } from '../worker/brow.js';
import { asText, asked } from './asked.js';
import { storeError } from './errors.js';

/** @typedef {import('./types.js').Bytes} Bytes */
/** @typedef {import('./types.js').Settings} Settings */

/** @returns {Settings} */
export const defaultSettings = () => JSON.parse(settingsDefaults());

/** Whether all hosts are origins as a browser writes them. @param {{kioskHosts?: string[]}} settings that Rust took */
function areOrigins({ kioskHosts = [] }) {
  return kioskHosts.every((host) => {
    if (!URL.canParse(host)) return false;
    const { origin, protocol } = new URL(host);
    return origin === host && (protocol === 'https:' || protocol === 'http:');
  });
}

/**
 * @param {any} patch
 * @returns {Partial<Settings>}
 * @throws {import('./errors.js').StoreError} bad_setting
 */
export function checkSettings(patch) {
  const named = { ...patch };
  const setting = Object.keys(named).find((name) => named[name] === undefined) ?? settingsFault(asText(named)) ?? (areOrigins(named) ? undefined : 'kioskHosts');
  if (setting !== undefined) throw storeError('bad_setting', { setting });
  return named;
}

/**
 * @param {Settings} settings
 * @returns {Bytes}
 * @throws {import('./errors.js').StoreError} bad_setting
 */
export const encodeSettings = (settings) => /** @type {Bytes} */ (asked(() => settingsWrite(asText(settings ?? null))));

/**
 * @param {Uint8Array} bytes
 * @returns {Partial<Settings>}
 * @throws {import('./errors.js').StoreError} record_damaged, storage_newer
 */
export function decodeSettings(bytes) {
  const settings = JSON.parse(asked(() => settingsRead(bytes)));
  if (!areOrigins(settings)) throw storeError('record_damaged');
  return settings;
}
