"""Trains BlazeFace on, so that it finds masked, small and turned faces and places their points under the cloth.

    python detector.py train OUT.pt START.onnx SCENES.npz LABELS.npz ... --minutes M [--init OLD.pt]
    python detector.py export CHECKPOINT.pt START.onnx OUT.onnx

START.onnx is the converted BlazeFace with open sizes; OUT.onnx has the same graph, so everything that decodes the one
decodes the other. Its six points stay; the ears are not trained and drift.
"""

import argparse
import math
import time

import cv2
import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import nn

from detector_data import SIDE, Scenes
from detector_measure import box_of
from landmarks_data import FaceSamples, blaze_bias, load

POSITIVES = 5  # anchors that learn one face
BOX_SHARE, BOX_DROP = 0.844, 0.034  # side of BlazeFace's square and how far below ours its middle lies, in our heights


class OnnxNet(nn.Module):
    """A converted network as a trainable module; `values()` gives its weights by the graph's names."""

    def __init__(self, model):
        super().__init__()
        self.nodes, self.fixed, weights = [], {}, {}
        tensors = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        for node in model.graph.node:
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type == "Cast":
                weights[node.output[0]] = torch.from_numpy(tensors[node.input[0]].astype(np.float32))
            else:
                self.nodes.append((node.op_type, list(node.input), node.output[0], attributes))
        self.fixed = {k: v for k, v in tensors.items() if v.dtype == np.int64}
        self.names = {k: k.replace(".", "_") for k in weights}
        self.weights = nn.ParameterDict({self.names[k]: nn.Parameter(v) for k, v in weights.items()})
        self.outputs = [o.name for o in model.graph.output]

    def values(self):
        return {k: self.weights[v].detach() for k, v in self.names.items()}

    def forward(self, x):
        made = {"input": x}
        for op, inputs, output, a in self.nodes:
            first = made[inputs[0]]
            if op == "Conv":
                top, left, bottom, right = a["pads"]
                weight, bias = self.weights[self.names[inputs[1]]], self.weights[self.names[inputs[2]]]
                padding = (top, left)
                if (top, left) != (bottom, right):
                    first, padding = F.pad(first, (left, right, top, bottom)), 0
                y = F.conv2d(first, weight, bias, a["strides"], padding, 1, a["group"])
            elif op == "Relu":
                y = F.relu(first)
            elif op == "Add":
                y = first + made[inputs[1]]
            elif op == "MaxPool":
                y = F.max_pool2d(first, a["kernel_shape"], a["strides"])
            elif op == "Pad":
                pads = self.fixed[inputs[1]]
                y = F.pad(first, (0, 0, 0, 0, int(pads[1]), int(pads[5])))
            elif op == "Transpose":
                y = first.permute(*a["perm"])
            elif op == "Reshape":
                y = first.reshape(first.shape[0], -1, int(self.fixed[inputs[1]][2]))
            elif op == "Concat":
                y = torch.cat([made[i] for i in inputs], a["axis"])
            else:
                raise ValueError(f"{op} is not an operator of this network")
            made[output] = y
        return [made[o].float() for o in self.outputs]


def places(side):
    """Anchor centres of a side x side input, in pixels."""
    rows = []
    for stride, each in ((8, 2), (16, 6)):
        for y in range(side // stride):
            for x in range(side // stride):
                rows += [((x + 0.5) * stride, (y + 0.5) * stride)] * each
    return torch.tensor(rows, dtype=torch.float32)


def target_of(points):
    """What BlazeFace's row for a face is, in pixels: centre, size (square), eyes, nose, middle of the mouth."""
    box = box_of(points)
    size = box[3] * BOX_SHARE
    return np.concatenate([box[:2] + [0.5, 0.5 + BOX_DROP * box[3]], [size, size], points[:3].reshape(-1) + 0.5, points[3:].mean(0) + 0.5])


def loss_of(rows, logits, faces, anchors):
    """Focal score loss and box and point distances in face sizes, over a batch.

    `rows` b x n x 16, `logits` b x n; `faces` a list of (targets k x 12, known k, face k). Each face teaches the
    POSITIVES anchors that answer it best already; anchors whose box lies on a face otherwise count neither way.
    """
    score_sum, place_sum, count = torch.zeros(()), torch.zeros(()), 0
    for row, logit, (target, known, face) in zip(rows, logits, faces):
        wanted, ignored = torch.zeros_like(logit), torch.zeros_like(logit, dtype=torch.bool)
        centre = row[:, 0:2] + anchors
        points = row[:, 4:12].reshape(-1, 4, 2) + anchors[:, None]
        for k in range(len(target)):
            t, size = target[k], target[k, 2]
            with torch.no_grad():
                near = (anchors - t[:2]).norm(dim=1) / size
                apart = ((centre - t[:2]).abs().sum(1) + (row[:, 2:4] - t[2:4]).abs().sum(1) * 0.5) / size
                overlapping = (centre - t[:2]).abs().amax(1) < 0.4 * size
                overlapping &= (row[:, 2] > 0.5 * size) & (row[:, 2] < 2 * size)
                ignored |= overlapping | (near < 0.18)
                if not face[k]:
                    ignored |= near < 0.7
                    continue
                cost = apart * 2 - F.logsigmoid(logit) * 0.5 + near
                cost[wanted > 0] += 10
                best = cost.topk(POSITIVES, largest=False).indices
            wanted[best] = 1
            place = (centre[best] - t[:2]).abs().sum(1) + (row[best, 2:4] - t[2:4]).abs().sum(1) * 0.5
            if known[k]:
                place = place + 1.0 * (points[best] - t[4:12].reshape(4, 2)).abs().sum(2).mean(1)
            place_sum = place_sum + (place / size).sum()
            count += POSITIVES
        p = torch.sigmoid(logit)
        entropy = F.binary_cross_entropy_with_logits(logit, wanted, reduction="none")
        focal = torch.where(wanted > 0, 0.6 * (1 - p) ** 1.5, 0.4 * p ** 1.5) * entropy
        score_sum = score_sum + focal[(wanted > 0) | ~ignored].sum()
    count = max(count, 1)
    score, place = score_sum / count, place_sum / count
    return 2 * score + place, float(score.detach()), float(place.detach())


class Stream(torch.utils.data.IterableDataset):
    def __init__(self, scenes, batch, seed):
        self.scenes, self.batch, self.seed = scenes, batch, seed

    def __iter__(self):
        cv2.setNumThreads(1)
        worker = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, worker.id if worker else 0])
        while True:
            images, faces = [], []
            for _ in range(self.batch):
                image, rows = self.scenes.draw(rng)
                images.append(image.transpose(2, 0, 1) / 127.5 - 1)
                target = np.array([target_of(r[:10].reshape(5, 2)) for r in rows]).reshape(-1, 12)
                faces.append((torch.from_numpy(target).float(), torch.from_numpy(rows[:, 10] > 0), torch.from_numpy(rows[:, 11] > 0)))
            yield torch.from_numpy(np.stack(images)), faces


def train(args):
    torch.set_num_threads(args.threads)
    net = OnnxNet(onnx.load(args.start))
    if args.init:
        net.load_state_dict(torch.load(args.init))
    bias = blaze_bias([load(p) for p in args.labels])
    scenes = Scenes(args.scenes, FaceSamples(args.labels, bias))
    anchors = places(SIDE)
    net = net.to(memory_format=torch.channels_last)
    mean = {k: v.detach().clone() for k, v in net.state_dict().items()}
    optimiser = torch.optim.Adam(net.parameters(), args.rate, betas=(0.9, 0.99))
    loader = torch.utils.data.DataLoader(Stream(scenes, args.batch, args.seed), batch_size=None, num_workers=1, prefetch_factor=8)
    start, step, sums = time.time(), 0, []
    for images, faces in loader:
        done = (time.time() - start) / (60 * args.minutes)
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = args.rate * min(1, (step + 1) / 100) * (0.5 * (1 + math.cos(math.pi * done)) * 0.97 + 0.03)
        with torch.autocast("cpu", torch.bfloat16, enabled=args.half):
            rows, logits = net(images.contiguous(memory_format=torch.channels_last))
        loss, score, place = loss_of(rows, logits[..., 0], faces, anchors)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 10.0)
        optimiser.step()
        step += 1
        keep = min(0.998, step / (step + 20))
        for k, v in net.state_dict().items():
            mean[k].mul_(keep).add_(v, alpha=1 - keep)
        sums.append((score, place))
        if step % 50 == 0:
            a = np.mean(sums[-50:], 0)
            print(f"{step} {(time.time() - start) / 60:.1f} min, {step * args.batch / (time.time() - start):.0f}/s: score {a[0]:.4f} place {a[1]:.4f}", flush=True)
        if step % 200 == 0:
            torch.save(mean, args.out)
    torch.save(mean, args.out)
    print("saved", args.out, step)


def export(args):
    model = onnx.load(args.start)
    net = OnnxNet(model)
    net.load_state_dict(torch.load(args.checkpoint))
    values = net.values()
    for tensor in model.graph.initializer:
        if tensor.name.endswith(".f16"):
            value = values[tensor.name[:-4]].numpy().astype(np.float16)
            tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))
    model.graph.doc_string = "BlazeFace short range (MediaPipe, Apache-2.0), trained on for masked and small faces"
    onnx.checker.check_model(model)
    onnx.save(model, args.out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    p = commands.add_parser("train")
    p.add_argument("out")
    p.add_argument("start")
    p.add_argument("scenes")
    p.add_argument("labels", nargs="+")
    p.add_argument("--minutes", type=float, default=30)
    p.add_argument("--rate", type=float, default=4e-4)
    p.add_argument("--batch", type=int, default=12)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--half", action="store_true", help="bfloat16 arithmetic")
    p.add_argument("--init", help="a checkpoint to go on from")
    p = commands.add_parser("export")
    p.add_argument("checkpoint")
    p.add_argument("start")
    p.add_argument("out")
    args = parser.parse_args()
    {"train": train, "export": export}[args.command](args)


if __name__ == "__main__":
    main()
