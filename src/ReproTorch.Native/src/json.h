// Writes one JSON document. Commas come by themselves; the caller sees to it that what is begun is ended.
#pragma once

#include <cstdint>
#include <string>

namespace rpt {

class JsonWriter {
public:
    JsonWriter &begin_object() { return open('{'); }
    JsonWriter &end_object() { return close('}'); }
    JsonWriter &begin_array() { return open('['); }
    JsonWriter &end_array() { return close(']'); }
    JsonWriter &key(const std::string &name);
    JsonWriter &text(const std::string &value);
    JsonWriter &number(int64_t value);
    JsonWriter &boolean(bool value);

    const std::string &str() const { return _text; }

private:
    JsonWriter &open(char bracket);
    JsonWriter &close(char bracket);
    void separate();
    void quote(const std::string &value);

    std::string _text;
    bool _needs_comma = false;
};

} // namespace rpt
