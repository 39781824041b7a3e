#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what the README's table of figures says, on this machine, and prints the table's rows.

Usage: figures.py --build build/release --model SmolLM2-135M-Instruct.Q4_1.gguf [--tests build/dev] [--runs 5]

Needs Xvfb (packaging/test installs it). Each figure is the median of the runs, with the lowest and the highest. The frame times come from
ui_conversation_speed of the build that --tests names.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile


def spread(samples, unit, digits=0):
    values = [f"{v:.{digits}f}" for v in (statistics.median(samples), min(samples), max(samples))]
    return f"{values[0]} {unit} ({values[1]} to {values[2]})"


def start_up(build, runs):
    """Start to first frame and resident memory, without a model, in a fresh data folder. The first, cold run is left out."""
    frames, resident = [], []
    for run in range(runs + 1):
        with tempfile.TemporaryDirectory() as folder:
            environment = dict(os.environ, TENDRIL_TRACE_START="1")
            program = subprocess.Popen(["xvfb-run", "-a", f"{build}/app/tendril", "--data-dir", folder], env=environment, stderr=subprocess.PIPE,
                                       text=True, start_new_session=True)
            found = None
            for line in program.stderr:
                found = re.search(r"first frame after ([\d.]+) ms, ([\d.]+) MiB", line)
                if found:
                    break
            os.killpg(program.pid, 15)
            program.wait()
            if not found:
                sys.exit("the program ended before its first frame")
            if run > 0:
                frames.append(float(found[1]))
                resident.append(float(found[2]))
    yield "start to first frame, no model", spread(frames, "ms")
    yield "resident memory then", spread(resident, "MiB")


def load(build, model, runs):
    def once():
        command = [f"{build}/app/tendril-cli", "generate", model, "--prompt", "The", "-n", "1", "--temperature", "0", "--json"]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["load_ms"]
    once()
    yield f"load {os.path.basename(model)}, warm", spread([once() for _ in range(runs)], "ms")


def frames(tests):
    environment = dict(os.environ, QT_QPA_PLATFORM="offscreen")
    output = subprocess.run([f"{tests}/tests/ui/conversation/ui_conversation_speed"], env=environment, capture_output=True, text=True)
    text = output.stdout + output.stderr
    shown = re.search(r"2,000 messages: set and first painting ([\d.]+) ms", text)
    stream = re.search(r"streaming below them: \d+ frames, median ([\d.]+) ms, p99 ([\d.]+) ms, worst ([\d.]+) ms", text)
    yield "2,000 messages, set and first painting", f"{shown[1]} ms"
    yield "frame while streaming below 2,000 messages", f"{stream[1]} ms (99 % {stream[2]} ms, worst {stream[3]} ms)"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--tests")
    parser.add_argument("--runs", type=int, default=5)
    a = parser.parse_args()
    for name, value in [*start_up(a.build, a.runs), *load(a.build, a.model, a.runs), *(frames(a.tests) if a.tests else ())]:
        print(f"| {name} | {value} |", flush=True)


if __name__ == "__main__":
    main()
