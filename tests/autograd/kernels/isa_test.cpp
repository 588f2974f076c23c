// isa_test.cpp — the choice of the instruction set, and the rule that its files share no code with
// the others.
#include "autograd/kernels/isa.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

#include "autograd/kernels/error.h"
#include "autograd/kernels/kernels.h"

namespace heed::kernels {
namespace {

TEST(Isa, UsesTheWidestUnlessHeedIsaNamesAnother) {
  const char* wanted = std::getenv("HEED_ISA");
  EXPECT_EQ(std::string(kernels<float>().isa), wanted && *wanted ? wanted : available_isas().back());
  EXPECT_EQ(available_isas().front(), "portable");
  EXPECT_EQ(kernels_for<float>("abacus"), nullptr);
}

TEST(IsaDeathTest, AnUnknownHeedIsaThrowsWithTheAvailableNames) {
  EXPECT_EXIT(
      {
        setenv("HEED_ISA", "abacus", 1);
        try {
          kernels<float>();
        } catch (const Error& e) {
          fputs(e.what(), stderr);
          _exit(7);
        }
      },
      testing::ExitedWithCode(7),
      "\\[HEED_ISA\\] expected an instruction set of this build and CPU \\(portable.*\\), got \"abacus\"");
}

TEST(IsaDeathTest, EveryAvailableIsaCanBeChosen) {
  for (const std::string& isa : available_isas()) {
    EXPECT_EXIT(
        {
          setenv("HEED_ISA", isa.c_str(), 1);
          _exit(std::string(kernels<double>().isa) == isa ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
  }
}

// Returns the weak functions of the files isa_*.o in a listing of nm: code that the linker may
// share with the rest of the program. Weak data (V), which sanitizers add, contains no
// instructions.
std::string weak_symbols_of_isa_files(const std::string& listing) {
  std::istringstream in(listing);
  std::string line, member, found;
  while (std::getline(in, line)) {
    if (line.ends_with(".o:")) member = line;
    if (member.starts_with("isa_") && line.find(" W ") != std::string::npos &&
        line.find("asan") == std::string::npos && line.find("ubsan") == std::string::npos)
      found += member + " " + line + "\n";
  }
  return found;
}

TEST(Isa, FilesOfAnInstructionSetContainNoSharedCode) {
  FILE* pipe = popen("nm -C '" HEED_KERNELS_LIBRARY "' 2>/dev/null", "r");
  ASSERT_NE(pipe, nullptr);
  std::string listing;
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) listing.append(buffer, n);
  if (pclose(pipe) != 0) GTEST_SKIP() << "nm is not installed";
  ASSERT_NE(listing.find("isa_portable.cpp.o:"), std::string::npos)
      << "the listing does not contain the expected file names";
  EXPECT_EQ(weak_symbols_of_isa_files(listing), "");
}

TEST(Isa, FindsSharedCodeInSuchAFile) {
  EXPECT_NE(
      weak_symbols_of_isa_files("isa_avx512.cpp.o:\n0000 W float const& std::min<float>(float, float)\n"),
      "");
  EXPECT_EQ(weak_symbols_of_isa_files("gemm.cpp.o:\n0000 W float const& std::min<float>(float, float)\n"),
            "");
}

}  // namespace
}  // namespace heed::kernels
