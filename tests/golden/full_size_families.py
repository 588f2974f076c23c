"""The model families of full_size.py. Each function returns a dictionary: weights and config in the published format,
inputs, outputs (PyTorch's results for these inputs), and parameters (the published number of parameters)."""
import json

import torch


def image_classifier(model, config, parameters, pixels=224):
    """A classifier of torchvision: the logits of two images, and the gradients of a randomly weighted sum of them."""
    model.eval()
    with torch.no_grad():
        for name, p in model.named_parameters():  # a parameter that is initialised with 0 could mask a mistake
            if name.endswith("bias") or name in ("class_token", "heads.head.weight"):
                p.normal_(0, 0.02)
    x, r = torch.randn(2, 3, pixels, pixels), torch.randn(2, 1000)
    x.requires_grad_()
    logits = model(x)
    (logits * r).sum().backward()
    _, first = next(model.named_parameters())
    outputs = {"logits": logits.detach(), "gradient of images": x.grad, "gradient of the first": first.grad}
    return {"weights": model.state_dict(), "config": config, "inputs": {"images": x, "r": r}, "outputs": outputs,
            "parameters": parameters}


def swin_t():
    from torchvision.models import swin_t
    return image_classifier(swin_t(), {"patch_size": [4, 4], "embed_dim": 96, "depths": [2, 2, 6, 2], "num_heads": [3, 6, 12, 24],
                               "window_size": [7, 7], "mlp_ratio": 4.0, "num_classes": 1000}, 28288354)


def vit_b_16():
    from torchvision.models import vit_b_16
    return image_classifier(vit_b_16(), {"image_size": 224, "patch_size": 16, "num_layers": 12, "num_heads": 12,
                                 "hidden_dim": 768, "mlp_dim": 3072, "num_classes": 1000}, 86567656)


def byte_pairs(merges=50000):
    """Returns vocab.json and merges.txt in GPT-2's format and size, with random merges."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    tokens = [chr(b) for b in printable] + [chr(256 + i) for i in range(len(others))]
    seen, pairs = set(tokens), []
    random = torch.Generator().manual_seed(1)
    while len(pairs) < merges:
        left, right = (tokens[i] for i in torch.randint(min(len(tokens), 4000), (2,), generator=random).tolist())
        if left + right not in seen and len(left + right) < 12:
            pairs.append(f"{left} {right}"), tokens.append(left + right), seen.add(left + right)
    vocabulary = {token: i for i, token in enumerate([*tokens, "<|endoftext|>"])}
    return {"vocab.json": json.dumps(vocabulary), "merges.txt": "\n".join(["#version: 0.2", *pairs, ""])}


def gpt2_small():
    from plain_gpt import gpt2, shapes
    p = {name: torch.randn(shape) * 0.02 + (1 if ".ln_" in name or name.startswith("ln_f") else 0)
         for name, shape in shapes(50257, 1024, 768, 12).items()}
    ids, r = torch.randint(50257, (1, 40)), torch.randn(1, 40, 50257)
    for weight in p.values():
        weight.requires_grad_()
    logits = gpt2(p, ids, 12, 12)
    (logits * r).sum().backward()
    weights = {name: weight.detach() for name, weight in p.items()}
    for i in range(12):  # the published file contains these buffers
        weights[f"h.{i}.attn.bias"] = torch.ones(1024, 1024).tril()[None, None]
    config = {"model_type": "gpt2", "activation_function": "gelu_new", "vocab_size": 50257, "n_positions": 1024, "n_ctx": 1024,
              "n_embd": 768, "n_head": 12, "n_layer": 12, "layer_norm_epsilon": 1e-5}
    return {"weights": weights, "config": config, "inputs": {"ids": ids, "r": r}, "parameters": 124439808,
            "outputs": {"logits": logits.detach(), "gradient of wte": p["wte.weight"].grad,
                       "gradient of h.0.attn.c_attn": p["h.0.attn.c_attn.weight"].grad.T.contiguous()},
            "files": byte_pairs()}


def word_pieces(size=30522):
    """Returns vocab.txt in BERT's format and size, with its special tokens at their indices, letters and invented words."""
    tokens = ["[PAD]", *(f"[unused{i}]" for i in range(99)), "[UNK]", "[CLS]", "[SEP]", "[MASK]",
              *(f"[unused{i}]" for i in range(99, 994))]
    characters = [chr(c) for c in range(33, 127) if not chr(c).isupper()]
    tokens += characters + ["##" + c for c in characters] + ["attention", "is", "all", "you", "need", "the", "##ing"]
    syllables = [a + b for a in "bdfgklmnprst" for b in "aeiou"]
    tokens += [a + b + c for a in syllables for b in syllables for c in syllables][:size - len(tokens)]
    assert len(set(tokens)) == size and tokens.index("[MASK]") == 103
    return "\n".join(tokens) + "\n"


def bert_base_uncased():
    """The encoder with its pooler, under the names of 2018: with the prefix "bert.", and "gamma" and "beta". The file also
    contains the heads, and vocab.txt is saved with it, so lesson_10_bert --weights can read them."""
    from torch import nn
    layer = nn.TransformerEncoderLayer(768, 12, 3072, dropout=0, activation="gelu", layer_norm_eps=1e-12, batch_first=True)
    parts = nn.ModuleDict({"encoder": nn.TransformerEncoder(layer, 12), "words": nn.Embedding(30522, 768),
                           "positions": nn.Embedding(512, 768), "segment_types": nn.Embedding(2, 768),
                           "norm": nn.LayerNorm(768, 1e-12), "pooler": nn.Linear(768, 768)})
    with torch.no_grad():
        for name, weight in parts.named_parameters():
            weight.copy_(torch.randn_like(weight) * 0.02 + (1 if "norm" in name and name.endswith("weight") else 0))
    weights = {}

    def publish(name, module):
        for key, weight in module.named_parameters():
            key = {"weight": "gamma", "bias": "beta"}[key] if "LayerNorm" in name else key
            weights[f"bert.{name}.{key}"] = weight.detach()

    for name, part in {"word": "words", "position": "positions", "token_type": "segment_types"}.items():
        publish(f"embeddings.{name}_embeddings", parts[part])
    publish("embeddings.LayerNorm", parts["norm"])
    publish("pooler.dense", parts["pooler"])
    for i, block in enumerate(parts["encoder"].layers):
        prefix = f"encoder.layer.{i}."
        for kind in ("weight", "bias"):
            stacked = getattr(block.self_attn, "in_proj_" + kind).detach().chunk(3)
            for name, third in zip(("query", "key", "value"), stacked):
                weights[f"bert.{prefix}attention.self.{name}.{kind}"] = third
        for name, module in {"attention.output.dense": block.self_attn.out_proj, "attention.output.LayerNorm": block.norm1,
                             "intermediate.dense": block.linear1, "output.dense": block.linear2,
                             "output.LayerNorm": block.norm2}.items():
            publish(prefix + name, module)
    for name, shape in {"bias": [30522], "transform.dense.weight": [768, 768], "transform.dense.bias": [768],
                        "transform.LayerNorm.gamma": [768], "transform.LayerNorm.beta": [768]}.items():
        weights["cls.predictions." + name] = torch.randn(shape) * 0.02 + (1 if name.endswith("gamma") else 0)
    weights["cls.seq_relationship.weight"], weights["cls.seq_relationship.bias"] = torch.randn(2, 768), torch.randn(2)
    ids, segments, lengths = torch.randint(30522, (2, 24)), torch.randint(2, (2, 24)), torch.tensor([24, 15])
    padding_mask = torch.arange(24) >= lengths[:, None]
    x = parts["norm"](parts["words"](ids) + parts["positions"](torch.arange(24)) + parts["segment_types"](segments))
    pooled = torch.tanh(parts["pooler"](parts["encoder"](x, src_key_padding_mask=padding_mask)[:, 0]))
    r = torch.randn(2, 768)
    (pooled * r).sum().backward()
    config = {"model_type": "bert", "hidden_act": "gelu", "vocab_size": 30522, "max_position_embeddings": 512,
              "type_vocab_size": 2, "hidden_size": 768, "num_attention_heads": 12, "num_hidden_layers": 12,
              "intermediate_size": 3072, "layer_norm_eps": 1e-12}
    return {"weights": weights, "config": config, "parameters": 109482240,
            "inputs": {"ids": ids, "segments": segments, "lengths": lengths, "r": r},
            "outputs": {"pooled": pooled.detach(), "gradient of words": parts["words"].weight.grad,
                       "gradient of in_proj": parts["encoder"].layers[0].self_attn.in_proj_weight.grad},
            "files": {"vocab.txt": word_pieces()}}


def t5_small():
    from plain_t5 import T5, config
    c = config(vocab_size=32128, d_model=512, d_kv=64, d_ff=2048, num_heads=8, num_layers=6, num_decoder_layers=6,
               relative_attention_num_buckets=32, relative_attention_max_distance=128)
    model = T5(c)
    with torch.no_grad():
        for name, p in model.named_parameters():  # T5's initialisation, which compensates for unscaled scores
            q = 64 if name.endswith("Attention.q.weight") else 1
            p.copy_(1 + 0.1 * torch.randn(p.shape) if "layer_norm" in name else torch.randn(p.shape) if name == "shared.weight"
                    else torch.randn(p.shape) / (q * p.shape[-1]) ** 0.5)
    source, decoder_input, lengths = torch.randint(32128, (2, 150)), torch.randint(32128, (2, 40)), torch.tensor([150, 120])
    r = torch.randn(2, 40, 32128)
    logits = model(source, decoder_input, (torch.arange(150) < lengths[:, None]).long())
    (logits * r).sum().backward()
    weights = dict(model.state_dict())
    for name in ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight"):
        weights[name] = weights["shared.weight"]
    outputs = {"logits": logits.detach(), "gradient of shared": model.shared.weight.grad,
              "gradient of the encoder's relative position bias": model.encoder.block[0].layer[0].SelfAttention.relative_attention_bias.weight.grad}
    return {"weights": weights, "config": c, "outputs": outputs, "parameters": 60506624,
            "inputs": {"source": source, "decoder_input": decoder_input, "lengths": lengths, "r": r}}


def detr_resnet50():
    """Two images, the second padded on the right and at the bottom. The frozen batch norms are random, too."""
    from plain_detr import Detr
    model = Detr()
    with torch.no_grad():
        for name, b in model.named_buffers():  # scale, shift, mean, variance
            b.copy_(torch.rand(b.shape) * 0.2 + (0.9 if name.endswith("var") else 0.4 if name.endswith("weight") else -0.1))
    images, pixel_mask = torch.randn(2, 3, 224, 256), torch.zeros(2, 224, 256, dtype=torch.bool)
    pixel_mask[0], pixel_mask[1, :150, :200] = True, True
    images.requires_grad_()
    r_class, r_box = torch.randn(6, 2, 100, 92), torch.randn(6, 2, 100, 4)
    logits, boxes = model(images, pixel_mask)
    ((logits * r_class).sum() + (boxes * r_box).sum()).backward()
    config = {"model_type": "detr", "backbone": "resnet50", "position_embedding_type": "sine", "activation_function": "relu",
              "d_model": 256, "encoder_layers": 6, "decoder_layers": 6, "encoder_attention_heads": 8,
              "decoder_attention_heads": 8, "encoder_ffn_dim": 2048, "decoder_ffn_dim": 2048, "dropout": 0.1,
              "num_queries": 100, "id2label": {str(i): f"LABEL_{i}" for i in range(91)}}
    outputs = {"logits": logits.detach(), "boxes": boxes.detach(), "gradient of images": images.grad,
              "gradient of queries": model.model.query_position_embeddings.weight.grad}
    return {"weights": model.state_dict(), "config": config, "outputs": outputs, "parameters": 41524768,
            "inputs": {"images": images, "pixel_mask": pixel_mask.float(), "r_class": r_class, "r_box": r_box}}


families = {f.__name__: f for f in (bert_base_uncased, gpt2_small, t5_small, detr_resnet50, swin_t, vit_b_16)}
