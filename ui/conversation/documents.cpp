// SPDX-License-Identifier: Apache-2.0
// Documents and the model's memory in words. GUI thread; pure functions.
#include "ui/conversation/documents.h"

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>

namespace tendril::ui {
namespace {

struct Text {
    Q_DECLARE_TR_FUNCTIONS(tendril::ui::Documents)
};

constexpr qsizetype kExcerptShown = 120;  // characters of a source in a list

QString join(const QStringList& parts) {
    return parts.join(QStringLiteral(" · "));
}

QString tokensOf(quint64 tokens) {
    return tokens == 1 ? Text::tr("%1 token").arg(countOf(tokens))
                       : Text::tr("%1 tokens").arg(countOf(tokens));
}

/// "3,900 → 420 tokens"
QString change(quint32 before, quint32 after) {
    return Text::tr("%1 → %2", "tokens before and after").arg(countOf(before), tokensOf(after));
}

QString progressOf(const app::AttachmentItem& item) {
    const int percent = qRound(qBound(0.0, item.progress, 1.0) * 100);
    if (item.tokens == 0) {
        return Text::tr("being read, %1 %").arg(percent);
    }
    switch (item.choice) {
        case app::AttachmentChoice::shortened:
            return Text::tr("being shortened, %1 %").arg(percent);
        case app::AttachmentChoice::searched:
            return Text::tr("being prepared for the search, %1 %").arg(percent);
        case app::AttachmentChoice::whole:
            break;
    }
    return Text::tr("being read, %1 %").arg(percent);
}

QString messagesOf(qsizetype count) {
    return count == 1 ? Text::tr("One earlier message") : Text::tr("%1 earlier messages").arg(count);
}

}  // namespace

QString countOf(quint64 number) {
    return QLocale().toString(number);
}

QString fileSizeOf(quint64 bytes) {
    const QLocale locale;
    if (bytes < 1000) {
        return Text::tr("%1 bytes").arg(locale.toString(bytes));
    }
    const double value = static_cast<double>(bytes);
    return value >= 999.5e3 ? Text::tr("%1 MB").arg(locale.toString(value / 1e6, 'f', 1))
                            : Text::tr("%1 kB").arg(locale.toString(value / 1e3, 'f', 0));
}

QString attachmentDetails(const app::AttachmentItem& item) {
    if (!item.error.isEmpty()) {  // stands below or behind the name
        const QString name = item.name + QLatin1Char(' ');
        return item.error.startsWith(name) ? item.error.mid(name.size()) : item.error;
    }
    QStringList parts;
    if (item.bytes > 0) {
        parts << fileSizeOf(item.bytes);
    }
    if (item.progress < 1) {
        return join(parts << progressOf(item));
    }
    if (item.tokens == 0) {  // no model has counted them yet
        parts << (item.choice == app::AttachmentChoice::whole       ? Text::tr("whole")
                  : item.choice == app::AttachmentChoice::shortened ? Text::tr("to be shortened")
                                                                    : Text::tr("searched"));
        return join(parts);
    }
    const bool known = item.plannedTokens > 0 && item.plannedTokens != item.tokens;
    switch (item.choice) {
        case app::AttachmentChoice::whole:
            parts << Text::tr("%1, whole").arg(tokensOf(item.tokens));
            break;
        case app::AttachmentChoice::shortened:
            parts << (known ? Text::tr("%1, %2 in short form")
                                  .arg(tokensOf(item.tokens), countOf(item.plannedTokens))
                            : Text::tr("%1, to be shortened").arg(tokensOf(item.tokens)));
            break;
        case app::AttachmentChoice::searched:
            parts << (known ? Text::tr("%1, searched, at most %2 read")
                                  .arg(tokensOf(item.tokens), countOf(item.plannedTokens))
                            : Text::tr("%1, searched").arg(tokensOf(item.tokens)));
            break;
    }
    return join(parts);
}

QString documentDetails(const app::AttachmentItem& item) {
    if (!item.error.isEmpty()) {
        return attachmentDetails(item);
    }
    QStringList parts;
    if (item.bytes > 0) {
        parts << fileSizeOf(item.bytes);
    }
    if (item.progress < 1) {
        return join(parts << progressOf(item));
    }
    const bool known = item.plannedTokens > 0;
    switch (item.choice) {
        case app::AttachmentChoice::whole:
            parts << (item.tokens > 0 ? Text::tr("read whole, %1").arg(tokensOf(item.tokens))
                                      : Text::tr("read whole"));
            break;
        case app::AttachmentChoice::shortened:
            parts << (known ? Text::tr("read shortened, %1").arg(change(item.tokens, item.plannedTokens))
                            : Text::tr("read shortened"));
            break;
        case app::AttachmentChoice::searched:
            parts << (known ? Text::tr("searched, at most %1 of %2 read")
                                  .arg(countOf(item.plannedTokens), tokensOf(item.tokens))
                            : Text::tr("searched"));
            break;
    }
    return join(parts);
}

QString documentsLine(const app::MessageItem& item) {
    QStringList parts;
    for (const app::AttachmentItem& document : item.documents) {
        parts << document.name + QStringLiteral(", ") + documentDetails(document);
    }
    return parts.isEmpty() ? QString() : Text::tr("Documents: %1").arg(parts.join(QStringLiteral("; ")));
}

QString sourcesName(const app::MessageItem& item) {
    return item.sources.size() == 1 ? Text::tr("1 source") : Text::tr("%1 sources").arg(item.sources.size());
}

QString sourceLine(const app::SourceItem& source) {
    const QString& text = source.line.isEmpty() ? source.excerpt : source.line;
    QString words = text.left(4 * kExcerptShown).simplified();
    if (words.size() > kExcerptShown) {
        words = words.left(kExcerptShown) + QChar(0x2026);
    }
    return Text::tr("%1, place %2: %3").arg(source.name, QString::number(source.chunk + 1), words);
}

QString markLine(const app::MemoryMarkItem& mark) {
    using Kind = app::MemoryChange;
    const QString numbers = change(mark.tokensBefore, mark.tokensAfter);
    switch (mark.kind) {
        case Kind::summarised:
            return Text::tr("From here up the model has a summary: %1").arg(numbers);
        case Kind::compressed:
            return Text::tr("From here up the model has a shortened text: %1").arg(numbers);
        case Kind::pruned:
            return Text::tr("From here up the model remembers only what matters most: %1").arg(numbers);
        case Kind::left_out:
            if (!mark.document.isEmpty()) {
                return Text::tr("The model does not have %1 any more: %2 left out")
                    .arg(mark.document, tokensOf(mark.tokensBefore));
            }
            if (mark.tokensAfter > 0) {
                return Text::tr(
                           "From here up the model has only notes of what you said about its answers: "
                           "%1")
                    .arg(numbers);
            }
            return Text::tr("From here up the model has nothing: %1 left out")
                .arg(tokensOf(mark.tokensBefore));
        case Kind::window:
            return mark.tokensBefore == 0
                       ? Text::tr(
                             "The context was full: the answer went on with the beginning and the "
                             "newest part only")
                       : Text::tr(
                             "The context was full: the answer went on with the beginning and the "
                             "newest part only, %1")
                             .arg(numbers);
    }
    return {};
}

QString plannedLine(const app::PlannedItem& item, const QString& document) {
    using Kind = app::MemoryChange;
    const QString numbers = change(item.tokensBefore, item.tokensAfter);
    const bool text = item.document != 0;
    const QString what =
        text ? (document.isEmpty() ? Text::tr("A document") : document) : messagesOf(item.messages.size());
    const bool one = text || item.messages.size() == 1;
    switch (item.kind) {
        case Kind::summarised:
            return (one ? Text::tr("%1 becomes a summary, %2") : Text::tr("%1 become a summary, %2"))
                .arg(what, numbers);
        case Kind::compressed:
        case Kind::pruned:
            return (one ? Text::tr("%1 is shortened, %2") : Text::tr("%1 are shortened, %2"))
                .arg(what, numbers);
        case Kind::left_out:
        case Kind::window:
            break;
    }
    return (one ? Text::tr("%1 is left out, %2") : Text::tr("%1 are left out, %2"))
        .arg(what, tokensOf(item.tokensBefore));
}

QString memoryState(app::MessageMemory memory) {
    switch (memory) {
        case app::MessageMemory::normal:
            break;
        case app::MessageMemory::pinned:
            return Text::tr("pinned: always read in full");
        case app::MessageMemory::excluded:
            return Text::tr("excluded: never read");
    }
    return {};
}

}  // namespace tendril::ui
