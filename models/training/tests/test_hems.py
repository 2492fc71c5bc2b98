"""What a person would say is true of printed masks and of the branch that tells them. Run: python -m unittest discover -s models/training/tests"""

import pathlib
import sys
import tempfile
import unittest

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import onnx  # noqa: E402
import torch  # noqa: E402

import landmarks_prints  # noqa: E402
from landmarks_data import SIDE, to_crop  # noqa: E402
from landmarks_geometry import CANONICAL  # noqa: E402
from render_hems import render_lines, render_printed  # noqa: E402

SHIPPED = sorted(pathlib.Path(__file__).parent.parent.parent.glob("landmarks-*.onnx"))[-1]


def face():
    """Skin that is paler upwards, as the network's crop, and the points of a face in it."""
    rows = np.linspace(30, -30, SIDE, dtype=np.float32)[:, None, None]
    return np.full((SIDE, SIDE, 3), (190, 150, 130), np.float32) + rows, to_crop(CANONICAL)


class Drawing(unittest.TestCase):
    def test_the_same_seed_draws_the_same_and_leaves_the_given_picture(self):
        image, points = face()
        kept = image.copy()
        for draw in (lambda rng: render_printed(image, image, points, rng), lambda rng: render_lines(image, points, rng)):
            self.assertTrue(np.array_equal(draw(np.random.default_rng(3)), draw(np.random.default_rng(3))))
        self.assertTrue(np.array_equal(image, kept))

    def test_a_mask_printed_with_its_wearers_own_face_always_shows_a_hem(self):
        image, points = face()
        for seed in range(40):
            drawn = render_printed(image, image, points, np.random.default_rng(seed))
            self.assertGreater(np.abs(drawn - image).max(), 40, seed)

    def test_the_eyes_stay_free(self):
        image, points = face()
        right, left = np.round(points[:2]).astype(int)
        for seed in range(40):
            drawn = render_printed(image, image, points, np.random.default_rng(seed))
            for x, y in (right, left):
                self.assertLess(np.abs(drawn[y - 4:y - 1, x - 2:x + 3] - image[y - 4:y - 1, x - 2:x + 3]).mean(), 12, seed)

    def test_lines_of_every_kind_are_drawn_within_range(self):
        image, points = face()
        for seed in range(60):
            drawn = render_lines(image, points, np.random.default_rng(seed))
            self.assertEqual(drawn.shape, image.shape)
            self.assertTrue(drawn.min() >= 0 and drawn.max() <= 255)


class TheBranch(unittest.TestCase):
    def test_it_can_be_put_on_a_network_and_changes_nothing_but_the_masks_state(self):
        """A branch that answers nothing leaves the mask's logits too; one that does moves them alone."""
        torch.manual_seed(1)
        crops = np.random.default_rng(1).integers(0, 256, (4, SIDE, SIDE, 3), np.uint8)
        names = ["points", "spread", "face", "mask"]
        with tempfile.TemporaryDirectory() as folder:
            base = pathlib.Path(folder, "base.onnx")
            onnx.save(landmarks_prints.without_branch(onnx.load(SHIPPED)), base)
            before = landmarks_prints.opened(base, names).run(None, {"input": landmarks_prints.given(crops)})
            for answers in (False, True):
                branch = landmarks_prints.Branch()
                if answers:
                    torch.nn.init.normal_(branch.answer.weight)
                checkpoint, out = pathlib.Path(folder, "branch.pt"), pathlib.Path(folder, "out.onnx")
                torch.save(branch.state_dict(), checkpoint)
                landmarks_prints.export(str(checkpoint), str(base), str(out))
                after = landmarks_prints.opened(out, names).run(None, {"input": landmarks_prints.given(crops)})
                for name, a, b in zip(names[:3], before, after):
                    self.assertTrue(np.array_equal(a, b), name)
                self.assertEqual(np.array_equal(before[3], after[3]), not answers)


if __name__ == "__main__":
    unittest.main()
