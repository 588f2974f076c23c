// gradcheck_gate_test.cpp — every op has a gradient check. The ops are read from the sources: the
// functions that ops.h declares and the names that ops/*.cpp record. The checked ops are those in
// the graphs of the table.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "tests/autograd/gradcheck_cases.h"
#include "tests/testing.h"

namespace heed {
namespace {

using Names = std::set<std::string>;

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

// Returns the first group of every match of `pattern`.
Names all_matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  Names names;
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it) names.insert((*it)[1]);
  return names;
}

// Returns the functions in a header whose results may have a gradient.
Names declared(const std::string& header) {
  return all_matches(
      header,
      R"((?:^|\n)(?:inline )?(?:Tensor|ValuesAndIndices|AttentionResult|std::vector<Tensor>)\s+(operator.|\w+)\()");
}

// Returns the names that a source records: the name in record("name", …), in `const char* op =
// "name"` if the source has record(op, …), or in helper("name", …) if the first parameter of the
// helper is `const char* op` and it records op.
Names recorded(const std::string& source) {
  Names names = all_matches(source, R"re(\brecord\(\s*"(\w+)")re");
  const std::regex recorded(R"re(record\(\s*op\b)re");
  if (!std::regex_search(source, recorded)) return names;
  names.merge(all_matches(source, R"re(const char\* op = "(\w+)")re"));
  const std::regex helper(R"re(\n(?:static )?[\w:<>]+ (\w+)\(const char\* op\b)re");
  for (std::sregex_iterator it(source.begin(), source.end(), helper), end; it != end; ++it) {
    const auto begin = static_cast<std::size_t>(it->position()), stop = source.find("\n}", begin);
    if (std::regex_search(source.substr(begin, stop - begin), recorded))
      names.merge(all_matches(source, "\\b" + (*it)[1].str() + R"re(\(\s*"(\w+)")re"));
  }
  return names;
}

Names recorded_by_all_sources() {
  Names names;
  for (const auto& entry : std::filesystem::directory_iterator(HEED_SOURCE_DIR "/autograd/ops"))
    if (entry.path().extension() == ".cpp") names.merge(recorded(read(entry.path())));
  return names;
}

Names missing(const Names& existing, const Names& seen) {
  Names result;
  std::set_difference(existing.begin(), existing.end(), seen.begin(), seen.end(),
                      std::inserter(result, result.end()));
  return result;
}

std::string joined(const Names& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

TEST(GradcheckGate, EveryOpPassesAndNoneIsMissing) {
  const auto cases = gradcheck_cases();
  Names functions, ops;
  double worst = 0;
  std::string worst_case;
  for (const GradcheckCase& c : cases) {
    const std::string name = c.function + " " + c.detail;
    GradcheckResult result;
    ASSERT_NO_THROW(result = check_gradients(c.f, c.inputs, c.options)) << name;
    EXPECT_TRUE(result.ok) << name << ": " << result.message;
    functions.insert(c.function);
    ops.insert(result.ops.begin(), result.ops.end());
    if (result.worst > worst) {
      worst = result.worst;
      worst_case = name;
    }
  }
  const Names in_header = declared(read(HEED_SOURCE_DIR "/autograd/ops.h")),
              in_sources = recorded_by_all_sources();
  EXPECT_EQ(joined(missing(in_header, functions)), "")
      << "declared in ops.h, but without a case in gradcheck_cases.cpp";
  EXPECT_EQ(joined(missing(functions, in_header)), "") << "in gradcheck_cases.cpp, but not in ops.h";
  EXPECT_EQ(joined(missing(in_sources, ops)), "") << "recorded in ops/, but in no case";
  EXPECT_EQ(joined(missing(ops, in_sources)), "")
      << "in a case, but not found in ops/: recorded() must be extended";
  std::cout << cases.size() << " gradient checks; " << in_header.size() << " functions of ops.h, "
            << in_sources.size() << " recorded ops, all covered; worst difference " << worst
            << " of the tolerance (" << worst_case << ")\n";
}

TEST(GradcheckGate, AnOpWithoutACaseIsFound) {
  const Names in_header = declared("\nTensor exp(const Tensor& x);\nTensor frobnicate(const Tensor& x);\n");
  EXPECT_EQ(joined(missing(in_header, {"exp"})), "frobnicate");
  const Names in_source = recorded(R"(
Tensor helper(const char* op, const Tensor& x) {
  return record(op, {x}, y, backward);
}
Tensor only_checks(const char* op, const Tensor& x) {
  check(x.defined(), op);
}
Tensor a(const Tensor& x) { return record("direct", {x}, y, backward); }
Tensor b(const Tensor& x) { return helper("by_helper", x); }
Tensor c(const Tensor& x) { return only_checks("never_recorded", x); }
Tensor d(const Tensor& x) {
  const char* op = "by_variable";
  return record(op, {x}, y, backward);
})");
  EXPECT_EQ(joined(in_source), "by_helper, by_variable, direct");
}

}  // namespace
}  // namespace heed
