"""Converts MediaPipe's BlazeFace short range from TensorFlow Lite to ONNX, and decodes its answers.

    python blazeface.py OUT.onnx [--tflite FILE] [--open]

Without --tflite the network is taken out of the npm package @mediapipe/face_detection 0.4.1657300184
(Apache-2.0) with `npm pack`. The result is checked against the TensorFlow Lite interpreter.

Input   1 x 3 x 128 x 128, RGB in [-1, 1] (x / 127.5 - 1), letterboxed.
Outputs `regressors` 1 x 896 x 16 and `scores` 1 x 896 x 1 (logits), one row an anchor, in the order of
        `anchors()`. A row is x, y, width, height of the box and x, y of six points (right eye, left eye,
        nose tip, middle of the mouth, right ear, left ear; the subject's right), in 1/128 of the input,
        x and y relative to the anchor.
"""

import argparse
import hashlib
import pathlib
import subprocess
import tarfile
import tempfile

import cv2
import numpy as np
import onnx
from onnx import numpy_helper

from landmarks_onnx import GraphBuilder, halve_weights

PACKAGE = "@mediapipe/face_detection@0.4.1657300184"
MEMBER = "package/face_detection_short_range.tflite"
SHA256 = "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633"
SIDE = 128


def fetch_tflite():
    """The bytes of the network, from the npm package; refuses anything but the known file."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (archive,) = pathlib.Path(folder).glob("*.tgz")
        with tarfile.open(archive) as tar:
            data = tar.extractfile(MEMBER).read()
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise SystemExit(f"blazeface: {MEMBER} has SHA-256 {found}, expected {SHA256}")
    return data


def same_padding(size, kernel, stride):
    """TensorFlow's SAME along one axis: (before, after); an odd rest goes behind."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class TfliteReader:
    """The graph of a tflite file: operators by name, constants as arrays (half precision widened)."""

    def __init__(self, data):
        import tflite

        self.tflite = tflite
        self.model = tflite.Model.GetRootAsModel(data, 0)
        self.graph = self.model.Subgraphs(0)
        self.names = {v: k for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}

    def shape(self, tensor):
        t = self.graph.Tensors(tensor)
        return [int(d) for d in t.ShapeAsNumpy()] if t.ShapeLength() else []

    def constant(self, tensor):
        """The array of a constant tensor, or None where it is computed."""
        t = self.graph.Tensors(tensor)
        raw = self.model.Buffers(t.Buffer()).DataAsNumpy()
        if isinstance(raw, int):
            return None
        kinds = {self.tflite.TensorType.FLOAT32: np.float32, self.tflite.TensorType.FLOAT16: np.float16,
                 self.tflite.TensorType.INT32: np.int32}
        array = np.frombuffer(raw.tobytes(), kinds[t.Type()]).reshape(self.shape(tensor))
        return array.astype(np.float32) if array.dtype == np.float16 else array

    def operators(self):
        """(name, inputs, outputs, options table or None), in execution order."""
        for i in range(self.graph.OperatorsLength()):
            op = self.graph.Operators(i)
            code = self.model.OperatorCodes(op.OpcodeIndex())
            name = self.names[max(code.DeprecatedBuiltinCode(), code.BuiltinCode())]
            yield name, list(op.InputsAsNumpy()), list(op.OutputsAsNumpy()), op.BuiltinOptions()


def options(kind, table):
    made = kind()
    made.Init(table.Bytes, table.Pos)
    return made


def open_sizes(model):
    """The network without its fixed size: any height and width that are multiples of 16.

    It has no layer that needs 128 x 128. On a larger input it finds smaller faces in one run where tiles would take
    several; the rows then are those of (height / 8) x (width / 8) places with 2 anchors each, then of
    (height / 16) x (width / 16) with 6, and their unit is a pixel of the input.
    """
    for tensor in model.graph.initializer:
        if tensor.name.endswith(".shape"):
            shape = numpy_helper.to_array(tensor).copy()
            shape[1] = -1
            tensor.CopyFrom(numpy_helper.from_array(shape, tensor.name))
    sides = model.graph.input[0].type.tensor_type.shape.dim
    sides[2].dim_param, sides[3].dim_param = "height", "width"
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = "anchors"
    onnx.checker.check_model(model)
    return model


def convert(data):
    """The tflite bytes as an ONNX model with float32 weights."""
    reader = TfliteReader(data)
    tfl = reader.tflite
    out = GraphBuilder("blazeface", [1, 3, SIDE, SIDE])
    value = {int(reader.graph.InputsAsNumpy()[0]): "input"}  # tensor index -> NCHW value name
    constant = {}  # tensor index -> array, through DEQUANTIZE

    def const(i):
        return constant[i] if i in constant else reader.constant(i)

    for index, (op, inputs, outputs, table) in enumerate(reader.operators()):
        result, name = outputs[0], f"{op.lower()}{index}"
        if op == "DEQUANTIZE":
            constant[result] = reader.constant(inputs[0])
            continue
        if op in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            depthwise = op.startswith("D")
            opt = options(tfl.DepthwiseConv2DOptions if depthwise else tfl.Conv2DOptions, table)
            assert opt.FusedActivationFunction() == 0 and opt.StrideH() == opt.StrideW()
            weight, bias = const(inputs[1]), const(inputs[2])
            _, height, width, channels = reader.shape(inputs[0])
            kernel, stride = weight.shape[1], opt.StrideH()
            top, bottom = same_padding(height, kernel, stride) if opt.Padding() == 0 else (0, 0)
            left, right = same_padding(width, kernel, stride) if opt.Padding() == 0 else (0, 0)
            # tflite: out x kh x kw x in, depthwise 1 x kh x kw x channels
            weight = weight.transpose(3, 0, 1, 2) if depthwise else weight.transpose(0, 3, 1, 2)
            made = out.conv(value[inputs[0]], name, weight, bias, stride, (top, left, bottom, right),
                            channels if depthwise else 1)
        elif op == "RELU":
            made = out.node("Relu", [value[inputs[0]]], name)
        elif op == "ADD":
            assert options(tfl.AddOptions, table).FusedActivationFunction() == 0
            made = out.node("Add", [value[i] for i in inputs], name)
        elif op == "MAX_POOL_2D":
            opt = options(tfl.Pool2DOptions, table)
            size = [opt.FilterHeight(), opt.FilterWidth()]
            assert reader.shape(inputs[0])[1] % size[0] == 0
            made = out.node("MaxPool", [value[inputs[0]]], name, kernel_shape=size,
                            strides=[opt.StrideH(), opt.StrideW()])
        elif op == "PAD":
            pads = const(inputs[1])  # NHWC rows of (before, after)
            order = pads[[0, 3, 1, 2]]
            amounts = out.constant(name + ".pads", np.concatenate([order[:, 0], order[:, 1]]).astype(np.int64))
            made = out.node("Pad", [value[inputs[0]], amounts], name, mode="constant")
        elif op == "RESHAPE":
            # the rows of tflite's reshape are in NHWC order
            made = out.node("Transpose", [value[inputs[0]]], name + ".nhwc", perm=[0, 2, 3, 1])
            made = out.reshape(made, name, reader.shape(result))
        elif op == "CONCATENATION":
            assert options(tfl.ConcatenationOptions, table).Axis() == 1
            name = "regressors" if reader.shape(result)[2] == 16 else "scores"
            made = out.node("Concat", [value[i] for i in inputs], name, axis=1)
            out.output(name, reader.shape(result))
        else:
            raise SystemExit(f"blazeface: {op} is not an operator this network had when the script was written")
        value[result] = made
    out.outputs.sort(key=lambda o: o.name)
    return out.model("brow", "BlazeFace short range, MediaPipe, Apache-2.0")


def largest_difference(data, model, rounds=8):
    """Largest absolute difference to the TensorFlow Lite interpreter over `rounds` inputs, by output."""
    import onnxruntime
    from ai_edge_litert.interpreter import Interpreter

    lite = Interpreter(model_content=data, num_threads=1)
    lite.allocate_tensors()
    session = onnxruntime.InferenceSession(model.SerializeToString())
    rng, worst = np.random.default_rng(0), {"regressors": 0.0, "scores": 0.0}
    for _ in range(rounds):
        x = cv2.resize(rng.uniform(-1, 1, (16, 16, 3)).astype(np.float32), (SIDE, SIDE))[None]
        lite.set_tensor(lite.get_input_details()[0]["index"], x)
        lite.invoke()
        theirs = [lite.get_tensor(d["index"]) for d in lite.get_output_details()]
        theirs = {"regressors" if t.shape[2] == 16 else "scores": t for t in theirs}
        ours = dict(zip(("regressors", "scores"), session.run(["regressors", "scores"], {"input": x.transpose(0, 3, 1, 2)})))
        for name in worst:
            worst[name] = max(worst[name], float(np.abs(ours[name] - theirs[name]).max()))
    return worst


def anchors():
    """896 x 2 anchor centres in 0..1 of the input: a 16 x 16 grid with 2 each, then 8 x 8 with 6 each."""
    rows = []
    for grid, each in ((16, 2), (8, 6)):
        for y in range(grid):
            for x in range(grid):
                rows += [((x + 0.5) / grid, (y + 0.5) / grid)] * each
    return np.array(rows, np.float32)


class BlazeFace:
    """The converted network with its decoding, as the other scripts here use it.

    Calls take RGB images (height x width x 3, uint8) and return rows of 17 numbers: box centre x, y, width,
    height, six points x, y, all in pixels of the image, and the score 0..1.
    """

    def __init__(self, path):
        import onnxruntime

        setup = onnxruntime.SessionOptions()
        setup.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), setup)
        self.anchors = anchors()

    def candidates(self, image, threshold=0.3):
        """Every anchor above `threshold`, before suppression."""
        height, width = image.shape[:2]
        scale = SIDE / max(height, width)
        h, w = max(1, round(height * scale)), max(1, round(width * scale))
        top, left = (SIDE - h) // 2, (SIDE - w) // 2
        canvas = np.zeros((SIDE, SIDE, 3), np.float32)  # black, as MediaPipe's letterbox
        canvas[top:top + h, left:left + w] = cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA)
        x = (canvas / 127.5 - 1).transpose(2, 0, 1)[None].astype(np.float32)
        rows, logits = self.session.run(["regressors", "scores"], {"input": x})
        score = 1 / (1 + np.exp(-np.clip(logits[0, :, 0], -60, 60)))
        keep = score > threshold
        rows = rows[0, keep].reshape(-1, 8, 2) / SIDE
        rows[:, 0] += self.anchors[keep]
        rows[:, 2:] += self.anchors[keep][:, None]
        points = (rows * SIDE - [left, top]) / scale
        points[:, 1] = rows[:, 1] * SIDE / scale  # width and height are not moved
        return np.concatenate([points.reshape(-1, 16), score[keep, None]], 1)

    def faces(self, image, threshold=0.3, overlap=0.3):
        """Weighted non-maximum suppression: what overlaps the best is averaged by score."""
        left = self.candidates(image, threshold)
        found = []
        while len(left):
            best = left[left[:, 16].argmax()]
            same = intersection_over_union(best, left) > overlap
            same[left[:, 16].argmax()] = True
            weight = left[same, 16:17]
            found.append(np.append((left[same, :16] * weight).sum(0) / weight.sum(), best[16]))
            left = left[~same]
        return np.array(found).reshape(-1, 17)

    def central(self, image, threshold=0.3):
        """The face that is large, sure and near the middle; None where there is none."""
        faces = self.faces(image, threshold)
        if not len(faces):
            return None
        centre = np.array([image.shape[1] / 2, image.shape[0] / 2])
        worth = faces[:, 16] * np.sqrt(np.abs(faces[:, 2] * faces[:, 3])) - 0.3 * np.linalg.norm(faces[:, :2] - centre, axis=1)
        return faces[worth.argmax()]

    def second_look(self, image, face, times=2.0, threshold=0.1):
        """`face` again, found on an upright crop of `times` its box; `face` itself where nothing is found there."""
        (ax, ay), (bx, by) = face[4:6], face[6:8]
        angle = np.degrees(np.arctan2(by - ay, bx - ax))
        side = times * max(face[2], face[3])
        to_crop = cv2.getRotationMatrix2D((float(face[0]), float(face[1])), angle, 256 / side)
        to_crop[:, 2] += 128 - face[:2]
        crop = cv2.warpAffine(image, to_crop, (256, 256), borderMode=cv2.BORDER_REPLICATE)
        again = self.central(crop, threshold)
        if again is None:
            return face
        back = cv2.invertAffineTransform(to_crop)
        points = again[4:16].reshape(6, 2) @ back[:, :2].T + back[:, 2]
        centre = back[:, :2] @ again[:2] + back[:, 2]
        return np.concatenate([centre, again[2:4] * side / 256, points.reshape(-1), again[16:17]])


def intersection_over_union(one, many):
    """Of the box of `one` row with those of `many` rows (centre x, y, width, height first)."""
    low = np.maximum(one[:2] - one[2:4] / 2, many[:, :2] - many[:, 2:4] / 2)
    high = np.minimum(one[:2] + one[2:4] / 2, many[:, :2] + many[:, 2:4] / 2)
    inside = np.prod(np.clip(high - low, 0, None), axis=1)
    return inside / (one[2] * one[3] + many[:, 2] * many[:, 3] - inside + 1e-9)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", help="where the ONNX file goes")
    parser.add_argument("--tflite", help="the network, if it is here already")
    parser.add_argument("--open", action="store_true", help="leave height and width open (multiples of 16)")
    args = parser.parse_args()
    data = pathlib.Path(args.tflite).read_bytes() if args.tflite else fetch_tflite()
    model = halve_weights(convert(data))
    if args.open:
        model = open_sizes(model)
    worst = largest_difference(data, model)
    print("largest difference to the tflite interpreter:", worst)
    if max(worst.values()) > 1e-3:  # logits and pixels reach hundreds
        raise SystemExit("blazeface: the converted network does not answer as the original does")
    onnx.save(model, args.out)
    print(f"{args.out}: {pathlib.Path(args.out).stat().st_size} bytes")


if __name__ == "__main__":
    main()
