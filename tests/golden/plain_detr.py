"""A plain implementation of DETR for cases_detr.py, written from the paper (Carion et al., 2020) and the published
configuration of detr-resnet-50. Parameters use the names of facebook/detr-resnet-50 on Hugging Face.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models.resnet import Bottleneck
from torchvision.ops import FrozenBatchNorm2d


class Attention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(d, d) for _ in range(4))

    def forward(self, query, key, value, key_padding_mask=None):  # (B, T, C); mask (B, S), true = masked
        q, k, v = (p(t).unflatten(-1, (self.heads, -1)).transpose(1, 2)
                   for p, t in ((self.q_proj, query), (self.k_proj, key), (self.v_proj, value)))
        scores = q @ k.mT / math.sqrt(q.shape[-1])
        if key_padding_mask is not None:
            scores = scores.masked_fill(key_padding_mask[:, None, None], -math.inf)
        return self.out_proj((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


class Layer(nn.Module):
    def __init__(self, d, heads, ff, is_decoder):
        super().__init__()
        self.self_attn, self.self_attn_layer_norm = Attention(d, heads), nn.LayerNorm(d)
        if is_decoder:
            self.encoder_attn, self.encoder_attn_layer_norm = Attention(d, heads), nn.LayerNorm(d)
        self.fc1, self.fc2, self.final_layer_norm = nn.Linear(d, ff), nn.Linear(ff, d), nn.LayerNorm(d)

    def forward(self, x, position, memory=None, memory_position=None, key_padding_mask=None):
        self_mask = None if memory is not None else key_padding_mask
        x = self.self_attn_layer_norm(x + self.self_attn(x + position, x + position, x, self_mask))
        if memory is not None:
            y = self.encoder_attn(x + position, memory + memory_position, memory, key_padding_mask)
            x = self.encoder_attn_layer_norm(x + y)
        return self.final_layer_norm(x + self.fc2(self.fc1(x).relu()))


def sine_positions(pixel_mask, d, temperature=10000, eps=1e-6):  # (B, h, w), true for image pixels -> (B, h·w, C)
    y, x = pixel_mask.double().cumsum(1), pixel_mask.double().cumsum(2)
    y, x = y / (y[:, -1:] + eps) * 2 * math.pi, x / (x[:, :, -1:] + eps) * 2 * math.pi
    half = d // 2
    i = torch.arange(half)
    period = temperature ** (2 * (i // 2).double() / half)
    parts = [torch.stack([t[:, :, :, 0::2].sin(), t[:, :, :, 1::2].cos()], 4).flatten(3)
             for t in (y[..., None] / period, x[..., None] / period)]
    return torch.cat(parts, 3).flatten(1, 2).to(torch.get_default_dtype())


class Part(nn.Module):
    """A module with the given submodules, for the nested parameter names."""

    def __init__(self, **members):
        super().__init__()
        for key, value in members.items():
            self.add_module(key, value)


class Body(nn.Module):
    def __init__(self, width, blocks):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = FrozenBatchNorm2d(width)
        in_channels = width
        for k in range(4):
            planes, stride = width << k, 1 + (k > 0)
            downsample = nn.Sequential(nn.Conv2d(in_channels, 4 * planes, 1, stride, bias=False), FrozenBatchNorm2d(4 * planes))
            self.add_module(f"layer{k + 1}", nn.Sequential(
                Bottleneck(in_channels, planes, stride, downsample, norm_layer=FrozenBatchNorm2d),
                *(Bottleneck(4 * planes, planes, norm_layer=FrozenBatchNorm2d) for _ in range(blocks[k] - 1))))
            in_channels = 4 * planes

    def forward(self, x):
        x = F.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, 2, 1)
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


class Detr(nn.Module):
    def __init__(self, width=64, blocks=(3, 4, 6, 3), d=256, heads=8, ff=2048, layers=6, queries=100, classes=91):
        super().__init__()
        stack = lambda is_decoder: nn.ModuleList(Layer(d, heads, ff, is_decoder) for _ in range(layers))
        self.model = Part(
            backbone=Part(conv_encoder=Part(model=Body(width, blocks))),
            input_projection=nn.Conv2d(32 * width, d, 1),
            query_position_embeddings=nn.Embedding(queries, d),
            encoder=Part(layers=stack(False)),
            decoder=Part(layers=stack(True), layernorm=nn.LayerNorm(d)))
        self.class_labels_classifier = nn.Linear(d, classes + 1)
        self.bbox_predictor = Part(layers=nn.ModuleList([nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, 4)]))

    def forward(self, images, pixel_mask):
        m = self.model
        features = m.backbone.conv_encoder.model(images)
        pixel_mask = F.interpolate(pixel_mask[None].float(), size=features.shape[-2:])[0].bool()
        position, key_padding_mask = sine_positions(pixel_mask, m.input_projection.out_channels), ~pixel_mask.flatten(1)
        memory = m.input_projection(features).flatten(2).mT
        for layer in m.encoder.layers:
            memory = layer(memory, position, key_padding_mask=key_padding_mask)
        queries = m.query_position_embeddings.weight.expand(len(images), -1, -1)
        x, outputs = torch.zeros_like(queries), []
        for layer in m.decoder.layers:
            x = layer(x, queries, memory, position, key_padding_mask)
            outputs.append(m.decoder.layernorm(x))
        x = torch.stack(outputs)
        logits = self.class_labels_classifier(x)
        first, second, third = self.bbox_predictor.layers
        return logits, third(second(first(x).relu()).relu()).sigmoid()
