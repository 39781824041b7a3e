// SPDX-License-Identifier: Apache-2.0
// All messages of the open conversation and where they stand. GUI thread, owned by the view.
#include "ui/conversation/transcript.h"

#include <algorithm>
#include <utility>

#include "ui/conversation/points.h"

namespace tendril::ui {
namespace {

bool isBusy(app::MessageState state) {
    return state == app::MessageState::waiting || state == app::MessageState::streaming;
}

markup::Sections readMessage(const app::MessageItem& item) {
    const bool points = growsInPoints(item);
    markup::Sections read(static_cast<std::size_t>(points ? item.expansion.points.size() : 1));
    for (std::size_t i = 0; i < read.sections(); ++i) {
        const QString source =
            points ? pointSource(item.expansion.points[static_cast<qsizetype>(i)]) : item.text;
        const QByteArray utf8 = source.toUtf8();
        read.append(i, std::string_view(utf8.constData(), static_cast<std::size_t>(utf8.size())));
    }
    read.finish();
    return read;
}

constexpr std::size_t kKeptFrames = 24;  // messages out of sight that stay laid out
constexpr int kMargin = 24;              // above the first and below the last message

}  // namespace

Transcript::Transcript(const ViewTheme& theme) : theme_(theme) {}

void Transcript::set(const QVector<app::MessageItem>& items) {
    rows_.clear();
    indices_.clear();
    rows_.reserve(static_cast<std::size_t>(items.size()));
    for (const app::MessageItem& item : items) {
        append(item);
    }
    dirtyFrom(0);
}

void Transcript::append(const app::MessageItem& item) {
    auto row = std::make_unique<Row>();
    row->item = item;
    row->revision = ++revisions_;
    row->height = guessedHeight(item);
    indices_.insert(item.id, count());
    rows_.push_back(std::move(row));
    dirtyFrom(count() - 1);
}

/// Throws away what is laid out of a message that now reads differently.
Transcript::Change Transcript::remake(int index) {
    Row& row = *rows_[static_cast<std::size_t>(index)];
    const auto before = static_cast<std::size_t>(row.frame ? row.frame->body().blockCount() : 0);
    row.frame.reset();
    row.height = guessedHeight(row.item);
    dirtyFrom(index);
    return {index, {0, before, 0}};
}

Transcript::Change Transcript::update(const app::MessageItem& item) {
    const int index = indexOf(item.id);
    if (index < 0) {
        return {};
    }
    Row& row = *rows_[static_cast<std::size_t>(index)];
    if (growsInPoints(row.item) && item.text.isEmpty() && item.expansion.empty() && isBusy(item.state)) {
        app::MessageItem kept = item;  // whoever tells of it does not know of the points
        kept.expansion = row.item.expansion;
        return update(kept);
    }
    if (growsInPoints(row.item) && growsInPoints(item)) {
        const app::ExpansionItem before = std::exchange(row.item, item).expansion;
        row.item.expansion = before;
        return setExpansion(item.id, item.expansion);
    }
    const bool points = growsInPoints(row.item) || growsInPoints(item);
    const bool grown = !points && item.text.startsWith(row.item.text) && item.role == row.item.role;
    const QString more = grown ? item.text.mid(row.item.text.size()) : QString();
    const bool whole = growsInPoints(row.item) && !isBusy(item.state);
    row.item = item;
    row.revision = ++revisions_;
    Change change{index, {}};
    if (row.frame && (grown || whole)) {
        if (!more.isEmpty()) {
            row.frame->append(0, more);
        }
        change.blocks = row.frame->update();
    } else {
        change = remake(index);
    }
    heightChanged(index);
    return change;
}

Transcript::Change Transcript::setExpansion(qint64 id, const app::ExpansionItem& expansion) {
    const int index = indexOf(id);
    if (index < 0) {
        return {};
    }
    Row& row = *rows_[static_cast<std::size_t>(index)];
    const QVector<app::PointItem> before = row.item.expansion.points;
    const bool grew = growsInPoints(row.item);
    row.item.expansion = expansion;
    bool same = grew && growsInPoints(row.item) && before.size() == expansion.points.size();
    for (qsizetype i = 0; i < qMin(before.size(), expansion.points.size()); ++i) {
        app::PointItem& point = row.item.expansion.points[i];
        same = same && point.heading == before[i].heading;
        if (point.heading == before[i].heading && point.text.size() < before[i].text.size()) {
            point.text = before[i].text;
        }
        same = same && point.text.size() == before[i].text.size();
    }
    row.revision = ++revisions_;
    Change change{index, {}};
    if (same || (!grew && !growsInPoints(row.item))) {
        if (row.frame) {
            change.blocks = row.frame->update();
        }
    } else {
        change = remake(index);
    }
    heightChanged(index);
    return change;
}

Transcript::Change Transcript::appendToPoint(qint64 id, int point, const QString& text) {
    const int index = indexOf(id);
    if (index < 0) {
        return {};
    }
    Row& row = *rows_[static_cast<std::size_t>(index)];
    if (!growsInPoints(row.item) || point < 0 || point >= row.item.expansion.points.size()) {
        return {};
    }
    row.item.expansion.points[point].text += text;
    row.item.state = app::MessageState::streaming;
    row.revision = ++revisions_;
    Change change{index, {}};
    if (row.frame) {
        change.blocks = row.frame->append(static_cast<std::size_t>(point), text);
    } else {
        row.height = guessedHeight(row.item);
        dirtyFrom(index);
    }
    heightChanged(index);
    return change;
}

int Transcript::appendText(qint64 id, const QString& text) {
    const int index = indexOf(id);
    if (index < 0) {
        return -1;
    }
    Row& row = *rows_[static_cast<std::size_t>(index)];
    row.item.text += text;
    row.revision = ++revisions_;
    if (row.item.state == app::MessageState::waiting) {
        row.item.state = app::MessageState::streaming;
    }
    if (row.frame) {
        row.frame->append(0, text);
    } else {
        row.height = guessedHeight(row.item);
        dirtyFrom(index);
    }
    heightChanged(index);
    return index;
}

void Transcript::setLeftOut(const QVector<qint64>& ids) {
    for (const auto& row : rows_) {
        row->item.leftOut = ids.contains(row->item.id);
    }
}

/// What stands around a message's text has changed.
Transcript::Change Transcript::refresh(int index) {
    Row& row = *rows_[static_cast<std::size_t>(index)];
    if (row.frame) {
        row.frame->update();
    } else {
        row.height = guessedHeight(row.item) + theme_.px(44) * static_cast<int>(row.extras.marks.size());
        dirtyFrom(index);
    }
    heightChanged(index);
    return {index, {}};
}

Transcript::Change Transcript::setMarks(int i, const QVector<app::MemoryMarkItem>& marks) {
    rows_[static_cast<std::size_t>(i)]->extras.marks = marks;
    return refresh(i);
}

Transcript::Change Transcript::toggleSources(int i) {
    MessageExtras& extras = rows_[static_cast<std::size_t>(i)]->extras;
    extras.sourcesOpen = !extras.sourcesOpen;
    return refresh(i);
}

Transcript::Change Transcript::toggleMark(int i, int mark) {
    MessageExtras& extras = rows_[static_cast<std::size_t>(i)]->extras;
    const qint64 id = extras.marks.value(mark).id;
    if (!extras.marksOpen.remove(id)) {
        extras.marksOpen.insert(id);
    }
    return refresh(i);
}

void Transcript::setWidth(int viewportWidth) {
    if (viewportWidth == width_) {
        return;
    }
    width_ = viewportWidth;
    forgetLayouts();
}

void Transcript::forgetLayouts() {
    for (const auto& row : rows_) {
        row->frame.reset();
        row->height = guessedHeight(row->item);
    }
    dirtyFrom(0);
}

int Transcript::guessedHeight(const app::MessageItem& item) const {
    const int column = qMax(theme_.px(120), qMin(theme_.px(760), width_ - theme_.px(48)));
    const qreal perLine = qMax(1.0, column / theme_.characterWidth);
    const int lines = 1 + static_cast<int>(static_cast<qreal>(shownLength(item)) * 1.25 / perLine);
    const qsizetype points = growsInPoints(item) ? item.expansion.points.size() : 0;
    return theme_.px(84) + (lines + 2 * static_cast<int>(points)) * theme_.lineHeight +
           (item.error.isEmpty() ? 0 : theme_.px(56)) +
           theme_.px(24) * static_cast<int>(item.documents.size()) +
           (item.sources.isEmpty() ? 0 : theme_.px(34));
}

void Transcript::dirtyFrom(int i) {
    validTops_ = qMin(validTops_, i);
}

void Transcript::settleTops(int upTo) const {
    tops_.resize(rows_.size() + 1);
    if (validTops_ == 0) {
        tops_[0] = kMargin;
    }
    for (; validTops_ < upTo; ++validTops_) {
        const auto i = static_cast<std::size_t>(validTops_);
        tops_[i + 1] = tops_[i] + rows_[i]->height;
    }
}

int Transcript::top(int i) const {
    settleTops(i);
    return tops_[static_cast<std::size_t>(i)];
}

int Transcript::totalHeight() const {
    return rows_.empty() ? 0 : top(count()) + kMargin;
}

int Transcript::messageAt(int y) const {
    if (rows_.empty()) {
        return -1;
    }
    settleTops(count());
    const auto after = std::upper_bound(tops_.begin(), tops_.begin() + count(), y);
    return qMax(0, static_cast<int>(after - tops_.begin()) - 1);
}

MessageFrame& Transcript::frame(int i) {
    Row& row = *rows_[static_cast<std::size_t>(i)];
    row.used = ++clock_;
    if (!row.frame) {
        row.frame = std::make_unique<MessageFrame>(row.item, row.extras, theme_, syntaxes_);
        row.frame->setWidth(width_);
        heightChanged(i);
    }
    return *row.frame;
}

int Transcript::frameCount() const {
    return static_cast<int>(
        std::count_if(rows_.begin(), rows_.end(), [](const auto& row) { return row->frame != nullptr; }));
}

void Transcript::heightChanged(int i) {
    Row& row = *rows_[static_cast<std::size_t>(i)];
    if (row.frame && row.frame->height() != row.height) {
        row.height = row.frame->height();
        dirtyFrom(i);
    }
}

bool Transcript::layOut(int y0, int y1) {
    bool changed = false;
    for (int i = qMax(0, messageAt(y0)); i < count() && top(i) <= y1; ++i) {
        const int before = height(i);
        const bool made = !hasFrame(i);
        const bool placed = frame(i).layOut(y0 - top(i), y1 - top(i));
        heightChanged(i);
        changed = changed || made || placed || height(i) != before;
    }
    return changed;
}

void Transcript::dropFarFrames(int first, int last) {
    std::vector<Row*> far;
    for (int i = 0; i < count(); ++i) {
        Row* row = rows_[static_cast<std::size_t>(i)].get();
        if (row->frame && (i < first || i > last)) {
            far.push_back(row);
        }
    }
    if (far.size() <= kKeptFrames) {
        return;
    }
    std::sort(far.begin(), far.end(), [](const Row* a, const Row* b) { return a->used > b->used; });
    for (std::size_t i = kKeptFrames; i < far.size(); ++i) {
        far[i]->frame.reset();
    }
}

/// The first block in sight that is laid out: what a person reads. Guessed heights around it may change, its
/// place may not.
Anchor Transcript::anchorAt(int y, int viewportHeight) const {
    Anchor fallback;
    for (int i = qMax(0, messageAt(y)); i < count() && top(i) < y + viewportHeight; ++i) {
        if (fallback.message < 0) {
            fallback = {i, -1, top(i) - y, 0};
        }
        if (!hasFrame(i)) {
            continue;
        }
        const MessageFrame& shown = *rows_[static_cast<std::size_t>(i)]->frame;
        const MessageBody& body = shown.body();
        const int origin = top(i) + shown.bodyOrigin().y();
        for (int b = qMax(0, body.blockAt(y - origin));
             b < body.blockCount() && origin + body.top(b) < y + viewportHeight; ++b) {
            const int height =
                qMax(1, (b + 1 < body.blockCount() ? body.top(b + 1) : body.height()) - body.top(b));
            const int blockY = origin + body.top(b) - y;
            if (body.isLaidOut(b) && blockY + height > 0) {
                return {i, b, blockY, qBound(0.0, -static_cast<qreal>(blockY) / height, 1.0)};
            }
        }
    }
    return fallback;
}

Anchor Transcript::anchorOf(int message, int block, int y) const {
    const MessageFrame& shown = *rows_[static_cast<std::size_t>(message)]->frame;
    return {message, block, top(message) + shown.bodyOrigin().y() + shown.body().top(block) - y, 0};
}

int Transcript::scrollFor(const Anchor& anchor) const {
    if (anchor.message < 0 || anchor.message >= count()) {
        return 0;
    }
    int y = top(anchor.message);
    const Row& row = *rows_[static_cast<std::size_t>(anchor.message)];
    if (anchor.block >= 0 && row.frame && anchor.block < row.frame->body().blockCount()) {
        y += row.frame->bodyOrigin().y() + row.frame->body().top(anchor.block);
    }
    return y - anchor.screenY;
}

int Transcript::scrollForShare(const Anchor& anchor) {
    if (anchor.message < 0 || anchor.message >= count()) {
        return 0;
    }
    MessageFrame& shown = frame(anchor.message);
    if (anchor.block < 0 || anchor.block >= shown.body().blockCount()) {
        return top(anchor.message) - anchor.screenY;
    }
    BlockLayout& layout = shown.body().layout(anchor.block);
    heightChanged(anchor.message);
    const int blockTop = top(anchor.message) + shown.bodyOrigin().y() + shown.body().top(anchor.block);
    return blockTop - (anchor.screenY > 0 ? anchor.screenY : -qRound(layout.height() * anchor.share));
}

TextPosition Transcript::positionAt(int x, int y) {
    const int i = messageAt(y);
    if (i < 0) {
        return {};
    }
    MessageFrame& shown = frame(i);
    const QPoint inside = QPoint(x, y - top(i)) - shown.bodyOrigin();
    const int block = shown.body().blockAt(inside.y());
    if (block < 0) {
        return {i, 0, 0};
    }
    const QPoint at = inside - QPoint(shown.body().left(block), shown.body().top(block));
    BlockLayout& layout = shown.body().layout(block);
    if (at.y() < 0) {
        return {i, block, 0};
    }
    if (at.y() >= layout.height()) {
        return {i, block, static_cast<int>(plainText(shown.body().block(block)).size())};
    }
    return {i, block, layout.offsetAt(at)};
}

QRect Transcript::caretRect(const TextPosition& position) {
    MessageFrame& shown = frame(position.message);
    if (position.block >= shown.body().blockCount()) {
        return QRect(shown.bodyOrigin() + QPoint(0, top(position.message)), QSize(1, theme_.lineHeight));
    }
    const QRectF caret = shown.body().layout(position.block).caret(position.offset);
    heightChanged(position.message);
    const QPoint origin =
        shown.bodyOrigin() + QPoint(shown.body().left(position.block), shown.body().top(position.block));
    return caret.translated(origin).toAlignedRect().translated(0, top(position.message));
}

const markup::Sections& Transcript::document(int i) {
    Row& row = *rows_[static_cast<std::size_t>(i)];
    if (row.frame) {
        return row.frame->body().document();
    }
    if (spareRevision_ != row.revision) {
        spare_ = readMessage(row.item);
        spareRevision_ = row.revision;
    }
    return spare_;
}

}  // namespace tendril::ui
