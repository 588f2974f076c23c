// growth.cpp — heed-bench growth: measures each family at increasing sizes and fits a power law to
// the costs.
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "autograd/kernels/gemm.h"
#include "lessons/support/lesson.h"
#include "lessons/support/svg.h"
#include "nn/models/models.h"
#include "tests/bench/bench.h"
#include "tests/bench/fit.h"

namespace heed::bench {

namespace {

// The measured costs of a family of cases over their sizes.
struct Growth {
  std::string file, title;   // file name and title of the figure
  std::string cost, unit;    // "time", "ms"
  std::string letter, size;  // "n", "tokens"
  lessons::SvgCurve measured = {.name = "measured", .x = {}, .y = {}};

  void add(index_t size, double value) {
    measured.x.push_back(static_cast<double>(size));
    measured.y.push_back(value);
  }
  // Prints and draws the fitted power law. Does nothing if --filter selects fewer than two sizes.
  void report_fit(const Report& report) const {
    if (measured.x.size() < 2) return;
    const PowerLaw law = fit_power_law(measured.x, measured.y);
    const std::string power = concat(letter, "^", lessons::fixed(law.exponent, 2));
    std::printf("  %s grows as %s, from %g to %g %s\n", cost.c_str(), power.c_str(), measured.x.front(),
                measured.x.back(), size.c_str());
    if (report.options().figures.empty()) return;
    lessons::SvgCurve fitted{.name = power, .x = measured.x, .y = {}};
    for (const double x : fitted.x) fitted.y.push_back(law(x));
    lessons::write_figure(
        {.path = report.options().figures, .source = kernels::kernels<float>().isa}, file + ".svg",
        lessons::svg_curves({measured, fitted}, {.title = concat(title, ": ", cost, " grows as ", power),
                                                 .x_axis = concat(size, " ", letter),
                                                 .y_axis = unit,
                                                 .logarithmic = true}));
  }
};

Growth time_of(const Report& report, const std::string& family, const std::string& title,
               const std::string& letter, const std::string& size) {
  return {.file = concat("growth_", family),
          .title = title,
          .cost = report.options().clock == Clock::wall ? "time" : "processor time",
          .unit = "ms",
          .letter = letter,
          .size = size};
}

// One forward and backward pass of 8 heads of size 64 over n tokens. Backward computes two matrix
// products for each product in forward.
void attention_growth(Report& report) {
  Growth time = time_of(report, "attention", "Attention", "n", "tokens"), memory = time;
  memory.file += "_memory";
  memory.cost = "peak memory";
  memory.unit = "MB";
  for (const index_t n : {256, 512, 1024, 2048, 4096}) {
    const std::string name = concat("growth attention ", n);
    if (!report.is_selected(name)) continue;
    Generator gen(0);
    Tensor q = randn({1, 8, n, 64}, gen), k = randn({1, 8, n, 64}, gen), v = randn({1, 8, n, 64}, gen);
    const Tensor dy = randn({1, 8, n, 64}, gen);
    for (Tensor* t : {&q, &k, &v}) t->set_requires_grad();
    const double flops = 3 * 4.0 * 8 * 64 * static_cast<double>(n) * static_cast<double>(n);
    const auto cost = report.measure(name, {.flops = flops}, [&] {
      for (Tensor* t : {&q, &k, &v}) t->zero_grad();
      scaled_dot_product_attention(q, k, v).backward(dy);
    });
    time.add(n, 1e3 * cost->seconds);
    memory.add(n, 1e-6 * cost->peak_bytes);
  }
  time.report_fit(report);
  memory.report_fit(report);
}

// (d, d) · (d, d).
void gemm_growth(Report& report) {
  Growth time = time_of(report, "gemm", "Matrix multiplication", "d", "rows and columns");
  for (const index_t d : {128, 256, 512, 1024, 2048}) {
    const std::vector<float> a(static_cast<std::size_t>(d * d), 0.5F), b(a.size(), 0.25F);
    std::vector<float> y(a.size());
    const kernels::GemmShape s{.m = d, .n = d, .k = d, .lda = d, .ldb = d, .ldc = d};
    const double flops = 2 * static_cast<double>(d) * static_cast<double>(d) * static_cast<double>(d);
    const auto cost = report.measure(concat("growth gemm ", d), {.flops = flops},
                                     [&] { kernels::gemm(s, a.data(), b.data(), y.data()); });
    if (cost) time.add(d, 1e3 * cost->seconds);
  }
  time.report_fit(report);
}

// One forward and backward pass of `model` with the loss mean(y²) of its output y.
template <class Forward>
std::optional<Measurement> pass(Report& report, const std::string& name, nn::Module& model, Forward forward) {
  return report.measure(name, {}, [&] {
    model.zero_grad();
    const Tensor y = forward();
    mean(y * y).backward();
  });
}

// An encoder with d_model 256, 4 heads and dim_feedforward 1,024, on 4 sequences of 32 tokens.
void encoder_growth(Report& report) {
  Growth time = time_of(report, "encoder", "An encoder", "L", "layers");
  for (const int layers : {1, 2, 4, 8, 16}) {
    const std::string name = concat("growth encoder ", layers);
    if (!report.is_selected(name)) continue;
    Generator gen(0);
    nn::TransformerEncoder model(
        {.layer = {.d_model = 256, .nhead = 4, .dim_feedforward = 1024, .dropout = 0.1},
         .num_layers = layers},
        gen);
    const Tensor x = randn({32, 4, 256}, gen);
    const auto cost = pass(report, name, model, [&] { return model(x); });
    time.add(layers, 1e3 * cost->seconds);
  }
  time.report_fit(report);
}

// An LSTM with hidden size 128, on 8 sequences of T tokens.
void lstm_growth(Report& report) {
  Growth time = time_of(report, "lstm", "An LSTM", "T", "tokens");
  for (const index_t t : {128, 256, 512, 1024}) {
    const std::string name = concat("growth lstm ", t);
    if (!report.is_selected(name)) continue;
    Generator gen(0);
    nn::LSTM model({.input_size = 128, .hidden_size = 128}, gen);
    const Tensor x = randn({t, 8, 128}, gen);
    const auto cost = pass(report, name, model, [&] { return model(x).output; });
    time.add(t, 1e3 * cost->seconds);
  }
  time.report_fit(report);
}

}  // namespace

void growth(Report& report) {
  if (!report.options().figures.empty()) lessons::make_figures_folder(report.options().figures);
  attention_growth(report);
  gemm_growth(report);
  encoder_growth(report);
  lstm_growth(report);
}

}  // namespace heed::bench
