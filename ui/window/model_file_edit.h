// SPDX-License-Identifier: Apache-2.0
// A row in which the file of a second model is named or chosen, and which says when there is no such file.
// GUI thread; owned by the settings dialog.
#pragma once

#include <QWidget>

class QLabel;
class QLineEdit;

namespace tendril::ui {

class ModelFileEdit final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ModelFileEdit)

  public:
    struct Words {
        QString what;     ///< accessible name of the field
        QString choose;   ///< of the button, and the title of its dialog
        QString without;  ///< placeholder: what happens when no file is named
        QString missing;  ///< the same as a sentence, said when the file is not there
    };
    /// `name`: object name of the field; those of the button, the dialog and the sentence begin with it.
    ModelFileEdit(const QString& name, const Words& words, QWidget* parent);

    QString file() const;
    void setFile(const QString& file);
    void setFolder(const QString& folder) { folder_ = folder; }  ///< where choosing begins without a file

  Q_SIGNALS:
    void changed();

  private:
    void choose();
    void check();

    Words words_;
    QString folder_;
    QLineEdit* field_;
    QLabel* note_;
};

}  // namespace tendril::ui
