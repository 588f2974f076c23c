"""PyTorch's functions for ops_test.cpp, with the inputs in:0, in:1, … and their gradients. See make.py for the keys."""
import torch
import torch.nn.functional as F

import golden
from golden import short

torch.manual_seed(1986)


def positive(*shape):
    return torch.round((torch.rand(shape) * 2 + 0.2) * 1000) / 1000


def case(name, f, *inputs):
    golden.case(name)
    for i, x in enumerate(inputs):
        x.requires_grad_()
        golden.write(f"in:{i}", x)
    y = f(*inputs)
    r = short(*y.shape)
    (y * r).sum().backward()
    golden.write("out", y)
    golden.write("r", r)
    for i, x in enumerate(inputs):
        golden.write(f"grad:{i}", x.grad)


for name in ["exp", "tanh", "sigmoid", "relu", "abs", "neg"]:
    case(name, getattr(torch, name), short(3, 7) * 2)
for name in ["log", "sqrt", "rsqrt"]:
    case(name, getattr(torch, name), positive(3, 7))
case("gelu", F.gelu, short(3, 7) * 2)
case("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), short(3, 7) * 2)
case("silu", F.silu, short(3, 7) * 2)
case("clamp", lambda x: x.clamp(-0.5, 0.7), torch.tensor([-2, -0.5, 0, 0.7, 3.0]))  # the gradient at the bounds is 1
for name in ["add", "sub", "mul"]:
    case(name, getattr(torch, name), short(2, 1, 3), short(4, 1))
case("div", torch.div, short(2, 1, 3), positive(4, 1))
case("pow", torch.pow, positive(2, 1, 3), short(4, 1))
case("pow_of_zero", torch.pow, torch.tensor([0.0, 0.0, 0.0, 2.0]), torch.tensor([0.0, 1.0, 2.0, 0.0]))
case("maximum_of_equals", torch.maximum, torch.tensor([1.0, 2, 3]), torch.tensor([1.0, 3, 2]))
case("minimum_of_equals", torch.minimum, torch.tensor([1.0, 2, 3]), torch.tensor([1.0, 3, 2]))

case("var", lambda x: x.var(dim=(0, 2), keepdim=True), short(3, 2, 4) + 100)
case("var_biased", lambda x: x.var(1, unbiased=False), short(3, 5))
case("max_of_equals", lambda x: x.max(), torch.tensor([3.0, 1, 3, 2]))
case("max_along", lambda x: x.max(1).values, short(2, 5, 3))
case("logsumexp", lambda x: x.logsumexp(0), short(3, 5) * 3)
case("topk", lambda x: x.topk(3).values, short(2, 6))

case("roll", lambda x: x.roll(2, 1), short(2, 5))
case("pad", lambda x: F.pad(x, (1, 0, 2, 1), value=4), short(2, 3))
case("gather", lambda x: x.gather(1, torch.tensor([[0, 0, 2], [1, 1, 1]])), short(3, 4))
case("matmul", torch.matmul, short(2, 1, 3, 4), short(5, 4, 2))
case("matmul_by_vector", torch.matmul, short(2, 3, 4), short(4))
case("linear", F.linear, short(2, 3, 4), short(5, 4), short(5))

case("softmax", lambda x: x.softmax(1), short(2, 5, 3) * 3)
case("log_softmax", lambda x: x.log_softmax(-1), short(3, 5) * 3)
targets = torch.tensor([1, -100, 4, 0])
for reduction in ["mean", "sum", "none"]:
    for smoothing in [0.0, 0.2]:
        case(f"cross_entropy_{reduction}_{smoothing}",
             lambda x: F.cross_entropy(x, targets, reduction=reduction, label_smoothing=smoothing), short(4, 5) * 2)
case("nll", lambda x: F.nll_loss(x.log_softmax(-1), targets), short(4, 5))
case("mse", F.mse_loss, short(2, 3), short(2, 3))
case("bce", lambda x: F.binary_cross_entropy_with_logits(x, torch.tensor([0, 1, 0.25, 1.0])), torch.tensor([-30.0, 30, 0.5, -2]))

case("layer_norm", lambda x, g, b: F.layer_norm(x, (6,), g, b), short(2, 3, 6), short(6), short(6))
case("rms_norm", lambda x, g: x * (x.pow(2).mean(-1, keepdim=True) + 1e-6).rsqrt() * g, short(3, 6), short(6))
case("embedding", lambda w: F.embedding(torch.tensor([[1, 2], [1, 0]]), w, padding_idx=0), short(4, 3))
case("conv2d", lambda x, w, b: F.conv2d(x, w, b, stride=2, padding=1), short(2, 2, 5, 4), short(3, 2, 3, 2), short(3))
case("unfold", lambda x: F.unfold(x, (3, 2), stride=2, padding=1), short(2, 2, 5, 4))
case("fold", lambda x: F.fold(x, (5, 4), (3, 2), stride=1, padding=1), short(1, 12, 25))

sdpa = torch.nn.functional._scaled_dot_product_attention
visible = torch.tensor([[1, 0, 1, 1, 0], [1, 1, 0, 0, 0], [0, 0, 0, 0, 1]], dtype=torch.bool)
case("attention", lambda q, k, v: sdpa(q, k, v)[0], short(2, 2, 3, 4), short(2, 2, 5, 4), short(2, 2, 5, 6))
case("attention_mask", lambda q, k, v: sdpa(q, k, v, visible)[0], short(2, 3, 4), short(2, 5, 4), short(2, 5, 6))
case("attention_causal", lambda q, k, v: sdpa(q, k, v, None, 0.0, False, True)[0], short(2, 4, 3), short(2, 4, 3), short(2, 4, 3))

# If a query may attend to nothing, PyTorch returns NaN. heed defines its weights as zero.
def with_a_fully_masked_row(q, k, v):
    mask = visible.clone()
    mask[1] = False
    scores = (q @ k.mT / q.shape[-1] ** 0.5).masked_fill(~mask, -1e300)
    return scores.softmax(-1).masked_fill(~mask, 0) @ v


case("attention_fully_masked_row", with_a_fully_masked_row, short(2, 3, 4), short(2, 5, 4), short(2, 5, 6))
case("attention_bias", lambda q, k, v, b: (q @ k.mT / 2 + b).softmax(-1) @ v, short(2, 3, 4), short(2, 5, 4), short(2, 5, 6), short(3, 5))

# Convolution options, and losses with the other reductions.
case("conv2d_groups", lambda x, w: F.conv2d(x, w, stride=2, padding=1, dilation=2, groups=2), short(2, 4, 6, 5), short(6, 2, 2, 3))
case("unfold_dilation", lambda x: F.unfold(x, (2, 3), stride=2, padding=1, dilation=2), short(2, 2, 5, 6))
case("fold_dilation", lambda x: F.fold(x, (5, 6), (2, 3), stride=2, padding=1, dilation=2), short(1, 12, 6))
soft_targets = torch.tensor([[0, 1, 0.25], [1.0, 0.5, 0]])
for reduction in ["sum", "none"]:
    case(f"nll_{reduction}", lambda x: F.nll_loss(x.log_softmax(-1), targets, reduction=reduction), short(4, 5))
    case(f"mse_{reduction}", lambda x, y: F.mse_loss(x, y, reduction=reduction), short(2, 3), short(2, 3))
    case(f"bce_{reduction}", lambda x: F.binary_cross_entropy_with_logits(x, soft_targets, reduction=reduction), short(2, 3) * 4)
case("cross_entropy_ignore_index", lambda x: F.cross_entropy(x, torch.tensor([2, 0, 2, 1]), ignore_index=2), short(4, 3))
case("unbind", lambda x: (lambda part: part[0] * part[2] + part[2].exp())(x.unbind(1)), short(2, 4, 3))
