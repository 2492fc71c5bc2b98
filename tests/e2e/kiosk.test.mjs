/** The kiosk, in a real browser with a clip in place of the camera: PIN, administration, who is greeted and who is not. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Visitor, findings, findingsLightAndDark, needsShared, plainClip, portrait, portraitClip, queueClip, sharedInput } from './browser.mjs';
import { PARTS, PIN, administer, backToKiosk, enter, importList, kioskModule, prepareKiosk, screen, turnTo, visitKiosk } from './kiosk-browser.mjs';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
});
after(() => visitor.depart());

const visit = (options) => visitKiosk(visitor, options);

test('asks for a PIN of its own, and refuses one that is entered differently or too short', async () => {
  const page = await visit({ clip: plainClip('gray') });
  await page.locator('#setup').waitFor();
  await page.getByLabel('PIN or passphrase').fill('123456');
  await page.getByLabel('The same once more').fill('123457');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByText('The two are not the same.').waitFor();
  await page.getByLabel('The same once more').fill('123');
  await page.getByLabel('PIN or passphrase').fill('123');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByText('too short').waitFor();
  assert.deepEqual(await findings(page), []);
  await enter(page);
  await screen(page, 'empty');
});

test('with nobody enrolled it says that it is not set up, and sends nobody who stands there to be asked about', async () => {
  const page = await visit({ clip: portraitClip('biden') });
  await enter(page);
  await page.waitForTimeout(3_000);
  assert.equal(await page.locator('#kiosk').getAttribute('data-screen'), 'empty');
  assert.deepEqual(await findings(page), []);
  // The PIN was entered a moment ago.
  await page.getByRole('button', { name: 'Set it up' }).click();
  await page.locator('#admin[open]').waitFor();
  const step = (name, state) => page.locator(`[data-step="${name}"][data-state="${state}"]`);
  await step('camera', 'ok').waitFor();
  await step('people', 'now').getByText('Nobody so far.').waitFor();
  assert.deepEqual(await findings(page), []);
  await page.getByRole('button', { name: 'Import a list' }).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'guest-file');
  await importList(page, 'name,photo\nGuest,biden.jpg\n', [portrait('biden')]);
  await turnTo(page, 'setup');
  await step('people', 'ok').waitFor();
  await step('face', 'ok').getByText('It works: Guest was recognised.').waitFor();
  await step('go', 'ok').waitFor();
  await backToKiosk(page);
  await page.locator('.headline', { hasText: 'Welcome, Guest' }).waitFor();
  await administer(page);
  assert.ok(await page.locator('#checkin .rows').isVisible(), 'set up, it begins with its guests');
  await page.getByRole('button', { name: 'Erase this event' }).click();
  await page.locator('dialog.choice button.danger').click();
  await page.getByText('There is no list yet.').waitFor();
  await backToKiosk(page);
  await screen(page, 'empty');
});

test('on a device that is too slow to follow a turn of the head, the administration says so before a guest is sent to the desk', async () => {
  const page = await visit({ clip: portraitClip('biden') });
  await enter(page, { presence: 'require-turn' });
  await administer(page);
  await page.locator('[data-step="policy"][data-state="ok"]').waitFor();
  const module = await kioskModule(page);
  await module.evaluate(({ eyes: { client } }) => {
    const { observe } = client;
    client.observe = async (frame) => {
      await new Promise((resolve) => setTimeout(resolve, 250));
      return observe.call(client, frame);
    };
  });
  await page.locator('[data-step="policy"][data-state="warn"]').getByText('too rarely to follow a turn of the head').waitFor();
  const choose = async (presence) => {
    await page.getByRole('button', { name: 'Change' }).click();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'kiosk-target');
    await page.locator('#kiosk-presence').selectOption(presence);
    await turnTo(page, 'setup');
  };
  await choose('require-passive');
  await page.locator('[data-step="policy"][data-state="ok"]').waitFor();
  await choose('off');
  await page.waitForFunction(() => document.querySelector('[data-step="policy"] .words').textContent.startsWith('Do not check'));
});

test('whoever presses anywhere for two seconds is told how the administration is reached', async () => {
  const page = await visit({ clip: plainClip('gray') });
  await enter(page);
  const how = page.locator('.how');
  await page.locator('.say').click({ delay: 2_500 });
  assert.match(await how.innerText(), /press and hold/);
  await page.locator('.say').click();
  assert.equal(await page.locator('dialog[open]').count(), 0);
});

test('opens its administration for the PIN only, by key, by a long press, and not by a short one', async () => {
  const page = await visit({ clip: plainClip('gray') });
  await enter(page);
  await page.locator('.corner').click();
  await page.waitForTimeout(300);
  assert.equal(await page.locator('dialog[open]').count(), 0);
  await page.locator('.corner').click({ delay: 1_500 });
  await page.getByLabel('PIN or passphrase').last().fill('wrong words');
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await page.getByText('not right').waitFor();
  assert.equal(await page.locator('#admin').getAttribute('open'), null);
  await page.keyboard.press('Escape');
  await page.locator('.corner').focus();
  await page.keyboard.press('Enter');
  await page.getByLabel('PIN or passphrase').last().fill(PIN);
  await page.keyboard.press('Enter');
  await page.locator('#admin[open]').waitFor();
  await turnTo(page, 'log');
  await page.locator('#kiosk-log tbody tr', { hasText: 'Administration opened' }).first().waitFor();
});

test('its administration is found through by the arrow keys alone, one part at a time, also from right to left', async () => {
  const page = await visit({ clip: plainClip('gray') });
  await enter(page);
  await administer(page);
  const shown = () => page.evaluate(() => [...document.querySelectorAll('#admin [role="tabpanel"]')].filter((part) => part.checkVisibility()).map((part) => part.getAttribute('aria-labelledby')));
  const selected = () => page.evaluate(() => [document.activeElement.id, ...[...document.querySelectorAll('#admin [role="tab"]')].filter((tab) => tab.getAttribute('aria-selected') === 'true' && tab.tabIndex === 0).map(({ id }) => id)]);
  assert.deepEqual(await shown(), ['tab-setup'], 'nobody is enrolled');
  await page.locator('#tab-setup').focus();
  for (const [key, part] of [['ArrowRight', 'settings'], ['ArrowDown', 'look'], ['ArrowLeft', 'settings'], ['ArrowUp', 'setup'], ['End', 'log'], ['ArrowRight', 'guests'], ['ArrowLeft', 'log'], ['Home', 'guests']]) {
    await page.keyboard.press(key);
    assert.deepEqual([await shown(), await selected()], [[`tab-${part}`], [`tab-${part}`, `tab-${part}`]], key);
  }
  await page.evaluate(() => { document.documentElement.dir = 'rtl'; });
  await page.keyboard.press('ArrowLeft');
  assert.deepEqual(await shown(), ['tab-import']);
  await page.keyboard.press('ArrowRight');
  assert.deepEqual(await shown(), ['tab-guests']);
  await page.emulateMedia({ forcedColors: 'active' });
  assert.deepEqual(await page.locator('#admin [role="tab"]').evaluateAll((tabs) => tabs.map((tab) => getComputedStyle(tab).borderTopWidth)), ['3px', ...Array(7).fill('1px')], 'seen without colours of ours, too');
  await page.emulateMedia({ forcedColors: null });
  // With the next press of Tab the keyboard is in what is shown.
  await page.keyboard.press('Tab');
  assert.ok(await page.evaluate(() => document.activeElement.closest('#part-guests')));
});

test('sends a stranger to the desk, and offers another try', async () => {
  await prepareKiosk(visitor, [{ name: 'Barack Obama', picture: 'obama-1' }]);
  const page = await visit({ clip: portraitClip('biden') });
  await enter(page);
  await screen(page, 'stranger');
  assert.match(await page.locator('.say').innerText(), /Please ask at the desk/);
  assert.deepEqual(await findings(page), []);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.waitForFunction(() => document.querySelector('#kiosk').dataset.screen !== 'stranger');
  await screen(page, 'stranger');
});

test('the operator sets how near a face wakes it, and reads how near that is', async () => {
  const page = await visit({ clip: portraitClip('biden') });
  await enter(page);
  await administer(page);
  await turnTo(page, 'settings');
  await page.getByLabel('Wake when a face').fill('60');
  await page.getByText(/From 60 %/).waitFor();
  await page.getByText(/The face in view now has \d+ %/).waitFor();
  // Kept, not only shown: the next test's kiosk starts with what this one leaves.
  const module = await kioskModule(page);
  const kept = (distance) => page.waitForFunction(([{ flow }, expected]) => flow.rules?.distance === expected, [module, distance]);
  await kept(0.6);
  await page.getByLabel('Wake when a face').fill('22');
  await page.getByText(/From 22 %/).waitFor();
  await kept(0.22);
});

test('a name is forgotten and its screen gone after the seconds that the operator set; the next language and theme are the operator’s, too', async () => {
  const page = await visit({ clip: portraitClip('obama-1') });
  await enter(page);
  // Greeted already, he is greeted anew when the administration is closed, and the list says that he is there.
  await page.locator('.headline', { hasText: 'Welcome, Barack Obama' }).waitFor();
  await administer(page);
  await turnTo(page, 'settings');
  await page.getByLabel('Forget a name').fill('2');
  await page.getByLabel('Forget a name').blur();
  await page.locator('#kiosk-theme').selectOption('dark');
  await page.locator('html[data-theme="dark"]').waitFor({ state: 'attached' });
  await page.locator('#kiosk-language').selectOption('ar');
  await page.getByRole('heading', { name: 'الإعدادات' }).waitFor();
  assert.deepEqual(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir, document.documentElement.dataset.theme]), ['ar', 'rtl', 'dark']);
  // The log is read and checked anew for it.
  await page.waitForFunction(() => !/[A-Za-z]{3,}/.test(document.querySelector('#kiosk-log thead').textContent));
  // Not a word is left in English, but for the names of languages and what people wrote.
  const latin = () => page.evaluate(() => [...document.querySelectorAll('body *')].filter((element) => element.checkVisibility() && !element.closest('#kiosk-language, .people, td, th[scope=row], bdi'))
    .flatMap((element) => [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE).map(({ data }) => data.trim())).filter((words) => /[A-Za-z]{3,}/.test(words.replace(/CSV|PIN|Ctrl|Alt|https:\/\/desk\.example|fake_device_0/g, ''))));
  for (const part of PARTS) {
    await turnTo(page, part);
    assert.deepEqual(await latin(), [], part);
    assert.deepEqual(await findings(page), [], part);
  }
  await backToKiosk(page);
  await page.locator('.headline', { hasText: 'أهلًا بك، Barack Obama' }).waitFor();
  const greeted = Date.now();
  await screen(page, 'attract');
  assert.ok(Date.now() - greeted < 6_000);
  assert.doesNotMatch(await page.evaluate(() => document.documentElement.outerHTML), /Obama/);
  await administer(page);
  await turnTo(page, 'settings');
  await page.locator('#kiosk-language').selectOption('en');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  // Kept for the next test's kiosk: the log is read anew after that.
  await page.locator('#kiosk-log thead', { hasText: /[A-Za-z]{3,}/ }).waitFor({ state: 'attached' });
});

/** Two guests, enrolled from these pictures, come one after the other; waits until these have been greeted. */
async function queueOf(first, second, clip, expected) {
  const queue = await Visitor.arrive();
  try {
    await prepareKiosk(queue, [{ name: 'First Guest', picture: first }, { name: 'Second Guest', picture: second }]);
    const page = await visitKiosk(queue, { clip, prepare: (fresh) => fresh.addInitScript(() => {
      globalThis.greeted = [];
      document.addEventListener('brow-handoff', ({ detail }) => greeted.push(detail.person.name));
      // Between two turns of the clip nobody is there for a second only.
      globalThis.left = null;
      const attracts = () => document.querySelector('#kiosk')?.dataset.screen === 'attract';
      new MutationObserver(() => setTimeout(() => {
        if (greeted.includes('Second Guest') && attracts()) left = /Guest/.test(document.documentElement.outerHTML);
      }, 100)).observe(document, { subtree: true, attributeFilter: ['data-screen'] });
    }) });
    await enter(page);
    await page.waitForFunction((names) => names.every((name) => greeted.includes(name)) && left !== null, expected, { timeout: 120_000 });
    assert.equal(await page.evaluate(() => left), false);
    const names = await page.evaluate(() => greeted);
    // Whoever is in view when the kiosk starts is first; from there on each once a turn of the clip.
    assert.ok(names.every((name, index) => index === 0 || name !== names[index - 1]), names.join(', '));
  } finally {
    await queue.depart();
  }
}

test('the second guest of a queue is greeted as soon as they are near, though the first one is still there; then nobody’s name is left', async () => {
  await queueOf('obama-1', 'biden', queueClip('obama-1', 'biden'), ['Second Guest']);
});

for (const [clip, what] of [['queue-late', 'comes long before the first one goes'], ['queue-soon', 'comes when the first one has just gone']]) {
  test(`the second guest of a queue who ${what} is greeted too`, { skip: needsShared }, async () => {
    await queueOf('astronaut', 'obama-2', sharedInput(clip), ['First Guest', 'Second Guest']);
  });
}

test('after a reload asks for the PIN; told to go on by itself, it does, and locking ends that', async () => {
  const page = await visit({ clip: plainClip('gray') });
  await enter(page, { restart: 'go' });
  await page.reload();
  await screen(page, 'attract');
  await administer(page);
  assert.equal(await page.locator('#keep-open').isChecked(), true);
  await page.getByRole('button', { name: /^Lock/ }).click();
  await page.locator('#setup').waitFor();
  await page.reload();
  await page.locator('#setup').waitFor();
});

test('axe-core finds nothing on a locked kiosk, light and dark, on a phone; nothing is cut off, also from right to left', async () => {
  const page = await visit({ clip: plainClip('gray'), reducedMotion: 'reduce', viewport: { width: 390, height: 780 } });
  if (await page.locator('#setup').waitFor({ timeout: 5_000 }).then(() => true, () => false)) {
    assert.deepEqual(await findingsLightAndDark(page), []);
    await enter(page);
  }
  await screen(page, 'attract');
  assert.deepEqual(await findingsLightAndDark(page), []);
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  assert.equal(await fits(), true);
  await page.evaluate(() => { document.documentElement.dir = 'rtl'; });
  assert.equal(await fits(), true);
  assert.ok((await page.locator('.corner').boundingBox()).x < 20);
  await administer(page);
  for (const part of PARTS) {
    await turnTo(page, part);
    assert.deepEqual(await findingsLightAndDark(page), [], part);
  }
});

