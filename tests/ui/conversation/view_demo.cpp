// SPDX-License-Identifier: Apache-2.0
// Fills a conversation view with every kind of block and state. With --shots FOLDER it writes pictures of it,
// light and dark, and ends.
#include <QAbstractScrollArea>
#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QScrollBar>
#include <QShortcut>

#include "tests/ui/conversation/sample_conversation.h"
#include "ui/conversation/conversation_view.h"
#include "ui/conversation/expansion_dialog.h"
#include "ui/conversation/link_dialog.h"

namespace {

QPalette lightPalette() {
    QPalette palette(QColor(0xf4f5f7));
    palette.setColor(QPalette::Base, Qt::white);
    palette.setColor(QPalette::Text, QColor(0x1f2328));
    palette.setColor(QPalette::Highlight, QColor(0x3867d6));
    return palette;
}

QPalette darkPalette() {
    QPalette palette(QColor(0x23262b), QColor(0x1b1d21));
    palette.setColor(QPalette::Base, QColor(0x1b1d21));
    palette.setColor(QPalette::Text, QColor(0xe3e6ea));
    palette.setColor(QPalette::WindowText, QColor(0xe3e6ea));
    palette.setColor(QPalette::Highlight, QColor(0x6d94f2));
    return palette;
}

void shoot(tendril::ui::ConversationView& view, const QString& folder, const QString& name) {
    for (int i = 0; i < 3; ++i) {
        QApplication::processEvents();
    }
    view.grab().save(QDir(folder).filePath(name + QStringLiteral(".png")));
}

/// An answer whose points grow side by side, and what becomes of it.
void shootPoints(tendril::ui::ConversationView& view, const QString& folder, const QString& tone) {
    using State = tendril::app::PointItem::State;
    tendril::app::MessageItem answer = tendril::ui::message(2, tendril::app::MessageRole::assistant, {},
                                                            tendril::app::MessageState::waiting);
    view.setMessages({tendril::ui::message(1, tendril::app::MessageRole::user,
                                           QStringLiteral("What are the main factors that influence "
                                                          "consumer behavior?")),
                      answer});
    answer.expansion.skeleton = true;
    answer.expansion.reasonKey = QStringLiteral("suits");
    answer.expansion.reason = QStringLiteral("The answer has independent points.");
    answer.expansion.predictedGain = 1.9;
    view.setExpansion(2, answer.expansion);
    shoot(view, folder, tone + QStringLiteral("_outline"));
    const char* const titles[] = {"Personal needs", "Cultural and social background of the buyer",
                                  "Price and income", "Marketing", "Earlier experience"};
    const State states[] = {State::done, State::growing, State::growing, State::stopped, State::waiting};
    for (int i = 0; i < 5; ++i) {
        tendril::app::PointItem point;
        point.heading = QStringLiteral("**%1. %2**").arg(i + 1).arg(QLatin1String(titles[i]));
        point.state = states[i];
        point.tokens = 40 + i;
        point.ms = 1'500 + 100 * i;
        answer.expansion.points.append(point);
    }
    view.setExpansion(2, answer.expansion);
    const QString text = QStringLiteral(
        "People buy what they need first, and what they want afterwards. What counts as a need depends on "
        "*age*, on work and on the household.\n\n- food and housing\n- health\n\nAfter that comes ");
    for (int i = 0; i < 4; ++i) {
        view.appendPointText(2, i, text.left(60 + 70 * (3 - i)));
    }
    shoot(view, folder, tone + QStringLiteral("_points"));
    tendril::app::MessageItem done = view.transcript().item(1);
    done.text = view.textOf(2);
    done.state = tendril::app::MessageState::complete;
    done.footer = QStringLiteral("read 12 new tokens, 3,104 reused, first token after 80 ms · 41.2 tokens/s");
    view.updateMessage(done);
    view.setCurrentMessage(1);
    shoot(view, folder, tone + QStringLiteral("_stitched"));
    tendril::ui::ExpansionDialog dialog(done, &view);
    dialog.show();
    QApplication::processEvents();
    dialog.grab().save(QDir(folder).filePath(tone + QStringLiteral("_details.png")));
}

void shootAll(tendril::ui::ConversationView& view, const QString& folder) {
    for (const bool dark : {false, true}) {
        QApplication::setPalette(dark ? darkPalette() : lightPalette());
        const QString tone = dark ? QStringLiteral("dark") : QStringLiteral("light");
        view.setMessages(tendril::ui::sampleConversation());
        shoot(view, folder, tone + QStringLiteral("_end"));
        view.scrollToMessage(1);
        shoot(view, folder, tone + QStringLiteral("_top"));
        view.select({1, 0, 4}, {1, 9, 60});
        view.setCurrentMessage(1);
        view.verticalScrollBar()->setValue(view.verticalScrollBar()->value() + 420);
        shoot(view, folder, tone + QStringLiteral("_selection"));
        view.select({}, {});
        view.find(QStringLiteral("sort"));
        shoot(view, folder, tone + QStringLiteral("_find"));
        view.find(QString());
        shootPoints(view, folder, tone);
    }
    view.resize(420, 720);
    shootPoints(view, folder, QStringLiteral("narrow"));
    view.setMessages(tendril::ui::sampleConversation());
    view.scrollToMessage(2);
    shoot(view, folder, QStringLiteral("dark_narrow"));
    tendril::ui::LinkDialog dialog(
        QStringLiteral("https://accounts@exämple.org/pay\u202Etxt?to=https://bank.example"), &view);
    dialog.show();
    QApplication::processEvents();
    dialog.grab().save(QDir(folder).filePath(QStringLiteral("dark_link.png")));
}

}  // namespace

int main(int argc, char** argv) {
    QApplication app(argc, argv);
    QCommandLineParser parser;
    const QCommandLineOption shots(QStringLiteral("shots"),
                                   QStringLiteral("Write pictures into FOLDER and end."),
                                   QStringLiteral("FOLDER"));
    parser.addHelpOption();
    parser.addOption(shots);
    parser.process(app);
    QApplication::setStyle(QStringLiteral("Fusion"));
    QApplication::setPalette(lightPalette());
    tendril::ui::ConversationView view;
    view.resize(1000, 860);
    view.setMessages(tendril::ui::sampleConversation());
    bool dark = false;
    QShortcut toggle(QKeySequence(QStringLiteral("Ctrl+D")), &view);
    QObject::connect(&toggle, &QShortcut::activated, &view, [&dark] {
        dark = !dark;
        QApplication::setPalette(dark ? darkPalette() : lightPalette());
    });
    view.show();
    view.setFocus();
    if (parser.isSet(shots)) {
        QDir().mkpath(parser.value(shots));
        shootAll(view, parser.value(shots));
        return 0;
    }
    return QApplication::exec();
}
