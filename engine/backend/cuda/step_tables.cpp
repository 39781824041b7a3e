// SPDX-License-Identifier: Apache-2.0
// Uploads of a step's tables; see step_tables.h.
#include "engine/backend/cuda/step_tables.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/backend/cuda/cuda_pages.h"

namespace tendril::cuda {
namespace {

constexpr std::size_t kStagingBytes = std::size_t{1} << 20;
constexpr const char* kDoing = "taking up a step";

template <typename T>
void append(std::vector<std::int32_t>& to, const T& value) {
    static_assert(sizeof(T) % sizeof(std::int32_t) == 0);
    const std::size_t at = to.size();
    to.resize(at + sizeof(T) / sizeof(std::int32_t));
    std::memcpy(to.data() + at, &value, sizeof value);
}

std::int32_t narrow(std::size_t value) {
    return static_cast<std::int32_t>(value);
}

}  // namespace

Status StepUploads::reserve(std::size_t rows) {
    if (staging_.size() == 0) {
        Result<PinnedMemory> staging = PinnedMemory::take(kStagingBytes, "taking memory for steps");
        if (!staging) {
            return fail(std::move(staging.error()));
        }
        staging_ = std::move(*staging);
    }
    struct Want {
        Table& table;
        std::size_t words;
    };
    for (const Want& want :
         {Want{tokens_, rows}, Want{positions_, rows}, Want{view_of_row_, rows}, Want{views_, rows * 6},
          Want{segments_, rows * 24}, Want{page_ids_, rows * 64}}) {
        if (Status status = grow(want.table, want.words); !status) {
            return status;
        }
        want.table.next.reserve(want.words);
        want.table.there.reserve(want.words);
    }
    reserved_rows_ = std::max(reserved_rows_, rows);
    return {};
}

void StepUploads::begin_step(const engine::StepPlan&, std::size_t rows) {
    step_rows_ = rows;
    filled_ = false;
    for (Table* table : {&tokens_, &positions_, &views_, &segments_, &view_of_row_, &page_ids_}) {
        table->given = false;
    }
    for (BlockTable& kind : blocks_) {
        kind.table.given = false;
    }
}

void StepUploads::end_step() {
    step_rows_ = 0;
}

Status StepUploads::grow(Table& table, std::size_t words) {
    if (table.memory.size() >= words * sizeof(std::int32_t)) {
        return {};
    }
    launcher_.synchronize(kDoing);  // kernels under way still read the old place
    Result<DeviceMemory> memory = DeviceMemory::take(words * sizeof(std::int32_t), "taking memory for steps");
    if (!memory) {
        return fail(std::move(memory.error()));
    }
    table.memory = std::move(*memory);
    table.there.clear();
    return {};
}

const std::int32_t* StepUploads::update(Table& table) {
    const bool held = std::exchange(table.given, step_rows_ != 0);
    if (table.next == table.there) {
        return table.memory.data<std::int32_t>();
    }
    if (held) {
        launcher_.flush_queue();  // what reads the old contents goes first
    }
    const std::size_t bytes = table.next.size() * sizeof(std::int32_t);
    if (bytes > table.memory.size()) {
        if (Status status = grow(table, std::max(table.next.size() * 2, std::size_t{1024})); !status) {
            launcher_.fail_with(std::move(status.error()));
            return table.memory.data<std::int32_t>();
        }
    }
    // Through pinned memory, piece by piece, so that the copy is enqueued and the vector may change at once.
    const auto* from = reinterpret_cast<const std::byte*>(table.next.data());
    for (std::size_t done = 0; done < bytes;) {
        if (staged_ + 256 > staging_.size()) {
            launcher_.synchronize(kDoing);
            staged_ = 0;
            if (staging_.size() == 0) {
                if (Status status = reserve(1); !status) {
                    launcher_.fail_with(std::move(status.error()));
                    return table.memory.data<std::int32_t>();
                }
            }
        }
        const std::size_t part = std::min(bytes - done, staging_.size() - staged_);
        std::memcpy(staging_.data() + staged_, from + done, part);
        launcher_.copy(table.memory.data() + done, staging_.data() + staged_, part, cudaMemcpyHostToDevice,
                       kDoing);
        staged_ += (part + 15) / 16 * 16;
        done += part;
    }
    table.there = table.next;
    return table.memory.data<std::int32_t>();
}

const std::int32_t* StepUploads::tokens(std::span<const engine::TokenId> tokens) {
    tokens_.next.assign(tokens.begin(), tokens.end());
    tokens_.next.resize(std::max(step_rows_, tokens.size()), 0);
    return update(tokens_);
}

const std::int32_t* StepUploads::positions(std::span<const std::int32_t> positions) {
    positions_.next.assign(positions.begin(), positions.end());
    positions_.next.resize(std::max(step_rows_, positions.size()), 0);
    return update(positions_);
}

StepTables StepUploads::tables(const engine::StepPlan& plan, const CudaPages& pages) {
    if (step_rows_ == 0 || !filled_) {
        fill_tables(plan, pages);
        filled_ = step_rows_ != 0;
    }
    StepTables out;
    out.views = views_.memory.data<DeviceView>();
    out.segments = segments_.memory.data<DeviceSegment>();
    out.view_of_row = view_of_row_.memory.data<std::int32_t>();
    out.page_ids = page_ids_.memory.data<std::uint32_t>();
    return out;
}

void StepUploads::fill_tables(const engine::StepPlan& plan, const CudaPages& pages) {
    pages.bring(plan);
    for (Table* table : {&views_, &segments_, &view_of_row_, &page_ids_}) {
        table->next.clear();
    }
    std::int32_t segments = 0;
    for (std::size_t v = 0; v < plan.views.size(); ++v) {
        const engine::StepView& view = plan.views[v];
        append(views_.next,
               DeviceView{narrow(view.first_row), narrow(view.row_count), narrow(view.first_position),
                          segments, narrow(view.segments.size()), 0});
        std::size_t position = 0;
        for (const engine::KvSegment& segment : view.segments) {
            DeviceSegment out;
            out.begin = narrow(position);
            out.end = narrow(position + segment.length);
            out.first_slot = narrow(segment.first_slot);
            out.delta = segment.delta;
            out.pages = narrow(page_ids_.next.size());
            pages.append_frames(engine::PageGroup::full, segment.pages, page_ids_.next);
            out.window_pages = narrow(page_ids_.next.size());
            pages.append_frames(engine::PageGroup::window, segment.window_pages, page_ids_.next);
            append(segments_.next, out);
            position += segment.length;
            ++segments;
        }
        view_of_row_.next.resize(view_of_row_.next.size() + view.row_count, narrow(v));
    }
    view_of_row_.next.resize(std::max(step_rows_, view_of_row_.next.size()), -1);
    for (Table* table : {&views_, &segments_, &view_of_row_, &page_ids_}) {
        update(*table);
    }
}

StepUploads::BlockTable& StepUploads::block_table(std::size_t shared_heads, std::size_t window) {
    for (BlockTable& kind : blocks_) {
        if (kind.shared_heads == shared_heads && kind.window == window) {
            return kind;
        }
    }
    BlockTable& made = blocks_.emplace_back();
    made.shared_heads = shared_heads;
    made.window = window;
    const std::size_t words = 2 * reserved_rows_ * ((shared_heads + kQueries - 1) / kQueries);
    if (Status status = grow(made.table, words); !status) {
        launcher_.fail_with(std::move(status.error()));
    }
    made.table.next.reserve(words);
    made.table.there.reserve(words);
    return made;
}

StepUploads::AttentionBlocks StepUploads::blocks(const engine::StepPlan& plan, std::size_t shared_heads,
                                                 std::size_t window) {
    AttentionBlocks out;
    Table& table = block_table(shared_heads, window).table;
    table.next.clear();
    for (std::size_t v = 0; v < plan.views.size(); ++v) {
        const engine::StepView& view = plan.views[v];
        for (std::size_t query = 0; query < view.row_count * shared_heads; query += kQueries) {
            table.next.push_back(narrow(v));
            table.next.push_back(narrow(query));
        }
        const std::size_t end = view.first_position + view.row_count;
        const std::size_t first = view.first_position + 1;
        const std::size_t begin = window != 0 && first > window ? first - window : 0;
        out.most_chunks =
            std::max(out.most_chunks, static_cast<std::uint32_t>((end - 1) / kChunk - begin / kChunk + 1));
    }
    if (step_rows_ != 0) {  // as many as so many rows can have: those of single rows
        const std::size_t most = 2 * step_rows_ * ((shared_heads + kQueries - 1) / kQueries);
        table.next.resize(std::max(most, table.next.size()), -1);
    }
    out.count = static_cast<std::uint32_t>(table.next.size() / 2);
    out.list = update(table);
    return out;
}

}  // namespace tendril::cuda
