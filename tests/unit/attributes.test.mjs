import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPTIONS, written } from '../../www/element/attributes.js';

test('what can be is taken, with the spaces and capitals that people write', () => {
  assert.equal(OPTIONS.mode.read(' Verify '), 'verify');
  assert.equal(OPTIONS.rotation.read('270'), 270);
  assert.equal(OPTIONS.targetFmr.read('1e-4'), 1e-4);
  assert.equal(OPTIONS.mirrored.read('FALSE'), false);
  assert.equal(OPTIONS.theme.read('dark'), 'dark');
  assert.equal(OPTIONS.language.read('zh-Hant-TW'), 'zh-Hant-TW');
  assert.equal(OPTIONS.store.read('hall_2'), 'hall_2');
});

test('what can not be is the default', () => {
  assert.equal(OPTIONS.mode.read('constructor'), 'identify');
  assert.equal(OPTIONS.rotation.read('45'), 0);
  for (const rate of [null, '', '0', '0.5', '-0.001', 'Infinity', '0x1']) assert.equal(OPTIONS.targetFmr.read(rate), null, String(rate));
  assert.equal(OPTIONS.mirrored.read('perhaps'), true);
  assert.equal(OPTIONS.language.read('de_DE;drop'), '');
  assert.equal(OPTIONS.store.read('../brow'), 'brow');
});

test('what is asked of presence is handed on as it stands, so that what nobody knows is not taken as nothing', () => {
  assert.equal(OPTIONS.presence.read(null), 'off');
  assert.equal(OPTIONS.presence.read(' Require-Turn '), 'require-turn');
  for (const unknown of ['require-trun', '']) assert.equal(OPTIONS.presence.read(unknown), unknown);
});

test('what a program sets is written so that reading it gives the same', () => {
  for (const [name, values] of Object.entries({ mode: ['observe'], targetFmr: [1e-6, 0.1, 0.000015], rotation: [90], mirrored: [true, false], autostart: [true], person: ['Ada Lovelace'] })) {
    for (const value of values) assert.equal(OPTIONS[name].read(written(name, value)), value);
  }
  for (const strange of [undefined, null, {}, Symbol('x'), () => {}]) assert.equal(written('mode', strange), null);
  assert.equal(written('seal', false), null);
});
