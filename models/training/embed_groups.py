"""False match rates by age band, sex and race label, bare x masked, on UTKFace's file names (age_sex_race_date).

    python embed_groups.py STEM --model NETWORK.onnx [--fmr 1e-3] [--most 2500]

One threshold for everybody, set at --fmr over all comparisons of a bare picture with somebody else's masked copy; then the
rate within each group. UTKFace has no identities and was trained on, so this is only a proxy: a picture's own masked copy
stands for a mated pair, which makes the false non-match rate far too low, and a person who is in the set twice counts as
a false match.
"""
import argparse

import numpy as np

import data
import embed_evaluate
import teachers

RACES = ("White", "Black", "Asian", "Indian", "other")
AGES = ((0, 11), (12, 17), (18, 29), (30, 44), (45, 59), (60, 120))
LEAST = 60  # a group of fewer people says nothing


def labels(file):
    """`(age, sex, race)` of a UTKFace name, or None where the name lacks one."""
    parts = file.split("/")[-1].split("_")
    if len(parts) < 4 or not all(p.isdigit() for p in parts[:3]) or parts[1] not in "01" or parts[2] not in "01234":
        return None
    return int(parts[0]), int(parts[1]), int(parts[2])


def groups(known):
    """`(name, bool[n])` of every group in `known` int[n, 3]."""
    age, sex, race = known.T
    yield from ((name, race == i) for i, name in enumerate(RACES))
    yield from ((name, sex == i) for i, name in enumerate(("male", "female")))
    yield from ((f"{a} to {b}", (age >= a) & (age <= b)) for a, b in AGES)


def false_match_rate(passed, member, repeats=200, seed=0):
    """`(rate, low, high)` among the pictures `member` of bool[n, n] `passed`, whose diagonal is False."""
    index = np.flatnonzero(member)
    inside = passed[np.ix_(index, index)]
    rng, drawn, count = np.random.default_rng(seed), [], len(index)
    for _ in range(repeats):
        weight = np.bincount(rng.integers(0, count, count), minlength=count).astype(float)
        drawn.append(weight @ inside @ weight / (weight.sum() ** 2 - (weight**2).sum()))
    return inside.sum() / (count * (count - 1)), *np.percentile(drawn, [2.5, 97.5])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stem")
    parser.add_argument("--model", required=True)
    parser.add_argument("--fmr", type=float, default=1e-3)
    parser.add_argument("--most", type=int, default=2500)
    args = parser.parse_args()
    crops, files, points = data.read_set(args.stem)
    named = [i for i, f in enumerate(files) if labels(f)]
    index = np.sort(np.random.default_rng(0).permutation(named)[: args.most])
    known = np.array([labels(files[i]) for i in index])
    network = teachers.session(args.model)
    window = teachers.window_of(args.model, network)
    bare = teachers.templates(network, crops[index], window.cut)
    masked = teachers.templates(network, embed_evaluate.render_copies(crops[index], points[index]), window.cut)
    scores = bare @ masked.T
    other = ~np.eye(len(index), dtype=bool)
    threshold = np.quantile(scores[other], 1 - args.fmr)
    passed = (scores > threshold) & other
    print(f"| group | pictures | FMR within the group, at {args.fmr:g} over all | own copy missed |\n|---|---|---|---|")
    for name, member in groups(known):
        if member.sum() >= LEAST:
            rate, low, high = false_match_rate(passed, member)
            missed = (np.diag(scores)[member] <= threshold).mean()
            print(f"| {name} | {member.sum():,} | {rate:.4f} [{low:.4f}-{high:.4f}] | {missed:.4f} |")


if __name__ == "__main__":
    main()
