"""Turn an embedder's last layer so that what differs between looks at one person counts less, at no cost when it runs.

    python embed_within.py IN.onnx OUT.onnx STEM [--mean 127.5] [--scale 128 | 53.6,46.8,69.6] [--pictures 1500] [--shrinkage 3] [--looks LOOKS.npy]

Of each picture of the aligned set STEM (data.py) three looks are drawn as in training (embed_views.py): one bare, two with a painted mask. The scatter of
their templates around their mean is what masks, cameras and alignment do. The last layer, of floats or of bytes, is multiplied by the inverse
root of that scatter and `--shrinkage` times its mean on the diagonal (within-class covariance normalisation, Hatch et al. 2006). LOOKS.npy keeps the templates of the
looks, and is read where it is there. Nothing of it needs to know who somebody is.
"""
import argparse
import random
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

import align
import data
import embed_views
import quantise
import teachers

PAINTED = (False, True, True)
CHUNK = 64


def looks(session, crops, points, normalisation, seed=0):
    """Unit templates `float32[3, n, d]` of three looks at each crop."""
    window = teachers.window_of("the network", session)
    kept = [[] for _ in PAINTED]
    for start in range(0, len(crops), CHUNK):
        some = slice(start, start + CHUNK)
        part, where = torch.from_numpy(np.asarray(crops[some])), torch.from_numpy(np.asarray(points[some], np.float32))
        for k, painted in enumerate(PAINTED):
            chance = embed_views.Chance(len(part), "cpu", seed + 7919 * start + k)
            masks = torch.full((len(part),), painted)
            drawn = embed_views.draw(part, where, masks, torch.zeros_like(masks), chance, random.Random(seed + 7919 * start + k), window=window, normalisation=normalisation)
            kept[k].append(teachers.unit(teachers.run(session, drawn.numpy())))
    return np.stack([np.concatenate(k) for k in kept]).astype(np.float32)


def whitening(templates, shrinkage):
    """The symmetric `float64[d, d]` by which templates `float[looks, n, d]` scatter alike in all directions, but for the shrinkage."""
    apart = templates.astype(np.float64) - templates.mean(0, dtype=np.float64)
    scatter = np.einsum("kni,knj->ij", apart, apart) / ((len(templates) - 1) * templates.shape[1])
    values, vectors = np.linalg.eigh(scatter)
    by = (np.maximum(values, 0) + shrinkage * values.mean()) ** -0.5
    return vectors * (by / by.mean()) @ vectors.T


def turned(model, matrix):
    """`model`, its last layer multiplied by `matrix` float[d, d]."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    made = {name: node for node in graph.node for name in node.output}
    values = {t.name: t for t in graph.initializer}
    node = made[graph.output[0].name]
    while node.op_type in ("Flatten", "Reshape"):
        node = made[node.input[0]]
    if node.op_type not in ("Conv", "Gemm") or (node.op_type == "Gemm" and not quantise.attribute(node, "transB", 0)):
        raise ValueError(f"the last layer is {node.op_type}, neither a convolution nor fully connected with its weights by output")

    def put(name, array):
        values[name].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), name))

    def multiplied(array):
        return np.tensordot(matrix, array.astype(np.float64), 1).astype(np.float32)

    for name in node.input[1:]:
        source = made.get(name)
        if source is not None and source.op_type == "DequantizeLinear":
            numbers, scales = (numpy_helper.to_array(values[n]) for n in source.input[:2])
            numbers, scales = quantise.weight_bytes(multiplied(numbers * scales.reshape(-1, *[1] * (numbers.ndim - 1))))
            put(source.input[0], numbers)
            put(source.input[1], scales)
        else:
            stored = source.input[0] if source is not None else name  # behind a Cast
            weights = numpy_helper.to_array(values[stored])
            put(stored, multiplied(weights).astype(weights.dtype))
    onnx.checker.check_model(result)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("stem")
    parser.add_argument("--mean", type=quantise.numbers, default=127.5)
    parser.add_argument("--scale", type=quantise.numbers, default=128.0)
    parser.add_argument("--pictures", type=int, default=1500)
    parser.add_argument("--shrinkage", type=float, default=3.0)
    parser.add_argument("--looks")
    args = parser.parse_args()
    try:
        if args.looks and Path(args.looks).exists():
            templates = np.load(args.looks)
        else:
            crops, _, points = data.read_set(args.stem)
            some = np.sort(np.random.default_rng(0).permutation(len(crops))[: args.pictures])
            templates = looks(teachers.session(args.source), crops[some], points[some], (args.mean, args.scale))
            if args.looks:
                np.save(args.looks, templates)
        onnx.save(turned(onnx.load(args.source), whitening(templates, args.shrinkage)), args.target)
    except (data.BadIndex, FileNotFoundError, ValueError) as error:
        sys.exit(f"embed_within: {error}")
    print(f"{args.target}: by {templates.shape[1]} pictures, {templates.shape[0]} looks each")


if __name__ == "__main__":
    main()
