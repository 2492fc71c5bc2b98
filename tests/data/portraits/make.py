"""Makes the test portraits: crops free photographs to 4:3 with head and shoulders, and draws masks on them.

    python tests/data/portraits/make.py FACE_RECOGNITION_SOURCE ASTRONAUT.png --detector YUNET.onnx

FACE_RECOGNITION_SOURCE is the unpacked source package face_recognition 1.3.0 (PyPI), ASTRONAUT.png is skimage/data of
scikit-image (PyPI). The results are committed: run it again only to change them. Needs OpenCV and numpy.
"""

import argparse
import pathlib
import sys

import cv2
import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "models" / "training"))
import presence_emulate  # noqa: E402
from render import render_mask  # noqa: E402
from render_hems import render_printed  # noqa: E402

SIZE = (800, 600)
# name: file, left, top and width of a 4:3 crop
CROPS = {
    "obama-1": ("obama.jpg", 50, 0, 860),
    "obama-2": ("obama2.jpg", 0, 140, 626),
    "biden": ("biden.jpg", 100, 60, 860),
    "astronaut": (None, 0, 0, 512),
}
# masked name: bare name, style, seed of what is random about the mask
MASKED = {
    "obama-1-masked": ("obama-1", "surgical", 3),
    "obama-2-masked": ("obama-2", "kn95", 1),
    "biden-masked": ("biden", "surgical", 5),
}
# name: bare name and seed of a mask that is printed with its wearer's own face
OWN = {"obama-1-own": ("obama-1", 8), "obama-2-own": ("obama-2", 8), "biden-own": ("biden", 2), "astronaut-own": ("astronaut", 5)}
# name of a thing that is held before a camera: portrait on it, kind, seed
HELD = {
    "obama-1-print": ("obama-1", "print", 0),
    "obama-1-masked-print": ("obama-1-masked", "print", 0),
    "biden-gloss": ("biden", "print-gloss", 4),
    "obama-1-phone": ("obama-1", "phone", 3),
}


def find_points(image, detector):
    detector.setInputSize(image.shape[1::-1])
    _, rows = detector.detect(image)
    return rows[np.argmax(rows[:, 2]), 4:14].reshape(5, 2)


def save(name, image):
    cv2.imwrite(str(HERE / f"{name}.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 88])


def own_print(picture, points, rng):
    """A BGR picture with a mask over its face that is printed with that face, at three fifths of its size."""
    face = np.float32(picture[:, :, ::-1])
    own = np.clip(render_printed(face, face, points, rng), 0, 255).astype(np.uint8)
    return cv2.resize(own, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)[:, :, ::-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("astronaut")
    parser.add_argument("--detector", required=True)
    args = parser.parse_args()
    detector = cv2.FaceDetectorYN.create(args.detector, "", (320, 320), 0.6, 0.3, 5000)
    crops = {}
    for name, (file, left, top, width) in CROPS.items():
        image = cv2.imread(str(args.source / "tests" / "test_images" / file) if file else args.astronaut)
        crop = image[top:top + width * 3 // 4, left:left + width]
        crops[name] = cv2.resize(crop, SIZE, interpolation=cv2.INTER_AREA if width > SIZE[0] else cv2.INTER_CUBIC)
        save(name, crops[name])
    for name, (bare, style, seed) in MASKED.items():
        face = np.ascontiguousarray(crops[bare][:, :, ::-1])
        masked, _ = render_mask(face, find_points(crops[bare], detector), np.random.default_rng(seed), style, "proper")
        save(name, np.clip(masked, 0, 255).astype(np.uint8)[:, :, ::-1])
    for name, (bare, seed) in OWN.items():
        picture = cv2.imread(str(HERE / f"{bare}.jpg"))
        save(name, own_print(picture, find_points(picture, detector), np.random.default_rng(seed)))
    for name, (portrait, kind, seed) in HELD.items():
        picture = cv2.imread(str(HERE / f"{portrait}.jpg"))
        save(name, presence_emulate.attack(kind, picture, find_points(picture, detector), np.random.default_rng(seed))[0])


if __name__ == "__main__":
    main()
