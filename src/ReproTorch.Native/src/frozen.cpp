#include "frozen.h"
std::string rpt::describe_frozen(torch::jit::Function &) { return "[]"; }
