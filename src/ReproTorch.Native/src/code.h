// The code of methods as text that says what they do and nothing of what they are called by chance.
#pragma once

#include "handles.h"

namespace rpt {

// The method as TorchScript source. Printing invents names (x, x0, _1), and loading what was saved invents others, so
// variables are numbered in the order in which they appear; the marks that keep types of one name apart
// (___torch_mangle_3) are numbered too. What only differs in such names gives the same text.
struct CanonicalCode {
    std::string text;
    std::vector<c10::IValue> constants;         // CONSTANTS.c0, c1, ... of the text
    std::vector<c10::NamedTypePtr> dependencies; // functions, classes and named tuples that it uses, in order
};
CanonicalCode canonical_code(const torch::jit::Function &method);
CanonicalCode canonical_code(const c10::NamedTypePtr &type);

// A type's name or annotation without those marks.
std::string without_marks(const std::string &text);

} // namespace rpt
