# SPDX-License-Identifier: Apache-2.0
"""Writes snippets.json and outputs/*.json: what jinja2 makes of snippets.txt, and of templates/*.jinja with the conversations. Needs jinja2 3.1.6."""
import json
import pathlib

import conversations
import oracle

HERE = pathlib.Path(__file__).parent
VARIABLES = {
    "bos_token": "<s>",
    "add_generation_prompt": True,
    "messages": [{"role": "system", "content": " Be kind. "}, {"role": "user", "content": "Hi <b>"}],
    "number": 7,
    "real": 2.5,
    "truth": True,
    "nothing": None,
    "nested": {"list": [1, {"deep": "x"}], "b": {}, "s": "it's"},
    "big": 9007199254740993,
    "negative": -3,
    "unicode": "aé世😀",
    "empty": "",
}
ADDRESS = " at 0x"  # what Python shows of functions and generators


def snippets():
    result = []
    for line in (HERE / "snippets.txt").read_text(encoding="utf-8").split("\n"):
        if not line or line.startswith("# "):
            continue
        # A line break between tags, an escape inside of a literal: both spellings are tried.
        sources = [line]
        if "\\n" in line or "\\r" in line or "\\t" in line:
            sources.append(line.replace("\\r", "\r").replace("\\n", "\n").replace("\\t", "\t").replace("\\u00a0", "\u00a0").replace("\\u3000", "\u3000"))
        for source in sources:
            # Each print statement of a line that has several of nothing else, on its own as well: one error must not hide the others.
            parts = ["{{" + part for part in source.split("{{")[1:]] if "{%" not in source and "{#" not in source else []
            for text in [source] + (parts if len(parts) > 1 else []):
                answer = oracle.render(text, VARIABLES)
                if ADDRESS not in answer.get("text", ""):
                    result.append({"template": text, **({"text": answer["text"]} if "text" in answer else {"error": answer["error"]})})
    return result


def main():
    cases = snippets()
    (HERE / "snippets.json").write_text(
        '{"now": %d,\n"variables": %s,\n"cases": [\n%s\n]}\n'
        % (oracle.NOW_SECONDS, json.dumps(VARIABLES), ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)),
        encoding="utf-8",
    )
    folder = HERE / "outputs"
    folder.mkdir(exist_ok=True)
    for path in sorted((HERE / "templates").glob("*.jinja")):
        answers = {}
        for name in conversations.COMMITTED:
            answer = oracle.render(path.read_text(encoding="utf-8"), conversations.variables(name))
            answers[name] = {"text": answer["text"]} if "text" in answer else {"error": answer["error"]}
        (folder / (path.stem + ".json")).write_text(json.dumps(answers, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    everything = {name: conversations.variables(name) for name in conversations.COMMITTED}
    (HERE / "conversations.json").write_text(json.dumps({"now": oracle.NOW_SECONDS, "conversations": everything}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(len(cases), "snippets")


if __name__ == "__main__":
    main()
