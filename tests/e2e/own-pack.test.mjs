/** Somebody with an ONNX embedder and a folder of people follows docs/PACKS.md to the letter, and meets every wall on the way. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT, Visitor, portrait } from './browser.mjs';
import { buildWith } from './built.mjs';

const temporary = mkdtempSync(join(tmpdir(), 'brow-own-pack-'));
after(() => rmSync(temporary, { recursive: true, force: true }));
const network = join(temporary, 'tiny.onnx');
const pack = join(temporary, 'pack');
const people = join(temporary, 'people');
const others = join(temporary, 'others');

/** CRC-32 as zlib has it: people with an even one calibrate. @param {string} name */
function crc32(name) {
  let crc = -1;
  for (const byte of Buffer.from(name)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ -1) >>> 0;
}

const isEven = (/** @type {string} */ name) => crc32(name) % 2 === 0;
const HALVES = { calibrate: 18, report: 4 };
/** Four give each cell the 100 comparisons of one person's pictures that misses need. */
const PICTURES = 4;

const names = Array.from({ length: 200 }, (_, index) => `person-${index}`);
const chosen = [...names.filter(isEven).slice(0, HALVES.calibrate), ...names.filter((name) => !isEven(name)).slice(0, HALVES.report)];

/** People drawn from three portraits, bare and masked, each picture turned, coloured and lit in its own way: they are nobody, but enough of them. */
function drawPeople() {
  const drawn = [['obama-1', 'biden', 'astronaut'], ['obama-1-masked', 'biden-masked', 'astronaut-sunglasses-masked']];
  for (const [kind, bases] of drawn.entries()) for (const [which, base] of bases.entries()) {
    const mine = chosen.filter((_, index) => index % bases.length === which);
    const change = "scale=360:-2,rotate='0.12*sin(2*n)':fillcolor=gray,hue=h='25*sin(3*n)':s='1+0.4*sin(5*n)':b='0.6*sin(7*n)'";
    execFileSync('ffmpeg', ['-v', 'error', '-loop', '1', '-i', portrait(base), '-vf', change, '-frames:v', String(mine.length * PICTURES), '-q:v', '2', join(temporary, 'drawn-%d.jpg')]);
    for (const [index, name] of mine.entries()) for (let picture = 0; picture < PICTURES; picture++) {
      const folder = join(isEven(name) ? people : others, name);
      mkdirSync(folder, { recursive: true });
      renameSync(join(temporary, `drawn-${index * PICTURES + picture + 1}.jpg`), join(folder, `${kind}-${picture}.jpg`));
    }
  }
}

/** The guide's commands, in its order, with this test's files in the place of its reader's. */
const guide = readFileSync(join(ROOT, 'docs/PACKS.md'), 'utf8').match(/^ {4}make .+$/gm).map((line) => line.trim()
  .replaceAll('your.onnx', network).replaceAll('packs/yours', pack).replaceAll('people/', people).replaceAll('others/', others));
const step = (/** @type {string} */ name) => guide.find((line) => line.startsWith(`make ${name} `));

/** Runs a command of the guide; what it said. @param {string} command @param {string} [more] */
function follow(command, more = '') {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', `${command} PROFILE=dev ${more}`], { cwd: ROOT, encoding: 'utf8' });
  return { done: status === 0, said: `${stdout}${stderr}`.replace(/\s+/g, ' ') };
}

/** @param {{done: boolean, said: string}} outcome @param {RegExp} words */
function refused({ done, said }, words) {
  assert.ok(!done, said);
  assert.match(said, words);
  assert.match(said, /docs\/PACKS\.md|--checked no/, 'it says where to read on');
}

before(() => {
  cpSync(join(ROOT, 'tests/data/packs/tiny.onnx'), network);
  drawPeople();
});

test('the guide has its four commands', () => {
  assert.deepEqual(guide.map((line) => line.split(' ')[1]), ['pack', 'calibrate', 'evaluate', 'build']);
});

test('a size, a channel order or an operator that does not fit is refused before anything else, and what to say instead is said', () => {
  refused(follow(step('pack'), 'FLAGS="--size 96x112"'), /axis 3 of the input is 112 in the file, 96 was asked for.*--size/);
  refused(follow(step('pack'), 'FLAGS="--channels bgr"'), /told apart better.*say --channels rgb/);
  writeFileSync(network, readFileSync(join(ROOT, 'tests/data/packs/tiny.onnx')).toString('latin1').replace('\x07Flatten', '\x07Flutter'), 'latin1');
  refused(follow(step('pack')), /has no Flutter/);
  cpSync(join(ROOT, 'tests/data/packs/tiny.onnx'), network);
  refused(follow('make pack'), /--network .*is missing/);
});

test('a pack is made, and does nothing before it is calibrated', () => {
  const { done, said } = follow(step('pack'));
  assert.ok(done, said);
  assert.match(said, /tiny-1, 112 x 112 pixels in, 8 numbers out, as full/);
  refused(follow(step('evaluate')), /no curves yet: make calibrate/);
  assert.throws(() => buildWith(join(temporary, 'dist'), { PACK: pack }), /no curves yet: make calibrate.*docs\/PACKS\.md/);
});

test('too few people are too few, and how many more is said', () => {
  const few = join(temporary, 'few');
  for (const name of chosen.slice(0, 4)) cpSync(join(people, name), join(few, name), { recursive: true });
  refused(follow(step('calibrate').replaceAll(people, few)), /too few people to calibrate on: 4 whose name .* 16 are needed/);
});

test('calibrated, it says what it is worth beside the shipped networks, and a page is built with it', async () => {
  const file = join(pack, 'manifest.json');
  // Of other embedders: nothing that is measured or fitted anew goes by it.
  const groups = { models: ['other-1@00000000'], periocular: [[1]], full: [[1]] };
  const faceness = { models: ['other-1@00000000'], bias: 0, step: 1, weights: [1], least: 0 };
  const writeWithOthers = (/** @type {any} */ written) => writeFileSync(file, JSON.stringify({ ...written, faceness, calibration: { ...written.calibration, groups } }));
  writeWithOthers(JSON.parse(readFileSync(file, 'utf8')));
  const calibrated = follow(step('calibrate'));
  assert.ok(calibrated.done, calibrated.said);
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  assert.deepEqual([manifest.faceness, manifest.calibration.groups], [undefined, undefined]);
  assert.match(manifest.protocol.models.full, /^tiny-1@[0-9a-f]{8}$/);
  assert.ok(manifest.calibration.among_many.masked_masked.length >= 2);
  assert.deepEqual(manifest.calibration.misses.map(({ set }) => set), ['mine']);
  // Nor does its being there keep lengths and hashes from being brought up to date, and the curves stay.
  writeWithOthers(manifest);
  const renewed = follow(step('calibrate').replace(/ SETS=.*/, ''));
  assert.ok(renewed.done, renewed.said);
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), manifest);
  const { done, said } = follow(step('evaluate'));
  assert.ok(done, said);
  assert.match(said, /Beside the shipped networks \(.*full-\d@.*bare x masked TMR at/);

  const dist = buildWith(join(temporary, 'dist'), { PACK: pack });
  const visitor = await Visitor.arrive({ folder: dist });
  try {
    await visitor.visit();
    assert.ok(visitor.requests.some((url) => /\/tiny-1\.[0-9a-f]+\.onnx$/.test(url)));
  } finally {
    await visitor.depart();
  }
});
