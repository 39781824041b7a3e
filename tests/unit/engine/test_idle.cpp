// SPDX-License-Identifier: Apache-2.0
// What the engine does by itself when nobody asks: it measures t(M) once for each model file, device and
// number of threads.
#include <fstream>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/schedule/curve_meter.h"
#include "tests/support/gguf_writer.h"
#include "tests/unit/engine/engine_client.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;
namespace fs = std::filesystem;

class TestIdle : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    fs::path in_folder(const std::string& name) const {
        return fs::path(folder_.path().toStdString()) / name;
    }
    LoadOptions options(const std::string& measurements) const {
        LoadOptions made;
        made.path = in_folder("model.gguf");
        made.threads = 2;
        made.measurements = in_folder(measurements);
        return made;
    }
    static void wait_until_measured(EngineClient& client) {
        QTRY_VERIFY_WITH_TIMEOUT(!client.curve().empty(), 60000);
    }
    /// Measures and remembers.
    void learn(const LoadOptions& load) const {
        EngineClient client;
        QVERIFY(client.load(load));
        wait_until_measured(client);
    }
    static std::vector<CurvePoint> remembered(const LoadOptions& load) {
        EngineClient client;
        const auto loaded = client.load(load);
        return loaded ? loaded->curve : std::vector<CurvePoint>();
    }

  private Q_SLOTS:
    void initTestCase() {
        TinyModel model;
        model.context = 2560;
        QVERIFY(tiny_model(model).write(in_folder("model.gguf")));
    }

    void it_is_measured_once() {
        const LoadOptions load = options("once");
        {
            EngineClient client;
            const auto loaded = client.load(load);
            QVERIFY(loaded && loaded->curve.empty());
            wait_until_measured(client);
            QCOMPARE(client.curve().size(), kCurveRows.size());
        }
        EngineClient client;
        const auto loaded = client.load(load);
        QCOMPARE(loaded->curve.size(), kCurveRows.size());
        QCOMPARE(client.curve().size(), kCurveRows.size());
    }

    void without_a_folder_it_is_not_measured() {
        EngineClient client;
        LoadOptions load = options("none");
        load.measurements.clear();
        QVERIFY(client.load(load));
        GenerateRequest request;
        request.prompt = {1, 2, 3};
        request.max_tokens = 5;
        QVERIFY(client.ask(request).finished.has_value());
        QVERIFY(client.curve().empty());
        client.engine->unload();
        QVERIFY(client.curve().empty());
    }

    void what_changes_the_times_is_measured_anew() {
        LoadOptions load = options("anew");
        learn(load);
        QVERIFY(!remembered(load).empty());
        load.threads = 1;
        QVERIFY(remembered(load).empty());
        load.threads = 2;
        QVERIFY(!remembered(load).empty());
        fs::last_write_time(load.path, fs::last_write_time(load.path) + std::chrono::seconds(1));
        QVERIFY(remembered(load).empty());
        learn(load);
        QVERIFY(!remembered(load).empty());
    }

    void a_damaged_file_is_replaced() {
        const LoadOptions load = options("damaged");
        learn(load);
        for (const auto& file : fs::directory_iterator(load.measurements)) {
            fs::resize_file(file, 40);
        }
        QVERIFY(remembered(load).empty());
        learn(load);
        QVERIFY(!remembered(load).empty());
    }

    void answers_are_the_same_while_it_is_measured() {
        GenerateRequest request;
        request.prompt = std::vector<TokenId>(300, 7);
        request.max_tokens = 40;
        LoadOptions load = options("busy");
        load.measurements.clear();
        EngineClient quiet;
        QVERIFY(quiet.load(load));
        const Reply want = quiet.ask(request);
        load.measurements = in_folder("busy");
        EngineClient client;
        QVERIFY(client.load(load));
        for (int round = 0; round < 50 && client.curve().empty(); ++round) {
            request.prompt[0] = 7 + round % 2;
            const Reply reply = client.ask(request);
            QVERIFY(reply.finished.has_value());
            QVERIFY(round % 2 == 1 || reply.finished->tokens == want.finished->tokens);
        }
        wait_until_measured(client);
    }
};

QTEST_GUILESS_MAIN(TestIdle)
#include "test_idle.moc"
