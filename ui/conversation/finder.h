// SPDX-License-Identifier: Apache-2.0
// Finds a text in the conversation as it is shown. Places are found when they are asked for; how many there
// are is counted in slices, so that a long conversation does not stop the window. GUI thread, owned by the
// view.
#pragma once

#include <vector>

#include <QString>
#include <QVector>

#include "ui/conversation/transcript.h"

namespace tendril::ui {

class Finder {
  public:
    explicit Finder(Transcript& transcript) : transcript_(transcript) {}

    void start(const QString& text);  ///< empty: nothing is searched
    void blocksMoved(int message, const markup::BlockChange& change);
    void messagesChanged(int from);  ///< what was counted from there on no longer holds
    bool isActive() const { return !text_.isEmpty(); }
    const QString& text() const { return text_; }

    struct Place {
        TextPosition begin;
        int length = 0;
        bool isValid() const { return begin.isValid(); }
    };
    /// The next place behind (before) `from`, around the end; not valid when there is none.
    Place next(const TextPosition& from, bool forward);
    const Place& current() const { return current_; }

    /// Counts for a few milliseconds; true when all is counted.
    bool count(int milliseconds);
    int total() const { return counted_ < transcript_.count() ? -1 : total_; }
    int currentNumber() const;  ///< from 1; 0 = unknown yet

    QVector<Marks::Match> matchesIn(int message, int block, const QString& plain) const;

  private:
    int countIn(int message);

    Transcript& transcript_;
    QString text_;
    Place current_;
    int counted_ = 0;
    int total_ = 0;
    std::vector<int> counts_;
};

}  // namespace tendril::ui
