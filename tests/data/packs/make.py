"""Makes tiny.onnx, the network with which tests/e2e/own-pack.test.mjs follows docs/PACKS.md: it knows the portraits beside it and nobody
else, and knows nobody with the channels in the other order. And tiny-erf.onnx, the same with an operator that only the second runtime has,
with what ONNX Runtime answers.

    python tests/data/packs/make.py YUNET.onnx      (numpy, opencv-python, onnx, onnxruntime; YuNet places the five points)
"""

import hashlib
import json
import math
import sys
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent
CANONICAL = np.array([[38.29, 51.70], [73.53, 51.50], [56.03, 71.74], [41.55, 92.37], [70.73, 92.20]])
PEOPLE = {"obama-1": 0, "obama-2": 0, "biden": 1, "astronaut": 2}
DRAWS = 200
POOL = 8


def points(detector, picture):
    detector.setInputSize(picture.shape[1::-1])
    return max(detector.detect(picture)[1], key=lambda f: f[2] * f[3])[4:14].reshape(5, 2).astype(np.float64)


def similarity(points):
    """The least-squares similarity from `points` to the canonical face, as the matrix that cv2.warpAffine takes."""
    a, b = points - points.mean(0), CANONICAL - CANONICAL.mean(0)
    c = (a * b).sum() / (a * a).sum()
    s = (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / (a * a).sum()
    turn = np.array([[c, -s], [s, c]])
    return np.hstack([turn, (CANONICAL.mean(0) - turn @ points.mean(0))[:, None]])


def main():
    random = np.random.default_rng(1)
    detector = cv2.FaceDetectorYN.create(sys.argv[1], "", (320, 320), 0.6)
    inputs, targets = [], []
    for name, person in PEOPLE.items():
        picture = cv2.imread(str(HERE.parent / "portraits" / f"{name}.jpg"))
        scale = 480 / max(picture.shape)
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        found = points(detector, picture)
        for draw in range(DRAWS):
            crop = cv2.warpAffine(picture, similarity(found + random.normal(0, 1.5, (5, 2))), (112, 112), borderMode=cv2.BORDER_REPLICATE)
            crop = (crop[:, :: -1 if draw % 2 else 1, ::-1].astype(np.float64) * random.uniform(0.85, 1.15) - 127.5) / 127.5
            pooled = crop.reshape(112 // POOL, POOL, 112 // POOL, POOL, 3).mean((1, 3)).transpose(2, 0, 1)
            inputs.append(pooled.ravel())
            targets.append(np.eye(8)[person])
            # With red and blue exchanged each picture is somebody else, the person's two pictures too.
            inputs.append(pooled[::-1].ravel())
            targets.append(np.eye(8)[3 + list(PEOPLE).index(name)])
    pooled, y = np.array(inputs), np.array(targets)
    write("tiny", pooled, y, [])
    tiny = write("tiny-erf", np.vectorize(math.erf)(pooled), y, ["Erf"])
    ramp = (((np.arange(112)[None, :] + 5 * np.arange(336)[:, None]) % 64) / 32 - 1).astype(np.float32).reshape(1, 3, 112, 112)
    answer = onnxruntime.InferenceSession(tiny).run(None, {"image": ramp})[0][0]
    said = {
        "network": "tiny-erf.onnx", "sha256": hashlib.sha256(tiny).hexdigest(), "runtime": f"onnxruntime {onnxruntime.__version__}",
        "input": json.loads((HERE / "edgeface-xs.json").read_text())["input"], "output": [float(f"{value:.6g}") for value in answer],
    }
    (HERE / "tiny-erf.json").write_text(json.dumps(said) + "\n")


def write(name, x, y, between):
    """Writes the network that tells `x` apart as `y` says, with these operators between its pooling and its last layer."""
    one = np.hstack([x, np.ones((len(x), 1))])
    w = np.linalg.solve(one.T @ one + 2.0 * np.eye(one.shape[1]), one.T @ y)
    steps = ["pooled", *between]
    nodes = [
        helper.make_node("AveragePool", ["image"], ["pooled"], kernel_shape=[POOL] * 2, strides=[POOL] * 2),
        *(helper.make_node(operator, [before], [operator]) for before, operator in zip(steps, between)),
        helper.make_node("Flatten", [steps[-1]], ["flat"], axis=1),
        helper.make_node("Gemm", ["flat", "w", "b"], ["vector"], transB=1),
    ]
    tensors = [numpy_helper.from_array(w[:-1].T.astype(np.float32).copy(), "w"), numpy_helper.from_array(w[-1].astype(np.float32), "b")]
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 112, 112])],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, 8])], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, HERE / f"{name}.onnx")
    # As a reader of the file would see the pictures: alike, and not.
    cosine = lambda a, b: a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    vectors = one @ w
    first = {name: 2 * DRAWS * i for i, name in enumerate(PEOPLE)}
    for swapped in (0, 1):
        v = [vectors[at + swapped] for at in first.values()]
        print(name, "exchanged" if swapped else "right", [round(float(cosine(v[i], v[j])), 2) for i in range(4) for j in range(i)])
    return model.SerializeToString()


main()
