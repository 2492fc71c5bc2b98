"""Writes our networks as ONNX with half-precision weights, which is what the engine's loader expects.

The download halves and accuracy does not change; every Cast back to float32 is a constant that
ONNX Runtime folds and our own runtime widens once when it loads the file.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8


def halve_weights(model):
    """Replaces every float32 initializer of `model` by a float16 one and a Cast; returns the model.

    Nodes keep the names they had, so graphs stay readable. Integer initializers (pads, shapes) stay.
    """
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        name = tensor.name
        values = numpy_helper.to_array(tensor).astype(np.float32)
        if np.abs(values).max(initial=0) > 65504:
            raise ValueError(f"{name}: a weight of {np.abs(values).max()} does not fit half precision")
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + ".f16"))
        casts.append(helper.make_node("Cast", [name + ".f16"], [name], name=name + ".widen", to=TensorProto.FLOAT))
    nodes = casts + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return model


class GraphBuilder:
    """Collects nodes and initializers of a graph with one float32 input of fixed shape.

    Values are float32 NCHW tensors named by their producer. Every method returns the name of what it makes.
    """

    def __init__(self, name, input_shape):
        self.name, self.nodes, self.initializers = name, [], []
        self.input = helper.make_tensor_value_info("input", TensorProto.FLOAT, list(input_shape))
        self.outputs = []

    def constant(self, name, array):
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, op, inputs, name, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def conv(self, x, name, weight, bias, stride=1, pads=(0, 0, 0, 0), group=1):
        """`weight` out x in/group x kh x kw; `pads` top, left, bottom, right."""
        w = self.constant(name + ".weight", weight.astype(np.float32))
        b = self.constant(name + ".bias", bias.astype(np.float32))
        return self.node("Conv", [x, w, b], name, kernel_shape=list(weight.shape[2:]), strides=[stride, stride],
                         pads=list(pads), group=group)

    def reshape(self, x, name, shape):
        return self.node("Reshape", [x, self.constant(name + ".shape", np.array(shape, np.int64))], name)

    def output(self, name, shape):
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)))

    def model(self, producer, doc):
        graph = helper.make_graph(self.nodes, self.name, [self.input], self.outputs, self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
                                  producer_name=producer, doc_string=doc)
        onnx.checker.check_model(model, full_check=True)
        return model
