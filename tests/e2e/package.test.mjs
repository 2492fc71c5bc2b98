/** The npm package, as others use it: from a plain folder, under a strict policy, built with Vite, and from TypeScript. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { buildViteSample, laySample } from '../../tools/samples.mjs';
import { NAME, folder } from '../../tools/package.mjs';
import { ROOT, portraitClip, seen } from './browser.mjs';
import { arriveWithPackage } from './package-visitor.mjs';

const { visitor, serve } = await arriveWithPackage();

/** Opens a sample with somebody before the camera; what the policy refused is counted. */
async function open(url) {
  await visitor.leave(); // The page before may still complain, of an icon that nobody serves for one.
  visitor.complaints.length = 0;
  return visitor.visit({
    url,
    clip: portraitClip('obama-1'),
    wait: false,
    prepare: (page) => page.addInitScript(() => {
      globalThis.violations = [];
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => globalThis.violations.push(`${violatedDirective} ${blockedURI}`));
    }),
  });
}

/** A visitor starts the camera, enrols and is named. */
async function enrolAndBeNamed(page) {
  await page.getByRole('button', { name: 'Start the camera' }).click();
  await seen(page, 'Face in view');
  await page.getByLabel('Name', { exact: true }).fill('Ada');
  await page.getByLabel('This browser may keep').check();
  await page.getByRole('button', { name: 'Enrol me' }).click();
  await page.locator('#log li', { hasText: 'match: Ada' }).waitFor({ timeout: 90_000 });
}

test('the tarball holds the element, the worker, the networks, types, the licence and words on it, and nothing of the site', () => {
  const tarball = readdirSync(join(folder, '..')).find((name) => name.endsWith('.tgz'));
  const files = execFileSync('tar', ['-tzf', join(folder, '..', tarball)], { encoding: 'utf8' }).trim().split('\n').filter((name) => !name.endsWith('/')).map((name) => name.slice(NAME.length + 1));
  for (const wanted of ['element.js', 'messages.js', 'frame-host.js', 'worker/worker.js', 'worker/brow_bg.wasm', 'worker/brow_bg_relaxed.wasm', 'models/manifest.json', 'types/element/brow-recogniser.d.ts', 'LICENSE', 'README.md', 'package.json']) assert.ok(files.includes(wanted), wanted);
  assert.ok(files.filter((name) => name.endsWith('.onnx')).length >= 4);
  for (const name of files) assert.doesNotMatch(name, /\.html$|pages\/|ui\/vault|self-test|prove|bench/, name);
  const { exports, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  assert.equal(license, 'Apache-2.0');
  for (const entry of Object.values(exports)) for (const path of Object.values(typeof entry === 'string' ? { entry } : entry)) assert.ok(files.includes(path.slice(2)), path);
  // Every module that a module of the package asks for is in it.
  for (const name of files.filter((file) => file.endsWith('.js') && file !== 'worker/worker.js')) {
    for (const [, other] of readFileSync(join(folder, name), 'utf8').matchAll(/^(?:import|export) .*?from '(\.{1,2}\/[^']+)'/gm)) assert.ok(files.includes(posix.join(posix.dirname(name), other)), `${name} imports ${other}`);
  }
});

/** The lines of code in the documentation's part on the element, block by block, with the version put in. */
function documented() {
  const part = readFileSync(join(ROOT, 'docs/EMBEDDING.md'), 'utf8').split(/^#{2,3} /m).find((section) => section.startsWith('The element\n'));
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return part.match(/(?:^ {4}.*\n)+/gm).map((block) => block.replace(/^ {4}/gm, '').replaceAll('VERSION', version).trim());
}

/** An empty folder with nothing but the archive in it. */
function withArchive(t) {
  const where = mkdtempSync(join(tmpdir(), 'brow-reader-'));
  t.after(() => rmSync(where, { recursive: true, force: true }));
  const tarball = readdirSync(join(folder, '..')).find((name) => name.endsWith('.tgz'));
  cpSync(join(folder, '..', tarball), join(where, tarball));
  return where;
}

/** The element of a page is loaded, or says why not. */
const engineOf = (page) => page.waitForFunction(() => {
  const element = document.querySelector('brow-recogniser');
  if (!element?.snapshotState) return null;
  if (element.snapshotState().engine === 'none') element.load().catch(() => {});
  const { engine, fault } = element.snapshotState();
  return engine === 'ready' || engine === 'failed' ? { engine, code: fault?.code ?? null } : null;
}, undefined, { polling: 300, timeout: 120_000 }).then((handle) => handle.jsonValue());

test('whoever follows the documentation to the letter from an empty folder has the element: a plain folder', async (t) => {
  const where = withArchive(t);
  const blocks = documented();
  execFileSync('sh', ['-ec', blocks.find((block) => block.startsWith('tar '))], { cwd: where });
  writeFileSync(join(where, 'index.html'), `<!doctype html><title>A reader</title>${blocks.find((block) => block.startsWith('<script'))}`);
  const page = await open(await serve(where, { plain: true }));
  assert.deepEqual(await engineOf(page), { engine: 'ready', code: null });
});

test('and with Vite, built without any configuration; its development server says what to set', async (t) => {
  const where = withArchive(t);
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) cpSync(join(ROOT, 'samples/vite', name), join(where, name));
  const npm = (line) => spawnSync('sh', ['-ec', line], { cwd: where, encoding: 'utf8', timeout: 240_000 });
  if (npm('npm ci --no-audit --no-fund').status !== 0) return t.skip('SKIPPED: Vite can not be installed here');
  const blocks = documented();
  const installed = npm(`${blocks.find((block) => block.startsWith('npm install'))} --offline --no-audit --no-fund`);
  assert.equal(installed.status, 0, installed.stderr);
  writeFileSync(join(where, 'index.html'), '<!doctype html><title>A reader</title><brow-recogniser></brow-recogniser><script type="module" src="/main.js"></script>');
  writeFileSync(join(where, 'main.js'), blocks.find((block) => block.startsWith('import ')));
  const vite = join(where, 'node_modules/vite/bin/vite.js');
  execFileSync(process.execPath, [vite, 'build'], { cwd: where, stdio: 'ignore' });
  assert.deepEqual(await engineOf(await open(await serve(join(where, 'dist'), { plain: true }))), { engine: 'ready', code: null });
  const server = spawn(process.execPath, [vite, '--host', '127.0.0.1', '--port', '5198', '--strictPort'], { cwd: where, stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => server.kill());
  await new Promise((resolve) => server.stdout.on('data', (words) => { if (/5198/.test(String(words))) resolve(); }));
  const page = await open('http://127.0.0.1:5198');
  assert.deepEqual(await engineOf(page), { engine: 'failed', code: 'bundler_moved' });
  assert.match(await page.locator('brow-recogniser [data-code="bundler_moved"]').innerText(), /optimizeDeps: \{ exclude: \['brow-recogniser'\] \}/);
});

test('from a plain folder, on a host that sends no headers', async () => {
  const page = await open(await serve(laySample('static'), { plain: true }));
  await enrolAndBeNamed(page);
  assert.equal(await page.evaluate(() => fetch('index.html').then(({ status }) => status, () => 'refused')), 200, 'the page\u2019s own fetches go on');
  assert.deepEqual(visitor.complaints, []);
});

test('under a strict policy, without one refusal', async () => {
  const url = await serve(laySample('strict-csp'));
  const page = await open(url);
  const policy = (await (await fetch(url)).headers).get('content-security-policy');
  assert.match(policy, /default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' blob:;/);
  await enrolAndBeNamed(page);
  assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
  assert.deepEqual(visitor.complaints, []);
});

test('where the policy lets no worker start, the fault says so', async () => {
  const where = laySample('strict-csp');
  const headers = readFileSync(join(where, '_headers'), 'utf8');
  writeFileSync(join(where, '_headers'), headers.replace("worker-src 'self'", "worker-src 'none'"));
  const page = await open(await serve(where));
  await page.getByRole('button', { name: 'Start the camera' }).click();
  await page.locator('[data-code="worker_refused"]').waitFor();
});

test('built with Vite', async (t) => {
  const where = buildViteSample('vite');
  if (!where) return t.skip('SKIPPED: Vite can not be installed here');
  const page = await open(await serve(where));
  await enrolAndBeNamed(page);
  assert.deepEqual(visitor.complaints, []);
});

test('its types say what may be written and what may not', () => {
  const where = mkdtempSync(join(tmpdir(), 'brow-types-'));
  try {
    mkdirSync(join(where, 'node_modules'));
    symlinkSync(folder, join(where, 'node_modules', NAME));
    cpSync(join(ROOT, 'tests/types/consumer.ts'), join(where, 'consumer.ts'));
    const compile = (...options) => spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom,dom.iterable', '--module', 'esnext', ...options, 'consumer.ts'], { cwd: where, encoding: 'utf8' });
    for (const options of [['--moduleResolution', 'bundler'], ['--module', 'nodenext', '--moduleResolution', 'nodenext']]) {
      const { status, stdout } = compile(...options);
      assert.equal(status, 0, stdout);
    }
  } finally {
    rmSync(where, { recursive: true, force: true });
  }
});
