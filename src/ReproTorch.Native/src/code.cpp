#include "code.h"

#include <cctype>
#include <unordered_map>
#include <unordered_set>

namespace rpt {
namespace {

bool begins_word(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool continues_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Cuts source into words, strings, numbers, blanks and single signs.
class Tokens {
public:
    explicit Tokens(const std::string &text) : _text(text) {}

    // The next token; empty at the end.
    std::string next() {
        const size_t start = _position;
        if (start == _text.size()) {
            return {};
        }
        const char first = _text[start];
        ++_position;
        if (begins_word(first)) {
            skip_while(continues_word);
        } else if (std::isdigit(static_cast<unsigned char>(first)) != 0) {
            skip_while([](char c) { return continues_word(c) || c == '.'; });
        } else if (first == '"' || first == '\'') {
            skip_string(first);
        }
        return _text.substr(start, _position - start);
    }

    char peek() const { return _position < _text.size() ? _text[_position] : '\0'; }

private:
    template <typename Predicate>
    void skip_while(Predicate belongs) {
        while (_position < _text.size() && belongs(_text[_position])) {
            ++_position;
        }
    }

    void skip_string(char quote) {
        while (_position < _text.size() && _text[_position] != quote) {
            _position += _text[_position] == '\\' ? 2 : 1;
        }
        _position = std::min(_position + 1, _text.size());
    }

    const std::string &_text;
    size_t _position = 0;
};

// The variables that a line of printed code gives values to: "a = ..", "a, b, = ..", "a : int = ..", "for a in ..",
// "with .. as a:".
void collect_targets(const std::string &line, std::unordered_set<std::string> &targets) {
    const auto as = line.rfind(" as ");
    Tokens tokens(line);
    std::vector<std::string> words;
    bool is_annotation = false;
    for (auto token = tokens.next(); !token.empty(); token = tokens.next()) {
        if (token == "=" && tokens.peek() == ' ') {
            targets.insert(words.begin(), words.end());
            return;
        }
        if (token == "in" && words.size() == 2 && words.front() == "for") {
            targets.insert(words.back());
            return;
        }
        if (token == "with" && words.empty() && as != std::string::npos) {
            targets.insert(line.substr(as + 4, line.find(':', as) - as - 4));
            return;
        }
        if (token == ":") {
            is_annotation = true;
        } else if (!is_annotation && begins_word(token.front())) {
            words.push_back(token);
        } else if (!is_annotation && token != "," && token != " ") {
            return; // an expression
        }
    }
}

std::unordered_set<std::string> variables_of(const std::string &code) {
    std::unordered_set<std::string> targets;
    for (size_t start = 0; start < code.size();) {
        const auto end = std::min(code.find('\n', start), code.size());
        collect_targets(code.substr(start, end - start), targets);
        start = end + 1;
    }
    return targets;
}

// Numbers names in the order in which they come.
class Numbering {
public:
    size_t of(const std::string &name) { return _numbers.emplace(name, _numbers.size()).first->second; }

private:
    std::unordered_map<std::string, size_t> _numbers;
};

// Reads the rest of "__torch__.a.b" and gives it without marks. Where one text has two types that only their marks tell
// apart, the second and later ones get numbers.
class QualifiedNames {
public:
    std::string read(const std::string &first, Tokens &tokens) {
        std::string full = first;
        std::string bare = first;
        while (tokens.peek() == '.') {
            tokens.next();
            const auto part = tokens.next();
            full += "." + part;
            if (part.rfind("___torch_mangle_", 0) != 0) {
                bare += "." + part;
            }
        }
        const auto number = _alike[bare].of(full);
        return number == 0 ? bare : c10::str(bare, "#", number);
    }

private:
    std::unordered_map<std::string, Numbering> _alike;
};

std::string canonical_text(const std::string &code) {
    const auto variables = variables_of(code);
    Numbering numbers;
    QualifiedNames names;
    Tokens tokens(code);
    std::string result;
    std::string previous;
    for (auto token = tokens.next(); !token.empty(); token = tokens.next()) {
        // Not a field, nor the name of an argument in a call, which is printed without blanks ("dtype=None").
        if (previous != "." && token == "__torch__") {
            token = names.read(token, tokens);
        } else if (previous != "." && variables.count(token) != 0 && tokens.peek() != '=') {
            token = c10::str("$", numbers.of(token));
        }
        result += token;
        previous = token;
    }
    return result;
}

template <typename Print>
CanonicalCode print(Print &&print) {
    CanonicalCode code;
    torch::jit::PrintDepsTable dependencies;
    torch::jit::PythonPrint printer(code.constants, dependencies);
    print(printer);
    code.text = canonical_text(printer.str());
    for (size_t i = 0; i < dependencies.size(); ++i) {
        code.dependencies.push_back(dependencies[i]);
    }
    return code;
}

} // namespace

CanonicalCode canonical_code(const torch::jit::Function &method) {
    return print([&](auto &printer) { printer.printMethod(method); });
}

CanonicalCode canonical_code(const c10::NamedTypePtr &type) {
    return print([&](auto &printer) { printer.printNamedType(type); });
}

std::string without_marks(const std::string &text) {
    Tokens tokens(text);
    std::string result;
    for (auto token = tokens.next(); !token.empty(); token = tokens.next()) {
        if (token.rfind("___torch_mangle_", 0) == 0 && tokens.peek() == '.') {
            tokens.next();
        } else {
            result += token;
        }
    }
    return result;
}

} // namespace rpt
