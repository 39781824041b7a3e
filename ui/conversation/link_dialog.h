// SPDX-License-Identifier: Apache-2.0
// Asks before a link is opened, and shows where it really leads. GUI thread; the view opens it, it deletes
// itself.
#pragma once

#include <QDialog>
#include <QUrl>

class QPushButton;

namespace tendril::ui {

/// The address with everything visible: the host as it goes over the wire (punycode), direction marks and
/// other invisible characters as
/// "<U+202E>".
QString visibleAddress(const QString& address);

/// Only web and mail addresses are ever opened; an empty URL for all others.
QUrl openableUrl(const QString& address);

class LinkDialog final : public QDialog {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(LinkDialog)

  public:
    explicit LinkDialog(const QString& address, QWidget* parent = nullptr);

  Q_SIGNALS:
    void openRequested(const QUrl& url);
};

}  // namespace tendril::ui
