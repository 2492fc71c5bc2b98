"""Train an embedder on aligned sets with teachers' templates: the periocular one, or one for the whole face where --start is square.

    python embed_train.py OUT_FOLDER --start START.onnx --sets STEM[:people] ... --teachers mfn,fr (--steps N | --minutes M)

Each STEM is an aligned set (data.py) with STEM.<teacher>.npy beside it (teachers.py). `:people` says that the first
folder of `file` names a person; without it every picture is its own identity. A file `STEM.people.csv` (file, person,
masked) overrules both: pictures it does not list are left out, and pictures marked as masked get their person's mean
template as target, because the teachers cannot see under a mask.

OUT_FOLDER gets `checkpoint.pt` (resumed from when it is there), `student.onnx` (moving average of the weights) and
`run.json` (what was done; the model card is written from it). Runs on CUDA when there is one, else on the CPU.
"""
import argparse
import csv
import hashlib
import json
import math
import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import align
import data
import embed_losses
import embed_net
import embed_views
import teachers

UNKNOWN = -1


class Diverged(RuntimeError):
    """The loss is no number any more."""


@dataclass
class Recipe:
    """Everything that decides the result, apart from the data."""

    dimensions: int = 256
    batch: int = 128  # half of it bare, half of it masked pictures of the same people
    rate: float = 2e-4
    warm_up: int = 100
    weight_decay: float = 2e-4
    scale: float = 28.0
    margin: float = 0.15
    softmax_weight: float = 1.0  # 0: no identities, only nearness to the targets
    teacher_weight: float = 2.0
    pair_weight: float = 0.0
    most_of_one_person: int = 16  # pictures an epoch
    average_decay: float = 0.995
    frozen_convolutions: int = 5  # everything at half resolution: a third of the time, and it changes least
    seed: int = 1
    keep_basis: bool = True  # turn the targets onto the start network's own axes
    centre: float = 0.5  # share of each source's mean template that is taken out of its targets
    turn_by: int = 8000  # bare pictures at most that decide how the targets are turned
    anchor: float = 0.0  # share of the start network's own bare templates in the targets: what it knows, it keeps


@dataclass
class Source:
    """An aligned set ready for training."""

    stem: str
    crops: np.ndarray  # uint8[n, 128, 128, 3], memory-mapped
    points: np.ndarray  # float32[n, 5, 2]
    people: np.ndarray  # int[n], UNKNOWN where left out
    masked: np.ndarray  # bool[n]
    templates: list  # a float32[n, d] for each teacher


def load_source(text, teacher_names):
    """Read a `STEM[:people]`; raises `data.BadIndex` when its parts do not fit together."""
    stem, _, kind = text.partition(":")
    crops, files, points = data.read_set(stem)
    masked = np.zeros(len(files), bool)
    table = Path(f"{stem}.people.csv")
    if table.exists():
        people, masked = read_people(table, files)
    elif kind == "people":
        people = numbered([Path(f).parts[0] for f in files])
    else:
        people = np.arange(len(files))
    templates = []
    for name in teacher_names:
        path = f"{stem}.{name}.npy"
        if not os.path.exists(path):
            raise data.BadIndex(f"{path} is missing. Make it with `teachers.py embed {stem} {name}=MODEL.onnx`.")
        values = np.load(path)
        if values.ndim != 2 or len(values) != len(files):
            raise data.BadIndex(f"{path} has {len(values)} templates for {len(files)} crops. Run `teachers.py embed` again.")
        templates.append(values)
    return Source(stem, crops, points, people, masked, [spread_to_masked(t, people, masked) for t in templates])


def numbered(names):
    """Names to numbers 0..k-1."""
    return np.unique(names, return_inverse=True)[1]


def read_people(table, files):
    """`(people int[n], masked bool[n])` of a STEM.people.csv."""
    with open(table, newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    unknown = set(rows) - set(files)
    if unknown:
        raise data.BadIndex(f"{table} names {sorted(unknown)[0]!r}, which the aligned set does not hold.")
    names = sorted({row["person"] for row in rows.values()})
    number = {name: i for i, name in enumerate(names)}
    people = np.array([number[rows[f]["person"]] if f in rows else UNKNOWN for f in files])
    return people, np.array([f in rows and rows[f]["masked"] == "1" for f in files])


def spread_to_masked(templates, people, masked):
    """Templates in which each masked picture has the mean template of its person's bare ones."""
    templates = templates.copy()
    for person in np.unique(people[masked & (people != UNKNOWN)]):
        bare = (people == person) & ~masked
        if bare.any():
            templates[(people == person) & masked] = teachers.unit(templates[bare].mean(0))
    return templates


class Faces:
    """All sources joined: pictures, identities, targets and class prototypes."""

    def __init__(self, sources, recipe, basis=None):
        self.sources = sources
        kept = [np.flatnonzero(s.people != UNKNOWN) for s in sources]
        self.source = np.concatenate([np.full(len(k), i) for i, k in enumerate(kept)])
        self.position = np.concatenate(kept)
        self.points = np.concatenate([s.points[k] for s, k in zip(sources, kept)])
        self.masked = np.concatenate([s.masked[k] for s, k in zip(sources, kept)])
        people, first, firsts = [], 0, {}
        for s, k in zip(sources, kept):
            numbers = numbered(s.people[k])
            people.append(numbers + firsts.setdefault(s.stem, first))  # a set named twice shows the same people
            first = max(first, int(people[-1].max()) + 1)
        self.people, self.count = np.concatenate(people), first
        self.targets, self.basis = teachers.centred_targets(
            [[t[k] for t in s.templates] for s, k in zip(sources, kept)], recipe.dimensions, recipe.seed,
            centre=recipe.centre, basis=basis,
        )
        self.members = [[] for _ in range(self.count)]
        for i, person in enumerate(self.people):
            self.members[person].append(i)
        self._mix_targets()
        self.held = None

    def __len__(self):
        return len(self.people)

    def crop(self, i):
        return np.asarray(self.sources[self.source[i]].crops[self.position[i]])

    def hold(self, device):
        """Keep all crops on an accelerator, which then never waits for the disk: 49 kB a picture."""
        self.held = torch.empty((len(self), align.CROP, align.CROP, 3), dtype=torch.uint8, device=device)
        for i in range(len(self)):
            self.held[i] = torch.from_numpy(self.crop(i).copy())

    def crops(self, index):
        """`uint8[n, 128, 128, 3]` of some pictures, where `hold` put them or from the disk."""
        if self.held is not None:
            return self.held[torch.from_numpy(index).to(self.held.device)]
        return torch.from_numpy(np.stack([self.crop(i) for i in index]))

    def _mix_targets(self):
        """Prototypes are mean targets; a picture's own target moves halfway to its person's, against noise."""
        total = np.zeros((self.count, self.targets.shape[1]), np.float32)
        np.add.at(total, self.people, self.targets)
        self.prototypes = teachers.unit(total)
        self.targets = teachers.unit(self.targets + self.prototypes[self.people])

    def templates(self, teacher):
        """A teacher's own templates `float32[n, d]`, by its place in the list of teachers."""
        return np.concatenate([s.templates[teacher][s.people != UNKNOWN] for s in self.sources])

    def turn(self, rotation):
        """Turn targets and prototypes by an orthogonal `float32[d, d]`."""
        self.targets, self.prototypes = self.targets @ rotation, self.prototypes @ rotation
        self.basis = self.basis @ rotation

    def anchor(self, index, outputs, share):
        """Mix the start network's `outputs` float32[k, d] for the bare pictures `index` into targets and prototypes."""
        total = np.zeros((self.count, outputs.shape[1]), np.float32)
        np.add.at(total, self.people[index], outputs)
        seen = np.linalg.norm(total, axis=1) > 0
        self.prototypes[seen] = teachers.unit((1 - share) * self.prototypes[seen] + share * teachers.unit(total[seen]))
        self.targets = teachers.unit(self.targets + self.prototypes[self.people])

    def epoch(self, rng, most_of_one_person):
        """A random order of pictures in which nobody appears too often."""
        seen, order = np.zeros(self.count, int), []
        for i in rng.permutation(len(self)):
            if seen[self.people[i]] < most_of_one_person:
                seen[self.people[i]] += 1
                order.append(i)
        return np.array(order)


def partners(faces, index, rng):
    """For each picture of `index` itself or another one of its person, a really masked one for half of the bare ones."""
    chosen = index.copy()
    for k, i in enumerate(index):
        members = faces.members[faces.people[i]]
        if len(members) < 2 or rng.random() < 0.25:
            continue
        masked = [m for m in members if faces.masked[m]]
        some = masked if masked and not faces.masked[i] and rng.random() < 0.5 else members
        chosen[k] = some[rng.integers(len(some))]
    return chosen


def procrustes(source, target):
    """Orthogonal `float32[d, d]` R for which `source @ R` is nearest to `target`."""
    u, _, vt = np.linalg.svd(source.T.astype(np.float64) @ target.astype(np.float64))
    return (u @ vt).astype(np.float32)


def half_is_fast(device):
    """Whether bfloat16 pays: a processor without instructions of its own for it is ten times slower than with float32."""
    return device.type == "cuda" or torch.backends.cpu.get_cpu_capability().startswith("AVX512")


@torch.no_grad()
def embed_plain(network, faces, index, batch=64):
    """Unit outputs for undisturbed windows."""
    device, parts = next(network.parameters()).device, []
    for start in range(0, len(index), batch):
        windows = [align.to_network(network.window.cut(faces.crop(i)), *network.normalisation) for i in index[start : start + batch]]
        pictures = torch.from_numpy(np.stack(windows)).to(device, memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16, enabled=half_is_fast(device)):
            outputs = network(pictures)
        parts.append(F.normalize(outputs.float()).cpu().numpy())
    return np.concatenate(parts)


def turn_targets(network, faces, recipe, start_is=None, turned=False):
    """Turn the targets so that the start network already speaks their language, unless they are `turned` already; returns the mean cosine reached.

    Principal components have no natural order between runs. Turning the targets instead of remapping the last layer
    keeps the axes of both networks alike, so that their weights can be averaged afterwards. Many bare pictures take part:
    fixed by a thousand or two, the turn scrambles the weaker axes, and training spends its time on undoing that. Where the
    start network is itself a teacher, `start_is` its place in the list, its templates are there already.
    """
    bare = np.flatnonzero(~faces.masked)
    if start_is is not None:
        outputs = faces.templates(start_is)[bare]
    else:
        if recipe.anchor == 0 and len(bare) > recipe.turn_by:
            bare = np.random.default_rng(recipe.seed).permutation(bare)[: recipe.turn_by]
        outputs = embed_plain(network, faces, bare)
    if not turned:
        faces.turn(procrustes(faces.targets[bare], outputs))
    reached = float((outputs * faces.targets[bare]).sum(1).mean())
    if recipe.anchor > 0:
        faces.anchor(bare, outputs, recipe.anchor)
    return reached


def rate_at(progress, step, recipe):
    """Learning rate after a linear warm-up, falling by half a cosine to 2 % at progress 1."""
    rise = min(1.0, (step + 1) / recipe.warm_up)
    return recipe.rate * rise * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


class Trainer:
    """Network, optimiser, moving average and the place where they are kept."""

    def __init__(self, network, faces, recipe, folder, steps=None, minutes=None):
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.half = half_is_fast(self.device)
        self.network = network.to(self.device, memory_format=torch.channels_last)
        self.forward = self.network
        self.faces, self.recipe, self.folder = faces, recipe, Path(folder)
        self.steps, self.minutes = steps, minutes
        network.freeze(recipe.frozen_convolutions)
        trained = [w for w in network.weights.values() if w.requires_grad]
        self.optimiser = torch.optim.AdamW(trained, recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.weight_decay)
        self.average = {k: v.detach().float().clone() for k, v in network.state_dict().items()}
        if self.device.type == "cuda":
            torch.backends.cudnn.benchmark = True
            faces.hold(self.device)
        on_device = lambda values: torch.from_numpy(values).to(self.device)
        self.prototypes, self.targets = on_device(faces.prototypes), on_device(faces.targets)
        self.people, self.points = on_device(faces.people), on_device(faces.points.astype(np.float32))
        self.masked = on_device(faces.masked)
        self.step, self.epoch, self.spent = 0, 0, 0.0
        self.log = []

    @property
    def checkpoint(self):
        return self.folder / "checkpoint.pt"

    def progress(self):
        """0 at the start, 1 when the agreed steps or minutes are used up."""
        by_steps = self.step / self.steps if self.steps else 0.0
        by_time = self.spent / (60 * self.minutes) if self.minutes else 0.0
        return max(by_steps, by_time)

    def save(self):
        """Write the checkpoint beside the old one and swap, so that a crash leaves one of both whole."""
        state = dict(
            fingerprint=self.network.fingerprint(), weights=self.network.state_dict(), average=self.average,
            optimiser=self.optimiser.state_dict(), step=self.step, epoch=self.epoch, spent=self.spent, log=self.log,
            recipe=asdict(self.recipe),
        )
        fresh = self.checkpoint.with_suffix(".new")
        torch.save(state, fresh)
        os.replace(fresh, self.checkpoint)

    def resume(self):
        """Go on from the folder's checkpoint; False when there is none."""
        if not self.checkpoint.exists():
            return False
        state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        self.network.load_weights(state["weights"], state["fingerprint"], self.checkpoint)
        self.average = state["average"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.epoch, self.spent, self.log = state["step"], state["epoch"], state["spent"], state["log"]
        return True

    def views(self, index, share_masked, rng):
        """Pictures `index` int64[n] as network input, a mask painted on `share_masked` of them."""
        chance = embed_views.Chance(len(index), self.device, int(rng.integers(1 << 62)))
        where = torch.from_numpy(index).to(self.device)
        painted = chance.happens(share_masked)
        return embed_views.draw(
            self.faces.crops(index), self.points[where], painted, self.masked[where], chance, random.Random(int(rng.integers(1 << 62))),
            window=self.network.window, normalisation=self.network.normalisation,
        )

    def drawn(self, first, second, step):
        """The views of step `step` of pictures `first`, mostly bare, and `second` of the same people, mostly masked."""
        rng = np.random.default_rng((self.recipe.seed, step))
        with torch.no_grad():
            pictures = torch.cat([self.views(first, 0.2, rng), self.views(second, 0.92, rng)])
        return first, second, pictures.contiguous(memory_format=torch.channels_last)

    def loss(self, first, second, pictures):
        """The loss of the `pictures` that were drawn of `first` and `second`; and its parts for the log."""
        recipe = self.recipe
        both = torch.from_numpy(np.concatenate([first, second])).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            outputs = self.forward(pictures)
        outputs, classes = F.normalize(outputs.float()), self.people[both]
        distance = embed_losses.teacher_loss(outputs, self.targets[both])
        softmax = embed_losses.margin_softmax(outputs, classes, self.prototypes, recipe.scale, recipe.margin)
        half = len(first)
        pairs = embed_losses.pull_pairs(outputs[:half], outputs[half:], classes[:half])
        total = recipe.softmax_weight * softmax + recipe.teacher_weight * distance + recipe.pair_weight * pairs
        return total, torch.stack([softmax, 1 - distance, pairs, total]).detach()

    def learn(self, first, second, pictures):
        """One step of the optimiser; the parts of the loss, still on the device."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.progress(), self.step, self.recipe)
        total, parts = self.loss(first, second, pictures)
        self.optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        embed_net.move_average(self.average, self.network, min(self.recipe.average_decay, (1 + self.step) / (20 + self.step)))
        return parts

    def check(self, recent):
        """Mean parts of the loss since the last check; raises `Diverged` when one is no number (asked rarely: it waits)."""
        mean = torch.stack(recent).mean(0).cpu().numpy()
        if not np.isfinite(mean).all():
            kept = f"The last good checkpoint is {self.checkpoint}." if self.checkpoint.exists() else "No checkpoint was written yet."
            raise Diverged(f"the loss is not a number at step {self.step}. {kept} Start again with a lower --rate.")
        return [round(float(v), 4) for v in mean]

    def ahead(self, batches, rng):
        """The views of each of `batches`, the next ones drawn while these are learnt from."""
        with ThreadPoolExecutor(1) as drawer:
            coming = None
            for step, first in enumerate(batches, self.step):
                after = drawer.submit(self.drawn, first, partners(self.faces, first, rng), step)
                if coming:
                    yield coming.result()
                coming = after
            yield coming.result()

    def run(self, save_every=100, report=print):
        """Train until progress is 1."""
        recent, mark, half = [], time.time(), self.recipe.batch // 2
        while self.progress() < 1:
            rng = np.random.default_rng((self.recipe.seed, self.epoch, self.step))
            order = self.faces.epoch(rng, self.recipe.most_of_one_person)
            whole = len(order) // half * half if len(order) >= half else len(order)
            for views in self.ahead([order[start : start + half] for start in range(0, whole, half)], rng):
                recent.append(self.learn(*views))
                now = time.time()
                self.spent, mark = self.spent + now - mark, now
                last = self.progress() >= 1
                if self.step % min(50, save_every) == 0 or last:
                    mean = self.check(recent)
                    recent = []
                    self.log.append([self.step, round(self.spent), *mean[:3]])
                    report(f"step {self.step} {self.spent / 60:.1f} min softmax {mean[0]} cosine {mean[1]} pairs {mean[2]}")
                if self.step % save_every == 0:
                    self.save()
                if last:
                    break
            self.epoch += 1
        self.save()

    def averaged(self):
        """The network with its moving average as weights, on the CPU."""
        self.network.load_state_dict(self.average)
        return self.network.to("cpu", memory_format=torch.contiguous_format).eval()


def file_hash(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def start_network(start, weights=None, rounded=False):
    """The network of `start`, `rounded` as its bytes are, with the weights of the file `weights`, which came from there, if one is given.

    What a network expects of its input stands in the start's own file; a network made from it here has that in the manifest only.
    """
    network = embed_net.OnnxNet(start, rounded)
    if weights:
        tuned = embed_net.OnnxNet(weights)
        network.load_weights(tuned.state_dict(), tuned.fingerprint(), weights)
    return network


def train(folder, start, sets, teacher_names, recipe, steps=None, minutes=None, report=print, fast=False, start_is=None, weights=None, rounded=False):
    """Train and export; returns what `run.json` says. `start_is` names the teacher that is the start network itself, if one is."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    kept_basis = folder / "basis.npy"  # a resumed run may bring further sets, but its targets keep their axes
    basis = np.load(kept_basis) if (folder / "checkpoint.pt").exists() and kept_basis.exists() else None
    faces = Faces([load_source(s, teacher_names) for s in sets], recipe, basis)
    report(f"{len(faces)} pictures of {faces.count} identities, {int(faces.masked.sum())} of them really masked")
    network = start_network(start, weights, rounded).to("cuda" if torch.cuda.is_available() else "cpu")
    own = teacher_names.index(start_is) if start_is else None
    resumed = basis is not None  # its targets are turned, but the anchor is mixed in anew
    agreement = turn_targets(network, faces, recipe, own, resumed) if recipe.keep_basis and (not resumed or recipe.anchor > 0) else None
    np.save(kept_basis, faces.basis)
    if agreement is not None:
        report(f"the start network agrees with its targets by a cosine of {agreement:.3f}")
    trainer = Trainer(network, faces, recipe, folder, steps, minutes)
    if fast:
        trainer.forward = torch.compile(network)
    if trainer.resume():
        report(f"resumed at step {trainer.step}")
    trainer.run(report=report)
    result = trainer.averaged()
    if rounded:
        embed_net.export_bytes(result, start, folder / "student.onnx")
    else:
        embed_net.export(result, folder / "student.onnx")
    difference = embed_net.largest_difference(result, folder / "student.onnx")
    if difference > (5e-2 if rounded else 5e-3):  # of two ways to the same sum one may round up and the other down
        raise RuntimeError(f"student.onnx differs from the trained network by {difference:.1e} of the output's length")
    summary = dict(
        window=network.window.about, normalisation=network.normalisation, rounded=rounded, start=Path(start).name, start_sha256=file_hash(start),
        weights=Path(weights).name if weights else None, weights_sha256=file_hash(weights) if weights else None, sets=[Path(s).name for s in sets],
        teachers=teacher_names, pictures=len(faces), identities=faces.count, really_masked=int(faces.masked.sum()), recipe=asdict(recipe),
        steps=trainer.step, samples=trainer.step * recipe.batch, minutes=round(trainer.spent / 60, 1),
        device=trainer.device.type, agreement_at_start=agreement, log=trainer.log, export_difference=difference,
        student_sha256=file_hash(folder / "student.onnx"),
    )
    (folder / "run.json").write_text(json.dumps(summary, indent=1))
    return summary


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--start", required=True)
    parser.add_argument("--sets", nargs="+", required=True)
    parser.add_argument("--teachers", default="mfn,fr")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--start-is", help="the teacher that is the start network itself: its templates need not be made again")
    parser.add_argument("--weights", help="a network that came from --start: its weights are where training begins")
    parser.add_argument("--rounded", action="store_true", help="--start is a network of bytes: train it as one, and write it as one")
    parser.add_argument("--compile", action="store_true", help="let torch fuse operators (needs a C++ compiler)")
    for name, value in asdict(Recipe()).items():
        if type(value) in (int, float):
            parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    args = parser.parse_args()
    if not args.steps and not args.minutes:
        parser.error("say how long: --steps or --minutes")
    if args.threads:
        torch.set_num_threads(args.threads)
    recipe = Recipe(**{n: getattr(args, n) for n, v in asdict(Recipe()).items() if type(v) in (int, float)})
    try:
        summary = train(
            args.folder, args.start, args.sets, args.teachers.split(","), recipe, args.steps, args.minutes,
            lambda text: print(text, flush=True), args.compile, args.start_is, args.weights, args.rounded,
        )
    except (data.BadIndex, align.BadPicture, embed_net.OtherArchitecture, Diverged, FileNotFoundError, ValueError) as error:
        sys.exit(f"embed_train: {error}")
    print(f"{summary['steps']} steps in {summary['minutes']} minutes; {args.folder}/student.onnx")


if __name__ == "__main__":
    main()
