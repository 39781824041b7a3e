#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what the cache saves, beside llama-server in the same run, and prints the table of figures (and JSON).

Usage: cache_figures.py --build build/release --model Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf --peer DIR [--text FILE] [--prefix CMD]
                        [--prompt 4096] [--only PHASE,...] [--json FILE]

--peer is the folder of llama-server and llama-batched-bench; without it the peer's column is empty. --prefix is put before each
measurement (a command that keeps other work off the machine). The peer runs at its best flags for each figure: flash attention on, as
many threads as cores, its prompt cache in memory; it listens on the loopback interface only, and gets the same token numbers.
"""
import argparse
import http.client
import json
import os
import pathlib
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import time

TEXT = "/usr/share/common-licenses/GPL-3"
PHASES = ("first", "restart", "alternate", "typing", "shared", "separate", "divergence")


def ours(arguments, phase, folder):
    command = shlex.split(arguments.prefix) + [f"{arguments.build}/tests/bench/cache_bench", "--model", arguments.model, "--text", arguments.text,
                                               "--folder", folder, "--phase", phase, "--prompt", str(arguments.prompt)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{phase}: {done.stderr.strip() or done.returncode}")
    return json.loads(done.stdout)


class Server:
    """llama-server on a free port of the loopback interface, ready when entered."""

    def __init__(self, arguments, slots):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        cores = str(len(os.sched_getaffinity(0)))
        self.command = [f"{arguments.peer}/llama-server", "-m", arguments.model, "--host", "127.0.0.1", "--port", str(self.port), "-c", "12288",
                        "-np", str(slots), "-kvu", "-fa", "on", "-t", cores, "-tb", cores, "-b", "2048", "-ub", "512", "--cache-ram", "8192", "--no-webui"]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    self.ask([1, 2, 3, 4, 5, 6, 7, 8], 4)
                    return self
            except OSError:
                if self.process.poll() is not None:
                    break
            time.sleep(0.1)
        self.process.kill()
        sys.exit("llama-server did not become ready")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def ask(self, tokens, answer):
        """First token's time as a client sees it, tokens read, and the answer's token numbers."""
        body = json.dumps({"prompt": tokens, "n_predict": answer, "temperature": 0, "cache_prompt": True, "stream": True, "return_tokens": True,
                           "ignore_eos": True})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        start = time.monotonic()
        connection.request("POST", "/completion", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        first, drawn, read = None, [], None
        for line in response:
            if not line.startswith(b"data: "):
                continue
            first = first or 1000 * (time.monotonic() - start)
            piece = json.loads(line[6:])
            drawn += piece.get("tokens", [])
            read = piece.get("timings", {}).get("prompt_n", read)
        connection.close()
        return {"first_token_ms": first, "read": read, "tokens": drawn}


def peer_conversation(arguments, texts):
    """Cold, four turns, a restart, two conversations in turn: the same work as the phases first, restart, alternate and typing."""
    result = {}
    with Server(arguments, 1) as server:
        text = list(texts["prompts"][0])
        cold = server.ask(text, 40)
        text += cold["tokens"]
        turns = []
        for number in range(3):
            text += texts["turns"][number]
            turns.append(server.ask(text, 40))
            text += turns[-1]["tokens"]
        text += texts["turns"][9]
        result.update(cold_ms=cold["first_token_ms"], cold_read=cold["read"], turns=[{k: t[k] for k in ("first_token_ms", "read")} for t in turns])
    with Server(arguments, 1) as server:
        again = server.ask(text, 8)
        result["restart"] = {k: again[k] for k in ("first_token_ms", "read")}
    return result


def peer_alternate(arguments, texts):
    with Server(arguments, 2) as server:
        conversations, turns, again, known = [list(texts["prompts"][0]), list(texts["prompts"][3])], [], 0, [0, 0]
        for round_number in range(3):
            for which in range(2):
                text = conversations[which]
                reply = server.ask(text, 40)
                again += max(0, known[which] - (len(text) - reply["read"])) if known[which] else 0
                if round_number > 0:
                    turns.append({k: reply[k] for k in ("first_token_ms", "read")})
                text += reply["tokens"]
                known[which] = len(text) - 1
                text += texts["turns"][2 * round_number + which]
    return {"read_again": again, "turns": turns}


def peer_branches(arguments, shared):
    cores = str(len(os.sched_getaffinity(0)))
    command = [f"{arguments.peer}/llama-batched-bench", "-m", arguments.model, "-c", str(8 * (arguments.prompt + 128)), "-npp", str(arguments.prompt),
               "-ntg", "32", "-npl", "8", "-fa", "on", "-t", cores, "-tb", cores, "--output-format", "jsonl"] + (["-pps", "-kvu"] if shared else [])
    output = subprocess.run(command, capture_output=True, text=True).stdout
    rows = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return {"tokens_per_second": rows[-1]["speed_tg"]} if rows else {}


def peer(arguments, step, folder):
    """One of the peer's steps in a process of its own, so that --prefix can guard it."""
    command = shlex.split(arguments.prefix) + [sys.executable, __file__, "--build", arguments.build, "--model", arguments.model, "--peer", arguments.peer,
                                               "--prompt", str(arguments.prompt), "--peer-step", step, "--peer-texts", f"{folder}/texts.json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"peer, {step}: {done.stderr.strip()}", file=sys.stderr)
        return {}
    return json.loads(done.stdout)


def run_peer_step(arguments):
    texts = json.loads(pathlib.Path(arguments.peer_texts).read_text())
    steps = {"conversation": lambda: peer_conversation(arguments, texts), "alternate": lambda: peer_alternate(arguments, texts),
             "shared": lambda: peer_branches(arguments, True), "separate": lambda: peer_branches(arguments, False)}
    print(json.dumps(steps[arguments.peer_step]()))


def median(turns, what):
    return statistics.median(turn[what] for turn in turns)


def ms(value):
    return "" if value is None else f"{value:,.0f} ms"


def rows(own, other):
    """Lines of the table: what, ours, llama-server's, the goal."""
    conversation = other.get("conversation", {})
    if "first" in own:
        first, step = own["first"], own["first"]["step_ms"]
        yield "first token, cold", ms(first["cold_ms"]), ms(conversation.get("cold_ms")), ""
        new = median(first["turns"], "read")
        peers = conversation.get("turns")
        yield ("next turn", f"{ms(median(first['turns'], 'first_token_ms'))}, {new:.0f} tokens read",
               f"{ms(median(peers, 'first_token_ms'))}, {median(peers, 'read'):.0f} read" if peers else "",
               f"2 decode steps ({2 * step:.0f} ms) and the new tokens")
        yield ("written to disk per turn", f"{first['disk_bytes_per_turn'] / 1e6:.2f} MB for {first['tokens_per_turn']} tokens", "", "")
    if "restart" in own:
        restart, cold = own["restart"], conversation.get("restart", {}).get("first_token_ms")
        ratio = f", ratio {cold / restart['first_token_ms']:.0f}" if cold else ""
        yield ("after a restart", f"{ms(restart['first_token_ms'])}, {restart['from_disk']} of {restart['prompt']} tokens from disk{ratio}", ms(cold),
               "150 ms, ratio 50")
    if "alternate" in own:
        mine, peers = own["alternate"], other.get("alternate", {})
        yield ("two conversations in turn: read again", f"{mine['read_again']} tokens, first token {ms(median(mine['turns'], 'first_token_ms'))}",
               f"{peers['read_again']} tokens, {ms(median(peers['turns'], 'first_token_ms'))}" if peers else "", "0 tokens")
    if "typing" in own:
        typing = own["typing"]
        yield (f"after {typing['words']} words typed in 8 s: left at Enter",
               f"{typing['left_at_enter']} of {typing['message_tokens']} tokens, first token {ms(typing['first_token_ms'])}",
               f"all {typing['message_tokens']}" if conversation else "", "8 tokens")
    if "shared" in own:
        shared, separate = own["shared"], own.get("separate", {})
        yield "8 branches of one prefix: memory", f"{shared['memory_ratio']:.3f} of one", "", "1.1 of one"
        for name, mine in (("8 branches of one prefix", shared), ("8 separate prefixes", separate)):
            peers = other.get("shared" if mine is shared else "separate", {})
            if mine:
                yield (f"{name}: speed", f"{mine['tokens_per_second']:.1f} tokens/s", f"{peers['tokens_per_second']:.1f} tokens/s" if peers else "", "")
    if "divergence" in own:
        for kind in ("q8_0", "q4_0"):
            yield (f"KL of {kind} from f16", f"{own['divergence'][kind + '_rotated']:.2e} (not rotated: {own['divergence'][kind + '_plain']:.2e})", "", "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--peer", default="")
    parser.add_argument("--text", default=TEXT)
    parser.add_argument("--prefix", default="")
    parser.add_argument("--prompt", type=int, default=4096)
    parser.add_argument("--only", default=",".join(PHASES))
    parser.add_argument("--json")
    parser.add_argument("--peer-step", help=argparse.SUPPRESS)
    parser.add_argument("--peer-texts", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer_step:
        run_peer_step(arguments)
        return
    phases = [phase for phase in PHASES if phase in arguments.only.split(",")]
    own, other = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for phase in phases:
            own[phase] = ours(arguments, phase, f"{folder}/pages")
            print(f"{phase}: {json.dumps(own[phase])}", file=sys.stderr)
        if arguments.peer:
            quick = argparse.Namespace(**dict(vars(arguments), prefix=""))
            pathlib.Path(f"{folder}/texts.json").write_text(json.dumps(ours(quick, "tokens", f"{folder}/none")))
            needed = {"first": "conversation", "restart": "conversation", "alternate": "alternate", "shared": "shared", "separate": "separate"}
            for step in dict.fromkeys(needed[phase] for phase in phases if phase in needed):
                other[step] = peer(arguments, step, folder)
                print(f"peer, {step}: {json.dumps(other[step])}", file=sys.stderr)
    print(f"| {arguments.prompt} tokens, {os.path.basename(arguments.model)} | Tendril | llama-server | goal |\n|---|---|---|---|")
    for row in rows(own, other):
        print("| " + " | ".join(row) + " |")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps({"tendril": own, "llama.cpp": other}, indent=1))


if __name__ == "__main__":
    main()
