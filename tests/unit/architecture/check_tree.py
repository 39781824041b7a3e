#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the source tree against CONTRIBUTING.md: who may include whom, SPDX lines, sizes of files, what must not occur.

Usage: check_tree.py ROOT | --self-test     (prints each breach; exit 1 when there is one)
"""
import pathlib
import re
import sys
import tempfile

ROOMS = ("app", "ui", "engine", "prompt", "storage")
# What a room may include of the others; "engine/" means the whole room, a file name just that header.
MAY_INCLUDE = {
    "engine": (),
    "prompt": ("engine/result.h",),
    "storage": ("engine/result.h",),
    "app": ("engine/engine.h", "engine/types.h", "engine/result.h", "engine/text/tokenizer.h", "engine/text/utf8_stream.h",
            "engine/sample/sampler_settings.h", "engine/sample/grammar/grammar.h", "engine/model/gguf.h", "engine/model/mapped_file.h", "engine/model/describe.h",
            "engine/model/memory_plan.h",
            "prompt/", "storage/chat_store.h"),
    "ui": ("app/",),
}
EXTRA = {"app/main.cpp": ("ui/",)}
# Headers of libraries that belong to one room (prefix of the path that may include them).
LIBRARY_HOMES = [
    (re.compile(r"^(sqlite3|SQLiteCpp)"), ("storage/",)),
    (re.compile(r"^(cuda|cublas)"), ("engine/backend/cuda/",)),
    (re.compile(r"^Q[A-Za-z]|^qt"), ("app/", "ui/")),
    (re.compile(r"^md4c"), ("ui/markup/",)),
    (re.compile(r"^(QWidget|QApplication|QMainWindow|QDialog)"), ("ui/", "app/main.cpp")),
]
FORBIDDEN = [
    (re.compile(r"\bremove_all\b|removeRecursively"), "deletes recursively", ROOMS),
    (re.compile(r"\b(abort|std::terminate|exit)\s*\("), "ends the process", ("engine", "prompt", "storage")),
    (re.compile(r"std::regex|#include <regex>"), "uses std::regex, which overflows the stack on hostile text", ROOMS),
    (re.compile(r"QtNetwork|QNetworkAccess|QTcp|QUdp"), "uses the network", ROOMS),
    (re.compile(r"sleep_for|usleep\(|QThread::m?sleep"), "sleeps instead of waiting for a condition", ("prompt", "storage", "ui", "app")),
]
EXEMPT = {("app/instance_lock.cpp", "sleeps instead of waiting for a condition"): "waits for another process, which has no way to tell it"}
MAX_FILE_LINES = 500
MAX_HEADER_LINES = 200
SOURCE = {".cpp", ".h", ".cu", ".cuh", ".inc"}
# Kernels know the GPU through port.h alone, so that they also run on the emulator (tests/cuda/README.md).
KERNEL = {".cu", ".cuh"}
PAST_PORT = re.compile(r"<<<|\b__(shared|global|device|constant)__\b|\basm\b|#\s*include\s*<(cuda_runtime|cooperative_groups|mma)")
MAY_GO_PAST_PORT = {"tests/cuda/conformance/conformance.cu"}  # tests a called function, which port.h does not offer
NEEDS_SPDX = SOURCE | {".py", ".sh", ".cmake"}


def included(text):
    return re.findall(r'^\s*#\s*include\s*[<"]([^">]+)[">]', text, re.M)


def include_breaches(path, text):
    room = path.split("/")[0]
    for name in included(text):
        other = name.split("/")[0]
        if other in ROOMS and other != room:
            allowed = MAY_INCLUDE[room] + EXTRA.get(path, ())
            if not any(name.startswith(a) if a.endswith("/") else name == a for a in allowed):
                yield f"{path}: includes {name}, which {room} may not know"
        for pattern, homes in LIBRARY_HOMES:
            if pattern.search(name) and other not in ROOMS and not path.startswith(homes):
                yield f"{path}: includes <{name}>, which belongs to {', '.join(homes)}"


def breaches(root):
    for file in sorted(root.rglob("*")):
        path = file.relative_to(root).as_posix()
        top = path.split("/")[0]
        if not file.is_file() or top not in ROOMS + ("tests", "packaging", "resources") or file.suffix not in NEEDS_SPDX:
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        lines = text.count("\n")
        if "SPDX-License-Identifier: Apache-2.0" not in "\n".join(text.splitlines()[:3]):
            yield f"{path}: has no SPDX line at its head"
        if file.suffix in SOURCE and lines > MAX_FILE_LINES:
            yield f"{path}: {lines} lines, more than {MAX_FILE_LINES}"
        if file.suffix == ".h" and top in ROOMS and lines > MAX_HEADER_LINES:
            yield f"{path}: a header of {lines} lines, more than {MAX_HEADER_LINES}"
        if file.suffix in KERNEL and path not in MAY_GO_PAST_PORT:
            found = PAST_PORT.search(re.sub(r"//[^\n]*", "", text))
            if found:
                yield f"{path}: has {found[0]}, which is port.h's"
        if top in ROOMS and file.suffix in SOURCE:
            yield from include_breaches(path, text)
            code = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)
            for pattern, what, rooms in FORBIDDEN:
                if top in rooms and pattern.search(code) and (path, what) not in EXEMPT:
                    yield f"{path}: {what}"


def self_test():
    """Plants one breach of each kind; every one must be found, and a clean file must not be."""
    head = "// SPDX-License-Identifier: Apache-2.0\n"
    planted = {
        "prompt/a.cpp": head + '#include "engine/engine.h"\n',
        "engine/b.cpp": head + "#include <QString>\n",
        "engine/c.cpp": "int x;\n",
        "ui/d.cpp": head + '#include "engine/engine.h"\n',
        "storage/e.cpp": head + "void f() { std::filesystem::remove_all(p); }\n",
        "engine/f.cpp": head + "void f() { abort(); }\n",
        "app/g.cpp": head + "\n" * 501,
        "app/h.cpp": head + "#include <sqlite3.h>\n",
        "engine/i.h": head + "\n" * 201,
        "engine/backend/cuda/j.cu": head + "__shared__ float x[2];\n",
        "tests/cuda/k.cuh": head + "void f() { kernel<<<1, 2>>>(); }\n",
    }
    clean = {"engine/backend/cuda/ok.cu": head + '#include "engine/backend/cuda/port.h"\n// __shared__ in words\n',
             "app/ok.cpp": head + '#include "engine/engine.h"\n// abort() in a comment\n', "app/main.cpp": head + '#include "ui/x.h"\n'}
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in {**planted, **clean}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        found = list(breaches(root))
    missed = [p for p in planted if not any(b.startswith(p + ":") for b in found)]
    wrong = [b for b in found if b.split(":")[0] in clean]
    print("\n".join(found))
    return [f"not found: {p}" for p in missed] + [f"found wrongly: {b}" for b in wrong]


def main():
    found = self_test() if sys.argv[1] == "--self-test" else list(breaches(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "no breach")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
