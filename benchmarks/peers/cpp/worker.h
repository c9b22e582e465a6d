#pragma once

#include <chrono>
#include <iostream>

/// The C++ side of ../worker.py: says what it is, then answers each count on standard input with the seconds that so many
/// calls took.
template <typename Work> void serve(const char *version, Work &&work) {
    std::cout << version << std::endl;
    std::cout.precision(9);
    for (long calls; std::cin >> calls;) {
        auto start = std::chrono::steady_clock::now();
        work(calls);
        std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        std::cout << seconds.count() << std::endl;
    }
}
