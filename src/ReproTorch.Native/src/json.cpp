#include "json.h"

#include <cstdio>

namespace rpt {
namespace {

// The length of the well-formed UTF-8 sequence at `start`, or 0 when there is none.
size_t utf8_length(const std::string &text, size_t start) {
    const auto byte = [&](size_t i) -> unsigned { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
    const unsigned first = byte(start);
    const unsigned second = byte(start + 1);
    const auto continues = [&](size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return continues(start + 1) ? 2 : 0;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        const bool shortest = first != 0xE0 || second >= 0xA0;
        const bool no_surrogate = first != 0xED || second <= 0x9F;
        return shortest && no_surrogate && continues(start + 1) && continues(start + 2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const bool in_range = (first != 0xF0 || second >= 0x90) && (first != 0xF4 || second <= 0x8F);
        return in_range && continues(start + 1) && continues(start + 2) && continues(start + 3) ? 4 : 0;
    }
    return 0;
}

} // namespace

JsonWriter &JsonWriter::key(const std::string &name) {
    separate();
    quote(name);
    _text += ':';
    _needs_comma = false;
    return *this;
}

JsonWriter &JsonWriter::text(const std::string &value) {
    separate();
    quote(value);
    _needs_comma = true;
    return *this;
}

JsonWriter &JsonWriter::number(int64_t value) {
    separate();
    _text += std::to_string(value);
    _needs_comma = true;
    return *this;
}

JsonWriter &JsonWriter::boolean(bool value) {
    separate();
    _text += value ? "true" : "false";
    _needs_comma = true;
    return *this;
}

JsonWriter &JsonWriter::open(char bracket) {
    separate();
    _text += bracket;
    _needs_comma = false;
    return *this;
}

JsonWriter &JsonWriter::close(char bracket) {
    _text += bracket;
    _needs_comma = true;
    return *this;
}

void JsonWriter::separate() {
    if (_needs_comma) {
        _text += ',';
    }
}

// Bytes that are not UTF-8 become U+FFFD: names and sources come from files.
void JsonWriter::quote(const std::string &value) {
    _text += '"';
    for (size_t i = 0; i < value.size();) {
        const auto c = static_cast<unsigned char>(value[i]);
        const size_t length = utf8_length(value, i);
        if (c == '"' || c == '\\') {
            _text += '\\';
            _text += value[i];
        } else if (c < 0x20) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", c);
            _text += escape;
        } else if (length == 0) {
            _text += "\xEF\xBF\xBD";
        } else {
            _text.append(value, i, length);
        }
        i += length == 0 ? 1 : length;
    }
    _text += '"';
}

} // namespace rpt
