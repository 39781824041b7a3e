# SPDX-License-Identifier: Apache-2.0
"""Instructions that touch memory or other threads: loads, stores, atomics, barriers, warp collectives, matrices. `place`
is the C++ expression of the source line."""
from ptx_arithmetic import HANDLERS, handles
from ptx_operands import TYPES, Unsupported, address, elements, read, size, write

SPACES = ("global", "shared", "local", "param", "const")


def space_of(op):
    return next((word.split("_")[0] for word in op.words if word.split("_")[0] in SPACES), "generic")



@handles("ld", "ldu")
def ld(scope, op, a, place):
    parts, c = elements(a[0]), TYPES[op.type]
    stores = "".join(write(scope, part, f"loaded[{i}]") for i, part in enumerate(parts))
    where = address(scope, a[1], space_of(op))
    if space_of(op) == "param":
        return f"{{ {c} loaded[{len(parts)}]; std::memcpy(loaded, {where}, sizeof loaded); {stores} }}"
    order = "acquire" if op.has("acquire") else "relaxed" if op.has("relaxed", "volatile") else "plain"
    alignment = len(parts) * size(op.type)
    return f"{{ {c} loaded[{len(parts)}]; load_{order}(loaded, {where}, {alignment}, {place}); {stores} }}"


@handles("st")
def st(scope, op, a, place):
    parts = elements(a[1])
    values = ", ".join(read(scope, part, op.type) for part in parts)
    where = address(scope, a[0], space_of(op))
    array = f"const {TYPES[op.type]} values[{len(parts)}] = {{{values}}};"
    if space_of(op) == "param":
        return f"{{ {array} std::memcpy({where}, values, sizeof values); }}"
    order = "release" if op.has("release") else "plain"
    return f"{{ {array} store_{order}({where}, values, sizeof values, {place}); }}"


@handles("cvta")
def cvta(scope, op, a, place):
    value = read(scope, a[1], "u64")
    if op.has("shared"):
        value = f"shared_offset({value})" if op.has("to") else f"uint64_t(shared_pointer(uint32_t({value})))"
    return write(scope, a[0], value)


@handles("isspacep")
def isspacep(scope, op, a, place):
    return write(scope, a[0], f"is_{op.words[0]}({read(scope, a[1], 'u64')})")


@handles("prefetch", "prefetchu", "griddepcontrol", "createpolicy", "applypriority", "discard", "setmaxnreg", "pmevent")
def nothing(scope, op, a, place):
    if op.name == "createpolicy":
        return write(scope, a[0], "uint64_t(0)")
    return ";"


@handles("atom", "red")
def atom(scope, op, a, place):
    result, operands = ("_", a) if op.name == "red" else (a[0], a[1:])
    c = TYPES[op.type]
    kind = op.first("add", "min", "max", "exch", "cas", "inc", "dec", "and", "or", "xor")
    if op.has("v2", "v4") or not kind:
        raise Unsupported(op.text)
    pointer = f"static_cast<{c}*>({address(scope, operands[0], space_of(op))})"
    values = ", ".join(read(scope, x, op.type) for x in operands[1:])
    order = "true" if op.has("release", "acq_rel") else "false"
    return write(scope, result, f"atomic_{kind}({pointer}, {values}, {order}, {place})")


@handles("membar", "fence")
def fence(scope, op, a, place):
    return ";" if op.has("cta") else "fence();"


@handles("bar", "barrier")
def barrier(scope, op, a, place):
    if op.has("warp"):
        return f"sync_warp({read(scope, a[0], 'u32')}, {place});"
    if op.has("arrive") or op.has("cluster"):
        raise Unsupported(op.text)
    if op.has("red"):
        vote = {"popc": "kCount", "and": "kAnd", "or": "kOr"}[op.first("popc", "and", "or")]
        call = f"sync_block(Vote::{vote}, {read(scope, a[-1], 'pred')}, {place})"
        return write(scope, a[0], f"{call} != 0" if vote != "kCount" else f"uint32_t({call})")
    if a and a[0] != "0":
        raise Unsupported(f"{op.text} of barrier {a[0]}")
    return f"sync_block(Vote::kNone, false, {place});"


@handles("shfl")
def shfl(scope, op, a, place):
    name = {"idx": "kShuffleIndex", "up": "kShuffleUp", "down": "kShuffleDown", "bfly": "kShuffleXor"}[op.first("idx", "up", "down", "bfly")]
    target = a[0].split("|")
    width = f"(32 - ({read(scope, a[3], 'u32')} >> 8 & 31))"
    call = f"warp_word({name}, {read(scope, a[4], 'u32')}, {read(scope, a[1], 'b32')}, ({read(scope, a[2], 'u32')} & 0xffff) | {width} << 16, {place})"
    within = ""
    if len(target) > 1 and target[1] != "_":
        within = write(scope, target[1], f"shuffle_in_range({name}, {read(scope, a[2], 'u32')}, {width})")
    return within + write(scope, target[0], call)


@handles("vote")
def vote(scope, op, a, place):
    kind = op.first("ballot", "any", "all", "uni")
    predicate, mask = read(scope, a[1], "pred"), read(scope, a[2], "u32")
    if kind == "uni":
        raise Unsupported(op.text)
    negate = "!" if kind == "all" else ""
    call = f"warp_word(kBallot, {mask}, {negate}{predicate}, 0, {place})"
    return write(scope, a[0], {"ballot": call, "any": f"({call} != 0)", "all": f"({call} == 0)"}[kind])


@handles("match")
def match(scope, op, a, place):
    if not op.has("any") or op.type != "b32":
        raise Unsupported(op.text)
    return write(scope, a[0], f"warp_word(kMatchAny, {read(scope, a[2], 'u32')}, {read(scope, a[1], 'b32')}, 0, {place})")


@handles("redux")
def redux(scope, op, a, place):
    name = {"add": "Add", "min": "Min", "max": "Max", "and": "And", "or": "Or", "xor": "Xor"}[op.first("add", "min", "max", "and", "or", "xor")]
    is_signed = "1" if op.type == "s32" else "0"
    if op.type == "f32":
        raise Unsupported(op.text)
    return write(scope, a[0], f"warp_word(kReduce{name}, {read(scope, a[2], 'u32')}, {read(scope, a[1], 'b32')}, {is_signed}, {place})")


@handles("activemask")
def activemask(scope, op, a, place):
    return write(scope, a[0], "active_mask()")


@handles("ldmatrix")
def ldmatrix(scope, op, a, place):
    count = int(op.first("x1", "x2", "x4")[1])
    name = f"kLoadMatrixX{count}" + ("Transposed" if op.has("trans") else "")
    parts = elements(a[0])
    stores = "".join(write(scope, part, f"loaded[{i}]") for i, part in enumerate(parts))
    return (f"{{ uint32_t loaded[{count}]; const void* row = {address(scope, a[1], 'shared')}; "
            f"warp_wide({name}, ~0u, &row, sizeof row, loaded, sizeof loaded, {place}); {stores} }}")


PRODUCTS = {("m16n8k16", "f32", "f16"): "kMmaF16k16", ("m16n8k8", "f32", "f16"): "kMmaF16k8",
            ("m16n8k16", "f32", "bf16"): "kMmaBf16k16", ("m16n8k32", "s32", "s8"): "kMmaS8k32", ("m8n8k16", "s32", "s8"): "kMmaS8k16"}


@handles("mma")
def mma(scope, op, a, place):
    shape = next(word for word in op.words if word.startswith("m") and word[1].isdigit())
    types = [word for word in op.words if word in TYPES]
    name = PRODUCTS.get((shape, types[0], types[1]))
    if not name or types[1] != types[2] or types[0] != types[3] or not (op.has("row") and op.has("col")):
        raise Unsupported(op.text)
    d, left, right, c = (elements(x) for x in a[:4])
    value = TYPES[types[0]]
    values = [", ".join(read(scope, x, t) for x in part) for part, t in ((c, types[0]), (left, "b32"), (right, "b32"))]
    stores = "".join(write(scope, part, f"d[{i}]") for i, part in enumerate(d))
    return (f"{{ {value} d[{len(d)}] = {{{values[0]}}}; const uint32_t left[{len(left)}] = {{{values[1]}}}, "
            f"right[{len(right)}] = {{{values[2]}}}; matrix_product({name}, d, left, right, {place}); {stores} }}")


@handles("cp")
def cp_async(scope, op, a, place):
    if not op.has("async") or op.has("bulk", "mbarrier"):
        raise Unsupported(op.text)
    if op.has("commit_group"):
        return "copy_async_commit();"
    if op.has("wait_group"):
        return f"copy_async_wait({a[0]});"
    if op.has("wait_all"):
        return "copy_async_commit(); copy_async_wait(0);"
    given = f"int({read(scope, a[3], 'u32')})" if len(a) > 3 else a[2]
    return f"copy_async({address(scope, a[0], 'shared')}, {address(scope, a[1], 'global')}, {a[2]}, {given}, {place});"


@handles("nanosleep")
def nanosleep(scope, op, a, place):
    return "yield();"


@handles("trap", "brkpt")
def trap(scope, op, a, place):
    return f"trapped({place}); return;"


WITH_PLACE = {name for name, function in HANDLERS.items() if function.__module__ == __name__}
