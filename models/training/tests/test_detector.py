"""What a person would say is true of the detector's training. Run: python -m unittest discover -s models/training/tests"""

import pathlib
import sys
import tempfile
import unittest

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import torch  # noqa: E402

from detector import MOST_FACES, MOST_POSITIVES, VALUES, DetectorNet, answers, checkpoint, graph_of, loss_of, target_of  # noqa: E402
from detector_blaze import EACH, ROW, BlazeNet  # noqa: E402
from detector_data import SIDE, Scenes, points_of_box  # noqa: E402
from detector_measure import anchors_of, box_of, judge, overlap, own_faces, suppressed, tiles  # noqa: E402
from landmarks_geometry import CANONICAL  # noqa: E402
from landmarks_label import stored  # noqa: E402
from landmarks_onnx import GraphBuilder, halve_weights  # noqa: E402


def perfect(anchors, targets):
    """Rows and logits of a detector that says every target at every anchor near it, for a batch of one."""
    rows, logits = torch.zeros(1, len(anchors), VALUES), torch.full((1, len(anchors)), -12.0)
    for t in targets:
        near = (anchors - t[:2]).norm(dim=1).topk(3 * MOST_POSITIVES, largest=False).indices
        rows[0, near, 0:2] = t[:2] - anchors[near]
        rows[0, near, 2:4] = t[2:4]
        rows[0, near, 4:12] = (t[4:12].reshape(4, 2) - anchors[near][:, None]).reshape(-1, 8)
        logits[0, near] = 12.0
    return rows, logits


class Loss(unittest.TestCase):
    def setUp(self):
        self.anchors, self.cells = map(torch.from_numpy, anchors_of(SIDE, SIDE))
        faces = [CANONICAL * 0.4 + [20, 30], CANONICAL * 0.8 + [110, 100]]
        self.targets = torch.tensor(np.array([target_of(f) for f in faces]), dtype=torch.float32)

    def cost(self, found, real=(1, 1)):
        """The loss of a detector that says `found` where both faces are, of which only some are to be found."""
        faces = torch.zeros(1, MOST_FACES, VALUES + 3)
        faces[0, :2, :VALUES] = self.targets
        faces[0, :2, VALUES:] = torch.tensor([[1.0, r, 1.0] for r in real])
        return float(loss_of(*perfect(self.anchors, found), faces, self.anchors, self.cells)[0])

    def test_a_perfect_answer_costs_next_to_nothing(self):
        self.assertLess(self.cost(self.targets), 1e-3)

    def test_a_missed_face_costs_more_than_a_found_one(self):
        self.assertGreater(self.cost(self.targets[:1]), 0.5)

    def test_a_place_that_does_not_count_costs_nothing_found_or_not(self):
        for found in (self.targets, self.targets[:1]):
            self.assertLess(self.cost(found, real=(1, 0)), 1e-3)

    def test_a_picture_of_nobody_costs_what_is_seen_in_it(self):
        nobody = torch.zeros(1, MOST_FACES, VALUES + 3)
        blind = loss_of(*perfect(self.anchors, []), nobody, self.anchors, self.cells)[0]
        seeing = loss_of(*perfect(self.anchors, self.targets), nobody, self.anchors, self.cells)[0]
        self.assertLess(float(blind), 1e-3)
        self.assertGreater(float(seeing), 1)

    def test_two_faces_at_one_place_teach_no_anchor_twice(self):
        faces = torch.zeros(1, MOST_FACES, VALUES + 3)
        faces[0, :2, :VALUES] = torch.stack([self.targets[0], self.targets[0] + 1])
        faces[0, :2, VALUES:] = 1
        rows, logits = perfect(self.anchors, self.targets[:1])
        rows.requires_grad_(True)
        total, _ = loss_of(rows, logits, faces, self.anchors, self.cells)
        total.backward()
        self.assertTrue(torch.isfinite(total) and torch.isfinite(rows.grad).all())


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


class OwnFaces(unittest.TestCase):
    def test_an_answer_lies_where_its_anchor_is_in_the_scene_itself(self):
        face = CANONICAL * 0.5 + [40, 20]  # in a scene of 200 x 160 pixels, seen at half the size

        class Session:
            def run(self, names, feed):
                _, _, height, width = feed["input"].shape
                anchors = np.concatenate([
                    [((x + 0.5) * c, (y + 0.5) * c) for y in range(height // c) for x in range(width // c)] for c in (8, 16)
                ])
                rows, logits = np.zeros((1, len(anchors), VALUES), np.float32), np.full((1, len(anchors), 1), -9.0)
                four = np.array([*face[:3], face[3:].mean(0)]) / 2 + 0.5
                for k in (40, len(anchors) - 3):  # one of each grid
                    rows[0, k, 4:] = (four - anchors[k]).reshape(-1)
                    logits[0, k] = 3.0
                return rows, logits

        found = own_faces(Session(), np.zeros((160, 200, 3), np.uint8), [100])
        self.assertEqual(len(found), 1)
        self.assertTrue(np.allclose(found[0][:4], box_of(face), atol=1.5), (found[0], box_of(face)))
        self.assertAlmostEqual(float(found[0][4]), 1 / (1 + np.exp(-3)), places=5)


class Drawing(unittest.TestCase):
    def test_some_scenes_show_nobody(self):
        import cv2

        jpeg = cv2.imencode(".jpg", np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8))[1].tobytes()
        face = np.array([[*(CANONICAL * 0.5).reshape(-1), 1, 1, 1, 55]], np.float32)
        with tempfile.TemporaryDirectory() as folder:
            np.savez(f"{folder}/scenes.npz", jpeg=stored([jpeg]), faces=stored([face]))
            np.savez(f"{folder}/faceless.npz", jpeg=stored([jpeg, jpeg]))
            scenes = Scenes(f"{folder}/scenes.npz", None, f"{folder}/faceless.npz")
        rng = np.random.default_rng(1)
        drawn = [scenes._scene(rng) for _ in range(60)]
        self.assertTrue(all(image.shape == (SIDE, SIDE, 3) for image, _, _ in drawn))
        nobody = sum(len(rows) == 0 for _, rows, _ in drawn)
        self.assertTrue(5 < nobody < 30, nobody)


def small_blazeface():
    """A file of BlazeFace's kind: its operators, uneven pads, two and six anchors a cell, of which the second and the fifth answer most."""
    rng = np.random.default_rng(0)
    g = GraphBuilder("small", [1, 3, "height", "width"])

    def conv(x, name, out, into, size=1, stride=1, pads=(0, 0, 0, 0), bias=None):
        weight = rng.normal(0, (1 / (into * size * size)) ** 0.5, (out, into, size, size))
        return g.conv(x, name, weight, np.zeros(out, np.float32) if bias is None else bias, stride, pads)

    x = g.node("Relu", [conv("input", "stem", 8, 3, 5, 4, (0, 0, 1, 1))], "stem.relu")
    short = g.node("Pad", [g.node("MaxPool", [x], "pool", kernel_shape=[2, 2], strides=[2, 2]),
                           g.constant("pads", np.array([0, 0, 0, 0, 0, 4, 0, 0], np.int64))], "short", mode="constant")
    fine = g.node("Relu", [g.node("Add", [short, conv(x, "down", 12, 8, 3, 2, (0, 0, 1, 1))], "sum")], "fine")
    coarse = g.node("Relu", [conv(fine, "deep", 16, 12, 3, 2, (0, 0, 1, 1))], "coarse")
    made = {"regressors": [], "scores": []}
    for x, channels, each, loud in ((fine, 12, EACH[0], 1), (coarse, 16, EACH[1], 4)):
        for name, size in (("regressors", ROW), ("scores", 1)):
            bias = np.zeros(each * size, np.float32)
            if size == 1:
                bias[loud] = 5
            y = g.node("Transpose", [conv(x, f"{name}{each}", each * size, channels, bias=bias)], f"{name}{each}.nhwc", perm=[0, 2, 3, 1])
            made[name].append(g.reshape(y, f"{name}{each}.rows", [1, -1, size]))
    for name, parts in made.items():
        g.node("Concat", parts, name, axis=1)
        g.output(name, [1, "anchors", ROW if name == "regressors" else 1])
    return halve_weights(g.model("test", "small")).SerializeToString()


class Graph(unittest.TestCase):
    def test_the_file_answers_as_the_trained_network_at_any_size(self):
        import onnxruntime

        torch.manual_seed(0)
        net = DetectorNet(1.5)
        with torch.no_grad():
            for _ in range(3):
                answers(net, torch.randn(4, 3, 64, 64))  # so that the batch norms have seen something
            for name, weight in net.named_parameters():
                weight.copy_(weight.half().float()) if "head" in name else None
            net.eval()
            for height, width in ((64, 96), (128, 128)):
                x = torch.randn(1, 3, height, width)
                theirs = onnxruntime.InferenceSession(graph_of(net).SerializeToString()).run(None, {"input": x.numpy()})
                self.assertEqual(theirs[0].shape, (1, height * width // 64 + height * width // 256, VALUES))
                for ours, other in zip(answers(net, x), theirs):
                    self.assertLess(np.abs(ours.numpy() - other).max(), 0.02 * np.abs(other).max())

    def test_a_detector_that_starts_from_blazeface_answers_as_its_anchors_did_and_so_does_its_file(self):
        import onnxruntime

        blaze = small_blazeface()
        chosen = BlazeNet(blaze).busiest(torch.randn(2, 3, 64, 64))
        self.assertEqual(chosen, (1, 4))
        net, x = BlazeNet(blaze, chosen).eval(), torch.randn(1, 3, 64, 96)
        theirs = onnxruntime.InferenceSession(blaze).run(["regressors", "scores"], {"input": x.numpy()})
        exported = onnxruntime.InferenceSession(graph_of(net).SerializeToString()).run(None, {"input": x.numpy()})
        with torch.no_grad():
            ours = [part.numpy() for part in answers(net, x)]
        first, kept = 0, []
        for each, anchor, stride in zip(EACH, chosen, (8, 16)):
            last = first + each * 64 * 96 // stride**2
            kept += range(first + anchor, last, each)
            first = last
        for mine, file, their in zip(ours, exported, theirs):
            their = their[:, kept, : mine.shape[2]]
            self.assertEqual(mine.shape, their.shape)
            self.assertLess(np.abs(mine - their).max(), 1e-4 * np.abs(their).max())
            self.assertLess(np.abs(file - their).max(), 0.02 * np.abs(their).max())

    def test_a_checkpoint_of_another_width_is_refused_in_words(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/narrow.pt"
            torch.save({"net": DetectorNet(0.5).state_dict(), "width": 0.5}, path)
            self.assertEqual(checkpoint(path, "cpu", 0.5)["width"], 0.5)
            with self.assertRaisesRegex(SystemExit, "is of width 0.5. Give --width 0.5"):
                checkpoint(path, "cpu", 1.0)


if __name__ == "__main__":
    unittest.main()
