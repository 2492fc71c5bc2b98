/** Settings across the border to Rust; what may be set is tested in src/vault/settings.rs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import './module.mjs';

const { checkSettings, decodeSettings, defaultSettings, encodeSettings } = await import('../../www/vault/settings.js');

const refused = (patch) => assert.throws(() => checkSettings(patch), (error) => error.code === 'bad_setting' && error.values.setting === Object.keys(patch)[0], JSON.stringify(patch));

test('settings that do not exist or are out of range are refused by their name', () => {
  assert.deepEqual(checkSettings(defaultSettings()), defaultSettings());
  assert.deepEqual(checkSettings(null), {});
  for (const bad of [{ targetFmr: 1 }, { targetFmr: '1e-3' }, { theme: 'pink' }, { toString: 1 }, { retentionDays: 0 }, { lockAfterMinutes: -1 }, { language: '<b>' }, { kioskColour: 'red' }]) refused(bad);
});

test('what is no number, or nothing at all, is no way of saying never', () => {
  for (const bad of [{ retentionDays: NaN }, { retentionDays: Infinity }, { retentionDays: undefined }, { language: undefined }, { lockAfterMinutes: NaN }]) refused(bad);
  assert.deepEqual(checkSettings({ retentionDays: null }), { retentionDays: null });
});

test('an origin is one as the browser writes it', () => {
  for (const good of ['https://shop.example', 'http://localhost:8080', 'https://xn--bcher-kva.example']) assert.deepEqual(checkSettings({ kioskHosts: [good] }), { kioskHosts: [good] });
  for (const bad of ['https://shop.example/', 'https://Shop.example', 'https://shop.example:443', 'ftp://shop.example', 'shop.example', 'https://bücher.example', 5]) refused({ kioskHosts: [bad] });
});

test('a logo that is too long is refused, so that a page makes it smaller', () => {
  const logo = (length) => ({ kioskLogo: 'data:image/png;base64,'.padEnd(length, 'A') });
  assert.deepEqual(checkSettings(logo(100_000)), logo(100_000));
  refused(logo(100_001));
});

test('settings come back exactly, and a record that is none is damaged', () => {
  for (const patch of [{ theme: 'dark' }, { kioskEvent: 'Fair “Ü” \u2028 🙂', kioskConfirm: true, targetFmr: 3.3e-5, kioskHosts: ['https://shop.example'] }]) {
    const settings = { ...defaultSettings(), ...patch };
    assert.deepEqual({ ...defaultSettings(), ...decodeSettings(encodeSettings(settings)) }, settings);
  }
  const bytes = (text) => new TextEncoder().encode(text);
  for (const nothing of [undefined, null, 5, { theme: 'pink' }]) assert.throws(() => encodeSettings(nothing), { code: 'bad_setting' }, String(nothing));
  assert.throws(() => decodeSettings(bytes('{"theme":"pink"}')), { code: 'record_damaged' });
  assert.throws(() => decodeSettings(bytes('no JSON')), { code: 'record_damaged' });
  assert.throws(() => decodeSettings(bytes('{"version":3}')), { code: 'storage_newer' });
});
