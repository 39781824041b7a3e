#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the machine code of the compiled kernels with sass_rules.csv: which instructions a kernel's loops must have (wide loads,
dp4a, tensor cores) and which none may have (local memory, calls).

Usage: check_sass.py RULES CUOBJDUMP OBJECT... | --self-test
Needs nvdisasm beside cuobjdump (packaging/cuda-toolkit brings both). A rule for a kernel that was not compiled is an error.
"""
import collections
import csv
import fnmatch
import os
import re
import subprocess
import sys

from check_budget import readable

INSTRUCTION = re.compile(r"\s+/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_.]*)")


def read_rules(lines):
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    for row in rows:
        low, _, high = (row["architectures"] if row["architectures"] != "*" else "0-999").partition("-")
        yield row["kernel"], (int(low), int(high)), re.compile(row["opcode"]), int(row["least"]), int(row["most"] or 10**9)


def parse(text):
    """{(kernel, arch): how often each opcode} of what cuobjdump wrote."""
    found, arch, counts = {}, 0, None
    for line in text.splitlines():
        if match := re.match(r"\s+code for sm_(\d+)", line):
            arch = int(match[1])
        elif match := re.search(r"Function : (\S+)", line):
            counts = found.setdefault((readable(match[1]), arch), collections.Counter())
        elif (match := INSTRUCTION.match(line)) and counts is not None:
            counts[match[1]] += 1
    return found


def complaints(found, rules):
    for kernel, (low, high), opcode, least, most in rules:
        # A rule's brackets are its own: only * is a wildcard.
        pattern = kernel.replace("[", "[[]")
        ours = [(key, counts) for key, counts in sorted(found.items())
                if fnmatch.fnmatchcase(key[0], pattern) and low <= key[1] <= high]
        if not ours:
            yield f"no kernel {kernel} was compiled for sm_{low} to sm_{high}"
        for (name, arch), counts in ours:
            number = sum(times for code, times in counts.items() if opcode.match(code))
            if not least <= number <= most:
                yield (f"{name} on sm_{arch} has {number} of {opcode.pattern}: " +
                       (f"at least {least}" if number < least else f"at most {most}"))


def disassemble(tool, path):
    environment = {**os.environ, "PATH": os.path.dirname(tool) + os.pathsep + os.environ.get("PATH", "")}
    return subprocess.run([tool, "-sass", path], capture_output=True, text=True, check=True, env=environment).stdout


SAMPLE = """
	code for sm_80
		Function : _Z8a_kernelv
        /*0010*/                   LDG.E.128 R4, [R2] ;       /* 0x1 */
        /*0020*/              @!P0 IDP.4A.S8.S8 R1, R2, R3 ;  /* 0x1 */
"""


def self_test():
    def of(text, *rules):
        return list(complaints(parse(text), read_rules(["kernel,architectures,opcode,least,most,why\n", *rules])))
    right = ("a_kernel,*,LDG\\.E\\.128,1,,\n", "*,75-90,IDP,1,1,\n", "*,*,LDL|STL,0,0,\n")
    assert not of(SAMPLE, *right), of(SAMPLE, *right)
    planted = [SAMPLE.replace("LDG.E.128", "LDG.E.64"), SAMPLE.replace("IDP.4A.S8.S8", "IMAD"), SAMPLE.replace("LDG.E.128", "LDL.128"),
               SAMPLE.replace("a_kernel", "b_kernel"), SAMPLE.replace("sm_80", "sm_120"), ""]
    missed = [text for text in planted if not of(text, *right)]
    print("\n".join(c for text in planted for c in of(text, *right)))
    return 1 if missed else 0


def main():
    if sys.argv[1] == "--self-test":
        return self_test()
    with open(sys.argv[1], encoding="utf-8") as file:
        rules = list(read_rules(file.readlines()))
    found = {}
    for path in sys.argv[3:]:
        if not os.path.exists(path):
            print(f"{path} is not there: build the target tendril-cuda first")
            return 1
        found.update(parse(disassemble(sys.argv[2], path)))
    wrong = list(complaints(found, rules))
    print("\n".join(wrong) or f"{len(found)} kernels have the instructions that they should have")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
