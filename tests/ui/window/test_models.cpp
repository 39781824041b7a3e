// SPDX-License-Identifier: Apache-2.0
// The list models of the window, under Qt's own model tester.
#include <numeric>

#include <QAbstractItemModelTester>
#include <QPersistentModelIndex>
#include <QRandomGenerator>
#include <QSignalSpy>
#include <QTest>

#include "ui/window/conversation_model.h"
#include "ui/window/list_delegates.h"
#include "ui/window/model_list.h"
#include "ui/window/search_model.h"

namespace tendril::ui {

using Mode = QAbstractItemModelTester::FailureReportingMode;

class TestModels final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void conversationsAreGroupedByDate();
    void conversationsChangeInPlace();
    void conversationsSurviveAnyChange();
    void headingsAreNoRows();
    void titlesAreCleaned();
    void modelsThatFitComeFirst();
    void searchShowsTitleAndText();

  private:
    static app::ConversationItem item(qint64 id, QDate day, const QString& title = {}) {
        return {id, title.isEmpty() ? QStringLiteral("Talk %1").arg(id) : title,
                QDateTime(day, QTime(12, 0))};
    }
    static QStringList rows(const QAbstractItemModel& model) {
        QStringList all;
        for (int i = 0; i < model.rowCount(); ++i) {
            all << model.index(i, 0).data(Qt::DisplayRole).toString();
        }
        return all;
    }
    const QDate today_{2026, 11, 22};
};

void TestModels::conversationsAreGroupedByDate() {
    ConversationModel model;
    const QAbstractItemModelTester tester(&model, Mode::QtTest);
    QLocale::setDefault(QLocale(QLocale::English));
    model.setConversations(
        {item(1, today_), item(2, today_.addDays(1)), item(3, today_.addDays(-1)),
         item(4, today_.addDays(-7)), item(5, today_.addDays(-30)), item(6, QDate(2026, 9, 30)),
         item(7, QDate(2026, 9, 1)), item(8, QDate(2025, 9, 1))},
        today_);
    QCOMPARE(
        rows(model),
        QStringList({QStringLiteral("Today"), QStringLiteral("Talk 1"), QStringLiteral("Talk 2"),
                     QStringLiteral("Yesterday"), QStringLiteral("Talk 3"), QStringLiteral("Previous 7 days"),
                     QStringLiteral("Talk 4"), QStringLiteral("Previous 30 days"), QStringLiteral("Talk 5"),
                     QStringLiteral("September 2026"), QStringLiteral("Talk 6"), QStringLiteral("Talk 7"),
                     QStringLiteral("September 2025"), QStringLiteral("Talk 8")}));
}

void TestModels::conversationsChangeInPlace() {
    ConversationModel model;
    const QAbstractItemModelTester tester(&model, Mode::QtTest);
    model.setConversations({item(1, today_), item(2, today_), item(3, today_)}, today_);
    const QPersistentModelIndex second(model.indexOf(2));
    QSignalSpy resets(&model, &QAbstractItemModel::modelReset);
    model.setConversations({item(4, today_), item(3, today_), item(2, today_, QStringLiteral("Renamed"))},
                           today_);
    QCOMPARE(resets.count(), 0);
    QVERIFY(second.isValid());
    QCOMPARE(second.data().toString(), QStringLiteral("Renamed"));
    QCOMPARE(second.row(), 3);
    QCOMPARE(model.indexOf(1), QModelIndex());
}

void TestModels::conversationsSurviveAnyChange() {
    ConversationModel model;
    const QAbstractItemModelTester tester(&model, Mode::QtTest);
    QRandomGenerator random(7);
    for (int round = 0; round < 200; ++round) {
        QVector<app::ConversationItem> items;
        QVector<int> ids(12);
        std::iota(ids.begin(), ids.end(), 1);
        std::shuffle(ids.begin(), ids.end(), random);
        const int count = random.bounded(13);
        for (int i = 0; i < count; ++i) {
            items.append(item(ids[i], today_.addDays(-i * random.bounded(4))));
        }
        model.setConversations(items, today_);
        QVector<qint64> shown;
        for (int i = 0; i < model.rowCount(); ++i) {
            const QModelIndex index = model.index(i, 0);
            if (!index.data(ConversationModel::HeadingRole).toBool()) {
                shown.append(index.data(ConversationModel::IdRole).toLongLong());
            }
        }
        QVector<qint64> wanted;
        for (const app::ConversationItem& each : items) {
            wanted.append(each.id);
        }
        QCOMPARE(shown, wanted);
    }
}

void TestModels::headingsAreNoRows() {
    ConversationModel model;
    model.setConversations({item(1, today_), item(2, today_.addDays(-1))}, today_);
    QVERIFY(!model.flags(model.index(0, 0)).testFlag(Qt::ItemIsSelectable));
    QVERIFY(!model.setData(model.index(0, 0), QStringLiteral("x"), Qt::EditRole));
    QCOMPARE(model.neighbour(1, 1).data(ConversationModel::IdRole).toLongLong(), 2);
    QCOMPARE(model.neighbour(2, -1).data(ConversationModel::IdRole).toLongLong(), 1);
    QVERIFY(!model.neighbour(2, 1).isValid());
}

void TestModels::titlesAreCleaned() {
    ConversationModel model;
    QSignalSpy renamed(&model, &ConversationModel::renamed);
    model.setConversations({item(1, today_)}, today_);
    const QModelIndex row = model.indexOf(1);
    QVERIFY(!model.setData(row, QStringLiteral("  \n "), Qt::EditRole));
    QVERIFY(!model.setData(row, QStringLiteral("Talk 1"), Qt::EditRole));
    QVERIFY(model.setData(row, QStringLiteral("  A \n new  title "), Qt::EditRole));
    QCOMPARE(renamed.count(), 1);
    QCOMPARE(renamed[0][1].toString(), QStringLiteral("A new title"));
}

void TestModels::modelsThatFitComeFirst() {
    ModelList model;
    const QAbstractItemModelTester tester(&model, Mode::QtTest);
    app::ModelItem fits;
    fits.path = QStringLiteral("/m/z.gguf");
    fits.name = QStringLiteral("Z");
    fits.neededBytes = 1;
    fits.availableBytes = 2;
    app::ModelItem large = fits;
    large.path = QStringLiteral("/m/a.gguf");
    large.name = QStringLiteral("A");
    large.givenName = QStringLiteral("Mix1 Ep2");
    large.neededBytes = 3;
    app::ModelItem broken;
    broken.path = QStringLiteral("/m/0.gguf");
    broken.error = QStringLiteral("The file ends inside its header.");
    model.setModels({broken, large, fits});
    QCOMPARE(rows(model), QStringList({QStringLiteral("Z"), QStringLiteral("A"), QStringLiteral("0")}));
    QCOMPARE(model.index(2, 0).data(TwoLineDelegate::FitRole).toString(), broken.error);
    QCOMPARE(model.index(1, 0).data(TwoLineDelegate::FitStateRole).toInt(), int(TwoLineDelegate::tooLarge));
    QCOMPARE(model.index(0, 0).data(Qt::ToolTipRole).toString(), fits.path);
    QVERIFY(model.index(1, 0).data(Qt::ToolTipRole).toString().contains(large.givenName));
    QCOMPARE(model.rowOf(QStringLiteral("/m/a.gguf")), 1);
    QCOMPARE(model.rowOf(QStringLiteral("/m/none.gguf")), -1);
}

void TestModels::searchShowsTitleAndText() {
    SearchModel model;
    const QAbstractItemModelTester tester(&model, Mode::QtTest);
    model.setResults({{1, 5, QStringLiteral("Vines"), QStringLiteral("a \u0002vine\u0003 climbs")},
                      {2, 0, QString(), QString()}});
    QCOMPARE(model.index(0, 0).data(Qt::AccessibleTextRole).toString(),
             QStringLiteral("Vines: a vine climbs"));
    QCOMPARE(model.index(1, 0).data().toString(), QStringLiteral("New conversation"));
    model.setResults({});
    QCOMPARE(model.rowCount(), 0);
}

}  // namespace tendril::ui

QTEST_MAIN(tendril::ui::TestModels)
#include "test_models.moc"
