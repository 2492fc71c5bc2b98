"""A landmark network read back from its file answers as the file does, and can be trained on."""
import pathlib
import sys
import tempfile
import unittest

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import landmarks
import landmarks_prints
import onnx

SHIPPED = sorted(pathlib.Path(__file__).parent.parent.parent.glob("landmarks-*.onnx"))[0]


class FromFile(unittest.TestCase):
    def test_it_answers_as_the_file_without_its_branch_and_exports_to_the_same(self):
        import onnxruntime

        pictures = torch.from_numpy(np.random.default_rng(1).normal(0, 0.5, (16, 3, landmarks.SIDE, landmarks.SIDE)).astype(np.float32))
        net = landmarks.from_file(SHIPPED, pictures)
        with tempfile.TemporaryDirectory() as folder:
            plain, again = pathlib.Path(folder, "plain.onnx"), pathlib.Path(folder, "again.onnx")
            onnx.save(landmarks_prints.without_branch(onnx.load(SHIPPED)), plain)
            landmarks.export(net, str(again))
            first, second = (onnxruntime.InferenceSession(str(path)) for path in (plain, again))
            names = [name for name, _ in landmarks.OUTPUTS]
            feed = {"input": pictures[:1].numpy()}
            there, here = np.concatenate(first.run(names, feed), 1), np.concatenate(second.run(names, feed), 1)
        with torch.no_grad():
            own = net.eval()(pictures[:1]).numpy()
        self.assertLess(np.abs(own - there).max(), 5e-3)
        self.assertLess(np.abs(here - there).max(), 3e-2)  # weights are halved once more, around other numbers

    def test_its_batch_norms_are_those_of_the_pictures(self):
        pictures = torch.from_numpy(np.random.default_rng(2).normal(0, 0.5, (32, 3, landmarks.SIDE, landmarks.SIDE)).astype(np.float32))
        net = landmarks.from_file(SHIPPED, pictures)
        with torch.no_grad():
            still, moving = net.eval()(pictures), net.train()(pictures)
        self.assertLess((still - moving).abs().max().item(), 0.05)


if __name__ == "__main__":
    unittest.main()
