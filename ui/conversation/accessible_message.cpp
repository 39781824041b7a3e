// SPDX-License-Identifier: Apache-2.0
// One message, one of its buttons, and the status line, as a screen reader sees them. GUI thread.
#include "ui/conversation/accessible_message.h"

#include "ui/conversation/documents.h"
#include "ui/conversation/points.h"
#include "ui/conversation/selection_text.h"

namespace tendril::ui {
namespace {

QString markerOf(const markup::Block& block) {
    QString out;
    for (const markup::Container& container : block.containers) {
        if (container.kind != markup::ContainerKind::item || !container.opens) {
            continue;
        }
        out += container.number >= 0 ? QString::number(container.number) + QStringLiteral(". ")
                                     : QStringLiteral("• ");
        if (container.task != markup::Task::none) {
            out += container.task == markup::Task::done ? AccessibleMessage::tr("done: ")
                                                        : AccessibleMessage::tr("to do: ");
        }
    }
    return out;
}

}  // namespace

SpokenText spokenText(const markup::Sections& document) {
    return spokenText(app::MessageItem(), document);
}

SpokenText spokenText(const app::MessageItem& item, const markup::Sections& document) {
    SpokenText out;
    const bool points = growsInPoints(item);
    std::size_t index = 0;
    for (const markup::Block& block : document) {
        if (!out.text.isEmpty()) {
            out.text += QLatin1Char('\n');
        }
        const std::size_t section = points ? document.section_of(index) : 0;
        if (points && document.begin_of(section) == index) {
            const QString state =
                pointStateName(item.expansion.points[static_cast<qsizetype>(section)].state);
            out.text += state.isEmpty() ? QString() : state + QStringLiteral(": ");
        }
        ++index;
        out.text += markerOf(block);
        out.begins.append(static_cast<int>(out.text.size()));
        out.text += plainText(block);
    }
    return out;
}

AccessibleMessage::~AccessibleMessage() {
    for (const QAccessible::Id id : std::as_const(controls_)) {
        QAccessible::deleteAccessibleInterface(id);
    }
}

QAccessibleInterface* AccessibleMessage::parent() const {
    return QAccessible::queryAccessibleInterface(view_.data());
}

int AccessibleMessage::childCount() const {
    const int message = index();
    return message < 0 ? 0
                       : static_cast<int>(controlsOf(view_->transcript().item(message),
                                                     view_->transcript().extras(message),
                                                     view_->transcript().document(message))
                                              .size());
}

QAccessibleInterface* AccessibleMessage::child(int at) const {
    if (at < 0 || at >= childCount()) {
        return nullptr;
    }
    if (!controls_.contains(at)) {
        controls_.insert(at, QAccessible::registerAccessibleInterface(new AccessibleControl(view_, id_, at)));
    }
    return QAccessible::accessibleInterface(controls_.value(at));
}

QAccessibleInterface* AccessibleMessage::childAt(int x, int y) const {
    for (int i = 0; i < childCount(); ++i) {
        if (QAccessibleInterface* control = child(i); control != nullptr && control->rect().contains(x, y)) {
            return control;
        }
    }
    return nullptr;
}

int AccessibleMessage::indexOfChild(const QAccessibleInterface* wanted) const {
    for (auto it = controls_.cbegin(); it != controls_.cend(); ++it) {
        if (QAccessible::accessibleInterface(it.value()) == wanted) {
            return it.key();
        }
    }
    return -1;
}

QString AccessibleMessage::text(QAccessible::Text kind) const {
    const int message = index();
    if (message < 0) {
        return {};
    }
    const app::MessageItem& item = view_->transcript().item(message);
    if (kind == QAccessible::Name) {
        QString name = tr("%1, message %2").arg(roleName(item.role)).arg(message + 1);
        if (item.versions > 1) {
            name += tr(", %1 of %2").arg(item.version).arg(item.versions);
        }
        return name;
    }
    if (kind != QAccessible::Description) {
        return {};
    }
    QStringList parts;
    switch (item.state) {
        case app::MessageState::waiting:
            parts.append(tr("waiting for the model"));
            break;
        case app::MessageState::streaming:
            parts.append(tr("being written"));
            break;
        case app::MessageState::interrupted:
            parts.append(item.error.isEmpty() ? tr("interrupted") : tr("interrupted: %1").arg(item.error));
            break;
        case app::MessageState::failed:
            parts.append(tr("failed: %1").arg(item.error));
            break;
        case app::MessageState::complete:
            break;
    }
    if (item.leftOut) {
        parts.append(tr("not read for the latest answer"));
    }
    if (const QString memory = memoryState(item.memory); !memory.isEmpty()) {
        parts.append(memory);
    }
    if (const QString documents = documentsLine(item); !documents.isEmpty()) {
        parts.append(documents);
    }
    if (const QString how = expansionLine(item); !how.isEmpty()) {
        parts.append(how);
    }
    if (!item.footer.isEmpty()) {
        parts.append(item.footer);
    }
    for (const app::MemoryMarkItem& mark : view_->transcript().extras(message).marks) {
        parts.append(markLine(mark));
    }
    return parts.join(QStringLiteral(", "));
}

QRect AccessibleMessage::rect() const {
    const int message = index();
    if (message < 0) {
        return {};
    }
    const QRect here = view_->messageRect(message);
    return QRect(view_->viewport()->mapToGlobal(here.topLeft()), here.size());
}

QAccessible::State AccessibleMessage::state() const {
    QAccessible::State state;
    const int message = index();
    if (message < 0) {
        state.invalid = true;
        return state;
    }
    state.focusable = true;
    state.focused = view_->hasFocus() && view_->currentMessage() == message;
    state.readOnly = true;
    state.multiLine = true;
    state.selectableText = true;
    state.busy = view_->transcript().item(message).state == app::MessageState::streaming;
    state.offscreen = !view_->messageRect(message).intersects(view_->viewport()->rect());
    return state;
}

void* AccessibleMessage::interface_cast(QAccessible::InterfaceType type) {
    if (type == QAccessible::TextInterface) {
        return static_cast<QAccessibleTextInterface*>(this);
    }
    return type == QAccessible::ActionInterface ? static_cast<QAccessibleActionInterface*>(this) : nullptr;
}

const SpokenText& AccessibleMessage::spoken() const {
    const int message = index();
    const quint64 revision = message < 0 ? spokenRevision_ : view_->transcript().revision(message);
    if (revision != spokenRevision_) {
        spoken_ = spokenText(view_->transcript().item(message), view_->transcript().document(message));
        spokenRevision_ = revision;
    }
    return spoken_;
}

int AccessibleMessage::endOf(int block) const {
    const int message = index();
    const QVector<int>& begins = spoken().begins;
    if (message < 0 || block < 0 || block >= begins.size()) {
        return characterCount();
    }
    const markup::Sections& document = view_->transcript().document(message);
    return begins[block] + static_cast<int>(plainText(document[static_cast<std::size_t>(block)]).size());
}

TextPosition AccessibleMessage::positionOf(int offset) const {
    const QVector<int>& begins = spoken().begins;
    const auto after = std::upper_bound(begins.begin(), begins.end(), offset);
    const int block = qMax(0, static_cast<int>(after - begins.begin()) - 1);
    return {index(), block, begins.isEmpty() ? 0 : qMax(0, offset - begins[block])};
}

int AccessibleMessage::offsetOf(const TextPosition& position) const {
    const int here = index();
    if (position.message != here) {
        return position.message < here ? 0 : characterCount();
    }
    return qMin(spoken().begins.value(position.block) + position.offset, characterCount());
}

void AccessibleMessage::selection(int selectionIndex, int* start, int* end) const {
    *start = *end = 0;
    if (selectionIndex == 0 && selectionCount() > 0) {
        const auto [from, to] = view_->selection();
        *start = offsetOf(from);
        *end = offsetOf(to);
    }
}

int AccessibleMessage::selectionCount() const {
    if (index() < 0 || !view_->hasSelection()) {
        return 0;
    }
    const auto [from, to] = view_->selection();
    return from.message <= index() && to.message >= index() ? 1 : 0;
}

void AccessibleMessage::removeSelection(int selectionIndex) {
    if (selectionIndex == 0 && selectionCount() > 0) {
        view_->select({}, {});
    }
}

void AccessibleMessage::setSelection(int selectionIndex, int start, int end) {
    if (selectionIndex == 0 && isValid()) {
        view_->select(positionOf(start), positionOf(end));
    }
}

int AccessibleMessage::cursorPosition() const {
    return isValid() && view_->caret().message == index() ? offsetOf(view_->caret()) : 0;
}

QString AccessibleMessage::text(int start, int end) const {
    return spoken().text.mid(start, end - start);
}

int AccessibleMessage::characterCount() const {
    return static_cast<int>(spoken().text.size());
}

QRect AccessibleMessage::characterRect(int offset) const {
    if (!isValid()) {
        return {};
    }
    Transcript& transcript = view_->transcript();
    const QRect here = transcript.caretRect(positionOf(offset));
    const QRect next = transcript.caretRect(positionOf(qMin(offset + 1, characterCount())));
    const int width = next.top() == here.top() ? qMax(1, next.left() - here.left()) : 1;
    const QRect shown(here.topLeft() - QPoint(0, transcript.top(index()) - view_->messageRect(index()).top()),
                      QSize(width, here.height()));
    return QRect(view_->viewport()->mapToGlobal(shown.topLeft()), shown.size());
}

int AccessibleMessage::offsetAtPoint(const QPoint& point) const {
    if (!isValid() || !rect().contains(point)) {
        return -1;
    }
    const QPoint inside = view_->viewport()->mapFromGlobal(point);
    Transcript& transcript = view_->transcript();
    const int y = inside.y() - view_->messageRect(index()).top() + transcript.top(index());
    return offsetOf(transcript.positionAt(inside.x(), y));
}

void AccessibleMessage::scrollToSubstring(int start, int) {
    if (isValid()) {
        view_->ensureVisible(view_->transcript().caretRect(positionOf(start)), 40);
    }
}

QString AccessibleMessage::attributes(int offset, int* start, int* end) const {
    Q_UNUSED(offset)
    *start = 0;
    *end = characterCount();
    return {};
}

QStringList AccessibleMessage::actionNames() const {
    return {setFocusAction()};
}

void AccessibleMessage::doAction(const QString& name) {
    if (name == setFocusAction() && isValid()) {
        view_->setFocus(Qt::OtherFocusReason);
        view_->setCurrentMessage(index());
        view_->scrollToMessage(id_);
    }
}

QAccessibleInterface* AccessibleControl::parent() const {
    return view_ ? accessibleMessage(view_, message()) : nullptr;
}

std::optional<Control> AccessibleControl::control() const {
    const int at = message();
    if (at < 0) {
        return std::nullopt;
    }
    const QVector<Control> controls = controlsOf(view_->transcript().item(at), view_->transcript().extras(at),
                                                 view_->transcript().document(at));
    return control_ < controls.size() ? std::optional(controls[control_]) : std::nullopt;
}

QString AccessibleControl::text(QAccessible::Text kind) const {
    const std::optional<Control> what = control();
    return what && kind == QAccessible::Name ? what->name : QString();
}

QRect AccessibleControl::rect() const {
    const std::optional<Control> what = control();
    if (!what) {
        return {};
    }
    const QRect inside = view_->transcript().frame(message()).controlRect(*what);
    const QPoint origin(0, view_->messageRect(message()).top());
    return QRect(view_->viewport()->mapToGlobal(inside.topLeft() + origin), inside.size());
}

QAccessible::Role AccessibleControl::role() const {
    const std::optional<Control> what = control();
    return what && what->kind == Control::Kind::link ? QAccessible::Link : QAccessible::Button;
}

QAccessible::State AccessibleControl::state() const {
    QAccessible::State state;
    state.focusable = true;
    state.invalid = !isValid();
    return state;
}

void* AccessibleControl::interface_cast(QAccessible::InterfaceType type) {
    return type == QAccessible::ActionInterface ? static_cast<QAccessibleActionInterface*>(this) : nullptr;
}

void AccessibleControl::doAction(const QString& name) {
    const std::optional<Control> what = control();
    if (what && name == pressAction()) {
        view_->activate(message(), *what);
    }
}

QAccessibleInterface* AccessibleStatus::parent() const {
    return QAccessible::queryAccessibleInterface(view_.data());
}

QAccessible::State AccessibleStatus::state() const {
    QAccessible::State state;
    state.readOnly = true;
    state.invisible = true;
    return state;
}

}  // namespace tendril::ui
