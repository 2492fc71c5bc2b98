"""Draws masks, glasses, beards, lids and hands over faces, so that networks see covered faces whose true points are known.

    from render import render_mask
    masked, info = render_mask(image, points, rng)

All functions take `image` (height x width x 3, RGB, uint8 or float32 in 0..255), `points` (5 x 2: right eye, left eye,
nose tip, right and left corner of the mouth; the subject's right; pixels) and a numpy Generator, which alone decides
what is drawn. They return a new float32 image and leave the given one as it is.

    python render.py FOLDER OUT.jpg --detector YUNET.onnx      a sheet of examples, to look at

[Note: face units] A mask is thought of on a simple head: x to the right of the image, y down, z towards the camera, the
middle between the eyes at the origin, the eyes one unit apart. An affine camera is fitted to the five points (its z
axis from the nose tip, which alone stands out), so turned and nodding heads get a turned mask. Each pixel is taken back
onto the mask's surface by a few fixed-point steps, and outline, texture and shading are functions of that place.
"""

import argparse
import pathlib
from dataclasses import dataclass

import cv2
import numpy as np

import data

STYLES = ("surgical", "kn95", "cloth", "patterned", "gaiter")
WEARS = ("proper", "under_nose", "under_chin")
NOSE_Z = 0.45

SURGICAL = np.array([[228, 233, 236], [140, 184, 214], [105, 160, 200], [150, 200, 190], [205, 222, 235], [40, 42, 48],
                     [235, 190, 205], [120, 190, 160]], np.float32)
KN95 = np.array([[238, 240, 240], [230, 228, 222], [35, 36, 40], [150, 152, 156], [225, 200, 185], [90, 110, 140]], np.float32)


@dataclass
class MaskInfo:
    """What was drawn. `state` is masked, or incorrect where nose or mouth stay free."""

    style: str
    wear: str
    state: str
    alpha: np.ndarray  # height x width, 0..1: how much of each pixel the mask covers


class Head:
    """The affine camera of a face: face units to pixels and back."""

    def __init__(self, points):
        points = np.asarray(points, np.float64)
        eyes, mouth = points[:2].mean(0), points[3:].mean(0)
        plane_of = np.array([[-0.5, 0], [0.5, 0], [-0.415, 1.155], [0.415, 1.155]])
        seen = points[[0, 1, 3, 4]]
        design = np.hstack([plane_of, np.ones((4, 1))])
        fitted = np.linalg.lstsq(design, seen, rcond=None)[0]
        self.across, self.down, self.origin = fitted
        # a nearly flat view of the plane cannot be inverted: keep at least a third of the width
        down_length = np.linalg.norm(self.down) + 1e-6
        normal = np.array([self.down[1], -self.down[0]]) / down_length
        width = self.across @ normal
        if abs(width) < 0.33 * down_length:
            self.across = self.across + normal * (0.33 * down_length * (1 if width >= 0 else -1) - width)
        depth = (points[2] - (self.origin + 0.575 * self.down)) / NOSE_Z
        longest = 0.55 * down_length
        self.toward = depth * min(1.0, longest / (np.linalg.norm(depth) + 1e-6))
        self.unit = float(np.sqrt(abs(self.across[0] * self.down[1] - self.across[1] * self.down[0])))  # pixels
        self.eyes, self.mouth = eyes, mouth

    def project(self, x, y, z=0.0):
        """Face units to pixels, n x 2."""
        x, y, z = np.broadcast_arrays(np.float64(x), y, z)
        return x[..., None] * self.across + y[..., None] * self.down + z[..., None] * self.toward + self.origin

    def box(self, x0, y0, x1, y1, width, height):
        """The pixels (left, upper, right, lower; within the picture) that a block of face units can reach."""
        corners = self.project(np.array([x0, x1])[:, None, None], np.array([y0, y1])[:, None], np.array([-0.9, 0.65])).reshape(-1, 2)
        low, high = np.floor(corners.min(0)), np.ceil(corners.max(0)) + 1
        return max(int(low[0]), 0), max(int(low[1]), 0), min(int(high[0]), width), min(int(high[1]), height)

    def unproject(self, columns, rows, surface, steps=4):
        """The x, y at which the ray of each pixel meets z = surface(x, y)."""
        inverse = np.linalg.inv(np.stack([self.across, self.down], 1))
        tx, ty = (float(v) for v in inverse @ self.toward)  # Python's floats keep the arrays float32
        (a, b), (c, d) = inverse.tolist()
        dx, dy = columns - float(self.origin[0]), rows - float(self.origin[1])
        flat_x = a * dx + b * dy
        flat_y = c * dx + d * dy
        x, y = flat_x, flat_y
        for step in range(steps):
            z = surface(x, y)
            weight = 1.0 if step == 0 else 0.7
            x = x + weight * (flat_x - tx * z - x)
            y = y + weight * (flat_y - ty * z - y)
        return x, y


def smooth(edge, softness):
    """0 below -softness, 1 above it, a smooth step between."""
    t = np.clip(edge / (2 * softness) + 0.5, 0, 1)
    return t * t * (3 - 2 * t)


def mask_surface(nose, curve):
    """z of a mask in face units: the nose stands out, the cheeks fall back."""
    def surface(x, y):
        return 0.06 + nose * np.exp(-np.square((y - 0.75) / 0.55)) - curve * np.minimum(x * x, 1.3)
    return surface


def choose_base(style, rng):
    """The cloth's colour, 0..255."""
    if style == "surgical" and rng.random() < 0.85:
        return SURGICAL[rng.integers(len(SURGICAL))] + rng.normal(0, 8, 3)
    if style == "kn95" and rng.random() < 0.85:
        return KN95[rng.integers(len(KN95))] + rng.normal(0, 6, 3)
    if rng.random() < 0.35:
        return np.full(3, rng.choice([18, 32, 60, 200, 235])) + rng.normal(0, 5, 3)
    return rng.uniform(12, 245, 3)


def pattern(x, y, base, rng):
    """A printed cloth: n x m x 3 colours at face units x, y."""
    other = np.clip(base + rng.normal(0, 90, 3), 5, 250) if rng.random() < 0.5 else rng.uniform(5, 250, 3)
    kind = rng.choice(["stripes", "checks", "dots", "blots", "print"])
    turn, size = rng.uniform(0, np.pi), rng.uniform(0.08, 0.35)
    u = (np.cos(turn) * x + np.sin(turn) * y) / size
    v = (-np.sin(turn) * x + np.cos(turn) * y) / size
    if kind == "stripes":
        share = smooth(np.sin(2 * np.pi * u), 0.25)
    elif kind == "checks":
        share = 0.5 * smooth(np.sin(2 * np.pi * u), 0.25) + 0.5 * smooth(np.sin(2 * np.pi * v), 0.25)
    elif kind == "dots":
        share = smooth(rng.uniform(0.2, 0.4) - np.hypot(u - np.round(u), v - np.round(v)), 0.08)
    else:
        coarse = rng.normal(0, 1, (rng.integers(6, 24), rng.integers(6, 24))).astype(np.float32)
        rows = ((y + 0.2) / 2.6 * coarse.shape[0]).astype(np.float32)
        columns = ((x + 1.3) / 2.6 * coarse.shape[1]).astype(np.float32)
        field = cv2.remap(coarse, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        share = smooth(field, 0.15 if kind == "blots" else 0.6)
        if kind == "blots":  # camouflage: a third and a fourth tone
            third = np.clip((base + other) / 2 + rng.normal(0, 40, 3), 5, 250).astype(np.float32)
            middle = smooth(0.35 - np.abs(field), 0.1)[..., None]
            colours = base + share[..., None] * (other - base)
            return (colours + middle * (third - colours)).astype(np.float32)
    return (base + share[..., None] * (other - base)).astype(np.float32)


def light_on(image, head):
    """Coarse brightness of the picture, 1 on average near the face, and the face's mean colour."""
    height, width = image.shape[:2]
    small = cv2.resize(image, (24, 24), interpolation=cv2.INTER_AREA)
    grey = cv2.GaussianBlur(small.mean(2), (0, 0), 2.2)
    columns, rows = np.clip(((head.eyes + head.mouth) / 2 / [width, height] * 24).astype(int), 2, 21)
    near = small[rows - 2:rows + 3, columns - 2:columns + 3].reshape(-1, 3).mean(0)
    level = max(float(near.mean()), 4.0) if near.size else 128.0
    field = cv2.resize(np.clip(grey / level, 0.35, 1.8), (width, height), interpolation=cv2.INTER_LINEAR)
    return field, near


def render_mask(image, points, rng, style=None, wear=None):
    """A mask over the face with `points`. Returns the picture and a MaskInfo.

    `style` one of STYLES, `wear` one of WEARS; both drawn when not given (wear: proper).
    """
    style = style or str(rng.choice(STYLES, p=[0.4, 0.2, 0.17, 0.17, 0.06]))
    wear = wear or "proper"
    if style not in STYLES or wear not in WEARS:
        raise ValueError(f"style must be one of {STYLES} and wear one of {WEARS}, not {style!r}, {wear!r}")
    image = np.asarray(image, np.float32)
    height, width = image.shape[:2]
    head = Head(points)
    surface = mask_surface(rng.uniform(0.28, 0.5) if style != "kn95" else rng.uniform(0.45, 0.65), rng.uniform(0.55, 0.8))
    left, upper, right, lower = head.box(-1.35, -0.2, 1.35, 4.0 if style == "gaiter" else 2.7, width, height)
    out, alpha_all = image.copy(), np.zeros((height, width), np.float32)
    info = MaskInfo(style, wear, "masked" if wear == "proper" else "incorrect", alpha_all)
    if right <= left or lower <= upper:
        return out, info
    columns, rows = np.meshgrid(np.arange(left, right, dtype=np.float32), np.arange(upper, lower, dtype=np.float32))
    x, y = head.unproject(columns, rows, surface)
    y = y + rng.normal(0, 0.04) * x
    soft = max(0.6 / head.unit, 0.004) * rng.uniform(1.0, 1.8)

    # where the cloth ends, in face units
    middle = {"proper": rng.uniform(0.12, 0.5), "under_nose": rng.uniform(0.74, 0.98), "under_chin": rng.uniform(1.38, 1.75)}[wear]
    bottom = rng.uniform(1.75, 2.1) if wear == "proper" else rng.uniform(1.85, 2.15) if wear == "under_nose" else middle + rng.uniform(0.35, 0.7)
    half = rng.uniform(0.78, 1.02)
    droop = rng.uniform(0.05, 0.25) + (0.15 if style == "kn95" else 0)
    flat = np.abs(x)
    peak = rng.uniform(0.0, 0.12) if wear == "proper" else 0.0
    top = middle + droop * smooth(flat - 0.28, 0.3) - peak * np.exp(-np.square(x / 0.2)) + rng.uniform(-0.05, 0.12) * x * x
    if style == "gaiter":
        bottom, half = 3.5, 1.25
    below = bottom - (0.55 if style == "kn95" else rng.uniform(0.12, 0.35)) * np.power(flat, 2.2)
    side = half - rng.uniform(0.0, 0.16) * np.square(np.clip((y - 0.5 * (middle + bottom)) / (bottom - middle + 1e-3) * 2, -1, 1))
    alpha = smooth(y - top, soft) * smooth(below - y, soft) * smooth(side - flat, soft)

    # cloth
    base = np.clip(choose_base(style, rng), 4, 252).astype(np.float32)
    cloth = pattern(x, y, base, rng) if style == "patterned" or (style == "gaiter" and rng.random() < 0.4) else \
        np.broadcast_to(base, (*x.shape, 3))
    down = (y - top) / np.maximum(below - top, 0.2)
    relief = np.zeros_like(x)
    if style == "surgical":
        for fold in rng.uniform(-0.03, 0.03, 3) + np.array([0.28, 0.47, 0.66]):
            across = (down - fold) / 0.02
            relief += np.clip(across, -1, 1) * np.exp(-np.square(across)) * rng.uniform(0.08, 0.3)
        relief += 0.07 * smooth(0.085 - down, 0.01)
    elif style == "kn95":
        relief += np.sign(x) * rng.uniform(-0.18, 0.18) * smooth(flat, 0.05)
        relief -= 0.25 * np.exp(-np.square(x / 0.02))
        edge = np.minimum(np.minimum(down, 1 - down) * 1.6, side - flat)
        relief += rng.choice([-1, 1]) * 0.08 * np.exp(-np.square((edge - 0.09) / 0.02))
    else:
        if rng.random() < 0.5:
            relief -= rng.uniform(0.1, 0.3) * np.exp(-np.square((x - rng.normal(0, 0.02)) / 0.02))
        if rng.random() < 0.5:
            relief -= 0.12 * np.exp(-np.square((np.minimum(down, 1 - down) - 0.07) / 0.015))
        wrinkles = cv2.resize(rng.normal(0, 1, (rng.integers(4, 9), rng.integers(3, 7))).astype(np.float32), x.shape[::-1], interpolation=cv2.INTER_CUBIC)
        relief += rng.uniform(0.02, 0.1) * wrinkles
    if rng.random() < 0.5:
        relief += rng.normal(0, rng.uniform(0.005, 0.03), x.shape).astype(np.float32)

    # light: the face's own, and the surface's turn away from a lamp
    field, skin = light_on(image, head)
    field = field[upper:lower, left:right]
    lamp_x, lamp_y = rng.normal(0, 0.35), rng.uniform(-0.5, 0.1)
    slope_x = -2 * 0.65 * np.clip(x, -1.1, 1.1)
    slope_y = -2 * (y - 0.75) / 0.3 * 0.38 * np.exp(-np.square((y - 0.75) / 0.55))
    turned = 1 - 0.3 * (slope_x * lamp_x + slope_y * lamp_y) - 0.22 * np.square(np.clip(x, -1.1, 1.1))
    level = np.clip(float(skin.mean()) / 135 * rng.uniform(0.85, 1.2), 0.12, 1.5)
    cast = skin / max(float(skin.mean()), 1.0)
    cast = 1 + rng.uniform(0, 0.5) * (cast / np.array([1.22, 0.96, 0.82]) - 1)
    shade = np.clip(level * np.power(field, rng.uniform(0.5, 1.0)) * turned * (1 + relief), 0.03, 2.0)
    cloth = np.clip(cloth * shade[..., None] * cast.astype(np.float32), 0, 255)

    # its shadow on the skin, ear loops, then the cloth itself
    part = out[upper:lower, left:right]
    reach, dark = rng.uniform(0.05, 0.18), rng.uniform(0.0, 0.45)
    shadow = smooth(y - top + reach, reach) * smooth(below + reach - y, reach) * smooth(side + 0.6 * reach - flat, reach)
    part *= 1 - dark * shadow[..., None]
    if style != "gaiter" and rng.random() < 0.75:
        colour = np.clip(base * level, 5, 250) if rng.random() < 0.5 else np.full(3, 225.0) * level
        draw_loops(out, head, rng, half, middle, bottom, colour)
    part += alpha[..., None] * (cloth - part)
    alpha_all[upper:lower, left:right] = alpha
    return out, info


def draw_loops(out, head, rng, half, top, bottom, colour):
    """Ear loops, in place: from the mask's corners to where the ears would be."""
    thick = max(1, int(round(head.unit * rng.uniform(0.02, 0.045))))
    for sign in (-1, 1):
        ear = head.project(sign * rng.uniform(0.95, 1.1), rng.uniform(-0.05, 0.3), -0.95)
        for y in (top + 0.2, bottom - 0.35):
            start = head.project(sign * (half - 0.05), y, 0.1 - 0.6 * half * half)
            ends = [tuple(int(v) for v in np.clip(np.round(p * 8), -30000, 30000)) for p in (start, ear)]
            cv2.line(out, *ends, tuple(float(c) for c in colour), thick, cv2.LINE_AA, 3)


def render_glasses(image, points, rng):
    """Spectacles or tinted glasses through which an eye may still be seen, over the eyes."""
    out = np.array(image, np.float32)
    head = Head(points)
    frame = tuple(float(c) for c in (rng.uniform(0, 60, 3) if rng.random() < 0.7 else rng.uniform(0, 220, 3)))
    thick = max(1, int(round(head.unit * rng.uniform(0.02, 0.09))))
    wide, high, power = rng.uniform(0.3, 0.42), rng.uniform(0.2, 0.34), rng.uniform(2.0, 4.0)
    gap, drop = rng.uniform(0.5, 0.54), rng.uniform(-0.02, 0.12)
    angle = np.linspace(0, 2 * np.pi, 32)
    rim_x = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** (2 / power) * wide
    rim_y = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** (2 / power) * high
    sun = rng.random() < 0.2
    tint, strength = (rng.uniform(0, 60, 3), rng.uniform(0.6, 0.97)) if sun else (rng.uniform(180, 255, 3), rng.uniform(0.0, 0.25))
    for sign in (-1, 1):
        rim = head.project(sign * gap + rim_x, drop + rim_y, 0.12)
        rim = np.clip(np.round(rim * 8), -30000, 30000).astype(np.int32)
        cover = np.zeros(out.shape[:2], np.uint8)
        cv2.fillPoly(cover, [rim], 255, cv2.LINE_AA, 3)
        out += (cover.astype(np.float32) / 255 * strength)[..., None] * (tint.astype(np.float32) - out)
        cv2.polylines(out, [rim], True, frame, thick, cv2.LINE_AA, 3)
        arm = head.project(np.array([sign * (gap + wide), sign * 1.15]), np.array([drop - 0.05, 0.0]), np.array([0.1, -0.9]))
        arm = np.clip(np.round(arm * 8), -30000, 30000).astype(np.int32)
        cv2.polylines(out, [arm], False, frame, thick, cv2.LINE_AA, 3)
    bridge = head.project(np.array([wide - gap, gap - wide]), drop - 0.06, 0.2)
    cv2.polylines(out, [np.clip(np.round(bridge * 8), -30000, 30000).astype(np.int32)], False, frame, thick, cv2.LINE_AA, 3)
    return out


def render_hand(image, points, rng):
    """Fingers or a fist in the face's own skin tone, before the mouth, the cheek or an eye."""
    out = np.array(image, np.float32)
    head = Head(points)
    _, skin = light_on(out, head)
    skin = np.clip(skin * rng.uniform(0.8, 1.15), 0, 255)
    start = head.project(rng.uniform(-0.9, 0.9), rng.uniform(0.2, 1.6), 0.3)
    way = head.project(rng.uniform(-1.2, 1.2), rng.uniform(2.0, 3.2), 0.3) - start
    way = way / (np.linalg.norm(way) + 1e-6)
    beside = np.array([-way[1], way[0]])
    cover = np.zeros(out.shape[:2], np.uint8)
    tone = np.zeros(out.shape[:2], np.float32)
    thick = head.unit * rng.uniform(0.14, 0.24)
    for finger in range(int(rng.integers(1, 6))):
        tip = start + beside * thick * (finger - 1.5) * 1.02 + way * thick * rng.uniform(-0.5, 1.2)
        knuckle = tip + way * thick * rng.uniform(4, 7)
        for width, value in ((thick, -0.25), (0.7 * thick, 0.05)):
            ends = [tuple(int(v) for v in np.clip(np.round(p), -3000, 3000)) for p in (tip, knuckle)]
            cv2.line(cover, *ends, 255, max(1, int(width)), cv2.LINE_AA)
            cv2.line(tone, *ends, value, max(1, int(width)), cv2.LINE_AA)
    tone = cv2.GaussianBlur(tone, (0, 0), max(0.5, thick * 0.12))
    alpha = cv2.GaussianBlur(cover, (0, 0), 0.7).astype(np.float32)[..., None] / 255
    return out + alpha * (np.clip(skin * (1 + tone[..., None]), 0, 255) - out)


SHAPES = ("round", "square", "aviator", "cat", "shield")


def render_sunglasses(image, points, rng):
    """Dark, tinted or mirroring lenses through which no eye is seen: a float32 picture."""
    out = np.array(image, np.float32)
    height, width = out.shape[:2]
    head = Head(points)
    shape = SHAPES[rng.integers(len(SHAPES))]
    half, tall = rng.uniform(0.36, 0.5), rng.uniform(0.24, 0.4)
    gap, drop = rng.uniform(0.5, 0.56), rng.uniform(-0.04, 0.14)
    power = 2.0 if shape == "round" else rng.uniform(2.4, 5.0)
    left, upper, right, lower = head.box(-1.3, -0.7, 1.3, 0.9, width, height)
    if right <= left or lower <= upper:
        return out
    columns, rows = np.meshgrid(np.arange(left, right, dtype=np.float32), np.arange(upper, lower, dtype=np.float32))
    x, y = head.unproject(columns, rows, lambda a, b: 0.14 - 0.3 * np.minimum(a * a, 1.3))
    soft = max(0.6 / head.unit, 0.004)
    y = y - drop
    if shape == "shield":
        inside = 1 - np.power(np.abs(x) / (gap + half), power) - np.power(np.abs(y) / tall, power)
    else:
        u = np.abs(x) - gap
        tilt = {"cat": -0.3, "aviator": 0.25}.get(shape, 0.0) * u
        grown = tall * (1 + (0.35 if shape == "aviator" else 0.0) * smooth(y, tall))
        inside = 1 - np.power(np.abs(u) / half, power) - np.power(np.abs(y - tilt) / grown, power)
    lens = smooth(inside, max(4 * soft, 0.06))
    rim = smooth(inside + rng.uniform(0.1, 0.45), max(4 * soft, 0.06))
    bridge = smooth(rng.uniform(0.03, 0.07) - np.abs(y + 0.4 * tall), soft) * smooth(gap - np.abs(x), soft)
    arms = smooth(rng.uniform(0.03, 0.08) - np.abs(y + 0.3 * tall), soft) * smooth(np.abs(x) - gap - 0.8 * half, soft)
    level = np.clip(light_on(out, head)[1].mean() / 135, 0.2, 1.5)
    dark = np.full(3, rng.uniform(4, 45)) * rng.uniform(0.7, 1.3, 3)
    tint = dark + (rng.uniform(0, 1, 3) * rng.uniform(0, 90) if rng.random() < 0.4 else 0)
    glass = np.broadcast_to(np.float32(tint), (*x.shape, 3)).copy()
    if rng.random() < 0.35:  # paler downwards
        glass += (smooth(y, tall * 2) * rng.uniform(20, 90))[..., None]
    if rng.random() < 0.5:  # what is before the person, mirrored: coarse shapes, in the lens's colour
        world = cv2.resize(rng.uniform(0, 1, (rng.integers(2, 7), rng.integers(2, 9))).astype(np.float32), x.shape[::-1], interpolation=cv2.INTER_CUBIC)
        glass += (np.clip(world, 0, 1) * rng.uniform(10, 150))[..., None] * np.float32(rng.uniform(0.3, 1.0, 3))
    if rng.random() < 0.5:  # a window or a lamp
        spot = np.exp(-np.square((np.abs(x) - gap - rng.uniform(-0.2, 0.2)) / rng.uniform(0.03, 0.15)) - np.square((y + rng.uniform(-0.1, 0.15)) / rng.uniform(0.03, 0.1)))
        glass += (spot * rng.uniform(40, 200))[..., None]
    frame = np.float32(rng.uniform(0, 50, 3) if rng.random() < 0.6 else rng.uniform(0, 230, 3)) * level
    part = out[upper:lower, left:right]
    part *= 1 - 0.25 * np.clip(smooth(inside + 0.9, 0.8), 0, 1)[..., None]
    for cover in (np.maximum(bridge, arms), rim):
        part += cover[..., None] * (frame - part)
    part += (lens * rng.uniform(0.94, 1.0))[..., None] * (np.clip(glass * level, 0, 255) - part)
    return out


def render_brim(image, points, rng):
    """A cap or hood pulled down over the eyes."""
    out = np.array(image, np.float32)
    head = Head(points)
    low = rng.uniform(0.16, 0.4)
    across = np.linspace(-1.25, 1.25, 16)
    edge = head.project(across, low + rng.uniform(-0.12, 0.3) * across * across + rng.normal(0, 0.05) * across, 0.2)
    above = head.project(across[::-1], -2.2, 0.1)
    cover = np.zeros(out.shape[:2], np.uint8)
    cv2.fillPoly(cover, [np.clip(np.round(np.vstack([edge, above]) * 8), -30000, 30000).astype(np.int32)], 255, cv2.LINE_AA, 3)
    level = np.clip(light_on(out, head)[1].mean() / 135, 0.2, 1.5)
    cloth = np.float32(rng.uniform(5, 70, 3) if rng.random() < 0.7 else rng.uniform(5, 220, 3)) * level
    texture = rng.normal(0, rng.uniform(1, 8), out.shape[:2]).astype(np.float32)
    return out + (cover.astype(np.float32) / 255)[..., None] * (np.clip(cloth + texture[..., None], 0, 255) - out)


def render_beard(image, points, rng):
    """A beard, from stubble to a full dark one, with the lips left free: a float32 picture."""
    out = np.array(image, np.float32)
    height, width = out.shape[:2]
    head = Head(points)
    left, upper, right, lower = head.box(-1.3, 0.3, 1.3, 3.0, width, height)
    if right <= left or lower <= upper:
        return out
    columns, rows = np.meshgrid(np.arange(left, right, dtype=np.float32), np.arange(upper, lower, dtype=np.float32))
    x, y = head.unproject(columns, rows, mask_surface(0.3, 0.6))
    flat = np.abs(x)
    soft = rng.uniform(0.05, 0.14)
    cheek = rng.uniform(0.75, 1.2) - rng.uniform(0.2, 0.9) * np.square(flat)  # upper edge: lower in the middle than by the ears
    top = np.where(flat < rng.uniform(0.35, 0.5), rng.uniform(0.8, 0.98), np.maximum(cheek, 0.2))
    bottom = rng.uniform(1.75, 2.6) - 0.3 * np.square(flat)
    hair = smooth(y - top, soft) * smooth(bottom - y, soft) * smooth(rng.uniform(0.72, 0.98) - flat, soft)
    if rng.random() < 0.25:  # no moustache
        hair *= smooth(y - 1.25, soft)
    lips = 1 - np.square(x / rng.uniform(0.3, 0.44)) - np.square((y - 1.16) / rng.uniform(0.05, 0.16))
    hair *= 1 - smooth(lips, 0.5)
    level = np.clip(light_on(out, head)[1].mean() / 135, 0.2, 1.4)
    tone = np.array([[22, 18, 16], [45, 32, 24], [80, 56, 38], [120, 86, 58], [140, 135, 130], [205, 200, 195]], np.float32)[rng.choice(6, p=[0.34, 0.24, 0.14, 0.08, 0.12, 0.08])]
    fine = cv2.GaussianBlur(rng.normal(0, 1, x.shape).astype(np.float32), (0, 0), max(0.4, 0.012 * head.unit), sigmaY=max(0.5, 0.05 * head.unit))
    fine /= fine.std() + 1e-6
    coarse = cv2.resize(rng.normal(0, 1, (5, 7)).astype(np.float32), x.shape[::-1], interpolation=cv2.INTER_CUBIC)
    colour = tone * level + (rng.uniform(5, 22) * fine + rng.uniform(0, 12) * coarse)[..., None]
    dense = np.clip(hair * rng.uniform(0.35, 1.0) * (1 + 0.25 * fine), 0, 1)
    part = out[upper:lower, left:right]
    part += dense[..., None] * (np.clip(colour, 0, 255) - part)
    return out


def render_closed_eyes(image, points, rng):
    """Lids drawn over both eyes, with lashes."""
    out = np.array(image, np.float32)
    height, width = out.shape[:2]
    head = Head(points)
    thick = max(1, int(round(head.unit * rng.uniform(0.015, 0.035))))
    for sign in (-0.5, 0.5):
        angle = np.linspace(0, 2 * np.pi, 24)
        lid = head.project(sign + 0.24 * np.cos(angle), 0.02 + 0.1 * np.sin(angle), 0.0)
        cover = np.zeros((height, width), np.uint8)
        cv2.fillPoly(cover, [np.clip(np.round(lid * 8), -30000, 30000).astype(np.int32)], 255, cv2.LINE_AA, 3)
        alpha = cv2.GaussianBlur(cover, (0, 0), max(0.5, 0.04 * head.unit)).astype(np.float32)[..., None] / 255
        at = np.clip(np.round(head.project(np.array([sign]), np.array([-0.17]))[0]).astype(int), 1, [width - 2, height - 2])
        skin = out[at[1] - 1:at[1] + 2, at[0] - 1:at[0] + 2].reshape(-1, 3).mean(0)
        out += alpha * (skin * rng.uniform(0.85, 1.0) - out)
        across = np.linspace(-0.22, 0.22, 12)
        lash = head.project(sign + across, 0.06 + 0.05 - 0.9 * np.square(across), 0.0)
        cv2.polylines(out, [np.clip(np.round(lash * 8), -30000, 30000).astype(np.int32)], False, tuple(float(c) for c in skin * 0.35), thick, cv2.LINE_AA, 3)
    return out


def print_on(masked, bare, info, other, rng):
    """A mask printed with a face: `other` (float32, the same size, its face where this one's is) where the mask lies, under the mask's own light."""
    cloth = masked.mean(2, keepdims=True)
    covered = info.alpha > 0.5
    shade = np.clip(cloth / max(float(cloth[covered].mean()), 1.0) if covered.any() else cloth * 0 + 1, 0.6, 1.4)
    level = np.clip(bare.mean() / max(other.mean(), 1.0), 0.4, 1.6) * rng.uniform(0.85, 1.15)
    return masked + (info.alpha * rng.uniform(0.8, 1.0))[..., None] * (np.clip(other * shade * level, 0, 255) - masked)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="pictures of one bare face each")
    parser.add_argument("out", help="the sheet")
    parser.add_argument("--detector", required=True, help="YuNet as ONNX, for the points")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    detector = cv2.FaceDetectorYN.create(args.detector, "", (320, 320), 0.6, 0.3, 5000)
    files = data.list_pictures(args.folder)
    rng, tiles = np.random.default_rng(args.seed), []
    for i in rng.permutation(len(files)):
        image = cv2.imread(str(pathlib.Path(args.folder) / files[i]))
        if image is None:
            continue
        image = cv2.resize(image, (256, 256 * image.shape[0] // image.shape[1]))
        image = cv2.copyMakeBorder(image, 40, 40, 40, 40, cv2.BORDER_REPLICATE)
        detector.setInputSize(image.shape[1::-1])
        _, rows = detector.detect(image)
        if rows is None:
            continue
        points = rows[0, 4:14].reshape(5, 2)
        face = np.ascontiguousarray(image[:, :, ::-1])
        k = len(tiles)
        face, _ = render_mask(face, points, rng, STYLES[k % 5], WEARS[(k // 5) % 4 % 3])
        if k % 4 == 1:
            face = render_glasses(face, points, rng)
        if k % 11 == 3:
            face = render_hand(face, points, rng)
        tiles.append(cv2.resize(np.clip(face, 0, 255).astype(np.uint8)[:, :, ::-1], (200, 200)))
        if len(tiles) == 40:
            break
    sheet = np.vstack([np.hstack(tiles[i:i + 10]) for i in range(0, len(tiles) - 9, 10)])
    cv2.imwrite(args.out, sheet)


if __name__ == "__main__":
    main()
