"""What a person would say is true of aligning, augmenting, losses, training and measuring the embedder."""

import contextlib
import csv
import io
import pathlib
import random
import sys
import tempfile
import types
import unittest
from dataclasses import replace
from unittest import mock

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import onnx  # noqa: E402
import torch  # noqa: E402

import align  # noqa: E402
import data  # noqa: E402
import data_people  # noqa: E402
import data_synthetic  # noqa: E402
import embed_evaluate  # noqa: E402
import embed_losses  # noqa: E402
import embed_net  # noqa: E402
import embed_smoke  # noqa: E402
import embed_train  # noqa: E402
import embed_views  # noqa: E402
import embed_within  # noqa: E402
import quantise  # noqa: E402
import teachers  # noqa: E402


def similarity(angle, scale, x, y):
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c, -s, x], [s, c, y]], np.float32)


def units(rng, n, d):
    return teachers.unit(rng.normal(size=(n, d))).astype(np.float32)


class Alignment(unittest.TestCase):
    def test_a_similarity_is_found_again_from_its_points(self):
        true = similarity(0.3, 1.7, 12, -5)
        found = align.fit_similarity(align.CANONICAL, align.apply(true, align.CANONICAL))
        np.testing.assert_allclose(found, true, atol=1e-3)

    def test_mirrored_points_do_not_mirror_the_picture(self):
        mirrored = align.CANONICAL * [-1, 1]
        self.assertGreater(np.linalg.det(align.fit_similarity(mirrored, align.CANONICAL)[:, :2]), 0)

    def test_points_in_one_place_are_refused(self):
        with self.assertRaisesRegex(ValueError, "coincide"):
            align.fit_similarity(np.ones((5, 2)), align.CANONICAL)

    def test_a_point_of_small_weight_hardly_moves_the_fit(self):
        wrong = align.CROP_POINTS + np.array([[0, 0]] * 3 + [[0, 12]] * 2, np.float32)
        eyes = lambda matrix: np.abs(align.apply(matrix, wrong)[:2] - align.CROP_POINTS[:2]).max()
        self.assertLess(eyes(align.by_eyes(wrong)), 0.6 * eyes(align.fit_similarity(wrong, align.CROP_POINTS)))
        np.testing.assert_allclose(align.apply(align.by_eyes(align.CROP_POINTS), align.CROP_POINTS), align.CROP_POINTS, atol=1e-3)

    def test_the_points_of_a_turned_small_face_land_on_the_canonical_ones(self):
        points = align.apply(similarity(-0.4, 0.9, 60, 80), align.CANONICAL)
        _, inside, px = align.align(np.zeros((240, 240, 3), np.uint8), points)
        np.testing.assert_allclose(inside, align.CROP_POINTS, atol=0.01)
        self.assertAlmostEqual(px, 112 * 0.9, delta=0.1)

    def test_the_window_shows_the_eyes_where_the_design_says(self):
        eyes = align.apply(align.PERIOCULAR.of_crop(), align.CROP_POINTS[:2])
        np.testing.assert_allclose(eyes, (align.CANONICAL[:2] - [56, 12]) * 1.2 + [56, 0], atol=1e-3)

    def test_shrinking_does_not_alias(self):
        stripes = np.zeros((400, 400, 3), np.uint8)
        stripes[:, ::2] = 255
        small = align.warp(stripes, similarity(0, 0.25, 0, 0), 100, 100)
        self.assertLess(int(small[5:-5, 5:-5].std()), 8)

    def test_a_file_that_is_no_picture_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "broken.jpg"
            path.write_bytes(b"not a picture")
            with self.assertRaisesRegex(align.BadPicture, "broken.jpg does not decode"):
                align.read_picture(path)


class Augmentation(unittest.TestCase):
    def setUp(self):
        rng = np.random.default_rng(0)
        self.crop, self.points, _ = align.align(*data_synthetic.draw_picture(data_synthetic.draw_person(rng), rng))

    def drawn(self, seed, count=24, window=align.PERIOCULAR):
        crops, points = torch.from_numpy(self.crop).expand(count, -1, -1, -1), torch.from_numpy(self.points).expand(count, 5, 2)
        state = torch.arange(count) % 3
        chance = embed_views.Chance(count, "cpu", seed)
        return embed_views.draw(crops, points, state == 1, state == 2, chance, random.Random(seed), window=window)

    def test_the_same_seed_draws_the_same_views(self):
        torch.testing.assert_close(self.drawn(7), self.drawn(7), rtol=0, atol=0)
        self.assertGreater(float((self.drawn(7) - self.drawn(8)).abs().mean()), 0.01)

    def test_views_have_the_networks_shape_and_range(self):
        for seed in range(6):
            for window in (align.PERIOCULAR, align.FULL, align.CLOSE):
                x = self.drawn(seed, window=window)
                self.assertEqual((x.shape, x.dtype), ((24, 3, window.height, window.width), torch.float32))
                self.assertTrue(torch.isfinite(x).all() and x.abs().max() <= 1.0)

    def test_without_any_nuisance_a_view_is_the_products_window(self):
        none = embed_views.Augment(**{name: 0.0 for name in vars(embed_views.Augment())})
        chance, no = embed_views.Chance(4, "cpu", 1), torch.zeros(4, dtype=torch.bool)
        crops, points = torch.from_numpy(self.crop).expand(4, -1, -1, -1), torch.from_numpy(align.CROP_POINTS).expand(4, 5, 2)
        for window in (align.PERIOCULAR, align.FULL, align.CLOSE):
            views = embed_views.draw(crops, points, no, no, chance, random.Random(1), none, window)
            shown = align.to_network(window.cut(self.crop))
            nearest = [min(np.abs(v.numpy() - w).mean() for w in (shown, shown[..., ::-1])) for v in views]
            self.assertLess(max(nearest), 0.01)

    def test_a_painted_mask_covers_below_the_eyes_and_leaves_the_brows(self):
        windows = torch.full((40, 3, 64, 112), 150.0)
        points = torch.from_numpy(align.apply(align.PERIOCULAR.of_crop(), align.CROP_POINTS)).expand(40, 5, 2)
        covered = embed_views.paint_mask(windows, points, embed_views.Chance(40, "cpu", 3))
        changed = ((covered - 150).abs().mean(1) > 20).float().sum(0)
        self.assertGreater(float(changed[60:, 40:72].mean()), 20)
        self.assertLess(float(changed[:25].mean()), 1)

    def test_what_is_painted_over_some_leaves_the_others_alone(self):
        windows, points = torch.full((6, 3, 64, 112), 150.0), torch.from_numpy(align.CANONICAL).expand(6, 5, 2)
        some = torch.tensor([True, False, False, True, False, True])
        for where in (some, torch.zeros(6, dtype=torch.bool)):
            painted = embed_views.over_some(embed_views.paint_mask, windows, points, embed_views.Chance(6, "cpu", 3), where)
            self.assertEqual(((painted - windows).abs().amax((1, 2, 3)) > 20).tolist(), where.tolist())

    def test_a_mask_on_the_whole_face_covers_the_mouth_and_neither_the_eyes_nor_the_corners_below(self):
        windows = torch.full((40, 3, 112, 112), 150.0)
        points = torch.from_numpy(align.CANONICAL).expand(40, 5, 2)
        covered = embed_views.paint_mask(windows, points, embed_views.Chance(40, "cpu", 3))
        changed = ((covered - 150).abs().mean(1) > 20).float().sum(0)
        self.assertGreater(float(changed[85:95, 45:67].mean()), 30)
        self.assertLess(float(changed[:52].mean()), 2)
        self.assertLess(float(changed[104:, :8].mean() + changed[104:, -8:].mean()), 4)

    def test_points_go_astray_further_under_a_mask(self):
        points, count = torch.from_numpy(self.points), 300
        spread = lambda masked: float(
            (embed_views.misplaced(
                points.expand(count, 5, 2), embed_views.Chance(count, "cpu", 2), embed_views.Augment(), torch.full((count,), masked)
            ) - points)[:, 3:, 1].std()
        )
        self.assertGreater(spread(True), 2 * spread(False))

    def test_batched_similarities_are_those_of_one_face(self):
        points = torch.from_numpy(self.points + np.random.default_rng(3).normal(0, 2, (6, 5, 2)).astype(np.float32))
        weights = torch.from_numpy(align.EYES_WEIGHTS).float()
        goal = torch.from_numpy(align.CROP_POINTS).expand(6, 5, 2)
        found = embed_views.fit_similarity(points, goal, weights)
        for one, matrix in zip(points, found):
            np.testing.assert_allclose(matrix, align.fit_similarity(one.numpy(), align.CROP_POINTS, align.EYES_WEIGHTS), atol=1e-3)

    def test_jpeg_at_full_quality_keeps_the_picture_and_at_low_quality_does_not(self):
        window = torch.from_numpy(align.PERIOCULAR.cut(self.crop).astype(np.float32).transpose(2, 0, 1))[None]
        error = [float((embed_views.jpeg(window, torch.tensor([q])) - window).abs().mean()) for q in (100.0, 10.0)]
        self.assertLess(error[0], 3)
        self.assertGreater(error[1], 2 * error[0])


class Losses(unittest.TestCase):
    def setUp(self):
        self.rng = np.random.default_rng(1)
        self.prototypes = torch.from_numpy(units(self.rng, 20, 16))
        self.classes = torch.arange(8)

    def test_the_teacher_loss_is_zero_only_on_the_target(self):
        self.assertAlmostEqual(float(embed_losses.teacher_loss(self.prototypes, self.prototypes)), 0, places=5)
        self.assertAlmostEqual(float(embed_losses.teacher_loss(-self.prototypes, self.prototypes)), 2, places=5)

    def test_softmax_prefers_the_right_identity(self):
        right = embed_losses.margin_softmax(self.prototypes[:8], self.classes, self.prototypes)
        wrong = embed_losses.margin_softmax(self.prototypes[8:16], self.classes, self.prototypes)
        self.assertLess(float(right), 0.2)
        self.assertGreater(float(wrong), 3)

    def test_a_class_too_alike_is_neither_right_nor_wrong(self):
        twin = torch.cat([self.prototypes, self.prototypes[:1]])
        alone = embed_losses.margin_softmax(self.prototypes[:1], torch.tensor([0]), self.prototypes)
        beside = embed_losses.margin_softmax(self.prototypes[:1], torch.tensor([0]), twin)
        self.assertAlmostEqual(float(alone), float(beside), places=3)

    def test_pairs_are_content_when_everybody_finds_themselves(self):
        x = self.prototypes[:8]
        self.assertLess(float(embed_losses.pull_pairs(x, x, self.classes)), float(embed_losses.pull_pairs(x, x.flip(0), self.classes)))

    def test_other_pictures_of_the_same_person_do_not_count_as_strangers(self):
        x = self.prototypes[:2]
        same = torch.cat([x, x[:1]])
        loss = embed_losses.pull_pairs(same, same, torch.tensor([0, 1, 0]))
        self.assertAlmostEqual(float(loss), float(embed_losses.pull_pairs(x, x, torch.tensor([0, 1]))), delta=0.05)


class Network(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name) / "tiny.onnx"
        embed_smoke.tiny_network(self.path, 64, 112, 8, 0)

    def tearDown(self):
        self.folder.cleanup()

    def test_torch_and_onnx_runtime_agree_on_the_file(self):
        self.assertLess(embed_net.largest_difference(embed_net.OnnxNet(self.path), self.path), 1e-5)

    def test_an_exported_network_reads_back_with_the_same_answers(self):
        network = embed_net.OnnxNet(self.path)
        out = self.path.with_name("out.onnx")
        embed_net.export(network, out)
        self.assertLess(embed_net.largest_difference(network, out), 2e-3)
        self.assertEqual(embed_net.OnnxNet(out).fingerprint(), network.fingerprint())

    def test_a_networks_own_scale_of_its_input_moves_into_how_its_bytes_are_drawn(self):
        picture = np.random.default_rng(2).integers(0, 256, (64, 112, 3)).astype(np.uint8)
        network = embed_net.OnnxNet(self.path)
        ours = network(torch.from_numpy(align.to_network(picture, *network.normalisation))[None]).detach().numpy()
        theirs = teachers.run(teachers.session(self.path), align.to_network(picture)[None])
        np.testing.assert_allclose(ours, theirs, atol=2e-3 * np.abs(theirs).max())
        out = self.path.with_name("out.onnx")
        embed_net.export(network, out)
        self.assertEqual(embed_net.OnnxNet(out).own_scale[0].tolist(), [1, 1, 1])

    def test_a_strided_depthwise_convolution_passes_the_same_gradient_as_torch(self):
        for side in (7, 8):
            x, weight, bias = (torch.randn(s, dtype=torch.float64, requires_grad=True) for s in ((2, 6, side, side), (6, 1, 3, 3), (6,)))
            own = lambda *values: embed_net.StridedDepthwise.apply(*values, [2, 2], [1, 1])
            self.assertTrue(torch.autograd.gradcheck(own, (x, weight, bias)))
            torch.testing.assert_close(own(x, weight, bias), torch.nn.functional.conv2d(x, weight, bias, 2, 1, 1, 6))

    def test_fixed_slopes_pass_the_same_gradient_as_torch(self):
        x = torch.randn(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
        slope = torch.tensor([0.1, -0.2, 1.5], dtype=torch.float64)
        self.assertTrue(torch.autograd.gradcheck(lambda v: embed_net.FixedPRelu.apply(v, slope), x))

    def test_weights_of_another_architecture_are_refused(self):
        other = self.path.with_name("other.onnx")
        embed_smoke.tiny_network(other, 64, 112, 9, 0)
        network, foreign = embed_net.OnnxNet(self.path), embed_net.OnnxNet(other)
        with self.assertRaisesRegex(embed_net.OtherArchitecture, "another architecture"):
            network.load_weights(foreign.state_dict(), foreign.fingerprint(), "checkpoint.pt")

    def test_a_network_of_bytes_is_read_as_one_of_floats(self):
        pictures = np.random.default_rng(6).normal(0, 0.5, (16, 3, 64, 112)).astype(np.float32)
        rounded = self.path.with_name("rounded.onnx")
        onnx.save(quantise.quantised(onnx.load(self.path), pictures), rounded)
        self.assertIn("QuantizeLinear", {node.op_type for node in onnx.load(rounded).graph.node})
        with torch.no_grad():
            floats, bytes_ = (teachers.unit(embed_net.OnnxNet(path)(torch.from_numpy(pictures)).numpy()) for path in (self.path, rounded))
        self.assertGreater(float((floats * bytes_).sum(1).min()), 0.99)

    def test_a_network_of_bytes_is_trained_as_one_and_written_as_one(self):
        windows = np.random.default_rng(5).normal(0, 0.5, (8, 3, 64, 112)).astype(np.float32)
        with tempfile.TemporaryDirectory() as folder:
            source, again = pathlib.Path(folder, "bytes.onnx"), pathlib.Path(folder, "again.onnx")
            onnx.save(quantise.quantised(onnx.load(self.path), windows), source)
            network = embed_net.OnnxNet(source, rounded=True)
            self.assertLess(embed_net.largest_difference(network, source), 0.05)
            embed_net.export_bytes(network, source, again)
            self.assertEqual(source.read_bytes(), again.read_bytes())
            network(torch.from_numpy(windows[:2])).square().sum().backward()
            self.assertGreater(min(float(network.weights[name].grad.abs().sum()) for name in network.grids), 0)
            with torch.no_grad():
                for name in network.grids:
                    network.weights[name].mul_(0.9)
            embed_net.export_bytes(network, source, again)
            self.assertNotEqual(source.read_bytes(), again.read_bytes())
            self.assertLess(embed_net.largest_difference(network, again), 0.05)

    def test_training_rounded_wants_a_network_of_bytes(self):
        with self.assertRaisesRegex(embed_net.OtherArchitecture, "quantise.py"):
            embed_net.OnnxNet(self.path, rounded=True)

    def test_a_narrowed_network_keeps_the_angles_that_its_templates_span(self):
        rng = np.random.default_rng(5)
        wide = self.path.with_name("wide.onnx")
        network = embed_net.OnnxNet(self.path)
        network.plan.append(("Gemm", [network.exit, "fc", "bias"], ["wide"], {"transB": 1}))
        few = rng.normal(size=(4, 8)).astype(np.float32)
        for name, values in (("fc", rng.normal(size=(12, 4)) @ few), ("bias", np.zeros(12))):
            network.weights[name] = torch.nn.Parameter(torch.from_numpy(values.astype(np.float32)))
        network.exit = "wide"
        embed_net.export(network, wide)
        pictures = rng.normal(0, 0.5, (20, 3, 64, 112)).astype(np.float32)
        maps = embed_net.last_maps(embed_net.OnnxNet(wide), pictures)
        self.assertEqual(maps.shape, (20, 8, 1, 1))
        with torch.no_grad():
            before = teachers.unit(embed_net.OnnxNet(wide)(torch.from_numpy(pictures)).numpy())
            after = teachers.unit(embed_net.narrowed(embed_net.OnnxNet(wide), maps, 4)(torch.from_numpy(pictures)).numpy())
        self.assertEqual(after.shape, (20, 4))
        np.testing.assert_allclose(after @ after.T, before @ before.T, atol=1e-2)
        with self.assertRaisesRegex(ValueError, "cannot fix 13"):
            embed_net.narrowed(embed_net.OnnxNet(wide), maps, 13)
        with self.assertRaisesRegex(embed_net.OtherArchitecture, "fully connected"):
            embed_net.narrowed(embed_net.OnnxNet(self.path), maps, 4)

    def test_a_last_layer_gets_back_what_narrowing_took_and_keeps_what_it_learned(self):
        rng = np.random.default_rng(11)
        weight, bias, learned, side = (rng.normal(size=s).astype(np.float32) for s in ((6, 24), (6,), (3, 24), (3,)))
        kept = np.linalg.qr(rng.normal(size=(6, 3)))[0].T.astype(np.float32)

        def net(weight, bias):
            plan = [("Gemm", ["maps", "fc", "bias"], ["out"], {"transB": 1})]
            return types.SimpleNamespace(plan=plan, weights={k: torch.nn.Parameter(torch.from_numpy(v)) for k, v in (("fc", weight), ("bias", bias))})

        of = lambda network: [network.weights[name].detach().numpy() for name in ("fc", "bias")]
        wide = embed_net.headed(net(kept @ weight, kept @ bias), net(weight, bias))
        for ours, theirs in zip(of(wide), (weight, bias)):
            np.testing.assert_allclose(ours, theirs, atol=1e-4)
        narrow = net(kept @ weight + 0.1 * learned, kept @ bias + 0.1 * side)
        was = of(narrow)
        changed = of(embed_net.headed(narrow, net(weight, bias)))
        self.assertGreater(np.abs(changed[0] - weight).max(), 0.01)
        again = np.linalg.lstsq(weight.T, was[0].T, rcond=None)[0].T
        for ours, own in zip(changed, was):
            np.testing.assert_allclose(again @ ours, own, atol=1e-4)
        with self.assertRaisesRegex(embed_net.OtherArchitecture, "24 by 3 cannot stand in for one of 24 by 6"):
            embed_net.headed(net(weight, bias), net(learned, side))

    def test_upper_rows_can_count_once_more_by_themselves(self):
        rng = np.random.default_rng(9)
        maps, weight, bias = (rng.normal(size=s).astype(np.float32) for s in ((40, 3, 4, 2), (6, 24), (6,)))
        network = types.SimpleNamespace(plan=[("Gemm", ["maps", "fc", "bias"], ["out"], {"transB": 1})])
        network.weights = {"fc": torch.nn.Parameter(torch.from_numpy(weight)), "bias": torch.nn.Parameter(torch.from_numpy(bias))}
        embed_net.narrowed(network, maps, 12, rows=2, share=0.3)
        given = lambda maps: teachers.unit(maps.reshape(len(maps), -1) @ network.weights["fc"].detach().numpy().T + network.weights["bias"].detach().numpy())
        upper = weight.reshape(6, 3, 4, 2) * np.array([1, 1, 0, 0], np.float32)[:, None]
        parts = [maps.reshape(40, -1) @ w.reshape(6, -1).T + bias for w in (weight, upper)]
        expected = teachers.unit(np.concatenate([s**0.5 * p / np.linalg.norm(p, axis=1).mean() for s, p in zip((0.7, 0.3), parts)], 1))
        np.testing.assert_allclose(given(maps) @ given(maps).T, expected @ expected.T, atol=1e-4)

    def test_a_last_layer_of_floats_and_of_bytes_is_turned_by_what_looks_at_one_person_differ_in(self):
        rng = np.random.default_rng(7)
        people, nuisance = rng.normal(size=(1, 400, 8)), np.zeros((3, 400, 8))
        nuisance[..., 2] = rng.normal(0, 3, (3, 400))  # what a mask does, say
        matrix = embed_within.whitening(people + nuisance + rng.normal(0, 0.1, (3, 400, 8)), 0.1)
        by_axis = np.linalg.norm(matrix, axis=0)
        self.assertEqual(int(by_axis.argmin()), 2)
        self.assertLess(by_axis[2], 0.5 * np.delete(by_axis, 2).min())
        windows = rng.normal(0, 0.5, (8, 3, 64, 112)).astype(np.float32)
        rounded = self.path.with_name("rounded.onnx")
        onnx.save(quantise.quantised(onnx.load(self.path), windows), rounded)
        halved = self.path.with_name("halved.onnx")
        embed_net.export(embed_net.OnnxNet(self.path), halved)
        for source, least in ((self.path, 0.99999), (halved, 0.9999), (rounded, 0.999)):
            after = self.path.with_name("turned.onnx")
            onnx.save(embed_within.turned(onnx.load(source), matrix), after)
            scale = embed_net.OnnxNet(source).own_scale[0].reshape(3, 1, 1).astype(np.float32) if source == halved else 1
            x = windows * scale
            before, now = (teachers.run(teachers.session(path), x) for path in (source, after))
            cosine = (teachers.unit(before @ matrix.T) * teachers.unit(now)).sum(1)
            self.assertGreater(float(cosine.min()), least, source.name)

    def test_looks_at_crops_are_bare_and_masked_and_the_same_again(self):
        crops = np.random.default_rng(8).integers(0, 256, (3, 128, 128, 3)).astype(np.uint8)
        points = np.tile(align.CROP_POINTS, (3, 1, 1))
        session = teachers.session(self.path)
        first, again = (embed_within.looks(session, crops, points, (127.5, 128.0)) for _ in range(2))
        self.assertEqual(first.shape, (3, 3, 8))
        np.testing.assert_array_equal(first, again)
        self.assertGreater(float(np.abs(first[0] - first[1]).max()), 1e-3)

    def test_averaging_starts_at_one_network_and_ends_at_the_other(self):
        a, b = {"w": torch.zeros(3)}, {"w": torch.ones(3)}
        self.assertEqual([float(embed_net.average(a, b, s)["w"][0]) for s in (0.0, 0.25, 1.0)], [0.0, 0.25, 1.0])


class Training(unittest.TestCase):
    """One small set of drawn faces for all tests below."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        out = pathlib.Path(cls.folder.name)
        cls.out, cls.stem = out, str(out / "faces")
        data_synthetic.write_drawn_set(cls.stem, 12, 3)
        embed_smoke.tiny_network(out / "teacher.onnx", 112, 112, 12, 0)
        embed_smoke.tiny_network(out / "start.onnx", 64, 112, 8, 1)
        crops, _, _ = data.read_set(cls.stem)
        np.save(f"{cls.stem}.t.npy", teachers.templates(teachers.session(out / "teacher.onnx"), crops, align.FULL.cut))
        cls.recipe = embed_train.Recipe(dimensions=8, batch=8, warm_up=1, rate=1e-3, frozen_convolutions=0)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def trainer(self, name, steps, recipe=None):
        recipe = recipe or self.recipe
        faces = embed_train.Faces([embed_train.load_source(self.stem, ["t"])], recipe)
        folder = self.out / name
        folder.mkdir(exist_ok=True)
        return embed_train.Trainer(embed_net.OnnxNet(self.out / "start.onnx"), faces, recipe, folder, steps=steps)

    def quietly(self, trainer):
        trainer.run(save_every=2, report=lambda text: None)

    def test_an_index_with_another_number_of_rows_is_refused(self):
        crops, _, _ = data.read_set(self.stem)
        with open(f"{self.stem}.csv", newline="") as file:
            rows = list(csv.reader(file))[1:]
        data.write_set(str(self.out / "short"), np.asarray(crops), rows[:-1])
        with self.assertRaisesRegex(data.BadIndex, "35 rows .* 36 crops"):
            data.read_set(str(self.out / "short"))

    def test_templates_for_another_set_are_refused(self):
        np.save(f"{self.stem}.wrong.npy", np.zeros((5, 12), np.float32))
        with self.assertRaisesRegex(data.BadIndex, "5 templates for 36 crops"):
            embed_train.load_source(self.stem, ["wrong"])

    def test_missing_templates_say_how_to_make_them(self):
        with self.assertRaisesRegex(data.BadIndex, "teachers.py embed"):
            embed_train.load_source(self.stem, ["absent"])

    def test_a_set_named_twice_shows_the_same_people_twice(self):
        once, twice = (embed_train.Faces([embed_train.load_source(f"{self.stem}:people", ["t"])] * n, self.recipe) for n in (1, 2))
        self.assertEqual((twice.count, len(twice)), (once.count, 2 * len(once)))
        np.testing.assert_allclose(twice.prototypes @ twice.prototypes.T, once.prototypes @ once.prototypes.T, atol=1e-3)

    def test_a_run_takes_up_a_network_that_came_from_its_start(self):
        file = self.out / "tuned.onnx"
        tuned = embed_net.OnnxNet(self.out / "start.onnx")
        with torch.no_grad():
            next(tuned.parameters()).mul_(2)
        embed_net.export(tuned, file)
        network = embed_train.start_network(self.out / "start.onnx", file)
        for ours, theirs in zip(network.parameters(), tuned.parameters()):
            np.testing.assert_allclose(ours.detach(), theirs.detach(), rtol=1e-3, atol=1e-6)
        embed_smoke.tiny_network(self.out / "stranger.onnx", 64, 112, 9, 1)
        with self.assertRaisesRegex(embed_net.OtherArchitecture, "stranger.onnx"):
            embed_train.start_network(self.out / "start.onnx", self.out / "stranger.onnx")

    def test_a_square_start_network_is_trained_on_whole_faces(self):
        embed_smoke.tiny_network(self.out / "square.onnx", 112, 112, 8, 1)
        summary = embed_train.train(self.out / "whole", self.out / "square.onnx", [self.stem], ["t"], self.recipe, steps=2, report=lambda text: None)
        self.assertEqual(summary["steps"], 2)
        self.assertIs(embed_net.OnnxNet(self.out / "whole" / "student.onnx").window, align.FULL)

    def test_a_start_network_for_another_window_is_refused(self):
        embed_smoke.tiny_network(self.out / "other.onnx", 96, 112, 8, 1)
        with self.assertRaisesRegex(embed_net.OtherArchitecture, "112x96 pixels"):
            embed_net.OnnxNet(self.out / "other.onnx")

    def test_training_goes_on_from_its_checkpoint(self):
        first = self.trainer("resume", 4)
        self.quietly(first)
        second = self.trainer("resume", 6)
        self.assertTrue(second.resume())
        self.assertEqual(second.step, 4)
        self.quietly(second)
        self.assertEqual(second.step, 6)

    def test_a_resumed_run_keeps_the_axes_of_its_targets_whatever_sets_it_gets(self):
        rng = np.random.default_rng(0)
        first = [[units(rng, 60, 24), units(rng, 60, 24)]]
        targets, basis = teachers.centred_targets(first, 16)
        more, same = teachers.centred_targets(first + [[units(rng, 80, 24), units(rng, 80, 24)]], 16, basis=basis)
        np.testing.assert_allclose(more[:60], targets, atol=1e-6)
        self.assertIs(same, basis)

    def test_a_checkpoint_of_another_architecture_is_refused_on_resume(self):
        self.quietly(self.trainer("foreign", 2))
        embed_smoke.tiny_network(self.out / "larger.onnx", 64, 112, 9, 1)
        other = self.trainer("foreign", 4)
        other.network = embed_net.OnnxNet(self.out / "larger.onnx")
        with self.assertRaisesRegex(embed_net.OtherArchitecture, "delete the checkpoint"):
            other.resume()

    def test_a_loss_that_is_no_number_stops_and_leaves_the_last_good_checkpoint(self):
        trainer = self.trainer("diverged", 20)
        good = trainer.loss

        def broken(*batch):
            total, parts = good(*batch)
            return (total * float("nan"), parts) if trainer.step >= 2 else (total, parts)

        trainer.loss = broken
        with self.assertRaisesRegex(embed_train.Diverged, "last good checkpoint"):
            self.quietly(trainer)
        again = self.trainer("diverged", 20)
        self.assertTrue(again.resume())
        self.assertEqual(again.step, 2)
        self.assertTrue(all(torch.isfinite(w).all() for w in again.network.weights.values()))

    def test_masked_pictures_get_their_persons_bare_template(self):
        templates = units(np.random.default_rng(0), 4, 6)
        spread = embed_train.spread_to_masked(templates, np.array([0, 0, 0, 1]), np.array([False, False, True, True]))
        np.testing.assert_allclose(spread[2], teachers.unit(templates[:2].mean(0)), atol=1e-6)
        np.testing.assert_array_equal(spread[[0, 1, 3]], templates[[0, 1, 3]])

    def test_what_the_start_network_knows_can_be_made_the_target(self):
        faces = embed_train.Faces([embed_train.load_source(self.stem, ["t"])], self.recipe)
        own = units(np.random.default_rng(6), len(faces), 8)
        faces.anchor(np.arange(len(faces)), own, 1.0)
        first = teachers.unit(own[faces.people == 0].mean(0))
        np.testing.assert_allclose(faces.prototypes[0], first, atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(faces.targets, axis=1), 1, atol=1e-5)

    def test_a_resumed_run_is_held_by_the_same_anchor(self):
        recipe = replace(self.recipe, anchor=0.5)
        targets = []
        train = lambda steps: embed_train.train(self.out / "anchored", self.out / "start.onnx", [self.stem], ["t"], recipe, steps=steps, report=lambda text: None)
        trainer = embed_train.Trainer
        with mock.patch.object(embed_train, "Trainer", lambda network, faces, *rest: targets.append(faces.targets) or trainer(network, faces, *rest)):
            train(1), train(2)
        np.testing.assert_allclose(targets[1], targets[0], atol=1e-4)

    def test_turned_targets_keep_their_angles_and_meet_the_network(self):
        rng = np.random.default_rng(2)
        targets = units(rng, 50, 8)
        hidden = np.linalg.qr(rng.normal(size=(8, 8)))[0].astype(np.float32)
        found = embed_train.procrustes(targets, targets @ hidden)
        np.testing.assert_allclose(found, hidden, atol=1e-4)

    def test_a_wrong_command_line_ends_in_words_and_not_in_a_traceback(self):
        said = io.StringIO()
        argv, sys.argv = sys.argv, ["x", str(self.out / "w"), "--start", str(self.out / "start.onnx"), "--sets", self.stem, "--teachers", "no", "--steps", "1"]
        try:
            with contextlib.redirect_stderr(said), self.assertRaises(SystemExit) as stop:
                embed_train.main()
        finally:
            sys.argv = argv
        self.assertIn("embed_train:", str(stop.exception))


class People(unittest.TestCase):
    def test_a_picture_of_somebody_else_is_left_out(self):
        rng = np.random.default_rng(3)
        own, other = units(rng, 1, 32), units(rng, 1, 32)
        templates = teachers.unit(np.concatenate([np.repeat(own, 4, 0), other]) + rng.normal(0, 0.02, (5, 32)))
        keep = data_people.clean(templates, ["a"] * 5, np.zeros(5, bool), 0.5)
        np.testing.assert_array_equal(keep, [True, True, True, True, False])

    def test_people_of_the_measuring_sets_are_recognised(self):
        means = units(np.random.default_rng(4), 3, 32)
        self.assertEqual(data_people.known_strangers(["a", "b", "c"], means, means[1:2], 0.9), {"b"})


class Measuring(unittest.TestCase):
    def scores(self, lift):
        rng = np.random.default_rng(5)
        people = np.repeat(np.arange(40), 3)
        centres = units(rng, 40, 24)
        templates = teachers.unit(centres[people] + rng.normal(0, lift, (120, 24)))
        return people, templates

    def test_everybody_is_found_when_templates_are_clear_and_few_when_not(self):
        found = []
        for lift in (0.01, 1.0):
            people, templates = self.scores(lift)
            pairs = embed_evaluate.cell_pairs(templates @ templates.T, people, people, True)
            found.append(embed_evaluate.cell_rates(pairs, (1e-2,), 50)["rates"]["0.01"])
        self.assertEqual(found[0][0], 1.0)
        self.assertLess(found[1][0], 0.5)
        self.assertTrue(found[1][1] <= found[1][0] <= found[1][2])

    def test_each_pair_counts_once_and_none_with_itself(self):
        people, templates = self.scores(0.1)
        mated, _, other, _ = embed_evaluate.cell_pairs(templates @ templates.T, people, people, True)
        self.assertEqual((len(mated), len(other)), (40 * 3, 120 * 119 // 2 - 120))

    def test_a_rate_that_too_few_pairs_can_show_is_not_given(self):
        people, templates = self.scores(0.1)
        pairs = embed_evaluate.cell_pairs(templates[:9] @ templates[:9].T, people[:9], people[:9], True)
        self.assertEqual(embed_evaluate.cell_rates(pairs, (1e-3,))["rates"], {})

    def test_the_halves_share_nobody_and_miss_nobody(self):
        names = [f"person-{i}" for i in range(50)]
        odd, even = ({n for n in names if embed_evaluate.in_half(n, h)} for h in ("odd", "even"))
        self.assertEqual((odd | even, odd & even), (set(names), set()))


if __name__ == "__main__":
    unittest.main()
