// SPDX-License-Identifier: Apache-2.0
// The languages that code can be coloured in. GUI thread, owned by the view.
#include "ui/conversation/syntax_library.h"

#include <QDirIterator>
#include <QFile>

static void initHighlightResources() {
    Q_INIT_RESOURCE(tendril_highlight);
}

namespace tendril::ui {

SyntaxLibrary::SyntaxLibrary() {
    initHighlightResources();
    QDirIterator files(QStringLiteral(":/tendril/highlight"), {QStringLiteral("*.json")});
    while (files.hasNext()) {
        QFile file(files.next());
        if (!file.open(QIODevice::ReadOnly)) {
            continue;
        }
        if (auto syntax = markup::read_syntax(file.readAll().toStdString())) {
            syntaxes_.push_back(std::make_unique<markup::Syntax>(std::move(*syntax)));
            for (const std::string& name : syntaxes_.back()->names) {
                byName_.emplace(name, syntaxes_.back().get());
            }
        }
    }
}

const markup::Syntax* SyntaxLibrary::find(const std::string& language) const {
    const auto found = byName_.find(language);
    return found == byName_.end() ? nullptr : found->second;
}

}  // namespace tendril::ui
