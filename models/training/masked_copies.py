"""Copies of pictures of people, some with a mask drawn over the face: to measure and to calibrate under masks.

    python masked_copies.py FOLDER OUT TRUTH.csv --detector YUNET.onnx [--people all|even|odd] [--pictures N] [--least N]

FOLDER/<person>/<image>. Of each person (all, or those whose name has an even or an odd CRC-32) who has at least `--least`
pictures, the first N are written twice to OUT/<person>: as they are, and as <image>-masked.png with a mask drawn by
render.py. TRUTH.csv (`file,mask`) says which is which. The picture's name seeds the mask, so every run draws the same.
"""

import argparse
import csv
import pathlib
import shutil
import zlib

import cv2
import numpy as np

import data
from render import render_mask


def largest_face(detector, image):
    """The five points of the face nearest the middle, or None."""
    detector.setInputSize((image.shape[1], image.shape[0]))
    _, faces = detector.detect(image)
    if faces is None:
        return None
    middle = np.array([image.shape[1], image.shape[0]]) / 2
    away = np.linalg.norm(faces[:, :2] + faces[:, 2:4] / 2 - middle, axis=1)
    return faces[np.argmin(away), 4:14].reshape(5, 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("truth", type=pathlib.Path)
    parser.add_argument("--detector", required=True)
    parser.add_argument("--people", choices=("all", "even", "odd"), default="all")
    parser.add_argument("--pictures", type=int, default=1)
    parser.add_argument("--least", type=int, default=1)
    arguments = parser.parse_args()
    detector = cv2.FaceDetectorYN.create(arguments.detector, "", (320, 320), 0.5, 0.3, 500)
    rows, without = [], 0
    for person in sorted(p for p in arguments.folder.iterdir() if p.is_dir()):
        parity = "odd" if zlib.crc32(person.name.encode()) % 2 else "even"
        pictures = [person / name for name in data.list_pictures(person)]
        if arguments.people not in ("all", parity) or len(pictures) < arguments.least:
            continue
        for picture in pictures[: arguments.pictures]:
            image = cv2.imread(str(picture))
            points = None if image is None else largest_face(detector, image)
            if points is None:
                without += 1
                continue
            name = str(picture.relative_to(arguments.folder))
            rng = np.random.default_rng(zlib.crc32(name.encode()))
            masked, _ = render_mask(image[:, :, ::-1], points, rng, wear="proper")
            (arguments.out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture, arguments.out / name)
            copy = str(pathlib.Path(name).with_name(f"{picture.stem}-masked.png"))
            cv2.imwrite(str(arguments.out / copy), masked.clip(0, 255).astype(np.uint8)[:, :, ::-1])
            rows += [(name, "bare"), (copy, "masked")]
    with open(arguments.truth, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "mask"))
        writer.writerows(rows)
    print(f"{len(rows) // 2} pictures with a masked copy each; {without} left out: no face found")


if __name__ == "__main__":
    main()
