//===- Encoding.cpp - How texts and names became numbers ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Encoding.h"
#include "runtime/data/Words.h"
#include "runtime/io/Safetensors.h"
#include "runtime/support/Error.h"
#include "runtime/support/Text.h"

#include <nlohmann/json.hpp>

namespace weft::runtime {

using Json = nlohmann::ordered_json;

namespace {
/// A header of safetensors may have 100 MB; the rest is for what else is in it.
constexpr size_t mostText = 90'000'000;

const char *nameOf(TextUnit unit) { return unit == TextUnit::Word ? "word" : "character"; }
const char *sideOf(bool isInFront) { return isInFront ? "pre" : "post"; }

Json toJson(const Encoding &encoding) {
  const Vocabulary &vocabulary = *encoding.vocabulary;
  const TextOptions &options = encoding.options;
  Json json = {{"input", encoding.input},
               {"unit", nameOf(vocabulary.unit)},
               {"length", options.length},
               {"top_words", options.topWords},
               {"padding", sideOf(options.padInFront)},
               {"truncating", sideOf(options.cutInFront)}};
  if (vocabulary.unit == TextUnit::Word)
    json["start"] = startWord;
  json["unknown"] = vocabulary.unknown();
  json["first"] = vocabulary.first();
  return json;
}

std::vector<std::string> splitCharacters(std::string_view text) {
  std::vector<std::string> characters;
  for (size_t size; !text.empty(); text.remove_prefix(size))
    characters.emplace_back(text.substr(0, size = characterSize(text)));
  return characters;
}

/// The unit whose ids the metadata describe.
TextUnit unitOf(const Json &json, const std::string &path) {
  TextUnit unit = json.at("unit") == nameOf(TextUnit::Word) ? TextUnit::Word : TextUnit::Character;
  Vocabulary ids{unit, {}};
  bool fits = json.at("unit") == nameOf(unit) && json.at("first") == ids.first() &&
              json.at("unknown") == ids.unknown() &&
              (unit == TextUnit::Character || json.at("start") == startWord);
  if (!fits)
    fail("{} holds the vocabulary of another version of Weft: train again, or use that version", path);
  return unit;
}

void readText(Encoding &encoding, const Json &json, const std::string &words, const std::string &path) {
  TextUnit unit = unitOf(json, path);
  auto vocabulary = std::make_shared<Vocabulary>(
      Vocabulary{unit, unit == TextUnit::Word ? splitText(words, '\n') : splitCharacters(words)});
  if (unit == TextUnit::Word)
    vocabulary->words.pop_back(); // behind the last line's end
  TextOptions &options = encoding.options;
  json.at("input").get_to(encoding.input);
  json.at("length").get_to(options.length);
  json.at("top_words").get_to(options.topWords);
  options.width = options.length;
  options.padInFront = json.at("padding") == sideOf(true);
  options.cutInFront = json.at("truncating") == sideOf(true);
  options.unknown = vocabulary->unknown();
  if (options.length < 1 || options.topWords < vocabulary->first() ||
      vocabulary->words.size() > static_cast<size_t>(INT32_MAX - firstWord))
    fail("{} is damaged: what it says of texts makes no sense", path);
  encoding.vocabulary = std::move(vocabulary);
}
} // namespace

Metadata toMetadata(const Encoding *encoding) {
  Metadata metadata;
  if (!encoding)
    return metadata;
  if (!encoding->classes.empty())
    metadata["classes"] = Json(encoding->classes).dump(-1, ' ', false, Json::error_handler_t::replace);
  if (!encoding->vocabulary)
    return metadata;
  const Vocabulary &vocabulary = *encoding->vocabulary;
  std::string words;
  for (const std::string &word : vocabulary.words)
    (words += word) += vocabulary.unit == TextUnit::Word ? "\n" : "";
  if (words.size() > mostText)
    fail("the vocabulary of the training texts has {} different words in {}: more than the {} that a file of "
         "weights can hold. Clean the texts of what are no words, or train on fewer",
         withThousands(std::ssize(vocabulary.words)), withUnit(std::ssize(words)), withUnit(mostText));
  metadata["text"] = toJson(*encoding).dump();
  metadata["vocabulary"] = std::move(words);
  return metadata;
}

std::shared_ptr<const Encoding> encodingOf(const Metadata &metadata, const std::string &path) {
  auto text = metadata.find("text"), words = metadata.find("vocabulary"), classes = metadata.find("classes");
  bool hasText = text != metadata.end() && words != metadata.end();
  if (!hasText && classes == metadata.end())
    return nullptr;
  auto encoding = std::make_shared<Encoding>();
  try {
    if (hasText)
      readText(*encoding, Json::parse(text->second), words->second, path);
    if (classes != metadata.end())
      Json::parse(classes->second).get_to(encoding->classes);
  } catch (const nlohmann::json::exception &) {
    fail("{} is damaged: what it says of texts and classes makes no sense", path);
  }
  return encoding;
}

std::shared_ptr<const Encoding> readEncoding(const std::string &path) {
  return encodingOf(Safetensors(path).metadata(), path);
}

const Encoding *learntTexts(const Ports &ports, const SourceSpec &source, TextUnit unit) {
  if (!ports.encoding || !ports.encoding->vocabulary)
    return nullptr;
  if (ports.encoding->vocabulary->unit != unit)
    fail("data '{}' is text of {}s, but the weights were trained on {}s", source.text, nameOf(unit),
         nameOf(ports.encoding->vocabulary->unit));
  return ports.encoding.get();
}

std::vector<std::string> learntClasses(const Ports &ports) {
  return ports.encoding ? ports.encoding->classes : std::vector<std::string>();
}

} // namespace weft::runtime
