// SPDX-License-Identifier: Apache-2.0
// Sections that grow in any order give the blocks that each gives alone; what is told of each change is
// enough to follow it; and no piece costs more because other sections are long.
#include <QRandomGenerator>
#include <QTest>

#include "ui/markup/sections.h"

using namespace tendril::ui::markup;

namespace {

constexpr const char* kPieces[] = {"word ",
                                   "more words. ",
                                   "\n\n",
                                   "\n",
                                   "- item\n",
                                   "1. one\n",
                                   "```\ncode\n",
                                   "```\n",
                                   "# Heading\n",
                                   "| a | b |\n|---|---|\n| 1 | 2 |\n",
                                   "**bo",
                                   "ld** ",
                                   "[l]: http://x\n\n",
                                   "[l] "};

std::vector<Block> all_of(const Sections& sections) {
    return {sections.begin(), sections.end()};
}

/// What a listener makes of a change who only looks at the blocks it names.
void follow(std::vector<Block>& seen, const BlockChange& change, const Sections& sections) {
    const auto at = seen.begin() + static_cast<std::ptrdiff_t>(change.first);
    const auto after = seen.erase(at, at + static_cast<std::ptrdiff_t>(change.removed));
    std::vector<Block> fresh;
    for (std::size_t i = change.first; i < change.first + change.added; ++i) {
        fresh.push_back(sections[i]);
    }
    seen.insert(after, fresh.begin(), fresh.end());
}

}  // namespace

class TestSections : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void growInAnyOrder() {
        QRandomGenerator random(7);
        for (int round = 0; round < 200; ++round) {
            const std::size_t count = 1 + random.bounded(6U);
            Sections sections(count);
            std::vector<Document> alone(count);
            std::vector<Block> seen;
            for (int step = 0; step < 60; ++step) {
                const std::size_t section = random.bounded(static_cast<quint32>(count));
                const char* piece = kPieces[random.bounded(static_cast<quint32>(std::size(kPieces)))];
                alone[section].append(piece);
                follow(seen, sections.append(section, piece), sections);
                QVERIFY(seen == all_of(sections));
            }
            follow(seen, sections.finish(), sections);
            QVERIFY(seen == all_of(sections));
            std::vector<Block> expected;
            for (std::size_t section = 0; section < count; ++section) {
                alone[section].finish();
                QCOMPARE(sections.begin_of(section), expected.size());
                expected.insert(expected.end(), alone[section].blocks().begin(),
                                alone[section].blocks().end());
            }
            QVERIFY(seen == expected);
        }
    }

    void placesMoveAlong() {
        const BlockChange change{3, 2, 4};
        QCOMPARE(change.moved(2), std::size_t{2});
        QCOMPARE(change.moved(3), std::size_t{3});
        QCOMPARE(change.moved(4), std::size_t{4});
        QCOMPARE(change.moved(5), std::size_t{7});
        const BlockChange shrunk{3, 4, 1};
        QCOMPARE(shrunk.moved(6), std::size_t{3});
        QCOMPARE(shrunk.moved(7), std::size_t{4});
    }

    void sourceGoesOverSections() {
        Sections sections(3);
        sections.append(0, "**One**\n\nfirst");
        sections.append(2, "**Three**\n\nthird");
        QCOMPARE(sections.size(), std::size_t{4});
        QCOMPARE(sections.section_of(1), std::size_t{0});
        QCOMPARE(sections.section_of(2), std::size_t{2});
        QCOMPARE(sections.source_of(1, 2), std::string("first\n\n**Three**"));
        sections.append(1, "**Two**");
        QCOMPARE(sections.section_of(2), std::size_t{1});
        QCOMPARE(sections.source_of(0, 4), std::string("**One**\n\nfirst\n\n**Two**\n\n**Three**\n\nthird"));
        QCOMPARE(sections.source_of(4, 5), std::string());
    }

    /// What is read again for a piece does not depend on how much stands elsewhere.
    void workStaysTheSame() {
        const auto work = [](std::size_t paragraphs) {
            Sections sections(8);
            for (std::size_t section = 0; section < 8; ++section) {
                for (std::size_t i = 0; i < paragraphs; ++i) {
                    sections.append(section, "A paragraph that is done, of some words.\n\n");
                }
            }
            const std::size_t before = sections.parsed_bytes();
            sections.append(0, "word ");
            return sections.parsed_bytes() - before;
        };
        QCOMPARE(work(100), work(1));
    }
};

QTEST_GUILESS_MAIN(TestSections)
#include "test_sections.moc"
