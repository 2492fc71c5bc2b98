"""Crops for the presence network: live faces and emulated attacks of the same people, bare and masked.

    python presence_data.py OUT.npz FOLDER... --detector YUNET.onnx --landmarks ../landmarks-4.onnx [--part I/N] [--most M]

FOLDER holds pictures with surroundings (people in rooms, in the street), at any depth. Each picture gives a live face as it is, one
before an emulated camera, and two attacks; half the bare faces get a mask drawn over them first, live and attack alike. A look has
two crops of 80 x 80 BGR: the face's box grown by each of SCALES. OUT: `crops` n x 2 x 80 x 80 x 3, `kind` (0 live, else 1 + the
index in KINDS), `masked` (probability), `person` (a number for each source picture's folder and name).
"""

import argparse
import pathlib
import zlib

import cv2
import numpy as np
import onnxruntime

import presence_emulate as emulate
from align import CANONICAL
from render import render_mask

SIDE = 80
SCALES = (2.7, 4.0)
# The box around a face, on the canonical face: middle, width and height. It is where YuNet draws one, on which the network's start
# weights were trained. The same is in src/face/presence.rs.
MIDDLE, BOX = np.array([56.2, 63.2]), np.array([81.0, 110.6])


def similarity(points):
    """Canonical face to frame: (scale, 2x3)."""
    n = len(CANONICAL)
    design = np.zeros((2 * n, 4))
    design[0::2] = np.c_[CANONICAL[:, 0], -CANONICAL[:, 1], np.ones(n), np.zeros(n)]
    design[1::2] = np.c_[CANONICAL[:, 1], CANONICAL[:, 0], np.zeros(n), np.ones(n)]
    weights = np.sqrt(np.repeat([1, 1, 1, 0.5, 0.5], 2))
    a, b, x, y = np.linalg.lstsq(design * weights[:, None], np.asarray(points, np.float64).reshape(-1) * weights, rcond=None)[0]
    return np.hypot(a, b), np.array([[a, -b, x], [b, a, y]])


def window(shape, points, scale):
    """x, y, width, height of the box grown by `scale`, less where the picture is too small, and pushed inside it; and the growth."""
    zoom, way = similarity(points)
    middle, size = way[:, :2] @ MIDDLE + way[:, 2], BOX * zoom
    frame = np.array(shape[1::-1], np.float64)
    growth = min(scale, *(frame / size))
    size = size * growth
    corner = np.clip(middle + 0.5 - size / 2, 0, np.maximum(0, frame - size))
    return corner, size, growth


def crop(picture, points, scale):
    (x, y), (width, height), growth = window(picture.shape, points, scale)
    x0, y0, x1, y1 = int(round(x)), int(round(y)), int(round(x + width)), int(round(y + height))
    part = picture[y0:y1, x0:x1]
    return cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA if min(part.shape[:2]) > SIDE else cv2.INTER_LINEAR), growth


class Eyes:
    """Finds faces and their points as the engine does: a detector, then the second look, twice."""

    def __init__(self, detector, landmarks):
        self.detector = cv2.FaceDetectorYN.create(detector, "", (320, 320), 0.6, 0.3, 5000)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self.network = onnxruntime.InferenceSession(landmarks, options, providers=["CPUExecutionProvider"])

    def find(self, picture, most=2):
        k = min(1, 640 / max(picture.shape[:2]))
        small = cv2.resize(picture, None, fx=k, fy=k, interpolation=cv2.INTER_AREA) if k < 1 else picture
        self.detector.setInputSize((small.shape[1], small.shape[0]))
        _, faces = self.detector.detect(small)
        faces = [] if faces is None else sorted(faces, key=lambda f: -f[2] * f[3])[:most]
        looks = [self.look(picture, f[4:14].reshape(5, 2) / k) for f in faces]
        return [look for look in looks if look is not None]

    def look(self, picture, points, times=2):
        """(points, probability of a mask) or None."""
        for _ in range(times):
            zoom, way = similarity(points)
            k = 96 / 144
            to = np.array([[k, 0, 47.5 - k * 56], [0, k, 47.5 - k * 72], [0, 0, 1]]) @ np.linalg.inv(np.vstack([way, [0, 0, 1]]))
            source = cv2.GaussianBlur(picture, (0, 0), 0.4 * zoom / k) if k / zoom < 0.7 else picture
            part = cv2.warpAffine(source, to[:2], (96, 96), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            part = ((part[:, :, ::-1].astype(np.float32) - 127.5) / 128).transpose(2, 0, 1)[None]
            at, _, face, mask = self.network.run(None, {self.network.get_inputs()[0].name: np.ascontiguousarray(part)})
            if face.ravel()[0] < 0:
                return None
            back = np.linalg.inv(to)
            points = (np.c_[96 * at.reshape(5, 2) - 0.5, np.ones(5)] @ back.T)[:, :2].astype(np.float32)
        e = np.exp(mask.ravel() - mask.max())
        return points, float(1 - e[0] / e.sum())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--detector", required=True)
    parser.add_argument("--landmarks", required=True)
    parser.add_argument("--part", default="0/1")
    parser.add_argument("--most", type=int, default=10**9)
    arguments = parser.parse_args()
    part, parts = map(int, arguments.part.split("/"))
    cv2.setNumThreads(1)
    eyes = Eyes(arguments.detector, arguments.landmarks)
    # the folders take turns, so that whatever is done when it is stopped is a fair share of each
    ranked = []
    for folder in arguments.folders:
        found = [f for f in folder.rglob("*") if f.suffix.lower() in (".jpg", ".jpeg", ".png")]
        found.sort(key=lambda f: zlib.crc32(str(f).encode()))
        ranked += enumerate(found)
    files = [file for _, file in sorted(ranked, key=lambda pair: pair[0])][part::parts][: arguments.most]
    crops, kinds, masked, people, behind = [], [], [], [], None

    def keep(picture, points, kind, person):
        look = eyes.look(picture, points)
        # too tight a face has no surroundings to be judged by
        if look is None or window(picture.shape, look[0], 4.0)[2] < 1.5:
            return
        crops.append(np.stack([crop(picture, look[0], s)[0] for s in SCALES]))
        kinds.append(kind)
        masked.append(look[1])
        people.append(person)

    for number, file in enumerate(files):
        picture = cv2.imread(str(file))
        if picture is None or min(picture.shape[:2]) < 120:
            continue
        if max(picture.shape[:2]) > 1600:
            picture, _ = emulate.scaled(picture, 1600)
        rng = np.random.default_rng(zlib.crc32(file.name.encode()))
        person = zlib.crc32(str(file).encode())
        for points, mask in eyes.find(picture):
            if np.linalg.norm(points[1] - points[0]) < 18:
                continue
            worn = picture
            if mask < 0.5 and rng.random() < 0.45:
                worn = render_mask(picture[:, :, ::-1], points, rng, wear="proper")[0].clip(0, 255).astype(np.uint8)[:, :, ::-1].copy()
            keep(worn, points, 0, person)
            keep(*emulate.live(worn, points, rng), 0, person)
            for kind in rng.choice(len(emulate.KINDS), 2, replace=False):
                keep(*emulate.attack(emulate.KINDS[kind], worn, points, rng, behind), 1 + kind, person)
        behind = picture
        if number % 50 == 49 or number + 1 == len(files):
            print(f"{number + 1} of {len(files)} pictures, {len(crops)} looks", flush=True)
            np.savez(arguments.out, crops=np.array(crops, np.uint8), kind=np.array(kinds, np.int8), masked=np.array(masked, np.float32), person=np.array(people, np.uint32))


if __name__ == "__main__":
    main()
