// SPDX-License-Identifier: Apache-2.0
// Which controls a message has, what they are called and where they stand. GUI thread.
#include <algorithm>

#include <QFontMetrics>

#include "ui/conversation/documents.h"
#include "ui/conversation/message_frame.h"
#include "ui/conversation/points.h"

namespace tendril::ui {
namespace {

bool isBusy(const app::MessageItem& item) {
    return item.state == app::MessageState::waiting || item.state == app::MessageState::streaming;
}

void addBlockControls(const markup::Sections& document, QVector<Control>& out) {
    int i = -1;
    for (const markup::Block& block : document) {
        ++i;
        const QStringList links = linksOf(block);
        for (int link = 0; link < links.size(); ++link) {
            out.append(
                {Control::Kind::link, i, link, MessageFrame::tr("Link to %1").arg(links[link].left(200))});
        }
        if (block.kind == markup::BlockKind::code) {
            const QString language = QString::fromStdString(block.language);
            out.append({Control::Kind::copyCode, i, -1,
                        language.isEmpty() ? MessageFrame::tr("Copy code")
                                           : MessageFrame::tr("Copy code: %1").arg(language)});
        }
    }
}

}  // namespace

QString roleName(app::MessageRole role) {
    switch (role) {
        case app::MessageRole::user:
            return MessageFrame::tr("You");
        case app::MessageRole::assistant:
            return MessageFrame::tr("Assistant");
        case app::MessageRole::system:
            break;
    }
    return MessageFrame::tr("System");
}

QString interruptedText(const app::MessageItem& item) {
    return item.error.isEmpty() ? MessageFrame::tr("Interrupted") : item.error;
}

QStringList linksOf(const markup::Block& block) {
    QStringList out;
    const auto add = [&out](const markup::Inline& text) {
        for (const std::string& link : text.links) {
            out.append(QString::fromStdString(link));
        }
    };
    add(block.content);
    for (const auto& row : block.table.rows) {
        for (const markup::Inline& cell : row) {
            add(cell);
        }
    }
    return out;
}

namespace {

/// What changes what the model gets of a message, and what an answer was made with.
void addNoteControls(const app::MessageItem& item, const MessageExtras& extras, QVector<Control>& out) {
    using Kind = Control::Kind;
    if (!item.sources.isEmpty()) {
        out.append({Kind::sources, -1, -1,
                    extras.sourcesOpen ? MessageFrame::tr("Hide the %1").arg(sourcesName(item))
                                       : MessageFrame::tr("Show the %1").arg(sourcesName(item))});
    }
    for (int i = 0; extras.sourcesOpen && i < item.sources.size(); ++i) {
        out.append({Kind::source, -1, i, MessageFrame::tr("Source: %1").arg(sourceLine(item.sources[i]))});
    }
    for (int i = 0; i < extras.marks.size(); ++i) {
        const app::MemoryMarkItem& mark = extras.marks[i];
        const bool open = extras.marksOpen.contains(mark.id);
        if (!mark.text.isEmpty()) {
            out.append({Kind::markText, -1, i,
                        open ? MessageFrame::tr("Hide what the model has in the place of older messages")
                             : MessageFrame::tr("Show what the model has in the place of older messages")});
        }
        if (open && mark.text.size() > kMarkTextShown) {
            out.append({Kind::markAll, -1, i, MessageFrame::tr("Show all that the model has")});
        }
        if (mark.undoable) {
            out.append({Kind::restoreText, -1, i, MessageFrame::tr("Restore the full text for the model")});
        }
    }
}

}  // namespace

QVector<Control> ownControls(const app::MessageItem& item, const MessageExtras& extras) {
    using Kind = Control::Kind;
    QVector<Control> out;
    if (item.version > 1) {
        out.append({Kind::previousVersion, -1, -1,
                    MessageFrame::tr("Show version %1 of %2").arg(item.version - 1).arg(item.versions)});
    }
    if (item.version < item.versions) {
        out.append({Kind::nextVersion, -1, -1,
                    MessageFrame::tr("Show version %1 of %2").arg(item.version + 1).arg(item.versions)});
    }
    const bool busy = isBusy(item);
    if (item.state == app::MessageState::interrupted && item.role == app::MessageRole::assistant) {
        out.append({Kind::resume, -1, -1, MessageFrame::tr("Continue this answer")});
    }
    if (!item.expansion.empty()) {
        out.append({Kind::details, -1, -1, MessageFrame::tr("How this answer was made")});
    }
    if (item.expansion.skeleton && !busy) {
        out.append({Kind::retryNormally, -1, -1, MessageFrame::tr("Retry as a normal answer")});
    }
    if (item.role == app::MessageRole::assistant && !busy) {
        out.append({Kind::retry, -1, -1, MessageFrame::tr("Retry: make another answer")});
    }
    if (item.role == app::MessageRole::user) {
        out.append({Kind::edit, -1, -1, MessageFrame::tr("Edit this message")});
    }
    if (item.role != app::MessageRole::system && !busy) {
        const bool pinned = item.memory == app::MessageMemory::pinned;
        const bool excluded = item.memory == app::MessageMemory::excluded;
        out.append({Kind::pin, -1, -1,
                    pinned ? MessageFrame::tr("Unpin: the model may get it shortened")
                           : MessageFrame::tr("Pin: the model always gets it in full")});
        out.append({Kind::exclude, -1, -1,
                    excluded ? MessageFrame::tr("Include: the model gets it again")
                             : MessageFrame::tr("Exclude: the model never gets it")});
    }
    if (shownLength(item) > 0) {
        out.append({Kind::copy, -1, -1, MessageFrame::tr("Copy this message")});
    }
    addNoteControls(item, extras, out);
    return out;
}

QVector<Control> controlsOf(const app::MessageItem& item, const MessageExtras& extras,
                            const markup::Sections& document) {
    QVector<Control> out;
    addBlockControls(document, out);
    // The versions stand at the head, the actions at the foot.
    int head = 0;
    for (const Control& control : ownControls(item, extras)) {
        const bool version =
            control.kind == Control::Kind::previousVersion || control.kind == Control::Kind::nextVersion;
        out.insert(version ? head++ : out.size(), control);
    }
    return out;
}

/// Small buttons beside the user's name or at the answer's foot; retry of a failed answer and continue are
/// wide, beside what happened.
QRect MessageFrame::actionRect(Control::Kind kind) const {
    const int side = theme_.px(26);
    const QRect row =
        isUser() ? head_ : QRect(foot_.topLeft(), QSize(foot_.width(), qMin(foot_.height(), theme_.px(28))));
    const int name = isUser() ? QFontMetrics(theme_.label).horizontalAdvance(headText()) + theme_.px(8) : 0;
    const int versions = isUser() && item_.versions > 1 ? theme_.px(112) : 0;
    const auto small = [&](int place) {
        const int x = row.right() + 1 - name - versions - place * side - (place - 1) * theme_.px(2);
        return QRect(x, row.center().y() - side / 2, side, side);
    };
    const auto wide = [&](int x, int width) {
        return QRect(x, state_.center().y() - theme_.px(14), width, theme_.px(28));
    };
    using Kind = Control::Kind;
    if (isOnDemand(kind)) {
        int place = 0;
        for (const Kind one : {Kind::copy, Kind::edit, Kind::retry, Kind::retryNormally, Kind::details,
                               Kind::exclude, Kind::pin}) {
            const bool there = std::any_of(own_.begin(), own_.end(),
                                           [one](const Control& control) { return control.kind == one; });
            place += there && isOnDemand(one) ? 1 : 0;
            if (one == kind) {
                return small(qMax(1, place));
            }
        }
    }
    switch (kind) {
        case Control::Kind::retry:
            return wide(state_.right() - theme_.px(92), theme_.px(82));
        case Control::Kind::resume: {
            const QFontMetrics metrics(theme_.small);
            const int width = metrics.horizontalAdvance(MessageFrame::tr("Continue")) + theme_.px(40);
            const int reason = metrics.horizontalAdvance(interruptedText(item_)) + theme_.px(14);
            return wide(state_.left() + qMax(0, qMin(reason, state_.width() - width)), width);
        }
        default:
            return {};
    }
}

QRect MessageFrame::controlRect(const Control& control) {
    const int side = theme_.px(22);
    switch (control.kind) {
        case Control::Kind::previousVersion:
            return QRect(head_.right() - theme_.px(102), head_.center().y() - side / 2, side, side);
        case Control::Kind::nextVersion:
            return QRect(head_.right() - side + 1, head_.center().y() - side / 2, side, side);
        case Control::Kind::link:
        case Control::Kind::copyCode: {
            if (control.block < 0 || control.block >= body_.blockCount()) {
                return {};
            }
            BlockLayout& layout = body_.layout(control.block);
            const QPoint origin = bodyOrigin() + QPoint(body_.left(control.block), body_.top(control.block));
            if (control.kind == Control::Kind::copyCode) {
                return layout.copyButton().translated(origin);
            }
            return layout.linkRect(control.link).translated(origin);
        }
        case Control::Kind::sources:
        case Control::Kind::source:
        case Control::Kind::markText:
        case Control::Kind::markAll:
        case Control::Kind::restoreText:
            return noteRect(control);
        default:
            return actionRect(control.kind);
    }
}

bool MessageFrame::isOnDemand(Control::Kind kind) const {
    return kind == Control::Kind::copy || kind == Control::Kind::edit || kind == Control::Kind::details ||
           kind == Control::Kind::retryNormally || kind == Control::Kind::pin ||
           kind == Control::Kind::exclude ||
           (kind == Control::Kind::retry && item_.state != app::MessageState::failed);
}

std::optional<Control> MessageFrame::controlAt(const QPoint& point, bool actionsShown) {
    for (const Control& control : own_) {
        if ((actionsShown || !isOnDemand(control.kind)) && controlRect(control).contains(point)) {
            return control;
        }
    }
    const int block = body_.blockAt(point.y() - bodyOrigin().y());
    if (block < 0 || !body_.isLaidOut(block)) {
        return std::nullopt;
    }
    const QPoint inside = point - bodyOrigin() - QPoint(body_.left(block), body_.top(block));
    if (body_.layout(block).copyButton().contains(inside)) {
        return Control{Control::Kind::copyCode, block, -1, MessageFrame::tr("Copy code")};
    }
    const int link = body_.layout(block).linkAt(inside);
    if (link < 0) {
        return std::nullopt;
    }
    return Control{Control::Kind::link, block, link, linksOf(body_.block(block)).value(link)};
}

}  // namespace tendril::ui
