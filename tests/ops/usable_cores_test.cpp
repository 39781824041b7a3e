// SPDX-License-Identifier: Apache-2.0
// The limits of control groups, both versions, from files as the system writes them.
#include "engine/backend/cpu/usable_cores.h"

#include <fstream>
#include <thread>

#include <QTemporaryDir>
#include <QTest>

namespace tendril::engine::test {

class UsableCoresTest : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { folder_ = std::make_unique<QTemporaryDir>(); }
    void version2();
    void theLeastOfThoseAboveCounts();
    void version1();
    void insideAContainer();
    void noLimit();
    void ofThisProcess();

  private:
    std::filesystem::path root() const { return folder_->path().toStdString(); }
    void write(const char* name, const char* text) const {
        const std::filesystem::path path = root() / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }

    std::unique_ptr<QTemporaryDir> folder_;
};

void UsableCoresTest::version2() {
    write("user.slice/app/cpu.max", "250000 100000\n");
    QCOMPARE(share_of_groups(root(), "0::/user.slice/app\n").value(), 2.5);
    QVERIFY(!share_of_groups(root(), "0::/user.slice/other\n"));
}

void UsableCoresTest::theLeastOfThoseAboveCounts() {
    write("a/b/c/cpu.max", "max 100000\n");
    write("a/b/cpu.max", "400000 100000\n");
    write("a/cpu.max", "150000 50000\n");
    QCOMPARE(share_of_groups(root(), "0::/a/b/c\n").value(), 3.0);
    QCOMPARE(share_of_groups(root(), "0::/a/b/c").value(), 3.0);
}

void UsableCoresTest::version1() {
    write("cpu,cpuacct/box/cpu.cfs_quota_us", "150000\n");
    write("cpu,cpuacct/box/cpu.cfs_period_us", "100000\n");
    write("cpuset/box/cpu.cfs_quota_us", "1\n");
    write("cpuset/box/cpu.cfs_period_us", "100000\n");
    const char* memberships = "5:cpuset:/box\n4:cpu,cpuacct:/box\n1:name=systemd:/\n0::/\n";
    QCOMPARE(share_of_groups(root(), memberships).value(), 1.5);
    write("cpu,cpuacct/box/cpu.cfs_quota_us", "-1\n");
    QVERIFY(!share_of_groups(root(), memberships));
}

void UsableCoresTest::insideAContainer() {
    write("cpu.max", "200000 100000\n");  // the path of outside is not there
    QCOMPARE(share_of_groups(root(), "0::/../../docker/1234\n").value(), 2.0);
    write("cpu/cpu.cfs_quota_us", "100000\n");
    write("cpu/cpu.cfs_period_us", "100000\n");
    QCOMPARE(share_of_groups(root(), "4:cpu:/docker/1234\n0::/\n").value(), 1.0);
}

void UsableCoresTest::noLimit() {
    QVERIFY(!share_of_groups(root(), ""));
    QVERIFY(!share_of_groups(root(), "0::/\n"));
    write("cpu.max", "max 100000\n");
    QVERIFY(!share_of_groups(root(), "0::/\n"));
    write("cpu.max", "200000 0\n");
    QVERIFY(!share_of_groups(root(), "0::/\n"));
    write("cpu.max", "nonsense");
    QVERIFY(!share_of_groups(root(), "a line\n:\n::\n0::/\n"));
}

void UsableCoresTest::ofThisProcess() {
    QVERIFY(usable_cores() >= 1);
    QVERIFY(usable_cores() <= std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace tendril::engine::test

QTEST_GUILESS_MAIN(tendril::engine::test::UsableCoresTest)
#include "usable_cores_test.moc"
