/** Takes the pictures of docs/ from the built page, with public-domain portraits only: `node tools/screenshots.mjs`. */
import { join } from 'node:path';
import { Visitor, pairClip, portraitClip, seen } from '../tests/e2e/browser.mjs';
import { root } from './setup.mjs';

const shot = (page, name) => page.screenshot({ path: join(root, `docs/screenshot-${name}.png`) });

const visitor = await Visitor.arrive();
try {
  const desktop = { viewport: { width: 1180, height: 760 } };
  let page = await visitor.visit({ clip: portraitClip('obama-1'), colorScheme: 'light', ...desktop });
  await page.getByRole('button', { name: 'Enrol by camera' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Barack Obama');
  await page.getByLabel('I agree to this').check();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.waitForFunction(() => document.querySelector('#enrol progress').value > 0.4);
  await shot(page, 'enrol');
  await page.locator('#enrol .saved-name').waitFor();
  page = await visitor.visit({ clip: portraitClip('obama-1-masked'), colorScheme: 'light', ...desktop });
  await seen(page, 'Barack Obama');
  await page.waitForTimeout(500);
  await shot(page, 'light');
  page = await visitor.visit({ clip: pairClip('obama-1-masked', 'biden'), colorScheme: 'dark', ...desktop });
  await seen(page, 'Unknown person');
  await seen(page, 'Barack Obama');
  await page.waitForTimeout(500);
  await shot(page, 'dark');
  page = await visitor.visit({
    clip: portraitClip('obama-1-masked'), viewport: { width: 390, height: 780 }, deviceScaleFactor: 1.5, isMobile: true, hasTouch: true, colorScheme: 'light',
  });
  await seen(page, 'Barack Obama');
  await page.waitForTimeout(500);
  await shot(page, 'phone');
} finally {
  await visitor.depart();
}
