// SPDX-License-Identifier: Apache-2.0
// Self-information by our engine against the same from transformers (make_reference.py). Test thread.
#include <cmath>
#include <fstream>

#include <QTest>
#include <nlohmann/json.hpp>

#include "app/compress/engine_scorer.h"
#include "tests/support/real_models.h"
#include "tests/unit/engine/engine_client.h"

using namespace tendril;
using nlohmann::json;

class TestSelfInformation : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void equalsTransformers() {
        std::ifstream file(TENDRIL_TEST_DATA "/SmolLM2-135M-Instruct.Q4_1.json");
        const json reference = json::parse(file);
        const auto path = test::find_real_model(reference["model"]);
        if (path.empty()) {
            QSKIP("the model is not on this machine");
        }
        test::EngineClient client;
        const auto loaded = client.load(path);
        QVERIFY2(loaded.has_value(), loaded ? "" : loaded.error().message.c_str());
        app::EngineScorer scorer(
            {[&](engine::ScoreRequest request, engine::EventSink sink) {
                 return client.engine->submit(std::move(request), std::move(sink));
             },
             [&](engine::RequestId id) { client.engine->cancel(id); }, loaded->tokenizer, loaded->context},
            {});
        std::vector<prompt::ScoreJob> jobs;
        for (const json& job : reference["jobs"]) {
            jobs.push_back({job["context"], job["text"]});
        }
        const auto scored = scorer.score(jobs);
        QVERIFY(scored);
        double sum = 0;
        double without_context = 0;  // the control: what a scorer that forgets the context would give
        std::size_t tokens = 0;
        for (std::size_t j = 0; j < jobs.size(); ++j) {
            const auto nats = reference["jobs"][j]["nats"].get<std::vector<double>>();
            const auto& pieces = (*scored)[j];
            QCOMPARE(pieces.size(), nats.size());
            QCOMPARE(pieces.front().begin, std::size_t{0});
            QCOMPARE(pieces.back().end, jobs[j].text.size());
            for (std::size_t i = 0; i < nats.size(); ++i) {
                const double distance = std::abs(static_cast<double>(pieces[i].nats) - nats[i]);
                QVERIFY2(distance < 0.5,
                         qPrintable(QString("job %1 token %2: %3").arg(j).arg(i).arg(distance)));
                QVERIFY(i == 0 || pieces[i].begin == pieces[i - 1].end);
                sum += distance;
                ++tokens;
                if (!jobs[j].context.empty()) {
                    without_context += std::abs(static_cast<double>((*scored)[1][i].nats) - nats[i]) /
                                       static_cast<double>(nats.size());
                }
            }
        }
        const double mean = sum / static_cast<double>(tokens);
        qInfo("mean distance %.4f nats; without the context %.4f", mean, without_context);
        QVERIFY(mean < 0.12);  // 4-bit weights times 8-bit activations, beside float32
        QVERIFY(without_context > 0.5);
    }
};

QTEST_GUILESS_MAIN(TestSelfInformation)
#include "test_self_information.moc"
