"""What a person would say is true of the renderer. Run: python -m unittest discover -s models/training/tests"""

import pathlib
import sys
import unittest

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import cv2  # noqa: E402

from landmarks_geometry import CANONICAL, CANONICAL_FOUR, move, similarity  # noqa: E402
from render import (  # noqa: E402
    STYLES, WEARS, Head, mask_surface, print_on, render_beard, render_brim, render_closed_eyes, render_glasses, render_hand, render_mask,
    render_sunglasses,
)


def face(side=160, scale=1.0, turn=0.0):
    """A flat skin-coloured picture and points of a face in it, with its nose moved aside by `turn` eye distances."""
    image = np.full((side, side, 3), (190, 150, 130), np.float32)
    points = (CANONICAL - [56, 72]) * scale + side / 2
    points[2, 0] += turn * 35.2 * scale
    return image, points


def cover_at(info, point):
    x, y = np.round(point).astype(int)
    return info.alpha[y, x]


class Masks(unittest.TestCase):
    def test_the_same_seed_draws_the_same_mask(self):
        image, points = face()
        one, _ = render_mask(image, points, np.random.default_rng(5))
        two, _ = render_mask(image, points, np.random.default_rng(5))
        self.assertTrue(np.array_equal(one, two))

    def test_the_given_picture_is_left_as_it_was(self):
        image, points = face()
        before = image.copy()
        rng = np.random.default_rng(1)
        for draw in (render_mask, render_glasses, render_hand, render_sunglasses, render_brim, render_beard, render_closed_eyes):
            draw(image, points, rng)
        self.assertTrue(np.array_equal(image, before))

    def test_a_proper_mask_covers_nose_tip_and_mouth_but_not_the_eyes(self):
        for seed, style in enumerate(STYLES * 8):
            image, points = face(turn=0.2 * np.sin(seed))
            _, info = render_mask(image, points, np.random.default_rng(seed), style)
            self.assertEqual(info.state, "masked")
            self.assertGreater(cover_at(info, points[2]), 0.5, (seed, style))
            self.assertGreater(cover_at(info, points[3:].mean(0)), 0.99, (seed, style))
            self.assertLess(max(cover_at(info, points[0]), cover_at(info, points[1])), 0.5, (seed, style))

    def test_sunglasses_and_a_brim_change_the_eyes_and_leave_the_mouth(self):
        for seed in range(24):
            image, points = face(turn=0.2 * np.sin(seed))
            for draw in (render_sunglasses, render_brim):
                apart = np.abs(draw(image, points, np.random.default_rng(seed)) - image).mean(2)
                for eye in points[:2]:
                    x, y = np.round(eye).astype(int)
                    self.assertGreater(apart[y - 2:y + 3, x - 2:x + 3].mean(), 15, (seed, draw.__name__))
                x, y = np.round(points[3:].mean(0)).astype(int)
                self.assertLess(apart[y, x], 1, (seed, draw.__name__))

    def test_a_beard_leaves_eyes_and_lips_free_and_covers_the_chin(self):
        covered = []
        for seed in range(24):
            image, points = face()
            apart = np.abs(render_beard(image, points, np.random.default_rng(seed)) - image).mean(2)
            for free in (points[0], points[1], points[3:].mean(0)):
                x, y = np.round(free).astype(int)
                self.assertLess(apart[y, x], 25, seed)
            x, y = np.round(points[3:].mean(0) + [0, 16]).astype(int)
            covered.append(apart[y, x] > 10)
        self.assertGreater(np.mean(covered), 0.8)

    def test_lids_are_drawn_over_the_eyes_alone(self):
        image, points = face()
        rng = np.random.default_rng(2)
        image += rng.normal(0, 20, image.shape).astype(np.float32)
        apart = np.abs(render_closed_eyes(image, points, rng) - image).mean(2)
        for eye in points[:2]:
            x, y = np.round(eye).astype(int)
            self.assertGreater(apart[y - 2:y + 3, x - 2:x + 3].mean(), 5)
        x, y = np.round(points[2]).astype(int)
        self.assertLess(apart[y:, :].mean(), 1)

    def test_a_printed_mask_shows_the_other_face_where_it_covers_and_nothing_elsewhere(self):
        image, points = face()
        rng = np.random.default_rng(3)
        masked, info = render_mask(image, points, rng)
        other = np.zeros_like(image)
        other[..., 0] = 200
        printed = print_on(masked, image, info, other, rng)
        x, y = np.round(points[3:].mean(0)).astype(int)
        self.assertGreater(printed[y, x, 0] - printed[y, x, 1], 80)
        self.assertTrue(np.array_equal(printed[info.alpha == 0], masked[info.alpha == 0]))

    def test_a_mask_under_the_nose_leaves_the_nose_free_and_covers_the_mouth(self):
        for seed, style in enumerate(STYLES * 8):
            image, points = face()
            _, info = render_mask(image, points, np.random.default_rng(seed), style, "under_nose")
            self.assertEqual(info.state, "incorrect")
            self.assertLess(cover_at(info, points[2]), 0.1, (seed, style))
            self.assertGreater(cover_at(info, points[3:].mean(0)), 0.9, (seed, style))

    def test_a_mask_under_the_chin_leaves_the_mouth_free(self):
        for seed, style in enumerate(STYLES * 8):
            image, points = face()
            _, info = render_mask(image, points, np.random.default_rng(seed), style, "under_chin")
            self.assertEqual(info.state, "incorrect")
            self.assertLess(cover_at(info, points[3:].mean(0)), 0.1, (seed, style))
            self.assertGreater(info.alpha.sum(), 50, (seed, style))

    def test_a_mask_in_the_dark_is_dark(self):
        image, points = face()
        bright, info = render_mask(image, points, np.random.default_rng(3), "surgical")
        dark, _ = render_mask(image * 0.2, points, np.random.default_rng(3), "surgical")
        inside = info.alpha > 0.9
        self.assertLess(dark[inside].mean(), 0.5 * bright[inside].mean())

    def test_nothing_breaks_on_turned_tiny_or_outlying_faces(self):
        for seed in range(60):
            rng = np.random.default_rng(seed)
            image, points = face(scale=rng.uniform(0.1, 2.5), turn=rng.uniform(-0.9, 0.9))
            points = points + rng.uniform(-60, 60, 2)
            for wear in WEARS:
                made, info = render_mask(image, points, rng, wear=wear)
                made = render_hand(render_glasses(made, points, rng), points, rng)
                self.assertTrue(np.isfinite(made).all())
                self.assertTrue(0 <= info.alpha.min() and info.alpha.max() <= 1)

    def test_an_unknown_style_is_refused(self):
        image, points = face()
        with self.assertRaises(ValueError):
            render_mask(image, points, np.random.default_rng(0), "veil")


class Geometry(unittest.TestCase):
    def test_a_pixel_taken_back_onto_the_head_projects_onto_itself(self):
        _, points = face(turn=0.15)
        head, surface = Head(points), mask_surface(0.4, 0.65)
        columns, rows = np.meshgrid(np.arange(60, 100, dtype=np.float32), np.arange(70, 110, dtype=np.float32))
        x, y = head.unproject(columns, rows, surface, steps=12)
        again = head.project(x, y, surface(x, y))
        self.assertLess(np.abs(again - np.stack([columns, rows], -1)).max(), 0.2)

    def test_the_similarity_undoes_a_turn_a_scale_and_a_shift(self):
        turn = cv2.getRotationMatrix2D((20, 30), 25, 1.7)
        moved = move(CANONICAL, turn)
        back = similarity(moved, CANONICAL)
        self.assertLess(np.abs(move(moved, back) - CANONICAL).max(), 1e-9)

    def test_the_middle_of_the_mouth_is_between_its_corners(self):
        self.assertTrue(np.allclose(CANONICAL_FOUR[3], CANONICAL[3:].mean(0)))


if __name__ == "__main__":
    unittest.main()
