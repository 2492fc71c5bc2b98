"""Collects crops without a face for the landmark network: places where BlazeFace errs, and plain background.

    python landmarks_negatives.py OUT.npz --blazeface BLAZEFACE.onnx --images JPEGIMAGES --annotations ANNOTATIONS

OUT.npz holds `crops`, n x 96 x 96 x 3 RGB. A crop is taken as the engine would take it, from BlazeFace's points, where
its box meets none of the scene's; or at a random place that meets none.
"""

import argparse
import pathlib
import xml.etree.ElementTree as ElementTree

import cv2
import numpy as np

from blazeface import BlazeFace
from landmarks_data import SIDE, crop_frame, cut


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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--blazeface", required=True)
    parser.add_argument("--images", required=True)
    parser.add_argument("--annotations", required=True)
    args = parser.parse_args()
    blazeface, rng, crops = BlazeFace(args.blazeface), np.random.default_rng(0), []
    erred = 0
    for file in sorted(pathlib.Path(args.annotations).glob("*.xml")):
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
    np.savez_compressed(args.out, crops=np.array(crops, np.uint8))
    print(f"{args.out}: {len(crops)} crops, {erred} of them where BlazeFace erred")


if __name__ == "__main__":
    main()
