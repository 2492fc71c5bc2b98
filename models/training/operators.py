"""Small networks, one for each operator that src/model/ promises and for what it fuses, with odd sizes on purpose.

goldens.py writes them to tests/data/golden/operators/ with ONNX Runtime's answers.
"""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

X = (1, 5, 7, 6)


class Net:
    """A network that is written down node by node; every call returns the name of what it computes."""

    def __init__(self, dims=X, opset=13, seed=0):
        self.dims, self.opset = dims, opset
        self.random = np.random.default_rng(seed)
        self.nodes, self.constants, self.count = [], [], 0

    def const(self, values):
        self.count += 1
        name = f"k{self.count}"
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def weights(self, *dims):
        return self.const(self.random.normal(0, 0.5, dims).astype(np.float32))

    def positive(self, *dims):
        return self.const(self.random.uniform(0.5, 1.5, dims).astype(np.float32))

    def ints(self, *values):
        return self.const(np.array(values, np.int64))

    def __getattr__(self, operator):
        def add(*inputs, **attributes):
            self.count += 1
            name = f"v{self.count}"
            self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
            return name

        return add

    def conv(self, x, inputs, outputs, kernel=(3, 3), group=1, bias=True, **attributes):
        operands = [x, self.weights(outputs, inputs // group, *kernel)] + ([self.weights(outputs)] if bias else [])
        return self.Conv(*operands, group=group, kernel_shape=kernel, **attributes)

    def model(self, *outputs):
        info = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
        graph = helper.make_graph(self.nodes, "g", [info("x", self.dims)], [info(o, None) for o in outputs], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)


def cases():
    """Yields (name, model)."""

    def case(name, write, dims=X, opset=13):
        net = Net(dims, opset, seed=len(name))
        outputs = write(net)
        return name, net.model(*([outputs] if isinstance(outputs, str) else outputs))

    same = dict(pads=[1, 1, 1, 1])
    yield case("conv-pointwise", lambda n: n.conv("x", 5, 9, (1, 1)))
    yield case("conv-pointwise-strided", lambda n: n.conv("x", 5, 3, (1, 1), strides=[2, 2]))
    yield case("conv-dense", lambda n: n.conv("x", 5, 12, **same))
    yield case("conv-dense-strided", lambda n: n.conv("x", 5, 13, strides=[2, 2], pads=[0, 0, 1, 1], bias=False))
    yield case("conv-dense-wide", lambda n: n.conv("x", 5, 4, (5, 3), pads=[2, 0, 1, 2], strides=[2, 3]))
    yield case("conv-dense-dilated", lambda n: n.conv("x", 5, 6, dilations=[2, 1], pads=[2, 1, 2, 1]))
    yield case("conv-three-channels", lambda n: n.conv("x", 3, 16, strides=[2, 2], pads=[0, 0, 1, 1]), (1, 3, 9, 11))
    yield case("conv-two-channels", lambda n: n.conv("x", 2, 5, **same), (1, 2, 4, 5))
    yield case("conv-one-channel", lambda n: n.conv("x", 1, 5, (5, 5), auto_pad="SAME_UPPER", strides=[2, 2]), (1, 1, 8, 5))
    yield case("conv-same-lower", lambda n: n.conv("x", 5, 5, (4, 4), auto_pad="SAME_LOWER", strides=[2, 2]))
    yield case("conv-depthwise-3x3", lambda n: n.conv("x", 5, 5, group=5, **same))
    yield case("conv-depthwise-3x3-strided", lambda n: n.conv("x", 5, 5, group=5, strides=[2, 2], pads=[0, 0, 1, 1]))
    yield case("conv-depthwise-5x5", lambda n: n.conv("x", 5, 5, (5, 5), group=5, pads=[2, 2, 2, 2]))
    yield case("conv-depthwise-5x5-strided", lambda n: n.conv("x", 5, 5, (5, 5), group=5, pads=[1, 2, 2, 1], strides=[2, 2]))
    yield case("conv-depthwise-odd", lambda n: n.conv("x", 5, 5, (2, 4), group=5, pads=[1, 0, 0, 3], strides=[1, 2]))
    yield case("conv-depthwise-dilated", lambda n: n.conv("x", 5, 5, group=5, dilations=[2, 2], pads=[2, 2, 2, 2]))
    yield case("conv-depthwise-whole", lambda n: n.conv("x", 5, 5, (7, 6), group=5))
    yield case("conv-grouped", lambda n: n.PRelu(n.conv("x", 6, 9, group=3, **same), n.weights(9, 1, 1)), (1, 6, 5, 4))
    yield case("conv-depthwise-multiplied", lambda n: n.conv("x", 5, 10, group=5, **same))
    yield case("conv-long", lambda n: n.conv(n.conv("x", 5, 70, (1, 1)), 70, 41, (1, 1)))

    def bottleneck(n):
        a = n.PRelu(n.conv("x", 5, 11, (1, 1)), n.weights(11, 1, 1))
        b = n.PRelu(n.conv(a, 11, 11, group=11, **same), n.weights(11, 1, 1))
        return n.Relu(n.Add("x", n.conv(b, 11, 5, (1, 1))))

    yield case("fused-bottleneck", bottleneck)

    def shortcut_after(n):
        a = n.conv("x", 5, 6, **same)
        return n.Clip(n.Add(a, n.conv("x", 5, 6, (1, 1))), n.const(np.float32(0)), n.const(np.float32(6)))

    yield case("fused-two-convolutions-added", shortcut_after)

    def padded_channels(n):
        x = n.Relu(n.conv("x", 5, 6, (1, 1)))
        pad = n.Pad(n.MaxPool(x, kernel_shape=[2, 2], strides=[2, 2]), n.ints(0, 0, 0, 0, 0, 3, 0, 0))
        return n.Relu(n.Add(pad, n.conv(x, 6, 9, (2, 2), strides=[2, 2])))

    yield case("fused-channel-padding", padded_channels)

    def unclean_channels(n):
        pad = n.Pad(n.Sigmoid(n.conv("x", 5, 6, (1, 1))), n.ints(0, 0, 0, 0, 0, 3, 0, 0))
        return n.Add(pad, n.conv("x", 5, 9, (1, 1)))

    yield case("fused-channel-padding-after-sigmoid", unclean_channels)

    def normalised(n, x, c):
        return n.BatchNormalization(x, n.positive(c), n.weights(c), n.weights(c), n.positive(c), epsilon=1e-3)

    yield case("fused-normalisation", lambda n: n.Relu(normalised(n, n.conv("x", 5, 7, bias=False), 7)))
    yield case("normalisation", lambda n: normalised(n, "x", 5))
    yield case("normalisation-of-linear", lambda n: normalised(n, n.Gemm(n.Flatten("x"), n.weights(210, 6)), 6))

    def used_twice(n):
        a = n.conv("x", 5, 5, (1, 1))
        return n.Relu(a), n.Add(a, "x")

    yield case("not-fused-when-used-twice", used_twice)
    yield case("fused-padding", lambda n: n.conv(n.Pad("x", n.ints(0, 0, 1, 2, 0, 0, 0, 1)), 5, 6, (3, 3)))
    yield case("fused-scale", lambda n: n.Add(n.Mul(n.conv("x", 5, 6, **same), n.weights(1, 6, 1, 1)), n.const(np.float32(0.25))))
    yield case("prelu", lambda n: n.PRelu("x", n.weights(5, 1, 1)))
    yield case("prelu-one-slope", lambda n: n.PRelu(n.MaxPool("x", kernel_shape=[1, 1]), n.weights(1)))
    yield case("prelu-of-linear", lambda n: n.PRelu(n.Gemm(n.Flatten("x"), n.weights(210, 7), n.weights(7)), n.weights(7)))
    yield case("leaky-relu", lambda n: n.LeakyRelu(n.conv("x", 5, 5), alpha=0.2))
    yield case("relu-of-pool", lambda n: n.Relu(n.AveragePool("x", kernel_shape=[2, 2])))
    yield case("clip-old", lambda n: n.Clip("x", min=-0.25, max=0.5), opset=10)
    yield case("sigmoid", lambda n: n.Sigmoid(n.conv("x", 5, 2, (1, 1))))
    yield case("add-itself", lambda n: n.Add("x", "x"))
    yield case("add-map", lambda n: n.Add("x", n.weights(1, 5, 7, 6)))
    yield case("mul-row", lambda n: n.Mul(n.MaxPool("x", kernel_shape=[2, 2]), n.weights(1, 5)))
    yield case("subtract-and-divide", lambda n: n.Div(n.Sub("x", n.weights(5, 1, 1)), n.positive(1)))
    yield case("subtract-from", lambda n: n.Sub(n.weights(5, 1, 1), "x"))

    def excited(n):
        a = n.conv("x", 5, 6, (1, 1))
        gate = n.Sigmoid(n.conv(n.Relu(n.conv(n.GlobalAveragePool(a), 6, 3, (1, 1))), 3, 6, (1, 1)))
        return n.Mul(a, gate)

    yield case("squeeze-and-excite", excited)
    yield case("concat-channels", lambda n: n.conv(n.Concat(n.conv("x", 5, 6, (1, 1)), "x", n.conv("x", 5, 4, (1, 1)), axis=1), 15, 3, (1, 1)))
    yield case("concat-aligned", lambda n: n.Concat(n.conv("x", 5, 8, (1, 1)), n.conv("x", 5, 3, (1, 1)), axis=1))
    yield case("concat-rows", lambda n: n.Concat(n.Relu("x"), "x", axis=2))
    yield case("concat-columns", lambda n: n.Concat(n.conv("x", 5, 5, (1, 1)), "x", axis=-1))
    yield case("max-pool", lambda n: n.MaxPool("x", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]))
    yield case("max-pool-ceil", lambda n: n.MaxPool("x", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1))
    yield case("average-pool", lambda n: n.AveragePool("x", kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1]))
    yield case("average-pool-with-pads", lambda n: n.AveragePool("x", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1))
    yield case("global-average", lambda n: n.GlobalAveragePool("x"))
    yield case("pad-value", lambda n: n.Pad("x", n.ints(0, 2, 1, 0, 0, 1, 0, 3), n.const(np.float32(1.5))))
    nearest = dict(mode="nearest")
    scales = lambda n: (n.const(np.zeros(0, np.float32)), n.const(np.array([1, 1, 2, 2], np.float32)))
    yield case("resize-asymmetric", lambda n: n.Resize("x", *scales(n), **nearest, coordinate_transformation_mode="asymmetric", nearest_mode="floor"))
    yield case("resize-half-pixel", lambda n: n.Resize(n.conv("x", 5, 6), *scales(n), **nearest))
    yield case("resize-sizes", lambda n: n.Resize("x", "", "", n.ints(1, 5, 21, 12), **nearest, coordinate_transformation_mode="asymmetric", nearest_mode="floor"))
    yield case("transpose-last", lambda n: n.Transpose(n.conv("x", 5, 6), perm=[0, 2, 3, 1]))
    yield case("transpose-any", lambda n: n.Transpose("x", perm=[3, 1, 0, 2]))
    yield case("reshape", lambda n: n.Reshape(n.Transpose(n.conv("x", 5, 6), perm=[0, 2, 3, 1]), n.ints(0, -1, 3)))
    yield case("flatten", lambda n: (n.Flatten("x", axis=2), n.Flatten(n.GlobalAveragePool("x"))))
    yield case("gemm", lambda n: n.Gemm(n.Flatten("x"), n.weights(210, 9), n.weights(9)))
    yield case("gemm-transposed", lambda n: n.Relu(n.Gemm(n.Flatten("x"), n.weights(37, 210), n.weights(37), transB=1)))
    yield case("matmul", lambda n: n.MatMul("x", n.weights(6, 5)))
    yield case("softmax", lambda n: (n.Softmax("x", axis=1), n.Softmax(n.conv("x", 5, 6), axis=-1)))
    yield case("softmax-old", lambda n: n.Softmax("x", axis=2), opset=11)

    def folded(n):
        half = n.Cast(n.const(n.random.normal(0, 1, (4, 5, 1, 1)).astype(np.float16)), to=TensorProto.FLOAT)
        slope = n.Squeeze(n.Unsqueeze(n.Identity(n.weights(4, 1, 1)), n.ints(0)), n.ints(0))
        shift = n.Constant(value=numpy_helper.from_array(n.random.normal(0, 1, (1, 4, 1, 1)).astype(np.float32)))
        return n.Add(n.PRelu(n.Conv("x", half), slope), shift)

    yield case("folded-constants", folded)
    yield case("folded-shape", lambda n: n.Reshape("x", n.Concat(n.Unsqueeze(n.Gather(n.Shape("x"), n.const(np.int64(0))), n.ints(0)), n.ints(-1, 3), axis=0)))
    yield case("squeeze-map", lambda n: n.Unsqueeze(n.Squeeze(n.GlobalAveragePool("x"), n.ints(2, 3)), n.ints(0)))
    yield case("input-is-output", lambda n: (n.Identity("x"), n.Relu("x")))
    yield case("dead-ends", lambda n: (n.conv("x", 5, 3), n.Sigmoid(n.conv("x", 5, 4)))[0])

    yield from byte_cases(case)


def eight(n, x, scale=0.03, zero=5, kind=np.int8):
    """`x` made bytes and numbers again."""
    operands = [n.const(np.float32(scale)), n.const(kind(zero))]
    return n.DequantizeLinear(n.QuantizeLinear(x, *operands), *operands)


def eight_weights(n, *dims, ends=False):
    """Weights of seven bits with a scale an output; `ends` are all at the ends of the range."""
    numbers = n.random.integers(-64, 64, dims)
    if ends:
        numbers = np.where(numbers < 0, -64, 63)
    scales = n.random.uniform(0.002, 0.02, dims[0]).astype(np.float32)
    return n.DequantizeLinear(n.const(numbers.astype(np.int8)), n.const(scales), axis=0)


def eight_conv(n, x, inputs, outputs, kernel=(3, 3), group=1, ends=False, **attributes):
    weights = eight_weights(n, outputs, inputs // group, *kernel, ends=ends)
    return n.Conv(x, weights, n.weights(outputs), group=group, kernel_shape=kernel, **attributes)


def byte_cases(case):
    """Layers of bytes. Those whose name begins with `int8-` are computed in integers all through: every build gives the same."""
    same, x = dict(pads=[1, 1, 1, 1]), lambda n: eight(n, "x", 0.01, -3)
    yield case("int8-pointwise", lambda n: eight(n, eight_conv(n, x(n), 5, 13, (1, 1))))
    yield case("int8-pointwise-strided", lambda n: eight(n, eight_conv(n, x(n), 5, 6, (1, 1), strides=[2, 2])))
    yield case("int8-dense", lambda n: eight(n, eight_conv(n, x(n), 5, 12, **same), 0.1))
    yield case("int8-dense-strided", lambda n: eight(n, eight_conv(n, x(n), 3, 16, strides=[2, 2], pads=[0, 0, 1, 1]), 0.05), (1, 3, 9, 11))
    yield case("int8-dense-dilated", lambda n: eight(n, eight_conv(n, x(n), 5, 6, dilations=[2, 1], pads=[2, 1, 2, 1])))
    yield case("int8-depthwise-3x3", lambda n: eight(n, eight_conv(n, x(n), 5, 5, group=5, **same)))
    yield case("int8-depthwise-3x3-strided", lambda n: eight(n, eight_conv(n, x(n), 5, 5, group=5, strides=[2, 2], pads=[0, 0, 1, 1])))
    yield case("int8-depthwise-5x5", lambda n: eight(n, eight_conv(n, x(n), 5, 5, (5, 5), group=5, pads=[2, 2, 2, 2])))
    yield case("int8-depthwise-5x5-strided", lambda n: eight(n, eight_conv(n, x(n), 5, 5, (5, 5), group=5, pads=[1, 2, 2, 1], strides=[2, 2])))
    yield case("int8-depthwise-whole", lambda n: eight(n, eight_conv(n, x(n), 5, 5, (7, 6), group=5)))
    yield case("int8-saturated", lambda n: eight(n, eight_conv(n, eight(n, "x", 0.002, 100), 5, 9, ends=True, **same), 0.05, -100))
    yield case("int8-unsigned", lambda n: eight(n, n.Relu(eight_conv(n, eight(n, "x", 0.008, 120, np.uint8), 5, 9, **same)), 0.02, 0, np.uint8))
    yield case("int8-clip", lambda n: eight(n, n.Clip(eight_conv(n, x(n), 5, 8, (1, 1)), n.const(np.float32(-0.2)), n.const(np.float32(0.6)))))
    yield case("int8-to-floats", lambda n: n.PRelu(eight_conv(n, x(n), 5, 9, (1, 1)), n.weights(9, 1, 1)))
    yield case("int8-linear", lambda n: n.Gemm(n.Flatten(x(n)), eight_weights(n, 9, 210), n.weights(9), transB=1))
    yield case("int8-linear-quantised", lambda n: n.Gemm(eight(n, n.Flatten(n.MaxPool("x", kernel_shape=[2, 2])), 0.01), eight_weights(n, 7, 150), n.weights(7), transB=1))

    def bottleneck(n):
        a = eight(n, n.PRelu(eight_conv(n, x(n), 5, 11, (1, 1)), n.weights(11, 1, 1)))
        b = eight(n, n.PRelu(eight_conv(n, a, 11, 11, group=11, **same), n.const(np.float32(2 * n.random.random((11, 1, 1))))))
        return eight(n, n.Add(a, eight_conv(n, b, 11, 11, (1, 1))), 0.05)

    yield case("int8-bottleneck", bottleneck)

    def added(n):
        a, b = eight_conv(n, x(n), 5, 9, (1, 1)), eight_conv(n, eight(n, "x", 0.02, 60), 5, 9, (1, 1))
        # Scales that seldom put a sum halfway between two bytes.
        return eight(n, n.Add(eight(n, a, 0.0313), eight(n, b, 0.0187, -7)), 0.0411, 1)

    yield case("int8-add", added)

    def excited(n):
        a = eight(n, eight_conv(n, x(n), 5, 6, (1, 1)))
        gate = n.Sigmoid(n.conv(n.Relu(n.conv(n.GlobalAveragePool(a), 6, 3, (1, 1))), 3, 6, (1, 1)))
        return eight_conv(n, eight(n, n.Mul(a, gate), 0.02), 6, 4, (1, 1))

    yield case("mixed-squeeze-and-excite", excited)
    yield case("mixed-floats-between", lambda n: eight_conv(n, eight(n, n.MaxPool(n.Relu(n.conv(x(n), 5, 6)), kernel_shape=[2, 2])), 6, 4, (1, 1)))
    yield case("mixed-weights-of-bytes", lambda n: n.Relu(eight_conv(n, "x", 5, 6, **same)))
    yield case("mixed-grouped", lambda n: eight_conv(n, eight(n, "x"), 6, 9, group=3), (1, 6, 5, 4))
    yield case("mixed-sum-with-floats", lambda n: n.Add(n.MaxPool("x", kernel_shape=[1, 1]), eight_conv(n, x(n), 5, 5, (1, 1))))
    yield case("mixed-output-and-reader", lambda n: (lambda a: (n.Sigmoid(a), eight(n, a)))(eight_conv(n, x(n), 5, 6, (1, 1))))


def refused():
    """Yields (name, model): bytes that no runtime or ours cannot use. tests/golden.rs says in which words each is refused."""

    def conv(name, scale=np.float32(0.01), zero=np.int8(0), weights=63, scales=np.full(4, 0.01, np.float32), weight_zero=None):
        n = Net()
        operands = [n.const(scale)] + ([n.const(zero)] if zero is not None else [])
        x = n.DequantizeLinear(n.QuantizeLinear("x", *operands), *operands)
        numbers = n.const(np.full((4, 5, 1, 1), weights, np.int8))
        w = n.DequantizeLinear(numbers, n.const(scales), *([n.const(weight_zero)] if weight_zero is not None else []), axis=0)
        return name, n.model(n.Conv(x, w))

    yield conv("scale-zero", scale=np.float32(0))
    yield conv("scale-nan", scale=np.float32(np.nan))
    yield conv("scale-infinite", scale=np.float32(np.inf))
    yield conv("scale-negative", scale=np.float32(-0.01))
    yield conv("scale-missing", scale=np.zeros(0, np.float32))
    yield conv("scale-of-channels", scale=np.full(5, 0.01, np.float32), zero=np.zeros(5, np.int8))
    yield conv("zero-of-floats", zero=np.float32(0))
    yield conv("weights-scale-zero", scales=np.array([0.01, 0, 0.01, 0.01], np.float32))
    yield conv("weights-scales-few", scales=np.full(3, 0.01, np.float32))
    yield conv("weights-zero-point", weight_zero=np.array([0, 0, 3, 0], np.int8))
    yield conv("weights-eight-bits", weights=100)
    n = Net()
    yield "bytes-read-by-others", n.model(n.Relu(n.QuantizeLinear("x", n.const(np.float32(0.01)), n.const(np.int8(0)))))
    n = Net()
    yield "bytes-as-output", n.model(n.QuantizeLinear("x", n.const(np.float32(0.01)), n.const(np.int8(0))))
    n = Net()
    one, other = n.const(np.float32(0.01)), n.const(np.float32(0.02))
    yield "scales-differ", n.model(n.DequantizeLinear(n.QuantizeLinear("x", one, n.const(np.int8(0))), other, n.const(np.int8(0))))
    n = Net()
    yield "floats-dequantised", n.model(n.DequantizeLinear("x", n.const(np.float32(0.01)), n.const(np.int8(0))))


if __name__ == "__main__":
    for name, model in cases():
        print(name, len(model.SerializeToString()))
