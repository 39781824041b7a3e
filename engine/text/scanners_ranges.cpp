// SPDX-License-Identifier: Apache-2.0
// Scanners over explicit ranges of characters: DeepSeek's tokenizers, and Falcon's punctuation. Pure
// functions, any thread. See scanners.h.
#include <algorithm>
#include <iterator>

#include "engine/text/scanners.h"

namespace tendril::engine::scan {
namespace {

struct Range {
    char32_t first, last;
};

/// The cased letters of DeepSeek LLM's tokenizer.json, sorted.
constexpr Range kCased[] = {
    {0x41, 0x5A},       {0x61, 0x7A},       {0xB5, 0xB5},       {0xC0, 0xD6},       {0xD8, 0xF6},
    {0xF8, 0x1BA},      {0x1BC, 0x1BF},     {0x1C4, 0x293},     {0x295, 0x2AF},     {0x370, 0x373},
    {0x376, 0x377},     {0x37B, 0x37D},     {0x37F, 0x37F},     {0x386, 0x386},     {0x388, 0x38A},
    {0x38C, 0x38C},     {0x38E, 0x3A1},     {0x3A3, 0x3F5},     {0x3F7, 0x481},     {0x48A, 0x52F},
    {0x531, 0x556},     {0x10A0, 0x10C5},   {0x13A0, 0x13F5},   {0x13F8, 0x13FD},   {0x1C90, 0x1CBA},
    {0x1CBD, 0x1CBF},   {0x1D00, 0x1D2B},   {0x1D6B, 0x1D77},   {0x1D79, 0x1D9A},   {0x1E00, 0x1F15},
    {0x1F18, 0x1F1D},   {0x1F20, 0x1F45},   {0x1F48, 0x1F4D},   {0x1F50, 0x1F57},   {0x1F59, 0x1F59},
    {0x1F5B, 0x1F5B},   {0x1F5D, 0x1F5D},   {0x1F5F, 0x1F7D},   {0x1F80, 0x1FB4},   {0x1FB6, 0x1FBC},
    {0x1FBE, 0x1FBE},   {0x1FC2, 0x1FC4},   {0x1FC6, 0x1FCC},   {0x1FD0, 0x1FD3},   {0x1FD6, 0x1FDB},
    {0x1FE0, 0x1FEC},   {0x1FF2, 0x1FF4},   {0x1FF6, 0x1FFC},   {0x2102, 0x2102},   {0x2107, 0x2107},
    {0x210A, 0x2113},   {0x2115, 0x2115},   {0x2119, 0x211D},   {0x2124, 0x2124},   {0x2126, 0x2126},
    {0x2128, 0x2128},   {0x212A, 0x212D},   {0x212F, 0x2134},   {0x2139, 0x2139},   {0x213C, 0x213F},
    {0x2145, 0x2149},   {0x214E, 0x214E},   {0x2183, 0x2184},   {0x2C00, 0x2C7B},   {0x2C7E, 0x2CE4},
    {0x2CEB, 0x2CEE},   {0x2CF2, 0x2CF3},   {0xA640, 0xA66D},   {0xA680, 0xA69B},   {0xA722, 0xA76F},
    {0xA771, 0xA787},   {0xA78B, 0xA78E},   {0xAB70, 0xABBF},   {0xFB00, 0xFB06},   {0xFB13, 0xFB17},
    {0xFF21, 0xFF3A},   {0xFF41, 0xFF5A},   {0x10400, 0x1044F}, {0x104B0, 0x104D3}, {0x104D8, 0x104FB},
    {0x10C80, 0x10CB2}, {0x10CC0, 0x10CF2}, {0x118A0, 0x118DF}, {0x1E900, 0x1E943},
};
constexpr Range kPunctuation[] = {{0x21, 0x2F},     {0x3A, 0x7E},     {0x2018, 0x201F},
                                  {0x3000, 0x3002}, {0xFF01, 0xFF0F}, {0xFF1A, 0xFF5E}};
constexpr Range kAsian[] = {{0x800, 0x9FA5}, {0xAC00, 0xD7FF}};
constexpr Range kAsian3[] = {{0x3040, 0x30FF}, {0x4E00, 0x9FA5}};

/// Falcon's Punctuation step uses the tables of Unicode 7: these came later (or, U+166D and U+111C9, were
/// something else then).
constexpr Range kLaterPunctuation[] = {
    {0x61D, 0x61D},     {0x9FD, 0x9FD},     {0xA76, 0xA76},     {0xC77, 0xC77},     {0xC84, 0xC84},
    {0x1B4E, 0x1B4F},   {0x1B7D, 0x1B7F},   {0x2E43, 0x2E4F},   {0x2E52, 0x2E5D},   {0x10D6E, 0x10D6E},
    {0x10EAD, 0x10EAD}, {0x10F55, 0x10F59}, {0x10F86, 0x10F89}, {0x113D4, 0x113D5}, {0x113D7, 0x113D8},
    {0x1144B, 0x1144F}, {0x1145A, 0x1145B}, {0x1145D, 0x1145D}, {0x11660, 0x1166C}, {0x116B9, 0x116B9},
    {0x1183B, 0x1183B}, {0x11944, 0x11946}, {0x119E2, 0x119E2}, {0x11A3F, 0x11A46}, {0x11A9A, 0x11A9C},
    {0x11A9E, 0x11AA2}, {0x11B00, 0x11B09}, {0x11BE1, 0x11BE1}, {0x11C41, 0x11C45}, {0x11C70, 0x11C71},
    {0x11EF7, 0x11EF8}, {0x11F43, 0x11F4F}, {0x11FFF, 0x11FFF}, {0x12FF1, 0x12FF2}, {0x16D6D, 0x16D6F},
    {0x16E97, 0x16E9A}, {0x16FE2, 0x16FE2}, {0x1E5FF, 0x1E5FF}, {0x1E95E, 0x1E95F}};

template <std::size_t n>
bool contains(const Range (&ranges)[n], char32_t code) {
    const Range* range = std::upper_bound(std::begin(ranges), std::end(ranges), code,
                                          [](char32_t c, const Range& r) { return c < r.first; });
    return range != std::begin(ranges) && code <= std::prev(range)->last;
}

template <std::size_t n>
std::size_t run_in(const PieceText& text, std::size_t position, const Range (&ranges)[n]) {
    while (position < text.size()) {
        const PieceText::Char c = text.at(position);
        if (!contains(ranges, c.code)) {
            break;
        }
        position = c.end;
    }
    return position;
}

template <std::size_t n>
std::size_t spaced_run(const PieceText& text, std::size_t position, const Range (&ranges)[n]) {
    const PieceText::Char first = text.at(position);
    if ((first.bits & kCharSpace) != 0) {
        if (const std::size_t end = run_in(text, first.end, ranges); end != first.end) {
            return end;
        }
    }
    return run_in(text, position, ranges);  // U+3000 is both a space and one of the signs
}

}  // namespace

std::size_t deepseek_cased(const PieceText& text, std::size_t position) {
    return spaced_run(text, position, kCased);
}
std::size_t deepseek_punctuation(const PieceText& text, std::size_t position) {
    return spaced_run(text, position, kPunctuation);
}
std::size_t deepseek_asian(const PieceText& text, std::size_t position) {
    return run_in(text, position, kAsian);
}
std::size_t deepseek3_asian(const PieceText& text, std::size_t position) {
    return run_in(text, position, kAsian3);
}

std::size_t falcon_punctuation(const PieceText& text, std::size_t position) {
    while (position < text.size()) {
        const PieceText::Char c = text.at(position);
        const bool ascii = c.code < 0x80 && (c.bits & (kCharPunctuation | kCharSymbol)) != 0;
        const bool then = (c.bits & kCharPunctuation) != 0 && !contains(kLaterPunctuation, c.code);
        if (!ascii && !then && c.code != 0x166D && c.code != 0x111C9) {
            break;
        }
        position = c.end;
    }
    return position;
}

std::size_t final_spaces(const PieceText& text, std::size_t position) {
    const std::size_t end = text.run_of(position, kCharSpace);
    return end == text.size() ? end : position;
}

}  // namespace tendril::engine::scan
