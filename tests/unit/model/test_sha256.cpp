// SPDX-License-Identifier: Apache-2.0
// SHA-256 against the examples of FIPS 180-4 and Qt's, in pieces of all sizes.
#include <algorithm>
#include <random>
#include <string>

#include <QCryptographicHash>
#include <QtTest>

#include "engine/model/sha256.h"

using namespace tendril::engine;

namespace {

QByteArray hex_of(Sha256& hash) {
    const Sha256::Digest digest = hash.finish();
    return QByteArray(reinterpret_cast<const char*>(digest.data()), static_cast<qsizetype>(digest.size()))
        .toHex();
}

QByteArray hex_of(const std::string& text) {
    Sha256 hash;
    hash.update(text);
    return hex_of(hash);
}

}  // namespace

class TestSha256 : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void examplesOfTheStandard() {
        QCOMPARE(hex_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        QCOMPARE(hex_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        QCOMPARE(hex_of(std::string(1'000'000, 'a')),
                 "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    }

    void piecesMakeNoDifference() {
        std::mt19937 random(8);
        std::string text(5000, '\0');
        std::generate(text.begin(), text.end(), [&] { return static_cast<char>(random()); });
        const QByteArray whole =
            QCryptographicHash::hash(QByteArray::fromStdString(text), QCryptographicHash::Sha256).toHex();
        for (int round = 0; round < 200; ++round) {
            Sha256 hash;
            for (std::string_view rest = text; !rest.empty();) {
                const std::size_t now = std::min<std::size_t>(rest.size(), random() % 200);
                hash.update(rest.substr(0, now));
                rest.remove_prefix(now);
            }
            QCOMPARE(hex_of(hash), whole);
        }
        text[150] = static_cast<char>(text[150] ^ 1);  // one bit
        QVERIFY(hex_of(text) != whole);
    }
};

QTEST_APPLESS_MAIN(TestSha256)
#include "test_sha256.moc"
