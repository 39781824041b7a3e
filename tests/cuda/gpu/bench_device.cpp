// SPDX-License-Identifier: Apache-2.0
// Tokens a second on a real card, and which share of its memory's bandwidth decoding reaches: what a token
// loads (weights and half of the keys and values in front of it) by the time it takes. Prints; fails only
// when it cannot measure. One thread.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdio>
#include <numeric>

#include <QtTest>

#include "tests/support/real_models.h"
#include "tests/unit/engine/engine_client.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

/// Bytes a second that the card's memory can give; 0 when it does not say.
double bandwidth() {
    int kilohertz = 0;
    int bits = 0;
    if (cudaDeviceGetAttribute(&kilohertz, cudaDevAttrMemoryClockRate, 0) != cudaSuccess ||
        cudaDeviceGetAttribute(&bits, cudaDevAttrGlobalMemoryBusWidth, 0) != cudaSuccess) {
        return 0;
    }
    return 2.0 * kilohertz * 1e3 * bits / 8.0;  // twice a clock
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0.0 : values[values.size() / 2];
}

}  // namespace

class BenchDevice : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void tokensPerSecond_data() {
        QTest::addColumn<QString>("model");
        for (const char* model : {kDefaultModel, "Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf",
                                  "Qwen2.5-Coder-1.5B-Instruct.Q4_K_M.gguf"}) {
            QTest::newRow(model) << model;
        }
    }
    void tokensPerSecond() {
        QFETCH(QString, model);
        qputenv("TENDRIL_CUDA_PLUGIN", TENDRIL_BUILT_PLUGIN);
        LoadOptions options;
        options.path = find_real_model(model.toStdString());
        options.device = Device::cuda;
        if (options.path.empty()) {
            QSKIP("The model is not here.");
        }
        EngineClient client;
        const auto loaded = client.load(options);
        QVERIFY2(loaded.has_value(), loaded ? "" : loaded.error().message.c_str());
        BenchRequest request;
        request.batches = {1, 4};
        const Reply reply = client.ask(request);
        QVERIFY2(reply.bench.has_value(), reply.error ? reply.error->message.c_str() : "no figures");
        const ModelDescription& about = loaded->description;
        const double per_token = static_cast<double>(about.weight_bytes) +
                                 request.decode_tokens / 2.0 * static_cast<double>(about.kv_bytes_per_token);
        std::printf("%s on %s\n", qPrintable(model), loaded->device.c_str());
        for (const BenchRow& row : reply.bench->rows) {
            const double rate = median(row.tokens_per_second);
            QVERIFY(rate > 0);
            std::printf("  %-8s %4u tokens, batch %u: %8.1f tokens a second", row.test.c_str(), row.tokens,
                        row.batch, rate);
            if (row.test == "decode" && bandwidth() > 0) {
                std::printf(", %.0f %% of the memory's bandwidth",
                            100.0 * per_token * rate / row.batch / bandwidth());
            }
            std::printf("\n");
        }
    }
};

QTEST_GUILESS_MAIN(BenchDevice)
#include "bench_device.moc"
