"""Collects crops without a face for the landmark network: places where BlazeFace errs, and plain background.

    python landmarks_negatives.py OUT.npz --blazeface BLAZEFACE.onnx
        [--images JPEGIMAGES --annotations ANNOTATIONS] [--faceless FOLDER ... --detector YUNET.onnx]

OUT.npz holds `crops`, n x 96 x 96 x 3 RGB. A crop is taken as the engine would take it, from BlazeFace's points, where
its box meets none of the scene's; or at a random place that meets none. --faceless takes folders of pictures without
anybody, such as animals: whatever BlazeFace or YuNet takes for a face there, but for what YuNet is sure of, which is
somebody whom the folder should not show.
"""

import argparse
import pathlib
import xml.etree.ElementTree as ElementTree

import cv2
import numpy as np

from blazeface import BlazeFace
from data import list_pictures
from landmarks_data import SIDE, crop_frame, cut, jitter
from landmarks_geometry import shrunk_size
from landmarks_label import YuNet

LARGEST = 640  # side of a faceless picture; larger ones are shrunk
SURE = 0.9  # of YuNet's score: this is a person
LOOKS = 6  # crops of one error, placed a little differently


def boxes_of(file):
    rows = [[float(b.findtext(k)) for k in ("xmin", "ymin", "xmax", "ymax")] for b in ElementTree.parse(file).iter("bndbox")]
    return np.array(rows).reshape(-1, 4)


def meets(box, boxes, share=0.02):
    """Whether `box` (corners) overlaps any of `boxes` by more than `share` of the smaller."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    inside = np.prod(np.clip(high - low, 0, None), 1)
    smaller = np.minimum(np.prod(box[2:] - box[:2]), np.prod(boxes[:, 2:] - boxes[:, :2], 1))
    return bool((inside > share * smaller).any())


def tiles(width, height, rng):
    """The whole scene and some squares of it, as corners."""
    yield 0, 0, width, height
    for side in (0.75, 0.5, 0.5, 0.35, 0.35, 0.25):
        s = int(side * max(width, height))
        if s >= 64 and s <= min(width, height):
            x, y = rng.integers(0, width - s + 1), rng.integers(0, height - s + 1)
            yield x, y, x + s, y + s


def erring(image, blazeface, yunet):
    """Points of what either detector takes for a face in a picture without one; `image` RGB. Nothing where YuNet is sure."""
    rows = yunet(np.ascontiguousarray(image[:, :, ::-1]), 0.3)
    if len(rows) and rows[:, 14].max() > SURE:
        return []
    return [row[4:14].reshape(5, 2) for row in rows] + [face[4:12].reshape(4, 2) for face in blazeface.faces(image, 0.15)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--blazeface", required=True)
    parser.add_argument("--images")
    parser.add_argument("--annotations")
    parser.add_argument("--faceless", nargs="*", default=[])
    parser.add_argument("--detector")
    args = parser.parse_args()
    if args.faceless and not args.detector:
        parser.error("--faceless needs --detector")
    blazeface, rng, crops = BlazeFace(args.blazeface), np.random.default_rng(0), []
    erred = 0
    for file in sorted(pathlib.Path(args.annotations).glob("*.xml")) if args.annotations else []:
        found = list(pathlib.Path(args.images).glob(file.stem + ".*"))
        image = cv2.imread(str(found[0])) if found else None
        if image is None:
            continue
        image = np.ascontiguousarray(image[:, :, ::-1])
        boxes = boxes_of(file)
        height, width = image.shape[:2]
        for x0, y0, x1, y1 in tiles(width, height, rng):
            part = np.ascontiguousarray(image[y0:y1, x0:x1])
            for face in blazeface.faces(part, 0.15):
                centre, half = face[:2] + [x0, y0], max(face[2], face[3]) * 0.6
                if not meets(np.concatenate([centre - half, centre + half]), boxes):
                    crops.append(cut(image, crop_frame(face[4:12].reshape(4, 2) + [x0, y0])))
                    erred += 1
        for _ in range(4):
            side = rng.uniform(0.08, 0.5) * min(width, height)
            centre = rng.uniform([0, 0], [width, height])
            if side > 24 and not meets(np.concatenate([centre - side / 2, centre + side / 2]), boxes):
                affine = cv2.getRotationMatrix2D(tuple(centre), rng.uniform(-30, 30), SIDE / side)
                affine[:, 2] += SIDE / 2 - centre
                crops.append(cut(image, affine))
    yunet = YuNet(args.detector) if args.faceless else None
    for folder in args.faceless:
        for name in list_pictures(folder):
            image = cv2.imread(str(pathlib.Path(folder) / name))
            if image is None:
                continue
            side = max(image.shape[:2])
            if side > LARGEST:
                image = cv2.resize(image, shrunk_size(image, LARGEST / side), interpolation=cv2.INTER_AREA)
            image = np.ascontiguousarray(image[:, :, ::-1])
            for points in erring(image, blazeface, yunet):
                frame = np.vstack([crop_frame(points), [0, 0, 1]])
                crops += [cut(image, (np.vstack([jitter(rng, False), [0, 0, 1]]) @ frame)[:2]) for _ in range(LOOKS)]
                erred += 1
    np.savez_compressed(args.out, crops=np.array(crops, np.uint8))
    print(f"{args.out}: {len(crops)} crops, {erred} of them where a detector erred")


if __name__ == "__main__":
    main()
