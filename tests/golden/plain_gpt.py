"""A plain implementation of GPT-2, written from its paper and its published configuration. Weights are a dictionary with
the published names; "Conv1D" weights have the shape (in, out)."""
import math

import torch


def shapes(vocab, context, c, layers):
    """Returns the published names of all weights, in the published order, with their shapes."""
    result = {"wte.weight": (vocab, c), "wpe.weight": (context, c)}
    for i in range(layers):
        for name, shape in {"ln_1.weight": (c,), "ln_1.bias": (c,), "attn.c_attn.weight": (c, 3 * c),
                            "attn.c_attn.bias": (3 * c,), "attn.c_proj.weight": (c, c), "attn.c_proj.bias": (c,),
                            "ln_2.weight": (c,), "ln_2.bias": (c,), "mlp.c_fc.weight": (c, 4 * c),
                            "mlp.c_fc.bias": (4 * c,), "mlp.c_proj.weight": (4 * c, c), "mlp.c_proj.bias": (c,)}.items():
            result[f"h.{i}.{name}"] = shape
    return {**result, "ln_f.weight": (c,), "ln_f.bias": (c,)}


def norm(p, x, name, eps):
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(variance + eps) * p[name + ".weight"] + p[name + ".bias"]


def conv1d(p, x, name):
    return x @ p[name + ".weight"] + p[name + ".bias"]


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def attention(p, x, name, heads):
    t, c = x.shape[1:]
    q, k, v = conv1d(p, x, name + ".c_attn").split(c, dim=2)
    out = []
    for head in range(heads):
        part = slice(head * c // heads, (head + 1) * c // heads)
        scores = q[:, :, part] @ k[:, :, part].transpose(1, 2) / math.sqrt(c // heads)
        scores = scores.masked_fill(torch.ones(t, t).tril() == 0, -math.inf)
        out.append(scores.softmax(-1) @ v[:, :, part])
    return conv1d(p, torch.cat(out, 2), name + ".c_proj")


def gpt2(p, ids, heads, layers, eps=1e-5):
    x = p["wte.weight"][ids] + p["wpe.weight"][:ids.size(1)]
    for i in range(layers):
        x = x + attention(p, norm(p, x, f"h.{i}.ln_1", eps), f"h.{i}.attn", heads)
        x = x + conv1d(p, gelu_new(conv1d(p, norm(p, x, f"h.{i}.ln_2", eps), f"h.{i}.mlp.c_fc")), f"h.{i}.mlp.c_proj")
    return norm(p, x, "ln_f", eps) @ p["wte.weight"].T
