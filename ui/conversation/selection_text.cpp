// SPDX-License-Identifier: Apache-2.0
// What copying a selection gives. GUI thread.
#include "ui/conversation/selection_text.h"

#include <QStringList>

#include "ui/conversation/points.h"

namespace tendril::ui {
namespace {

/// Of one message, between (firstBlock, begin) and (lastBlock, end).
QString partOf(const markup::Sections& document, int firstBlock, int begin, int lastBlock, int end) {
    const auto plainOf = [&](int block) { return plainText(document[static_cast<std::size_t>(block)]); };
    const QString first = plainOf(firstBlock);
    const QString last = plainOf(lastBlock);
    const bool firstWhole = begin <= 0;
    const bool lastWhole = end >= last.size();
    if (firstBlock == lastBlock) {
        return first.mid(begin, end - begin);
    }
    QStringList parts;
    int from = firstBlock;
    int to = lastBlock;
    if (!firstWhole) {
        parts.append(first.mid(begin));
        ++from;
    }
    if (!lastWhole) {
        --to;
    }
    if (from <= to) {
        const std::string source =
            document.source_of(static_cast<std::size_t>(from), static_cast<std::size_t>(to));
        parts.append(QString::fromStdString(source));
    }
    if (!lastWhole && end > 0) {
        parts.append(last.left(end));
    }
    return parts.join(QStringLiteral("\n\n"));
}

}  // namespace

QString codeSource(const markup::Sections& document, int block) {
    const markup::Block& code = document[static_cast<std::size_t>(block)];
    QString shown = toQString(code.content.text);
    // Where cleaning changed a character, what was written differs from what is shown: then the lines are
    // taken from the source.
    if (!code.containers.empty() || !shown.contains(QChar::ReplacementCharacter)) {
        return shown;
    }
    const std::string source =
        document.source_of(static_cast<std::size_t>(block), static_cast<std::size_t>(block));
    QStringList lines = QString::fromStdString(source).split(QLatin1Char('\n'));
    const qsizetype count = static_cast<qsizetype>(code.lines.size());
    return lines.size() > count ? lines.mid(1, count).join(QLatin1Char('\n')) + QLatin1Char('\n') : shown;
}

TextPosition endOf(Transcript& transcript, int message) {
    const markup::Sections& document = transcript.document(message);
    const int blocks = static_cast<int>(document.size());
    if (blocks == 0) {
        return {message, 0, 0};
    }
    return {message, blocks - 1, static_cast<int>(plainText(document.back()).size())};
}

QString textBetween(Transcript& transcript, const TextPosition& from, const TextPosition& to) {
    QStringList parts;
    for (int i = from.message; i <= to.message; ++i) {
        const TextPosition end = endOf(transcript, i);
        const TextPosition a = i == from.message ? from : TextPosition{i, 0, 0};
        const TextPosition b = i == to.message ? qMin(to, end) : end;
        if (a <= TextPosition{i, 0, 0} && b >= end) {
            parts.append(shownText(transcript.item(i)));
        } else if (a < b) {
            const markup::Sections& document = transcript.document(i);
            const int blocks = static_cast<int>(document.size());
            const int first = qBound(0, a.block, blocks - 1);
            parts.append(partOf(document, first, a.offset, qBound(first, b.block, blocks - 1), b.offset));
        }
    }
    return parts.join(QStringLiteral("\n\n"));
}

}  // namespace tendril::ui
