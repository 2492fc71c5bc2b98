"""Teaches the second look to see a mask that is printed with a face, by its hem, and leaves all else that it answers as it is.

    python landmarks_prints.py draw POOL.npz LABELS.npz ... [--count N] [--seed S] [--held-out] [--only plain|thin]
    python landmarks_prints.py train OUT.pt POOL.npz ... --net landmarks-3.onnx --minutes M
    python landmarks_prints.py export OUT.pt landmarks-3.onnx OUT.onnx [--strength S] [--lean L]
    python landmarks_prints.py check POOL.npz NET.onnx ...

The network of landmarks.py is kept number by number: points, spread and face answer as they did. A branch looks at the map
behind its first convolution (`stem`, 16 x 48 x 48), where a thin line is still to be seen, and adds to the mask's logits:
three convolutions of 3 x 3 and stride 2 (16, 24 and 8 channels), whose 8 x 6 x 6 are joined with the 64 numbers of `hidden`,
24 hidden ones, three logits.

It learns from drawn pictures: masks printed with their wearer's face or another's (render_hems.py) and bare faces with lines that
are no hem have their own state; on all that landmarks.py draws it is to answer what the network answered before.
POOL.npz: `crops` n x 96 x 96 x 3 RGB, `kind` (KINDS), `state` (0 bare, 1 masked, 2 incorrect, -1 not known).
"""

import argparse
import copy
import time

import cv2
import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import helper
from torch import nn

from landmarks import folded, learn, set_rate
from landmarks_data import SIDE, FaceSamples, blaze_bias, crop_frame, degrade, jitter, load
from landmarks_geometry import MIRROR, move
from landmarks_onnx import GraphBuilder, halve_weights
from render import render_beard, render_brim, render_glasses, render_hand, render_sunglasses
from render_hems import render_lines, render_printed

KINDS = ("any", "own", "other", "lines")
SHARE = (0.38, 0.28, 0.1, 0.24)
SEEN = 18.0  # how far (of 255) the clearest hundredth of the crop has to differ by a mask of its wearer's own print, for anybody to see it
BEFORE, PREFIX = "mask.before", "hem"  # in the file: the mask's logits without the branch, and how the branch's names begin
MAP, WIDTHS, JOINED = "stem.relu", (16, 16, 24, 8), 24  # where the branch looks, its channels there and behind each convolution, its hidden numbers


class Prints(FaceSamples):
    def place(self, i, rng):
        """The crop of face `i` (float32) and the five points in it."""
        affine = crop_frame(self.points[i])
        affine = (np.vstack([jitter(rng, False), [0, 0, 1]]) @ np.vstack([affine, [0, 0, 1]]))[:2]
        image = cv2.warpAffine(self.picture(i), affine, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
        points = move(self.points[i], affine).astype(np.float32)
        if rng.random() < 0.5:
            image = np.ascontiguousarray(image[:, ::-1])
            points[:, 0] = SIDE - 1 - points[:, 0]
            points = points[MIRROR]
        return image, points

    def sample(self, rng, only=None):
        """A crop as the network sees it, its kind and the mask's state. `only`: `plain`, a bare face on which nothing is drawn but what
        hides eyes and chins, or `thin`, a mask of its wearer's own print with a hem that is no wider than a pixel."""
        kind = {"plain": 3, "thin": 1}.get(only) or int(rng.choice(4, p=SHARE))
        if kind == 0:
            image, _, _, _, state = self.draw(rng)
            return image, kind, state
        image, points = self.place(self.pick(self.sure_groups, rng), rng)
        if rng.random() < 0.15:
            image = render_beard(image, points, rng)
        if kind == 3:
            if only is None:
                image = render_lines(image, points, rng)
            before, state = None, 0
        else:
            wear = "under_nose" if rng.random() < 0.1 else "proper"
            print_ = image if kind == 1 else self._other_face(points, rng)
            before, state = image, 1 if wear == "proper" else 2
            image = render_printed(image, print_, points, rng, kind == 1, wear, thin=only == "thin")
        over = rng.random()
        for render, low, high in ((render_glasses, 0, 0.16), (render_sunglasses, 0.16, 0.22), (render_brim, 0.22, 0.27), (render_hand, 0.27, 0.31)):
            if low <= over < high:
                again = copy.deepcopy(rng)
                image = render(image, points, rng)
                before = None if before is None else render(before, points, again)
        again = copy.deepcopy(rng)
        image = degrade(image, rng)
        if before is not None and np.percentile(np.abs(image - degrade(before, again)).max(2), 99) < SEEN:
            state = -1
        return image, kind, state


def draw(args):
    cv2.setNumThreads(1)
    samples = Prints(args.labels, blaze_bias([load(p) for p in args.labels]), held_out=args.held_out)
    rng = np.random.default_rng(args.seed)
    rows = [samples.sample(rng, args.only) for _ in range(args.count)]
    np.savez(args.pool, crops=np.stack([np.clip(r[0] + 0.5, 0, 255).astype(np.uint8) for r in rows]),
             kind=np.array([r[1] for r in rows], np.int8), state=np.array([r[2] for r in rows], np.int8))
    print(args.pool, len(rows), flush=True)


def opened(path, outputs):
    """A session of the network that gives values inside it too, for any number of crops at once."""
    import onnxruntime

    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "n"
    del model.graph.output[:]
    model.graph.output.extend(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in outputs)
    setup = onnxruntime.SessionOptions()
    setup.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), setup)


def given(crops):
    return np.ascontiguousarray(((crops.astype(np.float32) - 127.5) / 128).transpose(0, 3, 1, 2))


class Branch(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1, bias=False) for a, b in zip(WIDTHS, WIDTHS[1:]))
        self.norms = nn.ModuleList(nn.BatchNorm2d(b) for b in WIDTHS[1:])
        self.join = nn.Linear(WIDTHS[-1] * (SIDE // 16) ** 2 + 64, JOINED)
        self.answer = nn.Linear(JOINED, 3)
        nn.init.zeros_(self.answer.weight)
        nn.init.zeros_(self.answer.bias)

    def forward(self, x, hidden):
        for conv, norm in zip(self.convs, self.norms):
            x = F.relu(norm(conv(x)))
        return self.answer(F.dropout(F.relu(self.join(torch.cat([x.flatten(1), hidden], 1))), 0.15, self.training))


def train(args):
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    session = opened(args.net, [MAP, "hidden.relu", "mask"])
    parts = {"kind": [], "state": [], "map": [], "hidden": [], "mask": []}
    for path in args.pools:
        pool = np.load(path)
        parts["kind"] += [pool["kind"]] * 2
        parts["state"] += [pool["state"]] * 2
        crops = np.concatenate([pool["crops"], pool["crops"][:, :, ::-1]])
        for k in range(0, len(crops), 256):
            map_, hidden, mask = session.run(None, {"input": given(crops[k:k + 256])})
            parts["map"].append(map_.astype(np.float16).transpose(0, 2, 3, 1))  # as torch lays channels out that are last
            parts["hidden"].append(hidden)
            parts["mask"].append(mask)
    kind, state, maps, hidden, mask = (torch.from_numpy(np.concatenate(v)) for v in parts.values())
    state, maps = state.long(), maps.permute(0, 3, 1, 2)
    print(len(kind), "samples, of kinds", np.bincount(kind.numpy(), minlength=4), "not to be seen", int(((kind > 0) & (state < 0)).sum()), flush=True)
    net, mean = Branch(), Branch()
    if args.init:
        net.load_state_dict(torch.load(args.init))
    net = net.to(memory_format=torch.channels_last)
    mean.load_state_dict(net.state_dict())
    print("parameters", sum(p.numel() for p in net.parameters()), flush=True)
    optimiser = torch.optim.AdamW(net.parameters(), args.rate, weight_decay=3e-2)
    start, step, sums = time.process_time(), 0, []
    net.train()
    while (done := (time.process_time() - start) / (60 * args.minutes)) < 1:
        set_rate(optimiser, args.rate * min(1, (step + 1) / 100), done)
        rows = torch.from_numpy(rng.integers(0, len(kind), args.batch))
        x, before = maps[rows].float(), mask[rows]
        out = before + net(x, hidden[rows])
        own = (kind[rows] > 0) & (state[rows] >= 0)
        told = F.cross_entropy(out[own], state[rows][own], weight=torch.tensor([args.bare, 1.0, 1.0]), label_smoothing=0.02)
        kept = F.kl_div(F.log_softmax(out[~own], 1), F.log_softmax(before[~own], 1), log_target=True, reduction="batchmean")
        loss = told * own.float().mean() + args.keep * kept * (~own).float().mean()
        step += 1
        learn(net, mean.state_dict(), optimiser, loss, step)
        right = (out.argmax(1) == state[rows]).float()
        sums.append([float(told.detach()), float(kept.detach())] + [float(right[(kind[rows] == k) & (state[rows] >= 0)].mean()) for k in range(4)])
        if step % 200 == 0:
            a = np.nanmean(sums[-200:], 0)
            print(f"{step} {(time.process_time() - start) / 60:.1f} min: told {a[0]:.3f} kept {a[1]:.4f} right", dict(zip(KINDS, a[2:].round(3))), flush=True)
            torch.save(mean.state_dict(), args.out)
    torch.save(mean.state_dict(), args.out)
    print("saved", args.out, step)


def without_branch(model):
    """The network as landmarks.py exports it, whether or not it has a branch."""
    graph = model.graph
    before = next((n for n in graph.node if list(n.output) == [BEFORE]), None)
    if before is None:
        return model
    nodes = [n for n in graph.node if not n.name.startswith(PREFIX) and n.name != "mask"]
    before.output[0] = before.name = "mask"
    constants = [t for t in graph.initializer if not t.name.startswith(PREFIX)]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(constants)
    return model


def export(checkpoint, net, out, strength=1.0, lean=0.0):
    """Adds the branch of `checkpoint` to the file `net`, what it adds times `strength` and `lean` more for both states of a mask: none of the nodes and none of the numbers there is
    changed, but for the name of what `mask` was."""
    branch = Branch().eval()
    branch.load_state_dict(torch.load(checkpoint))
    with torch.no_grad():
        branch.answer.weight.mul_(strength)
        branch.answer.bias.mul_(strength).add_(torch.tensor([0.0, lean, lean]))
    model = without_branch(onnx.load(net))
    graph, hem = model.graph, GraphBuilder(PREFIX, [1, 3, SIDE, SIDE])

    def linear(x, name, layer):
        weight, bias = (hem.constant(f"{name}.{part}", getattr(layer, part).detach().numpy()) for part in ("weight", "bias"))
        return hem.node("Gemm", [x, weight, bias], name, transB=1)

    x = MAP
    for i, (conv, norm) in enumerate(zip(branch.convs, branch.norms)):
        x = hem.node("Relu", [hem.conv(x, f"hem{i}", *folded(conv, norm), 2, (1, 1, 1, 1))], f"hem{i}.relu")
    x = hem.node("Concat", [hem.node("Flatten", [x], "hem.flat", axis=1), "hidden.relu"], "hem.joined", axis=1)
    x = linear(hem.node("Relu", [linear(x, "hem.join", branch.join)], "hem.join.relu"), "hem.answer", branch.answer)
    for old in graph.node:
        if list(old.output) == ["mask"]:
            old.output[0] = old.name = BEFORE
    hem.node("Add", [BEFORE, x], "mask")
    graph.initializer.extend(hem.initializers)
    graph.node.extend(hem.nodes)
    model = halve_weights(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, out)


def check(args):
    pool = np.load(args.pool)
    kind, state = pool["kind"].astype(int), pool["state"].astype(int)
    for path in args.nets:
        session = opened(path, ["mask"])
        logits = np.concatenate([session.run(None, {"input": given(pool["crops"][k:k + 256])})[0] for k in range(0, len(kind), 256)])
        print(path)
        for k, name in enumerate(KINDS):
            for s, true in enumerate(("bare", "masked", "incorrect")):
                rows = (kind == k) & (state == s)
                if rows.any():
                    print(f"  {name:6} {true:10} {rows.sum():5d}: bare, masked, incorrect", (np.bincount(logits[rows].argmax(1), minlength=3) / rows.sum()).round(3))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    p = commands.add_parser("draw")
    p.add_argument("pool")
    p.add_argument("labels", nargs="+")
    p.add_argument("--count", type=int, default=4000)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--held-out", action="store_true")
    p.add_argument("--only", choices=("plain", "thin"), help="bare faces alone, nothing of which looks like a hem; or masks of their wearers' own print with thin hems")
    p = commands.add_parser("train")
    p.add_argument("out")
    p.add_argument("pools", nargs="+")
    p.add_argument("--net", required=True)
    p.add_argument("--minutes", type=float, required=True, help="of the processor's time: a machine that others use too learns as much")
    p.add_argument("--init")
    p.add_argument("--rate", type=float, default=3e-3)
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--bare", type=float, default=1.5, help="weight of a bare face beside a mask's")
    p.add_argument("--keep", type=float, default=4.0, help="weight of answering as before on all that shows no print")
    p.add_argument("--seed", type=int, default=1)
    p = commands.add_parser("export")
    p.add_argument("checkpoint")
    p.add_argument("net")
    p.add_argument("out")
    p.add_argument("--strength", type=float, default=1.0, help="how much of what the branch adds; a short training is too modest")
    p.add_argument("--lean", type=float, default=0.0, help="what is added to the logits of masked and incorrect")
    p = commands.add_parser("check")
    p.add_argument("pool")
    p.add_argument("nets", nargs="+")
    args = parser.parse_args()
    if args.command == "export":
        export(args.checkpoint, args.net, args.out, args.strength, args.lean)
    else:
        {"draw": draw, "train": train, "check": check}[args.command](args)


if __name__ == "__main__":
    main()
