"""Measures and calibrates the mask state that the landmark network gives.

    python maskstate.py scenes SCENES BOXES.csv --landmarks NET.onnx --blazeface BLAZEFACE.onnx
    python maskstate.py calibrate NET.onnx LABELS.npz ... [--all]

`scenes` takes pictures of several people with boxes (header `file,mask,x0,y0,x1,y1`, pixels; mask is bare, masked or
incorrect), finds each boxed face with BlazeFace as the engine does, and prints the confusion by true state and by the
face's height, with and without the mirrored second opinion. `calibrate` prints the temperature by which the logits are
to be divided, after a correction for `incorrect` being rarer than in training, so that the probability means what it
says; fitted on real faces that training left out, all of them with --all, where the files hold no other. `landmarks.py export --lift L --temperature T` writes both into the
file.
"""

import argparse
import csv
import pathlib
import sys

import cv2
import numpy as np

from blazeface import BlazeFace
from landmarks_data import FaceSamples, blaze_bias, crop_frame, cut, jitter, load
from landmarks_measure import SecondLook, session_of

STATES = ("bare", "masked", "incorrect")
PRIOR = (0.45, 0.45, 0.1)  # how common the states are where the probability is to be right; training has more incorrect ones


def face_in_box(image, box, blazeface):
    """BlazeFace's four points of the face in `box` (corners), or None: on squares of two and of three box heights."""
    centre, size = (box[:2] + box[2:]) / 2, max(box[2:] - box[:2])
    for times in (2.0, 3.0, 1.5):
        low = np.floor(centre - times * size / 2).astype(int)
        side = int(np.ceil(times * size))
        frame = np.array([[1, 0, -low[0]], [0, 1, -low[1]]], np.float32)
        part = cv2.warpAffine(image, frame, (side, side), borderMode=cv2.BORDER_REPLICATE)
        faces = blazeface.faces(part, 0.3)
        if len(faces):
            near = np.linalg.norm(faces[:, :2] + low - centre, axis=1)
            if near.min() < 0.35 * size:
                return faces[near.argmin(), 4:12].reshape(4, 2) + low
    return None


def softmax(logits):
    e = np.exp(logits - logits.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def print_confusion(truth, found, title):
    table = np.zeros((3, 3), int)
    np.add.at(table, (truth, found), 1)
    print(title)
    print(f"  {'true':10}" + "".join(f"{s:>11}" for s in STATES) + "   recall")
    for i, s in enumerate(STATES):
        if table[i].sum():
            print(f"  {s:10}" + "".join(f"{n:11d}" for n in table[i]) + f"   {table[i, i] / table[i].sum():.3f}")


def scenes(args):
    blazeface, net = BlazeFace(args.blazeface), SecondLook(args.landmarks)
    rows, missed, scene, name = [], [], None, None
    for row in csv.DictReader(open(args.boxes)):
        if row["file"] != name:
            name = row["file"]
            scene = cv2.imread(str(pathlib.Path(args.folder) / name))
            scene = None if scene is None else np.ascontiguousarray(scene[:, :, ::-1])
        if scene is None:
            print(f"maskstate: {name} cannot be read", file=sys.stderr)
            continue
        box = np.array([float(row[k]) for k in ("x0", "y0", "x1", "y1")])
        height, truth = box[3] - box[1], STATES.index(row["mask"])
        points = face_in_box(scene, box, blazeface)
        if points is None:
            missed.append((truth, height))
            continue
        one = net(scene, points, 2)
        both = net(scene, points, 2, True)
        rows.append((truth, height, one[2], one[3], both[3]))
    truth = np.array([r[0] for r in rows])
    height = np.array([r[1] for r in rows])
    one, both = np.array([r[3] for r in rows]), np.array([r[4] for r in rows])
    print(f"{len(rows)} faces, {len(missed)} not found ({sum(h < 40 for _, h in missed)} of them lower than 40 pixels)")
    print_confusion(truth, one.argmax(1), "all found")
    print_confusion(truth, both.argmax(1), "all found, with the mirrored crop")
    for low, high in ((0, 40), (40, 80), (80, 1e9)):
        use = (height >= low) & (height < high)
        print_confusion(truth[use], one[use].argmax(1), f"height {low} to {high:g} pixels: {use.sum()} faces")
    for temperature in (1.0, args.temperature):
        p = softmax(one / temperature)
        sure = p.max(1)
        right = one.argmax(1) == truth
        parts = [(sure >= a) & (sure < b) for a, b in ((0, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 0.97), (0.97, 1.01))]
        print(f"temperature {temperature}: said / was right:", [(int(u.sum()), round(float(sure[u].mean()), 3), round(float(right[u].mean()), 3)) for u in parts if u.any()])


def calibrate(args):
    session = session_of(args.landmarks)
    samples = FaceSamples(args.labels, blaze_bias([load(p) for p in args.labels]), held_out=not args.all)
    rng, logits, truth, source = np.random.default_rng(3), [], [], []
    for (state, name), members in samples.groups.items():
        for i in members:
            affine = crop_frame(samples.points[i])
            affine = (np.vstack([jitter(rng, False), [0, 0, 1]]) @ np.vstack([affine, [0, 0, 1]]))[:2]
            crop = cut(np.ascontiguousarray(samples.picture(i)), affine)
            x = ((crop.astype(np.float32) - 127.5) / 128).transpose(2, 0, 1)[None]
            logits.append(session.run(["mask"], {"input": x})[0][0])
            truth.append(state)
            source.append(name)
    logits, truth, source = np.array(logits), np.array(truth), np.array(source)
    print_confusion(truth, logits.argmax(1), f"{len(truth)} real faces left out of training")
    for name in np.unique(source):
        use = source == name
        print(f"  {name}: {(logits[use].argmax(1) == truth[use]).mean():.3f} of {use.sum()} right")
    share = np.bincount(truth, minlength=3)
    weight = (np.array(PRIOR) / np.maximum(share, 1))[truth]
    rows = np.arange(len(truth))

    def cost(temperature, lift):
        return -(weight * np.log(softmax((logits + [0, 0, lift]) / temperature)[rows, truth] + 1e-9)).sum()

    best = min(((t, lift) for t in np.geomspace(0.4, 4, 40) for lift in np.arange(-3, 1.1, 0.1)), key=lambda p: cost(*p))
    print(f"temperature {best[0]:.2f}, add {best[1]:.1f} to the logit of incorrect: cross entropy {cost(*best):.3f}; {cost(1, 0):.3f} as trained")
    print_confusion(truth, (logits + [0, 0, best[1]]).argmax(1), "with that")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    p = commands.add_parser("scenes")
    p.add_argument("folder")
    p.add_argument("boxes")
    p.add_argument("--landmarks", required=True)
    p.add_argument("--blazeface", required=True)
    p.add_argument("--temperature", type=float, default=1.0)
    p = commands.add_parser("calibrate")
    p.add_argument("landmarks")
    p.add_argument("labels", nargs="+")
    p.add_argument("--all", action="store_true", help="every face of the files, of which training saw none")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    {"scenes": scenes, "calibrate": calibrate}[args.command](args)


if __name__ == "__main__":
    main()
