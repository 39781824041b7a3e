#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What of a long conversation's rules, names and numbers is still there, word for word, behind each shortening of the model's memory.

Usage: memory_facts.py --cli build/release/app/tendril-cli --model M.gguf [--language de|zh|en] [--context 1536] [--method summary]

A person tells of themselves and gives rules in the first turns of 30, then talks of other things. For each fact: in how many of the
shortenings behind it its words stand in what the model has.
"""
import argparse
import sys
import tempfile

from memory_figures import Chat

# What is said, and the words of it that must not be lost.
FACTS = {
    "en": [("My name is Ottilie Brandt and I live in Husum.", "Ottilie Brandt"), ("Always answer in two sentences.", "two sentences"),
           ("I have 17 apple trees and 4 bee hives.", "17 apple trees"), ("Never suggest anything with nuts, I am allergic.", "nuts"),
           ("My budget is 2,450 euros.", "2,450"), ("My sister is called Mechthild.", "Mechthild")],
    "de": [("Ich heiße Ottilie Brandt und wohne in Husum.", "Ottilie Brandt"), ("Antworte immer in zwei Sätzen.", "zwei Sätzen"),
           ("Ich habe 17 Apfelbäume und 4 Bienenstöcke.", "17 Apfelbäume"), ("Schlage niemals etwas mit Nüssen vor, ich bin allergisch.", "Nüssen"),
           ("Mein Budget beträgt 2.450 Euro.", "2.450"), ("Meine Schwester heißt Mechthild.", "Mechthild")],
    "zh": [("我叫王晓梅，住在苏州。", "王晓梅"), ("请始终用两句话回答。", "两句话"), ("我有17棵苹果树和4个蜂箱。", "17棵苹果树"),
           ("绝对不要推荐含坚果的东西，我对坚果过敏。", "坚果"), ("我的预算是2450欧元。", "2450"), ("我的妹妹叫李秀兰。", "李秀兰")],
}
OTHER = {
    "en": ("What is good about {0}?", ("an old bridge", "a night train", "a harbour", "a market", "a choir", "a stone wall", "a glass lamp", "a mountain goat")),
    "de": ("Was ist gut an {0}?", ("einer alten Brücke", "einem Nachtzug", "einem Hafen", "einem Markt", "einem Chor", "einer Steinmauer", "einer Lampe",
                                   "einer Bergziege")),
    "zh": ("{0}有什么好处？", ("古桥", "夜间火车", "港口", "集市", "合唱团", "石墙", "玻璃灯", "山羊")),
}


def lines(language, turns):
    form, topics = OTHER[language]
    said = [f"{fact} {form.format(topics[i % len(topics)])}" if language != "zh" else fact + form.format(topics[i % len(topics)])
            for i, (fact, _) in enumerate(FACTS[language])]
    return said + [form.format(topics[i % len(topics)]) + f" ({i})" for i in range(len(said), turns)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cli", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--language", choices=FACTS, default="de")
    parser.add_argument("--turns", type=int, default=30)
    parser.add_argument("--context", type=int, default=1536)
    parser.add_argument("--answer", type=int, default=64)
    parser.add_argument("--method", default="summary")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        chat = Chat([arguments.cli, "chat", arguments.model, "--database", f"{folder}/chats.db", "--json", "--context", str(arguments.context), "-n",
                     str(arguments.answer), "--temperature", "0", "--compress", arguments.method])
        chat.wait(lambda e: e["event"] == "model" and e["phase"] == "ready")
        texts = {}
        for line in lines(arguments.language, arguments.turns):
            chat.send(line)
            for event in chat.wait(lambda e: e["event"] == "memory_work" and not e["running"]):
                if event["event"] == "notice":
                    print("  notice:", event["text"])
                for mark in event["marks"] if event["event"] == "memory" else []:
                    texts[mark["id"]] = mark
        chat.process.stdin.close()
        chat.process.wait()
    print(f"{arguments.language}, {arguments.method}: {len(texts)} shortenings of {arguments.turns} turns")
    lost = 0
    for fact, words in FACTS[arguments.language]:
        there = sum(words in mark["text"] for mark in texts.values())
        lost += len(texts) - there
        print(f"  {there} of {len(texts)}: {fact}")
    for mark in texts.values():
        print(f"--- {mark['kind']}, {mark['tokens_before']} tokens to {mark['tokens_after']}\n{mark['text']}", file=sys.stderr)
    sys.exit(1 if lost or not texts else 0)


if __name__ == "__main__":
    main()
