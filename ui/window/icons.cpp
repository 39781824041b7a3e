// SPDX-License-Identifier: Apache-2.0
// An icon engine that renders an SVG of the resources in a colour of the theme. GUI thread.
#include "ui/window/icons.h"

#include <QFile>
#include <QGuiApplication>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

#include "ui/window/theme.h"

namespace tendril::ui {

namespace {

QColor colorOf(IconColor color, QIcon::Mode mode) {
    const ThemeColors& c = currentColors();
    if (mode == QIcon::Disabled) {
        return c.disabled;
    }
    switch (color) {
        case IconColor::text:
            return c.text;
        case IconColor::muted:
            return c.muted;
        case IconColor::onAccent:
            return c.accentText;
        case IconColor::good:
            return c.good;
        case IconColor::error:
            return c.error;
        case IconColor::warning:
            return c.warning;
    }
    return c.text;
}

class LineIconEngine final : public QIconEngine {
  public:
    LineIconEngine(QString name, IconColor color) : name_(std::move(name)), color_(color) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
        const qreal ratio = painter->device() != nullptr ? painter->device()->devicePixelRatioF() : 1.0;
        painter->drawPixmap(rect, render(rect.size() * ratio, mode));
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State) override { return render(size, mode); }

    QIconEngine* clone() const override { return new LineIconEngine(name_, color_); }

    QString key() const override { return QStringLiteral("tendril-line-icon"); }

  private:
    QPixmap render(const QSize& size, QIcon::Mode mode) const {
        const QColor color = colorOf(color_, mode);
        const QString key = QStringLiteral("tendril-%1-%2-%3x%4")
                                .arg(name_, color.name())
                                .arg(size.width())
                                .arg(size.height());
        QPixmap pixmap;
        if (QPixmapCache::find(key, &pixmap)) {
            return pixmap;
        }
        QFile file(QStringLiteral(":/icons/%1.svg").arg(name_));
        pixmap = QPixmap(size);
        pixmap.fill(Qt::transparent);
        if (file.open(QIODevice::ReadOnly)) {
            QSvgRenderer renderer(file.readAll().replace("currentColor", color.name().toLatin1()));
            QPainter painter(&pixmap);
            renderer.render(&painter);
        }
        QPixmapCache::insert(key, pixmap);
        return pixmap;
    }

    QString name_;
    IconColor color_;
};

}  // namespace

QIcon icon(const QString& name, IconColor color) {
    return QIcon(new LineIconEngine(name, color));
}

QIcon programIcon() {
    QIcon icon;
    QSvgRenderer renderer(QStringLiteral(":/icons/tendril.svg"));
    for (const int size : {16, 24, 32, 48, 64, 128}) {
        QPixmap pixmap(size, size);
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        renderer.render(&painter);
        painter.end();
        icon.addPixmap(pixmap);
    }
    return icon;
}

}  // namespace tendril::ui
