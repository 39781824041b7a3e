// SPDX-License-Identifier: Apache-2.0
// Layout.
#include "prompt/context/layout.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace tendril::prompt::context {
namespace {

constexpr std::size_t kLastExchanges = 3;  // the question, and two in front of it

/// Stands for a question that is not read, as its answer is.
constexpr std::string_view kGap = "\xE2\x80\xA6";  // an ellipsis

/// Templates want roles to take turns: what follows the same role is one message.
void add(ChatMessages& messages, std::string_view role, std::string_view text) {
    if (text.empty()) {
        return;
    }
    if (!messages.empty() && messages.back().role == role) {
        messages.back().content.append("\n\n").append(text);
    } else {
        messages.push_back({std::string(role), std::string(text)});
    }
}

}  // namespace

Exchanges::Exchanges(const std::vector<Segment>& segments) : end_(segments.size()) {
    bool user = false;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const bool here = segments[i].role == "user";
        if (i == 0 || (here && !user)) {
            begins_.push_back(i);
        }
        user = here;
    }
}

std::size_t Exchanges::first_from(std::size_t segment) const {
    return static_cast<std::size_t>(std::lower_bound(begins_.begin(), begins_.end(), segment) -
                                    begins_.begin());
}

Layout::Layout(const PlanRequest& request, std::optional<std::size_t> short_text)
    : request_(request), short_text_(short_text), exchanges_(request.segments) {
    if (short_text_) {
        covered_ = std::min(request.shorts[*short_text_].covers, request.segments.size());
    }
    const auto add_exchanges = [&](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) {
            const auto begin = request_.segments.begin() + static_cast<std::ptrdiff_t>(exchanges_.begin(i));
            const auto end = request_.segments.begin() + static_cast<std::ptrdiff_t>(exchanges_.end(i));
            if (std::any_of(begin, end, [](const Segment& one) { return one.keep == Keep::normal; })) {
                steps_.push_back({Step::Kind::exchange, i, 0});
            }
        }
    };
    const std::size_t count = exchanges_.count();
    const std::size_t first = std::min(exchanges_.first_from(covered_), count);
    const std::size_t question = count - std::min<std::size_t>(count, 1);
    const std::size_t last = std::max(first, count - std::min(count, kLastExchanges));
    add_exchanges(first, last);
    for (std::size_t i = 0; i < covered_; ++i) {
        for (std::size_t d = 0; d < request.segments[i].documents.size(); ++d) {
            if (request.segments[i].keep == Keep::normal && !request.segments[i].documents[d].left_out) {
                steps_.push_back({Step::Kind::document, i, d});
            }
        }
    }
    if (short_text_ && !request.shorts[*short_text_].text.empty()) {
        steps_.push_back({Step::Kind::short_text, 0, 0});
    }
    add_exchanges(last, question);
}

Layout::Chosen Layout::without(std::size_t gone) const {
    Chosen chosen;
    const auto& segments = request_.segments;
    chosen.short_text = short_text_.has_value();
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const Keep keep = segments[i].keep;
        chosen.segments.push_back(keep == Keep::pinned || (keep == Keep::normal && i >= covered_));
        std::vector<bool>& read = chosen.documents.emplace_back();
        for (const DocumentSegment& document : segments[i].documents) {
            read.push_back(keep != Keep::excluded && (chosen.segments[i] || !document.left_out));
        }
    }
    for (std::size_t step = 0; step < std::min(gone, steps_.size()); ++step) {
        const Step& one = steps_[step];
        if (one.kind == Step::Kind::document) {
            chosen.documents[one.index][one.document] = false;
        } else if (one.kind == Step::Kind::short_text) {
            chosen.short_text = false;
        } else {
            for (std::size_t i = exchanges_.begin(one.index); i < exchanges_.end(one.index); ++i) {
                if (segments[i].keep == Keep::normal) {
                    chosen.segments[i] = false;
                    chosen.documents[i].assign(chosen.documents[i].size(), false);
                }
            }
        }
    }
    return chosen;
}

ChatMessages Layout::render(const Chosen& chosen) const {
    const auto& segments = request_.segments;
    ChatMessages messages;
    add(messages, "system", request_.system);
    const auto documents = [&](std::size_t i) {
        std::string text;
        for (std::size_t d = 0; d < segments[i].documents.size(); ++d) {
            text += chosen.documents[i][d] ? segments[i].documents[d].text : std::string();
        }
        return text;
    };
    // Documents stay in front of the text that stands for their messages: they need not be read again.
    std::string lead;
    for (std::size_t i = 0; i < covered_; ++i) {
        lead += chosen.segments[i] ? std::string() : documents(i);
    }
    if (chosen.short_text) {
        lead += request_.shorts[*short_text_].text;
    }
    while (!lead.empty() && lead.back() == '\n') {
        lead.pop_back();
    }
    add(messages, "user", lead);
    for (std::size_t i = 0; i < segments.size(); ++i) {
        if (chosen.segments[i]) {
            const bool orphan = segments[i].role == "assistant" && i > 0 &&
                                (messages.empty() || messages.back().role == "system");
            add(messages, "user", orphan ? kGap : std::string_view());
            add(messages, segments[i].role, documents(i) + segments[i].text);
        }
    }
    return messages;
}

ChatMessages Layout::messages(std::size_t gone) const {
    return render(without(gone));
}

ChatMessages Layout::taken(std::size_t gone) const {
    const Chosen all = without(0);
    const Chosen left = without(gone);
    Chosen taken = all;
    taken.short_text = all.short_text && !left.short_text;
    for (std::size_t i = 0; i < taken.segments.size(); ++i) {
        taken.segments[i] = all.segments[i] && !left.segments[i];
        for (std::size_t d = 0; d < taken.documents[i].size(); ++d) {
            taken.documents[i][d] = all.documents[i][d] && !left.documents[i][d];
        }
    }
    return render(taken);
}

void Layout::fill(std::size_t gone, ContextPlan& plan) const {
    const Chosen chosen = without(gone);
    plan.messages = render(chosen);
    plan.short_text = chosen.short_text ? short_text_ : std::nullopt;
    for (std::size_t i = 0; i < request_.segments.size(); ++i) {
        const Segment& segment = request_.segments[i];
        const bool covered = i < covered_ && chosen.short_text;
        plan.fates.push_back(segment.keep == Keep::excluded ? Fate::excluded
                             : chosen.segments[i]           ? Fate::whole
                             : covered                      ? Fate::shortened
                                                            : Fate::left_out);
        for (std::size_t d = 0; d < segment.documents.size(); ++d) {
            if (!chosen.documents[i][d] && segment.keep != Keep::excluded &&
                plan.fates.back() != Fate::left_out) {
                plan.documents_gone.push_back(segment.documents[d].id);
            }
        }
    }
}

}  // namespace tendril::prompt::context
