//===- Build.cpp - A model to a program, kept in the cache -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/KernelCompiler.h"
#include "compiler/pipeline/Compilation.h"
#include "compiler/pipeline/Replacement.h"
#include "dialects/seq/Seq.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

namespace weft::pipeline {
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

//===----------------------------------------------------------------------===//
// Objects, linked
//===----------------------------------------------------------------------===//

static Outcome compileObjects(Compilation &compilation, const Options &options, const Toolchain &tools,
                              const std::string &folder, std::vector<std::string> &objects) {
  if (Outcome outcome = compilation.advance(Stage::Program); outcome.failed())
    return outcome;

  // The program becomes code while workers compile its kernels.
  std::string error, object = folder + "/program.o";
  Outcome outcome = Outcome::done();
  auto compileProgram = [&] {
    auto program = compilation.guarded("the program could not be lowered to LLVM IR", [&] {
      return codegen::lowerToLlvm(compilation.getModule(), compilation.getTarget());
    });
    if (failed(program))
      outcome = compilation.lastFailure();
    else if (failed(codegen::emitObject(*program, compilation.getTarget(), object, &error)))
      outcome = Outcome::internalError("error: " + error);
  };
  codegen::KernelCompileOptions kernelOptions = kernelCompileOptions(compilation, options, tools);
  kernelOptions.meanwhile = compileProgram;
  auto kernels = compilation.guarded("the kernels could not be compiled", [&] {
    return codegen::compileKernels(compilation.getModule(), kernelOptions);
  });
  if (failed(kernels))
    return compilation.lastFailure();
  if (outcome.failed())
    return outcome;
  for (const codegen::CompiledKernel &kernel : *kernels)
    objects.push_back(kernel.objectPath);
  objects.push_back(object);
  return Outcome::done();
}

/// Builds beside `output` and renames at the end, so that a file is whole or as it was.
static Outcome link(Compilation &compilation, const Options &options, const Toolchain &tools, Product product,
                    const std::string &output) {
  llvm::SmallString<128> folder;
  if (std::error_code error = fs::createUniqueDirectory("weft-build", folder))
    return Outcome::userError("error: cannot make a temporary folder: " + error.message());
  llvm::scope_exit cleanUp([&] { fs::remove_directories(folder); });

  Replacement result(output);
  if (Outcome outcome = result.open(); outcome.failed())
    return outcome;

  codegen::LinkOptions linkOptions;
  if (Outcome outcome = compileObjects(compilation, options, tools, std::string(folder), linkOptions.objects);
      outcome.failed())
    return outcome;
  linkOptions.kind = product == Product::Object          ? codegen::OutputKind::Object
                     : product == Product::SharedLibrary ? codegen::OutputKind::Shared
                                                         : codegen::OutputKind::Executable;
  linkOptions.archives = {tools.runtimeArchive};
  linkOptions.output = result.path();
  linkOptions.strip = !options.symbols;
  std::string error;
  if (failed(codegen::link(linkOptions, &error)))
    return Outcome::userError("error: " + error);
  return result.commit();
}

//===----------------------------------------------------------------------===//
// The cache
//===----------------------------------------------------------------------===//

/// What a program depends on: the model, the options, and the compiler itself.
static std::string cacheKey(Compilation &compilation, const Options &options, const Toolchain &tools) {
  llvm::SHA256 hash;
  auto add = [&](llvm::StringRef text) {
    // The length first: two texts cannot be taken for one.
    hash.update(std::to_string(text.size()) + ":");
    hash.update(text);
  };
  auto addFile = [&](const std::string &file) {
    auto content = llvm::MemoryBuffer::getFile(file);
    add(content ? (*content)->getBuffer() : "");
  };
  add(compilation.print());
  add(llvm::join(compilation.getTarget().features, " "));
  add(options.sharePadding ? "" : "no-share-padding");
  add(options.foldLookups ? "" : "no-fold-lookups");
  add(std::to_string(options.slices));
  add(options.symbols ? "symbols" : "");
  if (auto [file, found] = scheduleFileOf(options); !file.empty()) {
    addFile(file);
    add(found ? "found" : "given"); // what does not fit is refused only where it was given
  }
  for (const std::string &part : {tools.weft, tools.kernelWorker, tools.runtimeArchive})
    addFile(part);
  return llvm::toHex(hash.final(), /*LowerCase=*/true).substr(0, 32);
}

/// Where the cache has, or will have, the product.
static std::string cachedPlace(Compilation &compilation, const Options &options, const Toolchain &tools,
                               Product product) {
  llvm::StringRef ending = product == Product::Object          ? ".o"
                           : product == Product::SharedLibrary ? ".so"
                                                               : "";
  return cacheDirectory() + "/programs/" + cacheKey(compilation, options, tools) + "/" + compilation.modelName() +
         ending.str();
}

/// The product in the cache, made now if it is not there.
static Outcome ensureCached(Compilation &compilation, const Options &options, const Toolchain &tools,
                            Product product, const std::string &place) {
  if (fs::exists(place))
    return Outcome::done();
  llvm::StringRef folder = llvm::sys::path::parent_path(place);
  if (std::error_code error = fs::create_directories(folder))
    return Outcome::userError("error: cannot make the folder " + folder.str() + ": " + error.message() +
                              "\n  help: the environment variable WEFT_CACHE names another place");
  return link(compilation, options, tools, product, place);
}

Outcome build(const Options &options, const Toolchain &tools, Product product, std::string &output) {
  Compilation compilation(options);
  if (Outcome outcome = compilation.load(); outcome.failed())
    return outcome;
  std::string place = cachedPlace(compilation, options, tools, product);
  if (output.empty())
    output = llvm::sys::path::filename(place).str();
  Replacement result(output);
  if (Outcome outcome = result.open(); outcome.failed())
    return outcome;
  if (Outcome outcome = ensureCached(compilation, options, tools, product, place); outcome.failed())
    return outcome;
  std::error_code failed = fs::copy_file(place, result.path());
  if (auto modes = fs::getPermissions(place); !failed && modes)
    failed = fs::setPermissions(result.path(), *modes);
  return failed ? result.failed(failed) : result.commit();
}

Outcome buildCached(const Options &options, const Toolchain &tools, std::string &program, std::string &data) {
  Compilation compilation(options);
  if (Outcome outcome = compilation.load(); outcome.failed())
    return outcome;
  for (seq::TrainingOp training : compilation.getModule().getOps<seq::TrainingOp>())
    if (auto source = training.getSettings().getAs<mlir::StringAttr>("data"))
      data = source.str();

  program = cachedPlace(compilation, options, tools, Product::Executable);
  return ensureCached(compilation, options, tools, Product::Executable, program);
}

} // namespace weft::pipeline
