"""Scenes with faces for the detector: real ones with their boxes, and single faces laid on other places.

    python detector_data.py OUT.npz --images JPEGIMAGES --annotations ANNOTATIONS --detector YUNET.onnx
        --blazeface BLAZEFACE.onnx --landmarks NET.onnx
    python detector_data.py OUT.npz --faceless FOLDER ... --detector YUNET.onnx --landmarks NET.onnx [--limit N]

OUT.npz holds `jpeg` (scenes of at most 800 pixels) and `faces`, an array n x 14 a scene: five points, whether the points
are known (else they only span the box), whether it is a face (0: a place that must not count, neither as a face nor as
none), whether it is bare, and its height. Faces that the annotations forgot come from YuNet where the landmark network
agrees. With --faceless, OUT.npz holds `jpeg` only: pictures of animals, rooms and things. One in which YuNet and the landmark
network both see a face is left out, for there may be a person in it.
"""

import argparse
import pathlib
import xml.etree.ElementTree as ElementTree

import cv2
import numpy as np

from blazeface import BlazeFace
from data import list_pictures
from detector_measure import box_of, overlap
from landmarks_data import degrade
from landmarks_geometry import CANONICAL, MIRROR, move, shrunk_size, similarity
from landmarks_label import PX_PER_UNIT, YuNet, fit, stored
from landmarks_measure import SecondLook
from maskstate import face_in_box
from render import render_glasses, render_hand, render_mask

SIDE = 192
ACROSS = np.array([14.0, 14.0, 98.0, 124.0])  # canonical corners that an annotated box spans
FACELESS = 0.25  # share of the scenes that show nobody, once there are such pictures
SMALLEST, LARGEST = 12.0, 165.0  # faces (forehead to chin, pixels of the scene that is seen) that must be found


def points_of_box(box):
    """The canonical face laid into a box of centre x, y, width, height."""
    scale = np.array([box[2] / (ACROSS[2] - ACROSS[0]), box[3] / (ACROSS[3] - ACROSS[1])]).mean()
    return (CANONICAL - (ACROSS[:2] + ACROSS[2:]) / 2) * scale + box[:2]


def label_scene(image, boxes, yunet, blazeface, net):
    """Rows of `faces` for one RGB scene; `boxes` rows of centre x, y, width, height, state (0 bare)."""
    found = yunet(np.ascontiguousarray(image[:, :, ::-1]), 0.35)
    seen = np.concatenate([found[:, :2] + found[:, 2:4] / 2, found[:, 2:4]], 1) if len(found) else np.zeros((0, 4))
    rows, used = [], set()
    for box in boxes:
        shared = overlap(box[:4], seen) if len(seen) else np.zeros(0)
        if len(shared) and shared.max() > 0.3:
            used.add(int(shared.argmax()))
            rough = found[shared.argmax(), 4:14].reshape(5, 2)
        else:
            corners = np.concatenate([box[:2] - box[2:4] / 2, box[:2] + box[2:4] / 2])
            rough = face_in_box(image, corners, blazeface)
            rough = points_of_box(box) if rough is None else rough
        points, _, logit, _ = net(image, rough, 2, True)
        sure = logit > 0 and overlap(box_of(points), box[None, :4])[0] > 0.3
        points = points if sure else points_of_box(box)
        rows.append([*points.reshape(-1), sure, 1, box[4] == 0, box[3]])
    for k, row in enumerate(found):
        if k in used or (len(boxes) and overlap(seen[k], boxes[:, :4]).max() > 0.2):
            continue
        points, _, logit, mask = net(image, row[4:14].reshape(5, 2), 2, True)
        real = row[14] > 0.6 and logit > 1
        if not real:
            points = row[4:14].reshape(5, 2)
        rows.append([*points.reshape(-1), real, real, real and mask.argmax() == 0, box_of(points)[3]])
    return np.array(rows, np.float32).reshape(-1, 14)


class Scenes:
    """Draws SIDE x SIDE RGB pictures (float32, 0..255) with their faces: rows of five points, known, face."""

    def __init__(self, scenes, faces, faceless=None):
        """`scenes` the file made above; `faces` a FaceSamples of single faces; `faceless` a file of pictures without any."""
        with np.load(scenes, allow_pickle=True) as d:
            self.jpeg, self.faces = list(d["jpeg"]), list(d["faces"])
        self.faceless = 0
        if faceless:
            with np.load(faceless, allow_pickle=True) as d:
                self.faceless = len(d["jpeg"])
                self.jpeg += list(d["jpeg"])
                self.faces += [np.zeros((0, 14), np.float32)] * self.faceless
        self.single = faces

    def draw(self, rng):
        image, rows, bare = self._scene(rng) if rng.random() < 0.55 else self._single(rng)
        for row, is_bare in zip(rows, bare):
            points = row[:10].reshape(5, 2)
            height = box_of(points)[3]
            if row[10] and row[11] and is_bare and height > 22 and rng.random() < 0.45:
                image, _ = render_mask(image, points, rng, wear=("proper", "under_nose", "under_chin")[rng.choice(3, p=[0.8, 0.12, 0.08])])
            if row[10] and row[11] and height > 30 and rng.random() < 0.08:
                image = render_glasses(image, points, rng)
            if row[10] and row[11] and height > 30 and rng.random() < 0.04:
                image = render_hand(image, points, rng)
        if rng.random() < 0.5:
            image = image[:, ::-1]
            for row in rows:
                points = row[:10].reshape(5, 2)
                points[:, 0] = SIDE - 1 - points[:, 0]
                row[:10] = points[MIRROR].reshape(-1)
        return degrade(np.ascontiguousarray(image), rng), self._judged(rows)

    @staticmethod
    def _judged(rows):
        """Faces too small, too large or cut in half are to be neither found nor missed."""
        for row in rows:
            box = box_of(row[:10].reshape(5, 2))
            if not (SMALLEST <= box[3] <= LARGEST) or (box[:2] < 2).any() or (box[:2] > SIDE - 3).any():
                row[11] = 0
        return rows

    def _scene(self, rng):
        busy = len(self.jpeg) - self.faceless
        i = busy + rng.integers(self.faceless) if self.faceless and rng.random() < FACELESS else rng.integers(busy)
        image = cv2.imdecode(np.frombuffer(self.jpeg[i], np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
        faces = self.faces[i]
        height = np.exp(rng.uniform(np.log(13), np.log(125)))
        if len(faces) and rng.random() < 0.85:
            pick = faces[rng.integers(len(faces))]
            centre, scale = pick[:10].reshape(5, 2).mean(0), height / max(pick[13], 8)
        else:
            centre, scale = rng.uniform([0, 0], image.shape[1::-1]), rng.uniform(0.25, 1.2)
        if rng.random() < 0.75:  # mostly the scene fills what is seen
            scale = max(scale, 0.9 * SIDE / max(image.shape[:2]))
        scale = min(scale, 2.5)
        turn = rng.normal(0, 9) if rng.random() < 0.7 else rng.uniform(-45, 45)
        affine = cv2.getRotationMatrix2D(tuple(float(v) for v in centre), turn, scale)
        affine[:, 2] += rng.uniform(0.15, 0.85, 2) * SIDE - centre
        rows = faces[:, :12].copy()
        for row in rows:
            row[:10] = move(row[:10].reshape(5, 2), affine).reshape(-1)
        border = cv2.BORDER_REPLICATE if rng.random() < 0.5 else cv2.BORDER_CONSTANT
        return laid(image, affine, border).astype(np.float32), rows, faces[:, 12] > 0

    def _single(self, rng):
        """One labelled face as a phone or a webcam sees it, or one to three small ones on another scene."""
        if rng.random() < 0.4:
            image, row, bare = self._one(rng, np.exp(rng.uniform(np.log(50), np.log(160))), None)
            return image, row, bare
        image, rows, bare = self._scene(rng)
        for _ in range(int(rng.integers(1, 4))):
            image, row, is_bare = self._one(rng, np.exp(rng.uniform(np.log(14), np.log(100))), (image, rows))
            if row is not None:
                rows, bare = np.concatenate([rows, row]), np.concatenate([bare, is_bare])
        return image, rows, bare

    def _one(self, rng, height, onto):
        groups = {k: v for k, v in self.single.groups.items() if k[0] != 2}
        i = self.single.pick(groups, rng)
        picture = self.single.picture(i)
        scale = height / (110 * PX_PER_UNIT)
        turn = rng.normal(0, 9) if rng.random() < 0.7 else rng.uniform(-45, 45)
        centre = self.single.points[i].mean(0)
        affine = cv2.getRotationMatrix2D(tuple(float(v) for v in centre), turn, scale)
        affine[:, 2] += rng.uniform(0.12, 0.88, 2) * SIDE - centre
        points = move(self.single.points[i], affine)
        known = self.single.weight[i].min() > 0 or self.single.state[i] == 1
        row = np.array([[*points.reshape(-1), known, 1]], np.float32)
        bare = np.array([self.single.state[i] == 0])
        image = laid(picture, affine, cv2.BORDER_REPLICATE).astype(np.float32)
        if onto is None:
            return image, row, bare
        under, others = onto
        box = box_of(points)
        if len(others) and overlap(box * [1, 1, 1.6, 1.6], np.array([box_of(r[:10].reshape(5, 2)) for r in others])).max() > 0:
            return under, None, None
        cover = np.zeros((SIDE, SIDE), np.float32)
        half = box[2] * rng.uniform(0.62, 0.85), box[3] * rng.uniform(0.6, 0.8)
        cv2.ellipse(cover, (tuple(float(v) for v in box[:2]), (2 * half[0], 2 * half[1]), -turn), 1.0, -1, cv2.LINE_AA)
        cover = cv2.GaussianBlur(cover, (0, 0), max(0.6, 0.04 * box[2]))[..., None]
        return under + cover * (image - under), row, bare


def laid(image, affine, border):
    """`image` through `affine` onto a SIDE x SIDE picture, shrunk with care."""
    scale = float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
    if scale < 0.6:
        small = cv2.resize(image, shrunk_size(image, 1.2 * scale), interpolation=cv2.INTER_AREA)
        fx, fy = small.shape[1] / image.shape[1], small.shape[0] / image.shape[0]
        back = np.array([[1 / fx, 0, 0.5 / fx - 0.5], [0, 1 / fy, 0.5 / fy - 0.5], [0, 0, 1]])
        affine, image = (np.vstack([affine, [0, 0, 1]]) @ back)[:2], small
    return cv2.warpAffine(image, affine, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=border)


def faceless_pictures(folders, limit, yunet, net):
    """JPEGs of at most 480 pixels of the pictures below `folders` in which nobody is seen."""
    files = sorted(pathlib.Path(folder) / f for folder in folders for f in list_pictures(folder))
    if limit:
        files = [files[i] for i in np.random.default_rng(0).permutation(len(files))[:limit]]
    kept = []
    for file in files:
        image = cv2.imread(str(file))
        if image is None or min(image.shape[:2]) < 64:
            continue
        image, _ = fit(image, 480)
        rgb = np.ascontiguousarray(image[:, :, ::-1])
        if not any(row[14] > 0.7 and net(rgb, row[4:14].reshape(5, 2), 2, True)[2] > 1 for row in yunet(image, 0.7)):
            kept.append(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes())
    return kept, len(files)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--detector", required=True)
    parser.add_argument("--landmarks", required=True)
    for name in ("images", "annotations", "blazeface"):
        parser.add_argument("--" + name)
    parser.add_argument("--faceless", nargs="+", metavar="FOLDER")
    parser.add_argument("--limit", type=int, default=0, help="at most so many faceless pictures")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    yunet, net = YuNet(args.detector), SecondLook(args.landmarks)
    if args.faceless:
        kept, seen = faceless_pictures(args.faceless, args.limit, yunet, net)
        np.savez(args.out, jpeg=stored(kept))
        print(f"{args.out}: {len(kept)} of {seen} pictures show nobody")
        return
    if not (args.images and args.annotations and args.blazeface):
        parser.error("scenes need --images, --annotations and --blazeface; pictures without faces need --faceless")
    blazeface = BlazeFace(args.blazeface)
    pictures, faces = [], []
    for file in sorted(pathlib.Path(args.annotations).glob("*.xml")):
        found = list(pathlib.Path(args.images).glob(file.stem + ".*"))
        image = cv2.imread(str(found[0])) if found else None
        if image is None:
            continue
        image, scale = fit(image, 800)
        boxes = []
        for item in ElementTree.parse(file).iter("object"):
            x0, y0, x1, y1 = (float(item.find("bndbox").findtext(k)) * scale for k in ("xmin", "ymin", "xmax", "ymax"))
            if x1 - x0 > 2 and y1 - y0 > 2:
                boxes.append([(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0, 0 if item.findtext("name") == "without_mask" else 1])
        rgb = np.ascontiguousarray(image[:, :, ::-1])
        faces.append(label_scene(rgb, np.array(boxes).reshape(-1, 5), yunet, blazeface, net))
        pictures.append(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
        if len(pictures) % 200 == 0:
            print(len(pictures), "scenes", flush=True)
    np.savez(args.out, jpeg=stored(pictures), faces=stored(faces))
    every = np.concatenate(faces)
    print(f"{args.out}: {len(pictures)} scenes, {int(every[:, 11].sum())} faces, points known of {int(every[:, 10].sum())}, {int((every[:, 11] == 0).sum())} places that do not count")


if __name__ == "__main__":
    main()
