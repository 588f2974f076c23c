#include <heed/autograd/autograd.h>
#include <heed/nn/nn.h>

#include <iostream>

using namespace heed;

int main() {
  Generator gen(0);  // random number generators are passed in; there is no global one

  // The example of the course: 6 layers, 8 heads, 512 channels; input (10, 32, 512) as (seq, batch, d_model).
  nn::TransformerEncoder encoder(
      {.layer = {.d_model = 512, .nhead = 8, .dim_feedforward = 2048, .dropout = 0.1}, .num_layers = 6}, gen);
  Tensor x = randn({10, 32, 512}, gen);
  Tensor y = encoder.forward(x);

  mse_loss(y, x).backward();  // every parameter now has its gradient
  std::cout << y.shape() << " from " << encoder.parameter_count() << " parameters\n";
}
