// Lesson 10 · The families: their published sizes
//
//   a model with its published settings → parameter_count() → the number that stands in its paper's code
//
// Every family of section 10 is built in the size in which it was published, and its parameters are counted. One number
// more or less would be a bias too many or a table too short. Nothing is drawn, and no memory written: it takes a moment.
// Run it: ./lesson_10_families.
#include "lessons/support/lesson.h"

#include "lessons/support/terminal.h"
#include "nn/models/models.h"

using namespace heed;
using namespace heed::lessons;

namespace {

struct Size {
  std::string family, built_with;
  index_t ours, published;
};

index_t count_of_trained(const nn::Module& m) {
  index_t count = 0;
  for (const Tensor& p : m.parameters()) count += p.requires_grad() ? p.numel() : 0;
  return count;
}

// One model after the other, so that no two are in memory at once.
std::vector<Size> sizes() {
  Generator unused;
  const nn::NoInit no_init;  // only counted
  const auto bert = nn::Bert(nn::bert_base_uncased(), unused).parameter_count();
  const auto gpt = nn::GPT(nn::gpt2_small(), unused).parameter_count();
  const auto t5 = nn::T5(nn::t5_small(), unused).parameter_count();
  const auto vit = nn::VisionTransformer(nn::vit_b_16(), unused).parameter_count();
  const auto swin = nn::SwinTransformer(nn::swin_t(), unused).parameter_count();
  const nn::DETR detr(nn::detr_resnet50(), unused);
  return {{"BERT, pooled", "bert_base_uncased()", bert, 109'482'240},
          {"GPT-2", "gpt2_small()", gpt, 124'439'808},
          {"T5", "t5_small()", t5, 60'506'624},
          {"ViT-B/16", "vit_b_16()", vit, 86'567'656},
          {"DETR", "detr_resnet50()", detr.parameter_count(), 41'524'768},
          {"  which learn", "detr_resnet50()", count_of_trained(detr), 41'302'368},
          {"Swin-T", "swin_t()", swin, 28'288'354}};
}

// 1234567 as "1,234,567"
std::string grouped(index_t n) {
  std::string digits = concat(n);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

void counted_and_published(Page& page) {
  page.step("Counted, and published");
  const std::vector<int> widths = {-18, -21, 16, 14, -7};
  page.print("\n  " + cells({"family", "built with", "parameters", "published", ""}, widths));
  std::size_t equal = 0;
  const std::vector<Size> all = sizes();
  for (const Size& size : all) {
    const bool same = size.ours == size.published;
    equal += same;
    page.print("  " + cells({size.family, size.built_with, grouped(size.ours), grouped(size.published),
                             same ? "  equal" : "  DIFFERS"},
                            widths));
  }
  page.print("");
  page.claim("all have their published sizes", concat(equal, " of ", all.size(), " numbers are equal"),
             equal == all.size());
  page.print("");
  page.say(
      "BERT's is the encoder with its pooler. T5's table of words and GPT-2's are counted once, though they "
      "are also the last layer. DETR's published code keeps the first layers of ResNet-50 as they are: they "
      "do not learn.");
}

}  // namespace

int main(int argc, char** argv) {
  const About about{.program = "lesson_10_families",
                    .title = "Lesson 10 · The families: their published sizes"};
  return run(argc, argv, about, [](const Options&, Page& page) {
    counted_and_published(page);
    page.print("\nNext: ./lesson_10_bert guesses words that were hidden.");
  });
}
