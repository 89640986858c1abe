//===- Replacement.h - A file in the place of another one -------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_COMPILER_PIPELINE_REPLACEMENT_H
#define WEFT_COMPILER_PIPELINE_REPLACEMENT_H

#include "compiler/pipeline/Pipeline.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileUtilities.h"

#include <system_error>

namespace weft::pipeline {

/// A file that takes the place of another one when it is whole: written beside it,
/// and renamed. Gone again where that does not come about.
class Replacement {
public:
  explicit Replacement(const std::string &output);
  /// Whether the place can be written to is known before the work is done.
  Outcome open();
  /// Where to write.
  std::string path() const { return std::string(temporary); }
  Outcome commit();
  /// What is told where the file cannot be written.
  Outcome failed(std::error_code error) const;

private:
  std::string output;
  llvm::SmallString<256> temporary;
  llvm::FileRemover remover;
};

/// A text in the place of what `output` has been.
Outcome replaceFile(const std::string &output, llvm::StringRef text);

} // namespace weft::pipeline

#endif // WEFT_COMPILER_PIPELINE_REPLACEMENT_H
