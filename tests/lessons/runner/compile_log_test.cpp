// The logs are real messages of compilers and build tools, shortened.
#include "lessons/runner/compile_log.h"

#include <gtest/gtest.h>

namespace heed::runner {
namespace {

const std::string file = "lessons/02_x/exercises/sdpa.cpp";
CompileLog read(const std::string& log) { return read_compile_log(log, file, "judged/02_sdpa.cpp.o"); }

TEST(CompileLogOfGcc, NamesTheFirstErrorInTheLearnersFile) {
  const CompileLog log =
      read(R"([1/2] Building CXX object lessons/CMakeFiles/ex_02_sdpa.dir/judged/02_sdpa.cpp.o
FAILED: lessons/CMakeFiles/ex_02_sdpa.dir/judged/02_sdpa.cpp.o 
/usr/bin/c++ -I/home/me/heed -O3 -c /home/me/heed/build/lessons/judged/02_sdpa.cpp
lessons/02_x/exercises/sdpa.cpp: In function 'heed::Tensor heed::exercise::sdpa(const heed::Tensor&)':
lessons/02_x/exercises/sdpa.cpp:15:7: warning: unused variable 'n' [-Wunused-variable]
   15 |   int n = 0;
      |       ^
lessons/02_x/exercises/sdpa.cpp:16:12: error: 'qq' was not declared in this scope; did you mean 'q'?
lessons/02_x/exercises/sdpa.cpp:17:1: error: expected '}' at end of input
ninja: build stopped: subcommand failed.
)");
  ASSERT_TRUE(log.error.has_value());
  EXPECT_EQ(log.error->line, 16);
  EXPECT_EQ(log.error->column, 12);
  EXPECT_EQ(log.error->text, "'qq' was not declared in this scope; did you mean 'q'?");
  EXPECT_EQ(log.error->location, "");
  ASSERT_TRUE(log.warning.has_value());
  EXPECT_EQ(log.warning->line, 15);
  EXPECT_TRUE(log.in_learners_file);
}

TEST(CompileLogOfGcc, FindsTheLearnersLineOfAnErrorInAHeader) {
  const CompileLog log = read(R"(FAILED: lessons/CMakeFiles/ex_02_sdpa.dir/judged/02_sdpa.cpp.o 
In file included from /usr/include/c++/12/vector:64:
/usr/include/c++/12/bits/stl_vector.h: In instantiation of 'class std::vector<int&>':
lessons/02_x/exercises/sdpa.cpp:16:21:   required from here
/usr/include/c++/12/bits/stl_vector.h:423:66: error: forming pointer to reference type 'int&'
)");
  ASSERT_TRUE(log.error.has_value());
  EXPECT_EQ(log.error->line, 16);
  EXPECT_EQ(log.error->location, "/usr/include/c++/12/bits/stl_vector.h:423");
}

TEST(CompileLogOfClang, FindsTheLearnersLineOfAnErrorInAHeader) {
  const CompileLog log = read(R"(FAILED: lessons/CMakeFiles/ex_02_sdpa.dir/judged/02_sdpa.cpp.o 
In file included from /home/me/heed/build/lessons/judged/02_sdpa.cpp:3:
/usr/include/c++/12/bits/stl_vector.h:423:66: error: 'pointer' declared as a pointer to a reference of type 'int &'
lessons/02_x/exercises/sdpa.cpp:16:21: note: in instantiation of template class 'std::vector<int &>' requested here
)");
  ASSERT_TRUE(log.error.has_value());
  EXPECT_EQ(log.error->line, 16);
  EXPECT_EQ(log.error->column, 21);
  EXPECT_EQ(log.error->location, "/usr/include/c++/12/bits/stl_vector.h:423");
}

TEST(CompileLogOfClang, ReadsFatalErrorsAndMake) {
  const CompileLog log =
      read(R"([ 50%] Building CXX object lessons/CMakeFiles/ex_02_sdpa.dir/judged/02_sdpa.cpp.o
lessons/02_x/exercises/sdpa.cpp:12:10: fatal error: 'nothing.h' file not found
#include "nothing.h"
         ^~~~~~~~~~~
1 error generated.
make[3]: *** [lessons/CMakeFiles/ex_02_sdpa.dir/build.make:76: lessons/CMakeFiles/ex_02_sdpa.dir/judged/02_sdpa.cpp.o] Error 1
)");
  ASSERT_TRUE(log.error.has_value());
  EXPECT_EQ(log.error->line, 12);
  EXPECT_TRUE(log.in_learners_file);
}

TEST(CompileLogOfTheLinker, ReportsAMissingFunction) {
  for (const char* said : {"/usr/bin/ld: sdpa.cpp:(.text+0x7): undefined reference to "
                           "`heed::exercise::sdpa(heed::Tensor const&)'",
                           "ld.lld: error: undefined symbol: heed::exercise::sdpa(heed::Tensor const&)",
                           "Undefined symbols for architecture arm64:"}) {
    const CompileLog log = read(said);
    EXPECT_TRUE(log.missing_function) << said;
    EXPECT_FALSE(log.link_error.empty()) << said;
    EXPECT_FALSE(log.in_learners_file) << said;
  }
  const CompileLog twice = read("/usr/bin/ld: a.o: multiple definition of `main'; b.o: first defined here");
  EXPECT_FALSE(twice.missing_function);
  EXPECT_EQ(twice.link_error, "multiple definition of `main'; b.o: first defined here");
}

TEST(CompileLog, DistinguishesErrorsInOtherFiles) {
  const CompileLog log = read(R"(FAILED: lessons/CMakeFiles/check_02_sdpa.dir/02_x/checks/sdpa.cpp.o 
/home/me/heed/lessons/02_x/checks/sdpa.cpp:3:1: error: expected unqualified-id
)");
  EXPECT_FALSE(log.in_learners_file);
  ASSERT_TRUE(log.error.has_value());
  EXPECT_EQ(log.error->location, "/home/me/heed/lessons/02_x/checks/sdpa.cpp:3");
}

TEST(CompileLog, WithoutErrorsReportsNone) {
  const CompileLog log = read("[2/2] Linking CXX executable lessons/ex_02_sdpa\n");
  EXPECT_FALSE(log.error || log.warning || log.in_learners_file || log.missing_function);
  EXPECT_EQ(log.link_error, "");
}

}  // namespace
}  // namespace heed::runner
