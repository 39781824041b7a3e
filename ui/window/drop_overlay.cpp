// SPDX-License-Identifier: Apache-2.0
// The drop hint. GUI thread.
#include "ui/window/drop_overlay.h"

#include <QFileInfo>
#include <QMimeData>
#include <QMimeDatabase>
#include <QPainter>
#include <QUrl>

#include "ui/window/icons.h"
#include "ui/window/theme.h"

namespace tendril::ui {

namespace {
/// By its name alone. Pictures, sounds and films have no text; of others the reader says it.
bool mayBeDocument(const QString& path) {
    const QMimeType type = QMimeDatabase().mimeTypeForFile(path, QMimeDatabase::MatchExtension);
    const QString name = type.name();
    const bool medium = name.startsWith(QLatin1String("image/")) ||
                        name.startsWith(QLatin1String("audio/")) || name.startsWith(QLatin1String("video/"));
    return type.inherits(QStringLiteral("text/plain")) || !medium;
}
}  // namespace

QString modelFileIn(const QMimeData* data) {
    if (data == nullptr || !data->hasUrls()) {
        return {};
    }
    const QList<QUrl> urls = data->urls();
    for (const QUrl& url : urls) {
        if (url.isLocalFile() && url.path().endsWith(QLatin1String(".gguf"), Qt::CaseInsensitive)) {
            return url.toLocalFile();
        }
    }
    return {};
}

QStringList documentFilesIn(const QMimeData* data) {
    QStringList files;
    if (data != nullptr && data->hasUrls() && modelFileIn(data).isEmpty()) {
        const QList<QUrl> urls = data->urls();
        for (const QUrl& url : urls) {
            if (url.isLocalFile() && !url.path().endsWith(QLatin1Char('/')) &&
                mayBeDocument(url.toLocalFile())) {
                files << url.toLocalFile();
            }
        }
    }
    return files;
}

DropOverlay::DropOverlay(QWidget* parent) : QWidget(parent) {
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setFocusPolicy(Qt::NoFocus);
    hide();
}

void DropOverlay::offer(const QString& fileName) {
    showText(tr("Drop to load %1").arg(fileName));
}

void DropOverlay::offerDocuments(const QStringList& paths) {
    showText(paths.size() == 1
                 ? tr("Drop to attach %1 to your message").arg(QFileInfo(paths.first()).fileName())
                 : tr("Drop to attach %1 documents to your message").arg(paths.size()));
}

void DropOverlay::showText(const QString& text) {
    text_ = text;
    setAccessibleName(text_);
    setGeometry(parentWidget()->rect());
    raise();
    show();
    update();
}

void DropOverlay::paintEvent(QPaintEvent*) {
    const ThemeColors& colors = currentColors();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QColor veil = colors.base;
    veil.setAlphaF(0.92F);
    painter.fillRect(rect(), veil);
    painter.setPen(QPen(colors.accent, 2, Qt::DashLine));
    painter.drawRoundedRect(QRectF(rect()).adjusted(24, 24, -24, -24), 18, 18);
    const QRect mark(rect().center().x() - 24, rect().center().y() - 56, 48, 48);
    icon(QStringLiteral("drop"), IconColor::good).paint(&painter, mark);
    QFont font = painter.font();
    font.setPointSizeF(font.pointSizeF() * 1.3);
    font.setWeight(QFont::DemiBold);
    painter.setFont(font);
    painter.setPen(colors.text);
    painter.drawText(rect().adjusted(48, rect().height() / 2 + 4, -48, 0),
                     Qt::AlignHCenter | Qt::AlignTop | Qt::TextWordWrap, text_);
}

}  // namespace tendril::ui
