"""The network of floats behind one of bytes: its weights as the bytes say them, its maps unrounded. For measuring what bytes are worth.

    python floats.py IN.onnx OUT.onnx
    python floats.py --pack PACK OUT     the same for every network of a pack, with a manifest, for `make build PACK=OUT`
"""

import hashlib
import json
import pathlib
import shutil
import sys

import numpy as np
import onnx

from quantise import Network


def floats(model):
    network = Network(model)
    kept, known_as = [], {}
    for node in network.nodes:
        source = known_as.get(node.input[0], node.input[0]) if node.input else None
        if node.op_type == "QuantizeLinear":
            known_as[node.output[0]] = source
        elif node.op_type == "DequantizeLinear" and node.input[0] in network.constants:
            integers, scale = network.constants[node.input[0]].astype(np.float32), network.constants[node.input[1]]
            axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
            if scale.size > 1:
                scale = scale.reshape([-1 if d == axis else 1 for d in range(integers.ndim)])
            network.constants[node.output[0]] = (integers * scale).astype(np.float32)
        elif node.op_type == "DequantizeLinear":
            known_as[node.output[0]] = source
        else:
            for i, name in enumerate(node.input):
                node.input[i] = known_as.get(name, name)
            kept.append(node)
    return network.write(kept)


def main():
    words = sys.argv[1:]
    if words[:1] != ["--pack"]:
        onnx.save(floats(onnx.load(words[0])), words[1])
        return
    pack, out = map(pathlib.Path, words[1:])
    out.mkdir(parents=True)
    manifest = json.loads((pack / "manifest.json").read_text())
    for entry in manifest["models"]:
        model = onnx.load(pack / entry["file"])
        if any(node.op_type == "QuantizeLinear" for node in model.graph.node):
            data = floats(model).SerializeToString()
            entry |= {"file": f"{entry['id']}-floats.onnx", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            (out / entry["file"]).write_bytes(data)
        else:
            shutil.copy(pack / entry["file"], out)
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
