// SPDX-License-Identifier: Apache-2.0
// The program `tendril`: reads the command line, puts worker, controller and window together and runs them.
// GUI thread; owns everything. Without a display it says so and how to go on without one.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <memory>
#include <string>

#include <QApplication>
#include <QCommandLineParser>
#include <QFileInfo>
#include <QLibraryInfo>
#include <QLocale>
#include <QMessageBox>
#include <QTranslator>
#include <spdlog/spdlog.h>

#include "app/chat_controller.h"
#include "app/chat_worker.h"
#include "app/instance_lock.h"
#include "app/log.h"
#include "app/paths.h"
#include "app/sentences.h"
#include "app/settings.h"
#include "app/shown_values.h"
#include "ui/window/icons.h"
#include "ui/window/main_window.h"

namespace {

using namespace tendril;

constexpr const char* kHelp =
    "Usage: tendril [options] [MODEL.gguf]\n"
    "\n"
    "Chat with a language model that runs on this computer. Without MODEL the last one used is loaded.\n"
    "\n"
    "Options:\n"
    "  --conversation ID  open this conversation\n"
    "  --data-dir DIR     keep conversations, settings, log and models below DIR\n"
    "  --version          print the version and exit\n"
    "  --help             print this and exit\n"
    "\n"
    "Without a display use tendril-cli; `tendril-cli --help` says how.\n";

constexpr const char* kNoDisplay =
    "tendril: No display was found, so no window can be shown. Start it in a graphical session (DISPLAY or\n"
    "WAYLAND_DISPLAY must name one that can be reached), or use the command line:\n"
    "  tendril-cli chat --database FILE --new MODEL.gguf\n"
    "  tendril-cli generate MODEL.gguf --prompt \"Hello\"\n";

/// The model that packaging/start and the package tendril-default-model bring.
constexpr const char* kDefaultModel = "SmolLM2-135M-Instruct.Q4_1.gguf";

bool isSet(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

/// Qt ends the process when no display can be reached; this handler says it in our words first.
void whileStarting(QtMsgType type, const QMessageLogContext&, const QString& text) {
    static QString reason;  // the first complaint names the cause: "could not connect to display :5"
    if (reason.isEmpty()) {
        reason = text.section(QLatin1Char('\n'), 0, 0);
    }
    if (type == QtFatalMsg) {
        std::fprintf(stderr, "%s(%s)\n", kNoDisplay, qPrintable(reason));
        std::_Exit(EXIT_FAILURE);
    }
}

/// Milliseconds since the kernel started this process; below 0: not known.
double processAgeMs() {
    std::ifstream file("/proc/self/stat");
    std::string stat((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    std::size_t at = stat.rfind(')');  // the name before it may hold anything
    for (int field = 2; field < 22 && at != std::string::npos; ++field) {
        at = stat.find(' ', at + 1);
    }
    timespec now{};
    if (at == std::string::npos || clock_gettime(CLOCK_BOOTTIME, &now) != 0) {
        return -1;
    }
    const double started =
        std::strtod(stat.c_str() + at, nullptr) / static_cast<double>(sysconf(_SC_CLK_TCK));
    return (static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9 - started) * 1e3;
}

double residentMiB() {
    std::ifstream file("/proc/self/statm");
    double pages = 0;
    file >> pages >> pages;
    return pages * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
}

void traceStart(const ui::MainWindow& window) {
    QObject::connect(&window, &ui::MainWindow::firstFrame, &window, [] {
        std::fprintf(stderr, "first frame after %.0f ms, %.1f MiB resident\n", processAgeMs(), residentMiB());
    });
}

void installTranslations(QApplication& application) {
    for (const auto& [name, folder] :
         {std::pair{QStringLiteral("qtbase"), QLibraryInfo::path(QLibraryInfo::TranslationsPath)},
          std::pair{QStringLiteral("tendril"), QStringLiteral(":/i18n")}}) {
        auto* translator = new QTranslator(&application);
        if (translator->load(QLocale(), name, QStringLiteral("_"), folder)) {
            QCoreApplication::installTranslator(translator);
        }
    }
}

QStringList modelFolders(const app::Paths& paths) {
    const QString beside =
        QCoreApplication::applicationDirPath() + QStringLiteral("/../share/tendril/models");
    return {QString::fromStdString(paths.models().string()), QFileInfo(beside).absoluteFilePath()};
}

QString defaultModel(const QStringList& folders) {
    for (const QString& folder : folders) {
        const QFileInfo file(folder + QLatin1Char('/') + QString::fromLatin1(kDefaultModel));
        if (file.isFile()) {
            return file.canonicalFilePath();
        }
    }
    return {};
}

int failWith(const QString& text) {
    std::fprintf(stderr, "tendril: %s\n", qPrintable(text));
    QMessageBox box(QMessageBox::Critical, QStringLiteral("Tendril"), text, QMessageBox::Close);
    box.exec();
    return EXIT_FAILURE;
}

struct Choices {
    QString model;
    qint64 conversation = 0;
    QString dataDir;
};

bool parse(const QStringList& arguments, Choices& choices) {
    QCommandLineParser parser;
    const QCommandLineOption conversation(QStringLiteral("conversation"), {}, QStringLiteral("ID"));
    const QCommandLineOption dataDir(QStringLiteral("data-dir"), {}, QStringLiteral("DIR"));
    parser.addOptions({conversation, dataDir});
    parser.addPositionalArgument(QStringLiteral("MODEL"), {});
    bool number = true;
    if (parser.parse(arguments) && parser.positionalArguments().size() <= 1) {
        choices.conversation =
            parser.isSet(conversation) ? parser.value(conversation).toLongLong(&number) : 0;
        choices.dataDir = parser.value(dataDir);
        if (!parser.positionalArguments().isEmpty()) {
            choices.model = QFileInfo(parser.positionalArguments().constFirst()).absoluteFilePath();
        }
        if (number && choices.conversation >= 0) {
            return true;
        }
    }
    const QString why = !parser.errorText().isEmpty() ? parser.errorText()
                        : !number                     ? QStringLiteral("--conversation needs a number.")
                                                      : QStringLiteral("One model file at most, please.");
    std::fprintf(stderr, "tendril: %s\n\n%s", qPrintable(why), kHelp);
    return false;
}

int runWindow(const app::Paths& paths, app::InstanceLock& lock, const Choices& choices) {
    const auto log = app::make_log(paths.log());
    log->info("tendril {} starts", QCoreApplication::applicationVersion().toStdString());
    QString broken;
    app::Settings settings = app::loadSettings(QString::fromStdString(paths.settings().string()), broken);
    const QStringList folders = modelFolders(paths);
    if (settings.lastModel.isEmpty()) {
        settings.lastModel = defaultModel(folders);
    }
    app::ChatWorkerOptions options;
    options.database = paths.database();
    options.load_marker = paths.load_marker();
    options.cache_directory = paths.pages();
    options.measurements = paths.measurements();
    options.settings = app::to_worker_settings(settings);
    options.allow_temporary = true;
    auto worker = std::make_unique<app::ChatWorker>(std::move(options), app::make_engine_port(log), log);
    app::ChatController controller(std::move(worker), {QString::fromStdString(paths.settings().string()),
                                                       folders, choices.model, true, settings});

    ui::MainWindow window(controller, settings,
                          QString::fromStdString((paths.config / "window.ini").string()));
    QObject::connect(&lock, &app::InstanceLock::raiseRequested, &window, [&window](const QString& model) {
        window.raiseToFront();
        window.openModel(model);
    });
    if (!broken.isEmpty()) {
        window.showNotice(app::in_their_language(broken.toStdString()));
    }
    if (isSet("TENDRIL_TRACE_START")) {
        traceStart(window);
    }
    window.show();
    controller.start();
    if (choices.conversation > 0) {
        window.openConversation(choices.conversation);
    }
    const int code = QApplication::exec();
    log->info("tendril ends");
    return code;
}

int start(QApplication& application) {
    QCoreApplication::setApplicationName(QStringLiteral("tendril"));
    QGuiApplication::setApplicationDisplayName(QStringLiteral("Tendril"));
    QCoreApplication::setApplicationVersion(QStringLiteral(TENDRIL_VERSION));
    QGuiApplication::setDesktopFileName(QStringLiteral("org.tendril.Tendril"));
    installTranslations(application);
    QApplication::setWindowIcon(ui::programIcon());

    Choices choices;
    if (!parse(QCoreApplication::arguments(), choices)) {
        return 2;
    }
    const auto paths = app::find_paths(choices.dataDir.toStdString());
    if (!paths) {
        return failWith(QString::fromStdString(paths.error().message));
    }
    // A folder that cannot be made is not the end: the worker then keeps this session's conversations
    // elsewhere, and says so.
    const Status folders = app::make_folders(*paths);
    app::InstanceLock lock(QString::fromStdString(paths->database().string()));
    switch (lock.acquire(choices.model)) {
        case app::InstanceLock::Outcome::passed:
            return EXIT_SUCCESS;
        case app::InstanceLock::Outcome::unreachable:
            return failWith(
                QObject::tr("Tendril is running already, but does not answer. End it and start again."));
        case app::InstanceLock::Outcome::failed:
            if (folders) {
                return failWith(lock.error());
            }
            break;
        case app::InstanceLock::Outcome::owner:
            break;
    }
    return runWindow(*paths, lock, choices);
}

}  // namespace

int main(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--") == 0) {
            break;
        }
        if (std::strcmp(argv[i], "--help") == 0 || std::strcmp(argv[i], "-h") == 0) {
            std::fputs(kHelp, stdout);
            return EXIT_SUCCESS;
        }
        if (std::strcmp(argv[i], "--version") == 0 || std::strcmp(argv[i], "-v") == 0) {
            std::puts("tendril " TENDRIL_VERSION);
            return EXIT_SUCCESS;
        }
    }
    const bool platformNamed = isSet("QT_QPA_PLATFORM");
    if (!platformNamed && !isSet("DISPLAY") && !isSet("WAYLAND_DISPLAY")) {
        bool named = false;  // tendril -platform NAME
        for (int i = 1; i < argc; ++i) {
            named = named || std::strcmp(argv[i], "-platform") == 0;
        }
        if (!named) {
            std::fputs(kNoDisplay, stderr);
            return EXIT_FAILURE;
        }
    }
    const QtMessageHandler before = qInstallMessageHandler(whileStarting);
    QApplication application(argc, argv);
    qInstallMessageHandler(before);
    return start(application);
}
