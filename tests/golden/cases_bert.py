"""BERT: torch.nn.TransformerEncoder between embeddings and heads written plainly, for bert_test.cpp. See make.py for the
keys; param: names are the published ones, grad: names are heed's."""
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
encoder.train()  # PyTorch's fused path of evaluation is another one
words, places, kinds = (random(nn.Embedding(n, C)) for n in (V, POSITIONS, 2))
first_norm, last_norm = random(nn.LayerNorm(C, EPS)), random(nn.LayerNorm(C, EPS))
pooler, transform, classifier = random(nn.Linear(C, C)), random(nn.Linear(C, C)), random(nn.Linear(C, CLASSES))
bias = (short(V) / 2).requires_grad_()

ids = torch.randint(V, (3, 6))
segments = torch.randint(2, (3, 6))
lengths = torch.tensor([6, 2, 5])
hide = torch.arange(6) >= lengths[:, None]


def hidden():
    x = first_norm(words(ids) + places(torch.arange(6)) + kinds(segments))
    return encoder(x, src_key_padding_mask=hide)


# Published name and heed's name of each part that is one tensor in both.
base = {"embeddings.word_embeddings": ("embeddings.word_embeddings", words),
        "embeddings.position_embeddings": ("embeddings.position_embeddings", places),
        "embeddings.token_type_embeddings": ("embeddings.token_type_embeddings", kinds),
        "embeddings.LayerNorm": ("embeddings.norm", first_norm)}
for i, layer in enumerate(encoder.layers):
    a, b = f"encoder.layer.{i}.", f"encoder.layers.{i}."
    base[a + "attention.output.dense"] = (b + "self_attn.out_proj", layer.self_attn.out_proj)
    base[a + "attention.output.LayerNorm"] = (b + "norm1", layer.norm1)
    base[a + "intermediate.dense"] = (b + "linear1", layer.linear1)
    base[a + "output.dense"] = (b + "linear2", layer.linear2)
    base[a + "output.LayerNorm"] = (b + "norm2", layer.norm2)
pooled = {"pooler.dense": ("pooler", pooler)}


def case(name, output, parts, heads, prefix="", ours="", old_names=False):
    golden.case(name)
    every = [*parts.values(), *heads.values()]
    for _, module in every:
        module.zero_grad()
    encoder.zero_grad()
    bias.grad = None
    r = short(*output.shape)
    (output * r).sum().backward()
    for before, after, group in ((prefix, ours, parts), ("", "", heads)):
        for published, (own, module) in group.items():
            for key, weight in module.named_parameters():
                old = {"weight": "gamma", "bias": "beta"}[key] if old_names and "LayerNorm" in published else key
                golden.write(f"param:{before}{published}.{old}", weight)
                golden.write(f"grad:{after}{own}.{key}", weight.grad)
    for i, layer in enumerate(encoder.layers):
        for key in ("weight", "bias"):
            stacked = getattr(layer.self_attn, "in_proj_" + key)
            golden.write(f"grad:{ours}encoder.layers.{i}.self_attn.in_proj_{key}", stacked.grad)
            for part, third in zip(("query", "key", "value"), stacked.chunk(3)):
                golden.write(f"param:{prefix}encoder.layer.{i}.attention.self.{part}.{key}", third)
    for key, t in {"in:ids": ids, "in:segments": segments, "in:lengths": lengths, "out:output": output, "r": r}.items():
        golden.write(key, t)


case("pooled", torch.tanh(pooler(hidden()[:, 0])), {**base, **pooled}, {})
logits = F.linear(last_norm(F.gelu(transform(hidden()))), words.weight, bias)
case("masked", logits, base, {"cls.predictions.transform.dense": ("transform", transform),
                              "cls.predictions.transform.LayerNorm": ("norm", last_norm)},
     prefix="bert.", ours="bert.", old_names=True)
golden.write("param:cls.predictions.bias", bias)
golden.write("grad:bias", bias.grad)
case("classified", classifier(torch.tanh(pooler(hidden()[:, 0]))), {**base, **pooled},
     {"classifier": ("classifier", classifier)}, prefix="bert.", ours="bert.")
