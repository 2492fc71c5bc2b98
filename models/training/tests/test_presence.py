"""A presence network goes on from its file, learns, and is written as the file it was."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE))

import embed_net  # noqa: E402
import presence_tune  # noqa: E402
from presence_data import SIDE  # noqa: E402

SHIPPED = next(HERE.parent.glob("presence-*.onnx"))


def looks(count, seed=0):
    """Live faces are smooth, attacks have lines: what a screen is to a camera, at its simplest."""
    rng = np.random.default_rng(seed)
    kind = np.tile([0, 1, 5, 0], count // 4).astype(np.int8)
    crops = np.repeat(rng.uniform(60, 190, (count, 1, 1, 1, 3)), 2, 1) + rng.normal(0, 4, (count, 2, SIDE, SIDE, 3))
    lines = 40 * np.sin(np.arange(SIDE) * 2.4)[None, None, :, None, None]
    crops += lines * (kind > 0)[:, None, None, None, None]
    return crops.clip(0, 255).astype(np.uint8), kind


class Presence(unittest.TestCase):
    def test_the_trainable_network_answers_as_the_file_does(self):
        network = embed_net.OnnxNet(SHIPPED, size=(SIDE, SIDE))
        x = np.random.default_rng(1).uniform(0, 255, (1, 3, SIDE, SIDE)).astype(np.float32)
        session = onnxruntime.InferenceSession(str(SHIPPED), providers=["CPUExecutionProvider"])
        theirs = session.run(None, {session.get_inputs()[0].name: x})[0]
        with torch.no_grad():
            self.assertLess(np.abs(network(torch.from_numpy(x)).numpy() - theirs).max(), 1e-3)

    def test_looks_are_drawn_anew_within_their_bytes(self):
        crops, _ = looks(8)
        rng = np.random.default_rng(0)
        first, second = (presence_tune.drawn(crops[:, 0], rng) for _ in range(2))
        self.assertEqual(first.shape, (8, 3, SIDE, SIDE))
        self.assertTrue(0 <= float(first.min()) and float(first.max()) <= 255)
        self.assertFalse(torch.equal(first, second))

    def test_what_was_trained_is_another_network_in_the_same_file(self):
        tmp_path = Path(self.enterContext(tempfile.TemporaryDirectory()))
        crops, kind = looks(160)
        masked = (np.arange(160) % 2).astype(np.float32)
        np.savez(tmp_path / "looks.npz", crops=crops, kind=kind, masked=masked, person=np.arange(160, dtype=np.uint32))
        out = tmp_path / "tuned.onnx"
        command = [sys.executable, "presence_tune.py", str(out), str(tmp_path / "looks.npz"), "--start", str(SHIPPED), "--passes", "2", "--keep", "0"]
        said = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True).stdout
        losses = [float(line.split("loss ")[1].split(",")[0]) for line in said.splitlines() if " loss " in line]
        self.assertLess(losses[1], losses[0])
        before, after = onnx.load(str(SHIPPED)), onnx.load(str(out))
        self.assertEqual([n.op_type for n in after.graph.node], [n.op_type for n in before.graph.node])
        self.assertLessEqual(out.stat().st_size, SHIPPED.stat().st_size + 100)
        session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
        x = np.ascontiguousarray(crops[0, 0, :, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32))
        network = embed_net.OnnxNet(out, size=(SIDE, SIDE))
        with torch.no_grad():
            self.assertLess(np.abs(network(torch.from_numpy(x)).numpy() - session.run(None, {session.get_inputs()[0].name: x})[0]).max(), 1e-3)


if __name__ == "__main__":
    unittest.main()
