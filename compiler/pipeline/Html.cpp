//===- Html.cpp - A stage as a page to read -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Replacement.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/raw_ostream.h"

namespace weft::pipeline {
namespace {

constexpr llvm::StringLiteral style = R"(
body { margin: 0; display: flex; font: 13px/1.45 monospace; color: #222; background: #fff }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1em; background: #f4f4f4; white-space: nowrap }
nav a { display: block } pre { margin: 0; padding: 1em; overflow: auto }
a { color: #0645ad; text-decoration: none } a:hover { text-decoration: underline }
.c { color: #888 } .s { color: #a33 } .o { color: #164 } .v { cursor: pointer } .on { background: #fe7 } :target { background: #fe7 }
)";

/// A click on a value marks it wherever it stands.
constexpr llvm::StringLiteral script = R"(
document.addEventListener('click', function (event) {
  var value = event.target; if (value.className.indexOf('v') !== 0) return;
  document.querySelectorAll('.v').forEach(function (other) {
    other.classList.toggle('on', other.textContent === value.textContent && !other.classList.contains('on')); });
});
)";

/// Whether a line that begins with `word` defines the symbol behind it, and under what heading.
llvm::StringRef definitionOf(llvm::StringRef word) {
  return llvm::StringSwitch<llvm::StringRef>(word)
      .Cases({"halide.kernel", "halide.schedule"}, word.substr(7))
      .Cases({"seq.weight", "seq.cell", "seq.model", "seq.loss", "seq.optimizer", "seq.regularizer", "seq.step"}, word.substr(4))
      .Cases({"func.func", "llvm.func", "define"}, "function")
      .Default("");
}

class Page {
public:
  explicit Page(llvm::StringRef text) : text(text) {}
  std::string write(llvm::StringRef title);

private:
  static bool isName(char c) { return llvm::isAlnum(c) || c == '_' || c == '.' || c == '$' || c == '/'; }
  /// A name from `at` on, quoted or not; with its quotes.
  static llvm::StringRef nameAt(llvm::StringRef line, size_t at) {
    if (at < line.size() && line[at] == '"')
      return line.slice(at, std::min(line.find('"', at + 1), line.size() - 1) + 1);
    return line.substr(at).take_while(isName);
  }
  static std::string anchor(llvm::StringRef kind, llvm::StringRef name) { return (kind + "-" + name.trim('"')).str(); }
  void findDefinitions();
  void line(llvm::StringRef line, llvm::raw_ostream &out);
  static void escaped(llvm::raw_ostream &out, llvm::StringRef part) { llvm::printHTMLEscaped(part, out); }
  static void span(llvm::raw_ostream &out, char kind, llvm::StringRef part) {
    out << "<span class=" << kind << ">";
    escaped(out, part);
    out << "</span>";
  }

  llvm::StringRef text;
  llvm::StringMap<std::string> places; ///< of a symbol: the anchor of what defines it first
  std::vector<std::pair<std::string, std::string>> contents;
};

} // namespace

void Page::findDefinitions() {
  for (llvm::StringRef rest = text; !rest.empty();) {
    auto [line, behind] = rest.split('\n');
    rest = behind;
    llvm::StringRef kind = definitionOf(line.ltrim().take_until([](char c) { return c == ' '; }));
    size_t at = line.find('@');
    if (kind.empty() || at == llvm::StringRef::npos)
      continue;
    llvm::StringRef name = nameAt(line, at + 1);
    places.try_emplace(name.trim('"'), anchor(kind, name));
    contents.push_back({anchor(kind, name), (kind + " " + name.trim('"')).str()});
  }
}

void Page::line(llvm::StringRef line, llvm::raw_ostream &out) {
  llvm::StringRef indentation = line.take_while([](char c) { return c == ' '; });
  llvm::StringRef kind = definitionOf(line.ltrim().take_until([](char c) { return c == ' '; }));
  bool isDefinition = !kind.empty();
  escaped(out, indentation);
  for (size_t i = indentation.size(); i < line.size();) {
    llvm::StringRef rest = line.substr(i), part;
    if (rest.starts_with("//")) {
      span(out, 'c', part = rest);
    } else if (rest[0] == '"') {
      span(out, 's', part = nameAt(line, i));
    } else if (rest[0] == '%') {
      span(out, 'v', part = rest.take_front(1 + nameAt(line, i + 1).size()));
    } else if (rest[0] == '@' && i + 1 < line.size()) {
      llvm::StringRef name = nameAt(line, i + 1);
      part = rest.take_front(1 + name.size());
      auto place = places.find(name.trim('"'));
      if (isDefinition)
        out << "<b id=\"";
      else if (place != places.end())
        out << "<a href=\"#";
      if (isDefinition || place != places.end()) {
        escaped(out, isDefinition ? anchor(kind, name) : place->second);
        out << "\">";
      }
      escaped(out, part);
      out << (isDefinition ? "</b>" : place != places.end() ? "</a>" : "");
      isDefinition = false;
    } else if (llvm::isAlpha(rest[0])) {
      part = rest.take_while(isName);
      if (part.contains('.'))
        span(out, 'o', part);
      else
        escaped(out, part);
    } else {
      escaped(out, part = rest.take_front(1));
    }
    i += part.size();
  }
  out << "\n";
}

std::string Page::write(llvm::StringRef title) {
  findDefinitions();
  std::string page;
  llvm::raw_string_ostream out(page);
  out << "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>";
  escaped(out, title);
  out << "</title><style>" << style << "</style></head><body><nav><b>";
  escaped(out, title);
  out << "</b>\n";
  for (const auto &[place, name] : contents) {
    out << "<a href=\"#";
    escaped(out, place);
    out << "\">";
    escaped(out, name);
    out << "</a>\n";
  }
  out << "</nav><pre>";
  for (llvm::StringRef rest = text; !rest.empty();) {
    auto [first, behind] = rest.split('\n');
    rest = behind;
    line(first, out);
  }
  out << "</pre><script>" << script << "</script></body></html>\n";
  return page;
}

Outcome writeHtml(const std::string &title, const std::string &text, const std::string &file) {
  return replaceFile(file, Page(text).write(title));
}

} // namespace weft::pipeline
