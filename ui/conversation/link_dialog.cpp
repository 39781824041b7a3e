// SPDX-License-Identifier: Apache-2.0
// Asks before a link is opened, and shows where it really leads. GUI thread.
#include "ui/conversation/link_dialog.h"

#include <QApplication>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QFontDatabase>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace tendril::ui {
namespace {

constexpr int kMaxShown = 4'000;  // characters; a data: address can be megabytes long

QString visible(const QString& text) {
    QString out;
    for (const uint c : text.toUcs4()) {
        const QChar::Category category = QChar::category(c);
        const bool hidden = category == QChar::Other_Control || category == QChar::Other_Format ||
                            category == QChar::Other_Surrogate || category == QChar::Separator_Line ||
                            category == QChar::Separator_Paragraph ||
                            (category == QChar::Separator_Space && c != ' ') || c == 0x034F || c == 0x115F ||
                            c == 0x1160 || c == 0x3164 || c == 0xFFA0 || (c >= 0xFE00 && c <= 0xFE0F);
        if (hidden) {
            out += QStringLiteral("<U+%1>").arg(
                QString::number(c, 16).toUpper().rightJustified(4, QLatin1Char('0')));
        } else {
            out += QString::fromUcs4(reinterpret_cast<const char32_t*>(&c), 1);
        }
    }
    return out;
}

}  // namespace

QUrl openableUrl(const QString& address) {
    const QUrl url(address.trimmed(), QUrl::StrictMode);
    const QString scheme = url.scheme().toLower();
    const bool web =
        (scheme == QLatin1String("http") || scheme == QLatin1String("https")) && !url.host().isEmpty();
    return url.isValid() && (web || scheme == QLatin1String("mailto")) ? url : QUrl();
}

QString visibleAddress(const QString& address) {
    const QUrl url = openableUrl(address);
    // Fully encoded: the host in punycode, everything that is not ASCII as %XX. Nothing can look like
    // something else.
    return url.isEmpty() ? visible(address.left(kMaxShown))
                         : QString::fromLatin1(url.toEncoded(QUrl::FullyEncoded)).left(kMaxShown);
}

LinkDialog::LinkDialog(const QString& address, QWidget* parent) : QDialog(parent) {
    const QUrl url = openableUrl(address);
    setWindowTitle(tr("Open link"));
    auto* layout = new QVBoxLayout(this);
    auto* question = new QLabel(this);
    question->setTextFormat(Qt::PlainText);
    question->setWordWrap(true);
    const QString host = url.host(QUrl::FullyEncoded);
    if (url.isEmpty()) {
        question->setText(tr("Tendril opens web and mail addresses only. This is where the link leads:"));
    } else if (host.isEmpty()) {
        question->setText(tr("Write a mail with your mail program? This is where the link leads:"));
    } else {
        question->setText(tr("Open this address of %1 in your web browser?").arg(host));
    }
    layout->addWidget(question);
    auto* shown = new QPlainTextEdit(visibleAddress(address), this);
    shown->setReadOnly(true);
    shown->setTabChangesFocus(true);
    shown->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    shown->setAccessibleName(tr("Address"));
    shown->setFixedHeight(shown->fontMetrics().lineSpacing() * 4 + 16);
    layout->addWidget(shown);
    if (!url.userInfo().isEmpty()) {
        auto* warning = new QLabel(
            tr("The part before the @ is a user name, not the site. The site is %1.").arg(host), this);
        warning->setTextFormat(Qt::PlainText);
        warning->setWordWrap(true);
        layout->addWidget(warning);
    }
    auto* buttons = new QDialogButtonBox(this);
    QPushButton* cancel =
        buttons->addButton(url.isEmpty() ? QDialogButtonBox::Close : QDialogButtonBox::Cancel);
    QPushButton* copy = buttons->addButton(tr("&Copy address"), QDialogButtonBox::ActionRole);
    connect(copy, &QPushButton::clicked, this, [address] { QApplication::clipboard()->setText(address); });
    if (!url.isEmpty()) {
        QPushButton* open = buttons->addButton(tr("&Open"), QDialogButtonBox::AcceptRole);
        open->setObjectName(QStringLiteral("open"));
        open->setAutoDefault(false);
        connect(open, &QPushButton::clicked, this, [this, url] {
            Q_EMIT openRequested(url);
            accept();
        });
    }
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    layout->addWidget(buttons);
    cancel->setDefault(true);
    cancel->setFocus();
    resize(520, sizeHint().height());
}

}  // namespace tendril::ui
