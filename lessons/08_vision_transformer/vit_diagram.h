// vit_diagram.h — the diagram of lesson 08: from an image to logits.
#pragma once

#include <algorithm>

#include "lessons/support/diagram.h"
#include "lessons/support/lesson.h"
#include "nn/models/vision_transformer.h"

namespace heed::lessons {

// image (1, channels, height, width)
inline std::string vit_diagram(nn::VisionTransformer& model, const Tensor& image) {
  const nn::EvaluationMode evaluation(model);
  const Tensor patches = model.patches(image), embedded = model.patch_embed(patches),
               with_cls = cat({model.cls_token.expand({1, 1, embedded.size(2)}), embedded}, 1),
               tokens = with_cls + model.pos_embed, output = model.transformer(tokens),
               logits = model.fc(output.select(1, 0));
  check(max_abs_difference(logits, model.forward(image)) < 1e-5, "vit_diagram",
        "expected the logits of the model");

  const index_t size = image.size(3), patch = model.options.patch_size, count = patches.size(1);
  Diagram diagram("Vision Transformer",
                  "An image is cut into patches. Each becomes a token, a class token is prepended, positions "
                  "are added, and the encoder's output of the class token is classified.",
                  400);
  constexpr double right = 316, room = 128;
  DiagramColumn column(diagram, 124, 62, 196);
  const DiagramBox of_image = column.tensor("image", image.shape());
  column.op(concat("patches of ", patch, " × ", patch, " pixels"));
  const DiagramBox of_patches = column.tensor("patches", patches.shape());
  column.op("linear");
  column.tensor("embedded", embedded.shape());
  const DiagramBox prepend = column.op("prepend");
  column.skip(14);
  const DiagramBox add = column.op("add");
  const DiagramBox of_tokens = column.tensor("tokens", tokens.shape());
  column.op(concat("encoder: ", model.options.num_layers, " blocks"));
  const DiagramBox of_output = column.tensor("encoded", output.shape());
  column.op("row 0\nlinear");
  const DiagramBox last = column.tensor("logits", logits.shape());

  const DiagramBox token =
      diagram.tensor(right, prepend.middle() - 23, room, "cls_token", model.cls_token.shape());
  const DiagramBox positions =
      diagram.tensor(right, add.middle() - 23, room, "pos_embed", model.pos_embed.shape());
  diagram.side_arrow(token, prepend);
  diagram.side_arrow(positions, add);
  // The image and the sequences as cells, if these are large enough to be seen.
  if (size <= 16)
    diagram.cells(right, of_image.y,
                  {.rows = size, .columns = size, .side = 100 / static_cast<double>(size), .block = patch});
  const auto draw_sequence = [&](const DiagramBox& beside, index_t length) {
    const double side = std::min(14.0, room / static_cast<double>(count + 1));
    if (side < 5) return;
    diagram.cells(right, beside.middle() - side / 2,
                  {.columns = length, .side = side, .accent = [&](index_t, index_t c) {
                     return length > count && c == 0;
                   }});
  };
  draw_sequence(of_patches, count);
  draw_sequence(of_tokens, count + 1);
  draw_sequence(of_output, count + 1);
  diagram.note(20, last.bottom() + 30, "(B, T, C): images, tokens, channels");
  return diagram.svg();
}

}  // namespace heed::lessons
