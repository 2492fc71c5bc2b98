"""Trains the detector: where faces are, masked, small and turned ones too, with four points on each.

    python detector.py train OUT.pt SCENES.npz LABELS.npz ... --minutes M [--faceless FILE.npz] [--start BLAZEFACE.onnx] [--resume]
    python detector.py export CHECKPOINT.pt OUT.onnx

Input   `input` 1 x 3 x height x width (multiples of 16), RGB, x / 127.5 - 1.
Outputs `regressors` 1 x n x 12: box centre x, y, width, height, then x, y of right eye, left eye, nose tip and the middle of
        the mouth (the subject's right), in pixels of the input, every x and y but the size relative to the anchor; `scores`
        1 x n x 1: logits. Anchors lie in the middle of cells of 8 pixels, row by row, then of cells of 16.

The network is shaped for a browser's single thread: half the size at once, thin layers where the map is large, and depth
only where it is small. With --start it is BlazeFace's trunk instead (detector_blaze.py), three times as slow, which knows faces already.
"""

import argparse
import math
import os
import time

import cv2
import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import nn

from detector_blaze import BlazeNet
from detector_data import SIDE, Scenes
from detector_measure import STRIDES, anchors_of, box_of
from landmarks import Block, folded, learn, set_rate, write_block
from landmarks_data import FaceSamples, blaze_bias, load
from landmarks_onnx import GraphBuilder, halve_weights

STEM = 16
# Outputs, kernel of the depthwise half, and stride of each block; the head of a grid reads what its last block gives.
FINE = ((32, 3, 2), (32, 3, 1), (64, 3, 2), (64, 3, 1), (64, 3, 1))
COARSE = ((96, 3, 2), (96, 5, 1), (96, 5, 1), (96, 5, 1))
VALUES = 12
MOST_POSITIVES = 6  # anchors that learn a large face; small ones have two
MOST_FACES = 48  # in one picture
USUAL = (3.5, 5.0)  # side of a face in cells, where a grid is at its best
BOX_SHARE, BOX_DROP = 0.844, 0.034  # side of the square in heights of `box_of`, and how far below its middle that lies


class DetectorNet(nn.Module):
    """`width` is the share of the channels above that each block has; the first layer keeps its own."""

    def __init__(self, width=1.0):
        super().__init__()
        self.stem = nn.Conv2d(3, STEM, 3, 2, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(STEM)
        grids, inputs = [], STEM
        for blocks in (FINE, COARSE):
            made = []
            for outputs, kernel, stride in blocks:
                outputs = int(outputs * width) // 8 * 8
                made.append(Block(inputs, outputs, stride, kernel))
                inputs = outputs
            grids.append(nn.ModuleList(made))
        self.grids = nn.ModuleList(grids)
        self.heads = nn.ModuleList(nn.Conv2d(g[-1].point.out_channels, VALUES + 1, 1) for g in grids)
        with torch.no_grad():  # start from nobody there, and from a face of the usual size
            for head, usual in zip(self.heads, USUAL):
                head.weight.mul_(0.1)
                head.bias.zero_()
                head.bias[2:4] = usual
                head.bias[VALUES] = -4.0

    def features(self, x):
        """What the heads of both grids read."""
        x = F.relu(self.stem_norm(self.stem(x)))
        maps = []
        for blocks in self.grids:
            for block in blocks:
                x = block(x)
            maps.append(x)
        return maps

    def write(self, graph):
        """Adds the trunk to an ONNX graph, batch norms folded; the names of what the heads read."""
        x = graph.node("Relu", [graph.conv("input", "stem", *folded(self.stem, self.stem_norm), 2, (1, 1, 1, 1))], "stem.relu")
        maps = []
        for blocks, stride in zip(self.grids, STRIDES):
            for i, b in enumerate(blocks):
                x = write_block(graph, x, f"grid{stride}.{i}", b)
            maps.append(x)
        return maps


def answers(net, x):
    """Rows `b x n x 12` and logits `b x n x 1` of a network for pictures."""
    rows, logits = [], []
    for features, head, stride in zip(net.features(x), net.heads, STRIDES):
        answer = head(features).flatten(2).transpose(1, 2).float()
        rows.append(answer[..., :VALUES] * stride)
        logits.append(answer[..., VALUES:])
    return torch.cat(rows, 1), torch.cat(logits, 1)


def target_of(points):
    """What the row for a face is, in pixels: centre, size (square), eyes, nose, middle of the mouth."""
    box = box_of(points)
    size = box[3] * BOX_SHARE
    return np.concatenate([box[:2] + [0.5, 0.5 + BOX_DROP * box[3]], [size, size], points[:3].reshape(-1) + 0.5, points[3:].mean(0) + 0.5])


def loss_of(rows, logits, faces, anchors, cells):
    """Focal score loss and box and point distances in face sizes, over a batch.

    `rows` b x n x 12, `logits` b x n; `faces` b x k x 15: target of 12 numbers, whether its points are known, whether it is
    a face, whether there is a row at all. Each face teaches the anchors that answer it best already; anchors whose box lies
    on a face otherwise count neither way.
    """
    usual = torch.where(cells == STRIDES[0], USUAL[0] * STRIDES[0], USUAL[1] * STRIDES[1])
    target, known = faces[:, :, None, :12], faces[..., 12]
    there, real = faces[..., 14] > 0, (faces[..., 13] > 0) & (faces[..., 14] > 0)
    size = torch.where(there[..., None], target[..., 2], 1.0)
    with torch.no_grad():
        centre = (rows[..., 0:2] + anchors)[:, None]
        near = (anchors - target[..., :2]).norm(dim=-1) / size
        off = (centre - target[..., :2]).abs()
        apart = (off.sum(-1) + (rows[:, None, :, 2:4] - target[..., 2:4]).abs().sum(-1) * 0.5) / size
        overlapping = (off.amax(-1) < 0.4 * size) & (rows[:, None, :, 2] > 0.5 * size) & (rows[:, None, :, 2] < 2 * size)
        ignored = there[..., None] & (overlapping | (near < 0.18) | (~real[..., None] & (near < 0.7)))
        cost = apart * 2 - F.logsigmoid(logits)[:, None] * 0.5 + near + 0.3 * (size / usual).log2().abs()
        least, best = cost.topk(MOST_POSITIVES, dim=2, largest=False)
        wanted_count = (size[..., 0] / 8).floor().clamp(2, MOST_POSITIVES)
        taught = real[..., None] & (torch.arange(MOST_POSITIVES, device=rows.device) < wanted_count[..., None])
        # An anchor that several faces want learns the one that it is nearest to.
        least = torch.where(taught, least, torch.inf)
        lowest = torch.full_like(logits, torch.inf).scatter_reduce(1, best.flatten(1), least.flatten(1), "amin")
        taught &= least == lowest.gather(1, best.flatten(1)).view_as(least)
        wanted = lowest.isfinite()
    chosen = rows.gather(1, best.flatten(1)[..., None].expand(-1, -1, VALUES)).view(*best.shape, VALUES)
    # Sizes are sizes; all else lies relative to the anchor.
    at = anchors[best]
    error = (chosen + torch.cat([at, torch.zeros_like(at), at, at, at, at], -1) - target).abs()
    place = error[..., 0:2].sum(-1) + error[..., 2:4].sum(-1) * 0.5 + known[..., None] * error[..., 4:].sum(-1) / 4
    # Each face counts alike, however many anchors learn it.
    each = taught.sum(-1)
    place = ((place / size[..., :1]) * taught).sum(-1) / each.clamp(min=1)
    count = (each > 0).sum().clamp(min=1)
    p = torch.sigmoid(logits)
    entropy = F.binary_cross_entropy_with_logits(logits, wanted.float(), reduction="none")
    focal = torch.where(wanted, 0.6 * (1 - p) ** 1.5, 0.4 * p ** 1.5) * entropy
    score = (focal * (wanted | ~ignored.any(1))).sum() / (4 * count)
    place = place.sum() / count
    return 2 * score + place, torch.stack([score, place]).detach()


class Stream(torch.utils.data.IterableDataset):
    """Batches of `uint8[b, SIDE, SIDE, 3]` and their faces as `loss_of` wants them."""

    def __init__(self, scenes, batch, seed):
        self.scenes, self.batch, self.seed = scenes, batch, seed

    def __iter__(self):
        cv2.setNumThreads(1)
        worker = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, worker.id if worker else 0])
        while True:
            images = np.empty((self.batch, SIDE, SIDE, 3), np.uint8)
            faces = np.zeros((self.batch, MOST_FACES, VALUES + 3), np.float32)
            for i in range(self.batch):
                image, rows = self.scenes.draw(rng)
                images[i] = np.clip(np.rint(image), 0, 255)
                for k, row in enumerate(rows[:MOST_FACES]):
                    faces[i, k] = [*target_of(row[:10].reshape(5, 2)), row[10] > 0, row[11] > 0, 1]
            yield torch.from_numpy(images), torch.from_numpy(faces)


def network_input(images):
    """`float32[b, 3, h, w]` of `uint8[b, h, w, 3]`."""
    return (images.permute(0, 3, 1, 2).float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def network(width, start=None):
    """A network of our own, or BlazeFace's trunk where `start` uint8[n] holds its file."""
    return DetectorNet(width) if start is None else BlazeNet(start.cpu().numpy().tobytes())


def checkpoint(path, device, width=None):
    """What `train` left, checked to be of this kind of network and, for `train`, of its width."""
    saved = torch.load(path, weights_only=True, map_location=device)
    if "width" not in saved or saved["net"].keys() != network(saved["width"], saved.get("start")).state_dict().keys():
        raise SystemExit(f"{path} holds another network. Train it anew, or take the version of this file that wrote it.")
    if width not in (None, saved["width"]):
        raise SystemExit(f"{path} is of width {saved['width']}. Give --width {saved['width']}, or another checkpoint.")
    return saved


def train(args):
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    bias = blaze_bias([load(p) for p in args.labels])
    scenes = Scenes(args.scenes, FaceSamples(args.labels, bias), args.faceless)
    start = None
    if args.start:
        start = torch.from_numpy(np.fromfile(args.start, np.uint8))
        drawn, _ = next(iter(Stream(scenes, 64, args.seed)))
        blaze = network(args.width, start)
        net = BlazeNet(start.numpy().tobytes(), blaze.busiest(network_input(drawn)))
    else:
        net = DetectorNet(args.width)
    net = net.to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), args.rate, betas=(0.9, 0.99), weight_decay=1e-4)
    if args.init:
        net.load_state_dict(checkpoint(args.init, device, args.width)["mean"])
    mean = {k: v.detach().clone() for k, v in net.state_dict().items()}
    step, spent = 0, 0.0
    if args.resume and os.path.exists(args.out):
        saved = checkpoint(args.out, device, args.width)
        net.load_state_dict(saved["net"])
        optimiser.load_state_dict(saved["optimiser"])
        mean, step, spent = saved["mean"], saved["step"], saved["spent"]

    def save():
        parts = dict(width=args.width, start=start, net=net.state_dict(), mean=mean, optimiser=optimiser.state_dict(), step=step, spent=spent)
        torch.save(parts, args.out + ".part")
        os.replace(args.out + ".part", args.out)

    anchors, cells = (torch.from_numpy(values).to(device) for values in anchors_of(SIDE, SIDE))
    stream = Stream(scenes, args.batch, args.seed + step)
    loader = torch.utils.data.DataLoader(stream, batch_size=None, num_workers=args.workers, prefetch_factor=4)
    sums, before = [], time.time()
    for images, faces in loader:
        now = time.time()
        spent, before = spent + min(now - before, 60), now
        done = spent / (60 * args.minutes)
        if done >= 1:
            break
        set_rate(optimiser, args.rate * min(1, (step + 1) / 300), done)
        with torch.autocast(device.type, torch.bfloat16, enabled=args.half or device.type == "cuda"):
            rows, logits = answers(net, network_input(images.to(device)))
        loss, parts = loss_of(rows, logits[..., 0], faces.to(device), anchors, cells)
        step += 1
        learn(net, mean, optimiser, loss, step)
        sums.append(parts)
        if step % 100 == 0:
            a, sums = torch.stack(sums).mean(0).tolist(), []
            if not math.isfinite(sum(a)):
                raise SystemExit(f"The loss is no number at step {step}. {args.out} is the last good state: lower --rate and --resume.")
            print(f"{step} {spent / 60:.1f} min, {step * args.batch / spent:.0f}/s: score {a[0]:.4f} place {a[1]:.4f}", flush=True)
        if step % 200 == 0:
            save()
    save()
    print("saved", args.out, step)


def export(args):
    saved = checkpoint(args.checkpoint, "cpu")
    net = network(saved["width"], saved.get("start"))
    net.load_state_dict(saved["mean"])
    with torch.no_grad():
        for head in net.heads:
            head.bias[VALUES] += args.lift
    onnx.save(graph_of(net), args.out)


def graph_of(net):
    """`net` as an ONNX model with half-precision weights, batch norms folded and distances in pixels."""
    net = net.eval()
    g = GraphBuilder("detector", [1, 3, "height", "width"])
    parts = {"regressors": [], "scores": []}
    for x, head, stride in zip(net.write(g), net.heads, STRIDES):
        weight, bias = head.weight.detach().numpy(), head.bias.detach().numpy()
        for name, part, scale in (("regressors", slice(0, VALUES), stride), ("scores", slice(VALUES, VALUES + 1), 1)):
            n = f"grid{stride}.{name}"
            y = g.conv(x, n, weight[part] * scale, bias[part] * scale)
            y = g.node("Transpose", [y], n + ".nhwc", perm=[0, 2, 3, 1])
            parts[name].append(g.reshape(y, n + ".rows", [1, -1, weight[part].shape[0]]))
    for name, made in parts.items():
        g.node("Concat", made, name, axis=1)
        g.output(name, [1, "anchors", VALUES if name == "regressors" else 1])
    return halve_weights(g.model("brow", "faces in a frame: boxes, four points, scores"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    p = commands.add_parser("train")
    p.add_argument("out")
    p.add_argument("scenes")
    p.add_argument("labels", nargs="+")
    p.add_argument("--faceless", help="pictures without a face (detector_data.py --faceless)")
    p.add_argument("--minutes", type=float, default=30)
    p.add_argument("--width", type=float, default=1.0, help="share of the usual number of channels")
    p.add_argument("--rate", type=float, default=3e-3)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--workers", type=int, default=1, help="processes that draw pictures")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--init", help="the checkpoint of an earlier run, whose averaged weights this one starts from")
    p.add_argument("--start", help="the converted BlazeFace (blazeface.py --open), whose trunk is trained on")
    p.add_argument("--half", action="store_true", help="bfloat16 on a CPU that has instructions for it")
    p.add_argument("--resume", action="store_true", help="go on from OUT.pt")
    p = commands.add_parser("export")
    p.add_argument("checkpoint")
    p.add_argument("out")
    p.add_argument("--lift", type=float, default=0.0, help="added to every logit: more faces found, and more that are none")
    args = parser.parse_args()
    {"train": train, "export": export}[args.command](args)


if __name__ == "__main__":
    main()
