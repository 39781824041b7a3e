# SPDX-License-Identifier: Apache-2.0
"""Instructions that compute: each function takes (scope, opcode, operands) and gives C++ statements."""
from ptx_operands import TYPES, Unsupported, bits, elements, floating, read, signed, storage, write

HANDLERS = {}


def handles(*names):
    def register(function):
        HANDLERS.update({name: function for name in names})
        return function
    return register


class Opcode:
    """cvt.rn.f16.f32: name "cvt", words ["rn", "f16", "f32"], type "f32"."""

    def __init__(self, text):
        self.text = text
        self.words = text.replace("::", "_").split(".")
        self.name = self.words.pop(0)
        self.type = next((word for word in reversed(self.words) if word in TYPES), "")

    def has(self, *words):
        return any(word in self.words for word in words)

    def first(self, *words):
        return next((word for word in self.words if word in words), "")


def unsigned_of(type_name):
    return f"u{bits(type_name)}"


def saturated(op, expression):
    return f"saturate({expression})" if op.has("sat") else expression


@handles("mov")
def mov(scope, op, a):
    if a[1].startswith("{"):
        return write(scope, a[0], f"{storage(op.type)}(" + packed(scope, a[1], bits(op.type)) + ")")
    if a[0].startswith("{"):
        parts = elements(a[0])
        width = bits(op.type) // len(parts)
        stores = "".join(write(scope, part, f"{storage(f'b{width}')}(whole >> {width * i})") for i, part in enumerate(parts))
        return f"{{ const auto whole = {read(scope, a[1], op.type)}; {stores} }}"
    return write(scope, a[0], read(scope, a[1], op.type))


def packed(scope, text, width):
    parts = elements(text)
    part_bits = width // len(parts)
    wide = "Wide" if width == 128 else "uint64_t"
    return " | ".join(f"{wide}({read(scope, part, f'b{part_bits}')}) << {part_bits * i}" for i, part in enumerate(parts))


@handles("add", "sub")
def add_sub(scope, op, a):
    if op.has("cc"):
        raise Unsupported(op.text)
    sign = "+" if op.name == "add" else "-"
    if floating(op.type):
        return write(scope, a[0], saturated(op, f"{read(scope, a[1], op.type)} {sign} {read(scope, a[2], op.type)}"))
    if op.has("sat"):
        return write(scope, a[0], f"clamp_s32(int64_t({read(scope, a[1], 's32')}) {sign} {read(scope, a[2], 's32')})")
    u = unsigned_of(op.type)
    return write(scope, a[0], f"{TYPES[u]}({read(scope, a[1], u)} {sign} {read(scope, a[2], u)})")


@handles("mul", "mad")
def mul_mad(scope, op, a):
    if floating(op.type):
        product = f"{read(scope, a[1], op.type)} * {read(scope, a[2], op.type)}"
        if op.name == "mad":
            return fma(scope, op, a)
        return write(scope, a[0], saturated(op, product))
    kind = op.first("wide", "lo", "hi")
    sign = "s" if signed(op.type) else "u"
    if kind == "wide":
        result = f"{sign}{bits(op.type) * 2}"
        product = f"{TYPES[result]}({read(scope, a[1], op.type)}) * {TYPES[result]}({read(scope, a[2], op.type)})"
    elif kind == "hi":
        result = op.type
        product = f"multiply_high({read(scope, a[1], op.type)}, {read(scope, a[2], op.type)})"
    else:
        result = unsigned_of(op.type)
        product = f"{TYPES[result]}({read(scope, a[1], result)} * uint64_t({read(scope, a[2], result)}))"
    if op.name == "mad":
        u = unsigned_of(result)
        product = f"{TYPES[u]}({TYPES[u]}({product}) + {read(scope, a[3], u)})"
    return write(scope, a[0], product)


@handles("fma")
def fma(scope, op, a):
    values = ", ".join(read(scope, x, op.type) for x in a[1:4])
    call = f"fused({values})"
    return write(scope, a[0], f"relu({call})" if op.has("relu") else saturated(op, call))


@handles("div", "rem")
def div_rem(scope, op, a):
    x, y = read(scope, a[1], op.type), read(scope, a[2], op.type)
    if floating(op.type):
        return write(scope, a[0], f"{x} / {y}")
    return write(scope, a[0], f"{'quotient' if op.name == 'div' else 'remainder'}({x}, {y})")


@handles("min", "max")
def min_max(scope, op, a):
    call = "least" if op.name == "min" else "largest"
    if op.has("NaN"):
        call += "_or_nan"
    return write(scope, a[0], f"{call}({read(scope, a[1], op.type)}, {read(scope, a[2], op.type)})")


@handles("abs", "neg")
def abs_neg(scope, op, a):
    value = read(scope, a[1], op.type)
    if op.name == "neg" and not floating(op.type):
        return write(scope, a[0], f"{TYPES[unsigned_of(op.type)]}(0 - uint64_t({value}))")
    return write(scope, a[0], f"{'magnitude' if op.name == 'abs' else 'negative'}({value})")


@handles("ex2", "lg2", "sin", "cos", "sqrt", "rsqrt", "rcp", "tanh")
def function_of_one(scope, op, a):
    name = {"ex2": "power_of_2", "lg2": "log_2", "sin": "sine", "cos": "cosine", "sqrt": "root", "rsqrt": "inverse_root",
            "rcp": "inverse", "tanh": "hyperbolic_tangent"}[op.name]
    return write(scope, a[0], f"{name}({read(scope, a[1], op.type)})")


@handles("copysign")
def copysign(scope, op, a):
    return write(scope, a[0], f"std::copysign({read(scope, a[2], op.type)}, {read(scope, a[1], op.type)})")


@handles("testp")
def testp(scope, op, a):
    value = read(scope, a[1], op.type)
    test = {"finite": "std::isfinite", "infinite": "std::isinf", "number": "!std::isnan", "notanumber": "std::isnan",
            "normal": "std::isnormal"}[op.words[0]]
    return write(scope, a[0], f"{test}({value})")


@handles("and", "or", "xor")
def logic(scope, op, a):
    sign = {"and": "&", "or": "|", "xor": "^"}[op.name]
    return write(scope, a[0], f"{TYPES[op.type]}({read(scope, a[1], op.type)} {sign} {read(scope, a[2], op.type)})")


@handles("not")
def logical_not(scope, op, a):
    value = read(scope, a[1], op.type)
    return write(scope, a[0], f"!{value}" if op.type == "pred" else f"{TYPES[op.type]}(~{value})")


@handles("shl", "shr")
def shift(scope, op, a):
    side = "left" if op.name == "shl" else "right"
    return write(scope, a[0], f"shift_{side}({read(scope, a[1], op.type)}, {read(scope, a[2], 'u32')})")


@handles("shf")
def funnel_shift(scope, op, a):
    low, high, by = (read(scope, x, "u32") for x in a[1:4])
    return write(scope, a[0], f"funnel_{op.first('l', 'r')}_{op.first('wrap', 'clamp')}({low}, {high}, {by})")


@handles("lop3")
def lop3(scope, op, a):
    x, y, z = (read(scope, v, "u32") for v in a[1:4])
    return write(scope, a[0], f"any_logic<{a[4]}>({x}, {y}, {z})")


@handles("bfe", "bfi", "bfind", "brev", "prmt", "popc", "clz", "fns", "szext")
def bit_fields(scope, op, a):
    if op.name == "bfe":
        call = f"extract({read(scope, a[1], op.type)}, {read(scope, a[2], 'u32')}, {read(scope, a[3], 'u32')})"
    elif op.name == "bfi":
        call = f"insert({read(scope, a[1], op.type)}, {read(scope, a[2], op.type)}, {read(scope, a[3], 'u32')}, {read(scope, a[4], 'u32')})"
    elif op.name == "prmt" and len(op.words) == 1:
        call = f"__byte_perm({read(scope, a[1], 'u32')}, {read(scope, a[2], 'u32')}, {read(scope, a[3], 'u32')})"
    elif op.name == "popc":
        call = f"uint32_t(std::popcount({read(scope, a[1], op.type)}))"
    elif op.name == "clz":
        call = f"uint32_t(std::countl_zero({read(scope, a[1], op.type)}))"
    elif op.name == "brev":
        call = f"reversed({read(scope, a[1], op.type)})"
    elif op.name == "bfind" and not signed(op.type):
        call = f"highest_bit({read(scope, a[1], op.type)}, {'true' if op.has('shiftamt') else 'false'})"
    else:
        raise Unsupported(op.text)
    return write(scope, a[0], call)


COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "lo": "<", "ls": "<=", "hi": ">", "hs": ">="}


def comparison(scope, op, a):
    word = op.words[0]
    x, y = read(scope, a[1], op.type), read(scope, a[2], op.type)
    if not floating(op.type):
        return f"({x} {COMPARISONS[word]} {y})"
    if word in ("nan", "num"):
        return f"{'!' if word == 'num' else ''}unordered({x}, {y})"
    if len(word) == 3 and word.endswith("u"):
        return f"(unordered({x}, {y}) || {x} {COMPARISONS[word[:2]]} {y})"
    return f"(!unordered({x}, {y}) && {x} {COMPARISONS[word]} {y})"


@handles("setp")
def setp(scope, op, a):
    test = comparison(scope, op, a)
    combine = op.first("and", "or", "xor")
    if combine:
        sign = {"and": "&&", "or": "||", "xor": "!="}[combine]
        other = read(scope, a[3], "pred")
        test = f"({test} {sign} {other})"
    targets = a[0].split("|")
    second = write(scope, targets[1], "!tested") if len(targets) > 1 else ""
    return f"{{ const bool tested = {test}; {write(scope, targets[0], 'tested')} {second} }}"


@handles("set")
def set_value(scope, op, a):
    result = op.words[-2]
    one = "1.0f" if result == "f32" else f"{TYPES[result]}(-1)"
    return write(scope, a[0], f"({comparison(scope, op, a)} ? {one} : {TYPES[result]}(0))")


@handles("selp")
def selp(scope, op, a):
    return write(scope, a[0], f"({read(scope, a[3], 'pred')} ? {read(scope, a[1], op.type)} : {read(scope, a[2], op.type)})")


@handles("slct")
def slct(scope, op, a):
    first = op.words[-2]
    return write(scope, a[0], f"({read(scope, a[3], op.type)} >= 0 ? {read(scope, a[1], first)} : {read(scope, a[2], first)})")


ROUNDINGS = {"rni": "std::nearbyint", "rzi": "std::trunc", "rmi": "std::floor", "rpi": "std::ceil"}


@handles("cvt")
def cvt(scope, op, a):
    result, source = [word for word in op.words if word in TYPES or word in ("e4m3x2", "e5m2x2", "tf32")][-2:]
    if result not in TYPES or source not in TYPES:
        raise Unsupported(op.text)
    if result in ("f16x2", "bf16x2"):  # two sources: the first is the upper half
        half = TYPES[result[:-2]]
        return write(scope, a[0], f"join({half}({read(scope, a[1], source)}), {half}({read(scope, a[2], source)}))")
    value = read(scope, a[1], source)
    rounding = ROUNDINGS.get(op.first(*ROUNDINGS))
    if floating(source) and rounding:
        value = f"rounded<{rounding_name(op)}>({value})"
    if floating(source) and not floating(result):
        return write(scope, a[0], f"to_integer<{TYPES[result]}>({value})")
    if op.has("sat") and not floating(result):
        return write(scope, a[0], f"to_narrower<{TYPES[result]}>({value})")
    return write(scope, a[0], saturated(op, f"{TYPES[result]}({value})"))


def rounding_name(op):
    return {"rni": "Rounding::kNearest", "rzi": "Rounding::kZero", "rmi": "Rounding::kDown", "rpi": "Rounding::kUp"}[op.first(*ROUNDINGS)]


@handles("dp4a", "dp2a")
def dot_products(scope, op, a):
    left, right = op.words[-2:]
    c = read(scope, a[3], "u32")
    if op.name == "dp2a":
        raise Unsupported(op.text)
    part = {"s32": "int8_t", "u32": "uint8_t"}
    return write(scope, a[0], f"dot_4<{part[left]}, {part[right]}>({read(scope, a[1], 'u32')}, {read(scope, a[2], 'u32')}, {c})")


@handles("vadd4", "vsub4")
def bytes_of_words(scope, op, a):
    call = {"vadd4": "__vadd", "vsub4": "__vsub"}[op.name] + ("ss4" if op.has("sat") else "4")
    if op.words[:3] != ["s32", "s32", "s32"] and op.has("sat"):
        raise Unsupported(op.text)
    return write(scope, a[0], f"{call}({read(scope, a[1], 'u32')}, {read(scope, a[2], 'u32')})")
