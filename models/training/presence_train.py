"""Fits the presence network's last layer anew, so that one MiniFASNetV2 judges both reaches of a look.

    python presence_train.py OUT.onnx CROPS.npz... --start MiniFASNetV2.onnx [--strength 0.003]

The start network takes 1 x 3 x 80 x 80 BGR, 0..255, and gives print, live and screen. Its convolutions have seen real attacks and keep
their weights; what is learned is one linear layer to the three classes, by logistic regression, from the 512 numbers behind them and from the
means over the picture of what the rectified layers of POOLED answer: a line screen and moire are fine patterns, which the deep layers have
thrown away. To it is added the start network's own last layer, which knows real attacks: emulated ones only resemble them. It sees both reaches of every look (see presence_data.py), live and attacks, bare and masked weighing the same. Pictures
whose number is divisible by five are held out: they choose `--strength`, and the table at the end is about them. OUT takes RGB and has
its three numbers before the softmax.
"""

import argparse

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

import presence_emulate as emulate

# PReLU layers whose answers are averaged over the picture: at half, a quarter and an eighth of its size.
POOLED = (0, 1, 9, 10, 21, 22)
# What both together are multiplied by, so that their log-odds lie within what a track's pool takes in.
SCALE = 0.3
CLASS_OF_KIND = np.array([1] + [0 if kind.startswith("print") else 2 for kind in emulate.KINDS])


def trunk_of(model):
    """The network up to its flattened numbers and the pooled ones, its first convolution turned from BGR to RGB."""
    flatten = next(i for i, n in enumerate(model.graph.node) if n.op_type == "Flatten")
    del model.graph.node[flatten + 1 :], model.graph.output[:]
    read = {name for node in model.graph.node for name in node.input}
    kept = [t for t in model.graph.initializer if t.name in read]
    first = next(n for n in model.graph.node if n.op_type == "Conv").input[1]
    for tensor in kept:
        if tensor.name == first:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor)[:, ::-1].copy(), tensor.name))
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    outputs = [model.graph.node[flatten].output[0]]
    rectified = [n.output[0] for n in model.graph.node if n.op_type == "PRelu"]
    for at in POOLED:
        model.graph.node.append(helper.make_node("GlobalAveragePool", [rectified[at]], [f"pooled.{at}"]))
        model.graph.node.append(helper.make_node("Flatten", [f"pooled.{at}"], [f"flat.{at}"]))
        outputs.append(f"flat.{at}")
    model.graph.output.extend(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in outputs)
    return model


def features(model, crops):
    """What the last layer sees of each crop (n x 80 x 80 x 3, BGR)."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    out = []
    for crop in crops:
        image = crop[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32)
        out.append(np.concatenate([part.ravel() for part in session.run(None, {name: np.ascontiguousarray(image)})]))
    return np.array(out, np.float32)


def own_head(model):
    """The start network's own way from its flattened numbers to its three, which is linear: 512 x 3 and 3."""
    held = {t.name: numpy_helper.to_array(t).astype(np.float64) for t in model.graph.initializer}
    nodes = list(model.graph.node)
    flatten = next(i for i, n in enumerate(nodes) if n.op_type == "Flatten")
    width = next(held[name].shape[0] for name in nodes[flatten + 1].input if name in held)
    # every unit vector, and nothing at all
    x = np.vstack([np.eye(width), np.zeros(width)])
    for node in nodes[flatten + 1 :]:
        values = [held[name] for name in node.input if name in held]
        if node.op_type == "MatMul":
            x = x @ values[0]
        elif node.op_type == "Add":
            x = x + values[0]
        elif node.op_type == "BatchNormalization":
            scale, shift, mean, variance = values
            epsilon = next((a.f for a in node.attribute if a.name == "epsilon"), 1e-5)
            x = (x - mean) / np.sqrt(variance + epsilon) * scale + shift
        else:
            raise SystemExit(f"{node.op_type} behind the flattened numbers: start from a MiniFASNetV2")
    return x[:-1] - x[-1], x[-1]


def fit(x, label, weight, strength, steps=400):
    """Weights n x 3 and biases of a logistic regression on standardised features, by Nesterov's gradient descent."""
    target = np.eye(3)[label]
    w, b = np.zeros((x.shape[1], 3)), np.zeros(3)
    ahead, ahead_b = w, b
    rate = 1 / (0.5 * float((weight * (x**2).sum(1)).sum()) + strength)
    for step in range(steps):
        z = x @ ahead + ahead_b
        e = np.exp(z - z.max(1, keepdims=True))
        off = (e / e.sum(1, keepdims=True) - target) * weight[:, None]
        new, new_b = ahead - rate * (x.T @ off + strength * ahead), ahead_b - off.sum(0)
        momentum = step / (step + 3)
        ahead, ahead_b = new + momentum * (new - w), new_b + momentum * (new_b - b)
        w, b = new, new_b
    return w, b


def log_odds(logits):
    return logits[..., 1] - np.logaddexp(logits[..., 0], logits[..., 2])


def errors(score, kind, masked, refused=0.1):
    """Attacks taken for live where a tenth of the live are refused, by mask state and kind."""
    out = {}
    for state, chosen in (("bare", masked < 0.5), ("masked", masked >= 0.5)):
        live = score[chosen & (kind == 0)]
        if len(live) < 10:
            continue
        limit = np.quantile(live, refused)
        groups = [("all", kind > 0)] + [(name, kind == k) for k, name in enumerate(emulate.KINDS, 1)]
        for name, group in groups:
            of = chosen & group
            if of.sum():
                out[f"{name} {state}"] = (round(float((score[of] > limit).mean()), 3), int(of.sum()))
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("crops", nargs="+")
    parser.add_argument("--start", required=True)
    parser.add_argument("--strength", type=float, nargs="*", default=[0.0003, 0.001, 0.003])
    arguments = parser.parse_args()
    sets = [np.load(f) for f in arguments.crops]
    crops, kind, masked, person = (np.concatenate([s[k] for s in sets]) for k in ("crops", "kind", "masked", "person"))
    test = person % 5 == 0
    print(f"{len(kind)} looks at {len(np.unique(person))} pictures, {int((kind == 0).sum())} live, {int((masked >= 0.5).sum())} masked; {int(test.sum())} held out")
    own, own_bias = own_head(onnx.load(arguments.start))
    model = trunk_of(onnx.load(arguments.start))
    near, far = (features(model, crops[:, reach]) for reach in range(2))
    x = np.stack([near, far], 1)
    label = CLASS_OF_KIND[kind]
    mean, spread = x[~test].mean((0, 1)), x[~test].std((0, 1)) + 1e-3
    standard = (x - mean) / spread
    cell = (label == 1) * 2 + (masked >= 0.5)
    share = 1 / np.bincount(cell[~test], minlength=4)[cell]
    each = x.shape[1]
    rows = standard[~test].reshape(-1, x.shape[-1])
    weight = np.repeat(share[~test], each)
    weight /= weight.sum()
    best = None
    for strength in arguments.strength:
        w, b = fit(rows, np.repeat(label[~test], each), weight, strength)
        logits = standard[test] @ w + b + x[test][..., : len(own)] @ own + own_bias
        score = log_odds(SCALE * logits).mean(1)
        found = errors(score, kind[test], masked[test])
        wrong = sum(found.get(f"all {state}", (1, 0))[0] for state in ("bare", "masked"))
        print(f"strength {strength}: {found}")
        if best is None or wrong < best[0]:
            best = (wrong, strength, w, b, score)
    _, strength, w, b, score = best
    for state, chosen in (("bare", masked[test] < 0.5), ("masked", masked[test] >= 0.5)):
        live = np.sort(score[chosen & (kind[test] == 0)])
        print(f"{state}: log-odds of {len(live)} held-out live looks at 2, 5, 10, ... 100 %:", np.round(np.quantile(live, [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1]), 3).tolist())
    w = w / spread[:, None]
    b = SCALE * (b - mean @ w + own_bias)
    w[: len(own)] += own
    w *= SCALE
    graph = model.graph
    sources = [output.name for output in graph.output]
    graph.initializer.extend([numpy_helper.from_array(w.astype(np.float32), "last.weight"), numpy_helper.from_array(b.astype(np.float32), "last.bias")])
    graph.node.append(helper.make_node("Concat", sources, ["seen"], axis=1))
    graph.node.append(helper.make_node("Gemm", ["seen", "last.weight", "last.bias"], ["presence"]))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("presence", onnx.TensorProto.FLOAT, [1, 3]))
    graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    onnx.checker.check_model(model)
    onnx.save(model, arguments.out)
    print(f"kept strength {strength}: {arguments.out}")


if __name__ == "__main__":
    main()
