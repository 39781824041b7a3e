// SPDX-License-Identifier: Apache-2.0
// The person's choices. Every change is told at once; there is nothing to confirm. GUI thread; owned by the
// main window.
#pragma once

#include <QDialog>

#include "app/settings.h"
#include "ui/window/model_file_edit.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QFormLayout;
class QListWidget;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;
class QTimer;

namespace tendril::ui {

class SettingsDialog final : public QDialog {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SettingsDialog)

  public:
    explicit SettingsDialog(const app::Settings& settings, QWidget* parent = nullptr);

    void setSettings(const app::Settings& settings);  ///< shows them without telling
    app::Settings settings() const;                   ///< what is shown, clamped
    void flush();  ///< tells now what is waiting (text is told after a pause in typing)

  Q_SIGNALS:
    void changed(const tendril::app::Settings& settings);

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void done(int result) override;

  private:
    QWidget* generalPage();
    QWidget* answersPage();
    QWidget* samplingPage();
    QWidget* readingPage();
    QWidget* computerPage();
    // settings_memory_page.cpp
    QWidget* memoryPage();
    ModelFileEdit* modelFile(const char* name, const ModelFileEdit::Words& words);
    QComboBox* chooser(const char* name);
    void showMemory(const app::Settings& settings);
    void readMemory(app::Settings& settings) const;

    QCheckBox* choice(const QString& text, const char* name);
    QWidget* foldersEditor();
    void addRow(QFormLayout* form, const QString& label, QWidget* control, const QString& hint);
    QDoubleSpinBox* decimal(double minimum, double maximum, double step, const QString& off = {});
    QSpinBox* whole(int minimum, int maximum, int step, const QString& zero = {});
    void addFolder();
    void tell();
    void tellSoon();
    void reset();

    app::Settings base_;  ///< what the dialog does not show is kept from here
    bool showing_ = false;
    QTimer* timer_;
    QComboBox* theme_ = nullptr;
    QComboBox* mode_ = nullptr;
    QSpinBox* font_ = nullptr;
    QListWidget* folders_ = nullptr;
    QPushButton* removeFolder_ = nullptr;
    QPlainTextEdit* prompt_ = nullptr;
    QCheckBox* shorten_ = nullptr;
    QCheckBox* prune_ = nullptr;
    QComboBox* memoryMethod_ = nullptr;
    QComboBox* compressMethod_ = nullptr;
    QSpinBox* compressRate_ = nullptr;
    ModelFileEdit* scorer_ = nullptr;
    ModelFileEdit* embedding_ = nullptr;
    QSpinBox* maxAnswer_ = nullptr;
    QDoubleSpinBox* temperature_ = nullptr;
    QSpinBox* topK_ = nullptr;
    QDoubleSpinBox* topP_ = nullptr;
    QDoubleSpinBox* minP_ = nullptr;
    QDoubleSpinBox* repetition_ = nullptr;
    QDoubleSpinBox* presence_ = nullptr;
    QCheckBox* fixedSeed_ = nullptr;
    QSpinBox* seed_ = nullptr;
    QCheckBox* readAhead_ = nullptr;
    QCheckBox* titles_ = nullptr;
    QCheckBox* battery_ = nullptr;
    QCheckBox* diskCache_ = nullptr;
    QDoubleSpinBox* quota_ = nullptr;
    QSpinBox* threads_ = nullptr;
    QSpinBox* context_ = nullptr;
};

}  // namespace tendril::ui
