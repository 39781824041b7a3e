# SPDX-License-Identifier: Apache-2.0
"""The conversations that every template is tried with."""

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.\nIn degrees.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "Its name, e.g. \"Zürich\""},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
                "days": {"type": "integer", "minimum": 1, "nullable": True},
                "tags": {"type": "array", "items": {"type": "string"}},
                "place": {"type": "object", "properties": {"lat": {"type": "number"}, "lon": {"type": "number"}}, "required": ["lat"]},
            },
            "required": ["city"],
        },
        "return": {"type": "string"},
    },
}
CLOCK = {"type": "function", "function": {"name": "now", "description": "The time.", "parameters": {"type": "object", "properties": {}}}}


def message(role, content, **more):
    return {"role": role, "content": content, **more}


def call(name, arguments, identifier):
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": arguments}}


SYSTEM = message("system", "You are terse. Today's answer: 42% sure.")
CONVERSATIONS = {
    "one-turn": dict(messages=[message("user", "Hi!")], add_generation_prompt=True),
    "system": dict(messages=[SYSTEM, message("user", "What is 2 + 2?")], add_generation_prompt=True),
    "turns": dict(
        messages=[SYSTEM, message("user", "One"), message("assistant", "1"), message("user", "Two"), message("assistant", " 2 \n"), message("user", "Three")],
        add_generation_prompt=True,
    ),
    "closed": dict(messages=[message("user", "One"), message("assistant", "<think>\nhm\n</think>\n\nanswer")], add_generation_prompt=False),
    "unicode": dict(
        messages=[message("user", "  Grüße, 世界! 👩‍🚀 \u200b\n\tß ñ «'\"» \\ {{ no }} {% raw %}"), message("assistant", "наздар\r\n"), message("user", "<|im_end|> & <b>")],
        add_generation_prompt=True,
    ),
    "empty": dict(messages=[message("system", ""), message("user", ""), message("assistant", ""), message("user", "")], add_generation_prompt=False),
    "consecutive": dict(messages=[message("user", "a"), message("user", "b"), message("assistant", "c"), message("assistant", "d")], add_generation_prompt=True),
    "assistant-first": dict(messages=[message("assistant", "Hello"), message("user", "Who?")], add_generation_prompt=True),
    "tools": dict(
        messages=[
            SYSTEM,
            message("user", "Weather?"),
            message("assistant", "", tool_calls=[call("get_weather", {"city": "Zürich", "days": 3, "tags": ["a", 1.5, None, True], "place": {"lat": 47.0}}, "abcdefghi")]),
            message("tool", "{\"temperature\": 21.5}", tool_call_id="abcdefghi", name="get_weather"),
            message("assistant", "21.5 degrees"),
            message("user", "Thanks"),
        ],
        tools=[WEATHER, CLOCK],
        add_generation_prompt=True,
    ),
    "reasoning": dict(
        messages=[
            message("user", "Think"),
            message("assistant", "Done.", reasoning_content="First this.\nThen that.", thinking="First this."),
            message("user", "Again"),
            message("assistant", "<think>\nold style\n</think>\n\nYes."),
            message("user", "And?"),
        ],
        enable_thinking=False,
        thinking=False,
        reasoning_effort="high",
        add_generation_prompt=True,
    ),
    # More than the committed ten; compare_all.py tries them as well.
    "parts": dict(
        messages=[message("user", [{"type": "text", "text": "Look"}, {"type": "image"}, {"type": "text", "text": "here"}]), message("assistant", [{"type": "text", "text": "Seen"}])],
        add_generation_prompt=True,
    ),
    "no-content": dict(messages=[message("user", "Go"), {"role": "assistant", "content": None, "tool_calls": [call("now", {}, "123456789"), call("now", "{}", "1")]}, message("tool", "noon")], tools=[CLOCK], add_generation_prompt=True),
    "developer": dict(messages=[message("developer", "Be kind."), message("user", "Hm"), message("unknown", "?")], add_generation_prompt=True),
    "system-late": dict(messages=[message("user", "a"), SYSTEM, message("user", "b")], add_generation_prompt=False),
    "nothing": dict(messages=[], add_generation_prompt=True),
    "thinking": dict(messages=[message("user", "Q"), message("assistant", "A"), message("user", "Q2")], enable_thinking=True, thinking=True, add_generation_prompt=True, documents=[{"title": "T", "text": "D"}]),
    "tool-string": dict(messages=[message("user", "x"), message("assistant", "text too", tool_calls=[call("get_weather", "{\"city\": \"Bern\"}", "call_1")]), message("tool", [{"type": "text", "text": "ok"}], tool_call_id="call_1"), message("tool", "second", tool_call_id="call_2"), message("user", "y")], tools=[WEATHER], add_generation_prompt=True),
}
COMMITTED = ["one-turn", "system", "turns", "closed", "unicode", "empty", "consecutive", "assistant-first", "tools", "reasoning"]


def variables(name):
    return {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", **CONVERSATIONS[name]}
