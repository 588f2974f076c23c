// Lesson 10 · Model families: the published sizes
//
//   published options → parameter_count() → compared with the published implementation
//
// Builds every family of section 10 in a published size and counts its parameters. Any difference
// would reveal, for example, an additional bias or an embedding of another size. The parameters
// are not initialised, so this is fast. Run it: ./lesson_10_families.
#include "lessons/support/lesson.h"

#include "lessons/support/parameter_table.h"
#include "lessons/support/terminal.h"
#include "nn/models/models.h"

using namespace heed;
using namespace heed::lessons;

namespace {

struct Size {
  std::string id, family, built_with;
  index_t ours, published;
  std::string counted = "parameters";
};

index_t trainable_count(const nn::Module& m) {
  index_t count = 0;
  for (const Tensor& p : m.parameters()) count += p.requires_grad() ? p.numel() : 0;
  return count;
}

// Builds one model after another, so that only one is in memory at a time.
std::vector<Size> sizes() {
  Generator unused;
  const nn::NoInit no_init;  // the parameters are only counted
  const auto bert = nn::Bert(nn::bert_base_uncased(), unused).parameter_count();
  const auto gpt = nn::GPT(nn::gpt2_small(), unused).parameter_count();
  const auto t5 = nn::T5(nn::t5_small(), unused).parameter_count();
  const auto vit = nn::VisionTransformer(nn::vit_b_16(), unused).parameter_count();
  const auto swin = nn::SwinTransformer(nn::swin_t(), unused).parameter_count();
  const nn::DETR detr(nn::detr_resnet50(), unused);
  return {
      {"bert", "BERT with its pooler", "bert_base_uncased()", bert, 109'482'240},
      {"gpt", "GPT-2", "gpt2_small()", gpt, 124'439'808},
      {"t5", "T5", "t5_small()", t5, 60'506'624},
      {"vit", "ViT-B/16", "vit_b_16()", vit, 86'567'656},
      {"detr", "DETR", "detr_resnet50()", detr.parameter_count(), 41'524'768},
      {"detr_trained", "DETR", "detr_resnet50()", trainable_count(detr), 41'302'368, "trained parameters"},
      {"swin", "Swin-T", "swin_t()", swin, 28'288'354}};
}

// Returns "1,234,567" for 1234567.
std::string grouped(index_t n) {
  std::string digits = concat(n);
  for (std::size_t i = digits.size(); i > 3;) {
    i -= 3;
    digits.insert(i, ",");
  }
  return digits;
}

void compare_sizes(Page& page) {
  page.step("Parameter counts");
  const std::vector<int> widths = {-22, -21, 14, 14, -9};
  page.print("\n  " + cells({"family", "built with", "parameters", "published", ""}, widths));
  const std::vector<Size> all = sizes();
  for (const Size& size : all)
    page.print("  " + cells({size.counted == "parameters" ? size.family : "  trained", size.built_with,
                             grouped(size.ours), grouped(size.published),
                             size.ours == size.published ? "  equal" : "  DIFFERS"},
                            widths));
  page.print("");
  for (const Size& size : all)
    page.claim(size.id, concat(size.family, " has its published number of ", size.counted),
               {grouped(size.ours), " with ", size.built_with}, size.ours == size.published);
  page.print("");
  page.say(
      "BERT is counted with its pooler. The token embeddings of T5 and GPT-2 are counted once, although they "
      "are also used as the output layer. In DETR's published code, the first layers of ResNet-50 are "
      "frozen.");
}

// With --layers: BERT, GPT-2 and ViT with another number of layers.
void other_depth(Page& page, int layers) {
  page.step("Another number of layers");
  Generator unused;
  const nn::NoInit no_init;
  auto bert = nn::bert_base_uncased();
  auto gpt = nn::gpt2_small();
  auto vit = nn::vit_b_16();
  for (index_t* depth : {&bert.num_layers, &gpt.num_layers, &vit.num_layers}) *depth = layers;
  const std::vector<int> widths = {-22, 14};
  page.print("\n  " + cells({"family", "parameters"}, widths));
  const auto row = [&](const std::string& family, index_t count) {
    page.print("  " + cells({family, grouped(count)}, widths));
  };
  row("BERT with its pooler", nn::Bert(bert, unused).parameter_count());
  row("GPT-2", nn::GPT(gpt, unused).parameter_count());
  row("ViT-B/16", nn::VisionTransformer(vit, unused).parameter_count());
}

void where_they_are(Page& page) {
  page.step("Where the parameters are");
  page.say("GPT-2, module by module:");
  Generator unused;
  const nn::NoInit no_init;
  const nn::GPT gpt(nn::gpt2_small(), unused);
  page.print("\n" + parameter_table(gpt.named_parameters()));
  page.print("");
  const index_t in_blocks = static_cast<index_t>(gpt.h.size()) * gpt.h[0].parameter_count();
  page.say(concat("The token embedding wte is also the output layer, so it is counted once. The ",
                  gpt.h.size(), " blocks have ",
                  percent(static_cast<double>(in_blocks) / static_cast<double>(gpt.parameter_count())),
                  " of all parameters."));
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_10_families",
                    .title = "Lesson 10 · Model families: the published sizes",
                    .more = {{"--layers", "N", "also count BERT, GPT-2 and ViT with N layers", 1, 96}}};
  return run(argc, argv, about, [](const Options& options, Page& page) {
    compare_sizes(page);
    where_they_are(page);
    if (options.has("--layers")) other_depth(page, options.integer("--layers", 12));
    page.print("\nNext: ./lesson_10_bert trains with masked language modelling.");
  });
}
