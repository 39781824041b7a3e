# SPDX-License-Identifier: Apache-2.0
"""What jinja2 makes of a template: the sandbox that transformers uses, with its helpers, and a fixed clock."""
import datetime
import json

import jinja2
import jinja2.ext
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime.datetime(2024, 7, 26, 13, 5, 9)  # what strftime_now sees; tests run with TZ=UTC
NOW_SECONDS = int(NOW.replace(tzinfo=datetime.timezone.utc).timestamp())


class Generation(jinja2.ext.Extension):
    """{% generation %} renders its body, as a call block does (that is how transformers marks an assistant's tokens)."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols, jinja2.ext.do])

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


ENVIRONMENT = environment()


def render(source, variables):
    """{"text": ...} or {"error": ...}"""
    try:
        text = ENVIRONMENT.from_string(source).render(**variables)
        text.encode()
        return {"text": text}
    except Exception as error:  # whatever jinja2 raises, ours must refuse as well
        return {"error": f"{type(error).__name__}: {error}"}
