"""What alignment is worth: true-match rates of one embedder when only the five points differ.

    python landmarks_measure.py FOLDER TRUTH.csv EMBEDDER.onnx --landmarks NET.onnx --blazeface BLAZEFACE.onnx
        [--detector YUNET.onnx] [--half even|odd|all]

FOLDER/<person>/<image> are tight crops (a 35 % replicated border is added); TRUTH.csv has `file,mask`. Templates are of
the window around the eyes, flip-averaged. Faces that are not found count as failures to match. People are split by the
CRC-32 of their folder's name.
"""

import argparse
import csv
import pathlib
import zlib

import cv2
import numpy as np
import onnxruntime

from blazeface import BlazeFace
from landmarks_data import SIDE, crop_frame, cut, to_crop
from landmarks_geometry import CANONICAL, CANONICAL_FOUR, MIRROR, move, shrunk_size, similarity


def session_of(path):
    setup = onnxruntime.SessionOptions()
    setup.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), setup)


class SecondLook:
    """The landmark network on a picture and rough points, as the engine runs it."""

    def __init__(self, path):
        self.session = session_of(path)

    def once(self, image, points, mirrored=False):
        """(points 5 x 2 in pixels of `image`, spread 5 in pixels of the crop, face logit, mask logits)."""
        frame = crop_frame(points)
        crop = cut(image, frame)
        if mirrored:
            crop = crop[:, ::-1]
        x = ((crop.astype(np.float32) - 127.5) / 128).transpose(2, 0, 1)[None]
        found, spread, face, mask = self.session.run(["points", "spread", "face", "mask"], {"input": np.ascontiguousarray(x)})
        found, spread = found.reshape(5, 2) * SIDE - 0.5, np.exp(spread[0]) * SIDE
        if mirrored:
            found[:, 0] = SIDE - 1 - found[:, 0]
            found, spread = found[MIRROR], spread[MIRROR]
        return move(found, cv2.invertAffineTransform(frame)), spread, float(face[0, 0]), mask[0]

    def __call__(self, image, points, passes=2, flip=False):
        for k in range(passes):
            found = self.once(image, points)
            if flip and k == passes - 1:
                other = self.once(image, points, True)
                found = tuple((np.asarray(a) + np.asarray(b)) / 2 for a, b in zip(found, other))
            points = found[0]
        return found


def yunet_points(detector, image):
    """YuNet's points of the central face of an RGB `image`, or None."""
    bgr = np.ascontiguousarray(image[:, :, ::-1])
    for zoom, threshold in ((1.0, 0.5), (500 / max(bgr.shape[:2]), 0.3)):
        big = bgr if zoom <= 1 else cv2.resize(bgr, None, fx=zoom, fy=zoom)
        detector.setInputSize(big.shape[1::-1])
        detector.setScoreThreshold(threshold)
        _, rows = detector.detect(big)
        if rows is not None:
            centre = np.array(big.shape[1::-1]) / 2
            worth = rows[:, 14] * np.sqrt(np.abs(rows[:, 2] * rows[:, 3])) - 0.3 * np.linalg.norm(rows[:, :2] + rows[:, 2:4] / 2 - centre, axis=1)
            return rows[worth.argmax(), 4:14].reshape(5, 2) / max(zoom, 1.0)
    return None


def window(image, points):
    """The 112 x 64 picture around the eyes, input of the periocular embedder (1 x 3 x 64 x 112)."""
    frame = similarity(points, CANONICAL if len(points) == 5 else CANONICAL_FOUR)
    frame = 1.2 * frame
    frame[:, 2] += [56 - 1.2 * 56, -1.2 * 12]
    scale = np.sqrt(abs(np.linalg.det(frame[:, :2])))
    if scale < 0.6:
        shrink = 1.2 * scale
        small = cv2.resize(image, shrunk_size(image, shrink), interpolation=cv2.INTER_AREA)
        fx, fy = small.shape[1] / image.shape[1], small.shape[0] / image.shape[0]
        back = np.array([[1 / fx, 0, 0.5 / fx - 0.5], [0, 1 / fy, 0.5 / fy - 0.5], [0, 0, 1]])
        frame, image = (np.vstack([frame, [0, 0, 1]]) @ back)[:2], small
    crop = cv2.warpAffine(image, frame, (112, 64), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return ((crop.astype(np.float32) - 127.5) / 128).transpose(2, 0, 1)[None]


def unit(v):
    return v / (np.linalg.norm(v) + 1e-12)


def template(embedder, image, points):
    """Flip-averaged unit vector; zero where there are no points."""
    if points is None:
        return np.zeros(256, np.float32)
    x = window(image, points)
    (one,), (two,) = embedder.run(None, {"input": x})[0], embedder.run(None, {"input": np.ascontiguousarray(x[..., ::-1])})[0]
    return unit(unit(one) + unit(two))


def true_match_rates(vectors, people, masks, first, second, rates=(1e-2, 1e-3)):
    """TMR at each false-match rate for pairs of one `first` and one `second` image; failures never match."""
    a, b = np.nonzero(masks == first)[0], np.nonzero(masks == second)[0]
    scores = vectors[a] @ vectors[b].T
    failed = (np.abs(vectors[a]).sum(1) == 0)[:, None] | (np.abs(vectors[b]).sum(1) == 0)[None]
    scores = np.where(failed, -2, scores)
    mated = people[a][:, None] == people[b][None]
    valid = a[:, None] < b[None] if first == second else np.ones_like(mated)
    genuine, impostor = scores[mated & valid], np.sort(scores[~mated & valid])[::-1]
    return [float((genuine > impostor[int(r * len(impostor))]).mean()) for r in rates]


def half_of(row):
    """"even" or "odd": on which side of the split this row's person lies."""
    return ("even", "odd")[zlib.crc32(row["file"].split("/")[0].encode()) % 2]


def point_sets(image, tools):
    """Every way to five (or four) points that is compared; None where nothing is found."""
    blaze, net, detector = tools
    sets, face = {}, blaze.central(image, 0.3)
    if face is None:
        face = blaze.central(image, 0.1)
    if face is not None:
        rough = face[4:12].reshape(4, 2)
        looked = blaze.second_look(image, face)[4:12].reshape(4, 2)
        sets["blazeface"] = looked
        sets["net, one pass"] = net(image, rough, 1)[0]
        sets["net, two passes"] = net(image, rough, 2)[0]
        sets["net, two passes, flip"] = net(image, rough, 2, True)[0]
        sets["net, three passes, flip"] = net(image, rough, 3, True)[0]
        n = sets["net, two passes, flip"]
        four = np.array([*n[:3], n[3:].mean(0)])
        sets["net+blazeface points"] = (four + looked) / 2
    if detector is not None:
        found = yunet_points(detector, image)
        if found is not None:
            sets["yunet"] = found
            if face is not None:
                sets["net+yunet points"] = (found + sets["net, two passes, flip"]) / 2
    return sets


NAMES = ("yunet", "blazeface", "net, one pass", "net, two passes", "net, two passes, flip", "net, three passes, flip",
         "net+blazeface points", "net+yunet points")
SUMS = (("blazeface", "yunet"), ("net, two passes, flip", "blazeface"), ("net, two passes, flip", "yunet"),
        ("net, two passes, flip", "blazeface", "yunet"), ("net, two passes, flip", "net+blazeface points"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("truth")
    parser.add_argument("embedder")
    parser.add_argument("--landmarks", required=True)
    parser.add_argument("--blazeface", required=True)
    parser.add_argument("--detector")
    parser.add_argument("--half", choices=("even", "odd", "all"), nargs="+", default=["even", "odd"])
    args = parser.parse_args()
    cv2.setNumThreads(1)
    detector = cv2.FaceDetectorYN.create(args.detector, "", (320, 320), 0.5, 0.3, 5000) if args.detector else None
    tools = BlazeFace(args.blazeface), SecondLook(args.landmarks), detector
    embedder = session_of(args.embedder)
    rows = list(csv.DictReader(open(args.truth)))
    if "all" not in args.half:
        rows = [r for r in rows if half_of(r) in args.half]
    vectors = {n: np.zeros((len(rows), 256), np.float32) for n in NAMES}
    states = []
    for i, row in enumerate(rows):
        image = cv2.imread(str(pathlib.Path(args.folder) / row["file"]))[:, :, ::-1]
        pad = int(0.35 * max(image.shape[:2]))
        image = cv2.copyMakeBorder(np.ascontiguousarray(image), pad, pad, pad, pad, cv2.BORDER_REPLICATE)
        sets = point_sets(image, tools)
        for name, points in sets.items():
            vectors[name][i] = template(embedder, image, points)
        if "net, two passes" in sets:
            _, spread, face, mask = tools[1](image, sets["net, one pass"], 1)
            states.append((row["mask"], int(mask.argmax()), face, float(spread.mean())))
    for names in SUMS:
        total = sum(vectors[n] for n in names)
        vectors[" & ".join(names) + " templates"] = total / (np.linalg.norm(total, axis=1, keepdims=True) + 1e-12)
    people = np.array([r["file"].split("/")[0] for r in rows])
    masks = np.array([r["mask"] for r in rows])
    halves = np.array([half_of(r) for r in rows])
    print("mask state by truth:", {t: np.bincount([s[1] for s in states if s[0] == t], minlength=3).tolist() for t in set(masks)})
    logits = np.array([s[2] for s in states])
    print("face logit, percentiles 1 5 50:", np.percentile(logits, [1, 5, 50]).round(2), "spread in crop pixels 5 50 95:",
          np.percentile([s[3] for s in states], [5, 50, 95]).round(2))
    for half in args.half:
        use = np.ones(len(rows), bool) if half == "all" else halves == half
        print(f"{half}: {use.sum()} pictures; TMR at FMR 1e-2 / 1e-3: bare x bare, bare x masked, masked x masked; not found")
        for name, v in vectors.items():
            v = v[use]
            cells = [true_match_rates(v, people[use], masks[use], *c) for c in (("bare", "bare"), ("bare", "masked"), ("masked", "masked"))]
            lost = int((np.abs(v).sum(1) == 0).sum())
            print(f"  {name:62}" + "  ".join(f"{c[0]:.3f} {c[1]:.3f}" for c in cells) + f"   {lost}")


if __name__ == "__main__":
    main()
