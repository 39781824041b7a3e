// SPDX-License-Identifier: Apache-2.0
// The hint over the whole window while a file is dragged over it. GUI thread; owned by the main window.
#pragma once

#include <QString>
#include <QStringList>
#include <QWidget>

class QMimeData;

namespace tendril::ui {

/// The model file in what is dragged or dropped; empty: there is none (only a look at the name, the disk is
/// not asked).
QString modelFileIn(const QMimeData* data);

/// Other local files in what is dragged, dropped or pasted, when there is no model among them.
QStringList documentFilesIn(const QMimeData* data);

class DropOverlay final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(DropOverlay)

  public:
    explicit DropOverlay(QWidget* parent);

    void offer(const QString& fileName);  ///< a model
    void offerDocuments(const QStringList& paths);
    void withdraw() { hide(); }

  protected:
    void paintEvent(QPaintEvent* event) override;

  private:
    void showText(const QString& text);

    QString text_;
};

}  // namespace tendril::ui
