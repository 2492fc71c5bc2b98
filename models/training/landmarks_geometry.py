"""The canonical face and the least-squares similarity onto it, as the engine has them."""

import numpy as np

# right eye, left eye, nose tip, right and left corner of the mouth (the subject's right), in a 112 x 112 face
CANONICAL = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
                      [70.7299, 92.2041]])
MOUTH_MIDDLE = CANONICAL[3:].mean(0)
CANONICAL_FOUR = np.array([*CANONICAL[:3], MOUTH_MIDDLE])
MIRROR = [1, 0, 2, 4, 3]  # the points' order after mirroring


def similarity(source, target):
    """2 x 3 affine (rotation, one scale, shift; no reflection) that takes `source` to `target` best in squares."""
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    a, b = source - source.mean(0), target - target.mean(0)
    cos = (a * b).sum()
    sin = (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()
    power = (a * a).sum()
    cos, sin = cos / power, sin / power
    turn = np.array([[cos, -sin], [sin, cos]])
    return np.hstack([turn, (target.mean(0) - turn @ source.mean(0))[:, None]])


def move(points, affine):
    """`points` n x 2 through a 2 x 3 affine."""
    return np.asarray(points) @ affine[:, :2].T + affine[:, 2]


def shrunk_size(image, factor):
    """Width and height of `image` shrunk by `factor`. OpenCV is given whole sizes, not factors: it would otherwise
    map pixels by the factor while rounding the size, and points would move by up to half a pixel."""
    return max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor))
