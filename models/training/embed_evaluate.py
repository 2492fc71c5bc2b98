"""True match rates at a false match rate, cell by cell, with intervals by resampling identities.

    python embed_evaluate.py STEM --model NAME=PERIOCULAR.onnx ... --teacher NAME=FULL.onnx ... [--truth truth.csv | --render]
                             [--half odd|even|all] [--fmr 1e-2 1e-3] [--json OUT.json] [--no-flip]

The person is the first folder of `file`. Cells are bare x bare, bare x masked and masked x masked; masked pictures are
those of `--truth` (file, mask), or with `--render` a copy of every picture with a mask drawn on it by render.py. Halves
are of people, by CRC-32 of their folder's name. The threshold is taken in each cell from its own non-mated comparisons
of the same half: the figures compare networks, they are not the product's calibrated error rates.
Pictures on which no face was found do not take part; data.py lists them.
"""
import argparse
import csv
import json
import sys
import zlib
from pathlib import Path

import numpy as np

import align
import data
import teachers

CELLS = (("bare", "bare"), ("bare", "masked"), ("masked", "masked"))


def in_half(person, half):
    """Whether a person belongs to the half `odd` or `even` (CRC-32 of the name), or to `all`."""
    return half == "all" or zlib.crc32(person.encode()) % 2 == (half == "odd")


def cell_pairs(scores, people_a, people_b, same_list, other_ok=None):
    """Scores of one cell as `(mated, their person, non-mated, their two people)`.

    `scores` is float[a, b]; `same_list` says that both sides are the same pictures, so that each pair counts once.
    `other_ok` bool[a, b] leaves further pairs out (a picture against its own masked copy).
    """
    usable = np.ones(scores.shape, bool) if other_ok is None else other_ok.copy()
    if same_list:
        usable &= np.triu(np.ones(scores.shape, bool), 1)
    same = people_a[:, None] == people_b[None]
    a, b = np.nonzero(same & usable)
    c, d = np.nonzero(~same & usable)
    return scores[a, b], people_a[a], scores[c, d], (people_a[c], people_b[d])


def match_rates(mated, mated_weight, tail, tail_weight, total, rates):
    """TMR at each FMR. `tail` holds the highest non-mated scores, falling; `total` the weight of all of them."""
    passed = np.cumsum(tail_weight)
    result = []
    for rate in rates:
        first = np.searchsorted(passed, rate * total, side="right")
        if first >= len(tail):
            raise ValueError("the tail of non-mated scores is too short for this rate")
        result.append(float((mated_weight * (mated > tail[first])).sum() / max(mated_weight.sum(), 1e-12)))
    return result


def cell_rates(pairs, rates, repeats=200, seed=0):
    """`{fmr: (tmr, low, high)}` with a 95 % interval from resampling the people, and the numbers of pairs."""
    mated, owner, non_mated, (left, right) = pairs
    if not len(mated) or len(non_mated) < 2 / min(rates):
        return {"mated": len(mated), "non_mated": len(non_mated), "rates": {}}
    keep = min(len(non_mated), int(len(non_mated) * min(1.0, 8 * max(rates))) + 10)
    top = np.argpartition(-non_mated, keep - 1)[:keep]
    top = top[np.argsort(-non_mated[top], kind="stable")]
    tail, tail_left, tail_right = non_mated[top], left[top], right[top]
    ones = np.ones(len(mated))
    point = match_rates(mated, ones, tail, np.ones(keep), len(non_mated), rates)
    count = int(max(owner.max(), left.max(), right.max())) + 1
    between = np.zeros((count, count))
    np.add.at(between, (left, right), 1)
    present = np.unique(np.concatenate([owner, left, right]))
    rng, drawn = np.random.default_rng(seed), []
    for _ in range(repeats):
        weight = np.bincount(rng.choice(present, len(present)), minlength=count).astype(float)
        total = weight @ between @ weight
        try:
            drawn.append(match_rates(mated, weight[owner], tail, weight[tail_left] * weight[tail_right], total, rates))
        except ValueError:
            continue
    low, high = np.percentile(np.array(drawn), [2.5, 97.5], axis=0)
    return {
        "mated": len(mated), "non_mated": len(non_mated),
        "rates": {f"{r:g}": [round(v, 4) for v in (p, l, h)] for r, p, l, h in zip(rates, point, low, high)},
    }


def render_copies(crops, points, seed=3):
    """Each crop with a mask drawn on it, worn properly (render.py); the same masks for every network."""
    import render

    copies = np.empty((len(crops), align.CROP, align.CROP, 3), np.uint8)
    for i, crop in enumerate(crops):
        drawn, _ = render.render_mask(np.asarray(crop), points[i], np.random.default_rng((seed, i)), wear="proper")
        copies[i] = np.clip(drawn, 0, 255).astype(np.uint8)
    return copies


class Gauge:
    """Pictures with people and mask states, ready to measure networks on."""

    def __init__(self, stem, truth=None, render=False, half="odd", at_least=1, most=None):
        crops, files, points = data.read_set(stem)
        people = np.array([Path(f).parts[0] for f in files])
        number = {p: int(np.sum(people == p)) for p in set(people)} if at_least > 1 else None
        chosen, taken = [], {}
        for i, person in enumerate(people):
            if not in_half(person, half) or (number and number[person] < at_least):
                continue
            taken[person] = taken.get(person, 0) + 1
            if most is None or taken[person] <= most:
                chosen.append(i)
        chosen = np.array(chosen)
        self.crops, self.points = crops[chosen], points[chosen]
        self.people = np.unique(people[chosen], return_inverse=True)[1]
        self.rendered = render
        self.state = np.full(len(chosen), "bare", dtype="<U6")
        if truth:
            with open(truth, newline="") as file:
                known = {row["file"]: row["mask"] for row in csv.DictReader(file)}
            missing = [files[i] for i in chosen if files[i] not in known]
            if missing:
                raise data.BadIndex(f"{truth} has no row for {missing[0]} and {len(missing) - 1} more files")
            self.state = np.array([known[files[i]] for i in chosen])
        if render:
            copies = render_copies(self.crops, self.points)
            self.twin = np.concatenate([np.arange(len(chosen))] * 2)
            self.crops = np.concatenate([self.crops, copies])
            self.points = np.concatenate([self.points] * 2)
            self.people = np.concatenate([self.people] * 2)
            self.state = np.concatenate([self.state, np.full(len(copies), "masked")])
        else:
            self.twin = np.arange(len(chosen))

    def embed(self, model, flip=True):
        """Templates of a periocular network, the window aligned as the product does."""
        windows = [align.PERIOCULAR.cut(np.asarray(c), align.by_eyes(p)) for c, p in zip(self.crops, self.points)]
        return teachers.templates(teachers.session(model), windows, lambda window: window, flip=flip)

    def measure(self, scores_of, rates=(1e-2, 1e-3), repeats=200):
        """`{cell: result}`; `scores_of(a, b)` gives the scores of two lists of picture numbers, float[a, b]."""
        result = {}
        for left, right in CELLS:
            a, b = np.flatnonzero(self.state == left), np.flatnonzero(self.state == right)
            if not len(a) or not len(b):
                continue
            other = self.twin[a][:, None] != self.twin[b][None]
            pairs = cell_pairs(scores_of(a, b), self.people[a], self.people[b], left == right, other)
            result[f"{left} x {right}"] = cell_rates(pairs, rates, repeats)
        return result


def cosine(templates):
    """Scores by the cosine of unit templates."""
    return lambda a, b: templates[a] @ templates[b].T


def blended(first, second, share):
    """Scores `(1 - share) * first + share * second` of two lists of unit templates."""
    return lambda a, b: (1 - share) * (first[a] @ first[b].T) + share * (second[a] @ second[b].T)


def table(results, rates):
    """Markdown table: a row a network, a column a cell and rate, `tmr [low-high]`."""
    cells = list(next(iter(results.values())))
    lines = ["| | " + " | ".join(f"{c}, {r:g}" for c in cells for r in rates) + " |", "|---" * (1 + len(cells) * len(rates)) + "|"]
    for name, cell_results in results.items():
        shown = []
        for cell in cells:
            for rate in rates:
                value = cell_results[cell]["rates"].get(f"{rate:g}")
                shown.append("too few pairs" if value is None else f"{value[0]:.3f} [{value[1]:.3f}-{value[2]:.3f}]")
        lines.append(f"| {name} | " + " | ".join(shown) + " |")
    counts = ", ".join(f"{c}: {r['mated']:,} mated and {r['non_mated']:,} non-mated" for c, r in next(iter(results.values())).items())
    return "\n".join([*lines, "", f"Pairs: {counts}."])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stem")
    parser.add_argument("--model", action="append", default=[], help="NAME=periocular.onnx")
    parser.add_argument("--teacher", action="append", default=[], help="NAME=MODEL.onnx[:MEAN:SCALE], seeing the whole face")
    parser.add_argument("--truth")
    parser.add_argument("--render", action="store_true")
    parser.add_argument("--half", choices=("odd", "even", "all"), default="odd")
    parser.add_argument("--at-least", type=int, default=1, help="pictures a person must have")
    parser.add_argument("--most", type=int, help="pictures of one person that take part")
    parser.add_argument("--fmr", type=float, nargs="+", default=[1e-2, 1e-3])
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--no-flip", action="store_true")
    parser.add_argument("--json")
    args = parser.parse_args()
    try:
        gauge = Gauge(args.stem, args.truth, args.render, args.half, args.at_least, args.most)
    except (data.BadIndex, FileNotFoundError) as error:
        sys.exit(f"embed_evaluate: {error}")
    results = {}
    for text in args.teacher:
        name, path, mean, scale = teachers.parse_teacher(text)
        network = teachers.session(path)
        templates = teachers.templates(network, gauge.crops, teachers.window_of(path, network).cut, mean, scale, not args.no_flip)
        results[name] = gauge.measure(cosine(templates), args.fmr, args.repeats)
    for text in args.model:
        name, _, path = text.partition("=")
        results[name] = gauge.measure(cosine(gauge.embed(path, flip=not args.no_flip)), args.fmr, args.repeats)
    print(table(results, args.fmr))
    if args.json:
        Path(args.json).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
