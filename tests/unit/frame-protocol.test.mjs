import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { withFrameOrigins } from '../../tools/frame-origins.mjs';
import { parseHeaders } from '../../tools/serve.mjs';
import { Pace, readOrigins, readRequest } from '../../www/frame/protocol.js';

const consent = { text: 'You may know my face.', version: '1', language: 'en' };
const why = (data) => readRequest(data).refusal;

test('every request that the documentation names is understood', () => {
  for (const op of ['hello', 'start', 'stop', 'cancel', 'state']) assert.deepEqual(readRequest({ brow: 1, id: 7, op }), { request: { id: 7, op, fields: {} } });
  assert.deepEqual(readRequest({ brow: 1, id: 'a', op: 'set', options: { mode: 'verify', rotation: 90, mirrored: false, targetFmr: null } }).request.fields, { options: { mode: 'verify', rotation: 90, mirrored: false, targetFmr: null } });
  assert.deepEqual(readRequest({ brow: 1, id: 1, op: 'enrol', name: 'Ada', consent, mask: 'masked' }).request.fields.consent, consent);
  assert.equal(readRequest({ brow: 1, id: 1, op: 'verify' }).request.op, 'verify');
});

test('another version is refused, whatever else is in it', () => {
  for (const brow of [0, 2, '1', null, undefined, 1.5, NaN]) assert.equal(why({ brow, id: 1, op: 'start' }), 'version', String(brow));
});

test('an operation that there is not is refused, names of every object\u2019s own included', () => {
  for (const op of ['', 'eval', 'constructor', 'toString', '__proto__', 'hasOwnProperty', 'client', 7, null, ['start'], { toString: 'start' }]) assert.equal(why({ brow: 1, id: 1, op }), 'op', JSON.stringify(op));
});

test('what has not the shape of a request is malformed', () => {
  const own = (key, value, rest) => Object.defineProperty(rest, key, { value, enumerable: true });
  for (const data of [
    undefined, null, 1, 'start', [], new Map(), new Date(0), Object.create({ brow: 1, id: 1, op: 'start' }), { id: 1, op: 'start' },
    { brow: 1, op: 'start' }, { brow: 1, id: {}, op: 'start' }, { brow: 1, id: 1.5, op: 'start' }, { brow: 1, id: 'x'.repeat(65), op: 'start' },
    { brow: 1, id: 1, op: 'start', more: 1 }, own('__proto__', { admin: true }, { brow: 1, id: 1, op: 'start' }),
    { brow: 1, id: 1, op: 'set' }, { brow: 1, id: 1, op: 'set', options: [] }, { brow: 1, id: 1, op: 'set', options: { store: 'brow' } }, { brow: 1, id: 1, op: 'set', options: { innerHTML: '<b>' } },
    { brow: 1, id: 1, op: 'set', options: own('__proto__', {}, {}) }, { brow: 1, id: 1, op: 'set', options: { mode: {} } },
    { brow: 1, id: 1, op: 'enrol', name: 'Ada' }, { brow: 1, id: 1, op: 'enrol', consent }, { brow: 1, id: 1, op: 'enrol', name: 'Ada', consent: { text: 'yes', version: '1' } },
    { brow: 1, id: 1, op: 'enrol', name: 'Ada', consent, keepPicture: true }, { brow: 1, id: 1, op: 'forget' }, { brow: 1, id: 1, op: 'forget', person: ['a'] },
    { brow: 1, id: 1, op: 'verify', person: new Uint8Array(8) },
  ]) assert.equal(why(data), 'malformed', JSON.stringify(data));
});

test('what is too long is refused as huge', () => {
  assert.equal(why({ brow: 1, id: 1, op: 'forget', person: 'x'.repeat(201) }), 'huge');
  assert.equal(why({ brow: 1, id: 1, op: 'enrol', name: 'Ada', consent: { ...consent, text: 'x'.repeat(4_001) } }), 'huge');
  assert.equal(why({ brow: 1, id: 1, op: 'set', options: { person: 'x'.repeat(1e6) } }), 'huge');
  assert.equal(why({ brow: 1, id: 1, op: 'enrol', name: 'Ada', consent, addTo: 'x'.repeat(65) }), 'huge');
});

test('a burst is let through, a flood is not, and after a while it goes on', () => {
  const pace = new Pace();
  const through = Array.from({ length: 200 }, () => pace.take(1_000)).filter(Boolean).length;
  assert.equal(through, 40);
  assert.equal(pace.take(1_010), false);
  assert.equal(pace.take(1_200), true);
});

test('a list of origins holds origins and nothing else', () => {
  assert.deepEqual(readOrigins(' https://a.example, http://127.0.0.1:8081/ '), ['https://a.example', 'http://127.0.0.1:8081']);
  assert.deepEqual(readOrigins(''), []);
  for (const wrong of ['*', 'https://*.example', 'a.example', 'https://a.example/path', 'data:text/html,x', 'https://a.example;script-src']) assert.throws(() => readOrigins(wrong), TypeError, wrong);
});

const text = (name) => readFileSync(new URL(`../../www/${name}`, import.meta.url), 'utf8');
/** The headers that a path gets. */
function headersOf(headers, path) {
  const found = new Map();
  for (const rule of parseHeaders(headers)) {
    if (rule.matches(path)) for (const [name, value] of rule.headers) value === null ? found.delete(name) : found.set(name, value);
  }
  return found;
}

test('without a list nobody may embed anything', () => {
  const { page, headers } = withFrameOrigins({ page: text('frame.html'), headers: text('_headers') }, '');
  assert.match(page, /name="brow-origins" content=""/);
  for (const path of ['/', '/frame.html']) {
    assert.match(headersOf(headers, path).get('Content-Security-Policy'), /frame-ancestors 'none'/);
    assert.equal(headersOf(headers, path).get('X-Frame-Options'), 'DENY');
  }
});

test('the list opens frame.html to those origins, and no other page; given anew it replaces the old one', () => {
  const once = withFrameOrigins({ page: text('frame.html'), headers: text('_headers') }, 'https://old.example');
  const { page, headers } = withFrameOrigins(once, 'https://a.example http://127.0.0.1:9');
  assert.match(page, /name="brow-origins" content="https:\/\/a\.example http:\/\/127\.0\.0\.1:9"/);
  const framed = headersOf(headers, '/frame.html');
  assert.match(framed.get('Content-Security-Policy'), /frame-ancestors https:\/\/a\.example http:\/\/127\.0\.0\.1:9;/);
  assert.equal(framed.has('X-Frame-Options'), false);
  assert.match(headersOf(headers, '/').get('Content-Security-Policy'), /frame-ancestors 'none'/);
  assert.doesNotMatch(headers, /old\.example/);
  const rest = (policy) => policy.replace(/frame-ancestors [^;]+/, '');
  assert.equal(rest(framed.get('Content-Security-Policy')), rest(headersOf(headers, '/').get('Content-Security-Policy')));
});
