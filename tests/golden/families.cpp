// families NAME FOLDER — loads the model in FOLDER (config.json, model.safetensors), reads
// inputs.safetensors, writes outputs.safetensors, and prints the number of parameters. full_size.py runs
// this program and compares the outputs with PyTorch's.
//
// To add a family, write a function from (folder, inputs) to the tensors to compare, and add it to
// `families`.
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
NamedTensors classify_images(const std::string& folder, const data::SafeTensors& inputs) {
  Model model = load<Model>(folder);
  const Tensor images = inputs.tensor("images").clone().set_requires_grad();
  const Tensor logits = model(images);
  sum(logits * inputs.tensor("r")).backward();
  const Tensor first = model.named_parameters()[0].second;
  return {{"logits", logits.detach()},
          {"gradient of images", images.grad()},
          {"gradient of the first", first.grad()}};
}

NamedTensors bert(const std::string& folder, const data::SafeTensors& inputs) {
  auto model = load<nn::Bert>(folder);
  const IntTensor ids = inputs.ids("ids");
  const Tensor pooled =
      model.pooled(model.forward(ids, {.segments = inputs.ids("segments"),
                                       .mask = padding(inputs.ids("lengths").values(), ids.size(1))}));
  sum(pooled * inputs.tensor("r")).backward();
  return {{"pooled", pooled.detach()},
          {"gradient of words", model.embeddings.word_embeddings.weight.grad()},
          {"gradient of in_proj", model.encoder.layers[0].self_attn.in_proj_weight.grad()}};
}

NamedTensors gpt(const std::string& folder, const data::SafeTensors& inputs) {
  auto model = load<nn::GPT>(folder);
  const Tensor logits = model(inputs.ids("ids"));
  sum(logits * inputs.tensor("r")).backward();
  return {{"logits", logits.detach()},
          {"gradient of wte", model.wte.weight.grad()},
          {"gradient of h.0.attn.c_attn", model.h[0].attn.c_attn.weight.grad()}};
}

NamedTensors t5(const std::string& folder, const data::SafeTensors& inputs) {
  auto model = load<nn::T5>(folder);
  const IntTensor source = inputs.ids("source");
  const Tensor logits =
      model(source, inputs.ids("decoder_input"), padding(inputs.ids("lengths").values(), source.size(1)));
  sum(logits * inputs.tensor("r")).backward();
  return {{"logits", logits.detach()},
          {"gradient of shared", model.shared.weight.grad()},
          {"gradient of the encoder's relative position bias",
           model.encoder.relative_attention_bias.weight.grad()}};
}

NamedTensors detr(const std::string& folder, const data::SafeTensors& inputs) {
  auto model = load<nn::DETR>(folder);
  const Tensor images = inputs.tensor("images").clone().set_requires_grad();
  const nn::Detections found = model.forward(images, inputs.tensor("pixel_mask") > 0.5);
  (sum(found.logits * inputs.tensor("r_class")) + sum(found.boxes * inputs.tensor("r_box"))).backward();
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
    const data::SafeTensors inputs(folder + "/inputs.safetensors");
    data::save_safetensors(folder + "/outputs.safetensors", families.at(argv[1])(folder, inputs));
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
