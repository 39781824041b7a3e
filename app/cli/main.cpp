// SPDX-License-Identifier: Apache-2.0
// tendril-cli: the engine and the conversations for scripts, tests and benchmarks. Links no GUI library. Each
// command is in a file of its own; results go to stdout, words to stderr.
#include <cstdlib>
#include <exception>
#include <new>

#include <CLI/CLI.hpp>

#include "app/cli/interrupt.h"
#include "app/cli/options.h"
#include "app/cli/output.h"

namespace {

using namespace tendril::app::cli;

/// -1 when a command was chosen, else the exit code.
int parse(CLI::App& app, int argc, char** argv) {
    try {
        app.parse(argc, argv);
        return -1;
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? kDone : kWrongUsage;
    }
}

}  // namespace

int main(int argc, char** argv) {
    hold_standard_descriptors();
    Interrupt interrupt;
    try {
        CLI::App app("Tendril: local language models, on the command line", "tendril-cli");
        app.set_version_flag("--version", "tendril-cli " TENDRIL_VERSION);
        app.require_subcommand(1);
        app.footer("Exit codes: 0 done, 1 failed (the reason is on stderr), 2 wrong usage.");
        Chosen chosen;
        add_inspect(app, chosen);
        add_tokenize(app, chosen);
        add_render(app, chosen);
        add_generate(app, chosen);
        add_expand(app, chosen);
        add_compress(app, chosen);
        add_score(app, chosen);
        add_bench(app, chosen);
        add_chat(app, chosen);
        add_export(app, chosen);
        const int ended = parse(app, argc, argv);
        return ended >= 0 ? ended : chosen.run(interrupt);
    } catch (const std::bad_alloc&) {
        return failed("There is not enough memory.");
    } catch (const std::exception& error) {
        return failed(error.what());
    }
}
