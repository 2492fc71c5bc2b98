/** A day at the reception: guests whom nobody announced, photos that come late, who still has to come, and what the day was. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Visitor, findings, plainClip, portrait, portraitClip, until } from './browser.mjs';
import { administer, backToKiosk, enter, prepareKiosk, screen, turnTo, visitKiosk } from './kiosk-browser.mjs';

/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
});
after(() => visitor.depart());

const open = async (clip) => {
  const page = await visitKiosk(visitor, { clip });
  await enter(page);
  return page;
};
const dialog = (page) => page.locator('dialog.vault-dialog[open]');
const save = (page) => dialog(page).getByRole('button', { name: 'Save', exact: true }).click();
const shown = (page) => page.locator('#checkin .rows tbody th').allInnerTexts();
/** Waits until so many were sent to the desk, and that is kept. */
async function counted(page, wanted) {
  const kept = () => page.evaluate(async () => {
    const { eyes: { client } } = await import(document.querySelector('script[type=module]').src);
    return ((await client.vault('guests')).desk ?? []).reduce((sum, { count }) => sum + count, 0);
  });
  await until(async () => await kept() >= wanted, `${wanted} sent to the desk`);
}
const show = (page, filter) => page.getByRole('combobox', { name: 'Show' }).selectOption({ label: filter });

describe('staff', () => {
  test('take in somebody who was not announced, with a picture by the kiosk\u2019s camera, in five decisions; the kiosk greets them and says whom they visit', async () => {
    const page = await open(portraitClip('astronaut'));
    await administer(page);
    await page.getByRole('button', { name: 'Add a guest' }).click();
    await save(page);
    await page.getByText('Please enter a name. Enter the name of the guest.').waitFor();
    await dialog(page).getByLabel('Name').fill('Eileen');
    await dialog(page).getByLabel('Host').fill('Ada Lindqvist');
    await dialog(page).getByRole('button', { name: 'Take a picture' }).click();
    await dialog(page).getByRole('img', { name: 'The picture that was taken' }).waitFor();
    await save(page);
    await page.getByText('Without their consent nobody may be enrolled.').waitFor();
    assert.deepEqual(await findings(page), []);
    await dialog(page).getByRole('button', { name: 'Take it again' }).click();
    await dialog(page).getByRole('button', { name: 'Take a picture' }).click();
    await dialog(page).getByLabel('I hold this person\u2019s consent').check();
    await save(page);
    await page.getByText('Eileen can be recognised now.').waitFor();
    assert.match(await page.locator('#checkin .summary').innerText(), /^Arrived: 1 of 1\. Can be recognised: 1\./);
    await backToKiosk(page);
    await screen(page, 'greet');
    await page.getByText('You are checked in already.').waitFor();
    assert.equal(await page.locator('.also .host').innerText(), 'Your host: Ada Lindqvist');
    assert.deepEqual(await findings(page), []);
  });

  test('are told by whom the camera sees, bare or masked, before somebody is taken in a second time, and do so when they save again', async () => {
    const own = await Visitor.arrive();
    try {
      await prepareKiosk(own, [{ name: 'Barack', picture: 'obama-1' }]);
      for (const clip of ['obama-1', 'obama-1-masked']) {
        const page = await visitKiosk(own, { clip: portraitClip(clip) });
        await enter(page);
        await administer(page);
        await page.getByRole('button', { name: 'Add a guest' }).click();
        await dialog(page).getByLabel('Name').fill('Somebody');
        await dialog(page).getByRole('button', { name: 'Take a picture' }).click();
        await dialog(page).getByLabel('I hold this person\u2019s consent').check();
        await save(page);
        await dialog(page).getByText('This face looks like Barack, who is enrolled already.').waitFor();
        assert.deepEqual(await shown(page), ['Barack'], clip);
        if (clip === 'obama-1') await dialog(page).getByRole('button', { name: 'Cancel' }).click();
        else {
          await save(page);
          await page.getByText('Somebody can be recognised now.').waitFor();
          assert.deepEqual((await shown(page)).sort(), ['Barack', 'Somebody']);
        }
      }
    } finally {
      await own.depart();
    }
  });

  test('find who has not arrived and who has no photo, and add the photo in their row', async () => {
    const page = await open(plainClip('gray'));
    await administer(page);
    await page.getByRole('button', { name: 'Add a guest' }).click();
    await dialog(page).getByLabel('Name').fill('Joe');
    await dialog(page).getByLabel('Is here now').uncheck();
    await save(page);
    await page.getByText('Joe is on the list.').waitFor();
    for (const filter of ['Not arrived yet', 'Cannot be recognised', 'Without a photo']) {
      await show(page, filter);
      await page.getByText('Shown: 1 of 2.').waitFor();
      assert.deepEqual(await shown(page), ['Joe'], filter);
    }
    await page.getByRole('button', { name: 'Add a photo: Joe' }).click();
    await save(page);
    await page.getByText('There is no photo yet.').waitFor();
    await dialog(page).getByLabel('Choose a photo').setInputFiles(portrait('biden'));
    await dialog(page).getByLabel('I hold this person\u2019s consent').check();
    await save(page);
    await page.getByText('Joe can be recognised now.').waitFor();
    assert.deepEqual(await shown(page), []);
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'guest-filter', 'the row is gone, and the keyboard is where it was chosen what is shown');
    await show(page, 'Not arrived yet');
    await page.getByRole('button', { name: 'Mark arrived: Joe', exact: true }).click();
    await page.getByText('Arrived: 2 of 2').waitFor();
    await page.getByRole('button', { name: 'Undo the last change' }).click();
    await page.getByText('Arrived: 1 of 2').waitFor();
    assert.deepEqual(await shown(page), ['Joe']);
  });

  test('see in the evening how many came, when, and how many were sent to the desk, and save it without a name', async () => {
    let page = await open(portraitClip('obama-1'));
    await screen(page, 'stranger');
    // What is counted is kept a moment after it is shown.
    await counted(page, 1);
    await page.getByRole('button', { name: 'Try again' }).click();
    await screen(page, 'stranger');
    await counted(page, 2);
    page = await open(plainClip('gray'));
    await administer(page);
    await turnTo(page, 'day');
    const day = page.getByRole('group', { name: 'The day' });
    await day.getByText('Of 2 on the list, 1 arrived. Recognised by the camera: 0, marked by hand: 1.').waitFor();
    const sent = Number(/Sent to the desk: (\d+)\. Face/.exec(await day.innerText())[1]);
    assert.ok(sent >= 2, `${sent} times`);
    assert.match(await day.getByRole('img').getAttribute('aria-label'), new RegExp(`Arrived: 1\\. Sent to the desk: ${sent}\\.`));
    const columns = (index) => day.locator(`tbody td:nth-child(${index})`).allInnerTexts();
    assert.equal((await columns(2)).reduce((all, words) => all + Number(words), 0), 1);
    assert.equal((await columns(3)).reduce((all, words) => all + Number(words), 0), sent);
    assert.deepEqual(await findings(page), []);
    // On a small phone no word of the table is broken within, and it is scrolled by the keyboard as the chart is.
    await page.setViewportSize({ width: 320, height: 640 });
    const broken = await day.locator('.day-hours :is(th, td)').evaluateAll((cells) => cells.flatMap((cell) => (cell.textContent.match(/[^\s\u202f]+/g) ?? []).filter((word) => {
      const node = [...cell.childNodes].find((child) => child.nodeType === Node.TEXT_NODE && child.data.includes(word));
      const range = document.createRange();
      range.setStart(node, node.data.indexOf(word));
      range.setEnd(node, node.data.indexOf(word) + word.length);
      return range.getClientRects().length > 1;
    })));
    assert.deepEqual(broken, []);
    assert.deepEqual(await findings(page), []);
    await page.setViewportSize({ width: 1280, height: 900 });
    const [download] = await Promise.all([page.waitForEvent('download'), day.getByRole('button', { name: 'Save this day' }).click()]);
    assert.match(download.suggestedFilename(), /^brow-day-\d{4}-\d{2}-\d{2}\.html$/);
    const html = readFileSync(await download.path(), 'utf8');
    assert.match(html, /<svg class="chart"/);
    assert.ok(html.includes(`Sent to the desk: ${sent}. Face`));
    assert.doesNotMatch(html, /Eileen|Joe|Ada|score|<script|https?:/i);
  });
});
