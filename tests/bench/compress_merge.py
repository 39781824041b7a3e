#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts the results of compress_facts.py --out together: exact answers per method, and by how many sigma it beats each control.

Usage: compress_merge.py OUT.json RESULT.json...

Differences are paired: over the questions that both were asked, sigma is that of the mean of the differences.
"""
import json
import math
import sys

CONTROLS = ("random", "head_tail")


def paired(one, other):
    """Mean difference and its sigma over shared questions."""
    differences = [one[k] - other[k] for k in one.keys() & other.keys()]
    n = len(differences)
    if n < 2:
        return None
    mean = sum(differences) / n
    variance = sum((d - mean) ** 2 for d in differences) / (n - 1)
    return mean, math.sqrt(max(variance, 1 / n) / n), n


def main():
    out, *files = sys.argv[1:]
    cells = {}
    for name in files:
        with open(name) as file:
            result = json.load(file)
        for row in result["rows"]:
            cells.setdefault((result["model"], result["kind"], result["tokens"], row["rate"], row["method"]), {}).update(row["outcomes"])
    figures = []
    for (model, kind, tokens, rate, method), outcomes in sorted(cells.items()):
        n, p = len(outcomes), sum(outcomes.values()) / len(outcomes)
        figure = {"model": model, "kind": kind, "tokens": tokens, "rate": rate, "method": method, "questions": n, "exact": round(p, 3),
                  "sigma": round(math.sqrt(max(p * (1 - p), 1 / n) / n), 3)}
        whole = cells.get((model, kind, tokens, 1.0, "whole"), {})
        shared = [k for k in outcomes if k in whole]
        if shared and method != "whole":
            base = sum(whole[k] for k in shared)
            figure["of_whole"] = round(sum(outcomes[k] for k in shared) / base, 3) if base else None
        for control in CONTROLS:
            found = paired(outcomes, cells.get((model, kind, tokens, rate, control), {})) if method not in CONTROLS + ("whole",) else None
            if found:
                figure["sigmas_over_" + control] = round(found[0] / found[1], 1)
        figures.append(figure)
        print("  ".join(f"{k} {v}" for k, v in figure.items()))
    with open(out, "w") as file:
        json.dump(figures, file, indent=1)


if __name__ == "__main__":
    main()
