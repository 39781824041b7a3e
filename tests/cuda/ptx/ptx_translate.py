#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Translates PTX into C++ for the emulator, so that tests run what nvcc really made of the kernels.

usage: ptx_translate.py --out FOLDER [--shards N] ARCH:FILE.ptx ...

Kernels that are the same for several architectures are written once. The C++ goes to FOLDER/ptx_0.cpp .. ptx_{N-1}.cpp; what
is not translated is listed and makes the exit status 1 (with --partial: is left out, and reported if it is launched).
"""
import argparse
import collections
import pathlib
import re
import sys
import tempfile

from ptx_arithmetic import HANDLERS, Opcode
from ptx_memory import WITH_PLACE
from ptx_operands import Scope, Unsupported, identifier, read, size, storage
from ptx_parse import parse, split_operands, variable


def shown_name(name):
    """A shared array's name as in the source: the last part of _ZZN...E5parts."""
    for m in re.finditer(r"E(\d+)", name):
        if len(name) - m.end() == int(m[1]):
            return name[m.end():]
    return name


class Translation:
    """One function of a module."""

    def __init__(self, function, module, prefix):
        self.function, self.module, self.prefix = function, module, prefix
        self.scope = Scope()
        self.head, self.lines, self.problems = [], [], collections.Counter()
        self.targets = {}
        self.outer = []  # registers of the scopes around the one being translated
        self.callees = {f.name: f for f in module.functions if not f.is_kernel}

    def place(self, place):
        return f'At{{"{place[0]}", {place[1]}}}' if place[0] else "At{}"

    def declare_parameters(self):
        f = self.function
        for i, parameter in enumerate(f.parameters):
            pointer = f"static_cast<const char*>(arguments[{i}])" if f.is_kernel else f"p_{identifier(parameter.name)}"
            self.scope.arrays[parameter.name] = pointer
            self.scope.addresses[parameter.name] = pointer
        for result in f.results:
            self.scope.arrays[result.name] = f"p_{identifier(result.name)}"

    def declare_shared(self, v):
        name = f"shared_{identifier(v.name)}"
        if v.count == 0:
            get = "dynamic_shared()"
        else:
            self.head.append(f"static char key_{name};")
            get = f'shared_array(&key_{name}, {size(v.type) * v.count}, {max(v.align, 16)}, "{shown_name(v.name)}")'
        self.head.append(f"const uint32_t {name} = shared_offset(uint64_t({get}));")
        self.scope.addresses[v.name] = name
        self.scope.shared.add(v.name)

    def declare_outside(self):
        """Variables of the module that this function names."""
        text = " ".join(s.text for s in self.function.body)
        for v in self.module.variables:
            if not re.search(rf"(?<![\w$]){re.escape(v.name)}(?![\w$])", text):
                continue
            if v.space == "shared":
                self.declare_shared(v)
            else:
                self.scope.addresses[v.name] = f"&{self.prefix}{identifier(v.name)}"

    def declare_registers(self, text):
        m = re.match(r"\.reg\s+\.(\w+)\s+(.*)", text, re.S)
        names = []
        for name in m[2].split(","):
            several = re.match(r"(%?[\w$]+)<(\d+)>", name.strip())
            names += [f"{several[1]}{i}" for i in range(int(several[2]))] if several else [name.strip()]
        self.scope.registers.update({name: m[1] for name in names})
        self.lines.append(f"{storage(m[1])} {', '.join(map(identifier, names))};")

    def declare_variable(self, text):
        v = variable(text)
        if v.space == "shared":
            self.declare_shared(v)
            return
        self.lines.append(f"alignas(16) char v_{identifier(v.name)}[{max(1, v.count) * size(v.type)}];")
        self.scope.addresses[v.name] = f"v_{identifier(v.name)}"
        if v.space == "param":
            self.scope.arrays[v.name] = f"v_{identifier(v.name)}"

    def call(self, text):
        """call (results), name, (parameters); both are arrays of this function."""
        m = re.match(r"(?:\(([^)]*)\)\s*,\s*)?([\w$]+)\s*(?:,\s*\(([^)]*)\))?$", text, re.S)
        if not m or m[2] not in self.callees:
            raise Unsupported(f"call of {m[2] if m else text}")
        given = [identifier(x) for x in split_operands(m[1] or "") + split_operands(m[3] or "")]
        return f"{self.prefix}{identifier(m[2])}({', '.join('v_' + g for g in given)});"

    def branch(self, statement, opcode, operands):
        if opcode.name == "bra":
            return f"goto {identifier(operands[0])};"
        if opcode.name in ("ret", "exit"):
            return "return;"
        cases = "".join(f"case {i}: goto {identifier(t)};" for i, t in enumerate(self.targets[operands[1]]))
        return f"switch ({read(self.scope, operands[0], 'u32')}) {{ {cases} default: break; }}"

    def instruction(self, statement):
        m = re.match(r"([\w.:]+)\s*(.*)", statement.text, re.S)
        opcode, operands = Opcode(m[1]), split_operands(m[2])
        if opcode.name in ("bra", "ret", "exit", "brx"):
            code = self.branch(statement, opcode, operands)
        elif opcode.name == "call":
            code = self.call(m[2])
        elif opcode.name not in HANDLERS:
            raise Unsupported(opcode.text)
        elif opcode.name in WITH_PLACE:
            code = HANDLERS[opcode.name](self.scope, opcode, operands, self.place(statement.place))
        else:
            code = HANDLERS[opcode.name](self.scope, opcode, operands)
        if not statement.predicate:
            return code
        return f"if ({read(self.scope, statement.predicate, 'pred')}) {{ {code} }}"

    def statement(self, s):
        if s.kind == "registers":
            self.declare_registers(s.text)
        elif s.kind == "variable":
            self.declare_variable(s.text)
        elif s.kind == "label":
            self.lines.append(f"{identifier(s.text)}:;")
        elif s.kind == "open":
            self.outer.append(dict(self.scope.registers))
            self.lines.append(s.text)
        elif s.kind == "close":
            self.scope.registers = self.outer.pop()
            self.lines.append(s.text)
        elif s.kind == "instruction":
            try:
                self.lines.append(self.instruction(s))
            except (Unsupported, KeyError, IndexError) as problem:
                what = str(problem) if isinstance(problem, Unsupported) else f"{s.text}: {problem!r}"
                self.problems[what] += 1
                self.lines.append(f'untranslated({self.place(s.place)}, R"({s.text})");')

    def signature(self):
        if self.function.is_kernel:
            return "const void* const* arguments"
        return ", ".join(f"char* p_{identifier(v.name)}" for v in self.function.results + self.function.parameters)

    def run(self):
        self.declare_parameters()
        self.declare_outside()
        for s in self.function.body:
            if s.kind == "targets":
                m = re.match(r"\.branchtargets\s+(.*)", s.text, re.S)
                self.targets[self.last_label] = [t.strip() for t in m[1].split(",")]
            elif s.kind == "label":
                self.last_label = s.text
        for s in self.function.body:
            self.statement(s)
        return "\n".join(self.head + self.lines)


def constants(module, prefix):
    """Module variables in global and constant memory, as bytes or numbers."""
    text = ""
    for v in module.variables:
        if v.space not in ("global", "const"):
            continue
        if any(re.search(r"[A-Za-z_$]", re.sub(r"0[xX][0-9A-Fa-f]+|0[fFdD][0-9A-Fa-f]+", "", x)) for x in v.values):
            raise Unsupported(f"initialiser of {v.name}")
        values = ", ".join(f"{storage(v.type)}({int(re.sub('^0[fFdD]', '0x', x), 0) % (1 << 64)}ull)" for x in v.values)
        text += f"alignas({max(v.align, 1)}) static {storage(v.type)} {prefix}{identifier(v.name)}[{max(v.count, 1)}] = {{{values}}};\n"
    return text


def translate(path, problems):
    """The module's kernels: name -> (what they need before them, body)."""
    module = parse(pathlib.Path(path).read_text(encoding="utf-8"))
    prefix = "module_"
    before = constants(module, prefix)
    functions, kernels = "", {}
    for f in module.functions:
        t = Translation(f, module, prefix)
        body = t.run()
        problems.update(t.problems)
        if f.is_kernel:
            kernels[f.name] = body
        else:
            functions += f"static void {prefix}{identifier(f.name)}({t.signature()}) {{\n{body}\n}}\n"
    declarations = "".join(f"static void {prefix}{identifier(f.name)}({Translation(f, module, prefix).signature()});\n"
                           for f in module.functions if not f.is_kernel)
    return {name: (before + declarations + functions, body) for name, body in kernels.items()}


def shared_texts(sources, problems):
    """(what is needed before, body) -> the kernels, by architecture and name, that it is of."""
    texts = collections.defaultdict(list)
    for source in sources:
        arch, path = source.split(":", 1)
        for name, text in translate(path, problems).items():
            texts[text].append((int(arch), name))
    return texts


def write_shards(texts, folder, count):
    """Spreads the bodies evenly over the files; each body stands in a namespace of its own."""
    shards = [[] for _ in range(count)]
    weight = [0] * count
    for number, (text, users) in enumerate(sorted(texts.items(), key=lambda item: -len(item[0][1]))):
        lightest = weight.index(min(weight))
        weight[lightest] += len(text[1])
        shards[lightest].append((number, text, users))
    for i, shard in enumerate(shards):
        code = "// Made by ptx_translate.py; not kept.\n#include \"tests/cuda/ptx/ptx_runtime.h\"\n\nnamespace tendril::emulator::ptx {\nnamespace {\n"
        entries = ""
        for number, (before, body), users in shard:
            code += f"namespace n{number} {{\n{before}void kernel([[maybe_unused]] const void* const* arguments) {{\n{body}\n}}\n}}\n"
            entries += "".join(f'    register_ptx_entry({arch}, "{name}", n{number}::kernel);\n' for arch, name in users)
        code += f"const bool registered = [] {{\n{entries}    return true;\n}}();\n}}  // namespace\n}}  // namespace tendril::emulator::ptx\n"
        target = folder / f"ptx_{i}.cpp"
        if not target.exists() or target.read_text(encoding="utf-8") != code:
            target.write_text(code, encoding="utf-8")
        else:
            target.touch()


SELF_TEST = """
.visible .entry both(.param .u64 p) {{
  .reg .b32 %r<3>; .reg .b64 %rd<2>; .reg .pred %p<2>;
  ld.param.u64 %rd1, [p];
  {instruction};
  setp.lt.s32 %p1, %r1, 5;
  @%p1 bra $L_end;
  st.global.u32 [%rd1+4], %r1;
$L_end:
  ret;
}}
"""


def self_test():
    """Equal kernels become one, different ones do not; what is unknown is named, with the number of its occurrences."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, instruction in (("a", "mov.u32 %r1, %tid.x"), ("b", "mov.u32 %r1, %tid.y"), ("c", "tex.2d.v4 %r1, [x, {%r1}]")):
            paths[name] = pathlib.Path(folder) / f"{name}.ptx"
            paths[name].write_text(SELF_TEST.format(instruction=instruction), encoding="utf-8")
        problems = collections.Counter()
        same = shared_texts([f"750:{paths['a']}", f"800:{paths['a']}"], problems)
        different = shared_texts([f"750:{paths['a']}", f"800:{paths['b']}"], problems)
        failures = [] if not problems else [f"known instructions are not translated: {problems}"]
        failures += [] if [len(u) for u in same.values()] == [2] else ["equal kernels are written twice"]
        failures += [] if len(different) == 2 else ["different kernels are taken for one"]
        shared_texts([f"800:{paths['c']}"], problems)
        failures += [] if problems == {"tex.2d.v4": 1} else [f"an unknown instruction is not named: {problems}"]
    print("\n".join(failures) or "the translator's self-test passes")
    return 1 if failures else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    parser = argparse.ArgumentParser(description="PTX to C++ for the CUDA emulator")
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--partial", action="store_true")
    parser.add_argument("sources", nargs="+")
    arguments = parser.parse_args()
    problems = collections.Counter()
    texts = shared_texts(arguments.sources, problems)
    write_shards(texts, arguments.out, arguments.shards)
    kernels = sum(len(users) for users in texts.values())
    print(f"PTX: {kernels} kernels of {len(arguments.sources)} files, {len(texts)} different; "
          f"{sum(problems.values())} instructions not translated")
    for what, times in problems.most_common():
        print(f"  {times} x {what}", file=sys.stderr)
    return 1 if problems and not arguments.partial else 0


if __name__ == "__main__":
    sys.exit(main())
