"""Templates of the teachers for an aligned set, and the targets made from them.

    python teachers.py embed STEM NAME=MODEL.onnx[:MEAN:SCALE] ...   writes STEM.NAME.npy, float32[n, d]

A template is the network's output for the window that its input's size names (align.py), normalised, plus that of the
mirrored window, normalised again. Input is (x - MEAN) / SCALE, 127.5 and 128 when not given.
"""
import argparse
import os
import sys

import numpy as np

import align
import data


def unit(x):
    """Rows of `x` at length one (rows of zeros stay)."""
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-12)


def session(path, threads=1):
    """ONNX Runtime session on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class HalfSession:
    """A network in bfloat16, with what this module needs of an ONNX Runtime session: where the processor has instructions for it,
    several times as fast. Templates turn by less than a degree and a half."""

    def __init__(self, path):
        import embed_net

        self.network = embed_net.OnnxNet(path).eval()
        self.shape = [None, 3, self.network.window.height, self.network.window.width]
        self.name = self.network.entry

    def get_inputs(self):
        return [self]

    def run(self, _, feed):
        import torch

        pictures = torch.from_numpy(feed[self.name]).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            return [self.network(pictures).float().numpy()]


def window_of(path, network):
    """The window that an ONNX Runtime session takes."""
    height, width = network.get_inputs()[0].shape[2:]
    window = align.window_of(width, height)
    if window is None:
        raise ValueError(f"{path} takes {width}x{height} pixels, which is no window that align.py knows")
    return window


def run(network, pictures, batch=4):
    """Outputs `float32[n, d]` of an ONNX Runtime session for `float32[n, 3, h, w]`, one by one when it must."""
    entry = network.get_inputs()[0]
    step = 1 if entry.shape[0] == 1 else batch
    parts = [network.run(None, {entry.name: pictures[i : i + step]})[0] for i in range(0, len(pictures), step)]
    return np.concatenate(parts)


def templates(network, crops, draw, mean=127.5, scale=128.0, flip=True, chunk=256, batch=4):
    """Unit templates `float32[n, d]`; `draw` takes a 128x128 crop to the picture that the network wants."""
    parts = []
    for start in range(0, len(crops), chunk):
        x = np.stack([align.to_network(draw(np.asarray(c)), mean, scale) for c in crops[start : start + chunk]])
        template = unit(run(network, x, batch))
        if flip:
            template = unit(template + unit(run(network, np.ascontiguousarray(x[..., ::-1]), batch)))
        parts.append(template)
    return np.concatenate(parts).astype(np.float32)


def centred_targets(sets, dimensions=256, seed=0, sample=12000, centre=1.0, basis=None):
    """Targets from several teachers over several sources.

    `sets` is a list (a source each) of lists (a teacher each) of `float32[n, d]`. The share `centre` of each source's own
    mean template is taken away first: it is made of borders, crop and camera, not of people, and a student would learn it.
    A `basis` from an earlier call keeps the axes that a half-trained student has learnt. Returns
    `(targets float32[sum n, dimensions] of unit length, basis float32[sum d, dimensions])`.
    """
    rows = []
    for teachers in sets:
        centred = [unit(t - centre * t.mean(0)) for t in teachers]
        rows.append(np.concatenate(centred, 1) / np.sqrt(len(centred)))
    joined = np.concatenate(rows)
    if basis is not None:
        return unit(joined @ basis).astype(np.float32), basis
    if joined.shape[1] < dimensions:
        raise ValueError(f"the teachers give {joined.shape[1]} numbers together, fewer than the {dimensions} asked for")
    picked = np.random.default_rng(seed).permutation(len(joined))[:sample]
    if len(picked) < dimensions:
        raise ValueError(f"{len(picked)} crops cannot fix {dimensions} principal components. Give at least {dimensions} crops.")
    basis = np.linalg.svd(joined[picked], full_matrices=False)[2][:dimensions].T.astype(np.float32)
    return unit(joined @ basis).astype(np.float32), basis


def parse_teacher(text):
    """`NAME=PATH[:MEAN:SCALE]` -> (name, path, mean, scale); either may be three numbers, by channel: `82.1,67.7,64.4`."""
    name, _, rest = text.partition("=")
    path, *numbers = rest.split(":")
    if not name or not path or len(numbers) not in (0, 2):
        raise ValueError(f"{text!r} is not NAME=MODEL.onnx or NAME=MODEL.onnx:MEAN:SCALE")
    mean, scale = ([float(v) for v in n.split(",")] for n in numbers) if numbers else ([127.5], [128.0])
    return name, path, np.array(mean, np.float32), np.array(scale, np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    embed = commands.add_parser("embed")
    embed.add_argument("stem")
    embed.add_argument("teachers", nargs="+")
    embed.add_argument("--half", action="store_true", help="in bfloat16, where the processor has instructions for it")
    embed.add_argument("--no-flip", action="store_true", help="one look a picture instead of two: half the time, noisier")
    args = parser.parse_args()
    crops, _, _ = data.read_set(args.stem)
    for text in args.teachers:
        name, path, mean, scale = parse_teacher(text)
        if not os.path.exists(path):
            sys.exit(f"{path} is not there. README.md, 'Teachers', says where each comes from.")
        network = HalfSession(path) if args.half else session(path)
        if args.half:
            mean, scale = network.network.normalisation_of(mean, scale)
        result = templates(network, crops, window_of(path, network).cut, mean, scale, not args.no_flip, batch=64 if args.half else 4)
        np.save(f"{args.stem}.{name}.npy", result)
        print(f"{args.stem}.{name}.npy: {result.shape[0]} templates of {result.shape[1]} numbers")


if __name__ == "__main__":
    main()
