"""Trains the landmark network: five points, how sure each is, whether it is a face, and the mask's state.

    python landmarks.py train OUT.pt LABELS.npz ... --negatives NEG.npz --minutes M [--init OLD.pt|OLD.onnx]
    python landmarks.py export CHECKPOINT.pt OUT.onnx [--lift L] [--temperature T]
    python landmarks.py check OUT.onnx LABELS.npz ... --negatives NEG.npz     (on what training left out)

Input   `input` 1 x 3 x 96 x 96, RGB, (x - 127.5) / 128: the crop of `landmarks_data.crop_frame` around rough points.
Outputs `points` 1 x 10: x, y of right eye, left eye, nose tip, right and left mouth corner (the subject's right) in
        0..1 of the crop's side (pixel centres at (i + 0.5) / 96); `spread` 1 x 5: natural logarithm of each point's
        expected error (Laplace scale) in the same unit; `face` 1 x 1: logit; `mask` 1 x 3: logits of bare, masked,
        incorrect.
"""

import argparse
import math
import time

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from embed_net import move_average
from landmarks_data import SIDE, WINDOW, FaceSamples, blaze_bias, load, to_crop
from landmarks_geometry import CANONICAL
from landmarks_onnx import GraphBuilder, halve_weights

STEM, WIDTHS, DEPTHS, SQUEEZE, HIDDEN = 16, (32, 64, 128), (2, 3, 3), 24, 64
OUTPUTS = (("points", 10), ("spread", 5), ("face", 1), ("mask", 3))
MIN_SPREAD, MAX_SPREAD = -6.0, 0.0  # of the logarithm, while training


class Block(nn.Module):
    """Depthwise, then 1 x 1, with a shortcut where the shape stays; ReLU after each."""

    def __init__(self, inputs, outputs, stride, kernel=3):
        super().__init__()
        self.depth = nn.Conv2d(inputs, inputs, kernel, stride, kernel // 2, groups=inputs, bias=False)
        self.depth_norm = nn.BatchNorm2d(inputs)
        self.point = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.point_norm = nn.BatchNorm2d(outputs)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x):
        y = F.relu(self.depth_norm(self.depth(x)))
        y = self.point_norm(self.point(y))
        return F.relu(x + y if self.shortcut else y)


class LandmarkNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, STEM, 3, 2, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(STEM)
        self.down = nn.Conv2d(STEM, WIDTHS[0], 3, 2, 1, bias=False)
        self.down_norm = nn.BatchNorm2d(WIDTHS[0])
        blocks, inputs = [], WIDTHS[0]
        for level, (width, depth) in enumerate(zip(WIDTHS, DEPTHS)):
            for k in range(depth):
                blocks.append(Block(inputs, width, 2 if level and k == 0 else 1))
                inputs = width
        self.blocks = nn.ModuleList(blocks)
        self.squeeze = nn.Conv2d(inputs, SQUEEZE, 1, bias=False)
        self.squeeze_norm = nn.BatchNorm2d(SQUEEZE)
        side = SIDE // 4 // 2 ** (len(WIDTHS) - 1)
        self.hidden = nn.Linear(SQUEEZE * side * side, HIDDEN)
        self.answer = nn.Linear(HIDDEN, sum(n for _, n in OUTPUTS))
        with torch.no_grad():  # start from the canonical face, a twentieth of the crop unsure
            self.answer.bias.zero_()
            self.answer.bias[:10] = torch.tensor(((to_crop(CANONICAL) + 0.5) / SIDE).reshape(-1))
            self.answer.bias[10:15] = math.log(0.05)
            self.answer.weight.mul_(0.1)

    def forward(self, x):
        x = F.relu(self.stem_norm(self.stem(x)))
        x = F.relu(self.down_norm(self.down(x)))
        for block in self.blocks:
            x = block(x)
        x = F.relu(self.squeeze_norm(self.squeeze(x)))
        x = F.relu(self.hidden(x.flatten(1)))
        return self.answer(x).float()


def folded(conv, norm):
    """Weight and bias of a convolution with its batch norm in it."""
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return (conv.weight * scale[:, None, None, None]).detach().numpy(), (norm.bias - norm.running_mean * scale).detach().numpy()


def write_block(graph, x, name, block):
    """Adds a trained Block to an ONNX graph behind `x`; the name of what comes out."""
    depth = block.depth
    y = graph.conv(x, name + ".depth", *folded(depth, block.depth_norm), depth.stride[0], depth.padding * 2, depth.groups)
    y = graph.node("Relu", [y], name + ".depth.relu")
    y = graph.conv(y, name + ".point", *folded(block.point, block.point_norm))
    if block.shortcut:
        y = graph.node("Add", [x, y], name + ".sum")
    return graph.node("Relu", [y], name + ".relu")


def export(net, path, lift=0.0, temperature=1.0):
    """Writes `net` as ONNX with half-precision weights.

    `lift` is added to the logit of an incorrectly worn mask and the mask's logits are divided by `temperature`, so that
    their softmax is calibrated (maskstate.py).
    """
    import onnx

    net = net.eval()
    g = GraphBuilder("landmarks", [1, 3, SIDE, SIDE])
    around = (1, 1, 1, 1)
    x = g.node("Relu", [g.conv("input", "stem", *folded(net.stem, net.stem_norm), 2, around)], "stem.relu")
    x = g.node("Relu", [g.conv(x, "down", *folded(net.down, net.down_norm), 2, around)], "down.relu")
    for i, b in enumerate(net.blocks):
        x = write_block(g, x, f"block{i}", b)
    x = g.node("Relu", [g.conv(x, "squeeze", *folded(net.squeeze, net.squeeze_norm))], "squeeze.relu")
    x = g.node("Flatten", [x], "flat", axis=1)

    def linear(x, name, weight, bias):
        w, b = g.constant(name + ".weight", weight.detach().numpy()), g.constant(name + ".bias", bias.detach().numpy())
        return g.node("Gemm", [x, w, b], name, transB=1)

    x = g.node("Relu", [linear(x, "hidden", net.hidden.weight, net.hidden.bias)], "hidden.relu")
    first = 0
    for name, count in OUTPUTS:
        weight, bias = net.answer.weight[first:first + count], net.answer.bias[first:first + count]
        if name == "mask":
            weight, bias = weight / temperature, (bias + torch.tensor([0.0, 0.0, lift])) / temperature
        linear(x, name, weight, bias)
        g.output(name, [1, count])
        first += count
    model = halve_weights(g.model("brow", "five points, their spread, face, mask state from a 96 x 96 crop"))
    onnx.save(model, path)


def layers(net):
    """Every convolution of a LandmarkNet with its batch norm and its name in the file."""
    yield "stem", net.stem, net.stem_norm
    yield "down", net.down, net.down_norm
    for i, block in enumerate(net.blocks):
        yield f"block{i}.depth", block.depth, block.depth_norm
        yield f"block{i}.point", block.point, block.point_norm
    yield "squeeze", net.squeeze, net.squeeze_norm


def from_file(path, pictures):
    """The network of an exported file without what landmarks_prints.py adds, ready to train on: its batch norms stand for what the convolutions give for `pictures` n x 3 x 96 x 96."""
    import onnx

    values = {t.name.removesuffix(".f16"): torch.from_numpy(onnx.numpy_helper.to_array(t).astype(np.float32)) for t in onnx.load(path).graph.initializer}
    net = LandmarkNet().eval()
    with torch.no_grad():
        seen = {}
        for name, conv, norm in layers(net):
            conv.weight.copy_(values[name + ".weight"])
            norm.bias.copy_(values[name + ".bias"])
            norm.running_var.fill_(1 - norm.eps)
            conv.register_forward_hook(lambda _, __, out, name=name: seen.update({name: (out.mean((0, 2, 3)), out.var((0, 2, 3)))}))
        net.hidden.weight.copy_(values["hidden.weight"])
        net.hidden.bias.copy_(values["hidden.bias"])
        net.answer.weight.copy_(torch.cat([values[name + ".weight"] for name, _ in OUTPUTS]))
        net.answer.bias.copy_(torch.cat([values[name + ".bias"] for name, _ in OUTPUTS]))
        net(pictures)
        for name, conv, norm in layers(net):
            mean, var = seen[name]
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(var)
            norm.weight.copy_(torch.sqrt(var + norm.eps))
            norm.bias.add_(mean)
            conv._forward_hooks.clear()
    return net


def loss_of(out, points, weight, face, mask, class_weight):
    """Laplace likelihood of the points (with a plain term that keeps unsure points learning), face and mask entropy."""
    apart = (out[:, :10].reshape(-1, 5, 2) - points).abs().sum(2)
    spread = out[:, 10:15].clamp(MIN_SPREAD, MAX_SPREAD)
    likelihood = apart * torch.exp(-spread) + 2 * spread
    total = weight.sum().clamp(min=1)
    place = (weight * likelihood).sum() / total
    plain = (weight * apart).sum() / total
    is_face = F.binary_cross_entropy_with_logits(out[:, 15], face)
    known = mask >= 0
    state = F.cross_entropy(out[known, 16:19], mask[known], weight=class_weight, label_smoothing=0.02)
    return 0.25 * place + 10 * plain + 0.5 * is_face + 0.6 * state, [float(p.detach()) for p in (plain, place, is_face, state)]


class Stream(torch.utils.data.IterableDataset):
    """Endless batches of drawn samples."""

    def __init__(self, samples, batch, seed):
        self.samples, self.batch, self.seed = samples, batch, seed

    def __iter__(self):
        cv2.setNumThreads(1)
        worker = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, worker.id if worker else 0])
        while True:
            yield collate([self.samples.draw(rng) for _ in range(self.batch)])


def collate(rows):
    image = torch.from_numpy(np.stack([r[0] for r in rows]).transpose(0, 3, 1, 2).copy())
    return ((image - 127.5) / 128, torch.from_numpy(np.stack([r[1] for r in rows]).astype(np.float32)),
            torch.from_numpy(np.stack([r[2] for r in rows]).astype(np.float32)),
            torch.tensor([float(r[3]) for r in rows]), torch.tensor([int(r[4]) for r in rows]))


def set_rate(optimiser, rate, done):
    """From `rate` along a cosine down to a fiftieth of it; `done`: the share of the training that is over."""
    for group in optimiser.param_groups:
        group["lr"] = rate * (0.5 * (1 + math.cos(math.pi * done)) * 0.98 + 0.02)


def learn(net, mean, optimiser, loss, step):
    """The optimiser's `step`, counted from 1, and that of `mean`, a state_dict: the moving average of the weights, of few steps at first."""
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    optimiser.step()
    move_average(mean, net, min(0.998, step / (step + 20)))


def train(args):
    torch.set_num_threads(args.threads)
    bias = blaze_bias([load(p) for p in args.labels])
    negatives = np.load(args.negatives)["crops"]
    cut_at = len(negatives) * 19 // 20
    samples = FaceSamples(args.labels, bias, negatives[:cut_at])
    print({k: len(v) for k, v in samples.groups.items()}, "sure", len(samples.sure), flush=True)
    net = LandmarkNet()
    if args.init and args.init.endswith(".onnx"):
        rng = np.random.default_rng(args.seed)
        net = from_file(args.init, collate([samples.draw(rng) for _ in range(384)])[0])
    elif args.init:
        net.load_state_dict(torch.load(args.init))
    net = net.to(memory_format=torch.channels_last)
    mean = LandmarkNet()
    mean.load_state_dict(net.state_dict())
    print("parameters", sum(p.numel() for p in net.parameters()), flush=True)
    optimiser = torch.optim.AdamW(net.parameters(), args.rate, betas=(0.9, 0.99), weight_decay=1e-3)
    class_weight = torch.tensor([1.0, 1.0, 1.3])
    loader = torch.utils.data.DataLoader(Stream(samples, args.batch, args.seed), batch_size=None, num_workers=args.workers,
                                         prefetch_factor=8 if args.workers else None)
    start, sums, step = time.time(), [], 0
    for image, points, weight, face, mask in loader:
        done = (time.time() - start) / (60 * args.minutes)
        if done >= 1:
            break
        set_rate(optimiser, args.rate * min(1, (step + 1) / 100), done)
        net.train()
        image = image.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=args.half):
            out = net(image)
        loss, parts = loss_of(out, points, weight, face, mask, class_weight)
        step += 1
        learn(net, mean.state_dict(), optimiser, loss, step)
        sums.append(parts + [float(((out[:, 16:19].argmax(1) == mask)[mask >= 0]).float().mean())])
        if step % 100 == 0:
            a = np.mean(sums[-100:], 0)
            print(f"{step} {(time.time() - start) / 60:.1f} min, {step * args.batch / (time.time() - start):.0f}/s: apart {a[0]:.4f} "
                  f"likelihood {a[1]:.3f} face {a[2]:.3f} mask {a[3]:.3f} ({a[4]:.3f} right)", flush=True)
        if step % 500 == 0:
            torch.save(mean.state_dict(), args.out)
    torch.save(mean.state_dict(), args.out)
    print("saved", args.out, step)


def check(args):
    """Point error by mask, face and mask-state rates on the faces that training left out."""
    import onnxruntime

    setup = onnxruntime.SessionOptions()
    setup.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(args.out, setup)
    bias = blaze_bias([load(p) for p in args.labels])
    negatives = np.load(args.negatives)["crops"]
    samples = FaceSamples(args.labels, bias, negatives[len(negatives) * 19 // 20:], held_out=True)
    rng = np.random.default_rng(9)
    errors, spreads, faces, states = [], [], [], []
    for _ in range(args.count):
        image, points, weight, face, mask = samples.draw(rng)
        x = ((image - 127.5) / 128).transpose(2, 0, 1)[None].astype(np.float32)
        found, spread, logit, state = session.run(["points", "spread", "face", "mask"], {"input": x})
        eye = 35.24 / WINDOW
        apart = np.linalg.norm(found.reshape(5, 2) - points, axis=1) / eye
        faces.append((face, float(logit[0, 0])))
        if face and (weight > 0).all():
            errors.append((mask, *apart))
            spreads.append((np.exp(spread[0]).mean() / eye, apart.mean()))
        if mask >= 0:
            states.append((mask, int(state.argmax())))
    errors, spreads, faces, states = (np.array(v) for v in (errors, spreads, faces, states))
    for mask in range(3):
        rows = errors[errors[:, 0] == mask, 1:]
        if len(rows):
            print(("bare", "masked", "incorrect")[mask], len(rows), "error in eye distances", rows.mean(0).round(4), "mean", rows.mean().round(4),
                  "median", np.median(rows.mean(1)).round(4))
    print("error and expected spread correlate", np.corrcoef(np.log(spreads.T))[0, 1].round(3))
    for threshold in (0.0, 1.0, 2.0):
        print("face logit >", threshold, "faces kept", (faces[faces[:, 0] == 1, 1] > threshold).mean().round(4),
              "others kept", (faces[faces[:, 0] == 0, 1] > threshold).mean().round(4))
    table = np.zeros((3, 3), int)
    np.add.at(table, (states[:, 0], states[:, 1]), 1)
    print("mask state, true by row:\n", table)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("train", "check"):
        p = commands.add_parser(name)
        p.add_argument("out")
        p.add_argument("labels", nargs="+")
        p.add_argument("--negatives", required=True)
        if name == "train":
            p.add_argument("--minutes", type=float, default=45)
            p.add_argument("--init", help="a checkpoint or an exported file to go on from")
            p.add_argument("--rate", type=float, default=2e-3)
            p.add_argument("--batch", type=int, default=96)
            p.add_argument("--threads", type=int, default=1)
            p.add_argument("--workers", type=int, default=1)
            p.add_argument("--half", action="store_true", help="bfloat16 arithmetic")
            p.add_argument("--seed", type=int, default=0)
        else:
            p.add_argument("--count", type=int, default=3000)
    p = commands.add_parser("export")
    p.add_argument("checkpoint")
    p.add_argument("out")
    p.add_argument("--lift", type=float, default=0.0, help="for the logit of incorrect; see maskstate.py calibrate")
    p.add_argument("--temperature", type=float, default=1.0)
    args = parser.parse_args()
    if args.command == "export":
        net = LandmarkNet()
        net.load_state_dict(torch.load(args.checkpoint))
        export(net, args.out, args.lift, args.temperature)
    else:
        (train if args.command == "train" else check)(args)


if __name__ == "__main__":
    main()
