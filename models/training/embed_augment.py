"""What a camera, a detector and a mask do to the periocular window, drawn at random.

Order as in life: a detector misplaces the points, the face is aligned by them, a mask or glasses or a cap cover part of
it, and a camera with its own light, blur, noise and compression takes the picture. Coordinates are pixels of the
112x64 window unless said otherwise; `rng` is a numpy Generator and the only source of chance.
"""
from dataclasses import dataclass

import cv2
import numpy as np

import align

MASK_COLOURS = [(235, 238, 240), (140, 180, 210), (30, 30, 34), (90, 160, 150), (200, 215, 230), (20, 25, 60), (225, 190, 200)]


@dataclass
class Augment:
    """How strongly each nuisance is drawn; lengths in pixels of the canonical 112x112 face."""

    eye_error: float = 0.6  # each eye on its own
    lower_error: float = 0.8  # nose and mouth corners of a bare face
    masked_lower_error: float = 2.5  # nose and mouth together under a mask, where they are guessed
    by_eyes: float = 0.7  # part of the pictures aligned as the product does; the others by all five points alike
    rotation: float = 2.8  # degrees
    scale: float = 0.035
    shift: float = 1.3
    mask: float = 0.6  # part of bare pictures that get a mask edge
    glasses: float = 0.05
    brow_cover: float = 0.03
    low_resolution: float = 0.4
    jpeg: float = 0.3
    light: float = 0.7
    colour: float = 0.4
    grey: float = 0.12
    noise: float = 0.25
    border: float = 0.04


def misplaced(points, rng, strength, masked):
    """Points as a detector would give them: `points` (crop pixels) moved non-rigidly, more below under a mask."""
    moved = points + 0
    moved[:2] += rng.normal(0, strength.eye_error, (2, 2))
    moved[2:] += rng.normal(0, strength.lower_error, (3, 2))
    if masked:
        moved[2:, 1] += rng.normal(0, strength.masked_lower_error)
        moved[2:, 0] += rng.normal(0, 0.4 * strength.masked_lower_error)
        moved[3:, 1] += rng.normal(0, 0.5 * strength.masked_lower_error)
    return moved


def crop_jitter(points, rng, strength, masked):
    """Affine map crop -> crop that the alignment by misplaced points would have made."""
    amount = rng.choice([0.4, 1.0, 1.0, 1.5])
    wrong = misplaced(points, rng, strength, masked)
    wrong = points + amount * (wrong - points)
    fit = align.by_eyes(wrong) if rng.random() < strength.by_eyes else align.fit_similarity(wrong, align.CROP_POINTS)
    centre = (float(align.CROP / 2), float(align.CROP / 2 - 4))
    spin = cv2.getRotationMatrix2D(
        centre, amount * rng.normal(0, strength.rotation), float(np.exp(amount * rng.normal(0, strength.scale)))
    )
    spin[:, 2] += amount * rng.normal(0, strength.shift, 2)
    return align.compose(spin.astype(np.float32), fit)


def mask_outline(points, rng):
    """Polygon of a mask's visible part in the window: cheek, nose bridge, cheek, and down out of the picture."""
    eyes, mouth, nose = points[:2].mean(0), points[3:].mean(0), points[2]
    along = points[1] - points[0]
    half = np.linalg.norm(along) + 1e-6
    along = along / half
    down = mouth - eyes
    height = np.linalg.norm(down) + 1e-6
    down = down / height
    place = lambda a, b: eyes + down * height * b + along * half * a
    top = rng.uniform(0.12, 0.55)
    cheek = top + rng.uniform(-0.04, 0.14)
    tilt = rng.normal(0, 0.03)
    reach = rng.uniform(0.9, 1.3)
    bridge = eyes + (nose - eyes) * np.clip(rng.normal(0.48, 0.17), 0.1, 0.9)
    shoulder = top - rng.uniform(0, 0.14)
    width = rng.uniform(0.14, 0.5)
    upper = [
        place(-reach, cheek - tilt), place(-width - 0.25, shoulder + 0.05 - tilt), place(-width, shoulder - tilt),
        bridge, place(width, shoulder + tilt), place(width + 0.25, shoulder + 0.05 + tilt), place(reach, cheek + tilt),
    ]
    if rng.random() < 0.6:  # cloth bends: round the corners off
        upper = rounded(upper)
    return np.array(upper + [place(reach, 1.6), place(-reach, 1.6)], np.float32)


def rounded(line, times=2):
    """An open line with its corners cut (Chaikin)."""
    line = [np.asarray(p, np.float64) for p in line]
    for _ in range(times):
        cut = [line[0]]
        for a, b in zip(line[:-1], line[1:]):
            cut += [0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b]
        line = cut + [line[-1]]
    return line


def coverage(shape, outline):
    """uint8 coverage of a polygon, anti-aliased."""
    area = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(area, [np.round(np.asarray(outline) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return area


def cloth(shape, rng, light):
    """Colour of the mask's cloth, float32[h, w, 3]: plain, blotched, striped or folded, lit like the face."""
    height, width = shape[:2]
    base = MASK_COLOURS[rng.integers(len(MASK_COLOURS))] if rng.random() < 0.6 else rng.uniform(10, 245, 3)
    colour = np.ones((height, width, 3), np.float32) * np.array(base, np.float32)
    if rng.random() < 0.3:
        grid = rng.normal(0, rng.uniform(5, 50), (rng.integers(3, 14), rng.integers(3, 18), 3)).astype(np.float32)
        colour += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.4:
        rows = np.arange(height, dtype=np.float32)[:, None, None] + rng.normal(0, 0.15) * np.arange(width, dtype=np.float32)[None, :, None]
        colour *= 1 + rng.uniform(0.02, 0.1) * np.sin(rows * rng.uniform(0.25, 0.9) + rng.uniform(0, 6))
    side = 1 + rng.normal(0, 0.15) * np.linspace(-1, 1, width, dtype=np.float32)[None, :, None]
    return colour * side * (0.35 + 0.65 * min(light / 128 * rng.uniform(0.8, 1.2), 1.5))


def paint_mask(window, points, rng):
    """A mask's upper part painted over the window; float32 in, float32 out."""
    outline = mask_outline(points, rng)
    area = coverage(window.shape, outline)
    soft = cv2.GaussianBlur(area, (0, 0), rng.uniform(0.35, 1.1)).astype(np.float32)[:, :, None] / 255
    paint = cloth(window.shape, rng, float(window.mean()))
    if rng.random() < 0.5:  # the mask's shadow on the skin
        shade = cv2.GaussianBlur(area, (0, 0), rng.uniform(1.5, 5)).astype(np.float32)[:, :, None] / 255
        window = window * (1 - rng.uniform(0.1, 0.5) * shade)
    if rng.random() < 0.5:  # hem or nose wire: a darker or lighter band below the edge
        band = soft[:, :, 0] - np.roll(soft[:, :, 0], int(rng.integers(2, 6)), axis=0)
        paint = paint * (1 + rng.normal(0, 0.15) * np.clip(band, 0, 1)[:, :, None])
    covered = window * (1 - soft) + paint * soft
    if rng.random() < 0.35:  # loops to the ears
        colour = tuple(float(v) for v in (rng.uniform(150, 250, 3) if rng.random() < 0.7 else rng.uniform(10, 60, 3)))
        for corner, way in ((outline[0], -1), (outline[-3], 1)):
            end = corner + [way * rng.uniform(10, 30), rng.normal(-4, 5)]
            covered = np.ascontiguousarray(covered, np.float32)
            cv2.line(covered, tuple(int(v) for v in corner), tuple(int(v) for v in end), colour, 1, cv2.LINE_AA)
    return covered


def paint_glasses(window, points, rng):
    """Frames around both eyes with now and then a reflection."""
    window = np.ascontiguousarray(window, np.float32)
    half = np.linalg.norm(points[1] - points[0])
    colour = tuple(float(v) for v in rng.uniform(5, 110, 3))
    wide, high = half * rng.uniform(0.3, 0.42), half * rng.uniform(0.2, 0.34)
    thick = int(rng.integers(1, 4))
    angle = float(np.degrees(np.arctan2(*(points[1] - points[0])[::-1])))
    drop = rng.uniform(0, 4)
    for eye in points[:2]:
        centre = (float(eye[0]), float(eye[1] + drop))
        cv2.ellipse(window, (centre, (float(2 * wide), float(2 * high)), angle), colour, thick, cv2.LINE_AA)
        if rng.random() < 0.3:
            glare = np.zeros(window.shape[:2], np.float32)
            cv2.ellipse(glare, (centre, (float(wide), float(high * 0.7)), angle + rng.normal(0, 20)), 1.0, -1, cv2.LINE_AA)
            window = window + cv2.GaussianBlur(glare, (0, 0), 3)[:, :, None] * rng.uniform(20, 110)
    inner = [points[0] + [wide, drop], points[1] + [-wide, drop]]
    window = np.ascontiguousarray(window, np.float32)
    cv2.line(window, *[tuple(int(v) for v in p) for p in inner], colour, thick, cv2.LINE_AA)
    return window


def cover_brow(window, points, rng):
    """A cap or fringe over the forehead, reaching the brows at most."""
    line = points[:2, 1].mean() - rng.uniform(9, 22)
    slope = rng.normal(0, 0.08)
    xs = np.linspace(0, window.shape[1] - 1, 9)
    edge = np.stack([xs, line + slope * (xs - xs.mean()) + rng.normal(0, rng.uniform(0, 3), 9)], 1)
    area = coverage(window.shape, np.vstack([edge, [[window.shape[1], -20], [0, -20]]]))
    soft = cv2.GaussianBlur(area, (0, 0), rng.uniform(0.5, 2)).astype(np.float32)[:, :, None] / 255
    colour = np.array(rng.uniform(8, 90, 3) if rng.random() < 0.7 else rng.uniform(20, 240, 3), np.float32)
    return window * (1 - soft) + colour * soft


def cut_border(window, rng):
    """A picture that ends inside the window: the last row or column repeated, or black."""
    window = window.copy()
    side, depth = rng.integers(3), int(rng.integers(2, 16))
    black = rng.random() < 0.3
    if side == 0:
        window[:depth] = 0 if black else window[depth]
    elif side == 1:
        window[:, :depth] = 0 if black else window[:, depth : depth + 1]
    else:
        window[:, -depth:] = 0 if black else window[:, -depth - 1 : -depth]
    return window


def camera(window, rng, strength):
    """Resolution, compression, light, colour and noise of some camera."""
    height, width = window.shape[:2]
    if rng.random() < strength.low_resolution:
        part = rng.uniform(0.22, 0.8)
        small = cv2.resize(window, None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
        way = (cv2.INTER_LINEAR, cv2.INTER_CUBIC)[rng.integers(2)]
        window = cv2.resize(small, (width, height), interpolation=way)
    elif rng.random() < 0.15:
        length = int(rng.integers(3, 8))
        kernel = np.zeros((length, length), np.float32)
        cv2.line(kernel, (0, int(rng.integers(length))), (length - 1, int(rng.integers(length))), 1.0)
        window = cv2.filter2D(window, -1, kernel / kernel.sum())
    if rng.random() < strength.light:
        window = 255 * (window.clip(0, 255) / 255) ** rng.uniform(0.6, 1.6) * rng.uniform(0.6, 1.3) + rng.uniform(-20, 20)
        if rng.random() < 0.35:  # light from one side
            ramp = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None] * rng.normal(0, 0.3)
            window = window * (1 + ramp)
    if rng.random() < strength.colour:
        window = window * rng.uniform(0.85, 1.15, 3).astype(np.float32)
    if rng.random() < strength.grey:
        window = np.repeat(window.mean(2, keepdims=True), 3, 2)
    if rng.random() < strength.noise:
        window = window + rng.normal(0, rng.uniform(2, 14), window.shape).astype(np.float32)
    if rng.random() < strength.jpeg:
        coded = cv2.imencode(".jpg", np.ascontiguousarray(window).clip(0, 255).astype(np.uint8), [1, int(rng.uniform(20, 85))])[1]
        window = cv2.imdecode(coded, 1).astype(np.float32)
    return window


def sample(crop, points, rng, strength=Augment(), mask=None, really_masked=False):
    """Network input `float32[3, 64, 112]` of a 128x128 crop with its points (crop pixels).

    `mask` forces a painted mask on (True) or off (False); None leaves it to chance. `really_masked` says that the
    picture itself shows a mask, so that none is painted and the points are as uncertain as they are under one.
    """
    painted = (rng.random() < strength.mask if mask is None else mask) and not really_masked
    jitter = crop_jitter(points, rng, strength, painted or (really_masked and rng.random() < 0.5))
    window = align.periocular_of_crop(crop, jitter).astype(np.float32)
    inside = align.apply(align.compose(align.window_of_crop(), jitter), points)
    if rng.random() < strength.brow_cover:
        window = cover_brow(window, inside, rng)
    under = rng.random() < strength.glasses
    if under and rng.random() < 0.5:
        window, under = paint_glasses(window, inside, rng), False
    if painted:
        window = paint_mask(window, inside, rng)
    if under:
        window = paint_glasses(window, inside, rng)
    if rng.random() < strength.border:
        window = cut_border(window, rng)
    if rng.random() < 0.5:
        window = np.ascontiguousarray(window[:, ::-1])
    window = camera(np.ascontiguousarray(window, np.float32), rng, strength)
    return align.to_network(window.clip(0, 255))
