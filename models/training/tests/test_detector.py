"""What a person would say is true of the detector's training. Run: python -m unittest discover -s models/training/tests"""

import pathlib
import sys
import tempfile
import unittest

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import torch  # noqa: E402

from detector import POSITIVES, loss_of, places, target_of  # noqa: E402
from detector_data import SIDE, points_of_box  # noqa: E402
from detector_measure import box_of, judge, overlap, suppressed, tiles  # noqa: E402
from landmarks_geometry import CANONICAL  # noqa: E402

MODEL = pathlib.Path(__file__).resolve().parents[2] / "detector-brow-1.onnx"


def perfect(anchors, targets):
    """Rows and logits of a detector that says every target at every anchor near it."""
    rows, logits = torch.zeros(len(anchors), 16), torch.full((len(anchors),), -12.0)
    for t in targets:
        near = (anchors - t[:2]).norm(dim=1).topk(POSITIVES, largest=False).indices
        rows[near, 0:2] = t[:2] - anchors[near]
        rows[near, 2:4] = t[2:4]
        rows[near, 4:12] = (t[4:12].reshape(4, 2) - anchors[near][:, None]).reshape(-1, 8)
        logits[near] = 12.0
    return rows, logits


class Loss(unittest.TestCase):
    def setUp(self):
        self.anchors = places(SIDE)
        faces = [CANONICAL * 0.4 + [20, 30], CANONICAL * 0.8 + [110, 100]]
        self.targets = torch.tensor(np.array([target_of(f) for f in faces]), dtype=torch.float32)
        self.yes = torch.ones(2, dtype=torch.bool)

    def test_a_perfect_answer_costs_next_to_nothing(self):
        rows, logits = perfect(self.anchors, self.targets)
        total, score, place = loss_of(rows[None], logits[None], [(self.targets, self.yes, self.yes)], self.anchors)
        self.assertLess(float(total), 1e-3)

    def test_a_missed_face_costs_more_than_a_found_one(self):
        rows, logits = perfect(self.anchors, self.targets[:1])
        total, _, _ = loss_of(rows[None], logits[None], [(self.targets, self.yes, self.yes)], self.anchors)
        self.assertGreater(float(total), 0.5)

    def test_a_place_that_does_not_count_costs_nothing_found_or_not(self):
        neither = torch.tensor([True, False])
        for found in (self.targets, self.targets[:1]):
            rows, logits = perfect(self.anchors, found)
            total, _, _ = loss_of(rows[None], logits[None], [(self.targets, self.yes, neither)], self.anchors)
            self.assertLess(float(total), 1e-3)


class Boxes(unittest.TestCase):
    def test_the_canonical_face_laid_into_a_box_has_that_box(self):
        box = np.array([80.0, 90.0, 84.0, 110.0])
        self.assertTrue(np.allclose(box_of(points_of_box(box)), box, atol=0.05))

    def test_of_two_boxes_on_one_face_the_better_stays(self):
        rows = [np.array([10.0, 10, 8, 8, 0.5]), np.array([10.5, 10, 8, 8, 0.9]), np.array([40.0, 40, 8, 8, 0.3])]
        self.assertEqual([r[4] for r in suppressed(rows)], [0.9, 0.3])

    def test_a_second_box_on_a_found_face_is_false(self):
        truth = np.array([[10.0, 10, 30, 30]])
        judged = judge([np.array([10.0, 10, 30, 30, 0.9]), np.array([60.0, 60, 30, 30, 0.8])], truth)
        self.assertEqual([hit for _, hit, _ in judged], [0, -1])

    def test_tiles_reach_every_corner(self):
        for share in (1, 0.5, 0.25):
            squares = np.array(tiles(640, 480, share))
            self.assertEqual((squares[:, 0].min(), squares[:, 1].min(), squares[:, 2].max(), squares[:, 3].max()), (0, 0, 640, 480))

    def test_overlap_is_one_with_itself(self):
        box = np.array([5.0, 5, 4, 2])
        self.assertAlmostEqual(float(overlap(box, box[None])[0]), 1, places=6)


@unittest.skipUnless(MODEL.exists(), "the detector is not here")
class Graph(unittest.TestCase):
    def test_the_trainable_network_answers_as_the_file_and_comes_back_unchanged(self):
        import onnx
        import onnxruntime
        from argparse import Namespace
        from detector import OnnxNet, export

        net = OnnxNet(onnx.load(MODEL))
        x = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            ours = net(x)
        with tempfile.TemporaryDirectory() as folder:
            checkpoint, out = f"{folder}/net.pt", f"{folder}/net.onnx"
            torch.save(net.state_dict(), checkpoint)
            export(Namespace(checkpoint=checkpoint, start=str(MODEL), out=out))
            theirs = onnxruntime.InferenceSession(out).run(None, {"input": x.numpy()})
        for a, b in zip(ours, theirs):
            self.assertLess(np.abs(a.numpy() - b).max(), 2e-3)


if __name__ == "__main__":
    unittest.main()
