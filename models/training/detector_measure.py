"""How well faces are found in scenes: recall and average precision by face height, detector beside detector.

    python detector_measure.py SCENES BOXES.csv [--own NET.onnx] [--blazeface BLAZEFACE.onnx --landmarks NET.onnx] [--detector YUNET.onnx]

BOXES.csv has `file,mask,x0,y0,x1,y1` (pixels). BlazeFace searches the whole scene and overlapping square tiles of one
half and one quarter of its longer side; its own score or the landmark network's face logit (after one or two passes)
ranks what it finds. The product's detector (`--own`) searches the whole scene at one to three sizes. A found box counts
where it overlaps a true one by a third of their union; faces lower than 24 pixels count neither way. Recall is given
where one false face comes in 100 scenes, and at no false-face limit.
"""

import argparse
import csv
import pathlib

import cv2
import numpy as np
import teachers

from blazeface import BlazeFace
from landmarks_geometry import CANONICAL, CANONICAL_FOUR, move, similarity
from landmarks_label import YuNet
from landmarks_measure import SecondLook

FACE_CORNERS = np.array([[14.0, 14.0], [98.0, 124.0]])  # forehead to chin of the canonical face
STRIDES = (8, 16)  # pixels between the anchors of the product's detector
HEIGHTS = ((24, 40), (40, 80), (80, 1e9))


def tiles(width, height, share):
    """Squares of `share` of the longer side that overlap by at least a third, as corners."""
    side = int(round(share * max(width, height)))
    if share >= 1:
        return [(0, 0, width, height)]
    def starts(length):
        if length <= side:
            return [0]
        count = int(np.ceil((length - side) / (side * 2 / 3))) + 1
        return np.linspace(0, length - side, count).astype(int)
    return [(x, y, min(x + side, width), min(y + side, height)) for y in starts(height) for x in starts(width)]


def box_of(points):
    """Upright box of the face with these points: centre x, y, width, height."""
    back = similarity(CANONICAL if len(points) == 5 else CANONICAL_FOUR, points)
    scale = np.sqrt(abs(np.linalg.det(back[:, :2])))
    centre = move(FACE_CORNERS.mean(0)[None], back)[0]
    return np.array([*centre, *((FACE_CORNERS[1] - FACE_CORNERS[0]) * scale)])


def overlap(one, many):
    low = np.maximum(one[:2] - one[2:4] / 2, many[:, :2] - many[:, 2:4] / 2)
    high = np.minimum(one[:2] + one[2:4] / 2, many[:, :2] + many[:, 2:4] / 2)
    inside = np.prod(np.clip(high - low, 0, None), 1)
    return inside / (one[2] * one[3] + np.prod(many[:, 2:4], 1) - inside + 1e-9)


def suppressed(rows, limit=0.3):
    """Rows of box and score, best first, without those that overlap a better one."""
    rows, kept = sorted(rows, key=lambda r: -r[4]), []
    for row in rows:
        if not kept or overlap(row, np.array(kept)).max() < limit:
            kept.append(row)
    return kept


def search(image, blazeface, net, shares, threshold, passes):
    """Boxes with scores; `passes` 0 ranks by BlazeFace's score, else by the network's face logit."""
    rows = []
    for share in shares:
        for x0, y0, x1, y1 in tiles(image.shape[1], image.shape[0], share):
            for face in blazeface.faces(np.ascontiguousarray(image[y0:y1, x0:x1]), threshold):
                points = face[4:12].reshape(4, 2) + [x0, y0]
                rows.append(np.array([*box_of(points), face[16], *points.reshape(-1)]))
    rows = suppressed(rows)
    if not passes:
        return [r[:5] for r in rows]
    found = []
    for row in rows:
        points, _, logit, _ = net(image, row[5:].reshape(4, 2), passes)
        found.append(np.array([*box_of(points), logit]))
    return suppressed(found)


def anchors_of(height, width):
    """Anchor centres of the product's detector and the size of their cells, in pixels of its input: float32 n x 2, n."""
    grids = [np.mgrid[0 : height // cell, 0 : width // cell][::-1].reshape(2, -1).T * cell + cell / 2 for cell in STRIDES]
    cells = np.repeat(STRIDES, [len(g) for g in grids])
    return np.concatenate(grids).astype(np.float32), cells.astype(np.float32)


def own_faces(session, image, sizes, threshold=0.3):
    """Boxes with scores of the product's detector in an RGB scene whose longer side is brought to each of `sizes`."""
    rows = []
    for size in sizes:
        scale = size / max(image.shape[:2])
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        height, width = (int(np.ceil(n / 16) * 16) for n in small.shape[:2])
        x = np.full((1, 3, height, width), -1, np.float32)
        x[0, :, : small.shape[0], : small.shape[1]] = small.transpose(2, 0, 1) / 127.5 - 1
        answers, logits = session.run(["regressors", "scores"], {"input": x})
        anchors, _ = anchors_of(height, width)
        score = 1 / (1 + np.exp(-logits[0, :, 0]))
        keep = score > threshold
        for answer, anchor, s in zip(answers[0, keep], anchors[keep], score[keep]):
            rows.append(np.array([*box_of((answer[4:].reshape(4, 2) + anchor - 0.5) / scale), s]))
    return suppressed(rows)


def judge(found, truth):
    """For each scene's rows: (score, index of the true face or -1, ignored)."""
    out, taken = [], set()
    for row in sorted(found, key=lambda r: -r[4]):
        if len(truth):
            shared = overlap(row, truth[:, :4])
            best = int(shared.argmax())
            if shared[best] > 1 / 3:
                if best not in taken:
                    taken.add(best)
                    out.append((row[4], best, truth[best, 3] < 24))
                continue
        out.append((row[4], -1, row[3] < 24))
    return out


def summary(name, scenes, judged):
    total = len(scenes)
    false = np.sort([s for rows in judged for s, hit, skip in rows if hit < 0 and not skip])[::-1]
    bar = false[int(0.01 * total)] if len(false) > int(0.01 * total) else -np.inf
    print(f"{name}: {len(false)} false faces in {total} scenes; score at one in 100 scenes {bar:.2f}")
    for low, high in HEIGHTS:
        for state in ("bare", "masked", "incorrect", "all"):
            count, at_bar, at_any = 0, 0, 0
            for truth, rows in zip(scenes, judged):
                boxes, states = truth
                hits = {hit: s for s, hit, _ in rows if hit >= 0}
                for k, box in enumerate(boxes):
                    if low <= box[3] < high and (state == "all" or states[k] == state):
                        count += 1
                        at_any += k in hits
                        at_bar += hits.get(k, -np.inf) > bar
            if count:
                print(f"    {low:3g}-{high:<6g} {state:10} {count:4d} faces: recall {at_bar / count:.3f} at that score, {at_any / count:.3f} at any")
    scores = [(s, hit >= 0) for rows in judged for s, hit, skip in rows if not skip]
    scores.sort(key=lambda r: -r[0])
    hits = np.cumsum([h for _, h in scores])
    faces = sum((boxes[:, 3] >= 24).sum() for boxes, _ in scenes if len(boxes))
    precision = hits / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    ap = float((precision * np.array([h for _, h in scores])).sum() / faces)
    print(f"    average precision {ap:.3f}, recall at any score {hits[-1] / faces:.3f} of {faces} faces")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("boxes")
    parser.add_argument("--own")
    parser.add_argument("--blazeface")
    parser.add_argument("--landmarks")
    parser.add_argument("--detector")
    args = parser.parse_args()
    if bool(args.blazeface) != bool(args.landmarks):
        parser.error("--blazeface and --landmarks go together")
    cv2.setNumThreads(1)
    blazeface, net = (BlazeFace(args.blazeface), SecondLook(args.landmarks)) if args.blazeface else (None, None)
    own = teachers.session(args.own) if args.own else None
    yunet = YuNet(args.detector) if args.detector else None
    truth = {}
    for row in csv.DictReader(open(args.boxes)):
        x0, y0, x1, y1 = (float(row[k]) for k in ("x0", "y0", "x1", "y1"))
        truth.setdefault(row["file"], []).append(([(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0], row["mask"]))
    ways = {"blazeface, whole": ((1,), 0.3, 0), "blazeface, whole and halves": ((1, 0.5), 0.3, 0),
            "blazeface, whole and halves, from 0.2, ranked by one pass": ((1, 0.5), 0.2, 1),
            "blazeface, whole, halves and quarters, from 0.2, ranked by two passes": ((1, 0.5, 0.25), 0.2, 2)}
    own_ways = {"own, 256": [256], "own, 128 and 384": [128, 384], "own, 128, 256 and 512": [128, 256, 512]}
    own_ways, ways = own_ways if own else {}, ways if blazeface else {}
    scenes, judged = [], {n: [] for n in (*own_ways, *ways, *(["yunet, full size"] if yunet else []))}
    for file, rows in truth.items():
        image = cv2.imread(str(pathlib.Path(args.folder) / file))
        if image is None:
            continue
        boxes = np.array([r[0] for r in rows])
        scenes.append((boxes, [r[1] for r in rows]))
        rgb = np.ascontiguousarray(image[:, :, ::-1])
        for name, sizes in own_ways.items():
            judged[name].append(judge(own_faces(own, rgb, sizes), boxes))
        for name, (shares, threshold, passes) in ways.items():
            judged[name].append(judge(search(rgb, blazeface, net, shares, threshold, passes), boxes))
        if yunet:
            found = [np.array([r[0] + r[2] / 2, r[1] + r[3] / 2, r[2], r[3], r[14]]) for r in yunet(image, 0.3)]
            judged["yunet, full size"].append(judge(found, boxes))
    for name, rows in judged.items():
        summary(name, scenes, rows)


if __name__ == "__main__":
    main()
