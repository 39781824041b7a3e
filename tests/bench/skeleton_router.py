#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The router of skeleton-of-thought on labelled questions: confusion matrix, precision, recall, cost, for each model.

Usage: skeleton_router.py PROGRAM QUESTIONS.csv[,...] MODEL[,MODEL...] [--prompts FILE] [--check] [--json FILE]
PROGRAM is build/.../tests/bench/skeleton_router. --check: exit 1 unless false positives are at most 5 % and both
"never" and "always" are beaten on the first model; exit 77 when it is not there.
"""
import argparse
import collections
import json
import statistics
import sys

from skeleton_lab import Lab, model_path, questions


def matrix(rows):
    """Counts and shares of rows with members suits (label) and said (the router)."""
    tp = sum(r["suits"] and r["said"] for r in rows)
    fp = sum(not r["suits"] and r["said"] for r in rows)
    fn = sum(r["suits"] and not r["said"] for r in rows)
    tn = len(rows) - tp - fp - fn
    share = lambda a, b: round(a / b, 3) if b else None
    return {"tp": tp, "fp": fp, "fn": fn, "tn": tn, "precision": share(tp, tp + fp), "recall": share(tp, tp + fn),
            "false_positive_rate": share(fp, fp + tn), "accuracy": share(tp + tn, len(rows))}


def auc(rows):
    """How often a suitable question scores above an unsuitable one (the model alone, without vetoes)."""
    yes = [r["score"] for r in rows if r["suits"]]
    no = [r["score"] for r in rows if not r["suits"]]
    wins = sum((a > b) + 0.5 * (a == b) for a in yes for b in no)
    return round(wins / (len(yes) * len(no)), 3) if yes and no else None


def measure(lab, rows):
    for row in rows:
        got = lab.ask(route=row["question"])
        row.update(score=got["score"], veto=got["veto"], said=got["suits"], ms=got["ms"], rows=got["rows"])
    by_category = collections.defaultdict(list)
    for row in rows:
        by_category[row["category"]].append(row)
    never = sum(not r["suits"] for r in rows) / len(rows)
    return {
        "questions": len(rows),
        "router": matrix(rows),
        "vetoes_alone": matrix([dict(r, said=not r["veto"]) for r in rows]),
        "model_alone": matrix([dict(r, said=r["score"] >= 0) for r in rows]),
        "model_auc": auc(rows),
        "never_accuracy": round(never, 3),
        "always_accuracy": round(1 - never, 3),
        "without_category": {name: matrix([r for r in rows if r["category"] != name]) for name in by_category},
        "rows_read": round(statistics.mean(r["rows"] for r in rows), 1),
        "ms_median": round(statistics.median(r["ms"] for r in rows), 1),
        "wrong": [{"question": r["question"], "suits": r["suits"], "veto": r["veto"], "score": round(r["score"], 2)}
                  for r in rows if bool(r["suits"]) != bool(r["said"])],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("questions")
    parser.add_argument("models")
    parser.add_argument("--prompts")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--json")
    options = parser.parse_args()
    results = {}
    for name in options.models.split(","):
        path = model_path(name)
        if not path.exists():
            if options.check:
                sys.exit(77)
            continue
        lab = Lab(options.program, path, options.prompts)
        results[name] = {}
        for file in options.questions.split(","):
            result = measure(lab, questions(file))
            results[name][file.rsplit("/", 1)[-1]] = result
            router = result["router"]
            print(name, file.rsplit("/", 1)[-1], router, "auc", result["model_auc"], "rows", result["rows_read"], "ms", result["ms_median"], flush=True)
        lab.close()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump(results, out, ensure_ascii=False, indent=1)
            out.write("\n")
    if options.check:
        for result in next(iter(results.values())).values():
            router = result["router"]
            if router["false_positive_rate"] > 0.05 or router["accuracy"] <= max(result["never_accuracy"], result["always_accuracy"]):
                print("the router is worse than it has to be:", json.dumps(result["wrong"], ensure_ascii=False, indent=1))
                sys.exit(1)


if __name__ == "__main__":
    main()
