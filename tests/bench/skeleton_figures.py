#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Skeleton-of-thought against normal decoding of the same engine, question by question, and against a peer.

Usage: skeleton_figures.py CLI QUESTIONS.csv MODEL [--count N] [--mode auto|always] [--peer LLAMA_SERVER --peer-count N]
       [--json FILE] [--transcripts FILE]
For each question: time to the whole answer, per 100 words, to the end of the first paragraph, words, both ways in turn;
4-grams that stand in more than one point; whether both answers are in the question's script. The peer answers the same
two ways: normally, and by the paper's parallel calls (an outline under a grammar, then one request for each point, 8
slots, all at once). Times include no loading. A question that the router declines counts with its normal answer.
"""
import argparse
import concurrent.futures
import json
import re
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request

from skeleton_lab import Lab, model_path, questions


def words_of(text):
    """Words; each Han character is one."""
    return re.findall(r"[\u4e00-\u9fff]|[^\W_]+(?:['’][^\W_]+)*", text.lower())


def grams(text):
    words = words_of(text)
    return {tuple(words[i:i + 4]) for i in range(len(words) - 3)}


def repeated_grams(texts):
    """Different 4-grams that stand in more than one of the texts, and the share of all different ones."""
    seen = {}
    for text in texts:
        for gram in grams(text):
            seen[gram] = seen.get(gram, 0) + 1
    repeated = sum(count > 1 for count in seen.values())
    return repeated, round(repeated / len(seen), 3) if seen else 0.0


def is_han(text):
    letters = [c for c in text if c.isalpha()]
    return 2 * sum("\u4e00" <= c <= "\u9fff" for c in letters) > len(letters)


def paragraphs(text):
    return [part for part in re.split(r"\n\s*\n|\n(?=\s*(?:\d+[.)]|[-*]) )", text) if part.strip()]


def ours(cli, model, question, mode, curve, extra):
    command = [cli, "expand", str(model), "--question", question, "--mode", mode, "--json", "--temperature", "0", "-n", "700"]
    command += ["--curve", curve] if curve and mode != "never" else []
    done = subprocess.run(command + extra, capture_output=True, text=True, encoding="utf-8", check=True)
    got = json.loads(done.stdout)
    got["words"] = len(words_of(got["text"]))
    return got


def summary(got):
    words = max(1, got["words"])
    return {"mode": got["mode"], "reason": got["reason_key"], "words": words, "total_ms": round(got["total_ms"]),
            "ms_per_100_words": round(100 * got["total_ms"] / words), "first_text_ms": round(got["first_text_ms"]),
            "first_paragraph_ms": round(got["first_paragraph_ms"]), "outline_ms": round(got["outline_ms"]),
            "points": len(got["points"]), "read_tokens": got["prefilled_tokens"], "predicted_gain": round(got["predicted_gain"], 2),
            "stops": [p["stop"] for p in got["points"]]}


class Peer:
    """llama-server on the loopback interface, 8 slots that share their memory."""

    def __init__(self, program, model, threads):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen([program, "-m", str(model), "--host", "127.0.0.1", "--port", str(self.port), "-np", "8",
                                         "--kv-unified", "-c", "8192", "-t", str(threads), "--jinja"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while self.process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=1)
                return
            except OSError:
                time.sleep(0.2)
        raise SystemExit("the peer did not start")

    def post(self, path, body):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=240))

    def render(self, messages):
        return self.post("/apply-template", {"messages": messages})["prompt"]

    def complete(self, prompt, most, **more):
        return self.post("/completion", {"prompt": prompt, "n_predict": most, "temperature": 0, "cache_prompt": True, **more})["content"]

    def close(self):
        self.process.terminate()
        self.process.wait()


# As plain as the peer's grammar reader likes it: a title is a line.
PEER_GRAMMAR = r'root ::= "1. " t "\n2. " t ("\n3. " t ("\n4. " t ("\n5. " t ("\n6. " t ("\n7. " t)?)?)?)?)?' "\n" r"t ::= [^\n.:*]{3,48}"


def peer_answers(peer, lab, question, language, outline_text):
    """Normal and by parallel calls, with the prompts of ours."""
    begin = time.monotonic()
    text = peer.complete(peer.render([{"role": "user", "content": question}]), 700)
    normal = {"total_ms": round(1000 * (time.monotonic() - begin)), "words": len(words_of(text))}
    begin = time.monotonic()
    messages = [{"role": "user", "content": question + outline_text}]
    outline = peer.complete(peer.render(messages), 160, grammar=PEER_GRAMMAR).strip()
    outline_ms = round(1000 * (time.monotonic() - begin))
    titles = [line.split(". ", 1)[1] for line in outline.split("\n") if ". " in line]

    suffixes = [lab.ask(suffix=index, titles=titles, language=language) for index in range(len(titles))]

    def point(suffix):
        prompt = peer.render(messages + [{"role": "assistant", "content": outline}, {"role": "user", "content": suffix["user"]}])
        return suffix["heading"] + peer.complete(prompt + suffix["heading"], 140).strip()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        points = list(pool.map(point, suffixes))
    text = "\n\n".join(points)
    return normal, {"total_ms": round(1000 * (time.monotonic() - begin)), "outline_ms": outline_ms, "words": len(words_of(text)), "points": len(points)}


def per_100(got):
    return 100 * got["total_ms"] / max(1, got["words"])


def ratios(rows):
    """Medians of normal / skeleton; above 1: the skeleton is faster."""
    if not rows:
        return {}
    median = lambda f: round(statistics.median(f(r) for r in rows), 2)
    return {"questions": len(rows),
            "whole_answer": median(lambda r: r["normal"]["total_ms"] / r["expand"]["total_ms"]),
            "per_100_words": median(lambda r: r["normal"]["ms_per_100_words"] / r["expand"]["ms_per_100_words"]),
            "first_paragraph": median(lambda r: r["normal"]["first_paragraph_ms"] / max(1, r["expand"]["first_paragraph_ms"])),
            "words_ratio": median(lambda r: r["expand"]["words"] / r["normal"]["words"])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cli")
    parser.add_argument("questions")
    parser.add_argument("model")
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--only-suitable", action="store_true")
    parser.add_argument("--mode", default="auto")
    parser.add_argument("--curve", default="", help="ROWS:MS,...; measured once when left out")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--peer")
    parser.add_argument("--peer-count", type=int, default=3)
    parser.add_argument("--lab", help="the program skeleton_router, for the peer's prompts")
    parser.add_argument("--prompts", default="resources/prompts/skeleton.json")
    parser.add_argument("--json")
    parser.add_argument("--transcripts")
    options = parser.parse_args()
    model = model_path(options.model)
    extra = ["--threads", str(options.threads)]
    rows = questions(options.questions)
    rows = [r for r in rows if r["suits"]] if options.only_suitable else rows
    if options.count:
        rows = [rows[i * len(rows) // options.count] for i in range(min(options.count, len(rows)))]
    curve = options.curve
    if not curve:
        measured = ours(options.cli, model, "What are the main reasons that people move to large cities?", "auto", "", extra)["curve"]
        curve = ",".join(f"{p['rows']}:{p['step_ms']:.3f}" for p in measured)
        print("curve", curve, flush=True)
    results, transcripts = [], []
    for number, row in enumerate(rows):
        # In turn, so that a change of the machine's speed meets both.
        order = ("never", options.mode) if number % 2 else (options.mode, "never")
        got = {mode: ours(options.cli, model, row["question"], mode, curve, extra) for mode in order}
        expand, normal = got[options.mode], got["never"]
        texts = [p["text"] for p in expand["points"]]
        repeated, share = repeated_grams(texts)
        in_normal, share_normal = repeated_grams(paragraphs(normal["text"]))
        result = {"question": row["question"], "category": row["category"], "suits": row["suits"], "expand": summary(expand), "normal": summary(normal),
                  "repeated_4grams": repeated, "repeated_share": share, "repeated_4grams_normal": in_normal, "repeated_share_normal": share_normal,
                  "language_kept": is_han(expand["text"]) == is_han(row["question"]), "outline": expand["outline"]}
        results.append(result)
        transcripts.append({"question": row["question"], "mode": expand["mode"], "expanded": expand["text"], "normal": normal["text"]})
        e, n = result["expand"], result["normal"]
        print(f"{e['mode']:8} {e['reason']:18} {n['total_ms']:6} -> {e['total_ms']:6} ms, words {n['words']} -> {e['words']}, first paragraph {n['first_paragraph_ms']} -> {e['first_paragraph_ms']}, "
              f"repeated {in_normal} -> {repeated}  {row['question'][:50]}", flush=True)
        write(options, curve, results, transcripts)
    peer = compare_peer(options, model, [r for r in results if r["expand"]["mode"] == "skeleton"]) if options.peer else None
    figures = write(options, curve, results, transcripts, peer)
    print(json.dumps({k: v for k, v in figures.items() if k not in ("curve", "peer")}, indent=1))


def write(options, curve, results, transcripts, peer=None):
    """After each question, so that a run that is cut off leaves what it has."""
    expanded = [r for r in results if r["expand"]["mode"] == "skeleton"]
    figures = {"model": options.model, "threads": options.threads, "curve": curve, "all": ratios(results), "expanded": ratios(expanded),
               "declined_of_suitable": sum(r["suits"] and r["expand"]["mode"] != "skeleton" for r in results)}
    if peer:
        figures["peer"] = peer
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump({"figures": figures, "questions": results}, out, ensure_ascii=False, indent=1)
            out.write("\n")
    if options.transcripts:
        with open(options.transcripts, "w", encoding="utf-8") as out:
            for one in transcripts:
                out.write(f"# {one['question']}\n\n## {one['mode']}\n\n{one['expanded']}\n\n## normal\n\n{one['normal']}\n\n")
    return figures


def compare_peer(options, model, expanded):
    with open(options.prompts, encoding="utf-8") as file:
        outlines = {one["code"]: one["outline"] for one in json.load(file)["languages"]}
    lab = Lab(options.lab)
    peer = Peer(options.peer, model, options.threads)
    rows = []
    try:
        for row in expanded[: options.peer_count]:
            normal, parallel = peer_answers(peer, lab, row["question"], "en", outlines["en"])
            rows.append({"question": row["question"], "normal": normal, "parallel": parallel, "ours_normal": row["normal"], "ours": row["expand"]})
            print("peer", normal, parallel, flush=True)
    finally:
        peer.close()
        lab.close()
    if not rows:
        return {}
    return {"rows": rows, "peer_per_100_words": round(statistics.median(per_100(r["normal"]) / per_100(r["parallel"]) for r in rows), 2),
            "ours_over_peer_parallel_per_100_words": round(statistics.median(per_100(r["parallel"]) / per_100(r["ours"]) for r in rows), 2)}


if __name__ == "__main__":
    main()
