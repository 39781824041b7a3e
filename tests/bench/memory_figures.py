#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A conversation of many turns on a real model: what each turn reads, how long a person waits, what memory it takes.

Usage: memory_figures.py --cli build/release/app/tendril-cli --model M.gguf [--turns 200] [--context 2048] [--think 2] [--answer 48]
                         [--method summary] [--json FILE] [more options of `chat` behind --]

Drives `tendril-cli chat --json` line by line as a person would: reads the answer for --think seconds, then sends the next line, whether or
not the memory is being shortened just then. A pause is the time from the line to the first text of its answer.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

TOPICS = ("olive trees", "a tea garden", "old bridges", "bread with seeds", "night trains", "paper boats", "honey bees", "a small harbour",
          "winter apples", "wooden clocks", "mountain goats", "street markets", "glass lamps", "river ferries", "stone walls", "wild thyme",
          "letters by post", "copper pots", "a village choir", "swallows in spring")
FORMS = ("What should I know about {0}?", "Why do people like {0}?", "Name two things that go well with {0}.", "Is {0} a topic for children, and why?",
         "How would you describe {0} to a friend who has never seen any?", "What can go wrong with {0}?", "Tell me something surprising about {0}.",
         "What did we say about {0} so far?", "Write one short line about {0} and the number {1}.", "Which season suits {0}, and which does not?")


def questions(turns):
    return [FORMS[i // len(TOPICS) % len(FORMS)].format(TOPICS[i % len(TOPICS)], 100 + 7 * i) for i in range(turns)]


class Chat:
    """The program, its lines as they come, and what it holds in memory."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.events, self.filled = [], threading.Condition()
        self.at = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self.filled:
                self.events.append(json.loads(line))
                self.filled.notify_all()
        with self.filled:
            self.events.append({"event": "closed"})
            self.filled.notify_all()

    def wait(self, fits, seconds=600):
        """The events from here through the first that fits."""
        until, first = time.monotonic() + seconds, self.at
        with self.filled:
            while True:
                while self.at < len(self.events):
                    event = self.events[self.at]
                    self.at += 1
                    if event["event"] == "closed":
                        sys.exit("the program ended")
                    if fits(event):
                        return self.events[first:self.at]
                if not self.filled.wait(until - time.monotonic()):
                    sys.exit("nothing came")

    def send(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return time.monotonic() * 1000

    def resident(self):
        """Bytes: of the program's own memory, and with the mapped file of the model."""
        fields = {}
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            fields[name] = value.split()
        own = int(fields["RssAnon"][0]) * 1024
        return own, int(fields["VmRSS"][0]) * 1024


def talk(arguments, more):
    with tempfile.TemporaryDirectory() as folder:
        command = [arguments.cli, "chat", arguments.model, "--database", f"{folder}/chats.db", "--json", "--at-once", "--context",
                   str(arguments.context), "-n", str(arguments.answer), "--temperature", "0", "--compress", arguments.method] + more
        chat = Chat(command)
        chat.wait(lambda e: e["event"] == "model" and e["phase"] == "ready")
        turns, memory, marks, work_read, newest, lost = [], {}, 0, 0, 0, 0
        for number, line in enumerate(questions(arguments.turns), 1):
            sent = chat.send(line)
            came = chat.wait(lambda e: e["event"] == "finished")
            first = next((e["time_ms"] for e in came if e["event"] in ("text", "finished")), None)
            end = came[-1]
            if end["status"] == "failed":
                sys.exit(f"turn {number}: {end['error']}")
            for event in came:
                work_read += event.get("tokens_read", 0) if event["event"] == "memory_work" else 0
                lost += event["event"] == "left_out"
                for mark in event["marks"] if event["event"] == "memory" else []:
                    if mark["id"] > newest:
                        newest, marks = mark["id"], marks + 1
            turns.append({"turn": number, "pause_ms": first - sent, "read": end["prompt_tokens"] - end["cached_tokens"],
                          "prompt": end["prompt_tokens"], "answer": end.get("answer_tokens", 0), "shortenings": marks})
            if number in (20, 50, 100, 150, 200) or number == arguments.turns:
                memory[number] = chat.resident()
            time.sleep(arguments.think)
        chat.process.stdin.close()
        chat.process.wait()
        return {"model": pathlib.Path(arguments.model).name, "context": arguments.context, "method": arguments.method, "think_s": arguments.think,
                "turns": turns, "memory": memory, "shortenings": marks, "left_out_events": lost, "read_for_memory": work_read}


def report(result):
    turns = result["turns"][1:]  # the first one reads the model's pages from the disk
    pauses = sorted(t["pause_ms"] for t in turns)
    worst = max(turns, key=lambda t: t["pause_ms"])
    print(f"{result['model']}, context {result['context']}, {len(turns) + 1} turns, {result['method']}, {result['think_s']} s between turns")
    print(f"  pause until the first token: median {statistics.median(pauses):.0f} ms, 95 % {pauses[int(len(pauses) * 0.95)]:.0f} ms, "
          f"longest {worst['pause_ms']:.0f} ms (turn {worst['turn']}, {worst['read']} tokens read)")
    read = [t["read"] for t in turns]
    print(f"  tokens read per turn: median {statistics.median(read):.0f}, most {max(read)}; prompt at most {max(t['prompt'] for t in turns)}")
    print(f"  shortenings {result['shortenings']} (read for them in idle time {result['read_for_memory']}), turns with something newly left out "
          f"{result['left_out_events']}")
    for number, (own, all_of_it) in result["memory"].items():
        print(f"  turn {number}: {own / 2**20:.0f} MiB own, {all_of_it / 2**20:.0f} MiB with the model's file; prompt "
              f"{result['turns'][int(number) - 1]['prompt']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cli", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--context", type=int, default=2048)
    parser.add_argument("--think", type=float, default=2.0)
    parser.add_argument("--answer", type=int, default=48)
    parser.add_argument("--method", default="summary")
    parser.add_argument("--json")
    arguments, more = parser.parse_known_args()
    result = talk(arguments, [one for one in more if one != "--"])
    report(result)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    main()
