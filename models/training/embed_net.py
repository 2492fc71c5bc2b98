"""An embedding network as a trainable torch module, read from and written back to ONNX.

The networks are convolutions, PReLU or ReLU, squeeze-excitation, additions and a final flatten, with batch normalisation
already folded away, so the ONNX graph itself is the architecture: nothing has to be written down twice.
"""
import argparse
import copy
import hashlib
import sys

import numpy as np
import onnx
import torch
import torch.nn as nn
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

import align
from quantise import WEIGHT_MOST


class OtherArchitecture(ValueError):
    """Weights that belong to another network."""


def widened(graph):
    """Initialisers of a graph as float32 by the name under which nodes use them, Casts from f16 and scales of bytes followed."""
    values = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in values:
            values[node.output[0]] = values.pop(node.input[0]).astype(np.float32)
        elif node.op_type == "DequantizeLinear" and node.input[0] in values:
            numbers = values.pop(node.input[0]).astype(np.float32)
            values[node.output[0]] = numbers * values[node.input[1]].reshape(-1, *[1] * (numbers.ndim - 1))
    for name in [n for n in values if "." in n]:  # torch has no such names
        values[name.replace(".", "_")] = values.pop(name)
    return values


class FixedPRelu(torch.autograd.Function):
    """PReLU whose slopes are not trained. Torch's own backward pass costs more than the convolutions' on a CPU."""

    @staticmethod
    def forward(context, x, slope):
        context.save_for_backward(x, slope)
        return F.prelu(x, slope.to(x.dtype))

    @staticmethod
    def backward(context, gradient):
        x, slope = context.saved_tensors
        slope = slope.to(x.dtype).view(1, -1, 1, 1)
        return torch.addcmul(gradient * slope, torch.ops.aten.threshold_backward(gradient, x, 0), 1 - slope), None


class StridedDepthwise(torch.autograd.Function):
    """A depthwise convolution with a stride. In bfloat16 on a CPU, torch's own gradient of its input costs forty times as much."""

    @staticmethod
    def forward(context, x, weight, bias, stride, pads):
        context.save_for_backward(x, weight)
        context.stride, context.pads = stride, pads
        return F.conv2d(x, weight, bias, stride, pads, 1, len(weight))

    @staticmethod
    def backward(context, gradient):
        x, weight = context.saved_tensors
        (down, right), pads, (high, wide) = context.stride, context.pads, weight.shape[2:]
        apart = torch.zeros_like(x, dtype=gradient.dtype)
        apart[:, :, ::down, ::right] = gradient
        back = F.conv2d(apart, weight.flip((2, 3)), None, 1, (high - 1 - pads[0], wide - 1 - pads[1]), 1, len(weight))
        of_weight, of_bias = torch.ops.aten.convolution_backward(
            gradient, x, weight, [len(weight)], context.stride, pads, [1, 1], False, [0, 0], len(weight), [False, True, True]
        )[1:]
        return back, of_weight, of_bias, None, None


def convolve(x, weight, bias, stride, pads, groups):
    """A convolution by the way through torch that trains fastest on a CPU."""
    if groups == len(weight) == x.shape[1] and weight.shape[2:] == x.shape[2:] and not any(pads):
        y = (x * weight[:, 0].to(x.dtype)).sum((2, 3), keepdim=True)  # a depthwise look at all there is
        return y if bias is None else y + bias.to(y.dtype)[:, None, None]
    symmetric = bias is not None and weight.shape[2] == weight.shape[3] == 2 * pads[0] + 1 == 2 * pads[1] + 1
    if groups == len(weight) == x.shape[1] and max(stride) > 1 and symmetric and x.requires_grad:
        half = torch.get_autocast_dtype(x.device.type) if torch.is_autocast_enabled(x.device.type) else x.dtype
        return StridedDepthwise.apply(x.to(half), weight.to(half), bias.to(half), list(stride), list(pads))
    return F.conv2d(x, weight, bias, stride, pads, 1, groups)


class ThroughBytes(torch.autograd.Function):
    """Numbers as bytes hold them; the gradient passes where they are not cut off (straight through)."""

    @staticmethod
    def forward(context, x, scale, zero, least, most):
        numbers = torch.round(x / scale) + zero
        context.save_for_backward((numbers >= least) & (numbers <= most))
        return ((numbers.clamp(least, most) - zero) * scale).to(x.dtype)

    @staticmethod
    def backward(context, gradient):
        return gradient * context.saved_tensors[0], None, None, None, None


class OnnxNet(nn.Module):
    """`float[n, 3, h, w]` to `float[n, d]`, by the graph of an ONNX file. Parameters keep the file's names.

    `rounded`: of a network of bytes, weights and maps are rounded as they are there, so that training learns to bear it.
    `size`: (width, height) of a network that looks at something else than a window of the canonical face.
    """

    def __init__(self, path, rounded=False, size=None):
        super().__init__()
        graph = onnx.load(str(path)).graph
        constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        values = widened(graph)
        self.grids = {}  # of weights: the scale of each output
        self.entry = next(i.name for i in graph.input if i.name not in values)
        self.exit = graph.output[0].name
        dims = [d.dim_value for d in graph.input[0].type.tensor_type.shape.dim]
        self.window = align.window_of(dims[3], dims[2])
        if self.window is None and (dims[3], dims[2]) != size:
            raise OtherArchitecture(f"{path} takes {dims[3]}x{dims[2]} pixels, which is no window that align.py knows")
        self.plan = []
        same = {}  # the maps of a network of bytes are those of floats here, by the names before rounding
        for node in graph.node:
            if rounded and node.op_type == "DequantizeLinear":
                scale = constants[node.input[1]]
                if node.input[0] in constants:
                    grid = torch.from_numpy(scale.copy()).reshape(-1, *[1] * (constants[node.input[0]].ndim - 1))
                    self.grids[node.output[0].replace(".", "_")] = grid
                else:
                    attributes = {"scale": float(scale), "zero": int(constants[node.input[2]])}
                    self.plan.append(("Round", [same[node.input[0]]], [node.output[0]], attributes))
                continue
            if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
                same[node.output[0]] = same.get(node.input[0], node.input[0])
            if node.op_type in ("Cast", "QuantizeLinear", "DequantizeLinear"):
                continue
            if node.op_type not in ("Conv", "PRelu", "Relu", "Add", "Mul", "GlobalAveragePool", "Sigmoid", "Gemm", "Flatten", "Reshape", "Concat"):
                raise OtherArchitecture(f"{path}: operator {node.op_type} ({node.name}) is not one this trainer knows")
            attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            self.plan.append((node.op_type, [w if (w := n.replace(".", "_")) in values else same.get(n, n) for n in node.input], list(node.output), attributes))
        if rounded and not self.grids:
            raise OtherArchitecture(f"{path} is no network of bytes: quantise.py makes one of it")
        self.own_scale = self._take_scale_of_input(values)
        self.normalisation = self.normalisation_of(*self.window.normalisation) if self.window else None
        used = {name for _, inputs, _, _ in self.plan for name in inputs}
        self.weights = nn.ParameterDict(
            {n: nn.Parameter(torch.from_numpy(v.copy())) for n, v in values.items() if n in used and v.dtype == np.float32}
        )

    def _take_scale_of_input(self, values):
        """The file's own scale and shift of its input, by channel, taken out of the graph: drawing the window does both at no cost."""
        scale, shift = np.ones(3), np.zeros(3)
        for operator in ("Mul", "Add"):
            kind, inputs, outputs, _ = self.plan[0]
            constant = values.get(inputs[1]) if len(inputs) == 2 else None
            if kind != operator or inputs[0] != self.entry or constant is None or constant.size != 3:
                continue
            del self.plan[0]
            scale, shift = (constant.reshape(3), shift) if operator == "Mul" else (scale, constant.reshape(3))
            rename = lambda name: self.entry if name == outputs[0] else name
            self.plan = [(o, [rename(n) for n in i], out, a) for o, i, out, a in self.plan]
        return scale, shift

    def normalisation_of(self, mean, span):
        """`(means, deviations)` of R, G and B: a byte that the file takes as (x - mean) / span, this network takes by these."""
        scale, shift = self.own_scale
        return [round(float(v), 4) for v in mean - span * shift / scale], [round(float(v), 4) for v in span / scale]

    def weight(self, name):
        """A layer's weights, rounded where this network is."""
        weight, grid = self.weights[name], self.grids.get(name)
        return weight if grid is None else ThroughBytes.apply(weight, grid.to(weight.device), 0, -WEIGHT_MOST, WEIGHT_MOST)

    def forward(self, x):
        values = {self.entry: x}
        for operator, inputs, outputs, attributes in self.plan:
            a = values[inputs[0]]
            if operator == "Conv":
                top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
                if top != bottom or left != right:
                    a, top, left = F.pad(a, (left, right, top, bottom)), 0, 0
                bias = self.weights[inputs[2]] if len(inputs) > 2 else None
                weight = self.weight(inputs[1])
                y = convolve(a, weight, bias, attributes.get("strides", [1, 1]), (top, left), attributes.get("group", 1))
            elif operator == "PRelu":
                slope = self.weights[inputs[1]]
                y = F.prelu(a, slope.reshape(-1).to(a.dtype)) if slope.requires_grad else FixedPRelu.apply(a, slope.reshape(-1))
            elif operator == "Relu":
                y = F.relu(a)
            elif operator == "Round":
                y = ThroughBytes.apply(a, attributes["scale"], attributes["zero"], -128, 127)
            elif operator == "Add":
                y = a + values[inputs[1]]
            elif operator == "Mul":
                y = a * values[inputs[1]]
            elif operator == "GlobalAveragePool":
                y = a.mean((2, 3), keepdim=True)
            elif operator == "Gemm":
                weight = self.weight(inputs[1])
                y = F.linear(a, weight if attributes.get("transB") else weight.T, self.weights[inputs[2]])
            elif operator == "Sigmoid":
                y = torch.sigmoid(a)
            elif operator == "Concat":
                y = torch.cat([values[name] for name in inputs], attributes["axis"])
            else:
                y = a.flatten(1)
            values[outputs[0]] = y
        return values[self.exit]

    def freeze(self, convolutions, slopes=True):
        """Leave the first convolutions (edges and colours, most of the work) as they are, and all PReLU slopes."""
        count = 0
        for operator, inputs, _, _ in self.plan:
            count += operator == "Conv"
            if (operator == "Conv" and count <= convolutions) or (operator == "PRelu" and slopes):
                for name in inputs[1:]:
                    self.weights[name].requires_grad_(False)

    def fingerprint(self):
        """A hash of operators and shapes: equal for two networks exactly when weights can be exchanged."""
        text = repr([(op, i, o, sorted(a.items())) for op, i, o, a in self.plan])
        text += repr([(n, tuple(p.shape)) for n, p in self.weights.items()])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def load_weights(self, state, fingerprint, origin):
        """Take over weights; raises `OtherArchitecture` when they are of another network."""
        if fingerprint != self.fingerprint():
            raise OtherArchitecture(
                f"{origin} holds weights of another architecture ({fingerprint}, not {self.fingerprint()}). "
                "Start from the ONNX file that it was trained from, or delete the checkpoint to begin anew."
            )
        self.load_state_dict(state)


def export(network, path, name="periocular"):
    """Write the network as ONNX with batch 1, weights as f16 followed by a Cast to f32 (half the download)."""
    initializers, nodes = [], []
    for key, parameter in network.weights.items():
        half = parameter.detach().float().cpu().numpy().astype(np.float16)
        if not np.isfinite(half).all():
            raise ValueError(f"weight {key} does not fit into float16")
        initializers.append(numpy_helper.from_array(half, f"{key}_h"))
        nodes.append(helper.make_node("Cast", [f"{key}_h"], [key], to=TensorProto.FLOAT))
    for operator, inputs, outputs, attributes in network.plan:
        operator, attributes = ("Flatten", {"axis": 1}) if operator == "Reshape" else (operator, attributes)
        nodes.append(helper.make_node(operator, inputs[:1] if operator == "Flatten" else inputs, outputs, **attributes))
    with torch.no_grad():
        size = network(torch.zeros(1, 3, network.window.height, network.window.width)).shape[1]
    entry = helper.make_tensor_value_info(network.entry, TensorProto.FLOAT, [1, 3, network.window.height, network.window.width])
    exit_ = helper.make_tensor_value_info(network.exit, TensorProto.FLOAT, [1, size])
    graph = helper.make_graph(nodes, name, [entry], [exit_], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def export_bytes(network, source, path):
    """Write a network that was trained rounded as the file `source` that it was read from, with its own weights and biases."""
    model = onnx.load(str(source))
    bytes_of = {n.output[0].replace(".", "_"): n.input[0] for n in model.graph.node if n.op_type == "DequantizeLinear"}
    place = {t.name: t for t in model.graph.initializer}
    floats = {t.name.replace(".", "_"): t for t in model.graph.initializer if t.data_type == TensorProto.FLOAT}
    for key, parameter in network.weights.items():
        values = parameter.detach().float().cpu()
        if key in network.grids:
            numbers = torch.round(values / network.grids[key]).clamp(-WEIGHT_MOST, WEIGHT_MOST).to(torch.int8).numpy()
            place[bytes_of[key]].CopyFrom(numpy_helper.from_array(numbers, bytes_of[key]))
        elif key in floats:
            floats[key].CopyFrom(numpy_helper.from_array(values.numpy(), floats[key].name))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def largest_difference(network, path, seed=0):
    """Largest difference, relative to the output's length, between torch and ONNX Runtime on one random picture."""
    import teachers

    x = np.random.default_rng(seed).normal(0, 0.5, (1, 3, network.window.height, network.window.width)).astype(np.float32)
    scale, shift = (torch.tensor(v, dtype=torch.float32).view(-1, 1, 1) for v in OnnxNet(path).own_scale)
    with torch.no_grad():
        ours = network(torch.from_numpy(x) * scale + shift).float().numpy()
    theirs = teachers.run(teachers.session(path), x)
    return float(np.abs(ours - theirs).max() / np.linalg.norm(ours))


def average(first, second, share):
    """Weights `(1 - share) * first + share * second` of two state dicts of one architecture."""
    return {k: torch.lerp(first[k].float(), second[k].float(), share) for k in first}


@torch.no_grad()
def move_average(average_state, network, decay):
    """One step of the exponential moving average of a network's weights, in place; what counts is left as it is."""
    for key, value in network.state_dict().items():
        if average_state[key].is_floating_point():
            average_state[key].lerp_(value.detach().float(), 1 - decay)


@torch.no_grad()
def last_maps(network, pictures, batch=64):
    """What the last layer looks at, for `pictures` float32[n, 3, h, w]: the maps `float32[n, c, h, w]` that are laid side by side for it."""
    operator, inputs, _, _ = network.plan[-2]
    if operator not in ("Flatten", "Reshape"):
        raise OtherArchitecture(f"before the last layer is {operator}: its maps are not laid side by side")
    front = copy.copy(network)
    front.plan, front.exit = network.plan[:-2], inputs[0]
    return np.concatenate([front(torch.from_numpy(pictures[i : i + batch])).float().numpy() for i in range(0, len(pictures), batch)])


def last_layer(network):
    """Weights by output and bias of a network's last layer, which is fully connected."""
    operator, inputs, _, attributes = network.plan[-1]
    if operator != "Gemm" or not attributes.get("transB"):
        raise OtherArchitecture(f"the last layer is {operator}, not fully connected with its weights by output: its templates cannot be made of another length")
    return [network.weights[name].detach().numpy() for name in inputs[1:]]


def with_last_layer(network, *layer):
    """`network` with these weights and bias in its last layer."""
    for name, values in zip(network.plan[-1][1][1:], layer):
        network.weights[name] = nn.Parameter(torch.from_numpy(values.astype(np.float32)))
    return network


def narrowed(network, maps, dimensions, rows=0, share=0.0):
    """`network`, whose last layer is fully connected, with that layer's output on the `dimensions` directions in which its templates of
    `maps` float32[n, c, h, w] (`last_maps` of many faces, with masks and without) differ most: a shorter template that loses as little as one
    of its length can. Beside the whole face `share` of a template's length is what the same layer makes of the upper `rows` of the maps alone,
    where no mask is."""
    weight, bias = last_layer(network)
    upper = weight.reshape(len(weight), *maps.shape[1:]).copy()
    upper[:, :, rows:] = 0
    flat, layers = maps.reshape(len(maps), -1), []
    for part, of in ((1 - share, weight), (share, upper.reshape(weight.shape))):
        if part:
            by = part**0.5 / np.linalg.norm(flat @ of.T + bias, axis=1).mean()
            layers.append((by * of, by * bias))
    wide, side = (np.concatenate(both) for both in zip(*layers))
    templates = flat @ wide.T + side
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    if dimensions > min(templates.shape):
        raise ValueError(f"{len(templates)} templates of {templates.shape[1]} numbers cannot fix {dimensions} directions")
    basis = np.linalg.svd(templates, full_matrices=False)[2][:dimensions]
    basis *= weight.std() / (basis @ wide).std()  # as large as it was, for rates of training and for f16
    return with_last_layer(network, basis @ wide, basis @ side)


def headed(network, other):
    """`network` with the last layer of `other`, of the same layers below and more numbers in its template, of which network's own layer once
    kept some directions: what network's layer learned since is added in these, and all that other's says beside them comes back."""
    (own, own_bias), (weight, bias) = last_layer(network), last_layer(other)
    if own.shape[1] != weight.shape[1] or len(own) > len(weight):
        raise OtherArchitecture(f"a last layer of {weight.shape[1]} by {len(weight)} cannot stand in for one of {own.shape[1]} by {len(own)}")
    kept = np.linalg.lstsq(weight.T, own.T, rcond=None)[0].T
    back = np.linalg.pinv(kept)
    return with_last_layer(network, weight + back @ (own - kept @ weight), bias + back @ (own_bias - kept @ bias))


def seen_twice(stem, network, count):
    """Windows `float32[n, 3, h, w]` of `count` pictures of an aligned set, drawn by chance, each followed by itself with a mask drawn on."""
    import data
    import embed_evaluate

    crops, _, points = data.read_set(stem)
    some = np.sort(np.random.default_rng(5).permutation(len(crops))[:count])
    bare = np.asarray(crops[some])
    both = np.concatenate([bare, embed_evaluate.render_copies(bare, points[some])])
    return np.stack([align.to_network(network.window.cut(crop), *network.normalisation) for crop in both])


def main():
    parser = argparse.ArgumentParser(description="Write START.onnx with templates of other length, by what people of aligned sets differ in.")
    parser.add_argument("start")
    parser.add_argument("out")
    parser.add_argument("dimensions", type=int)
    parser.add_argument("--sets", nargs="+", required=True, help="stems of data.py")
    parser.add_argument("--head", help="a network of the same layers with longer templates: START's last layer is made of its own and this one's")
    parser.add_argument("--pictures", type=int, default=1500, help="of each set at most, each also with a mask drawn on")
    parser.add_argument("--rows", type=int, default=0, help="upper rows of the last maps that count once more, by themselves")
    parser.add_argument("--share", type=float, default=0.0, help="how much they count")
    args = parser.parse_args()
    try:
        network = OnnxNet(args.start)
        if args.head:
            network = headed(network, OnnxNet(args.head))
        maps = np.concatenate([last_maps(network, seen_twice(stem, network, args.pictures)) for stem in args.sets])
        network = narrowed(network, maps, args.dimensions, args.rows, args.share)
    except (OtherArchitecture, ValueError, FileNotFoundError) as error:
        sys.exit(f"embed_net: {error}")
    export(network, args.out, "embedder")


if __name__ == "__main__":
    main()
