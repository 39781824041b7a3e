# SPDX-License-Identifier: Apache-2.0
"""Renders every template of a folder (*.jinja) with every conversation through the program and through jinja2: compare_all.py RENDER_LINES FOLDER..."""
import json
import os
import pathlib
import subprocess
import sys

import conversations
import oracle


def main():
    program = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "TZ": "UTC"})
    pairs = different = 0
    files = sorted(f for folder in sys.argv[2:] for f in pathlib.Path(folder).glob("*.jinja"))
    for path in files:
        source = path.read_text(encoding="utf-8")
        for name in conversations.CONVERSATIONS:
            variables = conversations.variables(name)
            expected = oracle.render(source, variables)
            program.stdin.write(json.dumps({"template": source, "variables": variables, "now": oracle.NOW_SECONDS}) + "\n")
            program.stdin.flush()
            got = json.loads(program.stdout.readline())
            pairs += 1
            if ("error" in expected) != ("error" in got) or expected.get("text") != got.get("text"):
                different += 1
                print(f"{path.name} / {name}:\n  jinja2: {json.dumps(expected)[:600]}\n  ours:   {json.dumps(got)[:600]}")
    print(f"{len(files)} templates, {pairs} pairs, {different} differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
