// SPDX-License-Identifier: Apache-2.0
// The model in use, the way to another one, and how far its loading is. GUI thread; owned by the main window.
#pragma once

#include <QFrame>
#include <QVector>

#include "app/chat_types.h"

class QLabel;
class QListView;
class QProgressBar;
class QPushButton;
class QToolButton;

namespace tendril::ui {

class CachePanel;
class ModelList;

/// The list that drops from the button; closes on a choice, on Esc and on a click elsewhere.
class ModelPopup final : public QFrame {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ModelPopup)

  public:
    explicit ModelPopup(ModelList& models, QWidget* parent);

    void setSearching(bool searching);
    CachePanel& cache() { return *cache_; }
    void setCacheShown(bool shown);  ///< while a model is loaded
    void showBelow(const QWidget& anchor, int row);

  Q_SIGNALS:
    void chosen(int row);
    void openFileRequested();

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

  private:
    void fitSize();

    ModelList& models_;
    QListView* list_;
    QLabel* empty_;
    QPushButton* open_;
    QFrame* rule_;
    CachePanel* cache_;
    bool searching_ = true;
};

class ModelChooser final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ModelChooser)

  public:
    explicit ModelChooser(QWidget* parent = nullptr);

    void setState(const app::ModelState& state);
    void setModels(const QVector<app::ModelItem>& models);
    const ModelList& models() const { return *models_; }
    CachePanel& cache() { return popup_->cache(); }
    void openPopup();  ///< shows the list and asks for a fresh one
    bool popupVisible() const;

  Q_SIGNALS:
    void modelsWanted();
    void modelChosen(const QString& path);
    void openFileRequested();
    void cancelRequested();

  private:
    ModelList* models_;
    ModelPopup* popup_;
    QToolButton* button_;
    QProgressBar* progress_;
    QToolButton* cancel_;
    QString path_;
};

}  // namespace tendril::ui
