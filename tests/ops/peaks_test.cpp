// SPDX-License-Identifier: Apache-2.0
// Who is looked at, and keys that move closer together: the reference against the definition in double, every
// instruction set against the reference, and pages byte for byte.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <QTest>

#include "engine/backend/cpu/isa.h"
#include "engine/backend/reference/reference_backend.h"
#include "engine/half.h"
#include "tests/ops/ops_fixture.h"
#include "tests/support/step_views.h"

namespace tendril::engine::test {
namespace {

struct Setup {
    const char* what = "";
    KvType type = KvType::f16;
    std::size_t kv_heads = 2;
    std::size_t shared = 3;
    std::size_t size = 64;
    std::size_t length = 300;  ///< places in front of the rows
    std::size_t rows = 70;
    PeakRange range;
    float softcap = 0.0F;
};

std::vector<Setup> setups() {
    using Kind = PeakRange::Kind;
    return {
        {"one page", KvType::f16, 1, 1, 64, 64, 3, {0, 64, 64, Kind::peak}},
        {"within pages", KvType::f16, 2, 3, 64, 300, 70, {100, 130, 300, Kind::peak}},
        {"sums", KvType::f16, 2, 3, 64, 300, 70, {100, 130, 300, Kind::sum}},
        {"own before the rows", KvType::f16, 2, 2, 128, 300, 20, {1, 200, 280, Kind::peak}},
        {"odd head size", KvType::f16, 2, 5, 80, 200, 30, {64, 100, 200, Kind::peak}},
        {"capped", KvType::f16, 2, 2, 64, 300, 40, {10, 250, 300, Kind::peak}, 20.0F},
        {"many query heads", KvType::f16, 1, 60, 32, 150, 9, {0, 150, 150, Kind::peak}},
        {"q8_0", KvType::q8_0, 2, 3, 64, 300, 70, {100, 130, 300, Kind::peak}},
        {"q8_0 sums", KvType::q8_0, 2, 3, 64, 300, 70, {100, 130, 300, Kind::sum}},
        {"q4_0", KvType::q4_0, 2, 3, 128, 300, 70, {0, 300, 300, Kind::peak}},
    };
}

class Pages {
  public:
    Pages(const Setup& setup, Backend& backend, unsigned seed) : setup_(setup), backend_(backend) {
        Random random(seed);
        const std::size_t all = setup.length + setup.rows;
        keys_ = random_rows(random, all, setup.kv_heads * setup.size);
        values_ = random_rows(random, all, setup.kv_heads * setup.size);
        queries_ = random_rows(random, setup.rows, setup.kv_heads * setup.shared * setup.size);
        std::vector<PageId> free(32);
        std::iota(free.begin(), free.end(), 0U);
        std::shuffle(free.begin(), free.end(), random);
        ids_.assign(free.begin(), free.begin() + 8);
        others_.assign(free.begin() + 8, free.begin() + 16);
        KvLayout layout;
        layout.layers = 2;
        layout.kv_heads = setup.kv_heads;
        layout.head_size = setup.size;
        layout.type = setup.type;
        auto pages = backend.make_kv_pages(layout, {32, 0});
        if (!pages || !backend.reserve(512, 1024) || !backend.prepare_peaks(setup.length)) {
            throw std::runtime_error("no memory");
        }
        pages_ = std::move(*pages);
        std::vector<std::size_t> places(all);
        std::iota(places.begin(), places.end(), std::size_t{0});
        store(places, ids_);
    }

    /// Keys and values of these places, one behind the other from slot 0 of `to`.
    void store(const std::vector<std::size_t>& places, std::span<const PageId> to) {
        const std::size_t width = setup_.kv_heads * setup_.size;
        std::vector<float> keys;
        std::vector<float> values;
        for (const std::size_t place : places) {
            keys.insert(keys.end(), keys_.begin() + static_cast<std::ptrdiff_t>(place * width),
                        keys_.begin() + static_cast<std::ptrdiff_t>((place + 1) * width));
            values.insert(values.end(), values_.begin() + static_cast<std::ptrdiff_t>(place * width),
                          values_.begin() + static_cast<std::ptrdiff_t>((place + 1) * width));
        }
        const DeviceRows k(backend_, width, keys);
        const DeviceRows v(backend_, width, values);
        const StepViews views(0, places.size(), 0, to);
        std::vector<std::int32_t> positions(places.size());
        backend_.store_kv(*pages_, 1, {views.views(), positions}, k.rows(), v.rows());
    }

    AttentionSettings settings() const {
        AttentionSettings made;
        made.layer = 1;
        made.heads = setup_.kv_heads * setup_.shared;
        made.scale = 1.0F / std::sqrt(static_cast<float>(setup_.size));
        made.softcap = setup_.softcap;
        return made;
    }

    std::vector<float> peaks(int rounds = 1) {
        const bool sum = setup_.range.kind == PeakRange::Kind::sum;
        std::vector<float> measured(setup_.kv_heads * setup_.range.count, sum ? 0.0F : -1e30F);
        const DeviceRows q(backend_, setup_.kv_heads * setup_.shared * setup_.size, queries_);
        const StepViews views(0, setup_.rows, setup_.length, ids_);
        for (int round = 0; round < rounds; ++round) {
            backend_.attention_peaks(*pages_, settings(), views[0], q.rows(), setup_.range, measured);
        }
        return measured;
    }

    /// By the definition, in double, for keys that are halves.
    std::vector<double> by_definition() const {
        const Setup& s = setup_;
        const bool sum = s.range.kind == PeakRange::Kind::sum;
        std::vector<double> measured(s.kv_heads * s.range.count, sum ? 0.0 : -1e30);
        for (std::size_t row = 0; row < s.rows; ++row) {
            for (std::size_t head = 0; head < s.kv_heads * s.shared; ++head) {
                const auto score = [&](std::size_t place) {
                    double total = 0;
                    for (std::size_t i = 0; i < s.size; ++i) {
                        const float key = keys_[place * s.kv_heads * s.size + head / s.shared * s.size + i];
                        total += static_cast<double>(half_to_float(float_to_half(key))) *
                                 static_cast<double>(
                                     queries_[row * s.kv_heads * s.shared * s.size + head * s.size + i]);
                    }
                    total /= std::sqrt(static_cast<double>(s.size));
                    const auto cap = static_cast<double>(s.softcap);
                    return std::exp(cap > 0 ? cap * std::tanh(total / cap) : total);
                };
                double all = s.range.first > 0 ? score(0) : 0;
                for (std::size_t k = 0; k < s.range.count; ++k) {
                    all += score(s.range.first + k);
                }
                for (std::size_t place = s.range.own; place <= s.length + row; ++place) {
                    all += score(place);
                }
                for (std::size_t k = 0; k < s.range.count; ++k) {
                    double& to = measured[head / s.shared * s.range.count + k];
                    const double share = score(s.range.first + k) / all;
                    to = sum ? to + share : std::max(to, std::log(share));
                }
            }
        }
        return measured;
    }

    /// Bytes of the first pages after gathering (or storing one behind the other) every third place.
    std::vector<std::byte> closer(bool by_gathering) {
        std::vector<std::size_t> places;
        for (std::size_t place = 1; places.size() < kPageTokens + 30; place += 3) {
            places.push_back(place);
        }
        places.resize(kPageTokens);
        if (by_gathering) {
            const std::vector<std::uint32_t> slots(places.begin(), places.end());
            for (std::size_t head = 0; head < setup_.kv_heads; ++head) {
                const std::size_t some = 20;
                pages_->gather({1, head, ids_, std::span(slots).first(some), others_, 0});
                pages_->gather({1, head, ids_, std::span(slots).subspan(some), others_, some});
            }
        } else {
            store(places, others_);
        }
        std::vector<std::byte> bytes(pages_->page_bytes(PageGroup::full));
        pages_->export_page(PageGroup::full, others_[0], bytes);
        return bytes;
    }

  private:
    Setup setup_;
    Backend& backend_;
    std::vector<float> keys_, values_, queries_;
    std::vector<PageId> ids_, others_;
    std::unique_ptr<KvPages> pages_;
};

double distance(std::span<const float> got, std::span<const float> want, bool sum) {
    double most = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        const double difference = std::abs(static_cast<double>(got[i]) - static_cast<double>(want[i]));
        // What nobody looks at may be far below; its order is of no interest.
        const double scale = sum ? std::max(0.01, std::abs(static_cast<double>(want[i])))
                                 : std::max(1.0, -static_cast<double>(want[i]) / 10);
        most = std::max(most, difference / scale);
    }
    return got.size() == want.size() ? most : 1e30;
}

}  // namespace

class PeaksTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void theReferenceIsTheDefinition() {
        for (const Setup& setup : setups()) {
            if (setup.type != KvType::f16) {
                continue;
            }
            const auto backend = make_reference_backend();
            Pages pages(setup, *backend, 3);
            const std::vector<double> want = pages.by_definition();
            const std::vector<float> floats(want.begin(), want.end());
            const bool sum = setup.range.kind == PeakRange::Kind::sum;
            QVERIFY2(distance(pages.peaks(), floats, sum) < 1e-4, setup.what);
            Setup other = setup;  // control: one key less shares the attention
            other.range.own = setup.range.own + 1;
            other.length = setup.length;
            Pages less(other, *backend, 3);
            QVERIFY2(other.range.own > other.length || distance(less.peaks(), floats, sum) > 1e-4,
                     setup.what);
        }
    }

    void everyInstructionSetIsTheReference_data() {
        QTest::addColumn<int>("isa");
        for (const Isa isa : kAllIsas) {
            if (cpu(isa)) {
                QTest::addRow("%s", name(isa)) << static_cast<int>(isa);
            }
        }
    }
    void everyInstructionSetIsTheReference() {
        QFETCH(int, isa);
        for (const Setup& setup : setups()) {
            const auto reference = make_reference_backend();
            Pages oracle(setup, *reference, 5);
            const auto backend = cpu(static_cast<Isa>(isa), 4);
            Pages pages(setup, *backend, 5);
            const bool sum = setup.range.kind == PeakRange::Kind::sum;
            const double off = distance(pages.peaks(), oracle.peaks(), sum);
            QVERIFY2(off < 3e-3, qPrintable(QString("%1: %2").arg(setup.what).arg(off)));
            QCOMPARE(pages.peaks(3) == pages.peaks(), !sum);  // a peak stays, sums grow
            const auto alone = cpu(static_cast<Isa>(isa), 1);
            Pages same(setup, *alone, 5);
            QVERIFY2(same.peaks() == pages.peaks(), setup.what);
        }
    }

    void gatheredPlacesAreAsIfWrittenThere_data() { everyInstructionSetIsTheReference_data(); }
    void gatheredPlacesAreAsIfWrittenThere() {
        QFETCH(int, isa);
        for (const Setup& setup : setups()) {
            if (setup.length + setup.rows < 3 * kPageTokens) {
                continue;
            }
            for (const bool reference : {true, false}) {
                const auto backend = reference ? make_reference_backend() : cpu(static_cast<Isa>(isa));
                const auto gathered = Pages(setup, *backend, 7).closer(true);
                const auto stored = Pages(setup, *backend, 7).closer(false);
                QVERIFY2(gathered == stored, setup.what);
                const auto other = Pages(setup, *backend, 8).closer(true);
                QVERIFY2(gathered != other, setup.what);
            }
        }
    }

    void aDeviceThatCannotSaysSo() {
        struct Plain : Backend {
            std::string description() const override { return "plain"; }
            Result<std::unique_ptr<Buffer>> allocate(std::size_t) override { return fail(Error{}); }
            Result<std::unique_ptr<Weight>> prepare(const WeightSource&) override { return fail(Error{}); }
            std::size_t prepared_bytes(const WeightSource&) const override { return 0; }
            Result<std::unique_ptr<KvPages>> make_kv_pages(const KvLayout&, KvPageCounts) override {
                return fail(Error{});
            }
            Result<std::unique_ptr<RopeTable>> make_rope_table(const RopeSettings&, std::size_t,
                                                               std::size_t) override {
                return fail(Error{});
            }
            Status reserve(std::size_t, std::size_t) override { return {}; }
            void upload(std::span<const float>, float*) override {}
            void download(const float*, std::span<float>) override {}
            void embed(const Weight&, std::span<const TokenId>, float, Rows) override {}
            void matmul(Rows, std::span<const Product>) override {}
            void rms_norm(Rows, const float*, float, Rows) override {}
            void add(Rows, Rows) override {}
            void gate(Activation, Rows, Rows, Rows) override {}
            void rope(const RopeTable&, std::size_t, const StepPlan&, Rows) override {}
            void store_kv(KvPages&, std::size_t, const StepPlan&, Rows, Rows) override {}
            void attention(const KvPages&, const AttentionSettings&, const StepPlan&, Rows, Rows) override {}
            void soft_cap(float, Rows) override {}
        } plain;
        const Status status = plain.prepare_peaks(100);
        QVERIFY(!status && status.error().code == ErrorCode::unsupported && !status.error().message.empty());
    }
};

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::PeaksTest)
#include "peaks_test.moc"
