"""BERT for bert_gpt_test.cpp: torch.nn.TransformerEncoder with embeddings and heads in plain PyTorch. See make.py for the
keys. param: keys use the published names, grad: keys heed's."""
import torch
from torch import nn
from torch.nn import functional as F

import golden
from golden import short

torch.manual_seed(20181011)  # the day BERT's paper appeared
V, POSITIONS, C, H, LAYERS, FF, CLASSES, EPS = 13, 9, 8, 2, 2, 10, 3, 1e-12


def random(module):
    with torch.no_grad():
        for weight in module.parameters():
            weight.copy_(short(*weight.shape) / 2)
    return module


encoder = random(nn.TransformerEncoder(nn.TransformerEncoderLayer(
    C, H, FF, dropout=0, activation="gelu", layer_norm_eps=EPS, batch_first=True), LAYERS))
encoder.train()  # evaluation mode would use PyTorch's fused kernel
words, positions, segment_types = (random(nn.Embedding(n, C)) for n in (V, POSITIONS, 2))
first_norm, last_norm = random(nn.LayerNorm(C, EPS)), random(nn.LayerNorm(C, EPS))
pooler, transform, classifier = random(nn.Linear(C, C)), random(nn.Linear(C, C)), random(nn.Linear(C, CLASSES))
bias = (short(V) / 2).requires_grad_()

ids = torch.randint(V, (3, 6))
segments = torch.randint(2, (3, 6))
lengths = torch.tensor([6, 2, 5])
padding_mask = torch.arange(6) >= lengths[:, None]


def encode():
    x = first_norm(words(ids) + positions(torch.arange(6)) + segment_types(segments))
    return encoder(x, src_key_padding_mask=padding_mask)


# The published name and heed's name of each module whose tensors are the same in both.
base = {"embeddings.word_embeddings": ("embeddings.word_embeddings", words),
        "embeddings.position_embeddings": ("embeddings.position_embeddings", positions),
        "embeddings.token_type_embeddings": ("embeddings.token_type_embeddings", segment_types),
        "embeddings.LayerNorm": ("embeddings.norm", first_norm)}
for i, layer in enumerate(encoder.layers):
    a, b = f"encoder.layer.{i}.", f"encoder.layers.{i}."
    base[a + "attention.output.dense"] = (b + "self_attn.out_proj", layer.self_attn.out_proj)
    base[a + "attention.output.LayerNorm"] = (b + "norm1", layer.norm1)
    base[a + "intermediate.dense"] = (b + "linear1", layer.linear1)
    base[a + "output.dense"] = (b + "linear2", layer.linear2)
    base[a + "output.LayerNorm"] = (b + "norm2", layer.norm2)
pooled = {"pooler.dense": ("pooler", pooler)}


def case(name, output, parts, heads, prefix="", heed_prefix="", old_names=False):
    golden.case(name)
    every = [*parts.values(), *heads.values()]
    for _, module in every:
        module.zero_grad()
    encoder.zero_grad()
    bias.grad = None
    r = short(*output.shape)
    (output * r).sum().backward()
    for published_prefix, after, group in ((prefix, heed_prefix, parts), ("", "", heads)):
        for published, (heed_name, module) in group.items():
            for key, weight in module.named_parameters():
                old = {"weight": "gamma", "bias": "beta"}[key] if old_names and "LayerNorm" in published else key
                golden.write(f"param:{published_prefix}{published}.{old}", weight)
                golden.write(f"grad:{after}{heed_name}.{key}", weight.grad)
    for i, layer in enumerate(encoder.layers):
        for key in ("weight", "bias"):
            stacked = getattr(layer.self_attn, "in_proj_" + key)
            golden.write(f"grad:{heed_prefix}encoder.layers.{i}.self_attn.in_proj_{key}", stacked.grad)
            for part, third in zip(("query", "key", "value"), stacked.chunk(3)):
                golden.write(f"param:{prefix}encoder.layer.{i}.attention.self.{part}.{key}", third)
    for key, t in {"in:ids": ids, "in:segments": segments, "in:lengths": lengths, "out:output": output, "r": r}.items():
        golden.write(key, t)


case("pooled", torch.tanh(pooler(encode()[:, 0])), {**base, **pooled}, {})
logits = F.linear(last_norm(F.gelu(transform(encode()))), words.weight, bias)
case("masked", logits, base, {"cls.predictions.transform.dense": ("transform", transform),
                              "cls.predictions.transform.LayerNorm": ("norm", last_norm)},
     prefix="bert.", heed_prefix="bert.", old_names=True)
golden.write("param:cls.predictions.bias", bias)
golden.write("grad:bias", bias.grad)
case("classified", classifier(torch.tanh(pooler(encode()[:, 0]))), {**base, **pooled},
     {"classifier": ("classifier", classifier)}, prefix="bert.", heed_prefix="bert.")
