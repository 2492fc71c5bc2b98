"""Goes on from a presence network with all of its weights, on more looks than its last layer was fitted to.

    python presence_tune.py OUT.onnx CROPS.npz... --start START.onnx [--passes 8] [--keep 0.5]

CROPS are of presence_data.py. Both reaches of a look are judged, and their mean, which is what the engine pools. Live and attacks, bare
and masked weigh the same. What the start learned of real prints and screens is not to be forgotten for emulated ones: weights are drawn back
to it (`--near`), and OUT is `--keep` of the start and the rest of what was trained, of which `OUT.trained.npz` keeps the whole, so that another share costs nothing
(`--passes 0`). Pictures whose number is divisible by five are held out; each pass tells how many attacks on them pass where a tenth of the live are refused.
"""

import argparse
import pathlib

import numpy as np
import onnx
import torch
import torch.nn.functional as F

import embed_net
import presence_train
from presence_data import SIDE

BATCH = 32


def drawn(crops, rng):
    """RGB float32[n, 3, 80, 80] of BGR bytes [n, 80, 80, 3], each look as another camera might have taken it."""
    x = torch.from_numpy(np.ascontiguousarray(crops[..., ::-1])).permute(0, 3, 1, 2).float()
    n = len(x)

    def draw(low, high, *shape):
        return torch.from_numpy(rng.uniform(low, high, (n, *shape)).astype(np.float32))

    x = torch.where(torch.from_numpy(rng.random(n) < 0.5).view(-1, 1, 1, 1), x.flip(3), x)
    zoom, shift = draw(0.92, 1.08), draw(-0.05, 0.05, 2)
    way = torch.zeros(n, 2, 3)
    way[:, 0, 0] = way[:, 1, 1] = zoom
    way[:, :, 2] = shift
    moved = F.grid_sample(x, F.affine_grid(way, x.shape, align_corners=False), padding_mode="border", align_corners=False)
    x = torch.where(torch.from_numpy(rng.random(n) < 0.5).view(-1, 1, 1, 1), moved, x)
    light = draw(0.75, 1.3, 1, 1, 1) * draw(0.93, 1.07, 3, 1, 1)
    return (255 * (x / 255).clamp(0, 1) ** draw(0.8, 1.25, 1, 1, 1) * light).clamp(0, 255)


def judged(network, crops):
    """Log-odds of live, mean of both reaches, of n x 2 x 80 x 80 x 3."""
    out = []
    with torch.no_grad():
        for at in range(0, len(crops), BATCH):
            part = crops[at : at + BATCH]
            x = torch.from_numpy(np.ascontiguousarray(part[..., ::-1])).float().flatten(0, 1).permute(0, 3, 1, 2)
            out.append(network(x.contiguous(memory_format=torch.channels_last)).view(len(part), 2, 3).numpy())
    return presence_train.log_odds(np.concatenate(out).astype(np.float64)).mean(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("crops", nargs="+")
    parser.add_argument("--start", required=True)
    parser.add_argument("--passes", type=int, default=8)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--near", type=float, default=1e-3)
    parser.add_argument("--keep", type=float, default=0.5)
    parser.add_argument("--half", action="store_true", help="bfloat16, where the processor has instructions for it")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    sets = [np.load(f) for f in arguments.crops]
    crops, kind, masked, person = (np.concatenate([s[k] for s in sets]) for k in ("crops", "kind", "masked", "person"))
    test = person % 5 == 0
    label = presence_train.CLASS_OF_KIND[kind]
    cell = (label == 1) * 2 + (masked >= 0.5)
    weight = 1 / np.bincount(cell[~test], minlength=4)[cell]
    weight = torch.from_numpy((weight / weight[~test].mean()).astype(np.float32))
    network = embed_net.OnnxNet(arguments.start, size=(SIDE, SIDE)).to(memory_format=torch.channels_last)
    network.freeze(0)
    start = {k: v.clone() for k, v in network.state_dict().items()}
    print(f"{len(kind)} looks at {len(np.unique(person))} pictures, {int((kind == 0).sum())} live, {int((masked >= 0.5).sum())} masked; {int(test.sum())} held out")

    def report(what):
        found = presence_train.errors(judged(network, crops[test]), kind[test], masked[test])
        print(what, {k: v for k, v in found.items() if v[1] >= 10}, flush=True)

    report("start")
    trained = arguments.out.with_suffix(".trained.npz")
    if arguments.passes:
        average = {k: v.clone() for k, v in start.items()}
        optimiser = torch.optim.AdamW(network.parameters(), lr=arguments.rate, weight_decay=0)
        rows = np.flatnonzero(~test)
        rng = np.random.default_rng(0)
        steps = arguments.passes * (len(rows) // BATCH)
        step = 0
        for turn in range(arguments.passes):
            order, losses = rng.permutation(rows), []
            for at in range(0, len(order) - BATCH + 1, BATCH):
                chosen = order[at : at + BATCH]
                # one light for both reaches of a look would be truer; apart they are worth more looks
                x = drawn(crops[chosen].reshape(-1, SIDE, SIDE, 3), rng).contiguous(memory_format=torch.channels_last)
                for group in optimiser.param_groups:
                    group["lr"] = arguments.rate * min(1, (step + 1) / 50) * 0.5 * (1 + np.cos(np.pi * step / steps))
                with torch.autocast("cpu", torch.bfloat16, enabled=arguments.half):
                    logits = network(x).float().view(len(chosen), 2, 3)
                truth = torch.from_numpy(label[chosen])
                each = F.cross_entropy(logits.flatten(0, 1), truth.repeat_interleave(2), reduction="none").view(-1, 2).mean(1)
                odds = (logits[..., 1] - torch.logsumexp(logits[..., ::2], 2)).mean(1)
                both = F.binary_cross_entropy_with_logits(odds, (truth == 1).float(), reduction="none")
                loss = ((each + both) * weight[chosen]).mean()
                far = sum(((v - start[k]) ** 2).sum() for k, v in network.named_parameters() if v.requires_grad)
                optimiser.zero_grad()
                (loss + arguments.near * far).backward()
                optimiser.step()
                embed_net.move_average(average, network, 0.995)
                losses.append(float(loss.detach()))
                step += 1
                if not np.isfinite(losses[-1]):
                    raise SystemExit("the loss is no number any more: begin again with a lower --rate")
            print(f"pass {turn + 1}: loss {np.mean(losses):.3f}, {float(far.detach()) ** 0.5:.2f} from the start", flush=True)
            report(f"pass {turn + 1}:")
        np.savez(trained, **{k: v.numpy() for k, v in average.items()})
    last = {k: torch.from_numpy(v) for k, v in np.load(trained).items()}
    network.load_state_dict(embed_net.average(last, start, arguments.keep))
    report(f"{arguments.keep} of the start:")
    write(network, arguments.start, arguments.out)


def write(network, source, path):
    """The file that the network was read from, with its own weights, in half precision."""
    model = onnx.load(str(source))
    names = {n.output[0].replace(".", "_"): n.input[0] for n in model.graph.node if n.op_type == "Cast"}
    place = {t.name: t for t in model.graph.initializer}
    for key, parameter in network.weights.items():
        name = names.get(key) or next(n for n in place if n.replace(".", "_") == key)
        kept = onnx.numpy_helper.to_array(place[name])
        place[name].CopyFrom(onnx.numpy_helper.from_array(parameter.detach().numpy().astype(kept.dtype), name))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


if __name__ == "__main__":
    main()
