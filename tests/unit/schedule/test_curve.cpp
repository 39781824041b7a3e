// SPDX-License-Identifier: Apache-2.0
// t(M): measured in single steps, and remembered in files that may be anything.
#include <unistd.h>

#include <fstream>
#include <sstream>

#include <QtTest>

#include "engine/schedule/curve_meter.h"
#include "engine/schedule/remembered_curve.h"
#include "tests/unit/schedule/probes.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;
namespace fs = std::filesystem;

namespace {

std::vector<CurvePoint> some_curve() {
    std::vector<CurvePoint> curve;
    for (const std::uint32_t rows : kCurveRows) {
        curve.push_back({rows, 0.1 + rows / 3.0});
    }
    return curve;
}

bool same(const std::vector<CurvePoint>& a, const std::vector<CurvePoint>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const CurvePoint& x, const CurvePoint& y) {
        return x.rows == y.rows && x.step_ms == y.step_ms;
    });
}

std::string content_of(const fs::path& file) {
    std::ostringstream all;
    all << std::ifstream(file, std::ios::binary).rdbuf();
    return all.str();
}

}  // namespace

class TestCurve : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    fs::path path(const std::string& name) const { return fs::path(folder_.path().toStdString()) / name; }
    CurveKey key() const { return {"/models/a.gguf", 1000, 5, "CPU, 4 threads", "f16"}; }
    static fs::path only_file(const fs::path& folder) { return fs::directory_iterator(folder)->path(); }

  private Q_SLOTS:
    void every_m_is_measured() {
        TinyRuntime runtime(model("llama"), false, 40);
        CurveMeter meter(*runtime.forward, *runtime.cache, 3);
        std::size_t steps = 0;
        for (; !meter.done(); ++steps) {
            QVERIFY(meter.step(runtime.interrupt) == CurveMeter::Outcome::measured);
            QCOMPARE(runtime.cache->pool().free_count(), 40U);
        }
        QCOMPARE(steps, 40U);
        const auto curve = meter.result();
        QCOMPARE(curve.size(), kCurveRows.size());
        for (std::size_t i = 0; i < curve.size(); ++i) {
            QCOMPARE(curve[i].rows, kCurveRows[i]);
            QVERIFY(curve[i].step_ms > 0);
        }
    }

    void a_broken_step_does_not_count() {
        TinyRuntime runtime(model("llama"), true, 40);
        CurveMeter meter(*runtime.forward, *runtime.cache, 1);
        std::size_t broken = 0;
        for (int i = 0; !meter.done(); ++i) {
            runtime.interrupt = i % 2 == 0;
            broken += meter.step(runtime.interrupt) == CurveMeter::Outcome::interrupted ? 1 : 0;
        }
        QCOMPARE(broken, 20U);
    }

    void nothing_kept_is_let_go_for_it() {
        TinyRuntime runtime(model("qwen2"), true, 6);
        const std::vector<TokenId> text = random_tokens(150, 1);
        const Logits want = probe(runtime, text, false);  // keeps three pages
        const std::size_t free = runtime.cache->pool().free_count();
        QVERIFY(free > 2 && free < 6);
        CurveMeter meter(*runtime.forward, *runtime.cache, 1);
        while (!meter.done()) {
            QVERIFY(meter.step(runtime.interrupt) == CurveMeter::Outcome::measured);
        }
        QCOMPARE(runtime.cache->pool().free_count(), free);
        QVERIFY(same_bits(want, probe(runtime, text, false)));
        TinyRuntime full(model("qwen2"), true, 4);
        probe(full, random_tokens(250, 1), false);
        CurveMeter hopeless(*full.forward, *full.cache, 1);
        QVERIFY(hopeless.step(full.interrupt) == CurveMeter::Outcome::no_room);
    }

    void what_was_measured_is_remembered_for_its_key_alone() {
        const fs::path folder = path("remembered/deep");
        QVERIFY(!read_curve(folder, key()));
        QVERIFY(write_curve(folder, key(), some_curve()));
        const auto read = read_curve(folder, key());
        QVERIFY(read && same(*read, some_curve()));
        for (const int change : {0, 1, 2, 3, 4}) {
            CurveKey other = key();
            switch (change) {
                case 0:
                    other.model = "/models/b.gguf";
                    break;
                case 1:
                    other.bytes = 1001;
                    break;
                case 2:
                    other.modified_ns = 6;
                    break;
                case 3:
                    other.device = "CPU, 3 threads";
                    break;
                default:
                    other.kv = "q8_0";
                    break;
            }
            QVERIFY(!read_curve(folder, other));
            // Nor is the file of one taken for another's.
            QVERIFY(write_curve(path("other"), other, some_curve()));
            QCOMPARE(only_file(path("other")).filename() == only_file(folder).filename(), false);
            fs::copy_file(only_file(folder), only_file(path("other")), fs::copy_options::overwrite_existing);
            QVERIFY(!read_curve(path("other"), other));
            fs::remove_all(path("other"));
        }
        QVERIFY(read_curve(folder, key()));
        CurveKey strange = key();
        strange.model = "/a\nb\x01\xff";
        QVERIFY(write_curve(folder, strange, some_curve()));
        QVERIFY(read_curve(folder, strange));
    }

    void a_damaged_file_is_no_measurement() {
        const fs::path folder = path("damaged");
        QVERIFY(write_curve(folder, key(), some_curve()));
        const fs::path file = only_file(folder);
        const std::string good = content_of(file);
        const auto rewrite = [&](const std::string& content) {
            std::ofstream(file, std::ios::binary).write(content.data(), static_cast<long>(content.size()));
        };
        for (std::size_t size = 0; size < good.size(); ++size) {
            rewrite(good.substr(0, size));
            QVERIFY2(!read_curve(folder, key()), qPrintable(QString::number(size)));
        }
        for (const char* bad : {"nan", "inf", "-1", "0", "1e300", "1e400", "x", "", "1 2"}) {
            const std::size_t at = good.find("\n1 ") + 3;
            std::string content = good;
            rewrite(content.replace(at, good.find('\n', at) - at, bad));
            QVERIFY2(!read_curve(folder, key()), bad);
        }
        rewrite(good + "more");
        QVERIFY(!read_curve(folder, key()));
        rewrite(good + std::string(1U << 20U, '\n'));
        QVERIFY(!read_curve(folder, key()));
        rewrite(good);  // control
        QVERIFY(read_curve(folder, key()));
        fs::remove(file);
        fs::create_directory(file);
        QVERIFY(!read_curve(folder, key()));
        QVERIFY(!write_curve(folder, key(), some_curve()));
        QCOMPARE(std::distance(fs::directory_iterator(folder), fs::directory_iterator()),
                 1);  // no rubbish left
    }

    void a_folder_that_cannot_be_is_an_error_in_words() {
        std::ofstream(path("file")) << "x";
        const Status status = write_curve(path("file"), key(), some_curve());
        QVERIFY(!status && !status.error().message.empty());
        QVERIFY(!read_curve(path("file"), key()));
    }

    void the_folder_stays_small() {
        const fs::path folder = path("many");
        for (std::uint64_t i = 0; i < 80; ++i) {
            CurveKey one = key();
            one.bytes = i;
            QVERIFY(write_curve(folder, one, some_curve()));
        }
        QCOMPARE(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 64);
        CurveKey last = key();
        last.bytes = 79;
        QVERIFY(read_curve(folder, last));
    }

    void policies_use_it_from_the_first_step() {
        TinyRuntime runtime(model("llama"), true);
        runtime.scheduler->expect(some_curve());
        QCOMPARE(runtime.scheduler->cost().milliseconds(8), some_curve()[5].step_ms);
        probe(runtime, random_tokens(8, 1), true);  // and steps go on correcting it
        QVERIFY(runtime.scheduler->cost().milliseconds(8) != some_curve()[5].step_ms);
        const double learnt = runtime.scheduler->cost().milliseconds(8);
        runtime.scheduler->expect(some_curve());  // what was seen is better than what was remembered
        QCOMPARE(runtime.scheduler->cost().milliseconds(8), learnt);
    }
};

QTEST_GUILESS_MAIN(TestCurve)
#include "test_curve.moc"
