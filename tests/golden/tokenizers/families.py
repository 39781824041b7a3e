# SPDX-License-Identifier: Apache-2.0
"""Each pre-tokenizer as Hugging Face's `tokenizers` has it in the tokenizer.json of its family, under its name in GGUF files."""
from tokenizers import Regex, normalizers, pre_tokenizers
from tokenizers.pre_tokenizers import ByteLevel, Digits, Punctuation, Sequence, Split

BYTES = ByteLevel(add_prefix_space=False, use_regex=False)
GPT2 = ByteLevel(add_prefix_space=False, use_regex=True)
CASELESS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
TAIL = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
CASED = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+%s"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*%s")
CASED_LETTERS = "".join("-".join(r"\x{%s}" % end for end in part.split("-")) for part in (
    "41-5A 61-7A B5 C0-D6 D8-F6 F8-1BA 1BC-1BF 1C4-293 295-2AF 370-373 376 377 37B-37D 37F 386 388-38A 38C 38E-3A1 3A3-3F5 "
    "3F7-481 48A-52F 531-556 10A0-10C5 13A0-13F5 13F8-13FD 1C90-1CBA 1CBD-1CBF 1D00-1D2B 1D6B-1D77 1D79-1D9A 1E00-1F15 "
    "1F18-1F1D 1F20-1F45 1F48-1F4D 1F50-1F57 1F59 1F5B 1F5D 1F5F-1F7D 1F80-1FB4 1FB6-1FBC 1FBE 1FC2-1FC4 1FC6-1FCC 1FD0-1FD3 "
    "1FD6-1FDB 1FE0-1FEC 1FF2-1FF4 1FF6-1FFC 2102 2107 210A-2113 2115 2119-211D 2124 2126 2128 212A-212D 212F-2134 2139 "
    "213C-213F 2145-2149 214E 2183 2184 2C00-2C7B 2C7E-2CE4 2CEB-2CEE 2CF2 2CF3 A640-A66D A680-A69B A722-A76F A771-A787 "
    "A78B-A78E AB70-ABBF FB00-FB06 FB13-FB17 FF21-FF3A FF41-FF5A 10400-1044F 104B0-104D3 104D8-104FB 10C80-10CB2 10CC0-10CF2 "
    "118A0-118DF 1E900-1E943 "
).split())
ASIAN = "[一-龥\u0800-一가-\ud7ff]+"


def split(pattern):
    return Split(Regex(pattern), "isolated")


def one(pattern):
    return Sequence([split(pattern), BYTES])


LLAMA3 = one(CASELESS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL)
QWEN2 = one(CASELESS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL)
QWEN35 = one(CASELESS + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" + TAIL)
TEKKEN = one(CASED % ("", "") + r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + TAIL)
GPT4O = one(CASED % (CASELESS + "?", CASELESS + "?") + r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + TAIL)
DIGITS_GPT2 = Sequence([Digits(individual_digits=True), GPT2])
FALCON = Sequence([Punctuation("contiguous"), GPT2, Digits(individual_digits=False), split("[0-9][0-9][0-9]")])
# llama.cpp's own choice for files without a name; no family has it.
DEFAULT = Sequence([split(r"[\p{P}\$\+<=>\^~\|]+"), split(
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"), split(r"\p{N}+"), split("[0-9][0-9][0-9]"), BYTES])
DEEPSEEK_LLM = Sequence([split("[\r\n]"), split(r"\s?[" + CASED_LETTERS + "]+"), split(r"\s?[!-/:-~！-／：-～‘-‟\u3000-。]+"),
                         split(r"\s+$"), split(ASIAN), split(r"\p{N}+"), BYTES])
DEEPSEEK_CODER = Sequence([split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split(ASIAN), Digits(individual_digits=True), BYTES])
DEEPSEEK_V3 = Sequence([split(r"\p{N}{1,3}"), split("[一-龥\u3040-ゟ゠-ヿ]+"), split(
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*" + TAIL), BYTES])

# name: (pre-tokenizer, composes text, whole pieces before merges)
FAMILIES = {
    "default": (DEFAULT, False, False),
    "gpt-2": (GPT2, False, False),
    "mpt": (GPT2, True, False),
    "smollm": (DIGITS_GPT2, False, False),
    "starcoder": (DIGITS_GPT2, False, False),
    "refact": (DIGITS_GPT2, False, False),
    "command-r": (DIGITS_GPT2, True, False),
    "llama-bpe": (LLAMA3, False, True),
    "qwen2": (QWEN2, True, False),
    "deepseek-r1-qwen": (QWEN2, True, False),
    "qwen35": (QWEN35, True, False),
    "tekken": (TEKKEN, False, True),
    "gpt-4o": (GPT4O, False, False),
    "falcon": (FALCON, False, False),
    "deepseek-llm": (DEEPSEEK_LLM, False, False),
    "deepseek-coder": (DEEPSEEK_CODER, False, False),
    "deepseek-v3": (DEEPSEEK_V3, False, False),
}


def configure(tokenizer, name):
    pre, composes, _ = FAMILIES[name]
    tokenizer.pre_tokenizer = pre
    if composes:
        tokenizer.normalizer = normalizers.NFC()
    return tokenizer
