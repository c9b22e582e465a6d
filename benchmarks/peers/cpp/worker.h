#pragma once

#include <chrono>
#include <ctime>
#include <iostream>

/// The C++ side of ../worker.py: says what it is, then answers each count on standard input with the seconds and the
/// processor time that so many calls took.
template <typename Work> void serve(const char *version, Work &&work) {
    std::cout << version << std::endl;
    std::cout.precision(9);
    for (long calls; std::cin >> calls;) {
        auto start = std::chrono::steady_clock::now();
        std::clock_t used = std::clock();
        work(calls);
        used = std::clock() - used;
        std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        std::cout << seconds.count() << ' ' << static_cast<double>(used) / CLOCKS_PER_SEC << std::endl;
    }
}
