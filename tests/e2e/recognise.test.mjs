/** The main job, in a real browser with a clip in place of the camera. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Visitor, enrolByCamera, enrolByPhoto, needsShared, pairClip, portrait, portraitClip, seen, sharedClip, watch } from './browser.mjs';

/** How long a clip is watched. */
const WATCHED_MS = 4_000;

/** Of the moments in which a face was decided on, the share that named this person. */
function named(counts, name) {
  const decided = Object.entries(counts).filter(([what]) => what.startsWith('match ') || what === 'unknown');
  const total = decided.reduce((sum, [, count]) => sum + count, 0);
  return total ? (counts[`match ${name}`] ?? 0) / total : 0;
}

/** Whether anybody at all was named. */
const anybodyNamed = (counts) => Object.keys(counts).some((what) => what.startsWith('match '));

describe('with public portraits', () => {
  /** @type {Visitor} */
  let visitor;
  before(async () => {
    visitor = await Visitor.arrive();
  });
  after(() => visitor.depart());

  test('nobody is named before anybody is enrolled', async () => {
    const page = await visitor.visit({ clip: portraitClip('obama-1') });
    assert.match(await seen(page, 'Face in view'), /Nobody is enrolled yet/);
  });

  test('somebody enrols by camera without a mask and is named at once', async () => {
    const page = await visitor.visit({ clip: portraitClip('obama-1') });
    await enrolByCamera(page, 'Barack');
    assert.match(await seen(page, 'Barack'), /Recognised.*no mask/);
  });

  for (const [clip, mask] of /** @type {const} */ ([['obama-1', 'bare'], ['obama-1-masked', 'masked']])) {
    test(`whoever is enrolled is not enrolled a second time by camera without being asked: ${clip}`, async () => {
      const page = await visitor.visit({ clip: portraitClip(clip) });
      await page.getByRole('button', { name: 'Enrol by camera' }).click();
      await page.getByLabel('Name', { exact: true }).fill('Somebody else');
      if (mask === 'masked') await page.getByLabel('with a mask on').check();
      await page.getByLabel('I agree to this').check();
      await page.getByRole('button', { name: 'Start', exact: true }).click();
      const question = page.getByRole('dialog', { name: 'This face looks like Barack' });
      await question.waitFor({ timeout: 60_000 });
      await question.getByRole('button', { name: 'Cancel' }).click();
      assert.equal(await page.locator('ul.people li').count(), 1);
    });
  }

  test('after a reload the same person is named with a mask on', async () => {
    const page = await visitor.visit({ clip: portraitClip('obama-1-masked') });
    assert.match(await seen(page, 'Barack'), /Recognised.*mask on/);
    const counts = await watch(page, WATCHED_MS);
    assert.ok(named(counts, 'Barack') > 0.9, JSON.stringify(counts));
  });

  test('in sunglasses nobody is named or called unknown: they are asked to take them off', async () => {
    for (const clip of ['obama-1-sunglasses', 'astronaut-sunglasses']) {
      const page = await visitor.visit({ clip: portraitClip(clip) });
      await page.getByText('Dark glasses hide the eyes').first().waitFor();
      const counts = await watch(page, WATCHED_MS);
      assert.deepEqual(Object.keys(counts).filter((what) => what !== 'undecided' && !what.startsWith('mask ')), [], JSON.stringify(counts));
    }
  });

  test('a face that is nearly black before a window is enrolled on the person’s word only, who is told what to change', async () => {
    const page = await visitor.visit({ clip: portraitClip('obama-1-backlit') });
    await page.getByRole('button', { name: 'Enrol by camera' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Backlit');
    await page.getByLabel('I agree to this').check();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.locator('.hint', { hasText: 'More light on the face' }).waitFor();
    const question = page.getByRole('dialog', { name: 'This capture is not as good as it should be' });
    await question.waitFor({ timeout: 60_000 });
    assert.match(await question.innerText(), /too dark: please turn towards a light/);
    await question.getByRole('button', { name: 'Take it again' }).click();
    await page.locator('#enrol .capture progress').waitFor();
    await question.waitFor({ timeout: 60_000 });
    await question.getByRole('button', { name: 'Keep it all the same' }).click();
    await page.getByRole('dialog', { name: 'This face looks like Barack' }).getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await page.locator('ul.people li').count(), 1);
    const photo = page.getByRole('button', { name: 'Enrol from a photo' });
    await photo.click();
    await page.getByLabel('Choose a photo').setInputFiles(portrait('obama-1-backlit'));
    await page.getByText('One face found').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('Backlit');
    await page.getByLabel('I agree to this').check();
    await page.getByRole('button', { name: 'Enrol', exact: true }).click();
    await question.getByRole('button', { name: 'Choose another photo' }).click();
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Backlit');
    assert.equal(await page.locator('ul.people li').count(), 1);
  });

  test('and in another photograph of another day', async () => {
    const page = await visitor.visit({ clip: portraitClip('obama-2') });
    assert.match(await seen(page, 'Barack'), /Recognised/);
  });

  for (const stranger of ['biden', 'biden-masked', 'astronaut']) {
    test(`a stranger is unknown: ${stranger}`, async () => {
      const page = await visitor.visit({ clip: portraitClip(stranger) });
      assert.match(await seen(page, 'Unknown person'), /Matches nobody enrolled here/);
      const counts = await watch(page, WATCHED_MS);
      assert.equal(anybodyNamed(counts), false, JSON.stringify(counts));
    });
  }

  test('of two people in view one is named and the other unknown', async () => {
    const page = await visitor.visit({ clip: pairClip('obama-1', 'biden') });
    await seen(page, 'Barack');
    await seen(page, 'Unknown person');
    assert.equal(await page.locator('.overlay .face').count(), 2);
  });

  test('somebody enrols from a photo with a mask on and is named', async () => {
    const page = await visitor.visit({ clip: portraitClip('biden-masked') });
    await enrolByPhoto(page, 'Joe', portrait('biden-masked'));
    assert.match(await seen(page, 'Joe'), /Recognised.*mask on/);
  });

  test('whoever is deleted is forgotten, also after a reload', async () => {
    let page = await visitor.visit({ clip: portraitClip('obama-1') });
    await seen(page, 'Barack');
    await page.getByRole('button', { name: 'Delete Barack' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Barack was deleted.').waitFor();
    await seen(page, 'Unknown person');
    page = await visitor.visit({ clip: portraitClip('obama-1') });
    await seen(page, 'Unknown person');
    assert.equal(await page.locator('ul.people li').count(), 1);
  });

  test('not one request went to another origin, from page or worker', () => {
    assert.deepEqual(visitor.strayRequests(), []);
    const files = new Set(visitor.requests.map((url) => new URL(url).pathname));
    assert.ok([...files].some((path) => path.endsWith('.wasm')), 'requests of the worker are counted too');
  });

  test('nothing complained in the console', () => {
    // Features that this browser does not know yet, a remark on the policy's sandbox, and the test's own on service workers.
    const ours = visitor.complaints.filter((words) => !/Permissions-Policy header|for its sandbox attribute|registration blocked by Playwright/.test(words));
    assert.deepEqual(ours, []);
  });
});

describe('with real clips', { skip: needsShared }, () => {
  /** @type {Visitor} */
  let visitor;
  before(async () => {
    visitor = await Visitor.arrive();
  });
  after(() => visitor.depart());

  test('the host enrols without a mask, before a window and on his word', async () => {
    const page = await visitor.visit({ clip: sharedClip('host-bare') });
    await enrolByCamera(page, 'Host', { poor: true });
    await seen(page, 'Host');
  });

  test('the host puts a mask on and is named', async () => {
    const page = await visitor.visit({ clip: sharedClip('host-masked') });
    assert.match(await seen(page, 'Host'), /Recognised/);
  });

  for (const clip of ['stranger-1', 'stranger-2', 'stranger-2-glasses', 'stranger-3', 'stranger-masked']) {
    test(`nobody is named in ${clip}`, async () => {
      const page = await visitor.visit({ clip: sharedClip(clip) });
      await seen(page, 'Unknown person');
      const counts = await watch(page, WATCHED_MS);
      assert.equal(anybodyNamed(counts), false, JSON.stringify(counts));
    });
  }

  test('the host is still known after all of these visits', async () => {
    const page = await visitor.visit({ clip: sharedClip('host-bare') });
    await seen(page, 'Host');
  });

  test('not one request went to another origin', () => {
    assert.deepEqual(visitor.strayRequests(), []);
  });
});
