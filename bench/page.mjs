/** What runs in the browser: one network in every runtime, in turn, round after round. */

/** `synthetic` of tests/golden.rs, to the bit. */
export function synthetic([, channels, rows, columns], seed) {
  const image = new Float32Array(channels * rows * columns);
  let state = seed >>> 0;
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        const noise = (state >>> 8) / (1 << 23) - 1;
        image[at++] = noise * 0.5 + (((x * 3 + y * 5 + c * 7) % 64) / 32 - 1) * 0.5;
      }
    }
  }
  return image;
}

const bytesOf = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());

/** Runs of one runtime before the next has its turn: few, so that a busy machine is fair to all. */
const RUNS = 3;

/** Input of networks whose size is open: at this the engine searches a frame of 640 x 480 for small faces. */
export const OPEN_DIMS = [1, 3, 240, 320];

/** A runtime behind the bench's own exports. @param {Uint8Array} bytes the module's @param {Uint8Array} model @param {number[]} dims */
export async function openExports(bytes, model, dims) {
  const { instance } = await WebAssembly.instantiate(bytes);
  const { memory, reserve, load, input, run, output, output_length: outputLength } = instance.exports;
  const start = performance.now();
  const at = reserve(model.length);
  new Uint8Array(memory.buffer, at, model.length).set(model);
  const length = load(dims[2], dims[3]);
  if (length < 0) throw new Error('does not load');
  const loading = performance.now() - start;
  return {
    loading,
    run: (image) => {
      new Float32Array(memory.buffer, input(), length).set(image);
      const count = run();
      if (count < 0) throw new Error('does not run');
      return Array.from({ length: count }, (_, i) => new Float32Array(memory.buffer, output(i), outputLength(i)).slice());
    },
  };
}

async function openOrt(model, dims) {
  const ort = await import('/ort.js');
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = { mjs: '/ort-glue.js', wasm: '/ort.wasm' };
  await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
  // The second session tells what loading costs once the module is there.
  const start = performance.now();
  const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'], graphOptimizationLevel: 'all' });
  const loading = performance.now() - start;
  return {
    loading,
    run: async (image) => {
      const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', image, dims) };
      const results = await session.run(feeds);
      return session.outputNames.map((name) => results[name].data);
    },
  };
}

const open = async (name, model, dims) => (name === 'onnxruntime-web' ? openOrt(model, dims) : openExports(await bytesOf(`/${name}.wasm`), model, dims));

/** Largest difference from the goldens, in units of each output's largest number. */
function differenceOf(outputs, golden) {
  let at = 0;
  let worst = 0;
  for (const output of outputs) {
    const expected = golden.subarray(at, at + output.length);
    at += output.length;
    const scale = expected.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    for (let i = 0; i < output.length; i++) worst = Math.max(worst, Math.abs(output[i] - expected[i]) / scale);
  }
  return worst;
}

/**
 * How far a network of bytes that is not shipped may be from another runtime's answer: one less the cosine. Sums in another order round
 * some bytes the other way, and ONNX Runtime's own two ways of running a deep one are half as far apart.
 */
const ALLOWED_OF_BYTES = 0.02;
/** Of tests/golden.rs: how many times as far from the golden a shipped one may be as ONNX Runtime's two ways are apart. */
export const SLACK_OF_BYTES = 1.5;

function angleOf(outputs, expected) {
  const a = outputs.flatMap((output) => [...output]);
  const b = expected.subarray(0, a.length); // a golden goes on with other inputs
  const dot = (x, y) => x.reduce((sum, v, i) => sum + v * y[i], 0);
  return 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/**
 * What the lines of a network are about: sizes, the input, and the right answer where there is a golden.
 * @param {{name: string, float: boolean, int8: boolean}} model
 */
async function describe({ name }) {
  const found = await fetch(`/models/${name}.json`);
  // A network that is not shipped has the size that embedders have.
  if (!found.ok) return { about: { input: [1, 3, 112, 112], open: false, seeds: [1] }, golden: null };
  return { about: await found.json(), golden: new Float32Array((await bytesOf(`/models/${name}.bin`)).buffer) };
}

/**
 * @param {{name: string, float: boolean, int8: boolean}} model
 * @param {string[]} runtimes
 * @param {number} rounds in each of which every runtime runs RUNS times; without any, only the answers are compared
 */
export async function measure(model, runtimes, rounds) {
  const { about, golden } = await describe(model);
  // The goldens of a network whose size is open are of a small one.
  const dims = about.open ? OPEN_DIMS : about.input;
  const image = synthetic(dims, about.seeds[0]);
  const small = synthetic(about.input, about.seeds[0]);
  const all = [];
  for (const kind of [...(model.float ? [''] : []), ...(model.int8 ? ['.int8'] : [])]) {
    const bytes = await bytesOf(`/models/${model.name}${kind}.onnx`);
    const ofBytes = Boolean(kind);
    // A golden is of the shipped file, and of a network of bytes if that is one.
    let expected = golden && ofBytes === Boolean(about.step) ? golden : null;
    if (!expected && runtimes.includes('onnxruntime-web')) {
      const answer = await (await openOrt(bytes, about.input)).run(small);
      expected = Float32Array.from(answer.flatMap((output) => [...output]));
    }
    for (const runtime of runtimes) {
      // RELATIVE of tests/golden.rs.
      const allowed = !ofBytes ? 2e-5 : about.agreement ? SLACK_OF_BYTES * (1 - about.agreement) : ALLOWED_OF_BYTES;
      const result = { name: `${runtime}${kind && ' int8'}`, allowed, difference: NaN, times: [] };
      try {
        const opened = await open(runtime, bytes, about.input);
        const answer = await opened.run(small);
        if (expected) result.difference = ofBytes ? angleOf(answer, expected) : differenceOf(answer, expected);
        else result.allowed = null;
        const large = about.open ? await open(runtime, bytes, dims) : opened;
        result.load = large.loading;
        // Long enough for the browser to compile the hot loops with its best compiler.
        for (const end = performance.now() + (rounds ? 1000 : 0); performance.now() < end;) await large.run(image);
        result.run = large.run;
      } catch (error) {
        result.error = String(error);
      }
      all.push(result);
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const result of all.filter((r) => r.run)) {
      for (let i = 0; i < RUNS; i++) {
        const start = performance.now();
        await result.run(image);
        result.times.push(performance.now() - start);
      }
    }
  }
  return all.map(({ run, times, ...rest }) => {
    times.sort((a, b) => a - b);
    return { ...rest, runs: times.length, min: times[0], median: times[times.length >> 1] };
  });
}
