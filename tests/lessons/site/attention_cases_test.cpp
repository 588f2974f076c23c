// The cases with which the attention bench compares itself, lessons/site/assets/attention_cases.json.
// HEED_WRITE_CASES=1 writes the file again.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <iomanip>
#include <sstream>

#include "autograd/autograd.h"
#include "lessons/site/text.h"

using namespace heed;

namespace {

struct Case {
  std::string mistake;
  Tensor q, k, v;
  Mask allowed;
  double temperature = 1;
};

std::string json_of(const Tensor& x) {
  std::ostringstream out;
  out << std::setprecision(10);
  for (index_t i = 0; i < x.size(0); ++i) {
    out << (i == 0 ? "[[" : ", [");
    const std::vector<double> row = x[i].to_vector();
    for (std::size_t j = 0; j < row.size(); ++j) out << (j == 0 ? "" : ", ") << row[j];
    out << "]";
  }
  return out.str() + "]";
}

// The weights that a correct program or one with a mistake computes, from ops of heed.
Tensor weights_of(const Case& c) {
  const double width = static_cast<double>(c.k.size(-1));
  const std::string& m = c.mistake;
  const double scale = m == "SD-01"   ? 1
                       : m == "SD-02" ? 1 / width
                       : m == "SD-03" ? std::sqrt(width)
                                      : 1 / std::sqrt(width);
  const Mask allowed = m == "MK-02" ? !c.allowed : c.allowed;
  const Tensor scores = matmul(c.q, c.k.transpose(-2, -1)) * (scale / c.temperature);
  if (m == "SD-06") return softmax(scores, -2);
  if (m == "SD-08") return scores;
  if (m == "SD-10") return exp(scores);
  if (m == "MK-03") return masked_fill(softmax(scores, -1), !allowed, 0);
  if (m == "MK-04") return softmax(masked_fill(scores, !allowed, 0), -1);
  return attention(c.q, c.k, c.v, {.mask = allowed, .scale = scale / c.temperature}).weights;
}

std::string json_of(const Case& c) {
  const Tensor weights = weights_of(c);
  const Tensor allowed = masked_fill(zeros(c.allowed.shape()), c.allowed, 1);
  std::ostringstream out;
  out << "{\"mistake\": \"" << c.mistake << "\", \"temperature\": " << c.temperature
      << ",\n \"q\": " << json_of(c.q) << ",\n \"k\": " << json_of(c.k) << ",\n \"v\": " << json_of(c.v)
      << ",\n \"allowed\": " << json_of(allowed) << ",\n \"weights\": " << json_of(weights)
      << ",\n \"output\": " << json_of(matmul(weights, c.v)) << "}";
  return out.str();
}

std::vector<Case> all_cases() {
  const Tensor q = tensor({{2, 0, 1, 0}, {0, 2, 0, 1}, {1, 0, 2, 0}}, f64);
  const Tensor k = tensor({{2, 0, 0, 1}, {0, 2, 1, 0}, {0, 1, 2, 0}}, f64);
  const Tensor v = tensor({{1, 0}, {0, 1}, {1, 1}}, f64);
  const Mask all({1, 1, 1, 1, 1, 1, 1, 1, 1}, {3, 3});
  const Mask lower({1, 0, 0, 1, 1, 0, 1, 1, 1}, {3, 3});
  const Mask no_first({0, 0, 0, 1, 1, 1, 1, 1, 1}, {3, 3});
  std::vector<Case> cases;
  for (const char* mistake : {"", "SD-01", "SD-02", "SD-03", "SD-06", "SD-08", "SD-10"})
    cases.push_back({mistake, q, k, v, all});
  for (const char* mistake : {"", "MK-02", "MK-03", "MK-04"}) cases.push_back({mistake, q, k, v, lower});
  cases.push_back({"", q, k, v, no_first});
  cases.push_back({"", q, k, v, all, 0.25});
  cases.push_back({"", q * 1000, k, v, lower});  // scores whose exponentials overflow
  return cases;
}

TEST(AttentionCases, AreWhatHeedComputes) {
  std::string json = "[";
  for (const Case& c : all_cases()) json += (json.size() == 1 ? "" : ",\n") + json_of(c);
  json += "]\n";
  const std::string path = std::string(HEED_SOURCE_DIR) + "/lessons/site/assets/attention_cases.json";
  if (std::getenv("HEED_WRITE_CASES")) heed::book::write_file(path, json);
  EXPECT_EQ(heed::book::read_file(path), json);
}

}  // namespace
