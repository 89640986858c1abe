# Targets of the compiler: one function makes a library that may use MLIR.

add_library(weft_options INTERFACE)
target_compile_options(weft_options INTERFACE -Wall -Wextra -Wno-unused-parameter)

# MLIR and LLVM as their shared libraries; built without RTTI, so we are too.
add_library(weft_mlir INTERFACE)
target_link_libraries(weft_mlir INTERFACE weft_options MLIR LLVM)
target_include_directories(weft_mlir SYSTEM INTERFACE ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
target_include_directories(weft_mlir INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
target_compile_options(weft_mlir INTERFACE -fno-rtti -fexceptions)

# weft_library(name sources... [LINK libraries...]): a static library of the
# compiler that uses MLIR, with the shared precompiled header.
function(weft_library name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  add_library(${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC weft_mlir ${arg_LINK})
  target_precompile_headers(${name} REUSE_FROM weft_pch)
endfunction()

# weft_executable(name sources... [LINK libraries...]): a program that uses MLIR,
# with the same precompiled header. That header was compiled with -fPIC, which
# clang does not take for the -fPIE that CMake gives programs.
function(weft_executable name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE weft_mlir ${arg_LINK})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIC)
  target_precompile_headers(${name} REUSE_FROM weft_pch)
endfunction()
