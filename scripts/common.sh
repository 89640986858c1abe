# Shared by the scripts beside it: where things are, and how the project is built.
# Sourced with `here` set to this directory.

root=$(cd "$here/.." && pwd)
build=${WEFT_BUILD:-$root/build/release}
venv=${WEFT_VENV:-$HOME/.cache/weft/venv}

say() { echo "weft: $*" >&2; }
fail() {
  echo "weft: error: $*" >&2
  exit 1
}

# Every installed tool of the venv and of LLVM by its plain name.
useTools() {
  PATH=$venv/bin:$PATH
  export PATH WEFT_VENV="$venv"
}

# A file that includes MLIR takes up to 1.5 GB to compile: as many at a time as
# the machine has cores and memory for.
jobs() {
  cores=$(nproc)
  memory=$(awk '/MemAvailable/ { print int($2 / 1500000) }' /proc/meminfo)
  [ "$memory" -ge 1 ] || memory=1
  [ "$memory" -lt "$cores" ] && echo "$memory" || echo "$cores"
}

configure() {
  useTools
  if [ ! -f "$build/build.ninja" ]; then
    say "configuring $build"
    log=$build/configure.log
    mkdir -p "$build"
    if ! cmake -S "$root" --preset release -B "$build" >"$log" 2>&1; then
      cat "$log" >&2
      fail "CMake could not configure the build (log above, kept in $log)"
    fi
  fi
}

# buildTargets targets...: says nothing where nothing is to be done.
buildTargets() {
  ninja -C "$build" -j "$(jobs)" ${NINJA_FLAGS:---quiet} "$@" >&2 || fail "the build failed"
}
