"""BlazeFace's trunk under the product's heads: where a detector starts for which there are few pictures.

BlazeFace (blazeface.py --open) has two anchors in the middle of each cell of 8 pixels and six in each of 16, with six points; the product
has one with four. Of each cell's anchors that one is kept which answers most on drawn scenes; training teaches it the others' faces.
"""

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import nn

from detector_measure import STRIDES

EACH = (2, 6)  # anchors in a cell of each grid
ROW, VALUES = 16, 12  # numbers for one anchor: of BlazeFace, and those that are kept


def plain(name):
    """A name that torch takes."""
    return name.replace(".", "_")


class BlazeNet(nn.Module):
    """The network of an ONNX file's `bytes`, with the heads of detector.DetectorNet: 12 numbers and a logit a cell."""

    def __init__(self, start, chosen=(0, 0)):
        super().__init__()
        graph = onnx.load_from_string(start).graph
        values = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        for node in graph.node:
            if node.op_type == "Cast":
                values[node.output[0]] = values[node.input[0]].astype(np.float32)
        read = {n.input[0] for n in graph.node if n.op_type == "Transpose"}
        heads = [n for n in graph.node if n.op_type == "Conv" and n.output[0] in read]
        self.trunk = [n for n in graph.node if n.op_type in ("Conv", "Relu", "Add", "Pad", "MaxPool") and n not in heads]
        used = {name for n in self.trunk for name in n.input if name in values}
        self.fixed = {name: values[name] for name in used if values[name].dtype == np.int64}
        self.weights = nn.ParameterDict({plain(name): nn.Parameter(torch.from_numpy(values[name].copy())) for name in used - set(self.fixed)})
        self.maps, self.heads, self.every = [], nn.ModuleList(), []
        for each, anchor, stride in zip(EACH, chosen, STRIDES):
            score, = (n for n in heads if len(values[n.input[1]]) == each)
            box, = (n for n in heads if len(values[n.input[1]]) == each * ROW)
            parts = [torch.from_numpy(np.concatenate([  # the heads of DetectorNet count in cells
                values[box.input[k]][anchor * ROW : anchor * ROW + VALUES] / stride, values[score.input[k]][anchor : anchor + 1],
            ])) for k in (1, 2)]
            head = nn.Conv2d(parts[0].shape[1], VALUES + 1, 1)
            head.load_state_dict({"weight": parts[0], "bias": parts[1]})
            self.heads.append(head)
            self.maps.append(score.input[0])
            self.every.append([torch.from_numpy(values[score.input[k]].copy()) for k in (1, 2)])

    def features(self, x):
        """What the heads of both grids read."""
        made = {"input": x}
        for node in self.trunk:
            a = {p.name: onnx.helper.get_attribute_value(p) for p in node.attribute}
            first = made[node.input[0]]
            if node.op_type == "Conv":
                top, left, bottom, right = a["pads"]
                if (top, left) != (bottom, right):
                    first, top, left = F.pad(first, (left, right, top, bottom)), 0, 0
                weight, bias = (self.weights[plain(name)] for name in node.input[1:])
                y = F.conv2d(first, weight, bias, a["strides"], (top, left), 1, a["group"])
            elif node.op_type == "Relu":
                y = F.relu(first)
            elif node.op_type == "Add":
                y = first + made[node.input[1]]
            elif node.op_type == "MaxPool":
                y = F.max_pool2d(first, a["kernel_shape"], a["strides"])
            else:
                pads = self.fixed[node.input[1]]
                y = F.pad(first, (0, 0, 0, 0, int(pads[1]), int(pads[5])))
            made[node.output[0]] = y
        return [made[name] for name in self.maps]

    @torch.no_grad()
    def busiest(self, x):
        """Of each grid the anchor that answers most on the pictures `x` float[n, 3, h, w]."""
        found = zip(self.features(x), self.every)
        return tuple(int(torch.sigmoid(F.conv2d(features, *every)).sum((0, 2, 3)).argmax()) for features, every in found)

    def write(self, graph):
        """Adds the trunk to an ONNX graph; the names of what the heads read."""
        for node in self.trunk:
            for name in node.input:
                if name in self.fixed:
                    graph.constant(name, self.fixed[name])
                elif plain(name) in self.weights:
                    graph.constant(name, self.weights[plain(name)].detach().numpy())
            graph.nodes.append(node)
        return self.maps
