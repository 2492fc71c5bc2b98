import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { withFrameOrigins } from '../../tools/frame-origins.mjs';
import { HOSTS, headersForAll, rules } from '../../tools/hosts.mjs';

const headers = headersForAll(readFileSync(new URL('../../www/_headers', import.meta.url), 'utf8'));
const policy = new Map(
  Object.fromEntries(headers)['Content-Security-Policy'].split(';').map((part) => {
    const [name, ...values] = part.trim().split(/\s+/);
    return [name, values];
  }),
);

test('the policy allows the own origin and nothing else', () => {
  assert.deepEqual(policy.get('default-src'), ["'none'"]);
  for (const [directive, values] of policy) {
    if (!directive.endsWith('-src')) continue;
    // A picture whose bytes are its own address asks nobody; a script, worker or connection of that kind would still run or carry.
    const allowed = ["'none'", "'self'", 'blob:', "'wasm-unsafe-eval'", ...(directive === 'img-src' ? ['data:'] : [])];
    for (const value of values) assert.ok(allowed.includes(value), `${directive} ${value}`);
  }
  assert.deepEqual(policy.get('script-src'), ["'self'", "'wasm-unsafe-eval'"]);
  assert.deepEqual(policy.get('connect-src'), ["'self'"]);
});

test('forms, bases and frames are forbidden, and scripts need a trusted type', () => {
  for (const directive of ['form-action', 'base-uri', 'frame-ancestors']) assert.deepEqual(policy.get(directive), ["'none'"], directive);
  assert.deepEqual(policy.get('require-trusted-types-for'), ["'script'"]);
  assert.deepEqual(policy.get('trusted-types'), ['brow']);
  assert.equal(policy.get('sandbox').includes('allow-popups'), false);
});

test('the camera is the only device that is allowed', () => {
  const permissions = Object.fromEntries(headers)['Permissions-Policy'].split(', ').map((part) => part.split('='));
  assert.deepEqual(permissions.filter(([, value]) => value !== '()').map(([name]) => name).sort(), ['camera', 'screen-wake-lock']);
  assert.ok(permissions.some(([name]) => name === 'microphone'));
});

const www = (name) => readFileSync(new URL(`../../www/${name}`, import.meta.url), 'utf8');
const embeddable = rules(withFrameOrigins({ page: www('frame.html'), headers: www('_headers') }, 'https://shop.example').headers);

test('every host is told every header of every path, quoted so that nothing ends early', () => {
  const said = {
    nginx: (name, value, text) => text.includes(`add_header ${name} "${value}" always;`),
    apache: (name, value, text) => text.includes(`Header always set ${name} "${value}"`),
    caddy: (name, value, text) => text.includes(`\t${name} "${value}"`),
    vercel: (name, value, text) => JSON.parse(text).headers.some((entry) => entry.headers.some((header) => header.key === name && header.value === value)),
    firebase: (name, value, text) => JSON.parse(text).hosting.headers.some((entry) => entry.headers.some((header) => header.key === name && header.value === value)),
  };
  assert.ok(headers.length >= 10);
  assert.deepEqual(embeddable.map((rule) => rule.path), ['/*', '/assets/*', '/sw.js', '/frame.html']);
  for (const [host, write] of Object.entries(HOSTS)) {
    const text = write(embeddable);
    for (const rule of embeddable) for (const [name, value] of rule.headers) assert.ok(said[host](name, value, text), `${host}: ${rule.path} ${name}`);
  }
});

test('a page that others may embed keeps the rest of the policy and loses what would forbid it', () => {
  const frame = embeddable.find((rule) => rule.path === '/frame.html');
  const names = frame.headers.map(([name]) => name);
  assert.ok(!names.includes('X-Frame-Options') && names.includes('Permissions-Policy') && names.filter((name) => name === 'Content-Security-Policy').length === 1);
  assert.ok(frame.headers.some(([, value]) => value.includes('frame-ancestors https://shop.example;')));
  assert.match(HOSTS.nginx(embeddable), /location = \/frame\.html \{(?:(?!\})[^])*frame-ancestors https:\/\/shop\.example/);
  assert.match(HOSTS.apache(embeddable), /<If "%\{REQUEST_URI\} == '\/frame\.html'">\n\tHeader always unset X-Frame-Options/);
  const everywhere = new RegExp(`^${JSON.parse(HOSTS.vercel(embeddable)).headers[0].source}$`);
  assert.deepEqual(['/', '/index.html', '/frame.html', '/assets/a.js', '/sw.js'].map((path) => everywhere.test(path)), [true, true, false, false, false]);
});
