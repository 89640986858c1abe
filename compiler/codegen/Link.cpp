//===- Link.cpp - Objects and the runtime to one file -----------*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/Codegen.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace mlir;
using namespace weft::codegen;

namespace {

/// A file that is removed when it goes out of scope.
class TemporaryFile {
public:
  TemporaryFile(StringRef prefix, StringRef suffix, std::string *error) {
    if (std::error_code code = llvm::sys::fs::createTemporaryFile(prefix, suffix, path))
      *error = "cannot make a temporary file: " + code.message();
  }
  ~TemporaryFile() {
    if (!path.empty())
      llvm::sys::fs::remove(path);
  }
  StringRef name() const { return path; }
  explicit operator bool() const { return !path.empty(); }

private:
  llvm::SmallString<128> path;
};

class Linker {
public:
  Linker(const LinkOptions &options, std::string *error) : options(options), error(error) {}
  LogicalResult run();

private:
  std::string find(ArrayRef<StringRef> names) const;
  LogicalResult withCompiler(StringRef compiler, StringRef exports);
  LogicalResult withLld(StringRef lld, StringRef exports);
  LogicalResult execute(ArrayRef<std::string> arguments);
  void addCommon(SmallVectorImpl<std::string> &arguments, StringRef prefix, StringRef exports) const;

  const LinkOptions &options;
  std::string *error;
};

} // namespace

std::string Linker::find(ArrayRef<StringRef> names) const {
  SmallVector<StringRef> paths(options.searchPath.begin(), options.searchPath.end());
  for (StringRef name : names)
    if (auto found = llvm::sys::findProgramByName(name, paths))
      return *found;
  return {};
}

LogicalResult Linker::execute(ArrayRef<std::string> arguments) {
  TemporaryFile log("weft-link", "log", error);
  if (!log)
    return failure();
  SmallVector<StringRef> words(arguments.begin(), arguments.end());
  std::optional<StringRef> redirects[] = {StringRef(""), log.name(), log.name()};
  std::string message;
  int code = llvm::sys::ExecuteAndWait(words[0], words, /*Env=*/std::nullopt, redirects, /*SecondsToWait=*/0,
                                       /*MemoryLimit=*/0, &message);
  if (code == 0)
    return success();
  std::string said;
  if (auto buffer = llvm::MemoryBuffer::getFile(log.name()))
    said = (*buffer)->getBuffer().rtrim().str();
  *error = "linking " + options.output + " failed: " + words[0].str() +
           (message.empty() ? " ended with code " + std::to_string(code) : ": " + message);
  if (!said.empty())
    *error += "\n" + said;
  return failure();
}

/// What the linker itself is told, with `prefix` before each of its flags.
void Linker::addCommon(SmallVectorImpl<std::string> &arguments, StringRef prefix, StringRef exports) const {
  auto flag = [&](const Twine &text) { arguments.push_back((prefix + text).str()); };
  if (options.kind == OutputKind::Object)
    return;
  flag("--gc-sections");
  flag("--as-needed");
  flag("--build-id=none"); // the same bytes every time
  if (options.strip)
    flag("--strip-all");
  if (options.kind == OutputKind::Shared) {
    flag("--version-script=" + exports);
    flag("--no-undefined");
  }
}

LogicalResult Linker::withCompiler(StringRef compiler, StringRef exports) {
  SmallVector<std::string> arguments = {compiler.str()};
  switch (options.kind) {
  case OutputKind::Object:
    llvm::append_values(arguments, "-r", "-nostdlib");
    break;
  case OutputKind::Shared:
    llvm::append_values(arguments, "-shared");
    break;
  case OutputKind::Executable:
    llvm::append_values(arguments, "-pie", "-pthread");
    break;
  }
  llvm::append_values(arguments, "-o", options.output);
  llvm::append_range(arguments, options.objects);
  if (options.kind == OutputKind::Executable)
    llvm::append_range(arguments, options.archives);
  addCommon(arguments, "-Wl,", exports);
  if (options.kind != OutputKind::Object)
    arguments.push_back("-lm");
  return execute(arguments);
}

/// The newest directory of GCC's start files, where the C++ library is too.
static std::string gccDirectory() {
  std::string best;
  unsigned bestVersion = 0;
  for (StringRef root : {"/usr/lib/gcc/x86_64-linux-gnu", "/usr/lib/gcc/x86_64-redhat-linux", "/usr/lib64/gcc/x86_64-suse-linux",
                         "/usr/lib/gcc/x86_64-pc-linux-gnu"}) {
    std::error_code code;
    for (llvm::sys::fs::directory_iterator entry(root, code), end; !code && entry != end; entry.increment(code)) {
      unsigned version;
      if (llvm::sys::path::filename(entry->path()).split('.').first.getAsInteger(10, version) || version < bestVersion ||
          !llvm::sys::fs::exists(entry->path() + "/crtbeginS.o"))
        continue;
      best = entry->path();
      bestVersion = version;
    }
  }
  return best;
}

static std::string libcDirectory() {
  for (StringRef directory : {"/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib"})
    if (llvm::sys::fs::exists(directory + "/Scrt1.o"))
      return directory.str();
  return {};
}

/// Without a compiler's driver, the start files are ours to find.
LogicalResult Linker::withLld(StringRef lld, StringRef exports) {
  SmallVector<std::string> arguments = {lld.str(), "-o", options.output};
  if (options.kind == OutputKind::Object) {
    arguments.push_back("-r");
    llvm::append_range(arguments, options.objects);
    return execute(arguments);
  }
  std::string gcc = gccDirectory(), libc = libcDirectory();
  if (gcc.empty() || libc.empty()) {
    *error = "cannot link: there is " + lld.str() + ", but not the C and C++ libraries' files for linking "
             "(crtbeginS.o, Scrt1.o); install a C++ compiler (on Debian: apt install g++)";
    return failure();
  }
  if (options.kind == OutputKind::Shared)
    arguments.push_back("-shared");
  else
    llvm::append_values(arguments, "-pie", "-dynamic-linker", "/lib64/ld-linux-x86-64.so.2", libc + "/Scrt1.o");
  llvm::append_values(arguments, "--eh-frame-hdr", libc + "/crti.o", gcc + "/crtbeginS.o", "-L" + gcc, "-L" + libc);
  llvm::append_range(arguments, options.objects);
  if (options.kind == OutputKind::Executable)
    llvm::append_range(arguments, options.archives);
  addCommon(arguments, "", exports);
  llvm::append_values(arguments, "-lstdc++", "-lm", "-lgcc_s", "-lgcc", "-lpthread", "-lc", gcc + "/crtendS.o",
                      libc + "/crtn.o");
  return execute(arguments);
}

LogicalResult Linker::run() {
  TemporaryFile exports("weft-exports", "map", error);
  if (!exports)
    return failure();
  {
    std::error_code code;
    llvm::raw_fd_ostream stream(exports.name(), code);
    stream << "{ global: weft_model; local: *; };\n";
  }
  if (std::string compiler = find({"c++", "g++", "clang++"}); !compiler.empty())
    return withCompiler(compiler, exports.name());
  if (std::string lld = find({"ld.lld", "ld.lld-22"}); !lld.empty())
    return withLld(lld, exports.name());
  *error = "cannot link: there is no linker on this machine; looked for c++, g++, clang++ and ld.lld. "
           "Install a C++ compiler (on Debian: apt install g++), or stop before linking with `weft inspect`";
  return failure();
}

LogicalResult weft::codegen::link(const LinkOptions &options, std::string *error) {
  std::string ignored;
  LinkOptions aside = options;
  // Linked beside its place and renamed, so that a file that is there is
  // replaced whole or not at all.
  aside.output = options.output + ".linking";
  std::string *message = error ? error : &ignored;
  if (failed(Linker(aside, message).run())) {
    llvm::sys::fs::remove(aside.output);
    return failure();
  }
  if (std::error_code code = llvm::sys::fs::rename(aside.output, options.output)) {
    *message = options.output + ": " + code.message();
    llvm::sys::fs::remove(aside.output);
    return failure();
  }
  return success();
}
