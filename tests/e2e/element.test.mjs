/** <brow-recogniser> in a page of somebody else's: every attribute, method and event, and its coming and going. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Visitor, assetOf, lyingClip, portrait, portraitClip, seen } from './browser.mjs';

/** The name of a module of the element's room in the release. */
const ELEMENT = assetOf('element/element');
/** @type {Visitor} */
let visitor;
before(async () => {
  visitor = await Visitor.arrive();
});
after(() => visitor.depart());

/** Helpers in the page, on `globalThis.t`. */
function helpers() {
  globalThis.t = {
    consent: { text: 'You may know my face.', version: '7', language: 'en' },
    /** Every event of every element, as far as it can be cloned. */
    heard: [],
    /** Makes an element and adds it, unless told otherwise. */
    put(attributes = {}, { connect = true } = {}) {
      const element = document.createElement('brow-recogniser');
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      if (connect) document.body.append(element);
      return element;
    },
    /** The first event of this type that is heard from now on; where none comes, what the element is at, so that no test waits for ever. */
    next(target, type) {
      return new Promise((resolve, reject) => {
        target.addEventListener(type, (event) => resolve(event.detail), { once: true });
        setTimeout(() => reject(new Error(`no ${type} came: ${JSON.stringify(target.snapshotState?.())} ${JSON.stringify(target.observations)}`)), 60_000);
      });
    },
    /** A picture of the tests, from its bytes. */
    photo: (bytes) => new Blob([new Uint8Array(bytes)], { type: 'image/jpeg' }),
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    async refusal(work) {
      try {
        await work();
        return null;
      } catch (error) {
        return { code: typeof error.code === 'string' ? error.code : error.name, message: error.message, remedy: error.remedy };
      }
    },
  };
  for (const type of ['match', 'unknown', 'undecided', 'mask', 'gone', 'enrolled', 'fault', 'progress']) {
    document.addEventListener(`brow-${type}`, ({ detail }) => globalThis.t.heard.push({ type, detail }));
  }
}

/**
 * A page of another's, of the same origin, that knows the element and nothing else of ours.
 * @param {string} [body]
 */
async function host(options = {}, body = '') {
  const page = await visitor.visit({
    path: '/host.html',
    wait: false,
    prepare: (page) => page.route('**/host.html', (route) => route.fulfill({
      contentType: 'text/html', body: `<!doctype html><html lang="en"><title>Host</title><body><main><h1>Host</h1>${body}</main>`,
    })),
    ...options,
  });
  await page.evaluate(helpers);
  await page.evaluate((url) => import(url).then((module) => {
    globalThis.module = module;
  }), ELEMENT);
  return page;
}

const bytesOf = (name) => [...readFileSync(portrait(name))];

describe('attributes', () => {
  let page;
  before(async () => {
    page = await host({ camera: 'ask' });
  });

  test('reflect properties, and anything that can not be is taken as the default', async () => {
    const outcome = await page.evaluate(() => {
      const element = globalThis.t.put({}, { connect: false });
      const names = {
        mode: 'mode', person: 'person', targetFmr: 'target-fmr', cameraId: 'camera-id', mirrored: 'mirrored', rotation: 'rotation',
        language: 'language', theme: 'theme', store: 'store', pack: 'pack', autostart: 'autostart', seal: 'seal',
      };
      const defaults = Object.fromEntries(Object.keys(names).map((name) => [name, element[name]]));
      const good = {
        mode: 'verify', person: 'Ada', targetFmr: 0.0001, cameraId: 'abc', mirrored: false, rotation: 270, language: 'pt-BR', theme: 'dark', store: 'hall-2', pack: '/packs/hall/', autostart: true, seal: true,
      };
      const reflected = {};
      for (const [name, value] of Object.entries(good)) {
        element[name] = value;
        reflected[name] = [element[name], element.getAttribute(names[name])];
      }
      const nonsense = ['', ' ', 'nonsense', '-1', '1e99', 'NaN', '__proto__', 'constructor', '<img>', '\u0000', '9'.repeat(10_000), '{}'];
      const strange = [];
      for (const [name, attribute] of Object.entries(names)) {
        if (['person', 'cameraId', 'store', 'pack', 'language', 'autostart', 'seal'].includes(name)) continue;
        for (const value of nonsense) {
          element.setAttribute(attribute, value);
          if (element[name] !== defaults[name]) strange.push([name, value.slice(0, 20), element[name]]);
        }
        for (const value of [undefined, null, {}, [], () => {}, Symbol('x'), NaN, Infinity]) {
          element[name] = value;
          if (element[name] !== defaults[name]) strange.push([name, String(value), element[name]]);
        }
        element.removeAttribute(attribute);
        if (element[name] !== defaults[name]) strange.push([name, 'absent', element[name]]);
      }
      for (const [name, attribute] of Object.entries(names)) for (const value of nonsense) element.setAttribute(attribute, value);
      return { defaults, reflected, strange };
    });
    assert.deepEqual(outcome.defaults, {
      mode: 'identify', person: '', targetFmr: null, cameraId: '', mirrored: true, rotation: 0, language: '', theme: 'system', store: 'brow', pack: '', autostart: false, seal: false,
    });
    assert.deepEqual(outcome.reflected, {
      mode: ['verify', 'verify'], person: ['Ada', 'Ada'], targetFmr: [0.0001, '0.0001'], cameraId: ['abc', 'abc'], mirrored: [false, 'false'], rotation: [270, '270'],
      language: ['pt-BR', 'pt-BR'], theme: ['dark', 'dark'], store: ['hall-2', 'hall-2'], pack: ['/packs/hall/', '/packs/hall/'], autostart: [true, ''], seal: [true, ''],
    });
    assert.deepEqual(outcome.strange, []);
  });

  test('and what a program set before the element was known is kept', async () => {
    const fresh = await host({ camera: 'ask' }, '<brow-recogniser id="early"></brow-recogniser>');
    const [mode, attribute] = await fresh.evaluate(async () => {
      const element = document.querySelector('#early');
      return [element.mode, element.getAttribute('mode')];
    });
    assert.deepEqual([mode, attribute], ['identify', null]);
    await fresh.unroute('**/host.html');
    const upgraded = await fresh.evaluate(async () => {
      const unknown = document.createElement('brow-later');
      unknown.mode = 'observe';
      unknown.targetFmr = 0.01;
      document.body.append(unknown);
      customElements.define('brow-later', class extends globalThis.module.BrowRecogniser {});
      return [unknown.mode, unknown.getAttribute('mode'), unknown.targetFmr, Object.hasOwn(unknown, 'mode')];
    });
    assert.deepEqual(upgraded, ['observe', 'observe', 0.01, false]);
  });
});

describe('with somebody before the camera', () => {
  let page;
  before(async () => {
    page = await host({ clip: portraitClip('obama-1') });
  });

  test('made before it is in the page, it starts when it is added, and tells of faces and masks', async () => {
    const { progress, undecided, mask, snapshot } = await page.evaluate(async () => {
      const { t } = globalThis;
      const element = globalThis.element = t.put({}, { connect: false });
      const started = element.start();
      await t.pause(200);
      const early = element.snapshotState();
      const told = Promise.all([t.next(element, 'brow-undecided'), t.next(element, 'brow-mask')]);
      document.body.append(element);
      await started;
      const [undecided, mask] = await told;
      const progress = t.heard.filter(({ type }) => type === 'progress').map(({ detail }) => detail);
      return { undecided, mask, progress, snapshot: { early, now: element.snapshotState() } };
    });
    assert.equal(snapshot.early.engine, 'none');
    assert.equal(snapshot.early.running, false);
    assert.equal(snapshot.now.engine, 'ready');
    assert.equal(snapshot.now.running, true);
    assert.equal(undecided.reason, 'empty_gallery');
    assert.equal(mask.state, 'bare');
    assert.ok(mask.probability > 0.5);
    assert.ok(progress.length >= 2 && progress.at(-1).loaded === progress.at(-1).total, JSON.stringify(progress.at(-1)));
    assert.match(await seen(page, 'Face in view'), /Nobody is enrolled yet/);
  });

  test('nobody is enrolled without consent or without a name', async () => {
    const refusals = await page.evaluate(async () => {
      const { t, element } = globalThis;
      const asked = [
        { name: 'Ada' }, { name: 'Ada', consent: null }, { name: 'Ada', consent: 'yes' }, { name: 'Ada', consent: { ...t.consent, text: ' ' } },
        { name: 'Ada', consent: { ...t.consent, time: NaN } }, { name: '\u200b', consent: t.consent }, { consent: t.consent },
      ];
      const codes = [];
      for (const request of asked) codes.push((await t.refusal(() => element.enrol(request))).code);
      return { codes, people: element.snapshotState().people };
    });
    assert.deepEqual(refusals.codes, ['consent_missing', 'consent_missing', 'consent_missing', 'consent_missing', 'consent_missing', 'name_missing', 'name_missing']);
    assert.deepEqual(refusals.people, []);
  });

  test('somebody enrols with hints on the way, and is named; once each, not once a frame', async () => {
    const { enrolled, told, match, steps, later } = await page.evaluate(async () => {
      const { t, element } = globalThis;
      const steps = [];
      const told = t.next(element, 'brow-enrolled');
      const matched = t.next(element, 'brow-match');
      const enrolled = await element.enrol({ name: ' Barack ', consent: t.consent, onstep: ({ hint }) => steps.push(hint) });
      const match = await matched;
      t.heard.length = 0;
      await t.pause(2_500);
      return { enrolled, told: await told, match, steps, later: t.heard.map(({ type }) => type) };
    });
    assert.equal(enrolled.name, 'Barack');
    assert.deepEqual(told, { person: enrolled });
    assert.ok(steps.includes('good'), steps.join());
    assert.deepEqual(match.person, enrolled);
    assert.ok(match.score > match.needed, JSON.stringify(match));
    assert.equal(match.mask.state, 'bare');
    assert.ok(Number.isInteger(match.track) && match.frames >= 1);
    assert.deepEqual(later, []);
    assert.match(await seen(page, 'Barack'), /Recognised/);
  });

  test('whoever is enrolled already is not enrolled as somebody else unless the page says so', async () => {
    const { refused, people, added } = await page.evaluate(async ([bytes]) => {
      const { t, element } = globalThis;
      const photo = t.photo(bytes);
      const refused = await t.refusal(() => element.enrol({ name: 'Somebody', consent: t.consent, photo }));
      const people = element.snapshotState().people;
      await element.enrol({ name: 'Somebody', consent: t.consent, photo, resembling: 'add' });
      return { refused, people, added: element.snapshotState().people };
    }, [bytesOf('obama-1')]);
    assert.equal(refused.code, 'already_enrolled');
    assert.equal(people.length, 1);
    assert.equal(added.length, 1);
    assert.ok(added[0].bare > people[0].bare);
  });

  test('nor by camera: who it looks like is said in the element, and a view is added where that was asked for', async () => {
    const { refused, said, people, added } = await page.evaluate(async () => {
      const { t, element } = globalThis;
      const refused = await t.refusal(() => element.enrol({ name: 'Somebody', consent: t.consent }));
      const said = element.shadowRoot.querySelector('.fault').textContent;
      const people = element.snapshotState().people;
      const { name } = await element.enrol({ name: 'Somebody', consent: t.consent, resembling: 'add' });
      return { refused, said, people, added: [name, ...element.snapshotState().people] };
    });
    assert.equal(refused.code, 'already_enrolled');
    assert.match(said, /looks like Barack/);
    assert.equal(people.length, 1);
    assert.deepEqual([added.length, added[0]], [2, 'Barack']);
    assert.ok(added[1].bare > people[0].bare);
  });

  test('what is too dark or hides the eyes is refused with the reason, and kept where the page says that the person wants it', async () => {
    const { dark, glasses, kept } = await page.evaluate(async ([backlit, sunglasses]) => {
      const { t, element } = globalThis;
      const request = { name: 'Somebody', consent: t.consent, resembling: 'new' };
      const dark = await t.refusal(() => element.enrol({ ...request, photo: t.photo(backlit) }));
      const glasses = await t.refusal(() => element.enrol({ ...request, photo: t.photo(sunglasses), poor: 'keep' }));
      const { id } = await element.enrol({ ...request, photo: t.photo(backlit), poor: 'keep' });
      const kept = element.snapshotState().people.length;
      await element.forget(id);
      return { dark: dark.code, glasses: glasses.code, kept };
    }, [bytesOf('obama-1-backlit'), bytesOf('obama-1-sunglasses')]);
    assert.deepEqual([dark, glasses, kept], ['too_dark', 'eyes_hidden', 2]);
  });

  test('an enrolment that is given up leaves nothing, and the live view goes on', async () => {
    const { refused, busy, people } = await page.evaluate(async () => {
      const { t, element } = globalThis;
      const giving = new AbortController();
      const work = t.refusal(() => element.enrol({ name: 'Given up', consent: t.consent, mask: 'masked', signal: giving.signal }));
      await t.pause(700);
      const busy = await t.refusal(() => element.enrol({ name: 'Another', consent: t.consent }));
      giving.abort();
      return { refused: await work, busy: busy.code, people: element.snapshotState().people.map(({ name }) => name) };
    });
    assert.equal(refused.code, 'AbortError');
    assert.equal(busy, 'enrolment_busy');
    assert.deepEqual(people, ['Barack']);
    await seen(page, 'Barack');
  });

  test('verify says yes for the person and no for another, live and by photo', async () => {
    const { yes, no, byPhoto, otherPhoto, nobody } = await page.evaluate(async ([biden, obama]) => {
      const { t, element } = globalThis;
      await element.enrol({ name: 'Joe', consent: t.consent, photo: t.photo(biden) });
      return {
        yes: await element.verify('Barack'),
        no: await element.verify('Joe'),
        byPhoto: await element.verify('Barack', { photo: t.photo(obama) }),
        otherPhoto: await element.verify('Joe', { photo: t.photo(obama) }),
        nobody: await t.refusal(() => element.verify('Nobody of this name')),
      };
    }, [bytesOf('biden'), bytesOf('obama-2')]);
    assert.equal(yes.verified, true, JSON.stringify(yes));
    assert.ok(yes.score >= yes.needed);
    assert.equal(no.verified, false, JSON.stringify(no));
    assert.equal(no.reason, null);
    assert.equal(byPhoto.verified, true, JSON.stringify(byPhoto));
    assert.equal(otherPhoto.verified, false, JSON.stringify(otherPhoto));
    assert.equal(nobody.code, 'no_such_person');
    await seen(page, 'Barack');
  });

  test('mode verify compares live frames with one person only', async () => {
    const unknown = await page.evaluate(async () => {
      const { t, element } = globalThis;
      t.heard.length = 0;
      const told = t.next(element, 'brow-unknown');
      element.person = 'Joe';
      element.mode = 'verify';
      const detail = await told;
      await t.pause(1_500);
      return { detail, matches: t.heard.filter(({ type }) => type === 'match') };
    });
    assert.deepEqual(unknown.matches, []);
    const match = await page.evaluate(async () => {
      const { t, element } = globalThis;
      const told = t.next(element, 'brow-match');
      element.person = 'Barack';
      return told;
    });
    assert.equal(match.person.name, 'Barack');
    // One comparison instead of two: a match needs less.
    const wholeGallery = await page.evaluate(async () => {
      globalThis.element.mode = 'identify';
      return globalThis.t.next(globalThis.element, 'brow-match');
    });
    assert.ok(Math.abs(wholeGallery.needed - match.needed - Math.log10(2)) < 1e-3, `${wholeGallery.needed} ${match.needed}`);
  });

  test('a photo is compared with whom it is asked about also while the gallery is being taken in anew', async () => {
    const verdict = await page.evaluate(async ([obama]) => {
      const { t, element } = globalThis;
      const unknown = t.next(element, 'brow-unknown');
      element.person = 'Joe';
      element.mode = 'verify';
      await unknown;
      // Nobody reads the store while somebody else has the turn.
      let give;
      const turn = new Promise((resolve) => { give = resolve; });
      await new Promise((resolve) => { void navigator.locks.request('brow-vault-brow', () => { resolve(); return turn; }); });
      element.mode = 'identify';
      const asked = element.verify('Barack', { photo: t.photo(obama) });
      await t.pause(1_000);
      give();
      return asked;
    }, [bytesOf('obama-2')]);
    assert.equal(verdict.verified, true, JSON.stringify(verdict));
    await seen(page, 'Barack');
  });

  test('mode verify without a known person says so, and names nobody', async () => {
    const { code, kinds } = await page.evaluate(async () => {
      const { t, element } = globalThis;
      const told = t.next(element, 'brow-fault');
      element.person = 'Nobody of this name';
      element.mode = 'verify';
      const { code } = await told;
      await t.pause(1_000);
      t.heard.length = 0;
      await t.pause(1_500);
      return { code, kinds: element.snapshotState().faces.map(({ kind }) => kind) };
    });
    assert.equal(code, 'no_such_person');
    assert.ok(kinds.length > 0 && !kinds.includes('match'), kinds.join());
  });

  test('mode observe tells of masks and of nobody\u2019s name', async () => {
    const types = await page.evaluate(async () => {
      const { t, element } = globalThis;
      const told = t.next(element, 'brow-mask');
      t.heard.length = 0;
      element.mode = 'identify';
      element.mode = 'observe';
      await told;
      await t.pause(2_000);
      return t.heard.map(({ type }) => type);
    });
    assert.deepEqual([...new Set(types)], ['mask']);
    assert.equal(await page.locator('.results .who').first().innerText().then((words) => words.replace(/\s+/g, ' ')), 'Face in view no mask');
    await page.evaluate(() => {
      globalThis.element.mode = 'identify';
    });
    await seen(page, 'Barack');
  });

  test('a stricter target asks for more, without touching what is stored', async () => {
    const { before, during, after, stored } = await page.evaluate(async (inside) => {
      const { t, element } = globalThis;
      const { insideOf } = await import(inside);
      const needed = async () => (await t.next(element, 'brow-look')).observations[0]?.decision.needed;
      const settle = async (act) => {
        act();
        await t.pause(800);
        return needed();
      };
      const before = await needed();
      const during = await settle(() => { element.targetFmr = 1e-5; });
      const stored = (await insideOf(element).client().state()).settings.targetFmr;
      const after = await settle(() => { element.targetFmr = 'nonsense'; });
      return { before, during, after, stored };
    }, assetOf('element/inside'));
    assert.ok(Math.abs(during - before - 2) < 1e-3, `${before} ${during}`);
    assert.equal(after, before);
    assert.equal(stored, 1e-3);
  });

  test('unmirrored, boxes stand on the other side', async () => {
    const centre = () => page.locator('.overlay .face').first().evaluate((face) => {
      const stage = face.parentElement.getBoundingClientRect();
      const box = face.getBoundingClientRect();
      return (box.left + box.width / 2 - stage.left) / stage.width;
    });
    const frameCentre = () => page.evaluate(async () => {
      const [{ box }] = (await globalThis.t.next(globalThis.element, 'brow-look')).observations;
      return (box.x + box.width / 2) / 640;
    });
    assert.ok(Math.abs(await centre() - (1 - await frameCentre())) < 0.05);
    await page.evaluate(() => { globalThis.element.mirrored = false; });
    await page.waitForTimeout(500);
    assert.ok(Math.abs(await centre() - await frameCentre()) < 0.05);
    await page.evaluate(() => { globalThis.element.mirrored = true; });
  });

  test('moved within the page it goes on; two of them know the same people, and fetch nothing twice', async () => {
    const moved = await page.evaluate(async () => {
      const { t, element } = globalThis;
      const place = document.createElement('section');
      document.body.append(place);
      place.append(element);
      await t.pause(300);
      return { running: element.camera.running, paused: element.camera.video.paused, look: Boolean(await t.next(element, 'brow-look')) };
    });
    assert.deepEqual(moved, { running: true, paused: false, look: true });
    const second = await page.evaluate(async () => {
      const { t } = globalThis;
      const fetched = () => performance.getEntriesByType('resource').filter(({ name }) => /\.(wasm|onnx)$/.test(name)).length;
      const before = fetched();
      const second = globalThis.second = t.put();
      const matched = t.next(second, 'brow-match');
      await second.start();
      return { name: (await matched).person.name, more: fetched() - before };
    });
    assert.deepEqual(second, { name: 'Barack', more: 0 });
    assert.equal(page.workers().length, 2);
  });

  test('taken out it gives up camera and worker; put back it can start again', async () => {
    const out = await page.evaluate(async () => {
      const { t, element } = globalThis;
      const [track] = element.camera.stream.getTracks();
      const asked = t.refusal(() => element.verify('Joe'));
      await t.pause(200);
      element.remove();
      const { code } = await asked;
      await t.pause(300);
      return { code, track: track.readyState, state: element.snapshotState() };
    });
    assert.equal(out.code, 'AbortError');
    assert.equal(out.track, 'ended');
    assert.deepEqual([out.state.engine, out.state.running, out.state.faces, out.state.people], ['none', false, [], []]);
    await page.waitForFunction(() => true);
    assert.equal(page.workers().length, 1, 'the second element\u2019s worker goes on, the first one\u2019s ended');
    await page.evaluate(() => globalThis.second.remove());
    await page.waitForTimeout(300);
    assert.equal(page.workers().length, 0);
    const again = await page.evaluate(async () => {
      const { t, element } = globalThis;
      const matched = t.next(element, 'brow-match');
      document.body.append(element);
      await element.start();
      return (await matched).person.name;
    });
    assert.equal(again, 'Barack');
    const atOnce = await page.evaluate(async () => {
      const { t, element } = globalThis;
      const asked = t.refusal(() => element.verify('Joe'));
      element.remove();
      return (await asked).code;
    });
    assert.equal(atOnce, 'AbortError');
  });

  test('taken out while it loads, and put back at once or later, one worker is left', async () => {
    const count = await page.evaluate(async () => {
      const { t } = globalThis;
      globalThis.element.remove();
      const hasty = globalThis.hasty = t.put();
      hasty.start().catch(() => {});
      hasty.remove();
      await t.pause(1);
      document.body.append(hasty);
      // A known face may be named before all that start waits for is done.
      const matching = t.next(hasty, 'brow-match');
      const started = hasty.start();
      hasty.remove();
      document.body.append(hasty);
      await started;
      return (await matching).person.name;
    });
    assert.equal(count, 'Barack');
    assert.equal(page.workers().length, 1);
  });

  test('stopped while the camera starts it stays off, and the next start does not wait for the one that was stopped', async () => {
    const outcome = await page.evaluate(async () => {
      const { t, hasty } = globalThis;
      hasty.stop();
      const first = hasty.start();
      await t.pause(0);
      hasty.stop();
      await first;
      const { running } = hasty.camera;
      const second = hasty.start();
      await t.pause(0);
      hasty.stop();
      await Promise.all([hasty.start(), second]);
      return [running, hasty.camera.running];
    });
    assert.deepEqual(outcome, [false, true]);
  });

  test('the state can be copied, and no event or state ever held a template or a picture', async () => {
    const { strange, size, state } = await page.evaluate(() => {
      const strange = [];
      const walk = (value, path) => {
        if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) {
          if (typeof value === 'string' && value.length > 500) strange.push(`${path}: long`);
          return;
        }
        if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof Blob || typeof value !== 'object') strange.push(path);
        else for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
      };
      const state = structuredClone(globalThis.hasty.snapshotState());
      walk(globalThis.t.heard, 'events');
      walk(state, 'state');
      return { strange, size: JSON.stringify(state).length, state };
    });
    assert.deepEqual(strange, []);
    assert.ok(size < 4_000);
    assert.deepEqual(state.people.map(({ name }) => name).sort(), ['Barack', 'Joe']);
    assert.equal(state.options.mode, 'identify');
  });

  test('whoever is forgotten is unknown', async () => {
    const people = await page.evaluate(async () => {
      const { t, hasty } = globalThis;
      const unknown = t.next(hasty, 'brow-unknown');
      await hasty.forget('Barack');
      await unknown;
      const nobody = await t.refusal(() => hasty.forget('Barack'));
      return [hasty.snapshotState().people.map(({ name }) => name), nobody.code];
    });
    assert.deepEqual(people, [['Joe'], 'no_such_person']);
  });

  test('the page itself may fetch on, unless the element is told to seal it', async () => {
    const fetches = () => page.evaluate(() => fetch('/index.html').then(() => 'fetched', () => 'refused'));
    assert.equal(await fetches(), 'fetched');
    await page.evaluate(async () => {
      const sealed = globalThis.t.put({ seal: '' });
      await sealed.load();
    });
    assert.equal(await fetches(), 'refused');
    assert.equal(await page.workers().at(-1).evaluate((url) => fetch(url).then(() => 'fetched', () => 'refused'), visitor.server.url), 'refused');
  });
});

test('a camera that was mounted on its side: the picture is turned for the engine and for the eye', async () => {
  const page = await host({ clip: lyingClip('obama-2') });
  const { lying, upright, size } = await page.evaluate(async ([bytes]) => {
    const { t } = globalThis;
    const element = t.put({ mode: 'observe' });
    await element.load();
    await element.enrol({ name: 'Upright', consent: t.consent, photo: t.photo(bytes) });
    await element.start();
    await t.pause(3_000);
    const lying = element.observations.filter(({ quality }) => Math.abs(quality.roll) < 30).length;
    const matched = t.next(element, 'brow-match');
    element.rotation = 270;
    element.mode = 'identify';
    const { person } = await matched;
    const [face] = element.observations;
    const stage = element.shadowRoot.querySelector('.stage').getBoundingClientRect();
    const video = element.camera.video.getBoundingClientRect();
    return {
      lying,
      upright: { name: person.name, roll: Math.abs(face.quality.roll), top: face.box.y, bottom: face.box.y + face.box.height },
      size: { stage: stage.height / stage.width, same: Math.abs(stage.width - video.width) + Math.abs(stage.height - video.height) },
    };
  }, [bytesOf('obama-1')]);
  assert.equal(lying, 0);
  assert.equal(upright.name, 'Upright');
  assert.ok(upright.roll < 30 && upright.bottom <= 660, JSON.stringify(upright));
  assert.ok(Math.abs(size.stage - 4 / 3) < 0.01 && size.same < 2, JSON.stringify(size));
  // The face on the screen is where its frame is drawn: bright skin inside, and not the mirror image upside down.
  assert.equal(await page.locator('.overlay .face[data-kind="match"]').count(), 1);
});

test('the page gives it words, looks and parts of its own', async () => {
  const page = await host({ camera: 'ask' }, '<brow-recogniser id="own"><p slot="invite">Please look here</p><a slot="controls" href="#help">Help</a><p slot="footer">Room 4</p><p>Not upgraded</p></brow-recogniser>');
  const looks = await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('#own { --brow-card: rgb(1, 2, 3); --brow-radius: 7px } #own::part(button) { border-radius: 2px } #own::part(stage) { aspect-ratio: 16 / 9 }');
    document.adoptedStyleSheets = [sheet];
    const inside = document.querySelector('#own').shadowRoot;
    const style = (selector) => getComputedStyle(inside.querySelector(selector));
    return [style('.frame').backgroundColor, style('.frame').borderTopLeftRadius, style('.start').borderTopLeftRadius, style('.stage').aspectRatio];
  });
  assert.deepEqual(looks, ['rgb(1, 2, 3)', '7px', '2px', '16 / 9']);
  for (const words of ['Please look here', 'Help', 'Room 4']) assert.equal(await page.getByText(words).isVisible(), true, words);
  assert.equal(await page.getByText('Not upgraded').isVisible(), false);
  assert.equal(await page.getByText('The camera picture stays in this page').isVisible(), false);
});

test('a fault is told and shown with its remedy, unless the page says that it shows it', async () => {
  const page = await host({ camera: 'absent' });
  const { told, shown, refused, hidden } = await page.evaluate(async () => {
    const { t } = globalThis;
    const element = t.put();
    const fault = t.next(element, 'brow-fault');
    const refused = await t.refusal(() => element.start());
    const alert = element.shadowRoot.querySelector('[role=alert]');
    const shown = alert.textContent;
    element.addEventListener('brow-fault', (event) => event.preventDefault());
    await t.refusal(() => element.start());
    return { told: await fault, shown, refused, hidden: alert.textContent };
  });
  assert.equal(told.code, 'camera_absent');
  assert.equal(refused.code, 'camera_absent');
  assert.ok(shown.includes(told.message) && shown.includes(told.remedy));
  assert.equal(hidden, '');
});
