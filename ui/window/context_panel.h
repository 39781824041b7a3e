// SPDX-License-Identifier: Apache-2.0
// What the model has in its context: the parts in numbers, what would become shorter if the draft were sent
// now, and what can be done about it. Opens above the meter; GUI thread, owned by the status line's window.
#pragma once

#include <QFrame>
#include <QHash>

#include "app/chat_types.h"

class QCheckBox;
class QGridLayout;
class QLabel;
class QProgressBar;
class QPushButton;

namespace tendril::ui {

class ContextPanel final : public QFrame {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ContextPanel)

  public:
    explicit ContextPanel(QWidget* parent);

    /// `names`: of documents, by their ids.
    void setPlan(const app::ContextPlanItem& plan, const QHash<qint64, QString>& names);
    void setAutomatic(bool automatic);  ///< without telling
    void setWork(const app::MemoryWorkItem& work);
    void setIdle(bool idle);  ///< no answer is being written
    void showAbove(const QWidget& anchor);

  Q_SIGNALS:
    void shortenRequested();
    void cancelRequested();
    void automaticChanged(bool automatic);

  private:
    void showParts(const app::ContextPlanItem& plan);
    void fit();

    QLabel* sum_;
    QGridLayout* grid_;
    QVector<QWidget*> rows_;
    QLabel* planned_;
    QWidget* workRow_;
    QLabel* work_;
    QProgressBar* progress_;
    QPushButton* cancel_;
    QPushButton* shorten_;
    QCheckBox* automatic_;
    const QWidget* anchor_ = nullptr;
    bool working_ = false;
    bool idle_ = true;
};

}  // namespace tendril::ui
