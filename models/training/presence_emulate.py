"""Emulated presentation attacks: a picture of a face as a sheet of paper or a screen that is held before a camera.

    from presence_emulate import KINDS, attack, live

Nothing here was measured on a real printer, paper, screen or lens: it is a caricature of what they do to a picture, from which a
network learns where to look. All pictures are height x width x 3, BGR, uint8, as OpenCV reads them; light is linear, float32.
A numpy Generator alone decides what is drawn.

[Note: two cameras] The picture behind an attack was taken by a camera already; the second one is what an attack adds. So that
this alone tells nothing, a live face is sent through the same emulated camera by `live`.
"""

from dataclasses import dataclass

import cv2
import numpy as np

KINDS = ("print", "print-gloss", "print-bent", "print-cut", "phone", "tablet", "monitor")
WIDTH, HEIGHT = 640, 480


def to_light(picture):
    return (picture.astype(np.float32) / 255) ** 2.2


def to_bytes(light):
    return np.clip(light, 0, 1) ** (1 / 2.2) * 255


@dataclass
class Held:
    """A thing in view: its light, which part of it is there (0..1), and the way from the source picture's pixels to it."""

    light: np.ndarray
    there: np.ndarray | None
    from_source: np.ndarray
    emits: bool


class Camera:
    """Lens blur, a Bayer mosaic, noise, sharpening and JPEG, drawn once for each camera."""

    def __init__(self, rng, width=WIDTH, height=HEIGHT):
        self.rng, self.width, self.height = rng, width, height
        self.focal = width * rng.uniform(0.75, 1.2)
        self.blur = rng.uniform(0.4, 1.3)
        self.noise = rng.uniform(0.002, 0.018)
        self.sharpen = rng.uniform(0.0, 0.8)
        self.quality = int(rng.integers(65, 96))

    def take(self, light, gain):
        light = light * gain
        light = light / (1 + np.maximum(0, light - 0.8))
        light = cv2.GaussianBlur(light, (0, 0), self.blur)
        if self.rng.random() < 0.75:
            mosaic = np.empty(light.shape[:2], np.float32)
            for (y, x), channel in (((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 2)):
                mosaic[y::2, x::2] = light[y::2, x::2, channel]
            mosaic += self.rng.standard_normal(mosaic.shape, np.float32) * self.noise * 2 * np.sqrt(np.maximum(mosaic, 0.02))
            light = cv2.demosaicing((np.clip(mosaic, 0, 1) * 65535).astype(np.uint16), cv2.COLOR_BayerRG2BGR) / np.float32(65535)
        picture = to_bytes(light)
        picture += self.sharpen * (picture - cv2.GaussianBlur(picture, (0, 0), 1.0))
        coded = cv2.imencode(".jpg", np.clip(picture, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, self.quality])[1]
        return cv2.imdecode(coded, cv2.IMREAD_COLOR)


def scaled(picture, longer):
    k = longer / max(picture.shape[:2])
    return cv2.resize(picture, None, fx=k, fy=k, interpolation=cv2.INTER_AREA if k < 1 else cv2.INTER_CUBIC), k


def sheet(picture, rng, kind):
    """A print: gamut squeezed, black lifted, a line screen at three angles, fibres, a white border or none."""
    picture, k = scaled(picture, rng.uniform(500, 950))
    light = to_light(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.3)))
    grey = light.mean(2, keepdims=True)
    saturation = 0.0 if rng.random() < 0.06 else rng.uniform(0.55, 1.0)
    light = grey + (light - grey) * saturation
    low, high = rng.uniform(0.01, 0.08), rng.uniform(0.7, 0.95)
    light = low + light * (high - low)
    light *= np.array([rng.uniform(0.85, 1.0), rng.uniform(0.93, 1.0), 1.0], np.float32)
    height, width = light.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    period, depth = rng.uniform(2.2, 4.5), rng.uniform(0.0, 0.13)
    for channel, angle in zip(range(3), np.radians((15, 75, 0))):
        u, v = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
        dots = np.cos(2 * np.pi * u / period) * np.cos(2 * np.pi * v / period)
        light[:, :, channel] *= 1 + depth * dots * (1 - light[:, :, channel])
    if rng.random() < 0.15:
        # bands of an ink-jet printer that runs dry
        light *= 1 + rng.uniform(0.02, 0.06) * np.sin(2 * np.pi * y / rng.uniform(9, 40))[:, :, None]
    if kind != "print-gloss":
        light *= 1 + rng.uniform(0.0, 0.03) * rng.standard_normal((height, width, 1), np.float32)
    border = int(rng.uniform(0, 0.08) * max(height, width)) if rng.random() < 0.6 else 0
    light = cv2.copyMakeBorder(light, border, border, border, border, cv2.BORDER_CONSTANT, value=(high, high, high))
    return Held(np.clip(light, 0, 1), None, np.array([[k, 0, border], [0, k, border], [0, 0, 1]]), False)


SCREEN_SIDES = {"phone": (380, 900), "tablet": (420, 900), "monitor": (300, 620)}


def screen(picture, rng, kind):
    """A display: stripes of red, green and blue, its own white point, a bezel, dimmed or not. Between its pixels it is dark."""
    picture, k = scaled(picture, rng.uniform(*SCREEN_SIDES[kind]))
    light = to_light(picture)
    grey = light.mean(2, keepdims=True)
    light = np.clip(grey + (light - grey) * rng.uniform(1.0, 1.25), 0, 1)
    light *= np.array([rng.uniform(0.95, 1.18), 1.0, rng.uniform(0.8, 1.02)], np.float32)
    n, dark = 3, rng.uniform(0.08, 0.6)
    # the same light in sum, whatever lies between the stripes
    stripes = np.full((n, n, 3), dark, np.float32)
    for channel, column in ((2, 0), (1, 1), (0, 2)):
        stripes[: n - 1, column, channel] = (9 - 7 * dark) / 2 * 0.7
    light = np.repeat(np.repeat(light, n, 0), n, 1)
    light = np.tile(stripes, (light.shape[0] // n, light.shape[1] // n, 1)) * light + rng.uniform(0.002, 0.025)
    bezel = int(rng.uniform(0.02, 0.09) * min(light.shape[:2]))
    light = cv2.copyMakeBorder(light, bezel, bezel, bezel, bezel, cv2.BORDER_CONSTANT, value=(0.006,) * 3)
    if rng.random() < 0.25:
        light = light * rng.uniform(0.25, 0.6) + 0.012
    return Held(light, None, np.array([[n * k, 0, bezel], [0, n * k, bezel], [0, 0, 1]]), True)


def held_out(camera, shape, width_px, yaw, pitch, roll):
    """Homography from the thing's pixels to the camera's, the optical axis at (0, 0); the thing is `width_px` wide at rest."""
    height, width = shape
    step = width_px / camera.focal / width
    (cy, cp, cr), (sy, sp, sr) = np.cos((yaw, pitch, roll)), np.sin((yaw, pitch, roll))
    turn = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    turn = turn @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    plane = turn @ np.array([[step, 0, -step * width / 2], [0, step, -step * height / 2], [0, 0, 0.0]])
    plane[2, 2] += 1
    return np.diag([camera.focal, camera.focal, 1.0]) @ plane


def bent(light, rng):
    """A sheet curved round an upright axis, as seen from the front: narrower towards its sides, and darker there."""
    height, width = light.shape[:2]
    arc = rng.uniform(0.4, 1.2)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    u = (x - width / 2) / (width / 2)
    x = np.clip(np.arcsin(np.clip(u * np.sin(arc), -1, 1)) / arc, -1, 1) * width / 2 + width / 2
    shade = 1 - rng.uniform(0.05, 0.3) * np.abs(u) * arc + rng.uniform(-0.15, 0.15) * u
    return cv2.remap(light, x.astype(np.float32), y, cv2.INTER_LINEAR) * shade[:, :, None]


def reflections(rng):
    """Windows and lamps mirrored in glass or gloss."""
    glare = np.zeros((HEIGHT, WIDTH), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        box = ((rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT)), (rng.uniform(20, 180), rng.uniform(30, 220)), rng.uniform(-25, 25))
        cv2.fillConvexPoly(glare, cv2.boxPoints(box).astype(np.int32), 1.0)
    return cv2.GaussianBlur(glare, (0, 0), rng.uniform(3, 18))[:, :, None] * rng.uniform(0.02, 0.25)


def room(rng, picture=None):
    """What is behind: another picture out of focus, or soft patches."""
    if picture is not None:
        light = to_light(cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
        return cv2.GaussianBlur(light, (0, 0), rng.uniform(0.6, 5)) * rng.uniform(0.4, 1.0)
    patches = [cv2.resize(rng.standard_normal((5, 5), np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) for _ in range(3)]
    return np.clip(np.stack(patches, 2) * 0.04 + rng.uniform(0.04, 0.45), 0.01, 0.9)


def attack(kind, picture, points, rng, behind=None):
    """(frame, points in it, rough where the thing is bent) of `picture`, whose face has these five `points`, held up as `kind`."""
    camera = Camera(rng)
    points = np.asarray(points, np.float64)
    apart = np.linalg.norm(points[1] - points[0])
    if rng.random() < 0.45:
        # edges cut off: little but the face is on the thing
        reach = apart * rng.uniform(1.6, 3.2)
        low = np.maximum(points.mean(0) - (reach, reach * 1.25), 0).astype(int)
        high = np.minimum(points.mean(0) + (reach, reach * 1.25), picture.shape[1::-1]).astype(int)
        picture, points = picture[low[1] : high[1], low[0] : high[0]], points - low
    thing = (sheet if kind.startswith("print") else screen)(picture, rng, kind)
    light = bent(thing.light, rng) if kind == "print-bent" else thing.light
    apart = np.linalg.norm(points[1] - points[0]) * thing.from_source[0, 0]
    wanted = WIDTH * rng.uniform(0.06, 0.19)
    yaw, pitch, roll = rng.uniform(-0.3, 0.3), rng.uniform(-0.25, 0.25), rng.uniform(-0.15, 0.15)
    way = held_out(camera, light.shape[:2], light.shape[1] * wanted / apart, yaw, pitch, roll)

    def through(way, at):
        at = np.c_[at, np.ones(len(at))] @ way.T
        return at[:, :2] / at[:, 2:]

    on_thing = through(thing.from_source, points)
    middle = through(way, on_thing.mean(0, keepdims=True))[0]
    aim = np.array([WIDTH * rng.uniform(0.4, 0.6), HEIGHT * rng.uniform(0.38, 0.6)])
    way = np.array([[1, 0, aim[0] - middle[0]], [0, 1, aim[1] - middle[1]], [0, 0, 1]]) @ way
    there = np.ones(light.shape[:2], np.float32)
    background = room(rng, behind if rng.random() < 0.7 else None)
    if kind == "print-cut":
        # what is behind the holes: the attacker's eyes and skin, about where the print's own eyes were
        width = np.linalg.norm(on_thing[1] - on_thing[0])
        for x, y in on_thing[:2]:
            cv2.ellipse(there, (int(x), int(y)), (int(0.3 * width), int(0.17 * width)), 0, 0, 360, 0.0, -1, cv2.LINE_AA)
    over = 2
    size = (WIDTH * over, HEIGHT * over)
    fine = np.diag([over, over, 1.0]) @ way
    shrink = np.sqrt(abs(np.linalg.det(fine[:2, :2] / fine[2, 2])))
    if shrink < 0.6:
        light = cv2.GaussianBlur(light, (0, 0), 0.35 / shrink)
    seen = cv2.warpPerspective(light * there[:, :, None], fine, size, flags=cv2.INTER_LINEAR)
    covers = cv2.warpPerspective(there, fine, size, flags=cv2.INTER_LINEAR)
    seen, covers = (cv2.resize(p, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for p in (seen, covers))
    covers = covers[:, :, None]
    if not thing.emits:
        seen = seen * rng.uniform(0.3, 1.0) * np.array([rng.uniform(0.82, 1.08), 1, rng.uniform(0.92, 1.12)], np.float32)
    if thing.emits or kind == "print-gloss":
        seen = seen + reflections(rng) * covers
    if kind == "print-cut" and behind is not None:
        background = cut_behind(background, behind, through(way, on_thing), rng)
    frame = camera.take((seen + background * (1 - covers)).astype(np.float32), rng.uniform(0.75, 1.4))
    return frame, through(way, on_thing).astype(np.float32)


def cut_behind(background, behind, points, rng):
    """The middle of another face's picture drawn behind the holes."""
    span = np.linalg.norm(points[1] - points[0]) * 3
    x, y = points[:2].mean(0) - span / 2
    patch = to_light(cv2.resize(behind, (int(span), int(span)), interpolation=cv2.INTER_AREA)) * rng.uniform(0.3, 0.9)
    x0, y0, x1, y1 = max(0, int(x)), max(0, int(y)), min(WIDTH, int(x) + patch.shape[1]), min(HEIGHT, int(y) + patch.shape[0])
    if x1 > x0 and y1 > y0:
        background = background.copy()
        background[y0:y1, x0:x1] = patch[y0 - int(y) : y1 - int(y), x0 - int(x) : x1 - int(x)]
    return background


def live(picture, points, rng):
    """(frame, points in it): the person of `picture` before the same camera, as if the picture were the world."""
    camera = Camera(rng)
    points = np.asarray(points, np.float64)
    k = WIDTH * rng.uniform(0.06, 0.19) / np.linalg.norm(points[1] - points[0])
    # a picture has no more detail than it has
    k = min(k, 1.4)
    small = cv2.resize(to_light(picture), None, fx=k, fy=k, interpolation=cv2.INTER_AREA if k < 1 else cv2.INTER_CUBIC)
    points = (points + 0.5) * k - 0.5
    low = np.clip(points.mean(0) - np.array([WIDTH, HEIGHT]) * rng.uniform(0.4, 0.6, 2), 0, np.maximum(0, np.array(small.shape[1::-1]) - (WIDTH, HEIGHT)))
    x, y = low.astype(int)
    small = small[y : y + HEIGHT, x : x + WIDTH]
    # an even size, as the mosaic needs
    small = small[: small.shape[0] // 2 * 2, : small.shape[1] // 2 * 2]
    return camera.take(np.ascontiguousarray(small), rng.uniform(0.75, 1.25)), (points - (x, y)).astype(np.float32)
