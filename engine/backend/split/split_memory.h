// SPDX-License-Identifier: Apache-2.0
// Memory of a backend that is made of several: buffers that exist on every part and know which part has their
// contents, weights on one part, pages and rotary tables on all. Engine thread; owned by the callers of
// SplitBackend, whose parts must outlive them.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/backend/backend.h"

namespace tendril::engine {

inline constexpr std::size_t kEveryPart = SIZE_MAX;

/// Floats on every part under one address, that of the first part's.
class SplitBuffer {
  public:
    SplitBuffer(std::vector<std::unique_ptr<Buffer>> parts) : parts_(std::move(parts)) {}
    float* key() const { return parts_.front()->data(); }
    float* on(std::size_t part) const { return parts_[part]->data(); }
    std::size_t size() const { return parts_.front()->size(); }

    std::size_t owner = kEveryPart;  ///< the part that has what was written last
    std::size_t extent = 0;          ///< floats from the start that the owner's copy differs in

  private:
    std::vector<std::unique_ptr<Buffer>> parts_;
};

/// Finds the buffer that an address lies in.
class SplitBuffers {
  public:
    void add(SplitBuffer& buffer);
    void remove(const SplitBuffer& buffer);
    SplitBuffer& find(const float* address) const;
    /// What was computed before a step is of no use to it, and need not follow it from part to part.
    void forget_contents();

  private:
    std::vector<std::pair<const float*, SplitBuffer*>> sorted_;
};

class SplitWeight final : public Weight {
  public:
    SplitWeight(std::unique_ptr<Weight> inner, std::size_t part) : inner_(std::move(inner)), part_(part) {}
    std::size_t rows() const override { return inner_->rows(); }
    std::size_t columns() const override { return inner_->columns(); }
    std::size_t bytes() const override { return inner_->bytes(); }
    bool borrows_source() const override { return inner_->borrows_source(); }
    const Weight& inner() const { return *inner_; }
    std::size_t part() const { return part_; }

  private:
    std::unique_ptr<Weight> inner_;
    std::size_t part_;
};

class SplitRope final : public RopeTable {
  public:
    explicit SplitRope(std::vector<std::unique_ptr<RopeTable>> parts) : parts_(std::move(parts)) {}
    const RopeTable& on(std::size_t part) const { return *parts_[part]; }

  private:
    std::vector<std::unique_ptr<RopeTable>> parts_;
};

/// Each page in as many pieces as there are parts: those of their layers. As bytes, one behind the other.
class SplitPages final : public KvPages {
  public:
    struct Part {
        Backend* backend = nullptr;
        std::unique_ptr<KvPages> pages;  ///< null: a part without layers
        std::size_t layers = 0;
    };
    SplitPages(std::vector<Part> parts, KvPageCounts counts) : parts_(std::move(parts)), counts_(counts) {}
    KvPages& on(std::size_t part) const { return *parts_[part].pages; }

    std::size_t page_count(PageGroup group) const override {
        return group == PageGroup::window ? counts_.window : counts_.full;
    }
    void copy_page(PageGroup group, PageId from, PageId to, std::size_t tokens) override;
    std::string layout_name() const override;
    std::size_t page_bytes(PageGroup group) const override;
    void export_page(PageGroup group, PageId page, std::span<std::byte> to) const override;
    void import_page(PageGroup group, PageId page, std::span<const std::byte> from) override;

  private:
    std::vector<Part> parts_;
    KvPageCounts counts_;
};

}  // namespace tendril::engine
