//===- Helpers.cpp - What the tests of the runtime share ===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/runtime/Helpers.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft::test {
namespace fs = std::filesystem;

Folder::Folder() : before(fs::current_path()) {
  std::string pattern = fs::temp_directory_path() / "weft-test-XXXXXX";
  if (!::mkdtemp(pattern.data()))
    throw std::runtime_error("no temporary directory");
  name = pattern;
  fs::current_path(name);
}

Folder::~Folder() {
  fs::current_path(before);
  std::error_code ignored;
  fs::remove_all(name, ignored);
}

std::string readText(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void writeText(const std::string &path, const std::string &text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  EXPECT_TRUE(file.flush()) << path;
}

Outcome run(const std::vector<std::string> &command, const std::vector<std::string> &environment, int64_t limit) {
  std::vector<char *> arguments;
  for (const std::string &word : command)
    arguments.push_back(const_cast<char *>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = ::fork();
  if (child == 0) {
    auto redirect = [](const char *path, int to) { ::dup2(::open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), to); };
    redirect("stdout.txt", STDOUT_FILENO);
    redirect("stderr.txt", STDERR_FILENO);
    for (const std::string &entry : environment)
      ::putenv(const_cast<char *>(entry.c_str()));
    if (limit >= 0) {
      rlimit value{static_cast<rlim_t>(limit), static_cast<rlim_t>(limit)};
      ::setrlimit(RLIMIT_FSIZE, &value);
    }
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {code, readText("stdout.txt"), readText("stderr.txt")};
}

} // namespace weft::test
