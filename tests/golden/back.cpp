// back FOLDER — writes a safetensors file for every module that PyTorch has too: its parameters, an
// input and the output, in f64. back.py loads each file into torch.nn with strict names and
// compares the outputs.
#include <filesystem>
#include <iostream>

#include "data/data.h"
#include "nn/models/models.h"

using namespace heed;

namespace {

std::filesystem::path folder;

// Writes one file with the tensors "param.…", "in.0", "in.1", … and "out".
template <class M, class Run>
void write(const std::string& name, M module, const std::vector<Tensor>& inputs, Run run) {
  module.to(f64);
  module.eval();
  NamedTensors all;
  for (const auto& [key, t] : module.state_dict()) all.emplace_back("param." + key, t);
  for (std::size_t i = 0; i < inputs.size(); ++i) all.emplace_back(concat("in.", i), inputs[i]);
  const NoGrad no_grad;
  all.emplace_back("out", run(module, inputs));
  data::save_safetensors((folder / (name + ".safetensors")).string(), all);
  std::cout << name << "\n";
}

void write_all() {
  Generator gen(11);
  const auto x = [&](const Shape& shape) { return randn(shape, gen, f64); };
  const auto call = [](auto& m, const std::vector<Tensor>& in) { return m(in[0]); };
  const auto call_two = [](auto& m, const std::vector<Tensor>& in) { return m(in[0], in[1]); };
  const auto read = [](auto& m, const std::vector<Tensor>& in) { return m(in[0]).output; };
  const nn::TransformerEncoderLayerOptions layer{.d_model = 8, .nhead = 2, .dim_feedforward = 16};
  nn::TransformerEncoderLayerOptions pre = layer;
  pre.norm_first = true;
  const nn::RecurrentOptions deep{.input_size = 5, .hidden_size = 4, .num_layers = 2, .bidirectional = true};

  write("linear", nn::Linear({.in = 4, .out = 3}, gen), {x({2, 4})}, call);
  write("layer_norm", nn::LayerNorm({.size = 6}), {x({2, 6})}, call);
  write("conv2d", nn::Conv2d({.in_channels = 2, .out_channels = 3, .kernel_size = 3, .padding = 1}, gen),
        {x({2, 2, 5, 4})}, call);
  write("batch_norm", nn::BatchNorm2d({.num_features = 3}), {x({2, 3, 4, 4})}, call);
  write("group_norm", nn::GroupNorm({.num_groups = 2, .num_channels = 4}), {x({2, 4, 3, 3})}, call);
  write("rnn", nn::RNN(deep, gen), {x({6, 3, 5})}, read);
  write("lstm", nn::LSTM(deep, gen), {x({6, 3, 5})}, read);
  write("gru", nn::GRU(deep, gen), {x({6, 3, 5})}, read);
  write("mha", nn::MultiheadAttention({.d_model = 8, .nhead = 2}, gen), {x({4, 3, 8}), x({5, 3, 8})},
        [](auto& m, const std::vector<Tensor>& in) { return m(in[0], in[1], in[1]).output; });
  write("mha_kdim_vdim", nn::MultiheadAttention({.d_model = 8, .nhead = 2, .kdim = 5, .vdim = 7}, gen),
        {x({4, 3, 8}), x({6, 3, 5}), x({6, 3, 7})},
        [](auto& m, const std::vector<Tensor>& in) { return m(in[0], in[1], in[2]).output; });
  write("mha_appended_keys",
        nn::MultiheadAttention({.d_model = 8, .nhead = 2, .add_bias_kv = true, .add_zero_attn = true}, gen),
        {x({4, 3, 8})}, [](auto& m, const std::vector<Tensor>& in) { return m(in[0], in[0], in[0]).output; });
  write("embedding", nn::Embedding({.num_embeddings = 5, .embedding_dim = 3}, gen), {},
        [](auto& m, const std::vector<Tensor>&) {
          return m(IntTensor{{0, 4}, {2, 1}});
        });
  const nn::RecurrentCellOptions cell{.input_size = 5, .hidden_size = 4};
  write("rnn_cell", nn::RNNCell(cell, gen), {x({3, 5})}, call);
  write("gru_cell", nn::GRUCell(cell, gen), {x({3, 5})}, call);
  write("lstm_cell", nn::LSTMCell(cell, gen), {x({3, 5})},
        [](auto& m, const std::vector<Tensor>& in) { return m(in[0]).h; });
  write("encoder_layer", nn::TransformerEncoderLayer(pre, gen), {x({4, 3, 8})}, call);
  write("encoder", nn::TransformerEncoder({.layer = layer, .num_layers = 2}, gen), {x({4, 3, 8})}, call);
  write("decoder", nn::TransformerDecoder({.layer = layer, .num_layers = 2, .norm = true}, gen),
        {x({4, 3, 8}), x({5, 3, 8})}, call_two);
  write("transformer",
        nn::Transformer({.layer = layer, .num_encoder_layers = 1, .num_decoder_layers = 1}, gen),
        {x({5, 3, 8}), x({4, 3, 8})}, call_two);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "back FOLDER\n";
    return 2;
  }
  try {
    folder = argv[1];
    std::filesystem::create_directories(folder);
    write_all();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
