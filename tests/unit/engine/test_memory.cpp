// SPDX-License-Identifier: Apache-2.0
// The highest memory of a load: at most 1.15 times the file, beside what the process had before and the keys
// and values. One thread.
#include <fstream>
#include <string>

#include <QTemporaryDir>
#include <QtTest>

#include "engine/runtime.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/real_models.h"

using namespace tendril;
using namespace tendril::engine;
using namespace tendril::test;

namespace {

/// Bytes of a line of /proc/self/status; 0 when it is not there.
std::uint64_t status_bytes(const std::string& key) {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(key + ":")) {
            return std::stoull(line.substr(key.size() + 1)) * 1024;
        }
    }
    return 0;
}

/// Makes the highest memory so far that of now.
bool forget_peak() {
    std::ofstream file("/proc/self/clear_refs");
    file << "5" << std::flush;
    return file.good();
}

/// Bytes of a file's mappings that are in memory.
double resident_of(const std::filesystem::path& path) {
    std::ifstream maps("/proc/self/smaps");
    const std::string name = std::filesystem::canonical(path).string();
    double bytes = 0;
    bool inside = false;
    for (std::string line; std::getline(maps, line);) {
        if (line.size() > 12 && line.find('-') < 17 && std::isxdigit(static_cast<unsigned char>(line[0]))) {
            inside = line.ends_with(name);
        } else if (inside && line.starts_with("Rss:")) {
            bytes += std::stod(line.substr(4)) * 1024;
        }
    }
    return bytes;
}

struct Measured {
    double file = 0;
    double left = -1;  // of the file itself, after the load
    double peak = 0;   // above what the process had before
};

Measured load_once(const std::filesystem::path& path, const BackendFactory& factory) {
    Measured measured;
    measured.file = static_cast<double>(std::filesystem::file_size(path));
    const std::uint64_t before = status_bytes("VmRSS");
    if (!forget_peak()) {
        return measured;
    }
    LoadOptions options;
    options.path = path;
    options.context = 512;
    const auto runtime = Runtime::open(
        options, [](double) { return true; }, factory);
    if (runtime) {
        measured.peak = static_cast<double>(status_bytes("VmHWM")) - static_cast<double>(before);
    }
    if (runtime) {
        measured.left = resident_of(path);
    }
    qInfo("file %.1f MiB, peak %.1f MiB = %.2f of it, %.1f MiB of the file itself stay",
          measured.file / 1048576, measured.peak / 1048576, measured.peak / measured.file,
          measured.left / 1048576);
    return measured;
}

/// A file whose one embedding is nearly all of it, so that having it twice would show.
std::filesystem::path large_model(const QTemporaryDir& folder) {
    TinyModel options;
    options.type = DataType::q8_0;
    options.width = 1024;
    options.heads = 4;
    options.head_size = 256;
    options.feed_forward = 49152;
    options.layers = 1;
    const std::filesystem::path path = folder.filePath("large.gguf").toStdString();
    return tiny_model(options).write(path) ? path : std::filesystem::path();
}

}  // namespace

class TestMemory : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() {
        if (status_bytes("VmHWM") == 0 || !forget_peak()) {
            QSKIP("This system does not tell the highest memory of a process.");
        }
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
        QSKIP("Sanitizers take memory of their own.");
#endif
    }

    void a_large_matrix_is_never_there_twice() {
        const QTemporaryDir folder;
        const std::filesystem::path path = large_model(folder);
        QVERIFY(!path.empty());
        const Measured measured = load_once(path, make_backend);
        QVERIFY(measured.file > 100e6);
        QVERIFY(measured.peak > 0.9 * measured.file);  // the measurement measures
        QVERIFY(measured.peak <= 1.15 * measured.file);
        QVERIFY(measured.left >= 0);
        QVERIFY(measured.left <= 3e6);
    }

    void real_models_data() {
        QTest::addColumn<QString>("model");
        for (const char* model : {"gemma-3-270m.Q4_K_M.gguf", "Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf"}) {
            QTest::newRow(model) << model;
        }
    }
    void real_models() {
        QFETCH(QString, model);
        const std::filesystem::path path = find_real_model(model.toStdString());
        if (path.empty()) {
            QSKIP("This model is not on this machine.");
        }
        const Measured measured = load_once(path, make_backend);
        QVERIFY(measured.peak > 0.9 * measured.file);
        QVERIFY(measured.peak <= 1.15 * measured.file);
        QVERIFY(measured.left >= 0);
        QVERIFY(measured.left <= 3e6);
    }
};

QTEST_GUILESS_MAIN(TestMemory)
#include "test_memory.moc"
