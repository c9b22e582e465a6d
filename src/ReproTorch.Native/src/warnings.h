// Where the warnings of libtorch go.
#pragma once

#include <string>
#include <vector>

namespace rpt {

// From the first call on, what libtorch would print is queued instead. Called on every entry into the library.
void capture_warnings();

// Empties the queue of the calling thread and that of the threads that never called this library.
std::vector<std::string> take_warnings();

} // namespace rpt
