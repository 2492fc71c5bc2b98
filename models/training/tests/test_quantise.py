"""What a person would say is true of networks made bytes."""

import pathlib
import sys
import unittest

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import operators  # noqa: E402
import quantise  # noqa: E402


def bottleneck():
    """A network of an embedder's layers in small, with channels of very different reach."""
    net = operators.Net((1, 3, 12, 10), seed=5)
    reach = net.const(np.geomspace(0.05, 5, 8).astype(np.float32).reshape(8, 1, 1))
    x = net.PRelu(net.conv("x", 3, 8, pads=[1, 1, 1, 1]), net.weights(8, 1, 1))
    a = net.PRelu(net.conv(net.Mul(x, reach), 8, 8, (1, 1)), net.weights(8, 1, 1))
    b = net.PRelu(net.conv(a, 8, 8, group=8, pads=[1, 1, 1, 1]), net.weights(8, 1, 1))
    gate = net.Sigmoid(net.conv(net.GlobalAveragePool(b), 8, 8, (1, 1)))
    y = net.Add(x, net.conv(net.Mul(b, gate), 8, 8, (1, 1)))
    return net.model(net.Gemm(net.Flatten(y), net.weights(6, 960), net.weights(6), transB=1))


def answers(model, pictures):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {"x": x[None]})[0] for x in pictures])


class Quantising(unittest.TestCase):
    def setUp(self):
        self.pictures = np.random.default_rng(1).uniform(-1, 1, (24, 3, 12, 10)).astype(np.float32)

    def test_a_network_of_bytes_answers_nearly_as_that_of_floats(self):
        model = bottleneck()
        right, found = answers(model, self.pictures), answers(quantise.quantised(model, self.pictures), self.pictures)
        cosines = (right * found).sum(1) / np.linalg.norm(right, axis=1) / np.linalg.norm(found, axis=1)
        self.assertGreater(cosines.min(), 0.99)

    def test_weights_have_seven_bits_and_no_zero_point(self):
        model = quantise.quantised(bottleneck(), self.pictures)
        constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        weights = [n for n in model.graph.node if n.op_type == "DequantizeLinear" and n.input[0] in constants]
        self.assertEqual(len(weights), 5)
        for node in weights:
            self.assertEqual(len(node.input), 2)
            self.assertLessEqual(np.abs(constants[node.input[0]].astype(int)).max(), 63)
            self.assertEqual(constants[node.input[1]].shape, constants[node.input[0]].shape[:1])

    def test_the_gate_of_squeeze_and_excitation_stays_as_it_is(self):
        model = quantise.quantised(bottleneck(), self.pictures)
        gate = next(n for n in model.graph.node if n.op_type == "Sigmoid")
        conv = next(n for n in model.graph.node if n.output[0] == gate.input[0])
        constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        self.assertEqual(constants[conv.input[1]].dtype, np.float32)

    def test_equalising_channels_changes_no_answer(self):
        network = quantise.Network(bottleneck())
        before = answers(network.write(), self.pictures)
        old = {name: values.copy() for name, values in network.constants.items()}
        quantise.equalise(network, self.pictures, quantise.gates(network), 0.5)
        self.assertTrue(any(np.abs(old[name] - network.constants[name]).max() > 1e-3 for name in old if old[name].dtype == np.float32))
        self.assertLess(np.abs(answers(network.write(), self.pictures) - before).max(), 1e-4 * np.abs(before).max())

    def test_a_layer_that_is_not_there_is_named(self):
        with self.assertRaisesRegex(ValueError, "nowhere"):
            quantise.quantised(bottleneck(), self.pictures, keep=["nowhere"])


if __name__ == "__main__":
    unittest.main()
