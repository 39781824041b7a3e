#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which share of planted facts a model still answers exactly when a document was made shorter.

Usage: compress_facts.py BENCH MODEL.gguf [--scorer MODEL2.gguf] [--kind documents|reports|records] [--documents N] [--tokens N] [--methods a,b] [--rates 0.7,0.5,0.33]
                         [--questions N] [--out FILE.json] [--check [--sigmas 2]]

BENCH is build/.../compress_bench. Methods: those of the program, the controls "random" and "head_tail", "noise:METHOD" (the method
with scores that mean nothing) and "whole". A method that needs the question gets one document for each question.
Every answer is greedy; right means: it is one of the accepted ones, or a short answer (up to 12 words) that has it as whole words
and, for yes and no, begins with it. --check: fails unless each method beats each control by more than --sigmas, paired over the
questions; exit 77 where the model is not there.
"""
import argparse
import json
import math
import os
import re
import subprocess
import sys

import compress_documents
import compress_merge
import compress_records
import compress_reports

KINDS = {"documents": compress_documents, "reports": compress_reports, "records": compress_records}
CONTROLS = compress_merge.CONTROLS
ASKS = {"question"}


def plain(text):
    return [w for w in re.sub(r"[^\w ]+", " ", text.lower().replace("\n", " ")).split() if w not in ("a", "an", "the")]


def right(answer, accepted):
    words = plain(answer)
    for one in accepted:
        wanted = plain(one)
        if wanted in (["yes"], ["no"]):
            if words[:1] == wanted:
                return True
            continue
        found = any(words[i:i + len(wanted)] == wanted for i in range(len(words)))
        if found and len(words) <= 12:
            return True
    return False


def orders_of(args):
    made, number = [], 0
    for d in range(args.documents):
        document = KINDS[args.kind].document(args.seed + d, args.tokens)
        asked = document["questions"][:args.questions]
        for method in args.methods.split(","):
            for rate in [1.0] if method == "whole" else [float(r) for r in args.rates.split(",")]:
                # Question-aware texts serve one question each.
                aware = method.split(":")[-1] in ASKS
                for group in ([[q] for q in asked[:args.aware]] if aware else [asked]):
                    number += 1
                    made.append({"id": number, "document": d, "method": method, "rate": rate, "text": document["text"],
                                 "question": group[0]["question"] if aware else "", "asked": group,
                                 "questions": [q["question"] for q in group]})
    return made


def mean(values):
    return sum(values) / len(values) if values else 0.0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bench")
    parser.add_argument("model")
    parser.add_argument("--scorer", default="")
    parser.add_argument("--documents", type=int, default=10)
    parser.add_argument("--kind", default="documents", choices=sorted(KINDS), help="which generator")
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--tokens", type=int, default=2000)
    parser.add_argument("--questions", type=int, default=12)
    parser.add_argument("--aware", type=int, default=4, help="questions of each document for methods that need them")
    parser.add_argument("--methods", default="whole,frequency,selective,llmlingua,random,head_tail")
    parser.add_argument("--rates", default="0.7,0.5,0.33")
    parser.add_argument("--out")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--sigmas", type=float, default=2)
    args = parser.parse_args()
    args.model, args.scorer = os.path.expanduser(args.model), os.path.expanduser(args.scorer)
    if not os.path.exists(args.model) and args.check:
        sys.exit(77)
    orders = orders_of(args)
    command = [args.bench, args.model] + ([args.scorer] if args.scorer else [])
    lines = "".join(json.dumps({k: v for k, v in o.items() if k not in ("asked", "document")}) + "\n" for o in orders)
    done = subprocess.run(command, input=lines, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    cells = {}
    for order, line in zip(orders, done.stdout.splitlines()):
        result = json.loads(line)
        assert result["id"] == order["id"]
        cell = cells.setdefault((order["method"], order["rate"]), {"right": [], "kinds": {}, "kept": [], "compress_ms": [],
                                                                   "total_ms": [], "tokens": [], "scored": [], "outcomes": {}, "answers": {}})
        for question, answer in zip(order["asked"], result["answers"]):
            good = right(answer, question["answers"])
            cell["right"].append(good)
            cell["outcomes"][f"{args.kind}:{args.seed + order['document']}:{question['question']}"] = int(good)
            cell["answers"][f"{args.seed + order['document']}:{question['question']}"] = answer
            cell["kinds"].setdefault(question["kind"], []).append(good)
        cell["tokens"].append(result["tokens_before"])
        cell["kept"].append(result["tokens_after"] / result["tokens_before"])
        cell["compress_ms"].append(result["compress_ms"])
        cell["total_ms"].append(result["total_ms"])
        cell["scored"].append(result.get("scored_tokens", 0) / result["tokens_before"])
    rows = []
    for (method, rate), cell in cells.items():
        n, p = len(cell["right"]), mean(cell["right"])
        rows.append({"method": method, "rate": rate, "questions": n, "exact": round(p, 4), "sigma": round(math.sqrt(max(p * (1 - p), 1 / n) / n), 4),
                     "kept": round(mean(cell["kept"]), 4), "scored_share": round(mean(cell["scored"]), 3),
                     "compress_ms": round(mean(cell["compress_ms"]), 1), "total_ms": round(mean(cell["total_ms"]), 1),
                     "tokens": round(mean(cell["tokens"])),
                     "outcomes": cell["outcomes"], "answers": cell["answers"],
                     "kinds": {k: round(mean(v), 3) for k, v in sorted(cell["kinds"].items())}})
        print(f"{method:22} {rate:5.2f} kept {rows[-1]['kept']:.3f}  exact {p:.3f} ± {rows[-1]['sigma']:.3f}  n {n:4}  {mean(cell['total_ms']):8.0f} ms  " +
              "  ".join(f"{k} {mean(v):.2f}" for k, v in sorted(cell["kinds"].items())), flush=True)
    if args.out:
        with open(args.out, "w") as file:
            json.dump({"command": " ".join(sys.argv[1:]), "model": args.model.split("/")[-1], "scorer": (args.scorer or args.model).split("/")[-1],
                       "kind": args.kind, "documents": args.documents, "tokens": args.tokens, "seed": args.seed, "rows": rows}, file, indent=1)
    if args.check:
        for row in rows:
            if row["method"] in CONTROLS + ("whole",):
                continue
            for control in CONTROLS:
                other = next((r for r in rows if r["method"] == control and r["rate"] == row["rate"]), None)
                difference, sigma, n = compress_merge.paired(row["outcomes"], other["outcomes"]) if other else (1, 0.1, 0)
                print(f"{row['method']} over {control}: {difference:+.3f}, {difference / sigma:.1f} sigma, n {n}")
                if difference <= args.sigmas * sigma:
                    sys.exit(f"{row['method']} at {row['rate']} does not beat {control} by more than {args.sigmas} sigma")


if __name__ == "__main__":
    main()
