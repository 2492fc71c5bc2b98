"""What a camera, a detector and a mask do to the window a network sees, drawn at random for a whole batch at once.

Order as in life: a detector misplaces the points, the face is aligned by them, a mask or glasses or a cap cover part of
it, and a camera with its own light, blur, noise and compression takes the picture. Everything is torch on one device, so
that an accelerator draws its own training pictures. Windows are `float32[n, 3, h, w]`
(align.py has them), 0..255, RGB; points are `float32[n, 5, 2]` in pixels of the crop or of the window; `Chance` is the only source of randomness.
"""
import copy
import math
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F

import align

MASK_COLOURS = [(235, 238, 240), (140, 180, 210), (30, 30, 34), (90, 160, 150), (200, 215, 230), (20, 25, 60), (225, 190, 200)]
JPEG_LUMINANCE = [
    [16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55], [14, 13, 16, 24, 40, 57, 69, 56], [14, 17, 22, 29, 51, 87, 80, 62],
    [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92], [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99],
]


@dataclass
class Augment:
    """How strongly each nuisance is drawn; lengths in pixels of the canonical 112x112 face."""

    eye_error: float = 0.6  # each eye on its own
    lower_error: float = 0.8  # nose and mouth corners of a bare face
    masked_lower_error: float = 2.5  # nose and mouth together under a mask, where they are guessed
    by_eyes: float = 0.7  # part of the periocular windows aligned as the product does; the others, and full ones, by all five points
    rotation: float = 2.8  # degrees
    scale: float = 0.035
    shift: float = 1.3
    glasses: float = 0.05
    brow_cover: float = 0.03
    low_resolution: float = 0.4
    motion_blur: float = 0.1
    sharpen: float = 0.08  # edited pictures
    jpeg: float = 0.3
    light: float = 0.7
    colour: float = 0.4
    grey: float = 0.12
    noise: float = 0.25
    border: float = 0.06


class Chance:
    """Random numbers of one generator, a row for each picture: every draw is `float32[n, *shape]`."""

    def __init__(self, count, device, seed):
        self.count, self.device = count, device
        self.generator = torch.Generator(device)
        self.generator.manual_seed(seed)

    def uniform(self, low=0.0, high=1.0, *shape):
        return low + (high - low) * torch.rand(self.count, *shape, generator=self.generator, device=self.device)

    def normal(self, spread=1.0, *shape):
        return spread * torch.randn(self.count, *shape, generator=self.generator, device=self.device)

    def happens(self, part):
        """bool[n], true for `part` of the pictures."""
        return self.uniform() < part

    def of(self, count):
        """The same generator, drawing for `count` of the pictures."""
        some = copy.copy(self)
        some.count = count
        return some


def rows(values):
    """`float[n]` as `float[n, 1, 1]`, to go with maps of the window."""
    return values[:, None, None]


def planes(values):
    """`float[n]` or `float[n, h, w]` with the missing axes of `[n, c, h, w]`."""
    return values[:, None, None, None] if values.dim() == 1 else values[:, None]


def fit_similarity(source, target, weights):
    """Least-squares similarities `float32[n, 2, 3]` from `source` onto `target`, both `float32[n, 5, 2]` (`align.fit_similarity`)."""
    share = (weights / weights.sum()).view(1, -1, 1)
    middle, aim = (share * source).sum(1, keepdim=True), (share * target).sum(1, keepdim=True)
    s, t = source - middle, target - aim
    spread = (share * s * s).sum((1, 2))
    cosine = (share * s * t).sum((1, 2)) / spread
    sine = (share[..., 0] * (s[..., 0] * t[..., 1] - s[..., 1] * t[..., 0])).sum(1) / spread
    turn = torch.stack([torch.stack([cosine, -sine], 1), torch.stack([sine, cosine], 1)], 1)
    return torch.cat([turn, aim.transpose(1, 2) - turn @ middle.transpose(1, 2)], 2)


def square(matrix):
    """Affine maps `float[n, 2, 3]` as `float[n, 3, 3]`."""
    last = torch.tensor([0.0, 0.0, 1.0], device=matrix.device).expand(len(matrix), 1, 3)
    return torch.cat([matrix, last], 1)


def apply(matrix, points):
    """`points` float[n, 5, 2] through affine maps float[n, 3, 3]."""
    return points @ matrix[:, :2, :2].transpose(1, 2) + matrix[:, None, :2, 2]


def misplaced(points, chance, strength, masked):
    """Points as a detector would give them: moved non-rigidly, more below where `masked` bool[n] says so."""
    error = torch.cat([chance.normal(strength.eye_error, 2, 2), chance.normal(strength.lower_error, 3, 2)], 1)
    below = chance.normal(strength.masked_lower_error, 3) * masked[:, None]
    error[:, 2:, 1] += below[:, :1]
    error[:, 2:, 0] += 0.4 * below[:, 1:2]
    error[:, 3:, 1] += 0.5 * below[:, 2:]
    return points + error


def jitter(points, chance, strength, masked):
    """Affine maps crop -> crop `float32[n, 3, 3]` that the alignment by misplaced points would have made."""
    device = points.device
    amounts = torch.tensor([0.4, 1.0, 1.0, 1.5], device=device)
    amount = amounts[chance.uniform(0, 4).long().clamp(max=3)]
    wrong = points + amount[:, None, None] * (misplaced(points, chance, strength, masked) - points)
    goal = torch.from_numpy(align.CROP_POINTS).to(device).expand(len(points), 5, 2)
    weights = torch.from_numpy(align.EYES_WEIGHTS).float().to(device)
    by_eyes = torch.linalg.inv(square(fit_similarity(goal, wrong, weights)))
    by_all = square(fit_similarity(wrong, goal, torch.ones(5, device=device)))
    fit = torch.where(rows(chance.happens(strength.by_eyes)), by_eyes, by_all)
    angle = amount * chance.normal(math.radians(strength.rotation))
    size = torch.exp(amount * chance.normal(strength.scale))
    moved = amount[:, None] * chance.normal(strength.shift, 2)
    centre = torch.tensor([align.CROP / 2, align.CROP / 2 - 4], device=device)
    cosine, sine = size * torch.cos(angle), size * torch.sin(angle)
    turn = torch.stack([torch.stack([cosine, sine], 1), torch.stack([-sine, cosine], 1)], 1)
    offset = centre + moved - (turn @ centre)
    return square(torch.cat([turn, offset[:, :, None]], 2)) @ fit


def window_places(height, width, device):
    """(x, y) of each pixel, `float[1, h, w, 2]`."""
    ys, xs = torch.meshgrid(torch.arange(height, device=device), torch.arange(width, device=device), indexing="ij")
    return torch.stack([xs, ys], -1).float()[None]


def cut_out(crops, to_window, height, width):
    """Windows of `uint8[n, 128, 128, 3]` crops through maps crop -> window `float32[n, 3, 3]`, edge pixels repeated."""
    back = torch.linalg.inv(to_window)
    places = window_places(height, width, crops.device)
    from_crop = places @ back[:, None, :2, :2].transpose(2, 3) + back[:, None, None, :2, 2]
    grid = (2 * from_crop + 1) / align.CROP - 1
    return F.grid_sample(crops.permute(0, 3, 1, 2).float(), grid, padding_mode="border", align_corners=False)


def to_face(points):
    """Point between the eyes `float[n, 2]`, and the maps `float[n, 2, 2]` from pixels away from it to (along, down) on the face.

    `along` is 0 on the middle line and -1 and 1 an eye distance to either side, `down` 0 at the eyes and 1 at the mouth.
    """
    eyes = points[:, :2].mean(1)
    return eyes, torch.linalg.inv(torch.stack([points[:, 1] - points[:, 0], points[:, 3:].mean(1) - eyes], 2))


def face_frame(points, places):
    """Where each pixel of the window lies on the face: `(along, down, half, height)`.

    `along` and `down` are float[n, h, w], as `to_face` has them; `half` and `height` float[n] are the pixels of one of each.
    """
    eyes, frame = to_face(points)
    away = places - eyes[:, None, None]
    inside = away @ frame[:, None].transpose(2, 3)
    half, height = (points[:, 1] - points[:, 0]).norm(dim=1), (points[:, 3:].mean(1) - eyes).norm(dim=1)
    return inside[..., 0], inside[..., 1], half, height


def on_face(points, place):
    """`place` float[n, 2] of the window as (along, down) on the face."""
    eyes, frame = to_face(points)
    return (frame @ (place - eyes)[:, :, None])[:, :, 0]


def smooth_noise(chance, size, height, width):
    """Cloudy noise `float[n, 3, h, w]` of deviation about 1; a dot of it is the window's width / `size`."""
    grid = chance.normal(1.0, 3, max(2, size * 4 // 7), size)
    return F.interpolate(grid, (height, width), mode="bicubic", align_corners=False)


def pick(chance, choices):
    """One of `choices` float[k, 3] for each picture."""
    return choices[chance.uniform(0, len(choices)).long().clamp(max=len(choices) - 1)]


def cloth(chance, along, down, light):
    """Colour of the mask's cloth `float[n, 3, h, w]`: plain, blotched, patterned, striped or folded, lit like the face."""
    height, width = along.shape[1:]
    some = pick(chance, torch.tensor(MASK_COLOURS, dtype=torch.float32, device=along.device))
    any_ = chance.uniform(10, 245, 3)
    base = torch.where(chance.happens(0.6)[:, None], some, any_)
    other = chance.uniform(10, 245, 3)[:, :, None, None]
    colour = base[:, :, None, None].expand(-1, -1, height, width)
    cloudy = torch.where(planes(chance.happens(0.5)), smooth_noise(chance, 6, height, width), smooth_noise(chance, 15, height, width))
    colour = colour + cloudy * planes(chance.uniform(5, 50) * chance.happens(0.3))
    spots = torch.sigmoid(6 * (smooth_noise(chance, 9, height, width)[:, :1] - planes(chance.uniform(-0.5, 1))))
    angle, pace = chance.uniform(0, math.pi), chance.uniform(6, 40)
    wave = torch.sin(rows(pace) * (rows(torch.cos(angle)) * along + rows(torch.sin(angle)) * down) + rows(chance.uniform(0, 6)))
    wave_2 = torch.sin(rows(pace) * (-rows(torch.sin(angle)) * along + rows(torch.cos(angle)) * down) + rows(chance.uniform(0, 6)))
    stripes = torch.sigmoid(5 * torch.where(rows(chance.happens(0.5)), wave, wave + wave_2 - 0.7))
    kind = chance.uniform()
    second = planes(stripes) * planes((kind < 0.1).float()) + spots * planes((kind > 0.9).float())
    colour = colour + second * (other - colour)
    folds = torch.sin((down + rows(chance.normal(0.05)) * along) * rows(chance.uniform(9, 35)) + rows(chance.uniform(0, 6)))
    colour = colour * (1 + planes(rows(chance.uniform(0.02, 0.1) * chance.happens(0.4)) * folds))
    side = 1 + planes(rows(chance.normal(0.15)) * (along / 1.6).clamp(-1, 1))
    return colour * side * planes(0.35 + 0.65 * (light / 128 * chance.uniform(0.8, 1.2)).clamp(max=1.5))


def upper_edge(chance, points, along):
    """The mask's upper edge as `down` float[n, h, w] over each pixel's `along`, and how far it reaches to the sides."""
    top = chance.uniform(0.12, 0.55)
    cheek = top + chance.uniform(-0.04, 0.14)
    tilt = chance.normal(0.03)
    reach = chance.uniform(0.9, 1.3)
    shoulder = top - chance.uniform(0, 0.14)
    width = chance.uniform(0.14, 0.5)
    eyes, nose = points[:, :2].mean(1), points[:, 2]
    bridge = on_face(points, eyes + (nose - eyes) * (0.48 + chance.normal(0.17)).clamp(0.1, 0.9)[:, None])
    middle = torch.minimum(torch.maximum(bridge[:, 0], -width + 0.05), width - 0.05)
    knots = torch.stack([-reach, -width - 0.25, -width, middle, width, width + 0.25, reach], 1)
    levels = torch.stack([
        cheek - tilt, shoulder + 0.05 - tilt, shoulder - tilt, bridge[:, 1], shoulder + tilt, shoulder + 0.05 + tilt, cheek + tilt,
    ], 1)

    def at(place):
        edge = rows(levels[:, 0])
        for k in range(6):
            long = (knots[:, k + 1] - knots[:, k]).clamp(min=1e-3)
            part = ((place - rows(knots[:, k])) / rows(long)).clamp(0, 1)
            edge = edge + part * rows(levels[:, k + 1] - levels[:, k])
        return edge

    soft = rows(chance.uniform(0.0, 0.14) * chance.happens(0.6))  # cloth bends: the corners are rounded off
    return (at(along - soft) + 2 * at(along) + at(along + soft)) / 4, reach


def near_segment(places, start, end, thick):
    """Coverage float[n, h, w] of lines `thick` pixels wide from `start` to `end`, both float[n, 2]."""
    way = end - start
    part = ((places - start[:, None, None]) * way[:, None, None]).sum(-1) / (way * way).sum(1)[:, None, None].clamp(min=1e-6)
    nearest = start[:, None, None] + part.clamp(0, 1)[..., None] * way[:, None, None]
    return torch.sigmoid(4 * (rows(thick) / 2 - (places - nearest).norm(dim=-1)))


def over_some(paint, windows, points, chance, where):
    """`paint(windows, points, chance)` over the windows that `where` bool[n] names; the others cost nothing."""
    return in_groups(windows, where, 1, lambda part, k: paint(part, points[where], chance.of(len(part))))


def paint_mask(windows, points, chance):
    """A mask's upper part painted over each window."""
    places = window_places(*windows.shape[2:], windows.device)
    along, down, half, height = face_frame(points, places)
    edge, reach = upper_edge(chance, points, along)
    below = (down - edge) * rows(height)  # pixels below the edge
    towards_chin = (down - rows(chance.uniform(0.5, 0.9))).clamp(min=0)
    beside = (rows(reach) - rows(chance.uniform(0.3, 0.9)) * towards_chin - along.abs()) * rows(half)
    above = (rows(chance.uniform(1.25, 1.6)) - rows(chance.uniform(0.1, 0.4)) * along**2 - down) * rows(height)  # its lower edge
    cover = lambda soft: torch.sigmoid(torch.minimum(torch.minimum(below, beside), above) * rows(1.7 / soft))
    area = cover(chance.uniform(0.35, 1.1))
    paint = cloth(chance, along, down, windows.mean((1, 2, 3)))
    shade = cover(chance.uniform(1.5, 5)) * rows(chance.uniform(0.1, 0.5) * chance.happens(0.5))  # its shadow on the skin
    seam = chance.uniform(1, 6)  # hem or nose wire: a darker or lighter band below the edge
    band = torch.exp(-(((below - rows(seam)) / rows(chance.uniform(0.8, 2))) ** 2)) * rows(chance.normal(0.18) * chance.happens(0.5))
    covered = windows * planes(1 - shade) * planes(1 - area) + paint * planes(1 + band) * planes(area)
    grey = torch.where(chance.happens(0.7)[:, None], chance.uniform(150, 250, 3), chance.uniform(10, 60, 3))[:, :, None, None]
    loops = chance.happens(0.35)
    eyes, across = points[:, :2].mean(1), points[:, 1] - points[:, 0]
    fall = points[:, 3:].mean(1) - eyes
    for way in (-1, 1):
        corner = eyes + across * (way * reach)[:, None] + fall * chance.uniform(0.2, 0.6)[:, None]
        end = corner + torch.stack([way * chance.uniform(10, 30), chance.normal(5) - 4], 1)
        line = near_segment(places, corner, end, chance.uniform(0.8, 2)) * rows(loops.float())
        covered = covered + planes(line) * (grey - covered)
    return covered


def paint_glasses(windows, points, chance):
    """Frames around both eyes, thin to thick and round to square, with now and then tinted glass or a reflection."""
    places = window_places(*windows.shape[2:], windows.device)
    across = points[:, 1] - points[:, 0]
    half = across.norm(dim=1)
    right = across / half[:, None]
    under = torch.stack([-right[:, 1], right[:, 0]], 1)
    colour = torch.where(chance.happens(0.85)[:, None], chance.uniform(5, 110, 3), chance.uniform(110, 230, 3))[:, :, None, None]
    wide, high = half * chance.uniform(0.3, 0.42), half * chance.uniform(0.2, 0.34)
    thick, power, drop = chance.uniform(0.7, 3), chance.uniform(2, 5), chance.uniform(0, 4)
    tint = rows(chance.uniform(0.05, 0.4) * chance.happens(0.25))
    painted = windows
    for side in (0, 1):
        centre = points[:, side] + under * drop[:, None]
        place = places - centre[:, None, None]
        a = (place * right[:, None, None]).sum(-1) / rows(wide)
        b = (place * under[:, None, None]).sum(-1) / rows(high)
        ring = (a.abs() ** rows(power) + b.abs() ** rows(power) + 1e-6) ** (1 / rows(power))
        outside = (ring - 1) * rows(torch.minimum(wide, high))
        glass = torch.sigmoid(-3 * outside)
        painted = painted * planes(1 - tint * glass)
        shine = torch.exp(-3 * ((a - rows(chance.normal(0.4))) ** 2 + (b - rows(chance.normal(0.3))) ** 2))
        painted = painted + planes(shine * glass * rows(chance.uniform(20, 140) * chance.happens(0.3)))
        frame = torch.sigmoid(4 * (rows(thick) / 2 - outside.abs()))
        painted = painted + planes(frame) * (colour - painted)
    start = points[:, 0] + right * wide[:, None] + under * drop[:, None]
    end = points[:, 1] - right * wide[:, None] + under * drop[:, None]
    return painted + planes(near_segment(places, start, end, thick)) * (colour - painted)


def cover_brow(windows, points, chance):
    """A cap or fringe over the forehead, reaching the brows at most."""
    height, width = windows.shape[2:]
    places = window_places(height, width, windows.device)
    line = points[:, :2, 1].mean(1) - chance.uniform(9, 22)
    xs = places[..., 0] - width / 2
    wavy = F.interpolate(chance.normal(1.0, 1, 9), width, mode="linear", align_corners=True) * rows(chance.uniform(0, 3))
    edge = rows(line) + rows(chance.normal(0.08)) * xs + wavy
    area = torch.sigmoid((edge - places[..., 1]) * rows(1.7 / chance.uniform(0.5, 2)))
    colour = torch.where(chance.happens(0.7)[:, None], chance.uniform(8, 90, 3), chance.uniform(20, 240, 3))[:, :, None, None]
    return windows + planes(area) * (colour - windows)


def cut_border(windows, chance, where):
    """Pictures that end inside the window: the last row or column repeated, or black."""
    height, width = windows.shape[2:]
    side, depth = chance.uniform(0, 3).long(), chance.uniform(2, 16).long() * where
    ys = torch.arange(height, device=windows.device).expand(len(windows), -1)
    xs = torch.arange(width, device=windows.device).expand(len(windows), -1)
    top, left, right = depth * (side == 0), depth * (side == 1), depth * (side == 2)
    rows_ = torch.maximum(ys, top[:, None])
    columns = torch.minimum(torch.maximum(xs, left[:, None]), width - 1 - right[:, None])
    shown = torch.gather(windows, 2, rows_[:, None, :, None].expand(-1, 3, -1, width))
    shown = torch.gather(shown, 3, columns[:, None, None, :].expand(-1, 3, height, -1))
    inside = (rows_ == ys)[:, :, None] & (columns == xs)[:, None, :]
    return shown * planes((inside | rows(~chance.happens(0.3))).float())


def in_groups(windows, chosen, groups, change):
    """`change(part, k)` applied to the `chosen` bool[n] pictures, dealt into `groups` that share what is drawn once a group."""
    index = chosen.nonzero()[:, 0]
    for k in range(groups):
        some = index[k::groups]
        if len(some):
            windows = windows.index_copy(0, some, change(windows[some], k))
    return windows


def lower_resolution(part, share, cubic):
    """Taken with fewer pixels and drawn large again."""
    height, width = part.shape[2:]
    size = max(8, round(height * share)), max(14, round(width * share))
    small = F.interpolate(part, size, mode="bilinear", antialias=True, align_corners=False)
    return F.interpolate(small, (height, width), mode="bicubic" if cubic else "bilinear", align_corners=False)


def motion_kernel(length, angle, device):
    """`float[k, k]` of a straight movement during the exposure."""
    places = window_places(length, length, device)
    middle = torch.full((1, 2), (length - 1) / 2, device=device)
    way = torch.tensor([[math.cos(angle), math.sin(angle)]], device=device) * length / 2
    kernel = near_segment(places, middle - way, middle + way, torch.ones(1, device=device))[0]
    return kernel / kernel.sum()


def filtered(part, kernel):
    """`part` convolved with one kernel, edges repeated."""
    pad = kernel.shape[0] // 2, (kernel.shape[0] - 1) // 2
    wide = F.pad(part, (pad[0], pad[1], pad[0], pad[1]), mode="replicate")
    return F.conv2d(wide, kernel.expand(3, 1, *kernel.shape), groups=3)


def cosine_basis(device):
    """The 8x8 matrix of the discrete cosine transform."""
    k, x = torch.meshgrid(torch.arange(8.0, device=device), torch.arange(8.0, device=device), indexing="ij")
    basis = torch.cos((2 * x + 1) * k * math.pi / 16) / 2
    basis[0] /= math.sqrt(2)
    return basis


def jpeg(part, quality):
    """What JPEG leaves of pictures at `quality` float[n] (1..100): quantised 8x8 cosines, colours at half resolution."""
    count, _, height, width = part.shape
    basis = cosine_basis(part.device)
    table = torch.tensor(JPEG_LUMINANCE, dtype=torch.float32, device=part.device)
    factor = torch.where(quality < 50, 50 / quality, 2 - quality / 50)
    steps = (table[None] * factor[:, None, None]).clamp(min=1)

    def coded(plane, steps):
        h, w = plane.shape[1:]
        blocks = plane.view(count, h // 8, 8, w // 8, 8).permute(0, 1, 3, 2, 4)
        steps = steps[:, None, None]
        blocks = basis.T @ (torch.round(basis @ blocks @ basis.T / steps) * steps) @ basis
        return blocks.permute(0, 1, 3, 2, 4).reshape(count, h, w)

    r, g, b = part[:, 0], part[:, 1], part[:, 2]
    luma = 0.299 * r + 0.587 * g + 0.114 * b
    blue, red = F.avg_pool2d(0.564 * (b - luma)[:, None], 2)[:, 0], F.avg_pool2d(0.713 * (r - luma)[:, None], 2)[:, 0]
    luma = coded(luma - 128, steps) + 128
    wide = lambda plane: F.interpolate(coded(plane, 1.6 * steps)[:, None], (height, width), mode="bilinear", align_corners=False)[:, 0]
    blue, red = wide(blue), wide(red)
    return torch.stack([luma + 1.403 * red, luma - 0.344 * blue - 0.714 * red, luma + 1.773 * blue], 1)


def camera(windows, chance, strength, host):
    """Resolution, compression, light, colour and noise of some camera. `host` (random.Random) draws what a group shares."""
    device, width = windows.device, windows.shape[3]
    kind = chance.uniform()
    shares = [host.uniform(0.22, 0.8) for _ in range(8)]
    windows = in_groups(windows, kind < strength.low_resolution, 8, lambda part, k: lower_resolution(part, shares[k], k % 2))
    kernels = [motion_kernel(host.randint(3, 7), host.uniform(0, math.pi), device) for _ in range(6)]
    windows = in_groups(windows, kind > 1 - strength.motion_blur, 6, lambda part, k: filtered(part, kernels[k]))
    ninth = torch.full((3, 3), 1 / 9, device=device)
    crisp = host.uniform(0.4, 2.0)
    windows = in_groups(windows, chance.happens(strength.sharpen), 1, lambda part, k: part + crisp * (part - filtered(part, ninth)))
    lit = chance.happens(strength.light)
    toned = 255 * (windows.clamp(1, 255) / 255) ** planes(chance.uniform(0.6, 1.6)) * planes(chance.uniform(0.6, 1.3)) + planes(chance.uniform(-20, 20))
    ramp = torch.linspace(-1, 1, width, device=device)
    toned = toned * (1 + planes(rows(chance.normal(0.3) * chance.happens(0.35)) * ramp))  # light from one side
    windows = torch.where(planes(lit), toned, windows)
    tint = torch.where(chance.happens(strength.colour)[:, None], chance.uniform(0.85, 1.15, 3), torch.ones(1, device=device))
    windows = windows * tint[:, :, None, None]
    windows = torch.where(planes(chance.happens(strength.grey)), windows.mean(1, keepdim=True), windows)
    windows = windows + chance.normal(1.0, *windows.shape[1:]) * planes(chance.uniform(2, 14) * chance.happens(strength.noise))
    quality = chance.uniform(20, 85)
    squeezed = chance.happens(strength.jpeg)
    windows = windows.clamp(0, 255)
    return in_groups(windows, squeezed, 1, lambda part, k: jpeg(part, quality[squeezed])).clamp(0, 255)


def draw(crops, points, painted, really_masked, chance, host, strength=Augment(), window=align.PERIOCULAR, normalisation=None):
    """Network input `float32[n, 3, h, w]` of `uint8[n, 128, 128, 3]` crops with their points (crop pixels).

    `normalisation` is a mean and a standard deviation, or three of each by channel; the window's own if there is none.

    `painted` bool[n] says which get a mask; `really_masked` bool[n] which show one already, so that none is painted and the
    points are as uncertain as they are under one.
    """
    painted = painted & ~really_masked
    uncertain = painted | (really_masked & chance.happens(0.5))
    strength = strength if window.by_eyes else replace(strength, by_eyes=0.0)
    to_window = square(torch.from_numpy(window.of_crop()).to(crops.device)[None]) @ jitter(points, chance, strength, uncertain)
    windows = cut_out(crops, to_window, window.height, window.width)
    inside = apply(to_window, points)
    windows = over_some(cover_brow, windows, inside, chance, chance.happens(strength.brow_cover))
    glasses, under = chance.happens(strength.glasses), chance.happens(0.5)
    windows = over_some(paint_glasses, windows, inside, chance, glasses & under)
    windows = over_some(paint_mask, windows, inside, chance, painted)
    windows = over_some(paint_glasses, windows, inside, chance, glasses & ~under)
    windows = cut_border(windows, chance, chance.happens(strength.border))
    windows = torch.where(planes(chance.happens(0.5)), windows.flip(3), windows)
    mean, span = (torch.as_tensor(v, dtype=torch.float32, device=crops.device).view(-1, 1, 1) for v in normalisation or window.normalisation)
    return (camera(windows, chance, strength, host) - mean) / span
