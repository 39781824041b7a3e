// SPDX-License-Identifier: Apache-2.0
// SHA-256 against the examples of FIPS 180-4, in pieces of all sizes, and by each kind of code that the
// processor can run.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <QCryptographicHash>
#include <QtTest>

#include "engine/model/sha256.h"

using namespace tendril::engine;

namespace {

std::vector<std::pair<const char*, Sha256::Compress>> kinds() {
    std::vector<std::pair<const char*, Sha256::Compress>> list = {{"scalar", Sha256::scalar()}};
    if (Sha256::instructions() != nullptr) {
        list.emplace_back("instructions", Sha256::instructions());
    }
    return list;
}

QByteArray hex(const Sha256::Digest& digest) {
    return QByteArray(reinterpret_cast<const char*>(digest.data()), static_cast<qsizetype>(digest.size()))
        .toHex();
}

QByteArray hex_of(Sha256::Compress compress, const std::string& text) {
    Sha256 hash(compress);
    hash.update(text);
    return hex(hash.finish());
}

}  // namespace

class TestSha256 : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() {
        if (Sha256::instructions() == nullptr) {
            qInfo("NOT RUN: this processor has no instructions for it");
        }
    }

    void examplesOfTheStandard() {
        const std::pair<std::string, const char*> examples[] = {
            {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
            {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
            {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
             "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
            {std::string(1'000'000, 'a'),
             "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"}};
        for (const auto& [name, compress] : kinds()) {
            for (const auto& [text, expected] : examples) {
                QVERIFY2(hex_of(compress, text) == expected, name);
            }
        }
        QCOMPARE(hex(Sha256::of({})), QByteArray(examples[0].second));
    }

    /// Another implementation, for every length around the ends of blocks.
    void asQtHasIt() {
        std::mt19937 random(7);
        std::string text;
        for (std::size_t length = 0; length < 300; ++length) {
            const QByteArray expected =
                QCryptographicHash::hash(QByteArray::fromStdString(text), QCryptographicHash::Sha256).toHex();
            for (const auto& [name, compress] : kinds()) {
                QVERIFY2(hex_of(compress, text) == expected, name);
            }
            text.push_back(static_cast<char>(random()));
        }
        std::string other = text;
        other[150] = static_cast<char>(other[150] ^ 1);  // one bit
        QVERIFY(hex_of(Sha256::fastest(), text) != hex_of(Sha256::fastest(), other));
    }

    void piecesMakeNoDifference() {
        std::mt19937 random(8);
        std::string text(5000, '\0');
        for (char& c : text) {
            c = static_cast<char>(random());
        }
        for (const auto& [name, compress] : kinds()) {
            const QByteArray whole = hex_of(compress, text);
            for (int round = 0; round < 200; ++round) {
                Sha256 hash(compress);
                for (std::string_view rest = text; !rest.empty();) {
                    const std::size_t now = std::min<std::size_t>(rest.size(), random() % 200);
                    hash.update(rest.substr(0, now));
                    rest.remove_prefix(now);
                }
                QVERIFY2(hex(hash.finish()) == whole, name);
            }
        }
    }
};

QTEST_APPLESS_MAIN(TestSha256)
#include "test_sha256.moc"
