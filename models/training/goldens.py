"""What ONNX Runtime answers for every network in models/ and packs/plain/, for tests/golden.rs to compare with.

    python goldens.py

Writes tests/data/golden/NAME.json (the model's SHA-256, input sizes, outputs) and NAME.bin (outputs as little-endian f32, one
input after the other), and the same for the small networks of operators.py. What operators.py has for refusing goes to refused/. The inputs are made by a formula that the test repeats exactly; see `synthetic`.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from operators import cases, refused

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "tests" / "data" / "golden"
SEEDS = [1, 2]
# Sizes of the networks that leave theirs open.
OPEN_DIMS = (1, 3, 96, 128)
# How far an input is moved to see how much a network of bytes makes of it.
LAST_BITS = 1e-5


def synthetic(dims, seed):
    """Slanted stripes and noise in [-1, 1): half of each, every step exact in f32."""
    channels, rows, columns = dims[1:]
    count = channels * rows * columns
    state, noise = seed, np.empty(count, np.float32)
    for i in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        noise[i] = np.float32(state >> 8) / np.float32(1 << 23) - np.float32(1)
    c, y, x = np.meshgrid(np.arange(channels), np.arange(rows), np.arange(columns), indexing="ij")
    stripes = ((x * 3 + y * 5 + c * 7) % 64).astype(np.float32) / np.float32(32) - np.float32(1)
    return (noise.reshape(dims) * np.float32(0.5) + stripes.reshape(dims) * np.float32(0.5)).astype(np.float32)


def step_of(path):
    """The largest step between two neighbouring bytes of a network, 0 of one of floats."""
    graph = onnx.load(path).graph
    constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    return max((float(constants[n.input[1]].max()) for n in graph.node if n.op_type == "QuantizeLinear"), default=0.0)


def answers(path, target, seeds):
    """Runs a network on the synthetic inputs and writes down what came out."""
    options, step = onnxruntime.SessionOptions(), step_of(path)
    if step:
        # As the standard has it: joined to layers of bytes, some of its kernels round twice, and a fifth of a sum's bytes are others.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    [source] = session.get_inputs()
    dims = [d if isinstance(d, int) else fallback for d, fallback in zip(source.shape, OPEN_DIMS)]
    names = [o.name for o in session.get_outputs()]
    runs = [session.run(names, {source.name: synthetic(dims, seed)}) for seed in seeds]
    about = {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "runtime": f"onnxruntime {onnxruntime.__version__}",
        "input": dims,
        "open": not all(isinstance(d, int) for d in source.shape[2:]),
        "seeds": seeds,
        "outputs": [{"name": name, "dims": list(value.shape)} for name, value in zip(names, runs[0])],
    }
    if step:
        about["step"] = step
    if step and len(seeds) > 1:
        about["agreement"] = agreement(path, session, dims, names, seeds, runs)
    (target / f"{path.stem}.json").write_text(json.dumps(about) + "\n")
    (target / f"{path.stem}.bin").write_bytes(b"".join(v.astype("<f4").tobytes() for run in runs for v in run))
    print(path.name, dims, [o["dims"] for o in about["outputs"]])


def agreement(path, session, dims, names, seeds, runs):
    """The least cosine between these answers, those of the same file with kernels joined, and those to inputs that are moved by their last
    bits: on some processors the joined kernels round alike. Where a network is deep, a byte that is rounded otherwise early on moves all that
    follow: no runtime can be held nearer to another than this one is to itself."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    joined = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0].name
    inputs = [synthetic(dims, seed) for seed in seeds]
    moved = [x + np.random.default_rng(seed).uniform(-LAST_BITS, LAST_BITS, x.shape).astype(np.float32) for x, seed in zip(inputs, seeds)]
    others = [[joined.run(names, {entry: x}) for x in inputs], [session.run(names, {entry: x}) for x in moved]]
    cosine = lambda a, b: float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))
    return min(cosine(a, b) for other in others for run, again in zip(runs, other) for a, b in zip(run, again))


def main():
    small = TARGET / "operators"
    small.mkdir(parents=True, exist_ok=True)
    for old in TARGET.rglob("*.*"):
        old.unlink()
    for name, model in cases():
        path = small / f"{name}.onnx"
        path.write_bytes(model.SerializeToString())
        answers(path, small, SEEDS[:1])
    bad = TARGET / "refused"
    bad.mkdir(exist_ok=True)
    for name, model in refused():
        (bad / f"{name}.onnx").write_bytes(model.SerializeToString())
    for folder in ("models", "packs/plain"):
        for path in sorted((ROOT / folder).glob("*.onnx")):
            answers(path, TARGET, SEEDS)


if __name__ == "__main__":
    main()
