"""Make a network of 8-bit weights and activations out of one of floats.

    python quantise.py IN.onnx OUT.onnx STEM [STEM ...] [--mean 127.5] [--scale 128 | 53.6,46.8,69.6]
                       [--pictures 256] [--keep NAME ...] [--equalise 0.5]

The pictures are aligned sets of training people (data.py); they tell how large each map becomes. OUT is standard ONNX:
QuantizeLinear and DequantizeLinear around the maps that convolutions and fully connected layers read, and DequantizeLinear
behind their weights. ONNX Runtime runs it; src/model computes it in integers.

- Weights have seven bits (-63 to 63) and a scale an output channel, without zero points: src/model/kernels/int8/mod.rs says why.
- A map has one scale and one zero point, those of least squared error over values seen: a few large values may be cut off.
- Before that, channels are brought to like ranges where only convolutions and PReLUs stand between (cross-layer
  equalisation, Nagel et al. 2019): a channel divided by a number, and the weights that read it multiplied by it, are the
  same network.
- Biases take up what rounding the weights adds to the mean of each output.
- `--keep` names layers (by the name of their output) that stay as they are; squeeze and excitation always does.
"""

import argparse
import sys
from collections import defaultdict

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import align
import data

LAYERS = ("Conv", "Gemm")
# Values of a map that are looked at for each picture.
SAMPLE = 2048
WEIGHT_MOST = 63


class Network:
    """A graph with its constants widened to f32, by name."""

    def __init__(self, model):
        self.model = model
        graph = model.graph
        self.constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        self.nodes = []
        for node in graph.node:
            if node.op_type == "Cast" and node.input[0] in self.constants:
                self.constants[node.output[0]] = self.constants[node.input[0]].astype(np.float32)
            else:
                self.nodes.append(node)
        self.input, self.outputs = graph.input[0].name, [o.name for o in graph.output]
        self.readers, self.maker = defaultdict(list), {}
        for node in self.nodes:
            self.maker[node.output[0]] = node
            for name in node.input:
                self.readers[name].append(node)

    def write(self, nodes=None, outputs=None):
        """The model of these nodes, with the constants that they read."""
        nodes = self.nodes if nodes is None else nodes
        read = {name for node in nodes for name in node.input}
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        graph = model.graph
        del graph.node[:], graph.initializer[:]
        graph.node.extend(nodes)
        graph.initializer.extend(numpy_helper.from_array(v, n) for n, v in self.constants.items() if n in read)
        if outputs is not None:
            del graph.output[:]
            graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs)
        return model


def attribute(node, name, default):
    return next((helper.get_attribute_value(a) for a in node.attribute if a.name == name), default)


def is_depthwise(node, constants):
    return node.op_type == "Conv" and attribute(node, "group", 1) == constants[node.input[1]].shape[0] > 1


def is_layer(node, constants):
    """Whether src/model has a kernel of bytes for it."""
    if node.op_type not in LAYERS or node.input[1] not in constants:
        return False
    if node.op_type == "Gemm":
        return attribute(node, "transB", 0) == 1
    return attribute(node, "group", 1) == 1 or is_depthwise(node, constants)


def gates(network):
    """Names of what is computed from one pixel a map: squeeze and excitation."""
    small = set()
    for node in network.nodes:
        if node.op_type == "GlobalAveragePool" or (node.input[0] in small and node.op_type not in ("Mul", "Flatten", "Reshape")):
            small.add(node.output[0])
    return small


def runs(network, names, pictures):
    """Yields a dictionary of these maps for each picture."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    model = network.write(outputs=names).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    for picture in pictures:
        yield dict(zip(names, session.run(names, {network.input: picture[None]})))


def equalise(network, pictures, kept, strength):
    """Brings channels to like ranges between a layer and the one convolution that reads it, PReLU or ReLU between or not."""
    links = []
    for node in network.nodes:
        if not is_layer(node, network.constants) or node.op_type != "Conv" or node.output[0] in kept:
            continue
        last = node.output[0]
        while len(network.readers[last]) == 1 and network.readers[last][0].op_type in ("PRelu", "Relu"):
            last = network.readers[last][0].output[0]
        readers = network.readers[last]
        if len(readers) == 1 and readers[0].op_type == "Conv" and last not in network.outputs and readers[0].output[0] not in kept:
            links.append((node, last, readers[0]))
    if not links or not strength:
        return
    reach = {last: 0 for _, last, _ in links}
    for maps in runs(network, list(reach), pictures):
        for name, values in maps.items():
            reach[name] = np.maximum(reach[name], np.abs(values[0]).max((1, 2)))
    for node, last, reader in links:
        ranges = np.maximum(reach[last], reach[last].max() * 1e-3)
        weights = network.constants[reader.input[1]]
        if is_depthwise(reader, network.constants):
            factor = ranges / ranges.max()
        else:
            # What the map wins the weights lose: they have one scale for all their inputs.
            theirs = np.abs(weights).max((0, 2, 3))
            factor = np.sqrt(ranges / np.maximum(theirs, theirs.max() * 1e-3))
            factor = (factor / factor.max()) ** (2 * strength)
        factor = np.maximum(factor, 1e-2).astype(np.float32)
        network.constants[node.input[1]] = network.constants[node.input[1]] / factor[:, None, None, None]
        if len(node.input) > 2:
            network.constants[node.input[2]] = network.constants[node.input[2]] / factor
        depthwise = is_depthwise(reader, network.constants)
        network.constants[reader.input[1]] = weights * (factor[:, None, None, None] if depthwise else factor[None, :, None, None])


def weight_bytes(weights):
    """Bytes and a scale an output, each scale the one of least squared error."""
    rows = weights.reshape(len(weights), -1)
    most = np.maximum(np.abs(rows).max(1), 1e-8)
    best, scales = np.full(len(rows), np.inf), most / WEIGHT_MOST
    for share in np.linspace(0.6, 1, 21):
        scale = share * most / WEIGHT_MOST
        rounded = np.clip(np.rint(rows / scale[:, None]), -WEIGHT_MOST, WEIGHT_MOST) * scale[:, None]
        error = ((rounded - rows) ** 2).sum(1)
        scales = np.where(error < best, scale, scales)
        best = np.minimum(best, error)
    scales = scales.astype(np.float32)
    numbers = np.clip(np.rint(rows / scales[:, None]), -WEIGHT_MOST, WEIGHT_MOST).astype(np.int8)
    return numbers.reshape(weights.shape), scales


def map_scale(low, high, values):
    """Scale and zero point of a map of least squared error."""
    low, high = min(low, 0.0), max(high, 0.0)
    best = None
    for share_low in np.linspace(0.4, 1, 13) if low < 0 else [1]:
        for share_high in np.linspace(0.4, 1, 13) if high > 0 else [1]:
            scale = np.float32(max((high * share_high - low * share_low) / 255, 1e-6))
            zero = int(np.clip(np.rint(-128 - low * share_low / scale), -128, 127))
            bytes_ = np.clip(np.rint(values / scale) + zero, -128, 127)
            error = (((bytes_ - zero) * scale - values) ** 2).sum()
            if best is None or error < best[0]:
                best = (error, scale, zero)
    return best[1:]


def map_scales(network, names, pictures, seed=0):
    """Scale and zero point of each of these maps."""
    rng = np.random.default_rng(seed)
    low, high, values = defaultdict(float), defaultdict(float), defaultdict(list)
    for maps in runs(network, names, pictures):
        for name, map_ in maps.items():
            low[name], high[name] = min(low[name], map_.min()), max(high[name], map_.max())
            flat = map_.reshape(-1)
            values[name].append(rng.choice(flat, min(SAMPLE, flat.size), replace=False))
    return {name: map_scale(low[name], high[name], np.concatenate(values[name])) for name in names}


def correct_biases(network, layers, rounded, pictures):
    """Adds to the biases what rounded weights take from the mean of each output; a layer's input is that of the float network."""
    names = sorted({node.input[0] for node in layers})
    means = defaultdict(float)
    for maps in runs(network, names, pictures):
        for name, map_ in maps.items():
            means[name] = means[name] + map_[0].mean(tuple(range(1, map_[0].ndim))) / len(pictures) if map_.ndim == 4 else means[name] + map_[0] / len(pictures)
    for node in layers:
        if len(node.input) < 3:
            continue
        numbers, scales = rounded[node.input[1]]
        lost = network.constants[node.input[1]] - numbers * scales.reshape(-1, *[1] * (numbers.ndim - 1))
        mean = means[node.input[0]]
        # The border of zeros is left out of account.
        lost = lost.sum((2, 3)) if lost.ndim == 4 else lost
        shift = lost[:, 0] * mean if is_depthwise(node, network.constants) else lost @ mean
        network.constants[node.input[2]] = (network.constants[node.input[2]] + shift).astype(np.float32)


def quantised(model, pictures, keep=(), strength=0.5):
    """The model with QuantizeLinear and DequantizeLinear; `pictures` are `float32[n, 3, h, w]` as the network takes them."""
    network = Network(model)
    kept = set(keep) | gates(network)
    unknown = set(keep) - set(network.maker)
    if unknown:
        raise ValueError(f"no layer makes {', '.join(sorted(unknown))}: --keep takes the names of outputs")
    equalise(network, pictures[:64], kept, strength)
    layers = [n for n in network.nodes if is_layer(n, network.constants) and n.output[0] not in kept and n.input[0] not in kept]
    rounded = {node.input[1]: weight_bytes(network.constants[node.input[1]]) for node in layers}
    names = list(dict.fromkeys(node.input[0] for node in layers))
    # The other operand of an addition is bytes where the layer's own input is.
    scales = map_scales(network, [n for n in names if n != network.input], pictures)
    if network.input in names:
        scales[network.input] = map_scale(float(pictures.min()), float(pictures.max()), pictures.reshape(-1)[:: max(1, pictures.size // 100_000)])
    correct_biases(network, layers, rounded, pictures[:64])

    def constant(name, value):
        network.constants[name] = value
        return name

    def around(name):
        scale, zero = scales[name]
        operands = [constant(f"{name}.scale", np.float32(scale)), constant(f"{name}.zero", np.int8(zero))]
        yield helper.make_node("QuantizeLinear", [name, *operands], [f"{name}.bytes"])
        yield helper.make_node("DequantizeLinear", [f"{name}.bytes", *operands], [f"{name}.8"])

    of_bytes = {id(node) for node in layers}
    nodes = []
    for name, (numbers, weight_scales) in rounded.items():
        operands = [constant(f"{name}.bytes", numbers), constant(f"{name}.scales", weight_scales)]
        nodes.append(helper.make_node("DequantizeLinear", operands, [f"{name}.8"], axis=0))
    if network.input in scales:
        nodes.extend(around(network.input))
    for node in network.nodes:
        new = onnx.NodeProto()
        new.CopyFrom(node)
        new.input[:] = [f"{name}.8" if name in scales or (name in rounded and id(node) in of_bytes) else name for name in node.input]
        nodes.append(new)
        if node.output[0] in scales:
            nodes.extend(around(node.output[0]))
    return network.write(nodes)


def crops(stems, count, model, mean, scale, seed=0):
    """Pictures as the network takes them, some of each set."""
    rng, pictures = np.random.default_rng(seed), []
    height, width = (d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim[2:])
    window = align.window_of(width, height)
    if window is None:
        raise ValueError(f"its input of {width} x {height} is no window of align.py")
    for stem in stems:
        all_, _, _ = data.read_set(stem)
        for at in np.sort(rng.permutation(len(all_))[: -(-count // len(stems))]):
            crop = np.asarray(all_[at])
            # Half of them drawn smaller and larger again, as small faces are.
            if at % 2:
                small = cv2.resize(crop, (48, 48), interpolation=cv2.INTER_AREA)
                crop = cv2.resize(small, crop.shape[1::-1], interpolation=cv2.INTER_LINEAR)
            pictures.append(align.to_network(window.cut(crop), mean, scale))
    return np.stack(pictures)


def numbers(text):
    """A number, or one for each channel with commas between them."""
    return np.array([float(v) for v in text.split(",")], np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("stems", nargs="+", metavar="STEM")
    parser.add_argument("--mean", type=numbers, default=127.5)
    parser.add_argument("--scale", type=numbers, default=128.0)
    parser.add_argument("--pictures", type=int, default=256)
    parser.add_argument("--keep", nargs="*", default=[])
    parser.add_argument("--equalise", type=float, default=0.5)
    args = parser.parse_args()
    model = onnx.load(args.source)
    try:
        pictures = crops(args.stems, args.pictures, model, args.mean, args.scale)
        model = quantised(model, pictures, args.keep, args.equalise)
    except ValueError as error:
        sys.exit(f"{args.source}: {error}")
    onnx.checker.check_model(model)
    onnx.save(model, args.target)
    counts = defaultdict(int)
    for node in model.graph.node:
        counts[node.op_type] += 1
    print(f"{args.target}: {counts['QuantizeLinear']} maps of bytes, {len(model.SerializeToString())} bytes")


if __name__ == "__main__":
    main()
