"""Store a network's weights as f16: the file halves, and so does the download.

    python half.py IN.onnx OUT.onnx

Every f32 initializer that a node reads becomes an f16 initializer and a Cast to f32 before its first use, which any ONNX
runtime understands; ours widens them once when it loads the file. Values beyond f16's range would become infinite, so they
stay f32.
"""

import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    graph = model.graph
    kept, casts = [], []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        # Single numbers (slopes, bounds, scales) are not worth a node.
        if values.dtype != np.float32 or values.size < 2 or np.abs(values).max() > 65504:
            kept.append(tensor)
            continue
        stored = numpy_helper.from_array(values.astype(np.float16), tensor.name + ".f16")
        kept.append(stored)
        casts.append(helper.make_node("Cast", [stored.name], [tensor.name], to=onnx.TensorProto.FLOAT))
    nodes = list(graph.node)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(casts + nodes)
    onnx.checker.check_model(model)
    return model


if __name__ == "__main__":
    source, target = sys.argv[1:]
    onnx.save(halved(onnx.load(source)), target)
