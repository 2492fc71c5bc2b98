"""Aligned training pictures: from folders of images to `<set>.npy` and `<set>.csv`.

    python data.py align OUT_STEM FOLDER --detector yunet.onnx [--pad 0.2] [--limit N] [--workers 2]

`OUT_STEM.npy` is `uint8[n, 128, 128, 3]` (RGB, see align.py), `OUT_STEM.csv` has one row a crop: `file` (relative to
FOLDER), `score` of the detector, `px` (pixels of the picture per canonical face side) and the five points in the crop.
Where identities are known they are the first folder of `file`; `--flat` says that every file is its own identity.
"""
import argparse
import csv
import multiprocessing
import os
import sys
from pathlib import Path

import cv2
import numpy as np

import align

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
POINT_FIELDS = [f"{axis}{i}" for i in range(5) for axis in "xy"]
FIELDS = ["file", "score", "px"] + POINT_FIELDS
MIN_FACE_PX = 40  # a canonical face drawn from fewer pixels teaches blur


class BadIndex(ValueError):
    """An index (csv) that does not fit its pictures (npy)."""


def list_pictures(folder):
    """Paths of the pictures below `folder`, relative and sorted."""
    root = Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder. Give the folder that holds the pictures.")
    found = [str(p.relative_to(root)) for p in root.rglob("*") if p.suffix.lower() in PICTURES]
    return sorted(found)


_worker = {}


def _start_worker(detector, folder, pad):
    cv2.setNumThreads(1)
    _worker.update(detector=align.YuNet(detector), folder=folder, pad=pad)


def _align_one(name):
    try:
        picture = align.read_picture(os.path.join(_worker["folder"], name))
        found = _worker["detector"].points(picture, _worker["pad"])
        if found is None:
            return name, None, "no face found"
        points, score = found
        crop, inside, px = align.align(picture, points)
    except (align.BadPicture, ValueError, cv2.error) as error:
        return name, None, str(error)
    if px < MIN_FACE_PX:
        return name, None, f"the face is only {px:.0f} pixels wide"
    return name, (crop, inside, px, score), None


def align_folder(stem, folder, detector, pad=0.0, limit=None, workers=2, names=None):
    """Align every picture below `folder`; returns `(kept, [(file, why left out)])`."""
    names = list_pictures(folder) if names is None else names
    names = names[:limit] if limit else names
    crops, rows, left_out = [], [], []
    with multiprocessing.Pool(workers, _start_worker, (str(detector), str(folder), pad)) as pool:
        for name, face, why in pool.imap(_align_one, names, chunksize=16):
            if face is None:
                left_out.append((name, why))
                continue
            crop, points, px, score = face
            crops.append(crop)
            rows.append([name, f"{score:.3f}", f"{px:.0f}"] + [f"{v:.2f}" for v in points.reshape(-1)])
    write_set(stem, np.array(crops, np.uint8).reshape(-1, align.CROP, align.CROP, 3), rows)
    with open(f"{stem}.left-out.csv", "w", newline="") as file:
        csv.writer(file).writerows([("file", "why"), *left_out])
    return len(crops), left_out


def write_set(stem, crops, rows):
    """Write `<stem>.npy` and `<stem>.csv`; rows follow `FIELDS`."""
    np.save(f"{stem}.npy", crops)
    with open(f"{stem}.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        writer.writerows(rows)


def read_set(stem):
    """`(crops, files, points)` of an aligned set: memory-mapped uint8[n,128,128,3], list of str, float32[n,5,2]."""
    crops = np.load(f"{stem}.npy", mmap_mode="r")
    with open(f"{stem}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    if crops.ndim != 4 or crops.shape[1:] != (align.CROP, align.CROP, 3) or crops.dtype != np.uint8:
        raise BadIndex(f"{stem}.npy holds {crops.dtype}{list(crops.shape)}, not uint8[n, 128, 128, 3]. Run `data.py align` again.")
    if len(rows) != len(crops):
        raise BadIndex(f"{stem}.csv has {len(rows)} rows but {stem}.npy has {len(crops)} crops. Run `data.py align` again.")
    try:
        points = np.array([[float(row[field]) for field in POINT_FIELDS] for row in rows], np.float32).reshape(-1, 5, 2)
        return crops, [row["file"] for row in rows], points
    except (KeyError, ValueError) as error:
        raise BadIndex(f"{stem}.csv lacks a usable column ({error}). Its columns must be {', '.join(FIELDS)}.") from error


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("align")
    one.add_argument("stem")
    one.add_argument("folder")
    one.add_argument("--detector", required=True)
    one.add_argument("--pad", type=float, default=0.0)
    one.add_argument("--limit", type=int)
    one.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    os.makedirs(os.path.dirname(os.path.abspath(args.stem)), exist_ok=True)
    kept, left_out = align_folder(args.stem, args.folder, args.detector, args.pad, args.limit, args.workers)
    print(f"{args.stem}: {kept} crops, {len(left_out)} left out (see {args.stem}.left-out.csv)")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
