// SPDX-License-Identifier: Apache-2.0
// Whatever a model writes: no file is opened, no connection is made, nothing blocks, and a link opens only
// after a person has agreed to the whole address. Each watch is shown to see what it watches for.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <QElapsedTimer>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTextBrowser>

#include "tests/ui/conversation/view_fixture.h"
#include "ui/conversation/link_dialog.h"

using namespace tendril;
using namespace tendril::ui;
using app::MessageRole;

namespace {

/// A folder with files, one of them a FIFO that nobody writes to, and a watch that counts every opening.
class WatchedFolder {
  public:
    WatchedFolder() : watch_(inotify_init1(IN_NONBLOCK)) {
        for (const char* name : {"a.png", "b.svg", "c.txt"}) {
            QFile file(path(QString::fromLatin1(name)));
            if (file.open(QIODevice::WriteOnly)) {
                file.write("<svg xmlns='http://www.w3.org/2000/svg'/>");
            }
        }
        mkfifo(qPrintable(path(QStringLiteral("pipe"))), 0600);
        inotify_add_watch(watch_, qPrintable(folder_.path()), IN_OPEN | IN_ACCESS);
    }
    ~WatchedFolder() { close(watch_); }

    QString path(const QString& name) const { return folder_.filePath(name); }
    int opened() const {
        char buffer[16384];
        int count = 0;
        for (ssize_t size = read(watch_, buffer, sizeof buffer); size > 0;
             size = read(watch_, buffer, sizeof buffer)) {
            count += static_cast<int>(size / static_cast<ssize_t>(sizeof(inotify_event)));
        }
        return count;
    }

  private:
    QTemporaryDir folder_;
    int watch_;
};

/// A server on the loopback that counts who comes.
class Listener {
  public:
    Listener() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
        listen(socket_, 64);
        socklen_t size = sizeof address;
        getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
    }
    ~Listener() { close(socket_); }

    int port() const { return port_; }
    int connections() const {
        int count = 0;
        for (int peer = accept(socket_, nullptr, nullptr); peer >= 0;
             peer = accept(socket_, nullptr, nullptr)) {
            close(peer);
            ++count;
        }
        return count;
    }
    void connectOnce() const {
        const int peer = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(static_cast<uint16_t>(port_));
        ::connect(peer, reinterpret_cast<sockaddr*>(&address), sizeof address);
        close(peer);
    }

  private:
    int socket_;
    int port_ = 0;
};

/// Every address in every place of Markdown and HTML where a viewer could load it.
QStringList attacks(const WatchedFolder& folder, const Listener& listener) {
    QStringList addresses;
    for (const QString& name : {QStringLiteral("a.png"), QStringLiteral("b.svg"), QStringLiteral("c.txt"),
                                QStringLiteral("pipe")}) {
        addresses << folder.path(name) << QStringLiteral("file://") + folder.path(name)
                  << QStringLiteral("file://localhost") + folder.path(name);
    }
    const QString host = QStringLiteral("127.0.0.1:%1").arg(listener.port());
    addresses << QStringLiteral("http://%1/x.png").arg(host) << QStringLiteral("https://%1/x").arg(host)
              << QStringLiteral("//%1/x").arg(host) << QStringLiteral("ftp://%1/x").arg(host)
              << QStringLiteral("ws://%1/x").arg(host) << QStringLiteral("/dev/zero")
              << QStringLiteral("file:///dev/zero") << QStringLiteral("file:///dev/random")
              << QStringLiteral(":/tendril/highlight/c.json")
              << QStringLiteral("qrc:/tendril/highlight/c.json") << QStringLiteral("javascript:alert(1)")
              << QStringLiteral("data:image/png;base64,iVBORw0KGgo=")
              << QStringLiteral("data:text/html,<script>x</script>")
              << QStringLiteral("file:///proc/self/environ") << QStringLiteral("\\\\127.0.0.1\\share\\x")
              << QStringLiteral("mailto:a@b?attach=/etc/passwd");
    const char* const places[] = {"![x](%1)",
                                  "![x](<%1>)",
                                  "[x](%1)",
                                  "[![x](%1)](%1)",
                                  "![x][r]\n\n[r]: %1",
                                  "<%1>",
                                  "<img src=\"%1\">",
                                  "<IMG SRC='%1' onerror=x>",
                                  "<iframe src=\"%1\"></iframe>",
                                  "<object data=\"%1\"></object>",
                                  "<link rel=stylesheet href=\"%1\">",
                                  "<style>@import url(%1); body { background: url('%1') }</style>",
                                  "<svg><image href=\"%1\"/></svg>",
                                  "<video src=\"%1\" autoplay></video>",
                                  "<script src=\"%1\"></script>",
                                  "| a |\n|---|\n| ![x](%1) <img src=\"%1\"> |",
                                  "> - ![x](%1)",
                                  "# ![x](%1)",
                                  "```html\n<img src=\"%1\">\n```",
                                  "<meta http-equiv=refresh content=\"0;url=%1\">"};
    QStringList out;
    for (const QString& address : std::as_const(addresses)) {
        for (const char* place : places) {
            out << QString::fromLatin1(place).arg(address);
        }
    }
    return out;
}

}  // namespace

class TestConversationSafety : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void nothingIsLoaded() {
        WatchedFolder folder;
        const Listener listener;
        const QStringList texts = attacks(folder, listener);
        QVERIFY(texts.size() >= 200);
        auto view = shownView();
        folder.opened();
        qint64 worst = 0;
        for (const QString& text : texts) {
            QElapsedTimer timer;
            timer.start();
            view->setMessages(
                {message(1, MessageRole::user, text), message(2, MessageRole::assistant, text)});
            paint(*view);
            view->appendText(2, QStringLiteral("\n\n") + text);
            paint(*view);
            view->selectAll();
            view->copy();
            QTest::mouseMove(view->viewport(), QPoint(view->viewport()->width() / 2, 200));
            QApplication::processEvents();
            worst = qMax(worst, timer.elapsed());
        }
        qInfo("%lld texts, the slowest took %lld ms for two paintings", static_cast<long long>(texts.size()),
              worst);
        QCOMPARE(folder.opened(), 0);
        QCOMPARE(listener.connections(), 0);
        QVERIFY(worst < 200);
        // The watches do see what they watch for: Qt's own viewer opens the file, and a connection is
        // counted.
        QTextBrowser browser;
        browser.setHtml(QStringLiteral("<img src='file://%1'>").arg(folder.path(QStringLiteral("a.png"))));
        browser.show();
        QApplication::processEvents();
        browser.grab();
        QVERIFY(folder.opened() > 0);
        listener.connectOnce();
        QCOMPARE(listener.connections(), 1);
    }

    void picturesAreShownAsText() {
        auto view = shownView();
        view->setMessages(
            {message(1, MessageRole::assistant, QStringLiteral("![a cat](http://x.org/cat.png)"))});
        paint(*view);
        QCOMPARE(plainText(view->transcript().document(0)[0]),
                 QStringLiteral("a cat (http://x.org/cat.png)"));
    }

    void linksOpenOnlyOnConsent() {
        auto view = shownView();
        QList<QUrl> opened;
        view->setLinkOpener([&](const QUrl& url) { opened.append(url); });
        view->setMessages(
            {message(1, MessageRole::assistant, QStringLiteral("[here](https://example.org/a?b=c)"))});
        paint(*view);
        QSignalSpy activated(view.get(), &ConversationView::linkActivated);
        QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, controlPoint(*view, 0, Control::Kind::link));
        QCOMPARE(activated.size(), 1);
        QVERIFY(opened.isEmpty());
        auto* dialog = view->findChild<LinkDialog*>();
        QVERIFY(dialog != nullptr && dialog->isVisible());
        QTest::keyClick(dialog, Qt::Key_Return);  // the default is not to open
        QVERIFY(!dialog->isVisible());
        QVERIFY(opened.isEmpty());
        QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, controlPoint(*view, 0, Control::Kind::link));
        dialog = view->findChildren<LinkDialog*>().last();
        dialog->findChild<QPushButton*>(QStringLiteral("open"))->click();
        QCOMPARE(opened, QList<QUrl>{QUrl(QStringLiteral("https://example.org/a?b=c"))});
    }

    void onlyWebAndMailCanBeOpened() {
        for (const char* address : {"https://x.org", "HTTP://X.org/a b", "mailto:a@b.org"}) {
            QVERIFY2(
                !openableUrl(QString::fromLatin1(address)).isEmpty() || QByteArray(address).contains(' '),
                address);
        }
        for (const char* address : {"file:///etc/passwd", "/etc/passwd", "javascript:alert(1)",
                                    "data:text/html,x", "ftp://x.org", "x.org", "smb://x/y", "vscode://x",
                                    "https:", "https://", "http:/x", "", "ssh://x", "//x.org", "\\\\x\\y"}) {
            QVERIFY2(openableUrl(QString::fromLatin1(address)).isEmpty(), address);
            LinkDialog dialog(QString::fromLatin1(address));
            QVERIFY2(dialog.findChild<QPushButton*>(QStringLiteral("open")) == nullptr, address);
        }
    }

    void addressesShowWhatTheyAre() {
        QCOMPARE(visibleAddress(QStringLiteral("https://ex\u00E4mple.org/")),
                 QStringLiteral("https://xn--exmple-cua.org/"));
        QCOMPARE(visibleAddress(QStringLiteral("https://\u0440aypal.com")),
                 QStringLiteral("https://xn--aypal-uye.com"));
        QCOMPARE(visibleAddress(QStringLiteral("https://x.org/a\u202Egpj.exe")),
                 QStringLiteral("https://x.org/a%E2%80%AEgpj.exe"));
        QCOMPARE(visibleAddress(QStringLiteral("file:///a\u202Eb\u200Bc")),
                 QStringLiteral("file:///a<U+202E>b<U+200B>c"));
        QVERIFY(visibleAddress(QStringLiteral("data:,") + QString(1'000'000, QLatin1Char('x'))).size() <
                5'000);
    }

    /// Hostile text is shown in bounded time: each painting below a tenth of a second (twice that on a loaded
    /// machine).
    void hostileTextIsPainted_data() {
        QTest::addColumn<QString>("text");
        QTest::newRow("10,000 nested quotes") << QString(10'000, QLatin1Char('>')) + QStringLiteral(" a");
        QTest::newRow("10,000 nested items") << QStringLiteral("- ").repeated(10'000) + QStringLiteral("a");
        QTest::newRow("1 MB line") << QStringLiteral("word ").repeated(200'000);
        QTest::newRow("1 MB word") << QString(1'000'000, QLatin1Char('x'));
        QTest::newRow("1 MB code line") << QStringLiteral("```\n") + QString(1'000'000, QLatin1Char('x'));
        QTest::newRow("directions") << QString::fromUtf8(
                                           "\xE2\x80\xAE"
                                           "abc \xE2\x81\xA7 \xE2\x80\xAA")
                                           .repeated(5'000);
        QTest::newRow("NULs") << QString(100'000, QChar(0));
        QTest::newRow("combining marks") << QStringLiteral("a") + QString(100'000, QChar(0x301));
        QTest::newRow("wide table") << QStringLiteral("|") + QStringLiteral("a|").repeated(120) +
                                           QStringLiteral("\n|") + QStringLiteral("---|").repeated(120) +
                                           QStringLiteral("\n|") + QStringLiteral("b|").repeated(120);
        QTest::newRow("100,000 lines of code")
            << QStringLiteral("```cpp\n") + QStringLiteral("int x = 1; /* c */\n").repeated(100'000);
        QTest::newRow("many scripts")
            << QString::fromUtf8("अआइ ไทย 漢字 العربية 👩‍👩‍👧 ")
                   .repeated(1'000);
        QTest::newRow("object replacement") << QString(10'000, QChar(0xFFFC));
        QTest::newRow("broken surrogates") << QString(10'000, QChar(0xD800));
    }

    void hostileTextIsPainted() {
        QFETCH(QString, text);
        auto view = shownView();
        view->setMessages(longConversation(4));
        paint(*view);
        QElapsedTimer timer;
        qint64 worst = 0;
        const auto timed = [&](auto&& action) {
            timer.start();
            action();
            paint(*view);
            worst = qMax(worst, timer.elapsed());
        };
        timed([&] {
            view->appendMessage(message(100, MessageRole::assistant, text, app::MessageState::streaming));
        });
        for (int i = 0; i < 5; ++i) {
            timed([&] { view->appendText(100, QStringLiteral(" more")); });
        }
        timed([&] { view->scrollToMessage(100); });
        for (int i = 0; i < 5; ++i) {
            timed([&] { view->verticalScrollBar()->setValue(view->verticalScrollBar()->maximum() * i / 5); });
        }
        qInfo("slowest painting: %lld ms", worst);
        QVERIFY(worst < 200);
    }
};

QTEST_MAIN(TestConversationSafety)
#include "test_conversation_safety.moc"
