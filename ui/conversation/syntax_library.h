// SPDX-License-Identifier: Apache-2.0
// The languages that code can be coloured in, read once from the tables in the program's resources. GUI
// thread, owned by the view.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "ui/markup/syntax.h"

namespace tendril::ui {

class SyntaxLibrary {
  public:
    SyntaxLibrary();
    const markup::Syntax* find(const std::string& language) const;  ///< null = not known
    std::size_t size() const { return syntaxes_.size(); }

  private:
    std::vector<std::unique_ptr<markup::Syntax>> syntaxes_;
    std::unordered_map<std::string, const markup::Syntax*> byName_;
};

}  // namespace tendril::ui
