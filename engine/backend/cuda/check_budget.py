#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the registers, spills and shared memory of every kernel and architecture, as ptxas tells them, with budget.csv.

Usage: check_budget.py BUDGET FOLDER [--update] | --self-test
Growth, a spill, and a kernel that is not in the table (or is there and no longer made) are errors; less is not. --update writes the
table anew. Static shared memory only: the dynamic part is in the kernels' sources (tiles, attention).
"""
import csv
import pathlib
import re
import subprocess
import sys
import tempfile

FIELDS = ("registers", "spill_bytes", "shared_bytes")


def readable(mangled):
    """kernel names without namespace and arguments; template arguments as the compiler numbers them."""
    out = subprocess.run(["c++filt", mangled], capture_output=True, text=True, check=True).stdout.strip()
    out = out.replace("tendril::cuda::", "").replace("(anonymous namespace)::", "").replace("tendril::engine::", "")
    match = re.search(r"(\w+_kernel(?:<.*>)?)\(", out)
    return re.sub(r"\((?:int|KvType)\)", "", match.group(1)) if match else out


def parse(text):
    """{(kernel, arch): values} of what ptxas said."""
    found = {}
    key = None
    for line in text.splitlines():
        if match := re.search(r"Compiling entry function '(\w+)' for 'sm_(\d+)'", line):
            key = (readable(match.group(1)), int(match.group(2)))
            found[key] = dict.fromkeys(FIELDS, 0)
        elif match := re.search(r"(\d+) bytes spill stores, (\d+) bytes spill loads", line):
            if key:
                found[key]["spill_bytes"] = int(match.group(1)) + int(match.group(2))
        elif match := re.search(r"Used (\d+) registers", line):
            found[key]["registers"] = int(match.group(1))
            shared = re.search(r"(\d+) bytes smem", line)
            found[key]["shared_bytes"] = int(shared.group(1)) if shared else 0
            key = None
    return found


def complaints(found, budget):
    for key, values in sorted(found.items()):
        name = f"{key[0]} on sm_{key[1]}"
        if values["spill_bytes"]:
            yield f"{name} spills {values['spill_bytes']} bytes"
        if key not in budget:
            yield f"{name} is not in the table"
            continue
        for field in FIELDS:
            if values[field] > budget[key][field]:
                yield f"{name}: {field} {values[field]}, the budget is {budget[key][field]}"
    compiled = {arch for _, arch in found}
    for key in sorted(set(budget) - set(found)):
        if compiled and key[1] not in compiled:
            continue  # TENDRIL_CUDA_ARCHITECTURES names fewer
        yield f"{key[0]} on sm_{key[1]} is in the table, but was not compiled"


def read_budget(path):
    with open(path, newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return {(row["kernel"], int(row["arch"])): {f: int(row[f]) for f in FIELDS} for row in rows}


def write_budget(path, found):
    with open(path, "w", newline="") as file:
        file.write("# Registers, spills and static shared memory of each kernel, as ptxas tells them; written by check_budget.py --update.\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("kernel", "arch", *FIELDS))
        for (kernel, arch), values in sorted(found.items()):
            writer.writerow((kernel, arch, *(values[f] for f in FIELDS)))


def self_test():
    said = ("ptxas info    : Compiling entry function '_Z8a_kernelv' for 'sm_80'\n"
            "    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n"
            "ptxas info    : Used 40 registers, used 1 barriers, 128 bytes smem, 400 bytes cmem[0]\n")
    found = parse(said)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "budget.csv"
        write_budget(path, found)
        budget = read_budget(path)
    assert list(found) == [("a_kernel", 80)] and not list(complaints(found, budget)), found
    planted = [said.replace("40 reg", "41 reg"), said.replace("0 bytes spill stores", "8 bytes spill stores"),
               said.replace("128 bytes smem", "256 bytes smem"), said.replace("sm_80", "sm_90"), "",
               said.replace("a_kernel", "b_kernel")]
    missed = [text for text in planted if not list(complaints(parse(text), budget))]
    print("\n".join(c for text in planted for c in complaints(parse(text), budget)))
    return 1 if missed else 0


def main():
    if sys.argv[1] == "--self-test":
        return self_test()
    text = "".join(path.read_text() for path in sorted(pathlib.Path(sys.argv[2]).glob("*.ptxas")))
    found = parse(text)
    if not found:
        print(f"no kernel was compiled in {sys.argv[2]}: build the target tendril-cuda first")
        return 1
    if "--update" in sys.argv:
        write_budget(sys.argv[1], found)
        return 0
    wrong = list(complaints(found, read_budget(sys.argv[1])))
    print("\n".join(wrong) or f"{len(found)} kernels within their budgets")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
