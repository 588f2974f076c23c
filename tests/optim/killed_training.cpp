// killed_training PATH STEPS — trains a small model, writes PATH after every step, and resumes from
// PATH if it exists. At the end it prints a hash of all bits of the parameters. checkpoint_test
// kills it.
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "data/data.h"
#include "nn/models/models.h"
#include "optim/optim.h"

using namespace heed;

int main(int, char** argv) {
  const std::string path = argv[1];
  const std::int64_t steps = std::atoll(argv[2]);
  Generator gen(3);
  nn::VisionTransformer model({.img_size = 8,
                               .patch_size = 4,
                               .channels = 1,
                               .num_classes = 50,
                               .d_model = 16,
                               .nhead = 2,
                               .num_layers = 1,
                               .dim_feedforward = 16,
                               .dropout = 0.2},
                              gen);
  optim::AdamW optimizer(model.parameters(), {.lr = 1e-3, .amsgrad = true});
  const optim::WarmupCosine schedule({.peak = 1e-2, .warmup = 10, .total = steps});
  const data::Dataset train{rand({50, 1, 8, 8}, gen), IntTensor::arange(0, 50)};
  data::DataLoader loader(train, {.batch_size = 8, .shuffle = true, .shift = 1}, gen.fork());

  std::int64_t step = 0;
  if (std::filesystem::exists(path)) {
    const data::Checkpoint saved(path);
    model.load_state_dict(saved.tensors("model"));
    optimizer.load_state_dict(saved.tensors("optimizer"));
    for (const auto& [name, generator] : model.named_generators())
      *generator = saved.generator("generator." + name);
    step = saved.number("step");
    loader.set_epoch(saved.number("epoch"));
  }
  for (auto batch = loader.begin(); step < steps;) {
    const index_t batch_index = step % loader.batches();
    if (batch_index == 0 && step > 0 && loader.epoch() < step / loader.batches()) batch = loader.begin();
    const auto [images, labels] = loader.batch(batch_index);
    const Tensor loss = cross_entropy(model(images), labels);
    optimizer.set_lr(schedule(step));
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    ++step;

    data::Checkpoint save;
    save.put("model", model.state_dict());
    save.put("optimizer", optimizer.state_dict());
    for (const auto& [name, generator] : model.named_generators()) save.put("generator." + name, *generator);
    save.put("step", step);
    save.put("epoch", step / loader.batches());
    save.write(path);
  }
  std::uint64_t bits = 0;
  for (const Tensor& p : model.parameters())
    for (const double x : p.to_vector()) bits = bits * 1099511628211ULL + std::bit_cast<std::uint64_t>(x);
  std::printf("%016llx\n", static_cast<unsigned long long>(bits));
}
