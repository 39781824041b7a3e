// SPDX-License-Identifier: Apache-2.0
// Rows of the side bar and of the model chooser. GUI thread.
#include "ui/window/list_delegates.h"

#include <QLineEdit>
#include <QPainter>
#include <QTextLayout>
#include <QTextOption>

#include "ui/window/conversation_model.h"
#include "ui/window/icons.h"
#include "ui/window/theme.h"

namespace tendril::ui {

namespace {

constexpr int kMargin = 10;
constexpr int kGap = 3;
constexpr int kLock = 14;

QFont smaller(QFont font) {
    font.setPointSizeF(std::max(7.0, font.pointSizeF() * 0.88));
    return font;
}

QFont heavier(QFont font) {
    font.setWeight(QFont::DemiBold);
    return font;
}

void drawGround(QPainter* painter, const QStyleOptionViewItem& option, bool open, const ThemeColors& colors) {
    const QRectF box = QRectF(option.rect).adjusted(2, 1, -2, -1);
    const bool current = option.state.testFlag(QStyle::State_HasFocus);
    const bool hover = option.state.testFlag(QStyle::State_MouseOver);
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    if (open || hover) {
        painter->setBrush(open ? colors.selected : colors.hover);
        painter->drawRoundedRect(box, 7, 7);
    }
    if (current) {
        painter->setBrush(Qt::NoBrush);
        painter->setPen(QPen(colors.accent, 1.4));
        painter->drawRoundedRect(box.adjusted(0.7, 0.7, -0.7, -0.7), 7, 7);
    }
}

/// The text without its marks, and where the marked parts are.
QString takeHits(const QString& marked, const QColor& ground, QList<QTextLayout::FormatRange>& ranges) {
    QString plain;
    plain.reserve(marked.size());
    int start = -1;
    for (const QChar c : marked) {
        if (c == QChar(2)) {
            start = static_cast<int>(plain.size());
        } else if (c == QChar(3)) {
            if (start >= 0 && plain.size() > start) {
                QTextLayout::FormatRange range;
                range.start = start;
                range.length = static_cast<int>(plain.size()) - start;
                range.format.setBackground(ground);
                range.format.setFontWeight(QFont::DemiBold);
                ranges.append(range);
            }
            start = -1;
        } else {
            plain += c.isSpace() ? QChar(u' ') : c;
        }
    }
    return plain;
}

void drawDetail(QPainter* painter, const QRectF& rect, const QFont& font, const QString& marked,
                int maximumLines, const ThemeColors& colors) {
    QList<QTextLayout::FormatRange> ranges;
    const QString plain = takeHits(marked, colors.hit, ranges);
    for (QTextLayout::FormatRange& range : ranges) {
        range.format.setForeground(colors.text);
    }
    QTextLayout layout(plain, font, painter->device());
    layout.setFormats(ranges);
    QTextOption wrap;
    wrap.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    layout.setTextOption(wrap);
    layout.beginLayout();
    qreal y = 0;
    for (int i = 0; i < maximumLines; ++i) {
        QTextLine line = layout.createLine();
        if (!line.isValid()) {
            break;
        }
        line.setLineWidth(rect.width());
        line.setPosition(QPointF(0, y));
        y += line.height();
    }
    layout.endLayout();
    painter->setPen(colors.muted);
    layout.draw(painter, rect.topLeft());
}

}  // namespace

void ConversationDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                                 const QModelIndex& index) const {
    painter->save();
    const ThemeColors& colors = currentColors();
    const QString text = index.data(Qt::DisplayRole).toString();
    if (index.data(ConversationModel::HeadingRole).toBool()) {
        const QFont font = heavier(smaller(option.font));
        painter->setFont(font);
        painter->setPen(colors.muted);
        const QRect line = option.rect.adjusted(kMargin, 0, -kMargin, -4);
        painter->drawText(line, Qt::AlignLeft | Qt::AlignBottom,
                          QFontMetrics(font).elidedText(text, Qt::ElideRight, line.width()));
    } else {
        drawGround(painter, option, index.data(ConversationModel::OpenRole).toBool(), colors);
        painter->setFont(option.font);
        painter->setPen(colors.text);
        QRect line = option.rect.adjusted(kMargin, 0, -kMargin, 0);
        if (index.data(ConversationModel::PrivateRole).toBool()) {
            const QRect mark(line.right() - kLock + 1, line.center().y() - kLock / 2, kLock, kLock);
            icon(QStringLiteral("lock"), IconColor::muted).paint(painter, mark);
            line.setRight(mark.left() - 4);
        }
        painter->drawText(line, Qt::AlignLeft | Qt::AlignVCenter,
                          option.fontMetrics.elidedText(text, Qt::ElideRight, line.width()));
    }
    painter->restore();
}

QSize ConversationDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const bool heading = index.data(ConversationModel::HeadingRole).toBool();
    const int line = option.fontMetrics.height();
    return {80, heading ? line + (index.row() == 0 ? 8 : 18) : line + 15};
}

QWidget* ConversationDelegate::createEditor(QWidget* parent, const QStyleOptionViewItem&,
                                            const QModelIndex&) const {
    auto* edit = new QLineEdit(parent);
    edit->setMaxLength(300);
    edit->setAccessibleName(tr("Title of the conversation"));
    return edit;
}

void ConversationDelegate::setEditorData(QWidget* editor, const QModelIndex& index) const {
    // The view calls this at each change of the row as well; what is being typed wins.
    if (auto* edit = qobject_cast<QLineEdit*>(editor); edit != nullptr && !edit->isModified()) {
        QStyledItemDelegate::setEditorData(editor, index);
    }
}

void ConversationDelegate::updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                                                const QModelIndex&) const {
    editor->setGeometry(option.rect.adjusted(1, 1, -1, -1));
}

void TwoLineDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                            const QModelIndex& index) const {
    painter->save();
    const ThemeColors& colors = currentColors();
    drawGround(painter, option, option.state.testFlag(QStyle::State_Selected), colors);
    QRectF rest = QRectF(option.rect).adjusted(kMargin, kMargin - 2, -kMargin, -4);
    const QFont titleFont = heavier(option.font);
    const QFont detailFont = smaller(option.font);
    const QFontMetricsF titleMetrics(titleFont);
    const QFontMetricsF detailMetrics(detailFont);
    painter->setFont(titleFont);
    painter->setPen(colors.text);
    QList<QTextLayout::FormatRange> unused;
    const QString title = takeHits(index.data(Qt::DisplayRole).toString(), colors.hit, unused);
    painter->drawText(QRectF(rest.topLeft(), QSizeF(rest.width(), titleMetrics.height())),
                      Qt::AlignLeft | Qt::AlignVCenter,
                      titleMetrics.elidedText(title, Qt::ElideRight, rest.width()));
    rest.setTop(rest.top() + titleMetrics.height() + kGap);
    const QString fit = index.data(FitRole).toString();
    drawDetail(painter, rest, detailFont, index.data(DetailRole).toString(), fit.isEmpty() ? 2 : 1, colors);
    if (!fit.isEmpty()) {
        rest.setTop(rest.top() + detailMetrics.height() + kGap - 1);
        const int state = index.data(FitStateRole).toInt();
        painter->setFont(detailFont);
        painter->setPen(state == fits ? colors.good : state == tooLarge ? colors.warning : colors.error);
        painter->drawText(QRectF(rest.topLeft(), QSizeF(rest.width(), detailMetrics.height())),
                          Qt::AlignLeft | Qt::AlignVCenter,
                          detailMetrics.elidedText(fit, Qt::ElideRight, rest.width()));
    }
    painter->restore();
}

QSize TwoLineDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const {
    const QFontMetricsF title(heavier(option.font));
    const QFontMetricsF detail(smaller(option.font));
    return {120,
            static_cast<int>(std::ceil(title.height() + 2 * detail.height() + 2 * kGap)) + 2 * kMargin - 4};
}

}  // namespace tendril::ui
