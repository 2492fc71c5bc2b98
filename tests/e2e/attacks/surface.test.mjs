/** A script in the page of whoever embeds the element asks the package for more than it offers. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { laySample } from '../../../tools/samples.mjs';
import { startServer } from '../../../tools/serve.mjs';
import { Visitor, portrait } from '../browser.mjs';

/** @type {Visitor} */
let visitor;
let site;
before(async () => {
  visitor = await Visitor.arrive();
  site = await startServer({ folder: laySample('static') });
});
after(async () => {
  await visitor.depart();
  await site.close();
});

test('everybody\u2019s pictures, and a backup with everybody\u2019s templates', async () => {
  const page = await visitor.visit({ url: site.url, camera: 'ask', wait: false });
  const got = await page.evaluate(async (photo) => {
    const element = document.querySelector('brow-recogniser');
    await customElements.whenDefined('brow-recogniser');
    await element.enrol({
      name: 'Ada', keepPicture: true, consent: { text: 'Yes.', version: '1', language: 'en' },
      photo: new Blob([Uint8Array.from(atob(photo), (character) => character.charCodeAt(0))]),
    });
    const { BrowClient } = await import('./brow-recogniser/client/client.js');
    const client = element.client ?? new BrowClient({ inherit: false });
    const { people } = await client.state();
    const told = {};
    for (const [op, fields] of [['vaultExport', { passphrase: 'four random words' }], ['vaultSetPin', { pin: 'four random words' }], ['vaultExportLog', {}], ['guests', {}]]) {
      told[op] = await client.vault(op, fields).then(() => 'done', ({ code }) => code);
    }
    return { open: 'client' in element, name: people[0].name, picture: people[0].picture !== null, told };
  }, readFileSync(portrait('obama-1')).toString('base64'));
  assert.deepEqual(got, { open: false, name: 'Ada', picture: false, told: { vaultExport: 'unexpected', vaultSetPin: 'unexpected', vaultExportLog: 'unexpected', guests: 'unexpected' } });
});
