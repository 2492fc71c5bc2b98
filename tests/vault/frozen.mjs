/** How a database becomes text and a database again, and how a release enrols whom it holds: for freeze.mjs and for the tests that open what was written so. */
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * www/ with the engine in it, under names without hashes; whoever asks for it deletes it.
 * @param {string[]} [portraits] to be enrolled: they lie beside it, with the networks
 */
export function engineFolder(portraits = []) {
  const folder = mkdtempSync(join(tmpdir(), 'brow-frozen-'));
  cpSync(join(ROOT, 'www'), folder, { recursive: true });
  for (const file of ['brow.js', 'brow_bg.wasm']) cpSync(join(process.env.BROW_WASM_DIR ?? join(ROOT, 'target/web'), file), join(folder, 'worker', file));
  cpSync(join(ROOT, 'models/manifest.json'), join(folder, 'models/manifest.json'));
  if (portraits.length) cpSync(join(ROOT, 'models'), join(folder, 'models'), { recursive: true, filter: (from) => !from.includes('training') });
  for (const name of portraits) cpSync(join(ROOT, 'tests/data/portraits', `${name}.jpg`), join(folder, `${name}.jpg`));
  return folder;
}

export const PIN = 'correct horse battery';
export const PASSPHRASE = 'four random words here';

/** Inside the page, on `globalThis.t` beside pageHelpers. */
export function frozenHelpers() {
  const toText = (bytes) => {
    let text = '';
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return btoa(text);
  };
  const fromText = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const frozen = async (value) => {
    if (value instanceof CryptoKey) return { aes: toText(new Uint8Array(await crypto.subtle.exportKey('raw', value))) };
    if (value instanceof Uint8Array) return { b64: toText(value) };
    if (Array.isArray(value)) return Promise.all(value.map(frozen));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([name, part]) => [name, await frozen(part)])));
  };
  const thawed = async (value) => {
    if (value?.aes) return crypto.subtle.importKey('raw', fromText(value.aes), 'AES-GCM', false, ['encrypt', 'decrypt']);
    if (typeof value?.b64 === 'string') return fromText(value.b64);
    if (Array.isArray(value)) return Promise.all(value.map(thawed));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([name, part]) => [name, await thawed(part)])));
  };
  Object.assign(globalThis.t, {
    toText,
    fromText,
    /** Makes every key that is made from now on one that scripts can read. */
    readableKeys() {
      const { generateKey, importKey } = SubtleCrypto.prototype;
      SubtleCrypto.prototype.generateKey = function (how, _extractable, uses) {
        return generateKey.call(this, how, true, uses);
      };
      SubtleCrypto.prototype.importKey = function (format, key, how, extractable, uses) {
        return importKey.call(this, format, key, how, format === 'raw' && how === 'AES-GCM' ? true : extractable, uses);
      };
    },
    /** The engine without its networks: enough to turn templates. */
    async engine() {
      const { Engine } = await this.module();
      return new Engine(await (await fetch('/models/manifest.json')).text());
    },
    /** The engine with its networks, for a site that has them. */
    async wholeEngine() {
      const engine = await this.engine();
      for (const { role, file } of engine.models()) {
        const bytes = new Uint8Array(await (await fetch(`/models/${file}`)).arrayBuffer());
        engine.addModel(role, bytes, new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
      }
      return engine;
    },
    /** The face of a portrait of the site, as the engine takes it, with references as the page stores them. */
    async enrolled(engine, portrait) {
      const bitmap = await createImageBitmap(await (await fetch(`/${portrait}.jpg`)).blob());
      const { width, height } = bitmap;
      const context = new OffscreenCanvas(width, height).getContext('2d');
      context.drawImage(bitmap, 0, 0);
      const face = engine.enrolPhoto(new Uint8Array(context.getImageData(0, 0, width, height).data), width, height);
      const references = face.templates.map((template) => {
        const { mask, quality, models: { periocular, full } } = engine.templateInfo(template);
        return { template, source: 'photo', mask: mask.state, quality, models: full ? { periocular, full } : { periocular }, time: 1.7e12 };
      });
      return { best: face.best, references };
    },
    /** A database as JSON. */
    async dump(name) {
      const db = await done(indexedDB.open(name));
      const stores = {};
      for (const store of db.objectStoreNames) {
        const { keyPath } = db.transaction(store).objectStore(store);
        const keys = await done(db.transaction(store).objectStore(store).getAllKeys());
        const values = await done(db.transaction(store).objectStore(store).getAll());
        stores[store] = { keyPath, rows: await Promise.all(keys.map(async (key, i) => [key, await frozen(values[i])])) };
      }
      const { version } = db;
      db.close();
      return { version, stores };
    },
    /** Makes the database that the JSON tells of. */
    async restore(name, { version, stores }) {
      const rows = await Promise.all(Object.entries(stores).map(async ([store, { keyPath, rows: all }]) => ({ store, keyPath, rows: await Promise.all(all.map(async ([key, value]) => [key, await thawed(value)])) })));
      const opening = indexedDB.open(name, version);
      opening.onupgradeneeded = () => {
        for (const { store, keyPath, rows: all } of rows) {
          const made = opening.result.createObjectStore(store, keyPath ? { keyPath } : {});
          for (const [key, value] of all) made.put(value, ...(keyPath ? [] : [key]));
        }
      };
      (await done(opening)).close();
    },
    /** What a store holds, as a person would tell it. */
    async pictured(store) {
      const digest = async (bytes) => toText(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
      const { people, damaged } = await store.people();
      const { entries } = await store.logEntries();
      return {
        people: await Promise.all(people.map(async ({ references, picture, ...person }) => ({
          ...person, picture: picture && (await digest(picture)),
          references: await Promise.all(references.map(async ({ template, ...reference }) => ({ ...reference, template: await digest(template) }))),
        }))),
        damaged, guests: await store.guests(), settings: await store.settings(), log: (await store.verifyLog()).ok, events: entries.map(({ event }) => event).reverse(),
      };
    },
  });
}
