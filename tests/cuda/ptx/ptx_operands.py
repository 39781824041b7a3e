# SPDX-License-Identifier: Apache-2.0
"""PTX's types and operands as C++ expressions. A register is an unsigned variable of its width (bool for predicates); it
is read as, and written from, whatever type an instruction says, as PTX has it."""
import re

TYPES = {"u8": "uint8_t", "s8": "int8_t", "b8": "uint8_t", "u16": "uint16_t", "s16": "int16_t", "b16": "uint16_t",
         "u32": "uint32_t", "s32": "int32_t", "b32": "uint32_t", "u64": "uint64_t", "s64": "int64_t", "b64": "uint64_t",
         "f16": "Half", "bf16": "BFloat", "f16x2": "Half2", "bf16x2": "BFloat2", "f32": "float", "f64": "double",
         "pred": "bool", "b128": "Wide"}
BITS = {"f16": 16, "bf16": 16, "f16x2": 32, "bf16x2": 32, "pred": 1}
STORAGE = {1: "bool", 8: "uint8_t", 16: "uint16_t", 32: "uint32_t", 64: "uint64_t", 128: "Wide"}

SPECIAL = {f"%{ptx}.{axis}": f"{cpp}.{axis}" for ptx, cpp in
           (("tid", "threadIdx"), ("ctaid", "blockIdx"), ("ntid", "blockDim"), ("nctaid", "gridDim")) for axis in "xyz"}
SPECIAL.update({"%laneid": "lane_index()", "%warpid": "warp_index()", "WARP_SZ": "32u",
                "%envreg1": "uint32_t(grid_workspace() >> 32)", "%envreg2": "uint32_t(grid_workspace())",
                "%lanemask_eq": "(1u << lane_index())", "%lanemask_lt": "((1u << lane_index()) - 1)",
                "%lanemask_le": "((2u << lane_index()) - 1)", "%lanemask_gt": "~((2u << lane_index()) - 1)",
                "%lanemask_ge": "~((1u << lane_index()) - 1)", "%clock": "0u", "%clock64": "0ull",
                "%globaltimer": "0ull"})


class Unsupported(Exception):
    """An instruction, or a form of one, that is not translated."""


def bits(type_name):
    return BITS.get(type_name) or int(re.sub(r"\D", "", type_name))


def size(type_name):
    return max(1, bits(type_name) // 8)


def storage(type_name):
    return STORAGE[bits(type_name)]


def signed(type_name):
    return type_name.startswith("s")


def floating(type_name):
    return type_name.startswith(("f", "bf"))


def identifier(name):
    return re.sub(r"\W", "_", name.replace("%", "r_"))


class Scope:
    """What names mean in the function that is being translated."""

    def __init__(self):
        self.registers = {}  # name: type
        self.addresses = {}  # name of a variable: C++ expression of its address (generic; within shared: offset)
        self.shared = set()  # of those, the ones in shared memory
        self.arrays = {}  # name of a parameter that the function has as bytes: C++ expression of a pointer


def literal(text, type_name):
    """The C++ constant for a number, or None."""
    c = TYPES[type_name]
    if m := re.fullmatch(r"0[fF]([0-9A-Fa-f]{8})", text):
        return f"from_bits<float>(0x{m[1]}u)" if type_name == "f32" else f"from_bits<{c}>({storage(type_name)}(0x{m[1]}u))"
    if m := re.fullmatch(r"0[dD]([0-9A-Fa-f]{16})", text):
        return f"from_bits<double>(0x{m[1]}ull)"
    if m := re.fullmatch(r"(-?(?:0[xX][0-9A-Fa-f]+|\d+))U?", text):
        value = int(m[1], 0) % (1 << 64)
        if type_name == "pred":
            return "true" if value else "false"
        return f"from_bits<{c}>({storage(type_name)}({value:#x}ull))"
    return None


def read(scope, text, type_name):
    """The operand as a value of this type."""
    text = text.strip()
    c = TYPES[type_name]
    if text.startswith("!"):
        return f"!{read(scope, text[1:], type_name)}"
    if text.startswith("-") and text[1:] in scope.registers:
        return f"-{read(scope, text[1:], type_name)}"
    if text in scope.registers:
        same = type_name == "pred" or c == storage(scope.registers[text])  # a quarter of the compile time less
        return identifier(text) if same else f"as<{c}>({identifier(text)})"
    if text in SPECIAL:
        return f"as<{c}>({SPECIAL[text]})"
    if (value := literal(text, type_name)) is not None:
        return value
    if text in scope.addresses:
        return f"as<{c}>(uint64_t({scope.addresses[text]}))"
    if m := re.fullmatch(r"([\w$%]+)\s*\+\s*(\d+)", text):
        return f"as<{c}>(uint64_t({scope.addresses[m[1]]} + {m[2]}))"
    raise Unsupported(f"operand {text}")


def write(scope, text, expression):
    """A statement that stores the expression in the operand."""
    text = text.strip()
    if text == "_":
        return f"(void)({expression});"
    if text not in scope.registers:
        raise Unsupported(f"result {text}")
    if scope.registers[text] == "pred":
        return f"{identifier(text)} = {expression};"
    return f"put({identifier(text)}, {expression});"


def elements(text):
    """The operands of a vector {a, b}, or the one operand."""
    text = text.strip()
    return [part.strip() for part in text[1:-1].split(",")] if text.startswith("{") else [text]


def address(scope, text, space):
    """The C++ pointer for an operand like [%rd1+16] in this state space."""
    m = re.fullmatch(r"\[\s*([\w$%.]+)\s*(?:\+\s*(-?\w+))?\s*\]", text.strip())
    if not m:
        raise Unsupported(f"address {text}")
    base, offset = m[1], int(m[2] or "0", 0)
    if base in scope.arrays:
        return f"({scope.arrays[base]} + {offset})"
    if space == "shared":
        return f"shared_pointer(uint32_t({read(scope, base, 'u32')} + uint32_t({offset})))"
    return f"pointer({read(scope, base, 'u64')} + uint64_t({offset}ll))"
