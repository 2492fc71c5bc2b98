/** Whatever goes wrong is said in words with a remedy, and nothing is lost. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';
import { ROOT, Visitor, enrolByPhoto, plainClip, portrait, portraitClip, seen } from './browser.mjs';
import { serveSource } from './vault-browser.mjs';

/** @type {Visitor} */
let visitor;
const folder = mkdtempSync(join(tmpdir(), 'brow-photos-'));
before(async () => {
  visitor = await Visitor.arrive();
});
after(async () => {
  await visitor.depart();
  rmSync(folder, { recursive: true, force: true });
});

/** The words of a message, once it is there; waits as long as for anything unless told a `timeout`. */
async function told(page, code, timeout) {
  const notice = page.locator(`#notices [data-code="${code}"]`);
  await notice.waitFor({ timeout });
  return notice.innerText();
}

describe('the camera', () => {
  test('refused: says how to allow it', async () => {
    const page = await visitor.visit({ camera: 'refused' });
    await page.getByRole('button', { name: 'Start the camera' }).click();
    assert.match(await told(page, 'camera_refused'), /Allow the camera/);
  });

  test('absent: says so, and enrolling from a photo still works', async () => {
    const page = await visitor.visit({ camera: 'absent' });
    await page.getByRole('button', { name: 'Start the camera' }).click();
    assert.match(await told(page, 'camera_absent'), /Plug one in/);
    await enrolByPhoto(page, 'Without a camera', portrait('biden'));
    await page.getByRole('button', { name: 'Delete Without a camera' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  });

  test('used by another program: says which programs to close, and the button works afterwards', async () => {
    const page = await visitor.visit({
      clip: portraitClip('biden'),
      camera: 'ask',
      prepare: (page) => page.addInitScript(() => {
        const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = (wanted) => (globalThis.busy === false ? open(wanted)
          : Promise.reject(new DOMException('Could not start video source', 'NotReadableError')));
      }),
    });
    await page.getByRole('button', { name: 'Start the camera' }).click();
    assert.match(await told(page, 'camera_busy'), /Close video calls/);
    await page.evaluate(() => {
      globalThis.busy = false;
    });
    await page.getByRole('button', { name: 'Start the camera' }).click();
    await page.locator('.overlay .face').first().waitFor();
    assert.equal(await page.locator('[data-code="camera_busy"]').count(), 0);
  });

  test('unplugged in use: says so, and offers to start again', async () => {
    const page = await visitor.visit({ clip: portraitClip('biden') });
    await page.locator('.overlay .face').first().waitFor();
    await page.locator('#live video').evaluate((video) => video.srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended')));
    assert.match(await told(page, 'camera_unplugged'), /Plug it in again/);
    await page.getByRole('button', { name: 'Start the camera' }).click();
    await page.locator('.overlay .face').first().waitFor();
    assert.equal(await page.locator('[data-code="camera_unplugged"]').count(), 0);
  });

  test('black: asks for the lens cover', async () => {
    const page = await visitor.visit({ clip: plainClip('black') });
    assert.match(await told(page, 'camera_black'), /lens cover/);
  });
});

describe('the browser', () => {
  test('on an address that is not secure: says which to use', async () => {
    const { port } = new URL(visitor.server.url);
    const page = await visitor.visit({ url: `http://brow.test:${port}`, flags: ['--host-resolver-rules=MAP brow.test 127.0.0.1'], wait: false });
    assert.match(await told(page, 'browser_insecure'), /https/);
    visitor.requests.length = 0;
  });

  test('without WebAssembly SIMD: says which version to get', async () => {
    const page = await visitor.visit({
      wait: false,
      prepare: (page) => page.addInitScript(() => {
        WebAssembly.validate = () => false;
      }),
    });
    assert.match(await told(page, 'browser_no_simd'), /Update the browser/);
  });

  test('without module workers: says which version to get', async () => {
    const page = await visitor.visit({
      wait: false,
      prepare: (page) => page.addInitScript(() => {
        const Modern = Worker;
        globalThis.Worker = class extends Modern {
          constructor(url) {
            super(url);
          }
        };
      }),
    });
    assert.match(await told(page, 'browser_no_module_worker'), /Update the browser/);
  });
});

describe('the files of the recogniser', () => {
  /** Answers for a network with changed bytes. */
  const tampered = (change) => (page) => page.context().route('**/*.onnx', async (route) => {
    const file = join(ROOT, 'dist', new URL(route.request().url()).pathname);
    await route.fulfill({ status: 200, body: change(readFileSync(file)), contentType: 'application/octet-stream' });
  });

  test('a network with a wrong hash is not used, and the page says so', async () => {
    const page = await visitor.visit({
      wait: false,
      prepare: tampered((bytes) => {
        bytes[bytes.length >> 1] ^= 1;
        return bytes;
      }),
    });
    assert.match(await told(page, 'model_damaged'), /Load the page again/);
  });

  test('a network that was cut short is not used', async () => {
    const page = await visitor.visit({ wait: false, prepare: tampered((bytes) => bytes.subarray(0, bytes.length - 1000)) });
    assert.match(await told(page, 'model_truncated'), /with [\d,]+ bytes instead of [\d,]+/);
  });

  test('offline on the first visit: says so, and goes on once the network is back', async () => {
    const page = await visitor.visit({ wait: false, prepare: (page) => page.context().route('**/*.onnx', (route) => route.abort('internetdisconnected')) });
    assert.match(await told(page, 'download_failed'), /try again/);
    await page.context().unroute('**/*.onnx');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('html[data-ready]').waitFor({ state: 'attached' });
    assert.equal(await page.locator('[data-code="download_failed"]').count(), 0);
  });

  test('the worker script itself can not be fetched: says so', async () => {
    const page = await visitor.visit({ wait: false, prepare: (page) => page.context().route('**/site-worker.*.js', (route) => route.abort()) });
    await told(page, 'download_failed');
  });

  test('a module that was changed on the way is not started', async () => {
    const page = await visitor.visit({
      wait: false,
      prepare: (page) => page.context().route('**/*.wasm', async (route) => {
        const file = join(ROOT, 'dist', new URL(route.request().url()).pathname);
        const bytes = readFileSync(file);
        bytes[bytes.length - 1] ^= 1;
        await route.fulfill({ status: 200, body: bytes, contentType: 'application/wasm' });
      }),
    });
    assert.match(await told(page, 'program_damaged'), /was not started/);
  });
});

/** A PNG of one grey level. */
function greyPng(width, height) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const check = Buffer.alloc(4);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 1;
  const rows = Buffer.alloc(height * (1 + Math.ceil(width / 8)));
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

/** A portrait, changed by an ffmpeg filter. */
function changed(name, filter, source = 'obama-1') {
  const file = join(folder, name);
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', portrait(source), '-vf', filter, '-q:v', '3', file]);
  return file;
}

/** A file of these bytes. */
function written(name, bytes) {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

/** A JPEG whose pixels lie on their side and whose EXIF says so, as phones write them. */
function sideways() {
  const jpeg = readFileSync(changed('lying.jpg', 'transpose=cclock'));
  const exif = Buffer.from('ffe1002245786966000049492a00080000000100120103000100000006000000000000000000', 'hex');
  exif.writeUInt16BE(exif.length - 2, 2);
  return written('sideways.jpg', Buffer.concat([jpeg.subarray(0, 2), exif, jpeg.subarray(2)]));
}

describe('a photo', () => {
  let page;
  before(async () => {
    page = await visitor.visit({ camera: 'ask' });
    await page.getByRole('button', { name: 'Enrol from a photo' }).click();
  });

  /** What the dialog says about a file. */
  async function verdict(file) {
    const problem = page.locator('#enrol .problem');
    await page.getByLabel('Choose a photo').setInputFiles(file);
    await page.waitForFunction(() => {
      const words = document.querySelector('#enrol .photo-text').textContent;
      return words !== 'Looking for the face' && (words || document.querySelector('#enrol .problem').textContent);
    });
    return { code: await problem.getAttribute('data-code'), words: await problem.innerText(), found: await page.locator('#enrol .photo-text').innerText() };
  }

  const faults = [
    ['that is no picture', () => written('notes.jpg', 'not a picture at all'), 'photo_not_image'],
    ['that is empty', () => written('empty.png', ''), 'photo_empty'],
    ['in HEIC', () => written('phone.heic', Buffer.from('0000001866747970686569630000000068656963', 'hex')), 'photo_heic'],
    ['that is damaged', () => written('damaged.jpg', Buffer.concat([readFileSync(portrait('biden')).subarray(0, 300), Buffer.alloc(5000)])), 'photo_damaged'],
    ['of 400 megapixels', () => written('huge.png', greyPng(20_000, 20_000)), 'photo_huge'],
    ['of 100 megapixels without a face', () => written('large.png', greyPng(10_000, 10_000)), 'no_face'],
    ['without a face', () => changed('lawn.jpg', 'crop=200:100:0:500,scale=640:480'), 'no_face'],
    ['with a tiny face', () => changed('tiny.jpg', 'scale=100:-2,pad=640:480:200:200:gray'), 'too_small'],
    ['that is blurred', () => changed('blurred.jpg', 'gblur=sigma=14'), 'too_blurred'],
    ['of somebody in sunglasses', () => portrait('obama-1-sunglasses'), 'eyes_hidden'],
    ['of somebody in other sunglasses', () => portrait('astronaut-sunglasses'), 'eyes_hidden'],
    ['of somebody in sunglasses and a mask', () => portrait('astronaut-sunglasses-masked'), 'eyes_hidden'],
    ['that is dark', () => changed('dark.jpg', 'eq=brightness=-0.1,lutyuv=y=val*0.12'), 'too_dark'],
  ];
  for (const [what, make, code] of faults) {
    test(`${what}: refused with words (${code})`, async () => {
      const said = await verdict(make());
      assert.equal(said.code, code, JSON.stringify(said));
      assert.ok(said.words.length > 30, said.words);
    });
  }

  test('taken sideways by a phone is turned upright', async () => {
    const said = await verdict(sideways());
    assert.match(said.found, /One face found, no mask/);
  });

  test('as PNG and as WebP is taken', async () => {
    assert.match((await verdict(changed('same.png', 'null'))).found, /One face found/);
    assert.match((await verdict(changed('same.webp', 'null'))).found, /One face found/);
  });

  test('as AVIF, GIF and BMP is taken where the browser decodes it', async () => {
    for (const file of [join(ROOT, 'tests/data/portraits/astronaut.avif'), changed('same.gif', 'null'), changed('same.bmp', 'null')]) {
      assert.match((await verdict(file)).found, /One face found/, file);
    }
  });

  test('of 268 megapixels is refused though a byte fills the room before its size', async () => {
    const frame = Buffer.from('ffffc0001108400040000301220002110103110100', 'hex');
    const said = await verdict(written('filled.jpg', Buffer.concat([Buffer.from('ffd8ffe000040102', 'hex'), frame, Buffer.alloc(5000)])));
    assert.equal(said.code, 'photo_huge', JSON.stringify(said));
    const untold = await verdict(written('untold.jpg', Buffer.concat([Buffer.from('ffd8ffe00004010220', 'hex'), frame, Buffer.alloc(5000)])));
    assert.equal(untold.code, 'photo_damaged', JSON.stringify(untold));
  });

  test('two at once: asks for one at a time', async () => {
    const transfer = await page.evaluateHandle(() => {
      const data = new DataTransfer();
      data.items.add(new File(['a'], 'a.jpg', { type: 'image/jpeg' }));
      data.items.add(new File(['b'], 'b.jpg', { type: 'image/jpeg' }));
      return data;
    });
    await page.dispatchEvent('#enrol .drop', 'drop', { dataTransfer: transfer });
    await page.locator('#enrol .problem[data-code="photo_several_files"]').waitFor();
  });

  test('dropped on the page opens the enrolment with it', async () => {
    await page.getByRole('button', { name: 'Cancel' }).first().click();
    const bytes = [...readFileSync(portrait('obama-1'))];
    const transfer = await page.evaluateHandle((content) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(content)], 'dropped.jpg', { type: 'image/jpeg' }));
      return data;
    }, bytes);
    await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
    await page.getByText('One face found').waitFor();
  });
});

describe('a name', () => {
  let page;
  before(async () => {
    page = await visitor.visit({ camera: 'ask' });
  });

  async function tryName(name) {
    await page.getByRole('button', { name: 'Enrol from a photo' }).click();
    await page.getByLabel('Choose a photo').setInputFiles(portrait('biden'));
    await page.getByText('One face found').waitFor();
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByLabel('I agree to this').check();
    await page.getByRole('button', { name: 'Enrol', exact: true }).click();
  }
  const problem = () => page.locator('#enrol .problem').innerText();
  const close = () => page.locator('#enrol .close:visible').click();

  test('that is empty or only spaces: asks for one', async () => {
    await tryName(' \u200b ');
    assert.match(await problem(), /enter a name/);
    await close();
  });

  test('that is very long: says how long it may be, and keeps what was typed', async () => {
    await tryName('Ottokar '.repeat(40));
    assert.match(await problem(), /at most 80 characters/);
    assert.match(await page.getByLabel('Name', { exact: true }).inputValue(), /^Ottokar Ottokar/);
    await close();
  });

  test('without consent: nobody is enrolled', async () => {
    await page.getByRole('button', { name: 'Enrol from a photo' }).click();
    await page.getByLabel('Choose a photo').setInputFiles(portrait('biden'));
    await page.getByText('One face found').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('Unasked');
    await page.getByRole('button', { name: 'Enrol', exact: true }).click();
    assert.match(await problem(), /consent/);
    await close();
    assert.equal(await page.locator('ul.people li').count(), 0);
  });

  test('written from right to left reads right and turns nothing around it', async () => {
    await tryName('\u202eיוסף\u202c');
    await page.locator('#enrol .saved-name').waitFor();
    await close();
    const shown = page.locator('ul.people bdi').first();
    assert.equal(await shown.innerText(), 'יוסף');
    assert.equal(await shown.evaluate((element) => getComputedStyle(element).direction), 'rtl');
    assert.equal(await page.locator('ul.people li .note').first().evaluate((element) => getComputedStyle(element).direction), 'ltr');
  });

  test('that looks like markup is only text', async () => {
    await tryName('<img src=x onerror=alert(1)>');
    await page.getByRole('button', { name: 'Somebody else: enrol as new' }).click();
    await page.locator('#enrol .saved-name').waitFor();
    await close();
    assert.equal(await page.locator('ul.people img').count(), 0);
    await page.getByText('<img src=x onerror=alert(1)>').first().waitFor();
  });

  test('that somebody has already: asks who it is, and tells two people apart', async () => {
    await page.getByRole('button', { name: 'Enrol from a photo' }).click();
    await page.getByLabel('Choose a photo').setInputFiles(portrait('obama-1'));
    await page.getByText('One face found').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('יוסף');
    await page.getByLabel('I agree to this').check();
    await page.getByRole('button', { name: 'Enrol', exact: true }).click();
    await page.getByText('Is this the same person?').waitFor();
    await page.getByRole('button', { name: /Somebody else/ }).click();
    await page.locator('#enrol .saved-name').waitFor();
    await close();
    assert.deepEqual((await page.locator('ul.people bdi').allInnerTexts()).filter((name) => name.startsWith('יוסף')).sort(), ['יוסף', 'יוסף (2)']);
  });

  test('can be changed', async () => {
    await page.getByRole('button', { name: 'Rename יוסף (2)' }).click();
    await page.getByLabel('New name').fill('יוסף');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    // Nobody gets a number behind their name that they did not ask for.
    await page.getByText('Somebody else has this name: add what tells them apart').waitFor();
    await page.getByLabel('New name').fill('Barack');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('is the new name').waitFor();
    assert.ok((await page.locator('ul.people bdi').allInnerTexts()).includes('Barack'));
  });

  test('everybody can be forgotten at once', async () => {
    await page.getByRole('button', { name: 'Forget everybody' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Forget everybody' }).click();
    await page.getByText('Everybody was deleted.').waitFor();
    assert.equal(await page.locator('ul.people li').count(), 0);
  });
});

describe('the store', () => {
  test('that the browser blocks: says so, and the page works until it is closed', async () => {
    const blocked = await Visitor.arrive();
    try {
      mkdirSync(join(blocked.profile, 'Default'), { recursive: true });
      writeFileSync(join(blocked.profile, 'Default/Preferences'), JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 } } }));
      const page = await blocked.visit({ camera: 'ask' });
      const notice = page.locator('#notices .fault');
      await notice.waitFor();
      assert.match(await notice.innerText(), /forgotten when the page is closed/);
      await enrolByPhoto(page, 'For now', portrait('biden'));
      assert.equal(await page.locator('ul.people li').count(), 1);
    } finally {
      await blocked.depart();
    }
  });

  test('templates that this version can not use are counted, and the rest works', async () => {
    const page = await visitor.visit({ clip: portraitClip('obama-1') });
    await enrolByPhoto(page, 'Barack', portrait('obama-1'));
    await serveSource(page);
    await page.evaluate(async (source) => {
      const [{ default: init }, { default: bytes }, { openStore }] = await Promise.all(['worker/brow.js', 'worker/bytes.js', 'vault/store.js'].map((path) => import(`${source}/${path}`)));
      await init({ module_or_path: bytes });
      const opened = await openStore({ name: 'brow' });
      const template = crypto.getRandomValues(new Uint8Array(900));
      const reference = { template, source: 'camera', mask: 'bare', quality: 0.5, models: { periocular: 'of-another-day' }, time: Date.now() };
      const consent = { text: 'yes', version: '1', language: 'en', time: Date.now() };
      await opened.put({ name: 'Of another version', created: Date.now(), updated: Date.now(), consent, expires: null, references: [reference], picture: null });
      opened.close();
    }, '/source');
    await page.reload();
    await page.getByText('were made by another version').waitFor();
    await seen(page, 'Barack');
  });

  test('another tab sees at once who was enrolled and who was deleted', async () => {
    const page = await visitor.visit({ camera: 'ask' });
    const other = await page.context().newPage();
    await other.goto(visitor.server.url);
    await other.locator('html[data-ready]').waitFor({ state: 'attached' });
    const before = await other.locator('ul.people li').count();
    await enrolByPhoto(page, 'In both tabs', portrait('biden'));
    await other.getByText('In both tabs').waitFor();
    await other.getByRole('button', { name: 'Delete In both tabs' }).click();
    await other.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.locator('ul.people', { hasText: 'In both tabs' }).waitFor({ state: 'detached' });
    assert.equal(await page.locator('ul.people li').count(), before);
  });
});

describe('a frame', () => {
  test('of no size, of an odd size, or shorter than it says: never stops the recogniser', async () => {
    const page = await visitor.visit({ camera: 'ask', path: '/bench.html', wait: false });
    const outcomes = await page.evaluate(async () => {
      const links = [...document.querySelectorAll('link[rel=modulepreload]')].map((link) => link.href);
      const { BrowClient } = await import(links.find((address) => /\/client\./.test(address)));
      const client = new BrowClient({ store: 'brow-frames' });
      await client.start();
      let deaths = 0;
      client.addEventListener('restarted', () => {
        deaths += 1;
      });
      const results = {};
      for (const [name, width, height, bytes] of [
        ['no size', 0, 0, 0], ['no height', 640, 0, 0], ['one pixel', 1, 1, 4], ['odd', 641, 3, 641 * 3 * 4], ['thin', 2, 2000, 16_000],
        ['too short', 640, 480, 1000], ['too long', 16, 16, 5000], ['no number', NaN, 480, 1000], ['whole', 320, 240, 320 * 240 * 4],
      ]) {
        results[name] = await client.observe({ buffer: new ArrayBuffer(bytes), width, height, timeMs: performance.now() })
          .then(({ observations }) => observations.length, ({ code, remedy }) => `${code}: ${remedy}`);
      }
      client.close();
      return { results, deaths };
    });
    assert.equal(outcomes.deaths, 0, JSON.stringify(outcomes));
    assert.equal(outcomes.results.whole, 0);
    for (const wrong of ['no size', 'no height', 'too short', 'no number']) assert.match(String(outcomes.results[wrong]), /^frame: .{20}/, wrong);
  });
});

describe('the worker', () => {
  /** The worker that runs the engine. */
  const recogniser = (page) => page.workers()[0];

  test('that dies is noticed and started again, with everybody still enrolled', async () => {
    const page = await visitor.visit({ clip: portraitClip('obama-1') });
    await seen(page, 'Barack');
    await recogniser(page).evaluate(() => self.close());
    assert.match(await told(page, 'worker_restarted'), /still here/);
    await seen(page, 'Barack');
  });

  test('that hangs is noticed and started again', async () => {
    const page = await visitor.visit({ clip: portraitClip('obama-1') });
    await seen(page, 'Barack');
    // By a timer: what hangs in a debugger's call is not ended with its worker, and keeps the store's lock.
    await recogniser(page).evaluate(() => {
      setTimeout(() => {
        for (;;);
      });
    });
    // Where it hangs with an entry of the log half written, it is given 20 seconds, not a frame's 5.
    assert.match(await told(page, 'worker_restarted', 60_000), /started again/);
    await seen(page, 'Barack');
  });

  test('rests while the page is hidden, and goes on when it is shown again', async () => {
    const page = await visitor.visit({ clip: portraitClip('obama-1') });
    await seen(page, 'Barack');
    const hide = (hidden) => page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
    await hide(true);
    await page.getByText('Paused while this page is hidden').waitFor();
    await hide(false);
    await page.getByText('Paused while this page is hidden').waitFor({ state: 'hidden' });
    await seen(page, 'Barack');
  });
});
