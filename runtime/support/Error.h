//===- Error.h - What the user did wrong -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WEFT_RUNTIME_SUPPORT_ERROR_H
#define WEFT_RUNTIME_SUPPORT_ERROR_H

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace weft::runtime {

/// What the user gave is wrong: one message on stderr, exit code 1. Anything
/// else that is thrown is an error of Weft's own, exit code 2.
class UserError : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

template <typename... Args> [[noreturn]] void fail(fmt::format_string<Args...> message, Args &&...args) {
  throw UserError(fmt::format(message, std::forward<Args>(args)...));
}

} // namespace weft::runtime

#endif // WEFT_RUNTIME_SUPPORT_ERROR_H
