/** The page about speed measures, and the figures can be copied. Not a timed test: machines differ. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Visitor, portraitClip } from './browser.mjs';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
});
after(() => visitor.depart());

test('the page about speed measures every stage on a face', async () => {
  const page = await visitor.visit({ camera: 'ask', path: '/bench.html?auto&frames=12', wait: false, permissions: ['clipboard-read', 'clipboard-write'] });
  await page.waitForFunction(() => globalThis.browBench, null, { timeout: 60_000 });
  const result = await page.evaluate(() => globalThis.browBench);
  assert.equal(result.faces, 1);
  for (const stage of ['detect', 'landmarks', 'periocular', 'total', 'roundTrip', 'newcomer', 'detectSmall', 'five', 'presence']) {
    const { median, minimum } = result.stages[stage];
    assert.ok(minimum > 0 && median >= minimum, `${stage}: ${median} ${minimum}`);
  }
  assert.ok(result.load.prepareMs > 0 && result.load.prepareMs < result.load.modelsMs);
  assert.ok(result.load.firstDecisionMs > result.load.workerMs);
  assert.ok(result.bytes.decoded > 100_000);
  await page.getByRole('button', { name: 'Copy as JSON' }).click();
  await page.getByText('Copied.').waitFor();
  assert.deepEqual(JSON.parse(await page.evaluate(() => navigator.clipboard.readText())), result);
  console.log(`# speed here: ${JSON.stringify(result.stages)} ${JSON.stringify(result.load)}`);
});

test('on a second visit nothing large is fetched again', async () => {
  await visitor.visit({ clip: portraitClip('obama-1') });
  const page = await visitor.visit({ clip: portraitClip('obama-1') });
  await page.locator('.overlay .face').first().waitFor();
  const fetched = await page.evaluate(() => performance.getEntriesByType('resource').reduce((sum, entry) => sum + entry.transferSize, 0));
  assert.ok(fetched < 20_000, `${fetched} bytes`);
  const firstDecision = await page.waitForFunction(() => performance.getEntriesByName('brow:first-decision')[0]?.startTime);
  console.log(`# first decision after navigation, warm cache: ${Math.round(await firstDecision.jsonValue())} ms`);
});
