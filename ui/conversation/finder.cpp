// SPDX-License-Identifier: Apache-2.0
// Finds a text in the conversation as it is shown. GUI thread, owned by the view.
#include "ui/conversation/finder.h"

#include <QElapsedTimer>

namespace tendril::ui {

void Finder::start(const QString& text) {
    if (text == text_) {
        return;
    }
    text_ = text;
    current_ = {};
    messagesChanged(0);
}

void Finder::messagesChanged(int from) {
    while (counted_ > from) {
        --counted_;
        total_ -= counts_.back();
        counts_.pop_back();
    }
    if (current_.begin.message >= transcript_.count()) {
        current_ = {};
    }
}

void Finder::blocksMoved(int message, const markup::BlockChange& change) {
    if (current_.isValid() && current_.begin.message == message) {
        current_.begin.block =
            static_cast<int>(change.moved(static_cast<std::size_t>(qMax(0, current_.begin.block))));
    }
}

QVector<Marks::Match> Finder::matchesIn(int message, int block, const QString& plain) const {
    QVector<Marks::Match> out;
    if (text_.isEmpty()) {
        return out;
    }
    for (qsizetype at = plain.indexOf(text_, 0, Qt::CaseInsensitive); at >= 0;
         at = plain.indexOf(text_, at + text_.size(), Qt::CaseInsensitive)) {
        const int begin = static_cast<int>(at);
        out.append({begin, begin + static_cast<int>(text_.size()),
                    current_.begin == TextPosition{message, block, begin}});
    }
    return out;
}

Finder::Place Finder::next(const TextPosition& from, bool forward) {
    const int messages = transcript_.count();
    if (text_.isEmpty() || messages == 0) {
        return {};
    }
    const int start = qBound(0, from.message, messages - 1);
    // Once around, and the start once more for what stands on its other side.
    for (int step = 0; step <= messages; ++step) {
        const int message = ((start + (forward ? step : -step)) % messages + messages) % messages;
        const markup::Sections& document = transcript_.document(message);
        const int blocks = static_cast<int>(document.size());
        for (int i = 0; i < blocks; ++i) {
            const int block = forward ? i : blocks - 1 - i;
            QVector<Marks::Match> matches =
                matchesIn(message, block, plainText(document[static_cast<std::size_t>(block)]));
            if (!forward) {
                std::reverse(matches.begin(), matches.end());
            }
            for (const Marks::Match& match : matches) {
                const TextPosition at{message, block, match.begin};
                if (step > 0 || (forward ? at > from : at < from)) {
                    current_ = {at, static_cast<int>(text_.size())};
                    return current_;
                }
            }
        }
    }
    current_ = {};
    return {};
}

int Finder::countIn(int message) {
    const markup::Sections& document = transcript_.document(message);
    int found = 0;
    for (const markup::Block& block : document) {
        found += static_cast<int>(plainText(block).count(text_, Qt::CaseInsensitive));
    }
    return found;
}

bool Finder::count(int milliseconds) {
    QElapsedTimer timer;
    timer.start();
    while (isActive() && counted_ < transcript_.count()) {
        counts_.push_back(countIn(counted_++));
        total_ += counts_.back();
        if (timer.elapsed() >= milliseconds) {
            break;
        }
    }
    return !isActive() || counted_ >= transcript_.count();
}

int Finder::currentNumber() const {
    if (!current_.isValid() || counted_ <= current_.begin.message) {
        return 0;
    }
    int number = 1;
    for (int i = 0; i < current_.begin.message; ++i) {
        number += counts_[static_cast<std::size_t>(i)];
    }
    const markup::Sections& document = transcript_.document(current_.begin.message);
    for (int i = 0; i <= current_.begin.block && i < static_cast<int>(document.size()); ++i) {
        for (const Marks::Match& match : matchesIn(-1, i, plainText(document[static_cast<std::size_t>(i)]))) {
            number += i < current_.begin.block || match.begin < current_.begin.offset ? 1 : 0;
        }
    }
    return number;
}

}  // namespace tendril::ui
