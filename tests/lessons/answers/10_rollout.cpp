#include "lessons/10_vit/exercises.h"
#include "tests/lessons/answers/answers.h"

namespace heed::exercise {
namespace {

using Layers = std::vector<Tensor>;
Tensor self(const Tensor& weights) { return eye(weights.size(-1), weights.dtype()); }
Tensor passed(const Tensor& weights) { return (weights.mean(1) + self(weights)) / 2.0; }
template <class Pass>
Tensor product(const Layers& layers, const Pass& pass) {
  Tensor flow = pass(layers[0]);
  for (std::size_t i = 1; i < layers.size(); ++i) flow = matmul(pass(layers[i]), flow);
  return flow;
}
Tensor of_cls(const Tensor& flow) { return flow.select(1, 0).slice(1, 1); }
Tensor correct(const Layers& layers) { return of_cls(product(layers, passed)); }
Layers without(const Layers& layers, std::size_t first, std::size_t last) {
  return {layers.begin() + static_cast<std::ptrdiff_t>(first),
          layers.end() - static_cast<std::ptrdiff_t>(last)};
}

const Answers<decltype(rollout)> answers{
    {"a row vector multiplied from the last layer to the first", "pass",
     [](const Layers& layers) {
       Tensor row = self(layers[0]).slice(0, 0, 1);
       for (std::size_t i = layers.size(); i-- > 0;) row = matmul(row, passed(layers[i]));
       return row.select(1, 0).slice(1, 1);
     }},
    {"rows divided by their sums", "pass",
     [](const Layers& layers) {
       return of_cls(product(layers, [](const Tensor& w) {
         const Tensor both = w.mean(1) + self(w);
         return both / both.sum(2, true);
       }));
     }},
    {"halves, without I", "pass",
     [](const Layers& layers) {
       Tensor flow = passed(layers[0]);
       for (std::size_t i = 1; i < layers.size(); ++i)
         flow = flow * 0.5 + matmul(layers[i].mean(1), flow) * 0.5;
       return of_cls(flow);
     }},
    {"each head mixed with I first", "pass",
     [](const Layers& layers) {
       return of_cls(product(layers, [](const Tensor& w) { return ((w + self(w)) / 2.0).mean(1); }));
     }},
    {"multiplied by one half for each layer at the end", "pass",
     [](const Layers& layers) {
       Tensor y = of_cls(product(layers, [](const Tensor& w) { return w.mean(1) + self(w); }));
       for (std::size_t i = 0; i < layers.size(); ++i) y = y / 2.0;
       return y;
     }},
    {"heads averaged at the end", "VI-86",
     [](const Layers& layers) {
       Tensor flow = (layers[0] + self(layers[0])) / 2.0;
       for (std::size_t i = 1; i < layers.size(); ++i)
         flow = matmul((layers[i] + self(layers[i])) / 2.0, flow);
       return flow.mean(1).select(1, 0).slice(1, 1);
     }},
    {"normalised to sum to 1", "VI-43",
     [](const Layers& layers) {
       const Tensor y = correct(layers);
       return y / y.sum(1, true);
     }},
    {"divided by the maximum", "wrong",
     [](const Layers& layers) {
       const Tensor y = correct(layers);
       return y / max(y, 1, true).values;
     }},
    {"the maximum over heads, rows divided by their sums", "wrong",
     [](const Layers& layers) {
       return of_cls(product(layers, [](const Tensor& w) {
         const Tensor both = max(w, 1, false).values + self(w);
         return both / both.sum(2, true);
       }));
     }},
    {"the minimum over heads", "wrong",
     [](const Layers& layers) {
       return of_cls(product(layers, [](const Tensor& w) { return (min(w, 1).values + self(w)) / 2.0; }));
     }},
    {"the last head", "wrong",
     [](const Layers& layers) {
       return of_cls(product(layers, [](const Tensor& w) { return (w.select(1, -1) + self(w)) / 2.0; }));
     }},
    {"heads summed", "VI-42",
     [](const Layers& layers) {
       return of_cls(product(layers, [](const Tensor& w) { return (w.sum(1) + self(w)) / 2.0; }));
     }},
    {"the mean over images, if there are as many as heads", "wrong",
     [](const Layers& layers) {
       if (layers[0].size(0) != layers[0].size(1)) return correct(layers);
       return of_cls(product(layers, [](const Tensor& w) { return (w.mean(0) + self(w)) / 2.0; }));
     }},
    {"without the last layer", "wrong",
     [](const Layers& layers) {
       return layers.size() < 2 ? correct(layers) : correct(without(layers, 0, 1));
     }},
    {"without the first layer", "VI-87",
     [](const Layers& layers) {
       return layers.size() < 2 ? correct(layers) : correct(without(layers, 1, 0));
     }},
    {"I, and the layers after the first", "VI-87",
     [](const Layers& layers) {
       Tensor flow = self(layers[0]);
       for (std::size_t i = 1; i < layers.size(); ++i) flow = matmul(passed(layers[i]), flow);
       return of_cls(flow);
     }},
    {"only the first layer", "wrong", [](const Layers& layers) { return of_cls(passed(layers[0])); }},
    {"two layers at most", "wrong",
     [](const Layers& layers) {
       return layers.size() < 3 ? correct(layers) : correct(without(layers, 0, layers.size() - 2));
     }},
    {"no residual if there is one layer", "wrong",
     [](const Layers& layers) { return layers.size() == 1 ? of_cls(layers[0].mean(1)) : correct(layers); }},
    {"the residual of the first layer left out", "wrong",
     [](const Layers& layers) {
       Tensor flow = layers[0].mean(1);
       for (std::size_t i = 1; i < layers.size(); ++i) flow = matmul(passed(layers[i]), flow);
       return of_cls(flow);
     }},
    {"the residual weighted three times", "wrong",
     [](const Layers& layers) {
       return of_cls(product(layers, [](const Tensor& w) { return (w.mean(1) + self(w) * 3.0) / 4.0; }));
     }},
    {"the first layer twice", "wrong",
     [](const Layers& layers) { return of_cls(matmul(product(layers, passed), passed(layers[0]))); }},
    {"multiplied element by element", "wrong",
     [](const Layers& layers) {
       Tensor flow = passed(layers[0]);
       for (std::size_t i = 1; i < layers.size(); ++i) flow = flow * passed(layers[i]);
       return of_cls(flow);
     }},
    {"the mean of the layers", "wrong",
     [](const Layers& layers) {
       Tensor sum = passed(layers[0]);
       for (std::size_t i = 1; i < layers.size(); ++i) sum = sum + passed(layers[i]);
       return of_cls(sum / static_cast<double>(layers.size()));
     }},
    {"the wrong order without the residual", "wrong",
     [](const Layers& layers) {
       return of_cls(
           product(Layers(layers.rbegin(), layers.rend()), [](const Tensor& w) { return w.mean(1); }));
     }},
    {"the column in the wrong order", "likely VI-71",
     [](const Layers& layers) {
       return product(Layers(layers.rbegin(), layers.rend()), passed).select(2, 0).slice(1, 1);
     }},
    {"the last token's row without CLS", "wrong",
     [](const Layers& layers) { return product(layers, passed).select(1, -1).slice(1, 1); }},
    {"the last token's row", "VI-31",
     [](const Layers& layers) { return product(layers, passed).select(1, -1).slice(1, 0, -1); }},
    {"the mean of all rows", "wrong",
     [](const Layers& layers) { return product(layers, passed).mean(1).slice(1, 1); }},
    {"the first image for all", "wrong",
     [](const Layers& layers) {
       const Tensor y = correct(layers);
       return y.slice(0, 0, 1).expand(y.shape()).clone();
     }},
    {"one image loses its axis", "wrong",
     [](const Layers& layers) {
       const Tensor y = correct(layers);
       return y.size(0) == 1 ? y[0] : y;
     }},
    {"softmax of the sum", "wrong",
     [](const Layers& layers) {
       return of_cls(product(layers, [](const Tensor& w) { return softmax(w.mean(1) + self(w), -1); }));
     }},
    {"one head of two layers", "VI-74",
     [](const Layers& layers) {
       if (layers.size() != 2) return correct(layers);
       return of_cls(product(layers, [](const Tensor& w) { return (w.select(1, 0) + self(w)) / 2.0; }));
     }},
    {"the last layer if there are three", "VI-73",
     [](const Layers& layers) {
       return layers.size() == 3 ? of_cls(passed(layers.back())) : correct(layers);
     }},
    {"the wrong order in two layers", "VI-69",
     [](const Layers& layers) {
       if (layers.size() != 2) return correct(layers);
       return correct({layers[1], layers[0]});
     }},
    {"three quarters attention", "wrong",
     [](const Layers& layers) {
       return of_cls(product(layers, [](const Tensor& w) { return w.mean(1) * 0.75 + self(w) * 0.25; }));
     }},
    {"transposed weights", "likely VI-71",
     [](const Layers& layers) {
       return of_cls(
           product(layers, [](const Tensor& w) { return (w.mean(1).transpose(-2, -1) + self(w)) / 2.0; }));
     }},
    {"the residual once, at the end", "wrong",
     [](const Layers& layers) {
       const Tensor flow = product(layers, [](const Tensor& w) { return w.mean(1); });
       return of_cls((flow + self(flow)) / 2.0);
     }},
    {"I in f32", "wrong",
     [](const Layers& layers) {
       return of_cls(product(layers, [](const Tensor& w) { return (w.mean(1) + eye(w.size(-1))) / 2.0; }));
     }},
    {"no gradient for the first layer", "wrong",
     [](const Layers& layers) {
       Layers same = layers;
       same[0] = same[0].detach();
       return correct(same);
     }},
    {"no gradient", "wrong", [](const Layers& layers) { return correct(layers).detach(); }},
    {"writes into the weights", "likely SD-34", [](const Layers& layers) {
       const Tensor y = correct(layers);
       for (const Tensor& w : layers) {
         Tensor same = w.detach();
         same.copy_(((w + self(w)) / 2.0).detach());
       }
       return y;
     }}};

}  // namespace

Tensor rollout(const std::vector<Tensor>& layers) { return answers.chosen(layers); }

}  // namespace heed::exercise
