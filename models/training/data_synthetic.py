"""Simple drawn faces, so that the whole chain can be tried without a picture of anybody.

A drawn person is a handful of numbers (skin, hair, brows, eyes, lips, a mole or two); pictures of one person differ by
light, expression and small movements. No network learns anything about real faces from them.
"""
import csv

import cv2
import numpy as np

import align
import data


def draw_person(rng):
    """The numbers that make one drawn person."""
    return {
        "skin": rng.uniform(70, 235) * np.array([1.0, rng.uniform(0.68, 0.86), rng.uniform(0.5, 0.75)]),
        "hair": rng.uniform(10, 200, 3) * rng.uniform(0.2, 1.0),
        "iris": rng.uniform(20, 160, 3),
        "lips": np.array([rng.uniform(120, 200), rng.uniform(50, 110), rng.uniform(60, 120)]),
        "brow_height": rng.uniform(9, 15), "brow_thick": int(rng.integers(1, 5)), "brow_tilt": rng.normal(0, 2.5),
        "eye_wide": rng.uniform(5.5, 9), "eye_high": rng.uniform(2.2, 4.5), "hairline": rng.uniform(14, 32),
        "moles": [(rng.uniform(25, 87), rng.uniform(30, 62), rng.uniform(0.8, 2)) for _ in range(rng.integers(0, 4))],
    }


def draw_picture(person, rng):
    """One picture of a drawn person: `(uint8[160, 160, 3], points float32[5, 2])`."""
    points = align.CANONICAL + 24 + rng.normal(0, 0.6, (5, 2)).astype(np.float32)
    picture = np.ones((160, 160, 3), np.float32) * rng.uniform(20, 230, 3).astype(np.float32)
    colour = lambda name: tuple(float(v) for v in np.clip(person[name], 0, 255))
    centre = (80.0, 94.0)
    cv2.ellipse(picture, (centre, (98.0, 140.0), 0), colour("hair"), -1, cv2.LINE_AA)
    cv2.ellipse(picture, ((centre[0], centre[1] + person["hairline"] / 2), (90.0, 132.0 - person["hairline"]), 0), colour("skin"), -1, cv2.LINE_AA)
    for side, eye in zip((-1, 1), points[:2]):
        place = (float(eye[0]), float(eye[1]))
        cv2.ellipse(picture, (place, (2 * person["eye_wide"], 2 * person["eye_high"]), 0), (245.0, 245.0, 245.0), -1, cv2.LINE_AA)
        cv2.ellipse(picture, (place, (5.5, 5.5), 0), colour("iris"), -1, cv2.LINE_AA)
        brow = [eye + [dx, -person["brow_height"] + side * person["brow_tilt"] * dx / 9 + rng.normal(0, 0.3)] for dx in (-9, 9)]
        cv2.line(picture, *[tuple(int(v) for v in p) for p in brow], colour("hair"), person["brow_thick"], cv2.LINE_AA)
    for x, y, size in person["moles"]:
        cv2.circle(picture, (int(x + 24), int(y + 24)), int(np.ceil(size)), (60.0, 40.0, 30.0), -1, cv2.LINE_AA)
    nose = tuple(int(v) for v in points[2])
    cv2.line(picture, (nose[0], nose[1] - 14), nose, tuple(0.8 * v for v in colour("skin")), 2, cv2.LINE_AA)
    cv2.line(picture, *[tuple(int(v) for v in p) for p in points[3:]], colour("lips"), int(rng.integers(2, 5)), cv2.LINE_AA)
    ramp = 1 + rng.normal(0, 0.15) * np.linspace(-1, 1, 160, dtype=np.float32)[None, :, None]
    picture = picture * ramp * rng.uniform(0.75, 1.2) + rng.normal(0, 3, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8), points


def write_drawn_set(stem, people, pictures, seed=0):
    """An aligned set of drawn people, `person-000/0.png` and so on, with its people.csv."""
    rng = np.random.default_rng(seed)
    crops, rows = [], []
    for number in range(people):
        person = draw_person(rng)
        for k in range(pictures):
            crop, inside, px = align.align(*draw_picture(person, rng))
            crops.append(crop)
            rows.append([f"person-{number:03d}/{k}.png", "1.000", f"{px:.0f}"] + [f"{v:.2f}" for v in inside.reshape(-1)])
    data.write_set(stem, np.array(crops), rows)
    with open(f"{stem}.people.csv", "w", newline="") as file:
        csv.writer(file).writerows([("file", "person", "masked"), *((r[0], r[0].split("/")[0], 0) for r in rows)])
    return len(crops)
