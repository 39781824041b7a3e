// SPDX-License-Identifier: Apache-2.0
// The negations of many languages, as whole words and as endings. Pure; any thread.
#include <algorithm>
#include <array>

#include "prompt/compress/protection.h"

namespace tendril::prompt::compression {
namespace {

constexpr auto kWords = std::to_array<std::string_view>({
    "not",       "no",      "never",    "none",    "nobody",  "nothing",   "nowhere",   "neither",
    "nor",       "without", "cannot",  //
    "cant",      "dont",    "doesnt",   "didnt",   "isnt",    "wasnt",     "wont",      "except",
    "unless",    "hardly",  "lacks",  //
    "nicht",     "nichts",  "nie",      "niemals", "niemand", "niemanden", "niemandem", "nirgends",
    "nirgendwo",                                            //
    "ohne",      "weder",   "außer",    "kaum",    "nein",  //
    "ne",        "n'",      "pas",      "jamais",  "rien",    "aucun",     "aucune",    "sans",
    "ni",        "non",     "personne", "nul",  //
    "nulle",     "guère",   "sauf",             //
    "nunca",     "jamás",   "nada",     "nadie",   "ningún",  "ninguno",   "ninguna",   "sin",
    "tampoco",   "salvo",  //
    "mai",       "niente",  "nulla",    "nessuno", "nessuna", "nessun",    "senza",     "né",
    "neppure",   "tranne",                                                                       //
    "não",       "nem",     "sem",      "ninguém", "nenhum",  "nenhuma",   "exceto",             //
    "niet",      "geen",    "nooit",    "zonder",  "niets",   "niemand",   "nergens",   "noch",  //
    "inte",      "ej",      "aldrig",   "ingen",   "inget",   "inga",      "utan",      "ikke",
    "ikkje",     "uten",    "uden",                          //
    "ei",        "eivät",   "emme",     "ette",    "ilman",  //
    "nie",       "bez",     "nigdy",    "nikt",    "nic",     "żaden",     "żadna",     "żadne",
    "ani",       "brak",  //
    "ne",        "není",    "nikdy",    "nikdo",   "žádný",   "nema",      "nije",      "nisu",
    "nincs",     "nem",     "soha",     "nélkül",  //
    "не",        "нет",     "ни",       "без",     "никогда", "никто",     "ничего",    "ничто",
    "нельзя",    "нигде",   "кроме",    "ні",                             //
    "немає",     "ніколи",  "ніхто",    "нічого",                         //
    "değil",     "yok",     "hayır",    "hiç",     "asla",    "olmadan",  //
    "안",        "لا",      "ليس",      "ليست",    "لم",      "لن",        "غير",       "بدون",
    "لیس",       "نه",      "نیست",                                                             //
    "नहीं",       "न",       "मत",       "बिना",    "नही",     "না",        "নয়",        "নেই",  //
    "tidak",     "bukan",   "tanpa",    "jangan",  "không",   "chưa",      "chẳng",     "δεν",
    "μη",        "μην",     "χωρίς",    "όχι",  //
    "לא",        "אין",     "בלי",      "אף",
});

constexpr auto kEndings = std::to_array<std::string_view>({"n't", "n’t", "less"});
constexpr auto kBeginnings =
    std::to_array<std::string_view>({"kein", "n'", "n’", "nicht-", "non-", "nirgend"});

/// Inside Korean words.
constexpr auto kInside = std::to_array<std::string_view>({"않", "없", "못", "아니"});

/// Of scripts without blanks.
constexpr auto kParts = std::to_array<std::string_view>({
    "不",     "没",   "沒",     "无",   "無", "非",   "未", "别", "別", "勿",   "莫",  "否", "毋", "ない",
    "なかっ", "なく", "ません", "なし", "ぬ", "ずに", "않", "없", "못", "아니", "안 ", "ไม่", "មិន", "ບໍ່",
});

/// Words with such a part that deny nothing: "very", "future", "however". Most Chinese sentences have one.
constexpr auto kNoNegations = std::to_array<std::string_view>({
    "非常", "非洲", "特别", "特別", "区别", "區別", "分别", "分別", "级别", "級別",   "性别",   "性別",
    "类别", "類別", "个别", "個別", "识别", "識別", "鉴别", "告别", "告別", "离别",   "送别",   "差别",
    "差別", "别人", "別人", "别的", "別的", "别墅", "別墅", "别名", "別名", "未来",   "未來",   "是否",
    "能否", "可否", "否则", "否則", "无论", "無論", "无非", "莫名", "约莫", "莫斯科", "少ない", "危ない",
});

/// Does the part at `at` belong to such a word?
bool denies_nothing(std::string_view text, std::size_t at, std::size_t bytes) {
    return std::any_of(kNoNegations.begin(), kNoNegations.end(), [&](std::string_view word) {
        for (std::size_t in = word.find(text.substr(at, bytes)); in != std::string_view::npos;
             in = word.find(text.substr(at, bytes), in + 1)) {
            if (in <= at && text.substr(at - in).starts_with(word)) {
                return true;
            }
        }
        return false;
    });
}

}  // namespace

bool is_negation(std::string_view word) {
    const auto is = [word](std::string_view known) { return word == known; };
    const auto ends = [word](std::string_view ending) { return word.ends_with(ending); };
    const auto begins = [word](std::string_view beginning) { return word.starts_with(beginning); };
    const auto holds = [word](std::string_view part) { return word.find(part) != std::string_view::npos; };
    return std::any_of(kWords.begin(), kWords.end(), is) ||
           std::any_of(kEndings.begin(), kEndings.end(), ends) ||
           std::any_of(kBeginnings.begin(), kBeginnings.end(), begins) ||
           std::any_of(kInside.begin(), kInside.end(), holds);
}

std::size_t negation_at(std::string_view text, std::size_t at) {
    const std::string_view rest = text.substr(at);
    const auto* found = std::find_if(kParts.begin(), kParts.end(),
                                     [rest](std::string_view part) { return rest.starts_with(part); });
    return found == kParts.end() || denies_nothing(text, at, found->size()) ? 0 : found->size();
}

}  // namespace tendril::prompt::compression
