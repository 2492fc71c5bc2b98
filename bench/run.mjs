/**
 * `make bench`, or `node bench/run.mjs [--json FILE] [--release] [--model NAME] [--rounds 60] [--no-rten | --alone]
 * [--int8 FOLDER]`: every network in models/ in both builds of this runtime, in onnxruntime-web and in rten, in turn, in one
 * run of headless Chromium, one thread, and the answers of all compared with the goldens. `--rounds 0` only compares.
 *
 * `--int8` names a folder of networks of bytes (models/training/quantise.py), NAME.onnx for each, and of networks of floats,
 * NAME.float.onnx: the lines of both then stand beside each other, and beside those of models/NAME.onnx, which may be of either. What has
 * no golden is held to onnxruntime-web.
 *
 * `--release` writes what bench.html shows beside a visitor's own figures: www/pages/bench/release.js.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { startServer } from '../tools/serve.mjs';
import { findChromium, root } from '../tools/setup.mjs';
import { compile } from './compile.mjs';
import { OPEN_DIMS } from './page.mjs';

const here = join(root, 'bench');
const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    release: { type: 'boolean', default: false },
    model: { type: 'string' },
    rounds: { type: 'string', default: '60' },
    'no-rten': { type: 'boolean', default: false },
    alone: { type: 'boolean', default: false },
    int8: { type: 'string' },
  },
});
const ort = join(here, 'node_modules/onnxruntime-web');

async function gather() {
  const folder = mkdtempSync(join(tmpdir(), 'brow-bench-'));
  const put = (from, to) => copyFileSync(from, join(folder, to ?? basename(from)));
  // First the build that most browsers take, then that for the others.
  const runtimes = [{ name: 'brow', file: 'brow.wasm' }, { name: 'brow-plain', file: 'brow-plain.wasm' }];
  put(await compile('wasm', { relaxed: true }), 'brow.wasm');
  put(await compile('wasm', { relaxed: false }), 'brow-plain.wasm');
  if (!options.alone) {
    put(join(ort, 'dist/ort.wasm.min.mjs'), 'ort.js');
    put(join(ort, 'dist/ort-wasm-simd-threaded.mjs'), 'ort-glue.js');
    put(join(ort, 'dist/ort-wasm-simd-threaded.wasm'), 'ort.wasm');
    runtimes.push({ name: 'onnxruntime-web', file: 'ort.wasm' });
  }
  if (!options.alone && !options['no-rten']) {
    put(await compile('rten', { relaxed: false }), 'rten.wasm');
    runtimes.push({ name: 'rten', file: 'rten.wasm' });
  }
  put(join(here, 'page.mjs'), 'page.js');
  writeFileSync(join(folder, 'index.html'), '<!doctype html><meta charset="utf-8"><title>bench</title>');
  // Isolation gives timers of 5 us.
  writeFileSync(join(folder, '_headers'), '/*\n  Cross-Origin-Opener-Policy: same-origin\n  Cross-Origin-Embedder-Policy: require-corp\n');
  mkdirSync(join(folder, 'models'));
  const golden = join(root, 'tests/data/golden');
  const wanted = (name) => name.endsWith('.onnx') && (!options.model || name.includes(options.model));
  const stem = (name) => name.replace(/\.onnx$/, '');
  const models = readdirSync(join(root, 'models')).filter(wanted).map((name) => ({ name: stem(name), float: false, int8: false }));
  for (const model of models) {
    const { name } = model;
    if (!existsSync(join(golden, `${name}.json`))) throw new Error(`${name} has no golden: run models/training/goldens.py`);
    put(join(golden, `${name}.json`), join('models', `${name}.json`));
    // Only a network of bytes has a step from one to the next.
    model.int8 = 'step' in JSON.parse(readFileSync(join(golden, `${name}.json`), 'utf8'));
    model.float = !model.int8;
    put(join(root, 'models', `${name}.onnx`), join('models', `${name}${model.int8 ? '.int8' : ''}.onnx`));
    put(join(golden, `${name}.bin`), join('models', `${name}.bin`));
  }
  for (const file of options.int8 ? readdirSync(options.int8).filter(wanted) : []) {
    const float = file.endsWith('.float.onnx');
    const name = float ? stem(file).replace(/\.float$/, '') : stem(file);
    let model = models.find((known) => known.name === name);
    if (!model) models.push((model = { name, float: false, int8: false }));
    put(join(options.int8, file), join('models', `${name}${float ? '' : '.int8'}.onnx`));
    model[float ? 'float' : 'int8'] = true;
  }
  for (const runtime of runtimes) {
    const bytes = readFileSync(join(folder, runtime.file));
    runtime.bytes = bytes.length;
    runtime.gzip = gzipSync(bytes, { level: 9 }).length;
  }
  return { folder, runtimes, models };
}

function version(path) {
  return JSON.parse(readFileSync(path, 'utf8')).version;
}

const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

async function main() {
  if (!options.alone && !existsSync(ort)) execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: here, stdio: 'inherit' });
  const { folder, runtimes, models } = await gather();
  const server = await startServer({ folder });
  const browser = await chromium.launch({ executablePath: findChromium(), args: ['--headless', '--no-sandbox', '--disable-gpu'] });
  const results = [];
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(String(error)));
    for (const model of models) {
      await page.goto(server.url);
      const measured = await page.evaluate(async ({ model, names, rounds }) => {
        const { measure } = await import('/page.js');
        return measure(model, names, rounds);
      }, { model, names: runtimes.map((r) => r.name), rounds: Number(options.rounds) });
      results.push({ model: model.name, measured });
    }
    report(results, runtimes, browser.version());
  } finally {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true });
  }
  // Nothing is promised of rten's bytes, and without onnxruntime-web a network that is not shipped has nothing to be held to.
  const wrong = (m) => (m.error ? m.name !== 'rten int8' : m.allowed !== null && !(m.difference <= m.allowed));
  if (results.some(({ measured }) => measured.some(wrong))) {
    console.error('A runtime answers otherwise than the goldens, or than onnxruntime-web where there are none: see the last column.');
    process.exitCode = 1;
  }
}

function report(results, runtimes, browserVersion) {
  const about = {
    commit: git('describe', '--always', '--dirty'),
    time: new Date().toISOString(),
    processor: cpus()[0].model,
    browser: `Chromium ${browserVersion}`,
    onnxruntimeWeb: options.alone ? null : version(join(ort, 'package.json')),
    runtimes,
    results,
  };
  console.log(`commit ${about.commit}, ${about.browser}, one thread, ${about.processor}, onnxruntime-web ${about.onnxruntimeWeb ?? 'not run'}`);
  const row = (...cells) => console.log(cells.map((c, i) => (i < 2 ? String(c).padEnd(i ? 22 : 24) : String(c).padStart(9))).join(' '));
  row('network', 'runtime', 'min ms', 'median ms', 'ratio', 'load ms', 'off by');
  for (const { model, measured } of results) {
    const ours = measured[0];
    for (const m of measured) {
      row(model, m.name, m.min?.toFixed(2) ?? '-', m.median?.toFixed(2) ?? '-', m.min ? (ours.min / m.min).toFixed(2) : '-', m.load?.toFixed(0) ?? '-', m.error ?? m.difference.toExponential(0));
    }
  }
  console.log('ratio: the least time of brow over that of the runtime; below 1 brow is the faster one');
  for (const { name, bytes, gzip } of runtimes) console.log(`${name}: module ${(bytes / 1e6).toFixed(2)} MB, gzip ${(gzip / 1e6).toFixed(3)} MB`);
  if (options.release) writeFileSync(join(root, 'www/pages/bench/release.js'), releaseModule(about));
  if (options.json) writeFileSync(options.json, `${JSON.stringify(about, null, 1)}\n`);
}

/** The figures of the release as a module, so that the page has them under the integrity of all its modules. @param {any} about */
function releaseModule({ time, browser, processor, onnxruntimeWeb, runtimes, results }) {
  if (!onnxruntimeWeb || options.model) throw new Error('--release wants every network, in onnxruntime-web too');
  const round = (/** @type {number} */ value, digits = 2) => Number(value.toFixed(digits));
  const networks = results.map(({ model, measured }) => {
    const about = JSON.parse(readFileSync(join(root, 'tests/data/golden', `${model}.json`), 'utf8'));
    const bytes = 'step' in about;
    const least = (/** @type {string} */ runtime) => round(measured.find(({ name }) => name === `${runtime}${bytes ? ' int8' : ''}`).min);
    const [, , height, width] = about.open ? OPEN_DIMS : about.input;
    return { name: model, input: [width, height], bytes, brow: least('brow'), plain: least('brow-plain'), onnxruntimeWeb: least('onnxruntime-web') };
  });
  networks.sort((a, b) => b.brow - a.brow);
  const gzip = (/** @type {string} */ name) => round(runtimes.find((runtime) => runtime.name === name).gzip / 1e6, 3);
  const release = {
    time: time.slice(0, 10), browser: browser.replace(/\..*/, ''), processor, onnxruntimeWeb, networks,
    megabytes: { brow: gzip('brow'), plain: gzip('brow-plain'), onnxruntimeWeb: gzip('onnxruntime-web') },
  };
  return `/** What \`node bench/run.mjs --release\` measured: the one home of these figures, written by it alone. Least milliseconds, one thread; megabytes gzip. */
export default ${JSON.stringify(release, null, 2)};
`;
}

await main();
