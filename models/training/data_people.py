"""Who is on which picture: writes STEM.people.csv (file, person, masked) for embed_train.py.

    python data_people.py STEM [--table identity.txt] [--person-part -2] [--masked REGEX] [--teachers mfn,fr] [--agree 0.35]
                          [--not-in OTHER_STEM ...] [--strangers 0.6]

The person is a part of the path (`--person-part -2`, the folder that holds the file) or comes from a table of lines
`file-name person`. Files that match `--masked` show real masks. Without either (`--singles`) every picture is a person.
Two cleanings by the teachers' templates: bare pictures that agree with their person's mean by less than `--agree` are
left out (wrong labels), and so is everybody whose mean template is as near as `--strangers` to a person of another set
that must never be trained on (`--not-in`; there the person is the first folder).
"""
import argparse
import csv
import re
import sys
from pathlib import Path

import numpy as np

import data
import teachers


def joint_templates(stem, names):
    """Unit templates of several teachers side by side, `float32[n, sum d]`."""
    return teachers.unit(np.concatenate([teachers.unit(np.load(f"{stem}.{n}.npy")) for n in names], 1))


def person_means(templates, people):
    """Mean unit template of each person: `(names, float32[k, d])`."""
    names = sorted(set(people))
    rows = {name: [] for name in names}
    for template, person in zip(templates, people):
        rows[person].append(template)
    return names, teachers.unit(np.stack([np.mean(rows[n], 0) for n in names]))


def clean(templates, people, masked, agree):
    """bool[n]: which pictures are kept. Bare ones must agree with their person; masked ones need two bare ones beside."""
    keep, pictures = np.zeros(len(people), bool), {}
    for i, person in enumerate(people):
        pictures.setdefault(person, []).append(i)
    for own in map(np.array, pictures.values()):
        bare, covered = own[~masked[own]], own[masked[own]]
        if len(bare) == 1 and not len(covered):
            keep[bare] = True
            continue
        good = bare
        for _ in range(2):
            if len(good) < 2:
                break
            mean = teachers.unit(templates[good].mean(0))
            good = bare[templates[bare] @ mean >= agree]
        if len(good) >= 2:
            keep[good] = True
            keep[covered] = True
    return keep


def known_strangers(names, means, others, limit):
    """Names whose mean template comes as near as `limit` to any row of `others`."""
    return {name for name, mean in zip(names, means) if (others @ mean).max() >= limit}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stem")
    parser.add_argument("--table")
    parser.add_argument("--person-part", type=int, default=-2)
    parser.add_argument("--singles", action="store_true")
    parser.add_argument("--masked", default=r"(?!)")
    parser.add_argument("--teachers", default="mfn,fr")
    parser.add_argument("--agree", type=float, default=0.35)
    parser.add_argument("--not-in", nargs="*", default=[])
    parser.add_argument("--strangers", type=float, default=0.6)
    args = parser.parse_args()
    _, files, _ = data.read_set(args.stem)
    names = args.teachers.split(",")
    templates = joint_templates(args.stem, names)
    if args.singles:
        people = list(files)
    elif args.table:
        table = dict(line.split()[:2] for line in Path(args.table).read_text().splitlines() if len(line.split()) >= 2)
        missing = [f for f in files if Path(f).name not in table]
        if missing:
            sys.exit(f"{args.table} has no line for {missing[0]} and {len(missing) - 1} more files")
        people = [table[Path(f).name] for f in files]
    else:
        people = [Path(f).parts[args.person_part] for f in files]
    masked = np.array([bool(re.search(args.masked, f)) for f in files])
    keep = clean(templates, people, masked, args.agree)
    known, means = person_means(templates[keep & ~masked], np.array(people)[keep & ~masked])
    left_out = set()
    for other in args.not_in:
        _, other_files, _ = data.read_set(other)
        _, other_means = person_means(joint_templates(other, names), [Path(f).parts[0] for f in other_files])
        left_out |= known_strangers(known, means, other_means, args.strangers)
    rows = [(f, p, int(m)) for f, p, m, k in zip(files, people, masked, keep) if k and p not in left_out]
    with open(f"{args.stem}.people.csv", "w", newline="") as file:
        csv.writer(file).writerows([("file", "person", "masked"), *rows])
    print(
        f"{args.stem}: {len(rows)} of {len(files)} pictures, {len({r[1] for r in rows})} people, {sum(r[2] for r in rows)} masked; "
        f"{len(left_out)} people left out because another set shows them"
    )


if __name__ == "__main__":
    main()
