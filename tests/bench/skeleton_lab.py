# SPDX-License-Identifier: Apache-2.0
"""What the skeleton benchmarks share: the line protocol of the program skeleton_router, questions, models."""
import csv
import json
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
OWN_QUESTIONS = HERE / "skeleton" / "questions.csv"
MODELS = pathlib.Path.home() / ".cache/tendril-models"
NAMES = {
    "qwen1.5b": "Qwen2.5-Coder-1.5B-Instruct.Q4_K_M.gguf",
    "qwen0.5b": "Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf",
    "gemma270m": "gemma-3-270m.Q4_K_M.gguf",
    "smollm135m": "SmolLM2-135M-Instruct.Q4_1.gguf",
}


def model_path(name):
    """A name above, or a file."""
    return MODELS / NAMES[name] if name in NAMES else pathlib.Path(name)


def questions(path):
    """Rows with category, suits_skeleton (0 or 1), question; others as they are."""
    with open(path, encoding="utf-8", newline="") as file:
        return [dict(row, suits=int(row["suits_skeleton"])) for row in csv.DictReader(file)]


class Lab:
    """One skeleton_router program: a JSON object a line in, one out."""

    def __init__(self, program, model=None, prompts=None):
        command = [str(program)]
        command += [str(model)] if model else []
        command += ["--phrases", str(prompts)] if prompts else []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def ask(self, **what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("skeleton_router ended early")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
