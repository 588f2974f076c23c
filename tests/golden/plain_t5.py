"""A plain implementation of T5 for cases_t5.py, written from the paper (Raffel et al., 2020) and the published
configuration of t5-small. Parameters use the names in the published T5 files.
"""
import math

import torch
from torch import nn


def bucket(distance, both_sides, buckets=32, max_distance=128):
    """Section 2.1: each near distance has its own bucket; farther distances share buckets of logarithmically growing size."""
    first = torch.zeros_like(distance)
    if both_sides:
        buckets //= 2
        first = (distance > 0).long() * buckets
        distance = distance.abs()
    else:
        distance = (-distance).clamp(min=0)
    near = buckets // 2
    far = near + (torch.log(distance.float() / near) / math.log(max_distance / near) * (buckets - near)).long()
    return first + torch.where(distance < near, distance, far.clamp(max=buckets - 1))


class RMSNorm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)


class Attention(nn.Module):
    def __init__(self, c, with_bias):
        super().__init__()
        inner = c["num_heads"] * c["d_kv"]
        self.h = c["num_heads"]
        self.q, self.k, self.v = (nn.Linear(c["d_model"], inner, bias=False) for _ in range(3))
        self.o = nn.Linear(inner, c["d_model"], bias=False)
        if with_bias:
            self.relative_attention_bias = nn.Embedding(c["relative_attention_num_buckets"], self.h)

    def forward(self, x, memory, bias, mask):
        q, k, v = (f(y).unflatten(-1, (self.h, -1)).transpose(1, 2) for f, y in ((self.q, x), (self.k, memory), (self.v, memory)))
        scores = q @ k.mT  # T5 does not divide by √d_kv
        if bias is not None:
            scores = scores + bias
        weights = scores.masked_fill(mask, -math.inf).softmax(-1)
        return self.o((weights @ v).transpose(1, 2).flatten(-2))


class SelfLayer(nn.Module):
    def __init__(self, c, with_bias):
        super().__init__()
        self.SelfAttention, self.layer_norm = Attention(c, with_bias), RMSNorm(c["d_model"], c["layer_norm_epsilon"])

    def forward(self, x, bias, mask):
        n = self.layer_norm(x)
        return x + self.SelfAttention(n, n, bias, mask)


class CrossLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.EncDecAttention, self.layer_norm = Attention(c, False), RMSNorm(c["d_model"], c["layer_norm_epsilon"])

    def forward(self, x, memory, mask):
        return x + self.EncDecAttention(self.layer_norm(x), memory, None, mask)


class DenseReluDense(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.wi, self.wo = nn.Linear(c["d_model"], c["d_ff"], bias=False), nn.Linear(c["d_ff"], c["d_model"], bias=False)


class FeedForward(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.DenseReluDense, self.layer_norm = DenseReluDense(c), RMSNorm(c["d_model"], c["layer_norm_epsilon"])

    def forward(self, x):
        return x + self.DenseReluDense.wo(torch.relu(self.DenseReluDense.wi(self.layer_norm(x))))


class Block(nn.Module):
    def __init__(self, c, decoder, first):
        super().__init__()
        self.layer = nn.ModuleList([SelfLayer(c, first), *([CrossLayer(c)] if decoder else []), FeedForward(c)])

    def forward(self, x, bias, mask, memory, memory_mask):
        x = self.layer[0](x, bias, mask)
        if memory is not None:
            x = self.layer[1](x, memory, memory_mask)
        return self.layer[-1](x)


class Stack(nn.Module):
    def __init__(self, c, decoder, layers):
        super().__init__()
        self.c, self.decoder = c, decoder
        self.block = nn.ModuleList(Block(c, decoder, i == 0) for i in range(layers))
        self.final_layer_norm = RMSNorm(c["d_model"], c["layer_norm_epsilon"])

    def forward(self, x, mask, memory=None, memory_mask=None):
        t = x.shape[1]
        distance = torch.arange(t)[None, :] - torch.arange(t)[:, None]  # key - query
        buckets = bucket(distance, not self.decoder, self.c["relative_attention_num_buckets"],
                         self.c["relative_attention_max_distance"])
        bias = self.block[0].layer[0].SelfAttention.relative_attention_bias(buckets).permute(2, 0, 1)
        for block in self.block:
            x = block(x, bias, mask, memory, memory_mask)
        return self.final_layer_norm(x)


class T5(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c, self.shared = c, nn.Embedding(c["vocab_size"], c["d_model"])
        self.encoder = Stack(c, False, c["num_layers"])
        self.decoder = Stack(c, True, c.get("num_decoder_layers", c["num_layers"]))

    def forward(self, source, decoder_input, source_mask):
        """source_mask (B, S): 1 for tokens, 0 for padding."""
        mask, t = source_mask[:, None, None] == 0, decoder_input.shape[1]
        memory = self.encoder(self.shared(source), mask)
        future = torch.ones(t, t).triu(1) == 1
        y = self.decoder(self.shared(decoder_input), future, memory, mask)
        return y * self.c["d_model"] ** -0.5 @ self.shared.weight.T


def config(**changes):
    """Returns the config.json of t5-small with smaller sizes; `changes` override entries."""
    return {"model_type": "t5", "vocab_size": 13, "d_model": 6, "d_kv": 4, "d_ff": 10, "num_heads": 2, "num_layers": 2,
            "num_decoder_layers": 2, "relative_attention_num_buckets": 8, "relative_attention_max_distance": 12,
            "layer_norm_epsilon": 1e-6, "dropout_rate": 0.1, "feed_forward_proj": "relu", "tie_word_embeddings": True,
            "pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0, **changes}
