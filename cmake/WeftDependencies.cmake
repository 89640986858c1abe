# Finds what the compiler stands on. LLVM and MLIR are the system's 22.1; Halide
# and CMake itself come from the private venv that scripts/install-deps makes.

set(WEFT_LLVM "$ENV{WEFT_LLVM}" CACHE PATH "where LLVM and MLIR 22.1 are installed")
if(NOT WEFT_LLVM)
  set(WEFT_LLVM /usr/lib/llvm-22)
endif()
list(APPEND CMAKE_PREFIX_PATH "${WEFT_LLVM}")

if(NOT Halide_DIR)
  set(venv "$ENV{WEFT_VENV}")
  if(NOT venv)
    set(venv "$ENV{HOME}/.cache/weft/venv")
  endif()
  file(GLOB halide "${venv}/lib/python3*/site-packages/halide/lib64/cmake")
  if(halide)
    set(Halide_DIR "${halide}/Halide" CACHE PATH "Halide's CMake configuration")
    set(HalideHelpers_DIR "${halide}/HalideHelpers" CACHE PATH "Halide's CMake helpers")
  endif()
endif()

find_package(MLIR 22.1 REQUIRED CONFIG)
find_package(Halide 21 REQUIRED CONFIG)
find_package(fmt REQUIRED CONFIG)
find_package(CLI11 REQUIRED CONFIG)
find_package(nlohmann_json REQUIRED CONFIG)
find_package(Threads REQUIRED)
