# SPDX-License-Identifier: Apache-2.0
"""Puts random templates together and compares the program with a live jinja2: fuzz_compare.py RENDER_LINES SECONDS [SEED]"""
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

import make_golden
import oracle

NAMES = ["number", "real", "truth", "nothing", "nested", "negative", "unicode", "empty", "messages", "missing", "a", "b", "x"]
LITERALS = ["1", "0", "-2", "3", "10", "2.5", "-0.5", "1e3", "''", "'a'", "'b c'", "'Aé世b'", "'  x\\n'", "'1'", "'a,b,,c'", "'<b>'", "true", "false", "none", "[]", "[1, 2, 3]", "['b', 'A', 'c']", "(1, 'x')", "{}", "{'a': 1, 'b': [2]}", "range(4)", "[{'a': 2, 'k': 'x'}, {'a': 1, 'k': 'y'}]", "[[2, 'p'], [1, 'q']]", "'%s-%s'", "'{}|{a}'"]
BINARY = ["+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or", "**"]
FILTERS = "upper lower title capitalize trim string length first last list sort reverse join sum min max unique int float abs round default d e escape safe tojson indent wordcount urlencode dictsort items map select reject count striptags xmlattr".split()
FILTERS += ["default(E)", "default(E, true)", "join(E)", "replace(E, E)", "map('upper')", "map('int')", "map(attribute='a')", "map(attribute=0)", "selectattr('a')", "selectattr('a', 'eq', E)", "rejectattr('k', 'in', E)", "select('string')", "select('gt', E)", "sort(reverse=true)", "sort(attribute='a')", "batch(2)", "batch(2, E)|list", "slice(2)|list", "round(1)", "round(E)", "int(E)", "truncate(E)", "truncate(5, true)", "indent(E, true)", "center(E)", "groupby('k')", "attr(E)", "tojson(indent=2)", "tojson(sort_keys=true)", "trim(E)", "format(E)", "list|length", "sum(start=E)", "unique|list", "reverse|list", "map('string')|list", "select|list", "items|list", "dictsort(by='value')", "min(attribute='a')", "filesizeformat", "wordcount"]
TESTS = "defined undefined none string number integer float boolean true false mapping iterable sequence callable odd even lower upper escaped".split()
TESTS += ["eq E", "ne(E)", "lt E", "ge(E)", "divisibleby E", "in E", "sameas E", "filter", "test"]
METHODS = "upper() lower() title() capitalize() swapcase() strip() lstrip() rstrip() split() rsplit() splitlines() isdigit() isalpha() isspace() isupper() islower() istitle() items() keys() values() copy() count(E) index(E) find(E) rfind(E) get(E) get(E,E) startswith(E) endswith(E) strip(E) split(E) rsplit(E,1) split(E,1) split(none,1) replace(E,E) replace(E,E,1) join(E) format(E,a=E) center(5) ljust(4,E) zfill(5) partition(E) rpartition(E) removeprefix(E) removesuffix(E) a k nosuch items append(E) pop() casefold() expandtabs(3) isidentifier()".split()
SPECS = [":>5", ":<5", ":^7", ":05", ":+", ":,", ":.2f", ":.3", ":x", ":e", ":%", ":d", "!r", ":s", ":10.3f", ":*^9", ":b", ":#x", ":_", ":g", ": d", ":08.2f", ":.0f", ":5.1e", ":c"]
PERCENTS = ["%s", "%d", "%5d", "%-5s|", "%05.1f", "%x", "%r", "%+d", "%e", "%g", "%.2s", "%c", "%%", "%i", "%o", "% d", "%#x", "%10.3f"]
STATEMENTS = [
    "{% if E %}S{% elif E %}S{% else %}S{% endif %}", "{% for a in E %}S{{ loop.index }}{{ loop.last }}{% else %}S{% endfor %}", "{% for a, b in E %}S{% endfor %}",
    "{% for x in E if E %}{{ x }}{% if E %}{% break %}{% endif %}S{% endfor %}", "{% set a = E %}S", "{% set a, b = E %}S", "{% set x %}S{% endset %}{{ x }}",
    "{% set x | upper %}S{% endset %}{{ x }}", "{% macro m(a, b=E) %}S{% endmacro %}{{ m(E) }}", "{% macro m() %}S{{ caller(E) }}{% endmacro %}{% call(a) m() %}S{% endcall %}",
    "{% with a = E %}S{% endwith %}", "{% filter upper %}S{% endfilter %}", "{% set ns = namespace(a=E) %}{% for x in E %}{% set ns.a = E %}S{% endfor %}{{ ns.a }}",
    "\n  {% if E %}\n S\n  {%- endif +%}\n", "{#- c -#}\nS\n", "{% raw %}{{ x }}{% endraw %}S", "{%- for a in E -%} {{ loop.previtem }}{{ loop.nextitem }}S {% continue %} {%- endfor %}",
    "{{- E -}} \n S", "text\n\tS", "{% generation %}S{% endgeneration %}",
]


class Maker:
    def __init__(self, random_source):
        self.random = random_source

    def fill(self, text, depth):
        text = re.sub(r"\bE\b", lambda _: self.expression(depth - 1), text)
        return re.sub(r"\bS\b", lambda _: self.statement(depth - 1), text)

    def expression(self, depth):
        pick = self.random.choice
        if depth <= 0 or self.random.random() < 0.25:
            return pick(NAMES) if self.random.random() < 0.4 else pick(LITERALS)
        inner = self.expression(depth - 1)
        kind = self.random.randrange(13)
        if kind < 2:
            return f"({inner} {pick(BINARY)} {self.expression(depth - 1)})"
        if kind < 5:
            return f"({inner})|{self.fill(pick(FILTERS), depth)}"
        if kind < 8:
            return f"({inner}).{self.fill(pick(METHODS), depth)}"
        if kind == 8:
            return f"({inner} is {pick(['', 'not '])}{self.fill(pick(TESTS), 1)})"
        if kind == 9:
            return f"({inner})[{self.fill(pick(['0', '-1', '1:', ':-1', '::-1', '::2', 'E', 'E:E']), 1)}]"
        if kind == 10:
            return f"({inner} if {self.expression(depth - 1)} else {self.expression(depth - 1)})"
        if kind == 11:
            return f"('{{{pick(SPECS)}}}'.format({inner}))" if self.random.random() < 0.5 else f"('{pick(PERCENTS)}' % ({inner}))"
        return f"[{inner}, {self.expression(depth - 1)}]"

    def statement(self, depth):
        if depth <= 0 or self.random.random() < 0.5:
            return "{{ " + self.expression(3) + " }}"
        return self.fill(self.random.choice(STATEMENTS), depth)


def slow(*_):
    raise TimeoutError("the oracle took too long")


def main():
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else int(time.time())
    maker = Maker(random.Random(seed))
    program = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "TZ": "UTC"})
    end = time.time() + float(sys.argv[2])
    tried = texts = different = 0
    signal.signal(signal.SIGALRM, slow)
    while time.time() < end:
        source = "{{ " + maker.expression(4) + " }}" if tried % 2 else maker.statement(3)
        signal.alarm(2)
        expected = oracle.render(source, make_golden.VARIABLES)
        signal.alarm(0)
        if re.search("at 0x|<generator|<function", expected.get("text", ""), re.IGNORECASE) or len(expected.get("text", "")) > 100000 or "TimeoutError" in expected.get("error", ""):
            continue
        program.stdin.write(json.dumps({"template": source, "variables": make_golden.VARIABLES, "now": oracle.NOW_SECONDS}) + "\n")
        program.stdin.flush()
        got = json.loads(program.stdout.readline())
        tried += 1
        texts += "text" in expected
        if any(known in got.get("error", "") for known in ("64 bits", "the limit", "cannot be sliced", "as an integer")):
            continue  # our integers are 64 bits wide, our budgets end sooner, and jinja2 takes errors of constant slices for undefined
        if ("error" in expected) != ("error" in got) or expected.get("text") != got.get("text"):
            different += 1
            print(f"{source!r}\n  jinja2: {json.dumps(expected, ensure_ascii=False)[:300]}\n  ours:   {json.dumps(got, ensure_ascii=False)[:300]}")
    print(f"seed {seed}: {tried} templates, {texts} rendered, {different} differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
