"""Training samples of the landmark network: labelled faces, covered, badly placed and degraded.

A sample is what `FaceSamples.draw` returns: a SIDE x SIDE RGB crop (float32, 0..255), five points in crop units (0..1 of
the crop's side), a weight for each point (0 where its place is not known), whether it is a face, and the mask's state
(0 bare, 1 masked, 2 incorrect, -1 not known).
"""

import pathlib

import cv2
import numpy as np

from landmarks_geometry import CANONICAL, CANONICAL_FOUR, MIRROR, move, shrunk_size, similarity
from landmarks_label import PX_PER_UNIT, STORE, STORE_CENTRE
from render import print_on, render_beard, render_brim, render_closed_eyes, render_glasses, render_hand, render_mask, render_sunglasses

SIDE = 96
WINDOW = 144.0  # side of the crop in units of the 112 x 112 canonical face
WINDOW_CENTRE = np.array([56.0, 72.0])  # of the canonical face, in the middle of the crop


def to_crop(canonical):
    """Canonical points in pixels of the crop; pixel centres lie at whole numbers."""
    return (np.asarray(canonical) - WINDOW_CENTRE) * (SIDE / WINDOW) + (SIDE - 1) / 2


def crop_frame(points):
    """2 x 3 affine from the picture that five (or BlazeFace's four) `points` lie in onto the crop."""
    return similarity(points, to_crop(CANONICAL if len(points) == 5 else CANONICAL_FOUR))


def cut(image, affine):
    """The crop itself, shrunk with care; `image` any RGB or BGR picture, beyond its border replicated."""
    scale = float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
    if scale < 0.6:
        shrink = max(1.2 * scale, 1e-3)
        small = cv2.resize(image, shrunk_size(image, shrink), interpolation=cv2.INTER_AREA)
        fx, fy = small.shape[1] / image.shape[1], small.shape[0] / image.shape[0]
        back = np.array([[1 / fx, 0, 0.5 / fx - 0.5], [0, 1 / fy, 0.5 / fy - 0.5], [0, 0, 1]])
        affine, image = (np.vstack([affine, [0, 0, 1]]) @ back)[:2], small
    return cv2.warpAffine(image, affine, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def load(path):
    """A label file as a dict of arrays."""
    with np.load(path, allow_pickle=True) as file:
        return {k: file[k] for k in file.files}


def head_turn(points):
    """Nose tip beside and below the middle of the face, in canonical units: a stand-in for yaw and pitch."""
    frame = similarity(points[[0, 1, 3, 4]], CANONICAL[[0, 1, 3, 4]])
    return move(points[2:3], frame)[0] - CANONICAL[2]


def blaze_bias(sets):
    """How BlazeFace's four points differ from YuNet's by head turn: coefficients 3 x 8 on (1, yaw, pitch).

    The two mean slightly different places by an eye or a nose tip. The canonical face is YuNet's, so BlazeFace's
    points are brought to that meaning before the two are averaged.
    """
    designs, offsets = [], []
    for d in sets:
        good = (d["state"] == 0) & (d["spread"] < 3) & (d["blaze_spread"] < 3)
        for yunet, blaze in zip(d["yunet"][good], d["blaze"][good]):
            four = np.array([*yunet[:3], yunet[3:].mean(0)])
            if np.abs(blaze - four).max() < 8:
                designs.append([1, *head_turn(yunet)])
                offsets.append((blaze - four).reshape(-1))
    return np.linalg.lstsq(np.array(designs), np.array(offsets), rcond=None)[0]


def merge(yunet, blaze, bias):
    """Five points from both labellers (pixels of the stored picture) and their largest disagreement."""
    correction = (np.array([1, *head_turn(yunet)]) @ bias).reshape(4, 2)
    four = blaze - correction
    mouth = yunet[3:].mean(0)
    apart = four - np.array([*yunet[:3], mouth])
    merged = yunet.copy()
    merged[:3] += apart[:3] / 2
    merged[3:] += apart[3] / 2
    return merged, float(np.linalg.norm(apart, axis=1).max())


class FaceSamples:
    """All labelled faces, in JPEG, and the drawing of samples from them."""

    def __init__(self, files, bias, negatives=None, held_out=False):
        """`files` label files; of each, a twentieth is held out (and only that is used with `held_out`)."""
        self.jpeg, self.points, self.weight, self.state, self.source, self.frame = [], [], [], [], [], []
        for path in files:
            d = load(path)
            name = pathlib.Path(path).stem
            for i in range(len(d["jpeg"])):
                if (_hash(str(d["name"][i]).split("#")[0]) % 20 == 0) != held_out:
                    continue
                points, weight = self._settle(d, i, bias)
                if points is None:
                    continue
                self.jpeg.append(d["jpeg"][i])
                self.points.append(points)
                self.weight.append(weight)
                self.state.append(int(d["state"][i]))
                self.source.append(name)
                self.frame.append((d["inside"][i], d["size"][i]))
        self.points = np.array(self.points, np.float32)
        self.weight = np.array(self.weight, np.float32)
        self.state, self.source = np.array(self.state), np.array(self.source)
        self.negatives = negatives if negatives is not None else np.zeros((0, SIDE, SIDE, 3), np.uint8)
        self.groups = {}
        for state in range(3):
            for source in np.unique(self.source):
                rows = np.nonzero((self.state == state) & (self.source == source))[0]
                if len(rows):
                    self.groups[state, source] = rows
        # bare faces whose points are sure are what masks are drawn on
        self.sure = np.nonzero((self.state == 0) & (self.weight.min(1) > 0))[0]
        by = {s: self.sure[self.source[self.sure] == s] for s in np.unique(self.source[self.sure])}
        self.sure_groups = by

    @staticmethod
    def _settle(d, i, bias):
        """Points and their weights; a masked face keeps only eyes on which both labellers agree."""
        yunet, blaze = d["yunet"][i], d["blaze"][i]
        have_yunet, have_blaze = np.isfinite(yunet).all(), np.isfinite(blaze).all()
        weight = np.zeros(5, np.float32)
        if have_yunet and have_blaze:
            points, apart = merge(yunet, blaze, bias)
        elif have_yunet:
            points, apart = yunet, np.inf
        else:
            across = (blaze[1] - blaze[0]) * 0.41
            points, apart = np.array([*blaze[:3], blaze[3] - across, blaze[3] + across]), np.inf
        if apart < 5.5 and d["spread"][i] < 4.5:
            weight[:] = 1 / (1 + (apart / 2.5) ** 2)
        if d["state"][i] != 0 and "net" in d:
            weight[:] = d["net_weight"][i]
            return d["net"][i], weight
        if d["state"][i] != 0:
            eyes_apart = np.linalg.norm(points[:2] - yunet[:2], axis=1).max() if have_yunet and have_blaze else np.inf
            weight[2:] = 0
            weight[:2] = 0.5 if eyes_apart < 1.3 else 0
        return points, weight

    def picture(self, i):
        return cv2.imdecode(np.frombuffer(self.jpeg[i], np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]

    def pick(self, groups, rng):
        """A row of one of `groups` ({key: rows}), sources weighted by the square root of their size."""
        keys = list(groups)
        share = np.sqrt([len(groups[k]) for k in keys])
        rows = groups[keys[rng.choice(len(keys), p=share / share.sum())]]
        return int(rows[rng.integers(len(rows))])

    def draw(self, rng):
        kind = rng.choice(5, p=[0.25, 0.38, 0.19, 0.09, 0.09])
        if kind == 4 and len(self.negatives):
            image = self.negatives[rng.integers(len(self.negatives))].astype(np.float32)
            if rng.random() < 0.5:
                image = image[:, ::-1]
            return degrade(image, rng), np.zeros((5, 2), np.float32), np.zeros(5, np.float32), 0, -1
        if kind == 2:  # real masks, worn well or not
            state = 1 if rng.random() < 0.6 else 2
            groups = {k: v for k, v in self.groups.items() if k[0] == state} or self.groups
            i = self.pick(groups, rng)
        elif kind == 0:
            i = self.pick({k: v for k, v in self.groups.items() if k[0] == 0}, rng)
        else:
            i = self.pick(self.sure_groups, rng)
        picture, points, state = self.picture(i), self.points[i], int(self.state[i])
        wear = None
        if kind == 1:
            wear = ("proper", "under_nose", "under_chin")[rng.choice(3, p=[0.62, 0.2, 0.18])]
            state = 1 if wear == "proper" else 2
        misplaced = kind == 3
        affine = crop_frame(points)
        affine = (np.vstack([jitter(rng, misplaced), [0, 0, 1]]) @ np.vstack([affine, [0, 0, 1]]))[:2]
        flags = cv2.INTER_LINEAR
        border = self._border(i, affine, rng)
        image = cv2.warpAffine(picture, affine, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
        if border is not None:
            image += border[..., None] * (self._filler(rng) - image)
        points = move(points, affine).astype(np.float32)
        if rng.random() < (0.15 if state == 0 else 0.08 if wear else 0):
            image = render_beard(image, points, rng)
        if wear:
            bare = image
            image, info = render_mask(image, points, rng, wear=wear)
            if rng.random() < 0.15:
                image = print_on(image, bare, info, self._other_face(points, rng), rng)
        over = rng.random()
        if over < (0.16 if wear else 0.06):
            image = render_glasses(image, points, rng)
        elif over > 0.92:
            image = (render_sunglasses if over < 0.98 else render_brim)(image, points, rng)
        elif over > 0.88:
            image = render_closed_eyes(image, points, rng)
        if rng.random() < (0.1 if state == 0 and kind != 2 else 0.03):
            image = render_hand(image, points, rng)
        weight = self.weight[i].copy()
        if rng.random() < 0.5:
            image = image[:, ::-1]
            points[:, 0] = SIDE - 1 - points[:, 0]
            points, weight = points[MIRROR], weight[MIRROR]
        image = degrade(image, rng)
        units = (points + 0.5) / SIDE
        # points outside the crop cannot be seen; misplaced crops teach only the face's score
        inside = ((units > -0.05) & (units < 1.05)).all(1)
        weight = weight * inside * (0 if misplaced else 1)
        return image, units, weight, 0 if misplaced else 1, -1 if misplaced else state

    def _other_face(self, points, rng):
        """Somebody else's bare face laid over `points`, for a mask that is printed with one."""
        i = self.pick(self.sure_groups, rng)
        affine = similarity(self.points[i], points)
        return cv2.warpAffine(self.picture(i), affine, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)

    def _border(self, i, affine, rng):
        """Where the crop lies beyond the source's border (1 outside), or None; mostly left replicated."""
        if rng.random() > 0.35:
            return None
        inside, size = self.frame[i]
        back = np.vstack([inside, [0, 0, 1]]) @ np.linalg.inv(np.vstack([affine, [0, 0, 1]]))
        corners = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]])
        corners = move(corners, np.linalg.inv(back)[:2])
        cover = np.ones((SIDE, SIDE), np.float32)
        cv2.fillPoly(cover, [np.clip(np.round(corners * 8), -30000, 30000).astype(np.int32)], 0.0, cv2.LINE_AA, 3)
        return cover

    def _filler(self, rng):
        """What stands for the world beyond a tight picture's border."""
        if len(self.negatives) and rng.random() < 0.6:
            return self.negatives[rng.integers(len(self.negatives))].astype(np.float32)
        return np.full((SIDE, SIDE, 3), rng.choice([0.0, 0.0, 128.0, 255.0]), np.float32)


def _hash(text):
    import zlib
    return zlib.crc32(text.encode())


def jitter(rng, misplaced):
    """2 x 3 affine of the crop onto itself: how badly the rough points placed it."""
    if misplaced:
        # so far off that what is in the middle is no face
        way = rng.uniform(0, 2 * np.pi)
        far = rng.uniform(0.45, 0.75) * SIDE
        choice = rng.integers(4)  # beside the face, far too wide, upside down or lying, far too close (an ear, a mouth)
        scale = rng.uniform(0.22, 0.42) if choice == 1 else rng.uniform(2.2, 4.0) if choice == 3 else rng.uniform(0.8, 1.25)
        shift = far * np.array([np.cos(way), np.sin(way)]) if choice == 0 else rng.normal(0, 0.05 if choice < 3 else 0.5, 2) * SIDE
        turn = rng.uniform(85, 275) if choice == 2 else rng.uniform(-25, 25)
    elif rng.random() < 0.5:  # as after a first pass
        shift, scale, turn = rng.normal(0, 0.022, 2) * SIDE, np.exp(rng.normal(0, 0.05)), rng.normal(0, 4)
    else:
        shift, scale, turn = rng.uniform(-0.12, 0.12, 2) * SIDE, np.exp(rng.uniform(-0.25, 0.25)), rng.uniform(-25, 25)
    affine = cv2.getRotationMatrix2D(((SIDE - 1) / 2, (SIDE - 1) / 2), turn, scale)
    affine[:, 2] += shift
    return affine


def degrade(image, rng):
    """What cameras, light and compression do to a crop; float32 RGB 0..255 in and out."""
    side = image.shape[0]
    if rng.random() < 0.4:
        small = max(12, int(side * rng.uniform(0.2, 0.9)))
        image = cv2.resize(cv2.resize(np.ascontiguousarray(image), (small, small), interpolation=cv2.INTER_AREA), (side, side), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.15:
        length, way = int(rng.integers(3, 9)), rng.uniform(0, np.pi)
        kernel = np.zeros((9, 9), np.float32)
        step = np.array([np.cos(way), np.sin(way)]) * length / 2
        cv2.line(kernel, tuple(int(v) for v in np.round(4 - step)), tuple(int(v) for v in np.round(4 + step)), 1.0)
        image = cv2.filter2D(np.ascontiguousarray(image), -1, kernel / kernel.sum())
    if rng.random() < 0.2:  # a frame's edge: replicated or black
        image = np.ascontiguousarray(image).copy()
        at, edge, black = int(side * rng.uniform(0.02, 0.22)), rng.integers(4), rng.random() < 0.5
        strip = [(slice(0, at), slice(None)), (slice(side - at, side), slice(None)), (slice(None), slice(0, at)), (slice(None), slice(side - at, side))][edge]
        source = [image[at:at + 1], image[side - at - 1:side - at], image[:, at:at + 1], image[:, side - at - 1:side - at]][edge]
        image[strip] = 0 if black else source
    if rng.random() < 0.2:  # light from behind or beside
        way = rng.uniform(0, 2 * np.pi)
        axis = np.linspace(-1, 1, side, dtype=np.float32)
        ramp = np.cos(way) * axis[None, :] + np.sin(way) * axis[:, None]
        image = image * (1 + rng.uniform(0.2, 0.7) * ramp)[..., None] + rng.uniform(0, 40)
    if rng.random() < 0.7:
        image = 255 * np.power(np.clip(image, 0, 255) / 255, np.float32(np.exp(rng.uniform(-0.5, 0.6)))) * rng.uniform(0.45, 1.35) + rng.uniform(-20, 20)
    if rng.random() < 0.4:
        image = image * rng.uniform(0.8, 1.2, 3).astype(np.float32)
    if rng.random() < 0.12:
        image = np.repeat(image.mean(2, keepdims=True), 3, 2)
    if rng.random() < 0.3:
        image = image + (rng.standard_normal(image.shape, np.float32) * np.float32(rng.uniform(2, 16)))
    image = np.clip(image, 0, 255)
    if rng.random() < 0.35:
        ok, data = cv2.imencode(".jpg", image.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 85))])
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return np.ascontiguousarray(image, np.float32)
