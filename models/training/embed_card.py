"""A model card written from a run, so that it says what was done and not what was meant.

    python embed_card.py RUN_FOLDER MODEL.onnx --id periocular-5 [--results NAME=results.json ...] > card.md
"""
import argparse
import json
import sys
from pathlib import Path

import embed_evaluate

SOURCES = {
    "utk": "UTKFace (23,707 faces without identities; research only)",
    "celeba": "CelebA photographs of 299 people (research only)",
    "rm": "RMFRD, people outside the validation set, bare and really masked (research only)",
}


def card(run, model, identifier, results):
    """Markdown text; `results` is a list of (name, what embed_evaluate.py wrote)."""
    recipe = run["recipe"]
    lines = [
        f"## {identifier}",
        f"`{Path(model).name}`, {Path(model).stat().st_size:,} bytes.",
        "",
        f"Takes the {run['window']} (RGB, less {run['normalisation'][0]}, over {run['normalisation'][1]}), gives {recipe['dimensions']} numbers; the template is their direction,"
        " averaged with that of the mirrored window. Meant for comparing consenting people with themselves, with or without a"
        " mask; not for finding out age, sex, origin or mood, and not for watching people who did not agree to it.",
        "",
        f"- Started from `{run['start']}` (SHA-256 {run['start_sha256'][:16]}...)"
        + (f" with the weights of `{run['weights']}` (SHA-256 {run['weights_sha256'][:16]}...)." if run.get("weights") else "."),
        f"- Teachers: {', '.join(run['teachers'])}; targets centred by source, {recipe['dimensions']} principal components.",
        f"- Pictures: {run['pictures']:,} of {run['identities']:,} identities, {run['really_masked']:,} of them really masked: "
        + "; ".join(SOURCES.get(s.split(":")[0], s) for s in run["sets"]) + ".",
        f"- Training: {run['steps']:,} steps, {run['samples']:,} samples, {run['minutes']} minutes on {run['device']},"
        f" rate {recipe['rate']:g}, seed {recipe['seed']}.",
        f"- Export: differs from the trained network by {run['export_difference']:.1e} of the output's length (f16 weights).",
    ]
    for note in run.get("notes", []):
        lines.append(f"- {note}")
    for name, result in results:
        rates = [float(r) for r in next(iter(next(iter(result.values())).values()))["rates"]]
        lines += ["", f"### {name}", "", embed_evaluate.table(result, rates)]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("model")
    parser.add_argument("--id", required=True)
    parser.add_argument("--results", action="append", default=[])
    args = parser.parse_args()
    try:
        run = json.loads((Path(args.run) / "run.json").read_text())
        results = [(n, json.loads(Path(p).read_text())) for n, _, p in (r.partition("=") for r in args.results)]
    except FileNotFoundError as error:
        sys.exit(f"embed_card: {error.filename} is missing. Train first (embed_train.py), then evaluate with --json.")
    print(card(run, args.model, args.id, results), end="")


if __name__ == "__main__":
    main()
