#include "compiler/frontend/Diagnostics.h"
std::optional<std::string> weft::frontend::explain(std::string_view) { return std::nullopt; }
std::vector<std::string> weft::frontend::allDiagnosticCodes() { return {}; }
