#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what the README's table of figures says, on this machine, and prints the table's rows.

Usage: figures.py --build build/release --model SmolLM2-135M-Instruct.Q4_1.gguf [--tests build/dev] [--runs 5]
                  [--roofline build/dev/tests/bench/roofline] [--peer FOLDER] [--loads 0,1,4]

Needs Xvfb (packaging/test installs it). Each figure is the median of the runs, with the lowest and the highest. The frame times come from
ui_conversation_speed of the build that --tests names. --roofline sets our speeds against what the machine can do at most, --peer (a folder
with llama-bench) our highest memory against that of llama.cpp, --loads measures our speed beside so many busy processes; with --peer also
llama.cpp's, with few tokens (it takes minutes for more beside as many busy processes as cores) and once.
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


def bench(build, model, options):
    command = [f"{build}/app/tendril-cli", "bench", model, "--json", "-r", "1", *options]
    rows = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {(row["test"], row["batch"]): row for row in rows}


def shares(build, model, roofline, runs):
    """Speeds as shares of the limits: decoding of the bytes read per second, prefill and batches of the whole-number operations."""
    limits = json.loads(subprocess.run([roofline], check=True, capture_output=True, text=True).stdout)
    about = json.loads(subprocess.run([f"{build}/app/tendril-cli", "inspect", model, "--json"], check=True, capture_output=True, text=True).stdout)
    peak = max((value for name, value in limits.items() if name.startswith("int8_")), default=0)
    for name, value in limits.items():
        if name not in ("isa", "threads"):
            yield f"limit: {name}", str(value) if name != "not_run" else (", ".join(value) or "none")
    samples = [bench(build, model, ["-p", "512", "-n", "64", "-b", "1,8"]) for _ in range(runs)]
    for key in samples[0]:
        speeds = [sample[key]["tokens_per_second"][0] for sample in samples]
        text = spread(speeds, "tokens/s")
        speed = statistics.median(speeds)
        # Batches read the weights once for all their rows.
        bandwidth = speed / key[1] * about["weight_bytes"] / 1e9 / limits["read_gb_per_s"] if limits["read_gb_per_s"] else 0
        operations = speed * 2 * about["parameters"] / 1e9 / peak if peak else 0
        if key[0] == "prefill":
            # The table of embeddings is looked up, not multiplied, and the head runs for one row: both are left in, so this is an upper bound.
            text += f", at most {operations:.0%} of the int8 peak"
        else:
            text += f", {bandwidth:.0%} of the read bandwidth, {operations:.0%} of the int8 peak"
        yield f"{key[0]}, batch {key[1]}", text


PEER_LIMIT = 100  # seconds that a call of the peer may take


def peer_environment(peer):
    return dict(os.environ, LD_LIBRARY_PATH=peer)


def peak_memory(command, environment=None):
    """The highest resident memory of a program that succeeds, in MiB."""
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(program.pid, 0)
    program.returncode = os.waitstatus_to_exitcode(status)
    if program.returncode != 0:
        sys.exit(f"failed ({program.returncode}): {' '.join(command)}")
    return usage.ru_maxrss / 1024


def memory(build, model, peer):
    about = json.loads(subprocess.run([f"{build}/app/tendril-cli", "inspect", model, "--json"], check=True, capture_output=True, text=True).stdout)
    file = about["file_bytes"] / 2**20
    ours = peak_memory([f"{build}/app/tendril-cli", "bench", model, "-p", "128", "-n", "8", "-r", "1", "--json"])
    text = f"{ours:.0f} MiB, the file has {file:.0f}, so much of the cache is used: {about['kv_bytes_per_token'] * 136 / 2**20:.0f}"
    if peer:
        theirs = [peak_memory([f"{peer}/llama-bench", "-m", model, "-p", "128", "-n", "8", "-r", "1", "--repack", repack], peer_environment(peer))
                  for repack in "10"]
        text += f"; llama.cpp {theirs[0]:.0f} MiB repacked, {theirs[1]:.0f} not"
    yield "highest memory", text


class Busy:
    """So many processes that never rest, while it is held."""

    def __init__(self, count):
        self.count = count

    def __enter__(self):
        self.processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(self.count)]

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


def beside_others(build, model, loads, runs):
    samples = {}
    for _ in range(runs):
        for load in loads:
            with Busy(load):
                for key, row in bench(build, model, ["-p", "128", "-n", "32", "-b", "1,4"]).items():
                    samples.setdefault(key, {}).setdefault(load, []).append(row["tokens_per_second"][0])
    for key, by_load in samples.items():
        first = statistics.median(by_load[loads[0]])
        cells = [f"{load}: {spread(values, 'tokens/s')} = {statistics.median(values) / first:.2f}" for load, values in by_load.items()]
        yield f"{key[0]}, batch {key[1]}, beside busy processes", "; ".join(cells)


def peer_beside_others(build, model, peer, loads):
    """Both with the same few tokens, ours first, once for each load; the peer repacks its weights, as it does by itself."""
    command = [f"{peer}/llama-bench", "-m", model, "-t", str(os.cpu_count()), "-p", "64", "-n", "8", "-r", "1", "--no-warmup", "-o", "json"]
    for load in loads:
        with Busy(load):
            ours = {name: row["tokens_per_second"][0] for (name, _), row in bench(build, model, ["-p", "64", "-n", "8", "-b", "1"]).items()}
            try:
                output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=PEER_LIMIT, env=peer_environment(peer)).stdout
            except subprocess.TimeoutExpired:
                yield f"beside {load} busy processes", f"llama.cpp did not end within {PEER_LIMIT} s"
                continue
        for row in json.loads(output):
            name = "prefill" if row["n_prompt"] else "decode"
            yield f"{name} beside {load} busy processes, few tokens", \
                f"{ours[name]:.0f} tokens/s, llama.cpp {row['avg_ts']:.1f} = {ours[name] / row['avg_ts']:.1f} times"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--tests")
    parser.add_argument("--roofline")
    parser.add_argument("--peer")
    parser.add_argument("--loads", type=lambda text: [int(part) for part in text.split(",")])
    parser.add_argument("--only", action="store_true", help="leave out the figures of the window")
    parser.add_argument("--runs", type=int, default=5)
    a = parser.parse_args()

    def rows():
        if not a.only:
            yield from start_up(a.build, a.runs)
            yield from load(a.build, a.model, a.runs)
            if a.tests:
                yield from frames(a.tests)
        yield from memory(a.build, a.model, a.peer)
        if a.roofline:
            yield from shares(a.build, a.model, a.roofline, a.runs)
        if a.loads:
            yield from beside_others(a.build, a.model, a.loads, a.runs)
            if a.peer:
                yield from peer_beside_others(a.build, a.model, a.peer, a.loads)

    for name, value in rows():
        print(f"| {name} | {value} |", flush=True)


if __name__ == "__main__":
    main()
