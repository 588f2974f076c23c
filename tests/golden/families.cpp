// families NAME FOLDER — loads the model in FOLDER (config.json, model.safetensors), computes
// answer.safetensors from question.safetensors there, and prints the number of parameters.
// full_size.py runs it and compares with PyTorch.
//
// To add a family, write a function from (folder, question) to the tensors to compare, and a line
// in `families`.
#include <chrono>
#include <functional>
#include <iostream>
#include <map>

#include "data/data.h"
#include "nn/models/models.h"

using namespace heed;

namespace {

// Loads a model and prints its size, and the time that loading took to the error stream.
template <class Model>
Model load(const std::string& folder) {
  const auto start = std::chrono::steady_clock::now();
  Model model = nn::from_pretrained<Model>(folder);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::cerr << "loaded in " << seconds.count() << " s\n";
  std::cout << model.parameter_count() << "\n";
  return model;
}

// The logits of images, and the gradients of sum(logits * r).
template <class Model>
NamedTensors classify_images(const std::string& folder, const data::SafeTensors& question) {
  Model model = load<Model>(folder);
  const Tensor images = question.tensor("images").clone().set_requires_grad();
  const Tensor logits = model(images);
  sum(logits * question.tensor("r")).backward();
  const Tensor first = model.named_parameters()[0].second;
  return {{"logits", logits.detach()},
          {"gradient of images", images.grad()},
          {"gradient of the first", first.grad()}};
}

NamedTensors bert(const std::string& folder, const data::SafeTensors& question) {
  auto model = load<nn::Bert>(folder);
  const IntTensor ids = question.ids("ids");
  const Tensor pooled =
      model.pooled(model.forward(ids, {.segments = question.ids("segments"),
                                       .mask = padding(question.ids("lengths").values(), ids.size(1))}));
  sum(pooled * question.tensor("r")).backward();
  return {{"pooled", pooled.detach()},
          {"gradient of words", model.embeddings.word_embeddings.weight.grad()},
          {"gradient of in_proj", model.encoder.layers[0].self_attn.in_proj_weight.grad()}};
}

NamedTensors gpt(const std::string& folder, const data::SafeTensors& question) {
  auto model = load<nn::GPT>(folder);
  const Tensor logits = model(question.ids("ids"));
  sum(logits * question.tensor("r")).backward();
  return {{"logits", logits.detach()},
          {"gradient of wte", model.wte.weight.grad()},
          {"gradient of h.0.attn.c_attn", model.h[0].attn.c_attn.weight.grad()}};
}

NamedTensors t5(const std::string& folder, const data::SafeTensors& question) {
  auto model = load<nn::T5>(folder);
  const IntTensor source = question.ids("source");
  const Tensor logits =
      model(source, question.ids("given"), padding(question.ids("lengths").values(), source.size(1)));
  sum(logits * question.tensor("r")).backward();
  return {{"logits", logits.detach()},
          {"gradient of shared", model.shared.weight.grad()},
          {"gradient of the encoder's distances", model.encoder.relative_attention_bias.weight.grad()}};
}

NamedTensors detr(const std::string& folder, const data::SafeTensors& question) {
  auto model = load<nn::DETR>(folder);
  const Tensor images = question.tensor("images").clone().set_requires_grad();
  const nn::Detections found = model.forward(images, question.tensor("real") > 0.5);
  (sum(found.logits * question.tensor("r_class")) + sum(found.boxes * question.tensor("r_box"))).backward();
  return {{"logits", found.logits.detach()},
          {"boxes", found.boxes.detach()},
          {"gradient of images", images.grad()},
          {"gradient of queries", model.detector.query_embed.grad()}};
}

const std::map<std::string, std::function<NamedTensors(const std::string&, const data::SafeTensors&)>>
    families{
        {"bert_base_uncased", bert},
        {"gpt2_small", gpt},
        {"t5_small", t5},
        {"detr_resnet50", detr},
        {"swin_t", classify_images<nn::SwinTransformer>},
        {"vit_b_16", classify_images<nn::VisionTransformer>},
    };

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || !families.contains(argv[1])) {
    std::cerr << "families NAME FOLDER, where NAME is one of:";
    for (const auto& [name, run] : families) std::cerr << " " << name;
    std::cerr << "\n";
    return 2;
  }
  try {
    const std::string folder = argv[2];
    const data::SafeTensors question(folder + "/question.safetensors");
    data::save_safetensors(folder + "/answer.safetensors", families.at(argv[1])(folder, question));
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
