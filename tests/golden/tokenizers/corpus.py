# SPDX-License-Identifier: Apache-2.0
"""The texts on which tokenizers are compared: code, many scripts, emoji, white space, digits, marks, special tokens, random Unicode.

Only make_references.py runs this; its output is committed as corpus.bin, so that other versions of Python change nothing.
"""
import random
import unicodedata

PROSE = {
    "en": "The quick brown fox jumps over the lazy dog, doesn't it? We'll see: they've said I'm late, you'd agree. "
          "Mr. O'Neil's $5.99 (approx.) \"deal\" cost 1,234,567 EUR in 2023-04-01T12:30:00Z; e-mail: a.b+c@example.org. "
          "HTTPServer2Go camelCaseWords snake_case_words SCREAMING_CASE don't DON'T We'Ve I'LL he'S it's... etc.",
    "zh": "今天天气很好，我们一起去公园散步吧。人工智能正在改变世界！他说：“你好，世界”。价格是３５元（约5美元）。北京2008年奥运会；《红楼梦》第１２回……",
    "ja": "これは日本語の文章です。カタカナとひらがなと漢字が混ざっています。「こんにちは」と言いました。東京タワーは333メートル〜",
    "ko": "안녕하세요 세계. 오늘은 날씨가 좋네요! 한국어 문장 처리 테스트 123번입니다.",
    "ar": "مرحبا بالعالم، كيف حالك اليوم؟ الذَّكاءُ الاصطناعيُّ يُغَيِّرُ العالَمَ. السعر ١٢٣٫٤٥ ريال؛ شكراً جزيلاً",
    "he": "שלום עולם, מה שלומך היום? בְּרֵאשִׁית בָּרָא אֱלֹהִים",
    "fa": "سلام دنیا، امروز هوا خوب است. می‌خواهم ۱۲۳ کتاب بخوانم",
    "hi": "नमस्ते दुनिया, आप कैसे हैं? यह हिन्दी में एक वाक्य है। मूल्य ₹१२३ है",
    "bn": "আমার সোনার বাংলা, আমি তোমায় ভালোবাসি",
    "ta": "வணக்கம் உலகம், எப்படி இருக்கிறீர்கள்?",
    "th": "สวัสดีชาวโลก วันนี้อากาศดีมาก ราคา ๑๒๓ บาท",
    "ru": "Привет, мир! Как дела сегодня? Ёлка, объём, №5 — «кавычки»",
    "el": "Γειά σου Κόσμε· τι κάνεις σήμερα; ΆΈΉ άέή ϊΐ",
    "vi": "Xin chào thế giới, hôm nay thời tiết đẹp. Nguyễn Văn Cửa Việt",
    "tr": "Merhaba dünya, İstanbul'da ışık ılık; Türkçe'nin eki",
    "fr": "L'été dernier, j'ai mangé une crème brûlée à Orléans ; c'était « délicieux » !",
    "de": "Größenmaßstäbe überprüfen: Fußgängerübergänge, „Anführungszeichen“ und 3,14 €",
    "km": "ជំរាបសួរពិភពលោក", "my": "မင်္ဂလာပါကမ္ဘာလောက", "ka": "გამარჯობა მსოფლიო ᲒᲐᲛᲐᲠᲯᲝᲑᲐ",
    "am": "ሰላም ልዑል ፩፪፫", "hy": "Բարեւ աշխարհ", "bo": "བཀྲ་ཤིས་བདེ་ལེགས།", "chr": "ᎣᏏᏲ ᎡᎶᎯ ꭳꮟ",
}
CODE = r'''
#include <vector>
int main(int argc, char** argv) { for (int i = 0; i < 10; ++i) { printf("%d\n", i); } return 0; }
	if (x != nullptr && y->z[0] >= 3.14e-10f) {
		std::cout << "tab\tindented" << '\n';
    template <typename T, size_t N = 16> constexpr auto f(T&& t) noexcept -> decltype(auto);
def fibonacci(n: int) -> list[int]:
    """Return the first `n` numbers."""
    a, b = 0, 1
        yield from (lambda x: x**2 + 0xFF_FF)(a)
    return [x for x in range(n) if x % 2 == 0]  # comment
const re = /^[a-zA-Z0-9_\-.]+@([\w-]+\.)+[\w-]{2,4}$/gi; let s = `template ${value + 1}`;
async function* gen() { await Promise.all([...xs].map(async x => ({...x, id: x?.id ?? 0}))); }
SELECT COUNT(*), u.name FROM users AS u LEFT JOIN orders o ON o.user_id = u.id WHERE u.age >= 18;
{"key": [1, 2.5, -3e+8, null, true], "nested": {"a\"b": "\u00e9\\n"}}
<div class="a b-c" id='x1'><a href="https://example.com/?q=1&r=%20#frag">link</a><br/></div><!-- note -->
.selector > li:nth-child(2n+1)::before { color: #ff00aa; margin: -0.5rem auto; }
#!/bin/sh
for f in *.txt; do echo "${f%.txt}" | sed -e 's/foo/bar/g' >> "$HOME/out.log" 2>&1; done
fn main() -> Result<(), Box<dyn Error>> { let v: Vec<u8> = vec![0u8; 1024]; println!("{:?}", &v[..8]); Ok(()) }
\begin{equation} \int_{-\infty}^{\infty} e^{-x^2}\,dx = \sqrt{\pi} \end{equation}
| a | b | c |
|---|:-:|--:|
- [ ] item **bold** _it_ `code` ~~x~~ [l](u) ![i](p)
```python
x = 1 if not y else 2; assert x == 1, f"{x=:>10.3f}"
===== ------ ______ ###### ****** ...... ?????? !!!!!! //////
'''.strip("\n").split("\n")
EMOJI = ["😀", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪🇫🇷", "1️⃣", "❤️‍🔥", "🧑🏿‍🚀", "☃️", "♠♥", "🤷🏻‍♀️", "🚀🚀", "✅", "©️", "™", "🫠"]
SPACES = [" ", "  ", "   ", "    ", "\t", "\t\t", "\n", "\n\n", "\n\n\n", "\r\n", "\r\n\r\n", "\r", "\u00a0", "\u3000", "\u2003", "\u2028",
          "\u2029", "\u0085", "\v", "\f", "\u202f", "\u205f", "\u1680", "\u200b", "\ufeff", "\u180e", " \t", " \n", "\n ", "\x1c", "\x1f"]
NUMBERS = ["0", "7", "42", "123", "1234", "12345", "1234567890", "3.14159", "1,000,000", "-17", "+49 171 555", "1e-9", "0x1F", "٤٥٦٧", "१२३४", "௧௨",
           "½", "¼¾", "²³", "x²", "Ⅷ", "ⅷⅷ", "①②③④", "㉑", "１２３４", "𝟙𝟚𝟛𝟜", "10⁻³", "١٢٣abc", "v1.2.3", "2023-01-01", "൧൨൩൪", "〇一二三", "〡〢"]
SPECIALS = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|im_start", "|im_end|>", "<|im_end|>>", "<tool>", "<tool>>", "<to", "</s>", "<s>", "<unk>",
            "<bos>", "<eos>", "<pad>", "<start_of_turn>", "<end_of_turn>", "<|eot_id|>", "<|begin_of_text|>", "<0x0A>", "<0xE4>", "[INST]",
            "[/INST]", "<|user|>", "<|assistant|>", "<|end|>", "<｜begin▁of▁sentence｜>", "<h1>", "</table>", "<unused5>", "<mask>", "<|fim_prefix|>",
            "<repo_name>", "[multimodal]", "<start_of_image>", "<|placeholder1|>", "<think>", "</think>", "<tool_call>"]
MARKS = [chr(c) for c in (0x300, 0x301, 0x302, 0x303, 0x304, 0x307, 0x308, 0x30A, 0x30C, 0x323, 0x327, 0x328, 0x331, 0x338, 0x345, 0x5B0, 0x5B4, 0x64B,
                          0x651, 0x93C, 0x94D, 0x9BE, 0xBBE, 0xDCF, 0x1037, 0x20D0, 0x20E3, 0x3099, 0x309A, 0xFE0F, 0x1161, 0x11A8)]
BASES = list("aeiounscqAEIOUNSCZÅåÄãéñ") + ["か", "は", "ウ", "כ", "ב", "ا", "क", "ড", "ক", "ெ", "가", "ᄀ", "\u2126", "\u212b", "≠", "=", "<", "ſ", "ﬁ", "ǆ", "ư", "ệ"]


def words(rng):
    every = [w for text in PROSE.values() for w in text.split(" ")]
    cjk = [PROSE[k][i:i + n] for k in ("zh", "ja", "ko", "th") for i in range(0, len(PROSE[k]) - 6, 3) for n in (1, 2, 5)]
    return every + cjk


def assigned():
    """Characters of all planes that Unicode 14 knows, without private use and surrogates."""
    return [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]


def pick(rng, every, table):
    kind = rng.random()
    if kind < 0.35:
        return rng.choice(every)
    if kind < 0.5:
        return rng.choice(SPACES)
    if kind < 0.6:
        return rng.choice(NUMBERS)
    if kind < 0.68:
        return rng.choice(EMOJI)
    if kind < 0.74:
        return rng.choice(BASES) + "".join(rng.choice(MARKS) for _ in range(rng.randrange(4)))
    if kind < 0.80:
        return rng.choice(SPECIALS)
    if kind < 0.9:
        return chr(rng.randrange(0x20, 0x7F)) * rng.choice([1, 1, 1, 2, 3, 7])
    return rng.choice(table)


def lines():
    rng = random.Random(20240607)
    every = words(rng)
    table = assigned()
    out = ["", " ", "  ", "\n", "\t", "a", "é", "中", "\u2581", "a\u2581b", "\u2581\u2581", "\x00", "a\x00b", "\ufffd", "\ufffe\uffff", "\U0010ffff",
           "\ue000", "'s", "'S", "'ſ", "x'ſ y", "'re 'VE 'Ll 'm 'T 'd", "'", "''", " 's", "\u0378", "a\u0378b", "\u1e9e", "ǅǈʰªº"]
    out += CODE + list(PROSE.values()) + EMOJI + SPACES + NUMBERS + SPECIALS
    for n in (2, 3, 5, 8, 16, 31, 32, 33, 64, 100, 300):
        out += [c * n for c in (" ", "\n", "\t", "a", "A", "=", "7", "é", "中", "\u0301", "\r\n", " \n", "aA", "'s", "\u3000")]
        out += ["x" + " " * n + "y", " " * n + "x", "x" + " " * n, "\n" * n + "x", "x" + "\t" * n + "y", "x" + "\n" * n + " " * n + "y"]
    for text in list(PROSE.values()) + CODE:  # cut anywhere, joined, changed in case, decomposed
        for _ in range(28):
            a = rng.randrange(len(text))
            b = rng.randrange(a, len(text)) + 1
            part = text[a:b]
            out.append(rng.choice([part, part, part.upper(), part.title(), unicodedata.normalize("NFD", part), part.swapcase()]))
    for _ in range(2600):  # words of one script with natural spaces
        source = rng.choice(list(PROSE.values()) + CODE).split(" ")
        out.append(" ".join(rng.choice(source) for _ in range(rng.randrange(1, 9))))
    for _ in range(3600):  # anything beside anything
        out.append("".join(pick(rng, every, table) for _ in range(rng.randrange(1, 9))))
    for _ in range(700):  # white space and signs
        out.append("".join(rng.choice(SPACES + ["a", "B", "1", ".", "/", "'s"]) for _ in range(rng.randrange(1, 12))))
    for _ in range(700):  # upper, lower, title, modifier letters and marks
        out.append("".join(rng.choice("aAbB\u01c5\u02b0\u00aa中\u03010'st ſL.") for _ in range(rng.randrange(1, 14))))
    for _ in range(700):  # digits of all kinds
        out.append("".join(rng.choice(NUMBERS + list("0123456789 a,")) for _ in range(rng.randrange(1, 7))))
    for _ in range(700):  # marks and jamo, composed or not
        out.append("".join(rng.choice(BASES) + "".join(rng.choice(MARKS) for _ in range(rng.randrange(4))) for _ in range(rng.randrange(1, 5))))
    for _ in range(700):  # special tokens and their neighbours
        out.append("".join(rng.choice(SPECIALS + SPACES[:14] + ["a", " b", "user\n", "<", ">"]) for _ in range(rng.randrange(1, 6))))
    for _ in range(1200):  # random Unicode
        out.append("".join(rng.choice(table) for _ in range(rng.randrange(1, 7))))
    return out
