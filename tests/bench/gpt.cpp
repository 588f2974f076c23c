// gpt.cpp — heed-bench gpt: training of a character GPT, and generation with a KV cache, one token
// at a time.
#include "nn/models/gpt.h"

#include "optim/optim.h"
#include "tests/bench/bench.h"

namespace heed::bench {

static constexpr nn::GPTOptions character_gpt{
    .vocab_size = 65, .context = 256, .d_model = 128, .nhead = 4, .num_layers = 4, .dropout = 0};

static IntTensor random_ids(index_t batch, index_t t, index_t vocabulary) {
  IntTensor ids = IntTensor::zeros({batch, t});
  Generator gen(1);
  for (index_t& id : ids.values())
    id = static_cast<index_t>(gen.below(static_cast<std::uint64_t>(vocabulary)));
  return ids;
}

static void training(Report& report) {
  Generator gen(0);
  nn::GPTOptions o = character_gpt;
  o.context = 64;
  nn::GPT model(o, gen);
  optim::AdamW adamw(model.parameters(), {.lr = 1e-3});
  const IntTensor ids = random_ids(12, 64, o.vocab_size), targets = random_ids(12, 64, o.vocab_size);
  const double forward = 2.0 * 12 * 64 * (4 * 12.0 * 128 * 128 + 128.0 * 65) + 4 * 4.0 * 12 * 64 * 64 * 128;
  report.measure("gpt training", {.flops = 3 * forward}, [&] {
    adamw.zero_grad();
    cross_entropy(model(ids), targets).backward();
    adamw.step();
  });
}

// Generates `tokens` tokens greedily after a prompt and reports the time per token. Each token
// reads every parameter once.
static void generation(Report& report, const std::string& name, nn::GPTOptions o, index_t prompt,
                       index_t tokens) {
  if (!report.is_selected(name)) return;
  Generator gen(0);
  o.dropout = 0;
  nn::GPT model(o, gen);
  model.eval();
  const double bytes = 4.0 * static_cast<double>(model.parameter_count() - o.context * o.d_model) *
                       static_cast<double>(tokens);
  nn::KVCache cache;
  const Tensor first = model.forward(random_ids(1, prompt, o.vocab_size), cache);
  report.measure(name, {.bytes = bytes, .steps = static_cast<double>(tokens)}, [&] {
    cache.length = prompt;  // discards the tokens of the previous run
    Tensor logits = first;
    for (index_t i = 0; i < tokens; ++i) logits = model.forward(argmax(logits, -1), cache);
  });
}

void gpt(Report& report) {
  training(report);
  generation(report, "gpt generate char", character_gpt, 16, 128);
  generation(report, "gpt generate char 200", character_gpt, 200, 16);
  generation(report, "gpt generate gpt2", nn::gpt2_small(), 16, 32);
  generation(report, "gpt generate gpt2 960", nn::gpt2_small(), 960, 16);
}

}  // namespace heed::bench
