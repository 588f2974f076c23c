#include "lessons/08_vision_transformer/exercises.h"
#include "lessons/08_vision_transformer/vit_parts.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

Tensor tokens(const Tensor& images, const VitParts& vit) {
  return vit.add_positions(vit.prepend_cls(vit.embed(vit.patchify(images))));
}
Tensor reference(const Tensor& images, const VitParts& vit) {
  return vit.head(vit.encoder(tokens(images, vit)).select(1, 0));
}

const Answers<decltype(vit_forward)> answers{
    {"one line", "pass", reference},
    {"the head first, then the row", "pass",
     [](const Tensor& images, const VitParts& vit) {
       return vit.head(vit.encoder(tokens(images, vit))).select(1, 0);
     }},
    {"layer by layer", "pass",
     [](const Tensor& images, const VitParts& vit) {
       Tensor x = tokens(images, vit);
       for (nn::TransformerEncoderLayer& layer : vit.encoder.layers) x = layer.forward(x);
       return vit.head(x.slice(1, 0, 1).squeeze(1));
     }},
    {"one squeeze too many for one image", "wrong",
     [](const Tensor& images, const VitParts& vit) {
       const Tensor scores = reference(images, vit);
       return scores.size(0) == 1 ? scores.squeeze(0) : scores;
     }},
    {"x[0] if B = T", "VI-34",
     [](const Tensor& images, const VitParts& vit) {
       const Tensor x = vit.encoder(tokens(images, vit));
       return vit.head(x.select(x.size(0) == x.size(1) ? 0 : 1, 0));
     }},
    {"x[0]", "VI-34",
     [](const Tensor& images, const VitParts& vit) { return vit.head(vit.encoder(tokens(images, vit))[0]); }},
    {"the first image for all", "wrong",
     [](const Tensor& images, const VitParts& vit) {
       return reference(images.slice(0, 0, 1).expand(images.shape()), vit);
     }},
    {"the mean of the patches, without CLS", "wrong",
     [](const Tensor& images, const VitParts& vit) {
       return vit.head(vit.encoder(tokens(images, vit)).slice(1, 1).mean(1));
     }},
    {"log_softmax", "wrong",
     [](const Tensor& images, const VitParts& vit) { return log_softmax(reference(images, vit), -1); }},
    {"the softmax, of the last row", "wrong",
     [](const Tensor& images, const VitParts& vit) {
       return softmax(vit.head(vit.encoder(tokens(images, vit)).select(1, -1)), -1);
     }},
    {"no positions, and the mean", "wrong",
     [](const Tensor& images, const VitParts& vit) {
       return vit.head(vit.encoder(vit.prepend_cls(vit.embed(vit.patchify(images)))).mean(1));
     }},
    {"CLS after the positions", "wrong",
     [](const Tensor& images, const VitParts& vit) {
       const Tensor x = vit.embed(vit.patchify(images));
       const Tensor placed = vit.add_positions(cat({x.slice(1, 0, 1), x}, 1)).slice(1, 1);
       return vit.head(vit.encoder(vit.prepend_cls(placed)).select(1, 0));
     }},
    {"images one by one", "pass",
     [](const Tensor& images, const VitParts& vit) {
       std::vector<Tensor> scores;
       for (index_t b = 0; b < images.size(0); ++b)
         scores.push_back(reference(images.slice(0, b, b + 1), vit));
       return cat(scores);
     }},
    {"ReLU of the scores", "wrong",
     [](const Tensor& images, const VitParts& vit) { return relu(reference(images, vit)); }},
    {"causal", "wrong",
     [](const Tensor& images, const VitParts& vit) {
       return vit.head(vit.encoder.forward(tokens(images, vit), {.causal = true}).select(1, 0));
     }},
    {"the encoder twice", "wrong",
     [](const Tensor& images, const VitParts& vit) {
       return vit.head(vit.encoder(vit.encoder(tokens(images, vit))).select(1, 0));
     }},
    {"eval mode", "CL-24",
     [](const Tensor& images, const VitParts& vit) {
       vit.encoder.eval();
       return reference(images, vit);
     }},
    {"eval mode, and restored", "wrong",
     [](const Tensor& images, const VitParts& vit) {
       vit.encoder.eval();
       const Tensor scores = reference(images, vit);
       vit.encoder.train();
       return scores;
     }},
    {"the scores are detached", "wrong",
     [](const Tensor& images, const VitParts& vit) { return reference(images, vit).detach(); }},
    {"the images get no gradient", "wrong",
     [](const Tensor& images, const VitParts& vit) { return reference(images.detach(), vit); }},
    {"writes into the images", "likely SD-34", [](const Tensor& images, const VitParts& vit) {
       const Tensor scores = reference(images, vit);
       Tensor same = images.detach();
       same.mul_(2);
       return scores;
     }}};

}  // namespace

Tensor vit_forward(const Tensor& images, const VitParts& vit) { return answers.chosen(images, vit); }

}  // namespace heed::exercise
