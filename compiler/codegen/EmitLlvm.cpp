//===- EmitLlvm.cpp - A program as LLVM IR, assembly, an object -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/Descriptor.h"
#include "dialects/halide/Halide.h"
#include "dialects/seq/Seq.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <mutex>

using namespace mlir;
using namespace weft::codegen;

void weft::codegen::buildProgramPipeline(OpPassManager &manager) {
  manager.addPass(createPlanProgramPass());
  // Functions alone: kernels stay as they are written.
  OpPassManager &functions = manager.nest<func::FuncOp>();
  functions.addPass(createCSEPass());
  functions.addPass(createCanonicalizerPass());
}

void weft::codegen::registerCodegenPasses() {
  registerPass([] { return createPlanProgramPass(); });
  registerPass([] { return createLowerProgramPass(); });
  PassPipelineRegistration<>("weft-program", "plan-program and what makes its text short", buildProgramPipeline);
}

void weft::codegen::registerCodegenDialects(DialectRegistry &registry) {
  registry.insert<arith::ArithDialect, func::FuncDialect, math::MathDialect, memref::MemRefDialect,
                  scf::SCFDialect, LLVM::LLVMDialect, weft::halide::HalideDialect, weft::seq::SeqDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

static std::unique_ptr<llvm::TargetMachine> createMachine(const Target &target, std::string *error) {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser();
  });
  llvm::Triple triple(llvm::sys::getDefaultTargetTriple());
  std::string message;
  const llvm::Target *found = llvm::TargetRegistry::lookupTarget(triple, message);
  if (!found) {
    if (error)
      *error = message;
    return nullptr;
  }
  // Features, never a processor's name.
  return std::unique_ptr<llvm::TargetMachine>(
      found->createTargetMachine(triple, "x86-64", llvmFeatures(target), llvm::TargetOptions(),
                                 llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Default));
}

/// Every function but the kernels' is the program's own, and nothing but weft_model is for others.
static void finishModule(llvm::Module &module, const Target &target) {
  for (llvm::Function &function : module)
    if (!function.isDeclaration()) {
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
      function.addFnAttr("target-features", llvmFeatures(target));
      function.addFnAttr("target-cpu", "x86-64");
      function.setDoesNotThrow();
    } else if (!function.isIntrinsic()) {
      function.setDoesNotThrow();
    }
}

static void optimise(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graphs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graphs, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

FailureOr<LlvmProgram> weft::codegen::lowerToLlvm(ModuleOp program, const Target &target) {
  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(target, &error);
  if (!machine)
    return program.emitError(error);
  OwningOpRef<ModuleOp> lowered = cast<ModuleOp>(program->clone());
  PassManager passes(program.getContext());
  passes.addPass(createLowerProgramPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createFinalizeMemRefToLLVMConversionPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertFuncToLLVMPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  if (failed(passes.run(*lowered)))
    return failure();

  LlvmProgram result;
  result.context = std::make_unique<llvm::LLVMContext>();
  auto name = program->getAttrOfType<StringAttr>("weft.model");
  result.module = translateModuleToLLVMIR(*lowered, *result.context, name ? name.getValue() : "weft");
  if (!result.module)
    return failure();
  result.module->setTargetTriple(machine->getTargetTriple());
  result.module->setDataLayout(machine->createDataLayout());
  result.module->setPICLevel(llvm::PICLevel::BigPIC);
  finishModule(*result.module, target);
  if (failed(emitDescriptor(program, target, *result.module)))
    return failure();
  std::string broken;
  llvm::raw_string_ostream stream(broken);
  if (llvm::verifyModule(*result.module, &stream))
    return program.emitError("the program's LLVM IR is malformed: ") << broken;
  optimise(*result.module, *machine);
  return result;
}

std::string weft::codegen::emitLlvmText(const LlvmProgram &program) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  program.module->print(stream, nullptr);
  return text;
}

static LogicalResult generate(const LlvmProgram &program, const Target &target, llvm::CodeGenFileType kind,
                              llvm::raw_pwrite_stream &stream, std::string *error) {
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(target, error);
  if (!machine)
    return failure();
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, kind)) {
    if (error)
      *error = "this machine's back end writes no such file";
    return failure();
  }
  passes.run(*program.module);
  return success();
}

FailureOr<std::string> weft::codegen::emitAssembly(const LlvmProgram &program, const Target &target,
                                                   std::string *error) {
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  // Code generation changes the module it is given; the caller keeps his.
  LlvmProgram copy{nullptr, llvm::CloneModule(*program.module)};
  if (failed(generate(copy, target, llvm::CodeGenFileType::AssemblyFile, stream, error)))
    return failure();
  return text.str().str();
}

LogicalResult weft::codegen::emitObject(const LlvmProgram &program, const Target &target, StringRef path,
                                        std::string *error) {
  std::error_code code;
  llvm::raw_fd_ostream stream(path, code, llvm::sys::fs::OF_None);
  if (code) {
    if (error)
      *error = (path + ": " + code.message()).str();
    return failure();
  }
  LlvmProgram copy{nullptr, llvm::CloneModule(*program.module)};
  if (failed(generate(copy, target, llvm::CodeGenFileType::ObjectFile, stream, error)))
    return failure();
  stream.close();
  if (stream.has_error()) {
    if (error)
      *error = (path + ": " + stream.error().message()).str();
    stream.clear_error();
    return failure();
  }
  return success();
}
