// golden.cpp — reads the cases, compares, and prints the table.
#include "tests/golden/golden.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "data/safetensors.h"

namespace heed {

static const char* const files[] = {"ops", "layers", "optim", "bert", "gpt", "t5", "detr", "vision"};

const Tensor& GoldenCase::operator[](const std::string& key) const {
  const auto found = tensors.find(key);
  check(found != tensors.end(), "golden", "no '", key, "' in case '", name, "'");
  return found->second;
}

const std::map<std::string, GoldenCase>& golden_file(const std::string& file) {
  static std::map<std::string, std::map<std::string, GoldenCase>> read;
  auto& cases = read[file];
  if (!cases.empty()) return cases;
  for (const auto& [name, t] :
       data::SafeTensors(HEED_SOURCE_DIR "/tests/golden/" + file + ".safetensors").all()) {
    const auto slash = name.find('/');
    check(slash != std::string::npos, "golden", "'", name, "' is not CASE/KEY");
    const std::string key = name.substr(slash + 1);
    GoldenCase& g = cases[name.substr(0, slash)];
    g.name = file + "/" + name.substr(0, slash);
    g.tensors[key] = t;
    if (key.starts_with("param:")) g.parameters.emplace_back(key.substr(6), t);
  }
  return cases;
}

const GoldenCase& golden(const std::string& file, const std::string& name) {
  const auto found = golden_file(file).find(name);
  check(found != golden_file(file).end(), "golden", "no case '", name, "' in ", file);
  return found->second;
}

// ---- comparison --------------------------------------------------------------------------------

double difference(const Tensor& actual, const Tensor& expected) {
  const auto a = actual.to_vector(), b = expected.to_vector();
  // If all expected elements are 0, any other number is far off.
  double largest = std::numeric_limits<double>::min(), worst = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    largest = std::max(largest, std::abs(b[i]));
    worst = std::isfinite(a[i]) && std::isfinite(b[i]) ? std::max(worst, std::abs(a[i] - b[i])) : INFINITY;
    if (!std::isfinite(worst)) break;
  }
  return worst / largest;
}

double tolerance(DType dtype, Quantity quantity) {
  if (dtype == f64) return 1e-10;
  return quantity == Quantity::value ? 2e-5 : 1e-4;
}

// ---- the table ---------------------------------------------------------------------------------

namespace {

// The largest differences of a case: f64 values, f64 gradients, f32 values, f32 gradients; -1 if
// none was compared.
struct Row {
  double worst[4] = {-1, -1, -1, -1};
};
std::map<std::string, Row>& table() {
  static std::map<std::string, Row> rows;
  return rows;
}

std::size_t column(DType dtype, Quantity quantity) {
  return (dtype == f64 ? 0u : 2u) + (quantity == Quantity::value ? 0u : 1u);
}

void print(const std::string& name, const Row& row) {
  std::printf("%-40s", name.c_str());
  for (const double x : row.worst)
    if (x < 0)
      std::printf("%12s", "-");
    else
      std::printf("%12.1e", x);
  std::printf("\n");
}

// Prints the table after all tests. Fails if no test compared a case of the files.
class Table : public testing::Environment {
 public:
  void TearDown() override {
    const auto& unit = *testing::UnitTest::GetInstance();
    if (unit.test_to_run_count() < unit.total_test_count()) return;  // a filter was given
    std::printf("\n%-40s%24s%24s\n%-40s%12s%12s%12s%12s\n", "worst difference", "f64", "f32", "case",
                "values", "gradients", "values", "gradients");
    Row worst;
    std::size_t count = 0;
    for (const char* file : files)
      for (const auto& [name, g] : golden_file(file)) {
        const auto row = table().find(g.name);
        EXPECT_TRUE(row != table().end()) << "no test compared case '" << g.name << "'";
        if (row == table().end()) continue;
        print(g.name, row->second);
        ++count;
        for (std::size_t i = 0; i < 4; ++i) worst.worst[i] = std::max(worst.worst[i], row->second.worst[i]);
      }
    print("worst of " + std::to_string(count), worst);
    print("tolerance", {{tolerance(f64, Quantity::value), tolerance(f64, Quantity::gradient),
                         tolerance(f32, Quantity::value), tolerance(f32, Quantity::gradient)}});
    EXPECT_GE(count, 200u);
  }
};
const testing::Environment* const table_printer = testing::AddGlobalTestEnvironment(new Table);

}  // namespace

void expect_agrees(const GoldenCase& of, const std::string& name, const Tensor& actual,
                   const Tensor& expected, Quantity quantity) {
  ASSERT_TRUE(actual.defined()) << of.name << ": " << name << " is undefined";
  ASSERT_EQ(actual.shape(), expected.shape()) << of.name << ": " << name;
  const double x = difference(actual, expected);
  EXPECT_LE(x, tolerance(actual.dtype(), quantity)) << of.name << ": " << name << "\n"
                                                    << actual << "\n"
                                                    << expected;
  double& worst = table()[of.name].worst[column(actual.dtype(), quantity)];
  worst = std::max(worst, x);
}

}  // namespace heed
