/**
 * Compares builds of the second runtime (tract/web) on one network, in turn, in this Node's V8:
 *
 *     node bench/tract.mjs NETWORK.onnx 112x112 A.wasm B.wasm ... [--rounds 40]
 *
 * Of each build it says how long the network takes to open, once, and to run on a picture of noise: least and median, by the clock and in
 * processor time, which other programs on a busy machine touch less. What the builds answer must agree.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { SecondRuntime } from '../www/worker/second-runtime.js';
import { leastAndMedian } from './pieces.mjs';

const USAGE = 'usage: node bench/tract.mjs NETWORK.onnx COLUMNSxROWS BUILD.wasm ... [--rounds N]';
/** Until then V8 may still compile. */
const BEFORE = 5;

const { values, positionals: [network, size, ...files] } = parseArgs({ allowPositionals: true, options: { rounds: { type: 'string', default: '40' } } });
if (files.length === 0) throw new Error(USAGE);
const [columns, rows] = size.split('x').map(Number);
const file = readFileSync(network);
const picture = Float32Array.from({ length: 3 * rows * columns }, () => Math.random() * 2 - 1);

/** @template T @param {() => T} work */
function timed(work) {
  const [started, used] = [performance.now(), process.cpuUsage()];
  const result = work();
  const { user, system } = process.cpuUsage(used);
  return { result, clock: performance.now() - started, processor: (user + system) / 1000 };
}

const builds = files.map((path) => {
  const bytes = readFileSync(path);
  const runtime = new SecondRuntime(new Uint8Array(bytes));
  return { name: basename(path), bytes, opening: timed(() => runtime.open(file, rows, columns)), runs: /** @type {{clock: number, processor: number}[]} */ ([]) };
});
for (let round = -BEFORE; round < Number(values.rounds); round += 1) {
  const ran = builds.map(({ opening }) => timed(() => opening.result.run(picture)));
  const answer = ran[0].result;
  const most = answer.reduce((largest, v) => Math.max(largest, Math.abs(v)), 0);
  if (ran.some(({ result }) => result.some((v, i) => Math.abs(v - answer[i]) > 1e-4 * most))) throw new Error('the builds answer differently');
  if (round >= 0) builds.forEach(({ runs }, i) => runs.push(ran[i]));
}
for (const { name, bytes, opening, runs } of builds) {
  const of = (/** @type {'clock' | 'processor'} */ what) => leastAndMedian(runs.map((run) => run[what]));
  console.log(`${name}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzip; opened in ${opening.clock.toFixed(0)} ms, ${opening.processor.toFixed(0)} of processor time; `
    + `a run, least and median: ${of('clock')} ms, ${of('processor')} of processor time`);
}
