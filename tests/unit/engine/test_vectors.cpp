// SPDX-License-Identifier: Apache-2.0
// Vectors of texts through the façade: pooled as the model's file says, unless the request says otherwise.
#include <QtTest>

#include "tests/support/gguf_writer.h"
#include "tests/unit/engine/engine_client.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

Reply embed(EngineClient& client, std::optional<Pooling> pooling) {
    EmbedRequest made;
    made.tokens = {10, 20, 30, 40, 50};
    made.pooling = pooling;
    return client.ask(std::move(made));
}

}  // namespace

class TestVectors : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    std::filesystem::path model(std::optional<std::uint32_t> type) const {
        GgufWriter file = tiny_model({});
        if (type) {
            file.add_u32("llama.pooling_type", *type);
        }
        const auto path = std::filesystem::path(folder_.path().toStdString()) / "model.gguf";
        if (!file.write(path)) {
            qFatal("cannot write a test model");
        }
        return path;
    }

  private Q_SLOTS:
    void they_are_pooled_as_the_file_says() {
        const std::pair<std::optional<std::uint32_t>, Pooling> types[] = {{std::nullopt, Pooling::mean},
                                                                          {0, Pooling::mean},
                                                                          {1, Pooling::mean},
                                                                          {2, Pooling::first},
                                                                          {3, Pooling::last}};
        for (const auto& [type, pooling] : types) {
            EngineClient client;
            QVERIFY(client.load(model(type)));
            const Reply own = embed(client, std::nullopt);
            QVERIFY(own.embedded.has_value());
            for (const Pooling other : {Pooling::mean, Pooling::first, Pooling::last}) {
                QCOMPARE(embed(client, other).embedded->vector == own.embedded->vector, other == pooling);
            }
        }
    }

    void a_model_that_ranks_is_refused_in_words() {
        EngineClient client;
        QVERIFY(client.load(model(4)));
        const Reply refused = embed(client, std::nullopt);
        QVERIFY(refused.error && refused.error->code == ErrorCode::unsupported);
        QVERIFY(embed(client, Pooling::mean).embedded.has_value());
    }
};

QTEST_GUILESS_MAIN(TestVectors)
#include "test_vectors.moc"
