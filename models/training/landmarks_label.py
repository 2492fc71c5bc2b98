"""Labels faces for the landmark network: five points, as two detectors agree on them.

    python landmarks_label.py OUT.npz --detector YUNET.onnx --blazeface BLAZEFACE.onnx
        [--faces FOLDER ... [--pattern GLOB]] [--boxes JPEGIMAGES ANNOTATIONS] [--state bare|masked] [--limit N] [--look NET.onnx]

--faces takes folders (searched recursively) of pictures of one person each, all in --state; --boxes takes scenes with
VOC boxes named with_mask, without_mask, with_incorrect_mask or mask_weared_incorrect. Every face is found, turned upright and looked at again
by YuNet at three sizes, mirrored and not, and by BlazeFace at two, mirrored and not. With --look a landmark network's
points stand for those of both, for training that learns no points, in a quarter of the time. OUT.npz holds, a row a face:

    jpeg      the face as a JPEG of STORE x STORE pixels, canonical frame (see `STORE_TO_CANONICAL`)
    yunet     5 x 2 median of YuNet's points, pixels of that picture; NaN where it found nothing
    spread    their largest deviation from it, in pixels
    blaze     4 x 2 of BlazeFace (eyes, nose tip, middle of the mouth), NaN likewise;  blaze_spread
    inside    2 x 3 affine from the stored picture to the source, and `size` its width and height: what lies beyond
              the source's border is replicated
    state     0 bare, 1 masked, 2 incorrect;  source  a name to split and balance by;  name
"""

import argparse
import pathlib
import xml.etree.ElementTree as ElementTree

import cv2
import numpy as np

from blazeface import BlazeFace
from data import list_pictures
from landmarks_geometry import CANONICAL, MIRROR, MOUTH_MIDDLE, move, shrunk_size, similarity

STORE = 224
PX_PER_UNIT = 0.92  # pixels of the stored picture to a unit of the 112 x 112 canonical face
STORE_CENTRE = np.array([56.0, 72.0])  # of the canonical face, in the middle of the stored picture
STATES = {"without_mask": 0, "with_mask": 1, "with_incorrect_mask": 2, "mask_weared_incorrect": 2, "bare": 0, "masked": 1}
LOOK = 256  # side of the upright crop the labellers see


def to_store(canonical):
    """Points of the canonical frame in pixels of the stored picture."""
    return (canonical - STORE_CENTRE) * PX_PER_UNIT + STORE / 2


class YuNet:
    """OpenCV's YuNet; rows of box x, y, width, height, five points, score."""

    def __init__(self, path):
        self.net = cv2.FaceDetectorYN.create(path, "", (320, 320), 0.5, 0.3, 5000)

    def __call__(self, bgr, threshold=0.5):
        self.net.setInputSize((bgr.shape[1], bgr.shape[0]))
        self.net.setScoreThreshold(threshold)
        _, rows = self.net.detect(bgr)
        return np.zeros((0, 15), np.float32) if rows is None else rows


def nearest(centres, point):
    return int(np.linalg.norm(centres - point, axis=1).argmin())


def rough_points(image, centre, size, yunet, blazeface):
    """Five points of the face nearest to `centre` (pixels; about `size` high), or None. `image` is BGR."""
    rows = yunet(image, 0.4)
    if len(rows):
        row = rows[nearest(rows[:, :2] + rows[:, 2:4] / 2, centre)]
        if np.linalg.norm(row[:2] + row[2:4] / 2 - centre) < 0.5 * size:
            return row[4:14].reshape(5, 2)
    faces = blazeface.faces(np.ascontiguousarray(image[:, :, ::-1]))
    if len(faces):
        face = faces[nearest(faces[:, :2], centre)]
        if np.linalg.norm(face[:2] - centre) < 0.5 * size:
            points = face[4:12].reshape(4, 2)
            across = (points[1] - points[0]) * 0.41
            return np.array([points[0], points[1], points[2], points[3] - across, points[3] + across])
    return None


def yunet_looks(crop, yunet):
    """YuNet's points on an upright crop (LOOK square, face in the middle) by size and mirroring: k x 5 x 2."""
    found = []
    for side in (256, 192, 160):
        small = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)
        for mirrored in (False, True):
            rows = yunet(np.ascontiguousarray(small[:, ::-1]) if mirrored else small, 0.4)
            if not len(rows):
                continue
            row = rows[nearest(rows[:, :2] + rows[:, 2:4] / 2, np.array([side / 2, side / 2]))]
            points = row[4:14].reshape(5, 2).copy()
            if mirrored:
                points[:, 0] = side - 1 - points[:, 0]
                points = points[MIRROR]
            found.append((points + 0.5) * LOOK / side - 0.5)
    return np.array(found)


def blaze_looks(crop, blazeface):
    """BlazeFace's four points on the same crop: k x 4 x 2."""
    found = []
    for margin in (0, 24):
        inner = crop[margin:LOOK - margin, margin:LOOK - margin, ::-1]
        for mirrored in (False, True):
            face = blazeface.central(np.ascontiguousarray(inner[:, ::-1] if mirrored else inner), 0.2)
            if face is None:
                continue
            points = face[4:12].reshape(4, 2).copy()
            if mirrored:
                points[:, 0] = inner.shape[1] - 1 - points[:, 0]
                points = points[[1, 0, 2, 3]]
            found.append(points + margin)
    return np.array(found)


def settle(looks, count):
    """Median of several looks and their largest deviation; NaN and infinity where there are fewer than two."""
    if len(looks) < 2:
        return np.full((count, 2), np.nan, np.float32), np.float32(np.inf)
    middle = np.median(looks, 0)
    return middle.astype(np.float32), np.float32(np.linalg.norm(looks - middle, axis=2).mean(0).max())


def label(image, centre, size, yunet, blazeface):
    """One face of a BGR `image` as a row of the output without state and name; None where no face is seen."""
    rough = rough_points(image, centre, size, yunet, blazeface)
    if rough is None:
        return None
    # upright, about twice the face: 132 canonical units over LOOK pixels
    zoom = LOOK / 150.0
    frame = similarity(rough, (CANONICAL - STORE_CENTRE) * zoom + LOOK / 2)
    crop = warp(image, frame, LOOK)
    their, spread = settle(yunet_looks(crop, yunet), 5)
    blaze, blaze_spread = settle(blaze_looks(crop, blazeface), 4)
    if np.isnan(their).any() and np.isnan(blaze).any():
        return None
    if not np.isnan(their).any():
        again = similarity(their, to_store(CANONICAL))
    else:
        four = np.array([*CANONICAL[:3], MOUTH_MIDDLE])
        again = similarity(blaze, to_store(four))
    store = compose(again, frame)
    picture = warp(image, store, STORE)
    scale = np.sqrt(abs(np.linalg.det(again[:, :2])))
    ok, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 93])
    return dict(jpeg=jpeg.tobytes(), yunet=np.float32(move(their, again)), spread=spread * scale, blaze=np.float32(move(blaze, again)),
                blaze_spread=blaze_spread * scale, inside=cv2.invertAffineTransform(store).astype(np.float32),
                size=np.array(image.shape[1::-1], np.float32))


def place(image, centre, size, yunet, blazeface, net):
    """As `label`, by the points of a landmark network alone; `net` as landmarks_measure.SecondLook. None where it sees no face."""
    rough = rough_points(image, centre, size, yunet, blazeface)
    if rough is None:
        return None
    points, _, face, _ = net(np.ascontiguousarray(image[:, :, ::-1]), rough, 2, True)
    if face < 0:
        return None
    store = similarity(points, to_store(CANONICAL))
    ok, jpeg = cv2.imencode(".jpg", warp(image, store, STORE), [cv2.IMWRITE_JPEG_QUALITY, 93])
    points = np.float32(move(points, store))
    return dict(jpeg=jpeg.tobytes(), yunet=points, spread=0.0, blaze=np.float32([*points[:3], points[3:].mean(0)]), blaze_spread=0.0,
                inside=cv2.invertAffineTransform(store).astype(np.float32), size=np.array(image.shape[1::-1], np.float32))


def compose(after, before):
    """The affine that does `before`, then `after`."""
    full = np.vstack([after, [0, 0, 1]]) @ np.vstack([before, [0, 0, 1]])
    return full[:2]


def warp(image, affine, side):
    """`image` through `affine` onto a square; shrunk with an area filter first where that is needed."""
    scale = np.sqrt(abs(np.linalg.det(affine[:, :2])))
    if scale < 0.6:
        shrink = min(1.0, 1.2 * scale)
        small = cv2.resize(image, shrunk_size(image, shrink), interpolation=cv2.INTER_AREA)
        fx, fy = small.shape[1] / image.shape[1], small.shape[0] / image.shape[0]
        affine = compose(affine, np.array([[1 / fx, 0, 0.5 / fx - 0.5], [0, 1 / fy, 0.5 / fy - 0.5]]))
        image = small
    return cv2.warpAffine(image, affine, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def fit(image, longest=900):
    scale = min(1.0, longest / max(image.shape[:2]))
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image, scale


def framed(image, share=0.35):
    """Replicated border, which tight crops need for a face to be seen; with its offset."""
    pad = int(share * max(image.shape[:2]))
    return cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_REPLICATE), pad


def picture_jobs(folders, pattern, state, limit, seed):
    """(image, centre, size, state, file) of pictures that show one face."""
    files = sorted(pathlib.Path(folder) / f for folder in folders for f in list_pictures(folder) if pathlib.Path(f).match(pattern))
    if limit:
        order = np.random.default_rng(seed).permutation(len(files))[:limit]
        files = [files[i] for i in sorted(order)]
    for file in files:
        image = cv2.imread(str(file))
        if image is None or min(image.shape[:2]) < 40:
            continue
        image, _ = fit(image, 400)
        if max(image.shape[:2]) < 200:
            image = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        yield image, np.array(image.shape[1::-1]) / 2, max(image.shape[:2]), STATES[state], str(file)


def box_jobs(images, annotations, smallest, limit, seed):
    """(image, centre, size, state, file) of every boxed face at least `smallest` pixels high."""
    files = sorted(pathlib.Path(annotations).glob("*.xml"))
    if limit:
        files = [files[i] for i in sorted(np.random.default_rng(seed).permutation(len(files))[:limit])]
    for file in files:
        image = None
        for box in ElementTree.parse(file).iter("object"):
            name = box.findtext("name")
            x0, y0, x1, y1 = (float(box.find("bndbox").findtext(k)) for k in ("xmin", "ymin", "xmax", "ymax"))
            if name not in STATES or y1 - y0 < smallest or x1 - x0 < 0.6 * smallest:
                continue
            if image is None:
                (path,) = list(pathlib.Path(images).glob(file.stem + ".*"))[:1] or [None]
                image = cv2.imread(str(path)) if path else None
                if image is None:
                    break
            size = max(x1 - x0, y1 - y0)
            centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
            low = np.maximum(centre - 1.6 * size, 0).astype(int)
            high = np.minimum(centre + 1.6 * size, image.shape[1::-1]).astype(int)
            part, scale = fit(np.ascontiguousarray(image[low[1]:high[1], low[0]:high[0]]), 420)
            if max(part.shape[:2]) < 200:
                part = cv2.resize(part, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
                scale = 2
            yield part, (centre - low) * scale, size * scale, STATES[name], f"{file.stem}#{int(x0)},{int(y0)}"


def stored(items):
    """An object array, which keeps items of different sizes apart."""
    out = np.empty(len(items), object)
    out[:] = items
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--detector", required=True, help="yunet_n_dynamic.onnx or OpenCV's face_detection_yunet")
    parser.add_argument("--blazeface", required=True)
    parser.add_argument("--faces", nargs="+", default=[])
    parser.add_argument("--pattern", default="*", help="which file names of --faces count, as for a shell")
    parser.add_argument("--boxes", nargs=2, metavar=("JPEGIMAGES", "ANNOTATIONS"))
    parser.add_argument("--state", choices=("bare", "masked"), default="bare")
    parser.add_argument("--smallest", type=float, default=36, help="height of the smallest box, pixels")
    parser.add_argument("--limit", type=int, default=0, help="at most so many pictures, drawn by --seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--look", metavar="NET.onnx", help="a landmark network, whose points stand for both labellers'")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    yunet, blazeface = YuNet(args.detector), BlazeFace(args.blazeface)
    look = None
    if args.look:
        from landmarks_measure import SecondLook
        look = SecondLook(args.look)
    jobs = box_jobs(*args.boxes, args.smallest, args.limit, args.seed) if args.boxes else \
        picture_jobs(args.faces, args.pattern, args.state, args.limit, args.seed)
    rows, seen = [], 0
    for image, centre, size, state, file in jobs:
        seen += 1
        if not args.boxes:
            image, pad = framed(image)
            centre = centre + pad
        row = place(image, centre, size, yunet, blazeface, look) if look else label(image, centre, size, yunet, blazeface)
        if row is not None:
            rows.append(dict(row, state=state, name=file))
        if seen % 1000 == 0:
            print(f"{seen} seen, {len(rows)} labelled", flush=True)
    pictures = stored([r["jpeg"] for r in rows])
    np.savez(args.out, jpeg=pictures, **{k: np.array([r[k] for r in rows]) for k in
             ("yunet", "spread", "blaze", "blaze_spread", "inside", "size", "state", "name")})
    print(f"{args.out}: {len(rows)} of {seen} faces labelled")


if __name__ == "__main__":
    main()
