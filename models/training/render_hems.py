"""Draws masks that are printed with a face, told by their hem and loops alone, and what only looks like a hem.

    from render_hems import render_printed, render_lines
    printed = render_printed(image, bare, points, rng)             printed with its wearer's own face
    printed = render_printed(image, other, points, rng, own=False) with somebody else's, whose face lies where this one's does
    lined = render_lines(image, points, rng)                       a bare face with lines, bands, straps, strands, frames, shadows

As in render.py: `image` float32 RGB 0..255, `points` 5 x 2 in pixels, and the Generator alone decides what is drawn.
"""

import cv2
import numpy as np

from render import Head, light_on

FINE = 4  # lines are thinner than a pixel of the networks' crops: drawn so many times as large, then shrunk


class Ink:
    """How much of each pixel is covered by lines and areas drawn in pixels of the picture."""

    def __init__(self, image):
        self.height, self.width = image.shape[:2]
        self.fine = np.zeros((self.height * FINE, self.width * FINE), np.uint8)

    @staticmethod
    def _at(places):
        return [np.clip(np.round(((np.asarray(places) + 0.5) * FINE - 0.5) * 16), -200000, 200000).astype(np.int32)]

    def area(self, places):
        cv2.fillPoly(self.fine, self._at(places), 255, cv2.LINE_AA, 4)
        return self

    def line(self, places, thick, closed=False):
        cv2.polylines(self.fine, self._at(places), closed, 255, max(1, int(round(thick * FINE))), cv2.LINE_AA, 4)
        return self

    def dashes(self, places, thick, dash):
        """A line in stitches, `dash` pixels each."""
        steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
        along = np.concatenate([[0], np.cumsum(steps)])
        for start in np.arange(0, along[-1], 2 * dash):
            at = np.linspace(start, min(start + dash, along[-1]), 3)
            self.line(np.stack([np.interp(at, along, places[:, k]) for k in range(2)], 1), thick)
        return self

    def cover(self, blur=0.0):
        cover = cv2.resize(self.fine, (self.width, self.height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        return cv2.GaussianBlur(cover, (0, 0), blur) if blur > 0.2 else cover


def put(out, cover, colour):
    """`colour` (3, or a picture) over `out` where `cover` is, in place."""
    out += cover[..., None] * (np.asarray(colour, np.float32) - out)


def outline(head, rng, wear):
    """A mask's edge in face units, clockwise from the right upper corner: straight from place to place, or round; with the number of places of its upper edge."""
    middle = {"proper": rng.uniform(0.05, 0.5), "under_nose": rng.uniform(0.76, 0.95)}[wear]
    half, corner = rng.uniform(0.75, 1.2), middle + rng.uniform(0.0, 0.3)
    if wear == "proper":
        corner = min(corner, 0.6)
    bottom = rng.uniform(1.7, 2.15)
    bridge = rng.uniform(0.1, 0.6)
    top = [(-half, corner), (-bridge * half, middle + rng.uniform(-0.02, 0.12)), (0, middle), (bridge * half, middle + rng.uniform(-0.02, 0.12)), (half, corner)]
    if rng.random() < 0.3:  # straight across
        top = [top[0], (0, middle + rng.uniform(0, 0.15)), top[4]]
    jaw, deep = rng.uniform(0.45, 0.8) * half, rng.uniform(0.55, 0.85)
    side, high = rng.uniform(0.85, 1.02) * half, corner + rng.uniform(0.3, 0.6) * (bottom - corner)
    chin = [(side, high), (jaw, corner + deep * (bottom - corner)), (rng.uniform(0.1, 0.3) * half, bottom), (-rng.uniform(0.1, 0.3) * half, bottom),
            (-jaw, corner + deep * (bottom - corner)), (-side, high)]
    if rng.random() < 0.25:  # a box, as pleated masks are
        chin = [(side, bottom - rng.uniform(0, 0.3)), (0, bottom), (-side, bottom - rng.uniform(0, 0.3))]
    places = np.array(top + chin) + rng.normal(0, 0.02, (len(top) + len(chin), 2))
    places += rng.normal(0, 0.025, 2)
    places[:, 1] += rng.normal(0, 0.04) * places[:, 0]
    count = len(top)
    # finer, bent round where cloth is, and an upper edge that waves
    pull = 0.0 if rng.random() < 0.35 else rng.uniform(0.2, 1.0)
    fine, upper = [], 0
    for k in range(len(places)):
        a, b, c, d = (places[(k + j) % len(places)] for j in (-1, 0, 1, 2))
        for t in np.linspace(0, 1, 9)[:-1]:
            spline = 0.5 * ((2 * b) + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t ** 2 + (3 * b - a - 3 * c + d) * t ** 3)
            fine.append((1 - pull) * (b + (c - b) * t) + pull * spline)
        if k == count - 2:
            upper = len(fine) + 1
    fine = np.array(fine)
    if rng.random() < 0.35:
        fine[:upper, 1] += rng.uniform(0.01, 0.04) * np.sin(rng.uniform(3, 14) * fine[:upper, 0] + rng.uniform(0, 6.3))
    return fine, upper


def on_face(head, places):
    """Face units on a mask's surface to pixels."""
    x, y = places[:, 0], places[:, 1]
    z = 0.06 + 0.38 * np.exp(-np.square((y - 0.75) / 0.55)) - 0.65 * np.minimum(x * x, 1.0)
    return head.project(x, y, z)


def hem_colour(rng, level, near):
    """Mostly light, also dark or coloured; far enough from what lies `near` to be seen."""
    for _ in range(8):
        kind = rng.random()
        if kind < 0.58:
            colour = np.full(3, rng.uniform(190, 255)) * rng.uniform(0.92, 1.0, 3)
        elif kind < 0.75:
            colour = np.full(3, rng.uniform(5, 60)) * rng.uniform(0.8, 1.2, 3)
        else:
            colour = rng.uniform(20, 240, 3)
        colour = np.clip(colour * (1 if rng.random() < 0.4 else level), 3, 253)
        if np.abs(colour - near).max() > 55:
            break
    return colour.astype(np.float32)


def render_printed(image, print_, points, rng, own=True, wear="proper", thin=False):
    """A mask over the face with `points` that is printed with `print_`'s face, which lies where this one's does.

    Its own print shows nothing but what it is sewn and hung by (and a print that is a little misplaced, tinted or pale), so
    its hem is always there; another's may lack it. With `thin` the hem is no wider than a pixel of the networks' crops.
    """
    out = np.array(image, np.float32)
    height, width = out.shape[:2]
    head = Head(points)
    _, skin = light_on(out, head)
    level = float(np.clip(skin.mean() / 135, 0.15, 1.4))
    edge, upper = outline(head, rng, wear)
    around = on_face(head, edge)
    unit = head.unit
    hem = own or rng.random() < 0.75

    # the print: as it is, or misplaced, of other size, tinted, pale, out of focus
    printed = np.array(print_, np.float32)
    if not own or rng.random() < 0.6:
        centre = on_face(head, np.array([[0, 1.0]]))[0]
        affine = cv2.getRotationMatrix2D(tuple(float(v) for v in centre), rng.normal(0, 2.5), float(np.exp(rng.normal(0, 0.05))))
        affine[:, 2] += rng.normal(0, 0.035, 2) * unit
        printed = cv2.warpAffine(printed, affine, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if not own and rng.random() < 0.6:  # brought near to this one's light
        printed = printed * np.clip(skin.mean() / max(light_on(printed, head)[1].mean(), 1.0), 0.4, 2.0)
    if rng.random() < 0.5:
        grey = printed.mean(2, keepdims=True)
        printed = grey + (printed - grey) * rng.uniform(0.5, 1.15)
        printed = printed * rng.uniform(0.85, 1.15) * rng.uniform(0.93, 1.07, 3).astype(np.float32)
    if rng.random() < 0.25:
        printed = cv2.GaussianBlur(printed, (0, 0), max(0.3, rng.uniform(0.01, 0.04) * unit))
    if rng.random() < 0.3:  # ink on cloth does not cover it all
        printed = printed + rng.uniform(0.05, 0.25) * (np.float32(rng.uniform(120, 245)) * level - printed)
    printed = np.clip(printed, 0, 255)

    shadow = rng.uniform(0, 0.3) if rng.random() < 0.5 else 0
    cloth = Ink(out).area(around).cover()
    if shadow:
        out *= 1 - shadow * cv2.GaussianBlur(cloth, (0, 0), rng.uniform(0.03, 0.12) * unit)[..., None] * (1 - cloth[..., None])
    put(out, cloth, printed)

    colour = hem_colour(rng, level, skin)
    thick = np.exp(rng.uniform(np.log(0.016), np.log(0.04 if thin else 0.13))) * unit
    if hem:
        ink, which = Ink(out), rng.random()
        ring = np.vstack([around, around[:1]])
        if which < 0.7:
            ink.line(ring, thick)
        elif which < 0.85:  # the upper edge alone is bound, or the upper and the lower
            ink.line(around[:upper], max(thick, 0.025 * unit))
            if which < 0.8:
                ink.line(around[upper + 12:-12], max(thick, 0.025 * unit))
        else:  # bound by a band with a seam
            ink.line(ring, max(thick, 0.04 * unit))
        put(out, ink.cover(rng.uniform(0, 0.6)) * (1 if rng.random() < 0.6 else rng.uniform(0.7, 1.0)), colour)
        if which >= 0.85 or rng.random() < 0.15:
            centre = around.mean(0)
            inner = centre + (ring - centre) * rng.uniform(0.9, 0.97)
            put(out, Ink(out).dashes(inner, max(0.4, 0.015 * unit), rng.uniform(0.02, 0.06) * unit).cover() * rng.uniform(0.4, 1.0), np.clip(colour * rng.uniform(0.4, 1.1), 0, 255))
    if rng.random() < 0.7:
        bands = Ink(out)
        strap = max(0.4, min(thick, 0.06 * unit) * rng.uniform(0.7, 1.3))
        corners = [0, upper - 1]
        low = [len(around) - int(rng.integers(8, 20)), upper + int(rng.integers(8, 20))]
        for start, sign, under in zip(corners, (-1, 1), low):
            ear = on_face(head, np.array([[sign * rng.uniform(1.02, 1.3), rng.uniform(-0.1, 0.3)]]))[0]
            bands.line([around[start], ear], strap)
            if rng.random() < 0.6:
                bands.line([around[under % len(around)], ear + rng.normal(0, 0.05, 2) * unit], strap)
        put(out, bands.cover(), colour if rng.random() < 0.7 else hem_colour(rng, level, skin))
    return out


def render_lines(image, points, rng):
    """A bare face with one to three things that look like a hem and are none."""
    out = np.array(image, np.float32)
    for kind in rng.choice(len(LINES), int(rng.choice([1, 2, 3], p=[0.6, 0.28, 0.12])), p=LINE_SHARE):
        LINES[kind](out, Head(points), rng)
    return np.clip(out, 0, 255)


def any_colour(rng, head, out):
    level = float(np.clip(light_on(out, head)[1].mean() / 135, 0.15, 1.4))
    colour = np.full(3, rng.choice([5, 30, 90, 200, 250])) if rng.random() < 0.6 else rng.uniform(5, 250, 3)
    return np.clip(colour * (1 if rng.random() < 0.4 else level), 0, 255)


def bent(rng, a, b, bend):
    """A curve from `a` to `b` (face units)."""
    t = np.linspace(0, 1, 16)[:, None]
    a, b = np.asarray(a, float), np.asarray(b, float)
    side = np.array([a[1] - b[1], b[0] - a[0]])
    return a + (b - a) * t + side * rng.normal(0, bend) * np.sin(np.pi * t)


def creases(out, head, rng):
    """Folds from nose to mouth, below the eyes, across cheek and chin."""
    ink = Ink(out)
    for sign in (-1, 1):
        for a, b in (((0.22, 0.62), (0.5, 1.2)), ((0.25, 0.2), (0.7, 0.3)), ((0.45, 1.15), (0.42, 1.6)), ((0.9, 0.2), (0.6, 1.2))):
            if rng.random() < 0.45:
                jitter = rng.normal(0, 0.05, 2)
                places = bent(rng, a + jitter, b + rng.normal(0, 0.08, 2), 0.15)
                places[:, 0] *= sign
                ink.line(on_face(head, places), rng.uniform(0.01, 0.05) * head.unit)
    out *= 1 - (rng.uniform(0.2, 0.7) * ink.cover(rng.uniform(0.3, 1.2)))[..., None]


def moustache(out, head, rng):
    t = np.linspace(-1, 1, 20)
    half, thick, droop = rng.uniform(0.25, 0.5), rng.uniform(0.04, 0.14), rng.uniform(-0.05, 0.3)
    y = rng.uniform(0.86, 0.98) + droop * t * t
    upper, lower = np.stack([half * t, y - thick * (1 - t * t)], 1), np.stack([half * t, y + thick * (1 - t * t)], 1)
    cover = Ink(out).area(on_face(head, np.vstack([upper, lower[::-1]]))).cover(rng.uniform(0.3, 1.0))
    put(out, cover * rng.uniform(0.5, 1.0), rng.choice([15, 40, 80, 140, 210]) * rng.uniform(0.8, 1.1, 3))


def jaw(out, head, rng):
    """A thin beard along the jaw, with or without sideburns."""
    angle = np.linspace(0.1 if rng.random() < 0.5 else 0.3, np.pi - 0.1, 30)
    half, low = rng.uniform(0.85, 1.05), rng.uniform(1.65, 1.95)
    places = np.stack([half * np.cos(angle), 0.3 + (low - 0.3) * np.sin(angle)], 1)
    cover = Ink(out).line(on_face(head, places), rng.uniform(0.04, 0.25) * head.unit).cover(rng.uniform(0.3, 1.5))
    put(out, cover * rng.uniform(0.4, 0.95), rng.choice([15, 35, 70, 120]) * rng.uniform(0.8, 1.2, 3))


def straps(out, head, rng):
    """From both ears to below the chin: a helmet's or a hat's, or cables."""
    ink, chin = Ink(out), (rng.normal(0, 0.08), rng.uniform(1.75, 2.4))
    thick = rng.uniform(0.02, 0.14) * head.unit
    for sign in (-1, 1):
        if rng.random() < 0.9:
            ink.line(on_face(head, bent(rng, (sign * rng.uniform(0.9, 1.25), rng.uniform(-0.8, 0.2)), chin, 0.12)), thick)
    put(out, ink.cover(), any_colour(rng, head, out))


def microphone(out, head, rng):
    """A headset's arm along one cheek."""
    sign = rng.choice([-1, 1])
    places = bent(rng, (sign * 1.1, rng.uniform(0, 0.5)), (sign * rng.uniform(0.3, 0.6), rng.uniform(0.9, 1.4)), 0.2)
    colour = any_colour(rng, head, out)
    put(out, Ink(out).line(on_face(head, places), rng.uniform(0.02, 0.07) * head.unit).cover(), colour)
    put(out, Ink(out).line(on_face(head, places[-2:]), rng.uniform(0.1, 0.2) * head.unit).cover(), colour)


def tube(out, head, rng):
    """A breathing tube from the ears to below the nose: lines on both cheeks, and no cloth."""
    ink, thick = Ink(out), rng.uniform(0.03, 0.07) * head.unit
    for sign in (-1, 1):
        ink.line(on_face(head, bent(rng, (sign * rng.uniform(0.95, 1.15), rng.uniform(0.1, 0.4)), (sign * 0.1, rng.uniform(0.82, 0.92)), 0.12)), thick)
    put(out, ink.cover() * rng.uniform(0.4, 1.0), np.clip(any_colour(rng, head, out) + 60, 0, 255))


def strands(out, head, rng):
    """Hair across the face."""
    colour = rng.choice([10, 40, 80, 130, 200]) * np.array([1.15, 1.0, 0.85]) * rng.uniform(0.7, 1.1)
    start = rng.uniform(-1.1, 1.1)
    ink = Ink(out)
    for _ in range(int(rng.integers(1, 7))):
        a = (start + rng.normal(0, 0.08), rng.uniform(-1.6, -0.5))
        ink.line(on_face(head, bent(rng, a, (a[0] + rng.normal(0, 0.5), rng.uniform(0.2, 2.4)), 0.2)), rng.uniform(0.01, 0.05) * head.unit)
    put(out, ink.cover(rng.uniform(0, 0.5)) * rng.uniform(0.5, 1.0), np.clip(colour, 0, 255))


def scarf(out, head, rng):
    """A collar or a scarf that begins below the chin, with a border of its own."""
    top, dip = rng.uniform(1.85, 2.3), rng.uniform(-0.1, 0.5)
    x = np.linspace(-2.2, 2.2, 24)
    edge = head.project(x, top + dip * np.exp(-x * x) + rng.uniform(-0.3, 0.3) * np.abs(x), 0.1)
    below = head.project(np.array([2.2, -2.2]), 5.0, 0.0)
    put(out, Ink(out).area(np.vstack([edge, below])).cover(), any_colour(rng, head, out))
    if rng.random() < 0.7:
        put(out, Ink(out).line(edge, rng.uniform(0.02, 0.12) * head.unit).cover(), any_colour(rng, head, out))


def shield(out, head, rng):
    """A clear shield from brow to neck: its edge, its shine."""
    half, top, bottom = rng.uniform(1.1, 1.7), rng.uniform(-1.4, -0.5), rng.uniform(1.8, 2.9)
    x = np.array([-half, half, half * rng.uniform(0.7, 1), -half * rng.uniform(0.7, 1)])
    places = head.project(x, np.array([top, top, bottom, bottom]), 0.2)
    put(out, Ink(out).area(places).cover() * rng.uniform(0, 0.15), np.full(3, rng.uniform(150, 255)))
    put(out, Ink(out).line(places, rng.uniform(0.015, 0.08) * head.unit, True).cover() * rng.uniform(0.4, 1.0), any_colour(rng, head, out))
    if rng.random() < 0.5:
        a = places[0] + (places[1] - places[0]) * rng.uniform(0.1, 0.8)
        put(out, Ink(out).line([a, a + (places[3] - places[0]) * rng.uniform(0.3, 0.9)], rng.uniform(0.05, 0.3) * head.unit).cover(1.0) * rng.uniform(0.2, 0.8), (250, 250, 250))


def graphics(out, head, rng):
    """What is drawn on pictures: frames, boxes, rules, letters."""
    height, width = out.shape[:2]
    colour = any_colour(rng, head, out)
    kind = rng.integers(4)
    ink = Ink(out)
    centre, thick = head.project(np.array([rng.normal(0, 0.2)]), np.array([rng.uniform(0.2, 1.2)]))[0], rng.uniform(0.015, 0.08) * head.unit
    if kind == 0:  # a box or an oval around the face, an eye or the mouth
        size = rng.uniform(0.5, 3.0, 2) * head.unit * [1, rng.uniform(0.7, 1.3)]
        angle = np.linspace(0, 2 * np.pi, 5 if rng.random() < 0.6 else 40)[:-1]
        if len(angle) == 4:
            places = centre + size * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * 0.75
        else:
            places = centre + size * np.stack([np.cos(angle), np.sin(angle)], 1) * 0.75
        ink.line(places, thick, True)
    elif kind == 1:  # a line through the picture
        way = rng.uniform(0, np.pi)
        reach = 3 * max(height, width) * np.array([np.cos(way), np.sin(way)])
        ink.line([centre - reach, centre + reach], thick)
    elif kind == 2:  # letters
        cv2.putText(ink.fine, "".join(chr(rng.integers(65, 91)) for _ in range(int(rng.integers(2, 12)))), tuple(int(v) for v in (centre + rng.normal(0, 0.8, 2) * head.unit - [head.unit, 0]) * FINE),
                    cv2.FONT_HERSHEY_SIMPLEX, float(rng.uniform(0.008, 0.035) * head.unit * FINE), 255, max(1, int(thick * FINE)), cv2.LINE_AA)
    else:  # landmarks of somebody's program: points, perhaps joined
        for p in head.project(rng.normal(0, 0.6, 8), rng.uniform(-0.2, 1.8, 8)):
            ink.line([p, p + 0.1], 2 * thick)
    put(out, ink.cover() * rng.uniform(0.5, 1.0), colour)


def shade(out, head, rng):
    """A shadow or a lamp with a sharp edge across the face."""
    height, width = out.shape[:2]
    way = rng.uniform(0, 2 * np.pi)
    along, across = np.array([np.cos(way), np.sin(way)]), np.array([-np.sin(way), np.cos(way)])
    centre = head.project(np.array([rng.normal(0, 0.4)]), np.array([rng.uniform(0, 1.5)]))[0]
    reach = 3 * max(height, width)
    wide = reach if rng.random() < 0.7 else rng.uniform(0.2, 1.0) * head.unit
    places = [centre - reach * along, centre + reach * along, centre + reach * along + wide * across, centre - reach * along + wide * across]
    out *= 1 + ((rng.uniform(0.1, 0.8) if rng.random() < 0.7 else rng.uniform(1.2, 1.8)) - 1) * Ink(out).area(places).cover(rng.uniform(0, 3))[..., None]


def plaster(out, head, rng):
    """A strip on nose, cheek or chin."""
    x, y = (0, rng.uniform(0.3, 0.7)) if rng.random() < 0.5 else (rng.uniform(-0.8, 0.8), rng.uniform(0.3, 1.7))
    turn, size = rng.normal(0, 0.4), rng.uniform(0.08, 0.35, 2) * [1.3, 0.5]
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * size
    corners = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + [x, y]
    put(out, Ink(out).area(on_face(head, corners)).cover() * rng.uniform(0.5, 1.0), any_colour(rng, head, out))


def spectacles(out, head, rng):
    """Frames, also light and large ones, whose lower rims cross the cheeks."""
    colour, thick = any_colour(rng, head, out), rng.uniform(0.015, 0.08) * head.unit
    wide, high, drop, power = rng.uniform(0.32, 0.5), rng.uniform(0.22, 0.42), rng.uniform(0, 0.18), rng.uniform(2, 5)
    angle = np.linspace(0, 2 * np.pi, 40)
    x, y = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** (2 / power), np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** (2 / power)
    ink = Ink(out)
    keep = slice(None) if rng.random() < 0.8 else slice(0, 21)  # half rims
    for sign in (-1, 1):
        ink.line(head.project(sign * 0.52 + wide * x[keep], drop + high * y[keep], 0.12), thick)
        ink.line(head.project(np.array([sign * (0.52 + wide), sign * 1.15]), np.array([drop, 0.0]), np.array([0.1, -0.9])), thick)
    ink.line(head.project(np.array([wide - 0.52, 0.52 - wide]), drop - 0.06, 0.2), thick)
    put(out, ink.cover(), colour)


LINES = (creases, moustache, jaw, straps, microphone, tube, strands, scarf, shield, graphics, shade, plaster, spectacles)
LINE_SHARE = np.array([1, 0.8, 0.9, 1.2, 0.5, 0.5, 1, 1, 0.8, 1.6, 1.2, 0.7, 1.3])
LINE_SHARE = LINE_SHARE / LINE_SHARE.sum()
