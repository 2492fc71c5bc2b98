"""The whole chain on 200 pictures in a minute: draw, teach, train, resume, export, evaluate, write the card.

    python embed_smoke.py [--pictures FOLDER --detector YUNET.onnx] [--out FOLDER]

Without `--pictures` it draws simple faces itself; with it, FOLDER/<person>/<image> is aligned instead. Networks are
tiny and start from chance, so the figures mean nothing but that every part fits the next.
"""
import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import align
import data
import data_synthetic
import embed_card
import embed_evaluate
import embed_train
import teachers

PEOPLE, PICTURES_EACH, DIMENSIONS = 40, 5, 32


def tiny_network(path, height, width, dimensions, seed):
    """A network of the embedders' kind with random weights: a scale of its input, convolutions, PReLU, squeeze-excitation, a
    residual addition, a flatten."""
    rng = np.random.default_rng(seed)
    nodes, weights = [], []

    def weight(name, shape, fan):
        weights.append(numpy_helper.from_array(rng.normal(0, (2 / fan) ** 0.5, shape).astype(np.float32), name))
        return name

    def convolve(source, name, out, into, size, stride, group=1, pad=None):
        shape = (out, into // group, *size)
        pad = size[0] // 2 if pad is None else pad
        inputs = [source, weight(f"w{name}", shape, int(np.prod(shape[1:]))), weight(f"b{name}", (out,), 1e6)]
        nodes.append(helper.make_node("Conv", inputs, [f"c{name}"], kernel_shape=size, strides=[stride] * 2, pads=[pad] * 4, group=group))
        return f"c{name}"

    def bend(source, channels):
        weights.append(numpy_helper.from_array(np.full((channels, 1, 1), 0.25, np.float32), f"s{source}"))
        nodes.append(helper.make_node("PRelu", [source, f"s{source}"], [f"p{source}"]))
        return f"p{source}"

    for name, values in (("Mul", [1.5, 0.5, 1]), ("Add", [0.1, 0, -0.3])):
        weights.append(numpy_helper.from_array(np.array(values, np.float32).reshape(1, 3, 1, 1), name))
    nodes.append(helper.make_node("Mul", ["input", "Mul"], ["scaled"]))
    nodes.append(helper.make_node("Add", ["scaled", "Add"], ["shifted"]))
    x = bend(convolve("shifted", "0", 12, 3, (3, 3), 2), 12)
    x = bend(convolve(x, "1", 24, 12, (3, 3), 2), 24)
    nodes.append(helper.make_node("GlobalAveragePool", [x], ["squeezed"]))
    y = convolve(bend(convolve("squeezed", "s", 6, 24, (1, 1), 1), 6), "e", 24, 6, (1, 1), 1)
    nodes.append(helper.make_node("Sigmoid", [y], ["excited"]))
    nodes.append(helper.make_node("Mul", [x, "excited"], ["weighed"]))
    x = "weighed"
    y = bend(convolve(x, "2", 24, 24, (3, 3), 1, group=24), 24)
    nodes.append(helper.make_node("Add", [x, y], ["sum"]))
    x = bend(convolve("sum", "3", 32, 24, (3, 3), 2), 32)
    x = convolve(x, "4", 32, 32, (-(-height // 8), -(-width // 8)), 1, group=32, pad=0)
    x = convolve(x, "5", dimensions, 32, (1, 1), 1)
    nodes.append(helper.make_node("Flatten", [x], ["embedding"]))
    entry = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 3, height, width])
    exit_ = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", dimensions])
    model = helper.make_model(helper.make_graph(nodes, "tiny", [entry], [exit_], weights), opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def smoke(out, pictures=None, detector=None, steps=60, report=print):
    """Run everything below `out`; raises when a part does not do its work."""
    out, began = Path(out), time.time()
    stem = str(out / "faces")
    if pictures:
        kept, left_out = data.align_folder(stem, pictures, detector, pad=0.1, limit=PEOPLE * PICTURES_EACH)
        report(f"aligned {kept} pictures, left out {len(left_out)}")
        sets = [f"{stem}:people"]
    else:
        report(f"drew {data_synthetic.write_drawn_set(stem, PEOPLE, PICTURES_EACH)} pictures")
        sets = [stem]
    crops, _, _ = data.read_set(stem)
    for seed, name in enumerate(("a", "b")):
        tiny_network(out / f"{name}.onnx", align.SIDE, align.SIDE, 24, seed)
        np.save(f"{stem}.{name}.npy", teachers.templates(teachers.session(out / f"{name}.onnx"), crops, align.FULL.cut))
    tiny_network(out / "start.onnx", align.PERIOCULAR.height, align.PERIOCULAR.width, DIMENSIONS, 9)
    recipe = embed_train.Recipe(
        dimensions=DIMENSIONS, batch=32, rate=3e-3, warm_up=5, average_decay=0.9, frozen_convolutions=0, most_of_one_person=5
    )
    learn = lambda upto: embed_train.train(out / "run", out / "start.onnx", sets, ["a", "b"], recipe, steps=upto, report=report)
    first = learn(steps // 2)
    run = learn(steps)
    if run["steps"] != steps or first["steps"] != steps // 2:
        raise AssertionError("the second half of the training did not go on from the first one's checkpoint")
    gauge = embed_evaluate.Gauge(stem, render=True, half="all")
    results = {n: gauge.measure(embed_evaluate.cosine(gauge.embed(p)), (1e-1, 1e-2), 50) for n, p in (("start", out / "start.onnx"), ("student", out / "run" / "student.onnx"))}
    report(embed_evaluate.table(results, (1e-1, 1e-2)))
    (out / "card.md").write_text(embed_card.card(run, out / "run" / "student.onnx", "smoke", [("Drawn faces", results)]))
    before, after = (results[n]["bare x masked"]["rates"]["0.1"][0] for n in ("start", "student"))
    if not pictures and after <= before:
        raise AssertionError(f"training did not help: bare x masked {before:.3f} before, {after:.3f} after")
    report(f"smoke: trained, resumed, exported and evaluated in {time.time() - began:.0f} s; the card is {out / 'card.md'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures")
    parser.add_argument("--detector")
    parser.add_argument("--out")
    args = parser.parse_args()
    if args.pictures and not args.detector:
        parser.error("--pictures needs --detector, the file of YuNet (README.md says where it comes from)")
    try:
        if args.out:
            Path(args.out).mkdir(parents=True, exist_ok=True)
            smoke(args.out, args.pictures, args.detector)
        else:
            with tempfile.TemporaryDirectory() as folder:
                smoke(folder, args.pictures, args.detector)
    except (AssertionError, ValueError, FileNotFoundError, embed_train.Diverged) as error:
        sys.exit(f"smoke: {error}")


if __name__ == "__main__":
    main()
