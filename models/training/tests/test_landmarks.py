"""What a person would say is true of the second look. Run: python -m unittest discover -s models/training/tests"""

import pathlib
import sys
import tempfile
import unittest

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from blazeface import anchors, intersection_over_union, same_padding  # noqa: E402
from landmarks_data import SIDE, WINDOW, crop_frame, cut, degrade, jitter, to_crop  # noqa: E402
from landmarks_geometry import CANONICAL, CANONICAL_FOUR, move  # noqa: E402
from landmarks_label import settle  # noqa: E402


class Crops(unittest.TestCase):
    def test_a_face_that_lies_canonically_lands_on_the_canonical_places_of_the_crop(self):
        points = 3.0 * CANONICAL + [200, 100]
        placed = move(points, crop_frame(points))
        self.assertLess(np.abs(placed - to_crop(CANONICAL)).max(), 1e-6)
        self.assertAlmostEqual(np.linalg.norm(placed[1] - placed[0]), 35.24 * SIDE / WINDOW, places=1)

    def test_four_points_place_the_crop_as_five_do(self):
        points = 2.0 * CANONICAL + [50, 70]
        four = 2.0 * CANONICAL_FOUR + [50, 70]
        self.assertLess(np.abs(crop_frame(points) - crop_frame(four)).max(), 1e-6)

    def test_a_large_face_is_shrunk_without_moving_it(self):
        rows, columns = np.mgrid[0:1200, 0:1200].astype(np.float32)
        points = 9.0 * CANONICAL + [100, 80]
        centre = points[2]
        spot = 255 * np.exp(-((columns - centre[0]) ** 2 + (rows - centre[1]) ** 2) / (2 * 40.0 ** 2))
        crop = cut(np.repeat(spot[..., None], 3, 2).astype(np.uint8), crop_frame(points))[..., 0].astype(float)
        y, x = np.mgrid[0:SIDE, 0:SIDE]
        found = np.array([(crop * x).sum(), (crop * y).sum()]) / crop.sum()
        self.assertLess(np.abs(found - to_crop(CANONICAL)[2]).max(), 0.1)

    def test_a_misplaced_crop_is_farther_off_than_any_that_counts_as_a_face(self):
        rng = np.random.default_rng(0)
        middle = np.array([[(SIDE - 1) / 2, (SIDE - 1) / 2]])
        for _ in range(200):
            self.assertLess(np.abs(move(middle, jitter(rng, False)) - middle).max(), 0.2 * SIDE)

    def test_degrading_keeps_size_and_range(self):
        rng = np.random.default_rng(0)
        for _ in range(100):
            made = degrade(rng.uniform(0, 255, (SIDE, SIDE, 3)).astype(np.float32), rng)
            self.assertEqual(made.shape, (SIDE, SIDE, 3))
            self.assertTrue(made.min() >= 0 and made.max() <= 255)


class Labels(unittest.TestCase):
    def test_looks_that_agree_have_no_spread_and_one_look_is_none(self):
        looks = np.repeat(CANONICAL[None], 4, 0)
        points, spread = settle(looks, 5)
        self.assertTrue(np.allclose(points, CANONICAL, atol=1e-4))
        self.assertAlmostEqual(float(spread), 0, places=4)
        points, spread = settle(looks[:1], 5)
        self.assertTrue(np.isnan(points).all() and np.isinf(spread))


class BlazeFaceParts(unittest.TestCase):
    def test_an_odd_rest_of_padding_goes_behind(self):
        self.assertEqual(same_padding(128, 5, 2), (1, 2))
        self.assertEqual(same_padding(64, 3, 2), (0, 1))
        self.assertEqual(same_padding(64, 3, 1), (1, 1))

    def test_there_are_896_anchors_inside_the_picture(self):
        rows = anchors()
        self.assertEqual(rows.shape, (896, 2))
        self.assertTrue((rows > 0).all() and (rows < 1).all())

    def test_a_box_overlaps_itself_wholly_and_a_far_one_not_at_all(self):
        box = np.array([10.0, 10, 4, 4])
        found = intersection_over_union(box, np.array([[10.0, 10, 4, 4], [30, 30, 4, 4], [12, 10, 4, 4]]))
        self.assertTrue(np.allclose(found, [1, 0, 1 / 3], atol=1e-6))


class Export(unittest.TestCase):
    def test_the_exported_network_answers_as_the_trained_one(self):
        import onnxruntime
        import torch
        from landmarks import OUTPUTS, LandmarkNet, export

        torch.manual_seed(0)
        net = LandmarkNet()
        for _ in range(3):  # so that the batch norms are not idle
            net(torch.randn(8, 3, SIDE, SIDE))
        net.eval()
        x = torch.randn(1, 3, SIDE, SIDE)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "net.onnx"
            export(net, path)
            self.assertLess(path.stat().st_size, 400_000)
            answers = onnxruntime.InferenceSession(str(path)).run([n for n, _ in OUTPUTS], {"input": x.numpy()})
        with torch.no_grad():
            expected = net(x).numpy()
        self.assertLess(np.abs(np.concatenate(answers, 1) - expected).max(), 5e-3)


if __name__ == "__main__":
    unittest.main()
