"""The cases of torch_peer.py. A case has a name, a group and forms, the different ways to write the same work in PyTorch.
Each form is a function that prepares the work and returns the function to time."""
import functools

import torch
import torch.nn as nn
import torch.nn.functional as F

from torch_gpt import GPT, Concatenated, Preallocated, generation


class Case:
    def __init__(self, group, name, forms, parts=1, flops=0):
        self.group, self.name, self.forms = group, name, forms
        self.parts = parts  # the time of a run is divided by this, e.g. for the time per token


def step(forward, parameters, optimizer):
    """A training step. The optimizer updates the parameters one by one or, with `foreach`, in lists."""

    def prepare(foreach):
        optimize = optimizer(parameters, foreach=foreach)

        def run():
            optimize.zero_grad(set_to_none=True)
            forward().backward()
            optimize.step()

        return run

    return prepare


def step_forms(build, optimizer):
    """The two forms of a training step; build() returns a function that computes the loss, and the module."""

    def form(foreach):
        forward, module = build()
        return step(forward, list(module.parameters()), optimizer)(foreach)

    return {"loop": lambda: form(False), "foreach": lambda: form(True)}


def without_grad(function):
    def run():
        with torch.inference_mode():
            return function()

    return run


def encoder(layers, width, heads, hidden):
    layer = nn.TransformerEncoderLayer(width, heads, hidden, dropout=0.1)
    return nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)


def encoder_forward():
    model, x = encoder(6, 512, 8, 2048).eval(), torch.randn(10, 32, 512)
    return without_grad(lambda: model(x))


def encoder_training(layers, width, heads, hidden, shape):
    model, x = encoder(layers, width, heads, hidden).train(), torch.randn(shape)
    return lambda: model(x).square().mean(), model


def vit_forward():
    from torchvision.models import vit_b_16  # the only case that needs torchvision

    model, x = vit_b_16(weights=None).eval(), torch.randn(1, 3, 224, 224)
    return without_grad(lambda: model(x))


def softmax_attention(q, k, v):
    return F.softmax(q * q.shape[-1] ** -0.5 @ k.transpose(-2, -1), dim=-1) @ v


def library_attention(q, k, v):
    return F._scaled_dot_product_attention(q, k, v)[0]


def attention_forward(n, attend):
    q, k, v = torch.randn(3, 1, 8, n, 64).unbind(0)
    return without_grad(lambda: attend(q, k, v))


def attention_training(n, attend):
    q, k, v = (torch.randn(1, 8, n, 64, requires_grad=True) for _ in range(3))
    g = torch.randn(1, 8, n, 64)

    def run():
        q.grad = k.grad = v.grad = None
        attend(q, k, v).backward(g)

    return run


def small_linear():
    linear, x = nn.Linear(64, 64), torch.randn(32, 64)

    def run():
        linear.weight.grad = linear.bias.grad = None
        F.relu(linear(x)).sum().backward()

    return run


def small_mlp():
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))
    x, labels = torch.randn(32, 64), torch.randint(10, (32,))
    return lambda: F.cross_entropy(model(x), labels), model


def char_gpt(context):
    return GPT(layers=4, heads=4, width=128, vocabulary=65, context=context)


def gpt_training():
    model = char_gpt(64)
    ids = torch.randint(65, (12, 65))
    tokens, next_tokens = ids[:, :-1].contiguous(), ids[:, 1:].reshape(-1)
    return lambda: F.cross_entropy(model(tokens).view(-1, 65), next_tokens), model


def generation_forms(build, count):
    def form(cache, vectors):
        return lambda: generation(build(), torch.randint(65, (1, 16)), count, cache, vectors)

    return {"concatenated cache": form(Concatenated, False), "preallocated cache": form(Preallocated, False),
            "concatenated cache, matrix times vector": form(Concatenated, True),
            "preallocated cache, matrix times vector": form(Preallocated, True)}


def attention_forms(prepare, n):
    forms = {"softmax and matmul": lambda: prepare(n, softmax_attention)}
    if hasattr(F, "_scaled_dot_product_attention"):
        forms["F._scaled_dot_product_attention"] = lambda: prepare(n, library_attention)
    return forms


def all_cases():
    adam = functools.partial(torch.optim.Adam, lr=1e-4)
    adamw = functools.partial(torch.optim.AdamW, lr=1e-4)
    large = functools.partial(encoder_training, 6, 512, 8, 2048, (10, 32, 512))
    small = functools.partial(encoder_training, 2, 64, 4, 256, (16, 8, 64))
    cases = [Case("encoder", "encoder forward", {"": encoder_forward}),
             Case("encoder", "encoder training", step_forms(large, adam)),
             Case("vit", "vit forward", {"": vit_forward})]
    for n in (1024, 4096):
        cases += [Case("attention", f"attention {n} forward", attention_forms(attention_forward, n)),
                  Case("attention", f"attention {n} training", attention_forms(attention_training, n))]
    gpt2 = functools.partial(GPT, layers=12, heads=12, width=768, vocabulary=50257, context=1024)
    return cases + [
        Case("small", "small linear", {"": small_linear}),
        Case("small", "small mlp", step_forms(small_mlp, adam)),
        Case("small", "small encoder training", step_forms(small, adam)),
        Case("gpt", "gpt training", step_forms(gpt_training, adamw)),
        Case("gpt", "gpt generate char", generation_forms(lambda: char_gpt(256), 128), parts=128),
        Case("gpt", "gpt generate gpt2", generation_forms(gpt2, 32), parts=32)]
