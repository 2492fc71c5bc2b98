/** What is said of a pack's networks, on the page and in the audit log. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import '../vault/module.mjs';

const { aboutNetworks, networksAsDetail } = await import('../../www/worker/about.js');
const { logFirst, logGrown } = await import('../../www/worker/brow.js');

const shipped = readFileSync(new URL('../../models/manifest.json', import.meta.url), 'utf8');
const { models } = JSON.parse(shipped);

test('every network that ships says where its weights and its pictures come from', () => {
  for (const { id, weights, pictures } of aboutNetworks(shipped, new Set())) assert.ok(weights.length > 0 && pictures.length > 0, id);
});

test('a network is known by its name and its bytes, and what it runs on is said', () => {
  const [first, second] = aboutNetworks(shipped, new Set([models[1].file]));
  assert.deepEqual([first.id, first.second, second.second], [`${models[0].id}@${models[0].sha256.slice(0, 8)}`, false, true]);
});

test('the audit log takes what is said of the shipped networks, and of some that say nothing', () => {
  const created = JSON.stringify([{ event: 'vault_created', detail: networksAsDetail(shipped) }]);
  const { detail } = JSON.parse(logGrown(logFirst(), created, '1').split('\n')[2]);
  for (const { id, sha256 } of models) assert.equal(detail[id], sha256);
  const silent = JSON.stringify({ models: [{ role: 'full', id: 'mine-1', sha256: 'ab'.repeat(32), bytes: 1, file: 'mine-1.onnx' }] });
  assert.deepEqual(networksAsDetail(silent), { 'mine-1': 'ab'.repeat(32), 'mine-1.weights': 'unstated', 'mine-1.pictures': 'unstated' });
  assert.deepEqual(networksAsDetail('no manifest'), {});
});
