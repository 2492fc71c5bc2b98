"""The canonical face and the windows that the networks look at.

Everything downstream agrees on one frame: a 112x112 canonical face (DESIGN: `Crops`). Training pictures are kept
as 128x128 crops, which are that frame with `MARGIN` pixels more on each side, so that jitter has something to show.
Points are always `float32[5, 2]` in the order right eye, left eye, nose, right mouth corner, left mouth corner, where
"right" is the subject's (so the right eye is on the left of the picture). Pictures are `uint8[h, w, 3]`, RGB.
"""
from dataclasses import dataclass

import cv2
import numpy as np

# Loader processes are forked, and OpenCV's own threads do not survive a fork: a child would wait for them for ever.
cv2.setNumThreads(1)

CANONICAL = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
SIDE = 112
MARGIN = 8
CROP = SIDE + 2 * MARGIN
CROP_POINTS = CANONICAL + MARGIN
EYES_WEIGHTS = np.array([1.0, 1.0, 1.0, 0.1, 0.1])  # the product aligns the periocular window so (src/face/align.rs)


class BadPicture(ValueError):
    """A picture that cannot be used; the message names it and says what to do."""


def fit_similarity(source, target, weights=None):
    """Least-squares similarity `float32[2, 3]` that takes `source` points onto `target` points (Umeyama, 1991)."""
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    if source.shape != target.shape or source.ndim != 2 or len(source) < 2:
        raise ValueError(f"fit_similarity needs two equal lists of at least two points, not {source.shape} and {target.shape}")
    share = np.full(len(source), 1 / len(source)) if weights is None else np.asarray(weights, np.float64) / np.sum(weights)
    middle, aim = share @ source, share @ target
    s, t = source - middle, target - aim
    spread = share @ (s**2).sum(1)
    if not np.isfinite(spread) or spread < 1e-12:
        raise ValueError("fit_similarity: the points coincide, so there is no scale to fit")
    u, d, vt = np.linalg.svd((t * share[:, None]).T @ s)
    sign = np.array([1.0, 1.0 if np.linalg.det(u @ vt) > 0 else -1.0])
    rotation = u @ np.diag(sign) @ vt
    scale = (d * sign).sum() / spread
    matrix = np.empty((2, 3), np.float32)
    matrix[:, :2] = scale * rotation
    matrix[:, 2] = aim - scale * rotation @ middle
    return matrix


def by_eyes(points):
    """Affine map crop -> crop that moves a face with these points (crop pixels) to where the product's window has it."""
    return cv2.invertAffineTransform(fit_similarity(CROP_POINTS, points, EYES_WEIGHTS)).astype(np.float32)


def apply(matrix, points):
    """`points` float[n, 2] carried through an affine `matrix` float[2, 3]."""
    return (np.asarray(points, np.float32) @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)


def compose(second, first):
    """The affine map that applies `first`, then `second`."""
    last = np.array([[0, 0, 1]], np.float32)
    return (np.vstack([second, last]) @ np.vstack([first, last]))[:2].astype(np.float32)


def warp(picture, matrix, width, height):
    """`picture` drawn through `matrix` (picture -> output), edge pixels replicated.

    When the map shrinks by more than two, the picture is reduced by area first, so that no pixel is skipped.
    """
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if scale < 0.5:
        factor = max(2 * scale, 0.02)
        picture = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        matrix = compose(matrix, np.array([[1 / factor, 0, 0], [0, 1 / factor, 0]], np.float32))
    return cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def align(picture, points):
    """The 128x128 crop of a face, its points in the crop, and the pixels of the picture per canonical face side."""
    matrix = fit_similarity(points, CROP_POINTS)
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    return warp(picture, matrix, CROP, CROP), apply(matrix, points), SIDE / scale


@dataclass(frozen=True)
class Window:
    """A rectangle of the canonical face that a network looks at, magnified `scale` times to `width` x `height` pixels."""

    about: str
    width: int
    height: int
    left: float
    top: float
    scale: float
    by_eyes: bool  # the product aligns it by the eyes; otherwise by all five points
    normalisation: tuple = (127.5, 128.0)  # a network with this window takes (byte - first) / second

    def of_crop(self):
        """Affine map from a 128x128 crop to the window."""
        z = self.scale
        return np.array([[z, 0, -z * (self.left + MARGIN)], [0, z, -z * (self.top + MARGIN)]], np.float32)

    def cut(self, crop, matrix=None):
        """The window of a 128x128 crop; `matrix` moves the crop first (crop -> crop)."""
        to_window = self.of_crop() if matrix is None else compose(self.of_crop(), matrix)
        return cv2.warpAffine(
            crop, to_window, (self.width, self.height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )


FULL = Window("112x112 canonical face", SIDE, SIDE, 0.0, 0.0, 1.0, by_eyes=False)
PERIOCULAR = Window("112x64 window around the eyes", 112, 64, 56 - 112 / 2 / 1.2, 12.0, 1.2, by_eyes=True)
# Open Model Zoo's face re-identification looks closer than MobileFaceNet: 105.2 pixels of the canonical face at 128.
CLOSE = Window("105x105 window of the canonical face", 128, 128, 3.236, 4.393, 1.21634, by_eyes=False)


def window_of(width, height):
    """The window that a network with this input takes."""
    return next((w for w in (FULL, CLOSE, PERIOCULAR) if (w.width, w.height) == (width, height)), None)


def to_network(picture, mean=127.5, scale=128.0):
    """Network input `float32[3, h, w]` of an RGB picture: (x - mean) / scale, numbers or a number a channel."""
    shown = (picture.astype(np.float32) - np.asarray(mean, np.float32)) / np.asarray(scale, np.float32)
    return np.ascontiguousarray(shown.transpose(2, 0, 1))


class YuNet:
    """Five points of the most prominent face near the centre, by OpenCV's YuNet."""

    def __init__(self, path, threshold=0.5):
        self.threshold = threshold
        self.detector = cv2.FaceDetectorYN.create(str(path), "", (320, 320), threshold, 0.3, 5000)

    def _faces(self, picture, threshold):
        self.detector.setScoreThreshold(threshold)
        self.detector.setInputSize((picture.shape[1], picture.shape[0]))
        faces = self.detector.detect(np.ascontiguousarray(picture[..., ::-1]))[1]
        return np.zeros((0, 15), np.float32) if faces is None else faces

    def points(self, picture, pad=0.0, side=640):
        """`(points, score)` in the picture's pixels, or None when no face is found.

        `pad` widens the picture by that part of its longer side (tight crops need it: the detector has never seen a
        face that fills the frame); `side` bounds the longer side that the detector sees. A second, wider and more
        lenient look follows when the first finds nothing.
        """
        height, width = picture.shape[:2]
        factor = min(1.0, side / max(height, width))
        small = picture if factor == 1 else cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        for part, threshold, at_least in ((pad, self.threshold, 0), (0.35, 0.3, 320)):
            border = int(part * max(small.shape[:2]))
            seen = cv2.copyMakeBorder(small, border, border, border, border, cv2.BORDER_REPLICATE)
            zoom = max(1.0, at_least / max(seen.shape[:2]))
            if zoom > 1:
                seen = cv2.resize(seen, None, fx=zoom, fy=zoom)
            faces = self._faces(seen, threshold)
            if len(faces):
                best = faces[most_central(faces, seen.shape)]
                return (best[4:14].reshape(5, 2) / zoom - border) / factor, float(best[14])
        return None


def most_central(faces, shape):
    """Index of the face with the best trade between size, score and closeness to the centre."""
    centre = np.array([shape[1] / 2, shape[0] / 2])
    middles = faces[:, :2] + faces[:, 2:4] / 2
    size = np.sqrt(np.abs(faces[:, 2] * faces[:, 3]))
    return int((faces[:, 14] * size - 0.3 * np.linalg.norm(middles - centre, axis=1)).argmax())


def read_picture(path):
    """RGB uint8 picture of a file; raises `BadPicture` when it does not decode."""
    data = np.fromfile(str(path), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if picture is None:
        raise BadPicture(f"{path} does not decode as a picture. Remove it or convert it to JPEG or PNG.")
    return np.ascontiguousarray(picture[..., ::-1])
