# How lit runs the tests that are text: .mlir files, .weft files (their RUN lines
# begin with #), and .test files for whole commands.
import os

import lit.formats

config.name = "Weft"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".weft", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.dirname(__file__)

tools = [
    os.path.join(config.weft_binary_dir, "bin"),
    config.llvm_tools_dir,
]
config.environment["PATH"] = os.pathsep.join(tools + [os.environ.get("PATH", "")])
config.environment["NO_COLOR"] = "1"
# Nothing a test builds is kept for the next, and nothing of the user's is read.
config.environment["WEFT_CACHE"] = os.path.join(config.test_exec_root, "cache")

config.substitutions.append(("%source", config.weft_source_dir))
config.substitutions.append(("%models", os.path.join(config.weft_source_dir, "models")))

# Data and golden numbers lie beside the checkout; where they do not, the tests
# that need them (REQUIRES: shared) are counted as skipped.
shared = os.environ.get("WEFT_SHARED", os.path.join(config.weft_source_dir, "..", "shared"))
if os.path.isdir(os.path.join(shared, "golden")):
    config.available_features.add("shared")
    config.substitutions.append(("%shared", os.path.abspath(shared)))
