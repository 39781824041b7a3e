// SPDX-License-Identifier: Apache-2.0
// Files that people attach: text in every encoding that is told apart, what is no text, PDFs good, bad and
// hostile.
#include <sys/stat.h>

#include <QElapsedTimer>
#include <QFile>
#include <QStringEncoder>
#include <QTemporaryDir>
#include <QtTest>

#include "app/documents/document_reader.h"
#include "app/documents/text_decoding.h"
#include "pdf_writer.h"

using namespace tendril;
using namespace tendril::app;
using namespace tendril::test;

class TestDocumentReader : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    ReadOptions options_;

    std::filesystem::path write(const QString& name, const QByteArray& bytes) {
        QFile file(folder_.filePath(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size()) {
            qFatal("cannot write");
        }
        return folder_.filePath(name).toStdString();
    }
    Result<ReadDocument> read(const QString& name, const QByteArray& bytes) {
        return read_document(write(name, bytes), options_, [] { return false; });
    }
    QString error(const QString& name, const QByteArray& bytes) {
        const auto result = read(name, bytes);
        return result ? QStringLiteral("read: ") + QString::fromStdString(result->text).left(80)
                      : QString::fromStdString(result.error().message);
    }
    bool hasPdf() { return !find_program("pdftotext").empty(); }

  private Q_SLOTS:
    void init() {
        options_ = {};
        options_.limits.wall = std::chrono::seconds(20);
    }

    void textsOfAllEncodings_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("note");
        const QString words = QStringLiteral("Größe: 5 €\n“quoted” 葡萄 🍇\nend\n");
        const QString latin =
            QStringLiteral("Größe und Maß, déjà vu: eine Straße in Köln, ganz gewöhnlicher Text\n");
        QTest::newRow("UTF-8") << words.toUtf8() << words << "";
        QTest::newRow("UTF-8 with mark") << "\xEF\xBB\xBF" + words.toUtf8() << words << "";
        QTest::newRow("lines of others") << QByteArray("a\r\nb\rc\n") << "a\nb\nc\n"
                                         << "";
        QTest::newRow("pages") << QByteArray("a\fb\n") << "a\n\nb\n"
                               << "";
        const auto encoded = [](QStringConverter::Encoding encoding, const QString& text, bool mark) {
            QStringEncoder encoder(encoding,
                                   mark ? QStringConverter::Flag::WriteBom : QStringConverter::Flag::Default);
            return QByteArray(encoder(text));
        };
        QTest::newRow("UTF-16LE") << encoded(QStringConverter::Utf16LE, words, true) << words << "UTF-16";
        QTest::newRow("UTF-16BE") << encoded(QStringConverter::Utf16BE, words, true) << words << "UTF-16";
        QTest::newRow("UTF-32LE") << encoded(QStringConverter::Utf32LE, words, true) << words << "UTF-32";
        QTest::newRow("UTF-16LE, no mark")
            << encoded(QStringConverter::Utf16LE, latin, false) << latin << "UTF-16";
        QTest::newRow("UTF-16BE, no mark")
            << encoded(QStringConverter::Utf16BE, latin, false) << latin << "UTF-16";
        QTest::newRow("Latin-1") << latin.toLatin1() << latin << "Latin-1";
        QTest::newRow("Windows-1252")
            << QByteArray("The price is 5 \x80, \x93quoted\x94 \x96 as they say.")
            << QStringLiteral("The price is 5 €, “quoted” – as they say.") << "Windows-1252";
        QByteArray cut = QStringLiteral("Größe ").repeated(40).toUtf8() + "\xF0\x9F";
        QTest::newRow("UTF-8 that was cut")
            << cut << QStringLiteral("Größe ").repeated(40) + QChar(0xFFFD) << "not quite sound";
        QTest::newRow("broken UTF-16")
            << QByteArray(
                   "\xFF\xFE"
                   "a\0\x00\xD8"
                   "b\0c",
                   9)
            << QStringLiteral("a") + QChar(0xFFFD) + "b" + QChar(0xFFFD) << "not quite sound";
    }
    void textsOfAllEncodings() {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, text);
        QFETCH(QString, note);
        const auto document = read("notes.txt", bytes);
        QVERIFY2(document.has_value(), document ? "" : document.error().message.c_str());
        QCOMPARE(QString::fromStdString(document->text), text);
        QVERIFY2(
            note.isEmpty() ? document->note.empty() : QString::fromStdString(document->note).contains(note),
            document->note.c_str());
        QCOMPARE(document->file_bytes, std::uintmax_t(bytes.size()));
    }

    void kindsAreTold() {
        QCOMPARE(read("a.md", "# x")->kind, storage::DocumentKind::markdown);
        QCOMPARE(read("a.CPP", "int x;")->kind, storage::DocumentKind::source);
        QCOMPARE(read("run", "#!/bin/sh\n")->kind, storage::DocumentKind::source);
        QCOMPARE(read("a", "words")->kind, storage::DocumentKind::text);
    }

    void whatIsNoTextIsRefusedInWords() {
        QVERIFY2(error("a.zip", QByteArray("PK\x03\x04....")).contains("ZIP archive"), "");
        QVERIFY(error("a.png", "\x89PNG\r\n").contains("picture"));
        QByteArray noise;
        quint32 state = 1;
        for (int i = 0; i < 5000; ++i) {
            state = state * 1664525 + 1013904223;
            noise += static_cast<char>(state >> 24);
        }
        QCOMPARE(error("noise.bin", noise), QString("noise.bin is no text."));
        QCOMPARE(error("controls.txt", QByteArray("\x01\x02\x03 words\x04\x05")),
                 QString("controls.txt is no text."));
        QCOMPARE(error("empty.txt", " \n\n "), QString("empty.txt is empty."));
        // Cyrillic in one byte a letter, Chinese in two: not taken for Latin-1
        QVERIFY(error("ru.txt", QByteArray("\xcf\xf0\xe8\xe2\xe5\xf2 \xec\xe8\xf0")).contains("encoding"));
        QVERIFY(error("zh.txt", QByteArray("\xc6\xcf\xcc\xd1\xca\xc7\xd6\xd6\xd6\xb2\xce\xef"))
                    .contains("encoding"));
    }

    void whatIsNoFileIsRefusedInWords() {
        const auto never = [] { return false; };
        const auto words = [&](const std::filesystem::path& path) {
            const auto result = read_document(path, options_, never);
            return result ? QString() : QString::fromStdString(result.error().message);
        };
        QVERIFY(words("/nonexistent/a.txt").contains("There is no file a.txt"));
        QVERIFY(words(folder_.path().toStdString()).contains("folder"));
        QVERIFY(words("/dev/zero").contains("not a file"));
        const auto fifo = folder_.filePath("fifo");
        QCOMPARE(mkfifo(fifo.toLocal8Bit().constData(), 0600), 0);
        QVERIFY(words(fifo.toStdString()).contains("not a file"));  // and it did not wait for a writer
        const auto large = write("large.txt", "x");
        std::filesystem::resize_file(large, kLargestTextDocument + 1);
        QVERIFY(words(large).contains("16 MiB are the most"));
        const auto cancelled = read_document(write("a.txt", "words"), options_, [] { return true; });
        QCOMPARE(cancelled.error().code, ErrorCode::cancelled);
    }

    void pdfsGiveTheirText() {
        if (!hasPdf()) {
            QSKIP("pdftotext is not installed");
        }
        const auto document = read(
            "report.pdf", pdf_with_pages({pdf_stream(pdf_lines({"Hops climb to 7.5 metres", "in a year."})),
                                          pdf_stream(pdf_lines({"Ivy clings."}))}));
        QVERIFY2(document.has_value(), document ? "" : document.error().message.c_str());
        QCOMPARE(document->kind, storage::DocumentKind::pdf);
        QVERIFY2(document->text.starts_with("Hops climb to 7.5 metres\nin a year."), document->text.c_str());
        QVERIFY(document->text.find("\n\nIvy clings.") != std::string::npos);
        QVERIFY(document->text.find('\f') == std::string::npos);
        // a name that looks like an option is no option
        QVERIFY(read("-upw.pdf", pdf_with_text({"words"})).has_value());
    }

    void badPdfsAreRefusedInWords() {
        if (!hasPdf()) {
            QSKIP("pdftotext is not installed");
        }
        QVERIFY2(
            error("scan.pdf", pdf_with_pages({pdf_stream("0 0 1 rg 10 10 50 50 re f")})).contains("no text"),
            qPrintable(error("scan.pdf", pdf_with_pages({pdf_stream("0 0 1 rg 10 10 50 50 re f")}))));
        const QByteArray good = pdf_with_text({"words"});
        QVERIFY(error("none.pdf", "%PDF-1.4\nnothing").contains("broken PDF"));
        const QString half = error("half.pdf", good.left(good.size() / 3));
        QVERIFY2(half.contains("broken PDF") || half.contains("no text"), qPrintable(half));
        const QByteArray locked =
            pdf_with_pages({pdf_stream(pdf_lines({"words"}))}, 1, "/Encrypt 6 0 R /ID [<00> <00>]",
                           "<< /Filter /Standard /V 1 /R 2 /O <" + QByteArray("5a").repeated(32) + "> /U <" +
                               QByteArray("a5").repeated(32) + "> /P -4 >>");
        QVERIFY2(error("locked.pdf", locked).contains("encrypted"), qPrintable(error("locked.pdf", locked)));
    }

    void hostilePdfsEndAtALimit() {
        if (!hasPdf()) {
            QSKIP("pdftotext is not installed");
        }
        // One page of 400 kB that stands 100,000 times in the list of pages: 40 GB of text out of half a
        // megabyte.
        QStringList lines;
        for (int i = 0; i < 5000; ++i) {
            lines += QStringLiteral("line %1 of a page that does not end soon enough for anybody").arg(i);
        }
        options_.limits.output = 1U << 20U;
        options_.limits.cpu_seconds = 10;
        const QString endless = error("endless.pdf", pdf_with_pages({pdf_stream(pdf_lines(lines))}, 20'000));
        QVERIFY2(endless.contains("too much text") || endless.contains("too long"), qPrintable(endless));
        // Twice compressed: 200 MB of drawing in a few kilobytes.
        const QByteArray once =
            qCompress(QByteArray("(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa) Tj T*\n").repeated(5'000'000), 9).mid(4);
        options_.limits.cpu_seconds = 3;
        options_.limits.address_space = 256U << 20U;
        QElapsedTimer clock;
        clock.start();
        const QString bomb = error(
            "bomb.pdf",
            pdf_with_pages({pdf_stream(qCompress(once, 9).mid(4), " /Filter [/FlateDecode /FlateDecode]")}));
        QVERIFY2(bomb.startsWith("bomb.pdf") && !bomb.startsWith("read"), qPrintable(bomb));
        QVERIFY(clock.elapsed() < 20'000);
        // A list of pages that holds itself.
        const QString circle = error(
            "circle.pdf",
            pdf_of({"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 9 >>"}));
        QVERIFY2(circle.startsWith("circle.pdf"), qPrintable(circle));
    }

    void aReaderThatWasTakenOverIsStopped_data() {
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("words");
        QTest::newRow("writes forever") << "forever"
                                        << "too much text";
        QTest::newRow("waits forever") << "wait"
                                       << "too long";
        QTest::newRow("crashes") << "crash"
                                 << "broken PDF";
        QTest::newRow("wants a password") << "password"
                                          << "encrypted";
        QTest::newRow("says nothing") << "nothing"
                                      << "no text";
    }
    void aReaderThatWasTakenOverIsStopped() {
        QFETCH(QString, what);
        QFETCH(QString, words);
        options_.pdf_program = TENDRIL_HOSTILE;
        options_.limits.wall = std::chrono::milliseconds(500);
        const QString said = error("a.pdf", "%PDF-1.4 " + what.toUtf8() + "\n");
        QVERIFY2(said.contains(words), qPrintable(said));
    }

    void withoutTheReaderWordsSaySo() {
        options_.pdf_program = "/nonexistent/pdftotext";
        QVERIFY(error("a.pdf", pdf_with_text({"x"})).contains("could not be read"));
        QVERIFY(find_program("no-such-program-here").empty());
        QVERIFY(!find_program("sh").empty());
    }
};

QTEST_GUILESS_MAIN(TestDocumentReader)
#include "test_document_reader.moc"
