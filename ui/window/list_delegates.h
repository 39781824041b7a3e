// SPDX-License-Identifier: Apache-2.0
// How rows of the side bar and of the model chooser are drawn. GUI thread; stateless, owned by their views.
#pragma once

#include <QStyledItemDelegate>

namespace tendril::ui {

/// A heading by date, or one conversation; the open one is tinted.
class ConversationDelegate final : public QStyledItemDelegate {
    Q_OBJECT

  public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option,
                          const QModelIndex& index) const override;
    void setEditorData(QWidget* editor, const QModelIndex& index) const override;
    void updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                              const QModelIndex& index) const override;
};

/// A first line in normal, up to two lines in muted text below it, with marked search hits.
class TwoLineDelegate final : public QStyledItemDelegate {
    Q_OBJECT

  public:
    enum Role {
        DetailRole = Qt::UserRole + 20,  ///< second line; hits between U+0002 and U+0003
        FitRole,                         ///< third line
        FitStateRole,                    ///< of the third line: FitState
    };
    enum FitState { fits = 0, tooLarge = 1, unusable = 2 };

    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace tendril::ui
