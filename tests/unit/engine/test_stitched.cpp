// SPDX-License-Identifier: Apache-2.0
// What a turn behind an answer in points costs and how far it is from exact, on a real model. Skips when the
// file is absent.
#include <QtTest>

#include "tests/support/real_models.h"
#include "tests/support/stitched_chat.h"

using namespace tendril::test;

class TestStitched : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void the_next_turn_is_close_to_exact() {
        const std::filesystem::path path = find_real_model("Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf");
        if (path.empty()) {
            QSKIP("Qwen2.5-Coder-0.5B-Instruct (Q4_K_M) is not on this machine.");
        }
        StitchedChat chat(path);
        double stitched = 0;
        double wrong_order = 0;
        double zero_delta = 0;
        const std::vector<PointsQuestion> questions = points_questions();
        for (const PointsQuestion& question : questions) {
            const StitchFigures f = chat.measure(question, 48, 32);
            qInfo(
                "%zu branches: %zu tokens in %llu steps, %zu of %zu prompt tokens read; next turn: %zu of "
                "%zu "
                "read, %zu moved, %llu steps; mean KL over %zu rows: stitched %.4f, wrong order %.4f, delta "
                "0 "
                "%.4f, after the swap %g; likeliest token the same in %zu",
                f.branches, f.branch_tokens, static_cast<unsigned long long>(f.branch_steps), f.branch_read,
                f.branch_prompt, f.turn_read, f.turn_prompt, f.turn_moved,
                static_cast<unsigned long long>(f.turn_steps), f.kl_rows, f.stitched, f.wrong_order,
                f.zero_delta, f.after_swap, f.same_best);
            QVERIFY(f.turn_steps <= 2);
            QCOMPARE(f.turn_prompt, f.turn_cached + f.turn_moved + f.turn_read);
            QVERIFY(f.turn_moved > f.turn_prompt / 2);
            QCOMPARE(f.after_swap, 0.0);
            QVERIFY(f.stitched > 0);
            QVERIFY(!question.repeat || f.wrong_order > 1.1 * f.stitched);
            stitched += f.stitched;
            wrong_order += f.wrong_order;
            zero_delta += f.zero_delta;
        }
        const auto count = static_cast<double>(questions.size());
        qInfo("mean KL of all: stitched %.4f, wrong order %.4f, delta 0 %.4f", stitched / count,
              wrong_order / count, zero_delta / count);
        QVERIFY(zero_delta > 4 * stitched);
        // Points know little of their order; it shows least where the question does not ask for it.
        QVERIFY(wrong_order > stitched);
    }
};

QTEST_GUILESS_MAIN(TestStitched)
#include "test_stitched.moc"
