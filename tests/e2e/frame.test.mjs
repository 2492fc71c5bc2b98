/** The frame in a page of another origin: what it does for a host on the list, and what it refuses to everybody else. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { layHost, siteFor } from '../../tools/samples.mjs';
import { startServer } from '../../tools/serve.mjs';
import { Visitor, portraitClip } from './browser.mjs';

/** @type {Visitor} */
let visitor;
/** The site with the frame, a host on its list, and one that is not. */
let site;
let listed;
let stranger;
before(async () => {
  const folder = layHost();
  listed = await startServer({ folder });
  stranger = await startServer({ folder });
  site = await startServer({ folder: siteFor(listed.url) });
  visitor = await Visitor.arrive();
});
after(async () => {
  await visitor.depart();
  for (const server of [site, listed, stranger]) await server.close();
});

/** Opens the page around the frame; every message that comes out of the frame is kept. */
async function open(host, { plain = site, ...options } = {}) {
  return visitor.visit({
    url: host.url,
    path: `/?brow=${plain.url}`,
    wait: false,
    prepare: (page) => page.addInitScript(() => {
      if (window !== window.top) return;
      globalThis.messages = [];
      addEventListener('message', ({ origin, data }) => globalThis.messages.push({ origin, data }));
    }),
    ...options,
  });
}

/** The frame's own page. */
const inside = (page) => page.frames().find((frame) => frame.url().endsWith('/frame.html'));

describe('with a host on the list', () => {
  let page;
  before(async () => {
    page = await open(listed, { clip: portraitClip('obama-1') });
    await page.waitForFunction(() => globalThis.brow);
  });

  /** What the frame says to something. */
  const ask = (work) => page.evaluate(work);

  test('it starts, and tells of the mask that it sees', async () => {
    await page.locator('#log li', { hasText: 'mask: bare' }).waitFor({ timeout: 90_000 });
    const state = await ask(() => globalThis.brow.state());
    assert.equal(state.running, true);
    assert.equal(state.options.store, `frame-${createHash('sha256').update(listed.url).digest('hex').slice(0, 48)}`);
    assert.deepEqual(state.refused, { origin: 0, source: 0, flood: 0, malformed: 0, version: 0, op: 0, huge: 0, busy: 0 });
  });

  test('nobody is enrolled on the host\u2019s word: the person is asked in the frame, and may say no', async () => {
    await page.getByLabel('Name').fill('Ada');
    await page.getByRole('button', { name: 'Enrol me' }).click();
    const dialog = inside(page).getByRole('dialog');
    await dialog.getByText('This page may be told my name').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('#log li', { hasText: 'not enrolled: The person did not agree' }).waitFor();
    assert.deepEqual((await ask(() => globalThis.brow.state())).people, []);
  });

  /** As a person does: looks at the dialog, moves there, presses. */
  const agree = async () => {
    const button = inside(page).getByRole('dialog').getByRole('button', { name: 'I agree to this' });
    await button.waitFor();
    await page.waitForTimeout(2_000);
    const { x, y } = await button.boundingBox();
    await page.mouse.move(x - 60, y - 40);
    await page.mouse.move(x, y, { steps: 12 });
    await button.click();
  };

  test('whoever agrees is enrolled and named to the host', async () => {
    await page.getByRole('button', { name: 'Enrol me' }).click();
    await agree();
    await page.locator('#log li', { hasText: 'match: Ada' }).waitFor({ timeout: 90_000 });
    const verdict = await ask(() => globalThis.brow.verify('Ada'));
    assert.equal(verdict.verified, true);
    assert.deepEqual([Object.keys(verdict.person).sort(), verdict.person.name], [['id', 'name'], 'Ada']);
    await ask(() => globalThis.brow.set({ mode: 'observe', mirrored: false, rotation: 'nonsense' }));
    const { options } = await ask(() => globalThis.brow.state());
    assert.deepEqual([options.mode, options.mirrored, options.rotation], ['observe', false, 0]);
    await ask(() => globalThis.brow.set({ mode: 'identify', mirrored: true }));
  });

  test('whoever is enrolled already is not enrolled under another name by camera', async () => {
    await page.getByLabel('Name').fill('Grace');
    await page.getByRole('button', { name: 'Enrol me' }).click();
    await agree();
    await page.locator('#log li', { hasText: 'not enrolled: This face looks like Ada' }).waitFor({ timeout: 90_000 });
    await inside(page).getByText('This face looks like Ada').waitFor();
    assert.equal((await ask(() => globalThis.brow.state())).people.length, 1);
  });

  test('an error crosses with its code and what to do', async () => {
    const { code, remedy } = await ask(() => globalThis.brow.forget('Nobody of this name').then(() => ({}), (error) => ({ code: error.code, remedy: error.remedy })));
    assert.equal(code, 'no_such_person');
    assert.ok(remedy.length > 10);
  });

  /** Posts things to the frame as a hostile page on the list would, and gives how much more was refused. */
  async function more(post, argument) {
    await page.waitForTimeout(2_500);
    const before = (await ask(() => globalThis.brow.state())).refused;
    await page.evaluate(post, argument);
    await page.waitForTimeout(2_500);
    const after = (await ask(() => globalThis.brow.state())).refused;
    return Object.fromEntries(Object.entries(after).map(([why, count]) => [why, count - before[why]]).filter(([, count]) => count));
  }

  test('messages of another version, of no operation, malformed, huge or with tricks are refused, each counted', async () => {
    const counted = await more(() => {
      const post = (message) => document.querySelector('iframe').contentWindow.postMessage(message, '*');
      post({ brow: 2, id: 1, op: 'start' });
      post({ brow: '1', id: 2, op: 'start' });
      for (const op of ['constructor', '__proto__', 'client']) post({ brow: 1, id: 3, op });
      post('start');
      post(null);
      post({ brow: 1, id: 4, op: 'set', options: { store: 'brow' } });
      post(JSON.parse('{"brow":1,"id":5,"op":"set","options":{"__proto__":{"mode":"observe"}}}'));
      post(new Map([['brow', 1]]));
      post({ brow: 1, id: 6, op: 'forget', person: 'x'.repeat(5_000_000) });
    });
    assert.deepEqual(counted, { version: 2, op: 3, malformed: 5, huge: 1 });
    const answers = await ask(() => globalThis.messages.filter(({ data }) => data.ok === false && data.error.code === 'frame_refused').map(({ data }) => data.error.why));
    assert.deepEqual([...new Set(answers)].sort(), ['huge', 'malformed', 'op', 'version']);
  });

  test('a flood is cut off and counted, and afterwards the host is heard again', async () => {
    const counted = await more(() => {
      const frame = document.querySelector('iframe').contentWindow;
      for (let i = 0; i < 2_000; i++) frame.postMessage({ brow: 1, id: 1_000_000 + i, op: 'state' }, '*');
    });
    assert.ok(counted.flood > 1_800, JSON.stringify(counted));
    assert.equal((await ask(() => globalThis.brow.state())).running, true);
  });

  test('another window of the list\u2019s origin is not the host', async () => {
    const counted = await more(() => {
      const other = document.createElement('iframe');
      document.body.append(other);
      const script = other.contentDocument.createElement('script');
      script.textContent = 'parent.document.querySelector("iframe").contentWindow.postMessage({ brow: 1, id: 1, op: "stop" }, "*")';
      other.contentDocument.body.append(script);
    });
    assert.deepEqual(counted, { source: 1 });
  });

  test('another origin inside the host\u2019s page is refused unread', async () => {
    const counted = await more((url) => new Promise((resolve) => {
      const other = document.createElement('iframe');
      other.src = `${url}/?brow=${url}`;
      other.onload = resolve;
      document.body.append(other);
    }), stranger.url).then(async () => {
      const foreign = page.frames().find((frame) => frame.url().startsWith(stranger.url) && !frame.url().endsWith('frame.html'));
      const before = (await ask(() => globalThis.brow.state())).refused.origin;
      await foreign.evaluate(() => parent.frames[0].postMessage({ brow: 1, id: 1, op: 'stop' }, '*'));
      await page.waitForTimeout(500);
      return (await ask(() => globalThis.brow.state())).refused.origin - before;
    });
    assert.equal(counted, 1);
    assert.equal((await ask(() => globalThis.brow.state())).running, true);
  });

  test('no message ever held a picture, a template or anything that is not plain and short', async () => {
    const strange = await ask(() => {
      const strange = [];
      const walk = (value, path) => {
        if (typeof value === 'string' ? value.length > 500 : value === null || ['number', 'boolean', 'undefined'].includes(typeof value)) {
          if (typeof value === 'string') strange.push(`${path}: long`);
        } else if (typeof value === 'object') {
          if (![Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value))) strange.push(`${path}: ${value.constructor?.name}`);
          if (Array.isArray(value) && value.length > 20) strange.push(`${path}: many`);
          for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
        }
      };
      for (const { data } of globalThis.messages) walk(data, data.event ?? 'answer');
      return { strange, count: globalThis.messages.length, origins: [...new Set(globalThis.messages.map(({ origin }) => origin))].length };
    });
    assert.deepEqual(strange.strange, []);
    assert.ok(strange.count > 20);
  });

  test('whoever is forgotten is gone', async () => {
    await ask(() => globalThis.brow.forget('Ada'));
    assert.deepEqual((await ask(() => globalThis.brow.state())).people, []);
  });
});

test('a host that is not on the list can not even show the frame', async () => {
  const page = await open(stranger, { camera: 'ask' });
  await page.waitForTimeout(3_000);
  assert.equal(inside(page), undefined);
  assert.equal(await page.evaluate(() => globalThis.brow), undefined);
});

test('and where the site\u2019s host sends no headers, the frame answers nothing and loads nothing', async () => {
  const plain = await startServer({ folder: siteFor(listed.url), plain: true });
  try {
    const page = await open(stranger, { camera: 'ask', plain });
    const frame = await page.waitForFunction(() => document.querySelector('iframe')).then(() => inside(page));
    await frame.getByText('Waiting for the page around this one').waitFor();
    await page.waitForTimeout(2_000);
    assert.equal(await page.evaluate(() => globalThis.brow), undefined);
    assert.deepEqual(await page.evaluate(() => globalThis.messages), []);
    assert.equal(await frame.locator('brow-recogniser').count(), 0);
  } finally {
    await plain.close();
  }
});

test('no other page of the site may be framed, not even by a host on the list', async () => {
  const page = await open(listed, { camera: 'ask' });
  const framed = await page.evaluate((url) => new Promise((resolve) => {
    const other = document.createElement('iframe');
    other.src = url;
    other.onload = () => setTimeout(resolve, 500);
    document.body.append(other);
  }).then(() => 'done'), `${site.url}/index.html`);
  assert.equal(framed, 'done');
  assert.equal(page.frames().some((frame) => frame.url() === `${site.url}/index.html`), false);
});
