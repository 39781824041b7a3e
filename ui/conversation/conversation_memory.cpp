// SPDX-License-Identifier: Apache-2.0
// The conversation's sources, and the lines where the model's memory was shortened. GUI thread.
#include "ui/conversation/accessible_conversation.h"
#include "ui/conversation/conversation_view.h"
#include "ui/conversation/documents.h"
#include "ui/conversation/text_dialog.h"

namespace tendril::ui {

void ConversationView::setMemoryMarks(const QVector<app::MemoryMarkItem>& marks) {
    QString told;
    for (int i = 0; i < transcript_.count(); ++i) {
        QVector<app::MemoryMarkItem> own;
        for (const app::MemoryMarkItem& mark : marks) {
            if (mark.after == transcript_.item(i).id) {
                own.append(mark);
            }
        }
        if (own == transcript_.extras(i).marks) {
            continue;
        }
        if (own.size() > transcript_.extras(i).marks.size()) {
            told = markLine(own.last());
        }
        changeBlocks([&] { return transcript_.setMarks(i, own); });
        accessibleMessageChanged(this, i);
    }
    if (!told.isEmpty()) {
        announce(told);
    }
}

/// What the controls around a message do that are no actions on the message itself.
void ConversationView::activateNote(int message, const Control& control) {
    const app::MessageItem& item = transcript_.item(message);
    const MessageExtras& extras = transcript_.extras(message);
    const bool marked = control.link >= 0 && control.link < extras.marks.size();
    // What was unfolded at the lower edge comes into sight.
    const auto show = [this, message, control] {
        const QRect all = transcript_.frame(message).unfoldedRect(control);
        ensureVisible(all.translated(0, transcript_.top(message)), theme_.px(12));
    };
    switch (control.kind) {
        case Control::Kind::pin:
        case Control::Kind::exclude: {
            const auto wanted = control.kind == Control::Kind::pin ? app::MessageMemory::pinned
                                                                   : app::MessageMemory::excluded;
            Q_EMIT memoryRequested(item.id, item.memory == wanted ? app::MessageMemory::normal : wanted);
            break;
        }
        case Control::Kind::sources:
            changeBlocks([&] { return transcript_.toggleSources(message); });
            announce(extras.sourcesOpen ? tr("Sources shown") : tr("Sources hidden"));
            accessibleMessageChanged(this, message);
            if (extras.sourcesOpen) {
                show();
            }
            break;
        case Control::Kind::source:
            if (control.link >= 0 && control.link < item.sources.size()) {
                const app::SourceItem& source = item.sources[control.link];
                showText(tr("Source"), tr("%1, place %2").arg(source.name, QString::number(source.chunk + 1)),
                         source.excerpt, source.line);
            }
            break;
        case Control::Kind::markText:
            if (marked) {
                const app::MemoryMarkItem mark = extras.marks[control.link];
                changeBlocks([&] { return transcript_.toggleMark(message, control.link); });
                const bool open = extras.marksOpen.contains(mark.id);
                announce(open ? mark.text.left(kMarkTextShown) : tr("Hidden"));
                accessibleMessageChanged(this, message);
                if (open) {
                    show();
                }
            }
            break;
        case Control::Kind::markAll:
            if (marked) {
                const app::MemoryMarkItem& mark = extras.marks[control.link];
                showText(tr("What the model has"), markLine(mark), mark.text, {});
            }
            break;
        case Control::Kind::restoreText:
            if (marked) {
                Q_EMIT restoreRequested(extras.marks[control.link].id);
            }
            break;
        default:
            break;
    }
}

void ConversationView::showText(const QString& title, const QString& about, const QString& text,
                                const QString& mark) {
    auto* dialog = new TextDialog(title, about, text, mark, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
}

}  // namespace tendril::ui
