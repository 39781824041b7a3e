# SPDX-License-Identifier: Apache-2.0
"""Reads the text of a PTX module, as nvcc writes it, into kernels, functions and variables. Knows the grammar, not the
instructions."""
import dataclasses
import re

# Headers whose lines say nothing about a kernel: the line that called into them is told instead.
INTRINSIC_HEADERS = re.compile(r"(port_nvcc|sm_\d+\w*|cuda_(fp16|bf16|fp8)|device_functions|crt/\w+|cooperative_groups\S*|"
                               r"\w*helpers|sync|coalesced\w*|details/\S+)\.(h|hpp|cuh)$")


@dataclasses.dataclass
class Statement:
    kind: str  # "instruction", "label", "open", "close", "registers", "variable", "targets"
    text: str  # an instruction without its predicate; a label's name
    predicate: str = ""  # "%p1" or "!%p1"
    place: tuple = ("", 0)  # file and line of the source


@dataclasses.dataclass
class Variable:
    space: str  # "global", "const", "shared", "local", "param"
    name: str
    type: str
    align: int
    count: int  # elements; 0: its size is given at the launch
    values: list = dataclasses.field(default_factory=list)
    is_array: bool = False


@dataclasses.dataclass
class Function:
    name: str
    is_kernel: bool
    results: list  # of Variable
    parameters: list
    body: list  # of Statement


@dataclasses.dataclass
class Module:
    variables: list
    functions: list


VARIABLE = re.compile(r"\.(?P<space>global|const|shared|local|param)\s+(?P<attributes>(?:\.(?:align\s+\d+|ptr|attribute\(\w+\)"
                      r"|global|shared|const|local)\s+)*)\.(?P<type>\w+)\s+(?P<more>(?:\.(?:align\s+\d+|ptr|global|shared|const|local)\s+)*)"
                      r"(?P<name>[\w$%]+)\s*(?P<array>\[(?P<count>\d*)\])?\s*(?:=\s*(?P<values>.*))?$", re.S)


def variable(text):
    """One declaration, without linkage words and semicolon; None if it is none."""
    m = VARIABLE.match(re.sub(r"^\s*(\.(visible|weak|extern|common)\s+)*", "", text.strip()))
    if not m:
        return None
    align = re.search(r"\.align\s+(\d+)", m["attributes"] + m["more"])
    values = re.sub(r"[{}\s]", "", m["values"] or "")
    return Variable(m["space"], m["name"], m["type"], int(align[1]) if align else 0,
                    (int(m["count"]) if m["count"] else 0) if m["array"] else 1, values.split(",") if values else [],
                    bool(m["array"]))


def split_operands(text):
    """At the commas that are outside brackets."""
    parts, depth, part = [], 0, ""
    for char in text:
        depth += (char in "{[(") - (char in "}])")
        if char == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += char
    return parts + [part.strip()] if part.strip() else parts


def place_of(text, files):
    """The file and line of a .loc directive; inside an intrinsic's header, those of its caller."""
    m = re.match(r"\.loc\s+(\d+)\s+(\d+)\s+\d+(?:\s*,\s*function_name\s+\S+\s*,\s*inlined_at\s+(\d+)\s+(\d+))?", text)
    file, line = files.get(m[1], ""), int(m[2])
    if m[3] and INTRINSIC_HEADERS.search(file):
        file, line = files.get(m[3], ""), int(m[4])
    return file.split("/")[-1], line


def instruction(text, place):
    m = re.match(r"@(!?%[\w$]+)\s+(.*)", text, re.S)
    return Statement("instruction", m[2] if m else text, m[1] if m else "", place)


def statements(body, files):
    """The statements of a function's body, in order."""
    result, pending, place = [], "", ("", 0)
    for line in body.split("\n"):
        line = line.split("//")[0].strip()
        if re.match(r"\.loc\s", line):
            place = place_of(line, files)
            continue
        if line.startswith((".pragma", ".maxntid", ".minnctapersm", ".reqntid", ".noreturn")):
            continue
        while line:
            label = re.match(r"([\w$]+):\s*", line)
            if label and not pending:
                result.append(Statement("label", label[1]))
                line = line[label.end():]
            elif not pending and line[0] in "{}" and not re.match(r"\{[^{}]*\}\s*,", line):
                result.append(Statement("open" if line[0] == "{" else "close", line[0]))
                line = line[1:].lstrip()
            elif ";" not in line:
                pending, line = f"{pending} {line}", ""
            else:
                head, line = line.split(";", 1)
                text, pending, line = f"{pending} {head}".strip(), "", line.lstrip()
                kind = {".reg": "registers", ".shared": "variable", ".local": "variable", ".param": "variable",
                        ".branchtargets": "targets"}.get(text.split()[0] if text else "", "")
                if text:
                    result.append(Statement(kind, text, "", place) if kind else instruction(text, place))
    return result


HEADER = re.compile(r"^(?:\.(?:visible|weak|extern)\s+)*\.(entry|func)\s+(?:\((?P<results>[^)]*)\)\s*)?(?P<name>[\w$]+)\s*"
                    r"(?:\((?P<parameters>[^)]*)\))?(?P<directives>[^{;]*?)\{", re.M)


def body_end(text, start):
    """Where the brace that opened before start is closed."""
    depth = 1
    for m in re.compile(r"[{}]").finditer(text, start):
        depth += 1 if m[0] == "{" else -1
        if depth == 0:
            return m.start()
    raise ValueError("a function without an end")


def parameters(text):
    return [variable(part) for part in split_operands(text or "") if part.strip()]


def parse(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    files = dict(re.findall(r'^\s*\.file\s+(\d+)\s+"([^"]+)"', text, re.M))
    text = re.split(r"^\s*\.section\s", text, maxsplit=1, flags=re.M)[0]  # debug information
    functions, outside, at = [], "", 0
    while m := HEADER.search(text, at):
        end = body_end(text, m.end())
        outside += text[at:m.start()]
        functions.append(Function(m["name"], m[1] == "entry", parameters(m["results"]), parameters(m["parameters"]),
                                  statements(text[m.end():end], files)))
        at = end + 1
    outside = re.sub(r"//[^\n]*|^\s*\.(version|target|address_size|file|func|loc)[^\n]*", "", outside + text[at:], flags=re.M)
    variables = [v for v in map(variable, outside.split(";")) if v]
    return Module(variables, functions)
