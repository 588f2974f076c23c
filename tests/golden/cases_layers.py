"""PyTorch's layers, forward and backward, for layers_test.cpp. See make.py for the keys."""
import math

import torch
from torch import nn

import golden
from golden import short

torch.manual_seed(20170612)  # the day "Attention is all you need" appeared


def case(name, module, inputs, run, mask=None, extra=()):
    """Runs a layer forward and backward, and writes its inputs, parameters, outputs and gradients."""
    golden.case(name)
    module.eval()  # disables dropout; gradients stay enabled, so PyTorch does not use its fused kernel
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(short(*p.shape) / 2)
    for key, p in module.named_parameters():
        golden.write("param:" + key, p)
    for key, b in module.named_buffers():
        golden.write("param:" + key, b)
    for key, x in inputs.items():
        x.requires_grad_()
        golden.write("in:" + key, x)
    if mask is not None:
        golden.write("mask", mask)
    y, *more = run(module, **inputs)
    r = short(*y.shape)
    (y * r).sum().backward()
    golden.write("out:output", y)
    for key, value in zip(extra, more):
        golden.write("out:" + key, value)
    golden.write("r", r)
    for key, t in [*inputs.items(), *module.named_parameters()]:
        golden.write("grad:" + key, t.grad)


# Linear.
case("linear", nn.Linear(4, 3), {"x": short(2, 5, 4)}, lambda m, x: (m(x),))
case("linear_without_bias", nn.Linear(4, 3, bias=False), {"x": short(5, 4)}, lambda m, x: (m(x),))
case("layer_norm", nn.LayerNorm(6), {"x": short(3, 2, 6)}, lambda m, x: (m(x),))

# MultiheadAttention: C = 6, H = 2; T = 4, S = 5, B = 3.
T, S, B, C, H = 4, 5, 3, 6, 2


def padding(lengths, s):
    return torch.tensor([[[int(i < n) for i in range(s)]] for n in lengths])


def per_head(mask):  # heed's mask (B, T, S) -> PyTorch's mask (B·H, T, S)
    return mask.repeat_interleave(H, 0) == 0


def mha(**options):
    return nn.MultiheadAttention(C, H, **options)


maps = ["weights"]
case("mha_self", mha(), {"x": short(T, B, C)}, lambda m, x: m(x, x, x, average_attn_weights=False), extra=maps)
case("mha_self_without_bias", mha(bias=False), {"x": short(T, B, C)}, lambda m, x: m(x, x, x),
     extra=["average"])
causal = torch.ones(T, T).tril()
case("mha_self_causal", mha(), {"x": short(T, B, C)},
     lambda m, x: m(x, x, x, attn_mask=causal == 0, average_attn_weights=False), mask=causal, extra=maps)
pad = padding([4, 2, 1], T)
case("mha_self_padding", mha(), {"x": short(T, B, C)},
     lambda m, x: m(x, x, x, key_padding_mask=pad[:, 0] == 0, average_attn_weights=False), mask=pad, extra=maps)
case("mha_cross", mha(), {"query": short(T, B, C), "key": short(S, B, C), "value": short(S, B, C)},
     lambda m, query, key, value: m(query, key, value, average_attn_weights=False), extra=maps)
full = (torch.rand(B, T, S) < 0.6).long()
full[:, :, 0] = 1  # PyTorch returns NaN for a query that may attend to nothing
case("mha_cross_mask_batch_first", mha(batch_first=True),
     {"query": short(B, T, C), "key": short(B, S, C), "value": short(B, S, C)},
     lambda m, query, key, value: m(query, key, value, attn_mask=per_head(full), average_attn_weights=False),
     mask=full, extra=maps)

# TransformerEncoderLayer and TransformerEncoder.
for norm_first in (False, True):
    for activation in ("relu", "gelu"):
        case(f"layer_{'pre' if norm_first else 'post'}_{activation}",
             nn.TransformerEncoderLayer(C, H, 8, activation=activation, norm_first=norm_first),
             {"x": short(T, B, C)}, lambda m, x: (m(x),))
case("layer_padding_causal", nn.TransformerEncoderLayer(C, H, 8, layer_norm_eps=1e-3), {"x": short(T, B, C)},
     lambda m, x: (m(x, src_mask=causal == 0, src_key_padding_mask=pad[:, 0] == 0),), mask=pad)
case("encoder", nn.TransformerEncoder(nn.TransformerEncoderLayer(C, H, 8), 2), {"x": short(T, B, C)},
     lambda m, x: (m(x),))
case("encoder_pre_norm_batch_first",
     nn.TransformerEncoder(nn.TransformerEncoderLayer(C, H, 8, norm_first=True, batch_first=True), 2,
                           norm=nn.LayerNorm(C)), {"x": short(B, T, C)},
     lambda m, x: (m(x, src_key_padding_mask=pad[:, 0] == 0),), mask=pad)


# RNN, LSTM and GRU: T = 4, B = 3, input size 3, hidden size 2. Cases with lengths use packed sequences.
lengths = [4, 1, 3]


def recurrent(m, x, *state):
    y, last = m(x, *state)
    return (y, *last) if isinstance(last, tuple) else (y, last)


def packed(m, x):
    y, *last = recurrent(m, nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=m.batch_first, enforce_sorted=False))
    return (nn.utils.rnn.pad_packed_sequence(y, batch_first=m.batch_first, total_length=T)[0], *last)


for kind in (nn.RNN, nn.LSTM, nn.GRU):
    name, states = kind.__name__.lower(), ["h", "c"] if kind is nn.LSTM else ["h"]
    case(name, kind(3, 2), {"x": short(T, B, 3)}, recurrent, extra=states)
    case(name + "_deep", kind(3, 2, num_layers=2, bidirectional=True), {"x": short(T, B, 3)}, recurrent, extra=states)
    case(name + "_packed", kind(3, 2, num_layers=2, bidirectional=True, batch_first=True), {"x": short(B, T, 3)}, packed, extra=states)
    case(name + "_without_bias", kind(3, 2, bias=False), {"x": short(T, B, 3)}, recurrent, extra=states)
case("rnn_relu", nn.RNN(3, 2, nonlinearity="relu"), {"x": short(T, B, 3)}, recurrent, extra=["h"])
case("gru_initial", nn.GRU(3, 2), {"x": short(T, B, 3), "h0": short(1, B, 2)}, lambda m, x, h0: recurrent(m, x, h0), extra=["h"])
case("rnn_cell", nn.RNNCell(3, 2), {"x": short(B, 3), "h": short(B, 2)}, lambda m, x, h: (m(x, h),))
case("gru_cell", nn.GRUCell(3, 2), {"x": short(B, 3), "h": short(B, 2)}, lambda m, x, h: (m(x, h),))
case("lstm_cell", nn.LSTMCell(3, 2), {"x": short(B, 3), "h": short(B, 2), "c": short(B, 2)},
     lambda m, x, h, c: m(x, (h, c)), extra=["c"])


# The decoder and the whole Transformer: target T = 4, memory S = 5.
for norm_first in (False, True):
    case(f"decoder_layer_{'pre' if norm_first else 'post'}", nn.TransformerDecoderLayer(C, H, 8, norm_first=norm_first),
         {"target": short(T, B, C), "memory": short(S, B, C)},
         lambda m, target, memory: (m(target, memory, tgt_mask=causal == 0),))
memory_pad = padding([5, 2, 3], S)
case("decoder_batch_first", nn.TransformerDecoder(nn.TransformerDecoderLayer(C, H, 8, batch_first=True, activation="gelu"), 2,
                                                  norm=nn.LayerNorm(C)),
     {"target": short(B, T, C), "memory": short(B, S, C)},
     lambda m, target, memory: (m(target, memory, memory_key_padding_mask=memory_pad[:, 0] == 0),), mask=memory_pad)
case("transformer", nn.Transformer(C, H, 1, 1, 8), {"source": short(S, B, C), "target": short(T, B, C)},
     lambda m, source, target: (m(source, target, tgt_mask=causal == 0, src_key_padding_mask=memory_pad[:, 0] == 0,
                                  memory_key_padding_mask=memory_pad[:, 0] == 0),), mask=memory_pad)

# Layers for images.
case("conv2d", nn.Conv2d(2, 3, 3, stride=2, padding=1), {"x": short(2, 2, 5, 4)}, lambda m, x: (m(x),))
case("conv2d_without_bias", nn.Conv2d(2, 3, 2, bias=False), {"x": short(2, 2, 5, 4)}, lambda m, x: (m(x),))
case("max_pool", nn.MaxPool2d(2), {"x": short(2, 2, 5, 4)}, lambda m, x: (m(x),))
case("max_pool_padding", nn.MaxPool2d(3, stride=2, padding=1), {"x": short(2, 2, 5, 4)}, lambda m, x: (m(x),))
case("avg_pool", nn.AvgPool2d(3, stride=1, padding=1), {"x": short(2, 2, 5, 4)}, lambda m, x: (m(x),))
case("batch_norm_train", nn.BatchNorm2d(3), {"x": short(2, 3, 2, 4)},
     lambda m, x: (m.train()(x), m.running_mean, m.running_var, m.num_batches_tracked), extra=["mean", "var", "count"])
running = nn.BatchNorm2d(3)
running.running_mean.copy_(short(3))
running.running_var.copy_(short(3).abs() + 0.5)
case("batch_norm_eval", running, {"x": short(2, 3, 2, 4)}, lambda m, x: (m(x),))
case("group_norm", nn.GroupNorm(2, 4), {"x": short(2, 4, 3, 2)}, lambda m, x: (m(x),))

# Options of MultiheadAttention: an attention bias, kdim and vdim, add_bias_kv and add_zero_attn.
bias = short(T, S)
case("mha_score_bias", mha(), {"query": short(T, B, C), "key": short(S, B, C), "value": short(S, B, C), "bias": bias},
     lambda m, query, key, value, bias: m(query, key, value, attn_mask=bias, average_attn_weights=False), extra=maps)
case("mha_kdim_vdim", mha(kdim=5, vdim=7), {"query": short(T, B, C), "key": short(S, B, 5), "value": short(S, B, 7)},
     lambda m, query, key, value: m(query, key, value, average_attn_weights=False), extra=maps)
case("mha_appended_keys", mha(add_bias_kv=True, add_zero_attn=True), {"x": short(T, B, C)},
     lambda m, x: m(x, x, x, attn_mask=causal == 0, key_padding_mask=pad[:, 0] == 0, average_attn_weights=False), mask=pad, extra=maps)


# If a query may attend to nothing, nn.MultiheadAttention returns NaN. heed defines its weights as zero.
with_masked_row = full.clone()
with_masked_row[1, 2] = 0


def plain_attention(m, x):
    q, k, v = (nn.functional.linear(x, m.in_proj_weight, m.in_proj_bias).unflatten(-1, (3, H, C // H)).permute(2, 0, 3, 1, 4))
    masked = (with_masked_row[:, None, :, :T] == 0)
    weights = (q @ k.mT / (C // H) ** 0.5).masked_fill(masked, -1e300).softmax(-1).masked_fill(masked, 0)
    return m.out_proj((weights @ v).transpose(1, 2).flatten(-2)), weights


case("mha_fully_masked_row", mha(batch_first=True), {"x": short(B, T, C)}, plain_attention, mask=with_masked_row[:, :, :T], extra=maps)


# An encoder–decoder built from PyTorch's modules. The shorter source is padded with zeros.
class AdditiveAttention(nn.Module):
    def __init__(self, query, key, hidden):
        super().__init__()
        self.W_q, self.W_k = nn.Linear(query, hidden, bias=False), nn.Linear(key, hidden, bias=False)
        self.v = nn.Linear(hidden, 1, bias=False)

    def forward(self, query, key):
        return self.v(torch.tanh(self.W_q(query)[:, :, None] + self.W_k(key)[:, None])).squeeze(-1)


class Seq2Seq(nn.Module):
    def __init__(self, attention, embed=3, hidden=4, bidirectional=False):
        super().__init__()
        self.kind, context_size = attention, 0 if attention == "none" else hidden
        self.source_embedding, self.target_embedding = nn.Embedding(7, embed), nn.Embedding(6, embed)
        self.encoder = nn.GRU(embed, hidden // (1 + bidirectional), batch_first=True, bidirectional=bidirectional)
        self.cell = nn.GRUCell(embed + context_size, hidden)
        if attention == "additive":
            self.attention = AdditiveAttention(hidden, hidden, hidden)
        self.out = nn.Linear(hidden + context_size, 6)

    def forward(self, source, lengths, decoder_input):
        packed = nn.utils.rnn.pack_padded_sequence(self.source_embedding(source), lengths, batch_first=True, enforce_sorted=False)
        memory, state = self.encoder(packed)
        memory, state = nn.utils.rnn.pad_packed_sequence(memory, batch_first=True)[0], torch.cat(list(state), -1)
        masked_keys = torch.arange(source.shape[1])[None, None] >= torch.tensor(lengths)[:, None, None]
        logits, maps = [], []
        for token in self.target_embedding(decoder_input).unbind(1):
            if self.kind == "none":
                state = self.cell(token, state)
                logits.append(self.out(state))
                continue
            query = state[:, None]
            scores = self.attention(query, memory) if self.kind == "additive" else query @ memory.mT / memory.shape[-1] ** 0.5
            weights = scores.masked_fill(masked_keys, -math.inf).softmax(-1)
            context = (weights @ memory)[:, 0]
            state = self.cell(torch.cat([token, context], -1), state)
            logits.append(self.out(torch.cat([state, context], -1)))
            maps.append(weights)
        return (torch.stack(logits, 1), torch.cat(maps, 1)) if maps else (torch.stack(logits, 1),)


source, decoder_input = torch.tensor([[3, 4, 5, 6], [5, 3, 0, 0]]), torch.tensor([[1, 2, 3], [1, 4, 5]])
for attention in ("none", "additive", "dot"):
    case("seq2seq_" + attention, Seq2Seq(attention), {}, lambda m: m(source, [4, 2], decoder_input), extra=[] if attention == "none" else maps)


# The positional encoding of section 6 of the course.
def positional_encoding(seq_len, d_model):
    PE = torch.zeros(seq_len, d_model)
    position = torch.arange(0, seq_len).unsqueeze(1)
    div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000) / d_model))
    PE[:, 0::2] = torch.sin(position * div_term)
    PE[:, 1::2] = torch.cos(position * div_term)
    return PE


golden.case("positional_encoding")
golden.write("out:short", positional_encoding(7, 6))
golden.write("out:long", positional_encoding(600, 16)[::37])

# More layers for images.
case("conv2d_groups", nn.Conv2d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2), {"x": short(2, 4, 7, 6)}, lambda m, x: (m(x),))
case("conv2d_depthwise", nn.Conv2d(3, 3, 3, padding=1, groups=3), {"x": short(2, 3, 4, 5)}, lambda m, x: (m(x),))
case("avg_pool_real_pixels", nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False), {"x": short(2, 2, 5, 4)}, lambda m, x: (m(x),))
case("batch_norm_plain", nn.BatchNorm2d(3, affine=False), {"x": short(2, 3, 2, 4)}, lambda m, x: (m.train()(x),))
case("group_norm_plain", nn.GroupNorm(2, 4, affine=False), {"x": short(2, 4, 3, 2)}, lambda m, x: (m(x),))
case("seq2seq_bidirectional", Seq2Seq("additive", bidirectional=True), {}, lambda m: m(source, [4, 2], decoder_input), extra=maps)
