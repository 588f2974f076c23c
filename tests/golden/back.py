#!/usr/bin/env python3
"""Loads weights written by heed into torch.nn with strict=True, and compares the outputs of both for one input.

    python3 back.py BACK FOLDER     # BACK is the program built from back.cpp

Exits with status 77 if PyTorch is not installed. The script reads the safetensors files with its own parser, which follows
the published format, so it also tests heed's writer.
"""
import json
import os
import struct
import subprocess
import sys

try:
    import torch
    from torch import nn
except ImportError:
    print("python3-torch is not installed; skipping the check of weights written by heed")
    sys.exit(77)


def read(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        numbers = file.read()
    types = {"F64": torch.float64, "F32": torch.float32}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(bytearray(numbers[begin:end]), dtype=types[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


torch.set_default_dtype(torch.float64)
deep = {"num_layers": 2, "bidirectional": True}
causal = torch.ones(4, 4).tril() == 0
modules = {
    "linear": (nn.Linear(4, 3), None),
    "layer_norm": (nn.LayerNorm(6), None),
    "conv2d": (nn.Conv2d(2, 3, 3, padding=1), None),
    "batch_norm": (nn.BatchNorm2d(3), None),
    "group_norm": (nn.GroupNorm(2, 4), None),
    "rnn": (nn.RNN(5, 4, **deep), lambda m, x: m(x)[0]),
    "lstm": (nn.LSTM(5, 4, **deep), lambda m, x: m(x)[0]),
    "gru": (nn.GRU(5, 4, **deep), lambda m, x: m(x)[0]),
    "mha": (nn.MultiheadAttention(8, 2), lambda m, q, k: m(q, k, k)[0]),
    "mha_kdim_vdim": (nn.MultiheadAttention(8, 2, kdim=5, vdim=7), lambda m, q, k, v: m(q, k, v)[0]),
    "mha_appended_keys": (nn.MultiheadAttention(8, 2, add_bias_kv=True, add_zero_attn=True), lambda m, x: m(x, x, x)[0]),
    "embedding": (nn.Embedding(5, 3), lambda m: m(torch.tensor([[0, 4], [2, 1]]))),
    "rnn_cell": (nn.RNNCell(5, 4), None),
    "gru_cell": (nn.GRUCell(5, 4), None),
    "lstm_cell": (nn.LSTMCell(5, 4), lambda m, x: m(x)[0]),
    "encoder_layer": (nn.TransformerEncoderLayer(8, 2, 16, norm_first=True), None),
    "encoder": (nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2), None),
    "decoder": (nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), 2, norm=nn.LayerNorm(8)),
                lambda m, x, memory: m(x, memory, tgt_mask=causal)),
    "transformer": (nn.Transformer(8, 2, 1, 1, 16), lambda m, source, target: m(source, target, tgt_mask=causal)),
}

program, folder = sys.argv[1:]
written = subprocess.run([program, folder], check=True, capture_output=True, text=True).stdout.split()
assert sorted(written) == sorted(modules), f"expected modules {list(modules)}, got {written}"
print(f"PyTorch {torch.__version__}\n{'module':16} {'tensors':>8} {'largest difference':>20}")
failed = 0
for name, (module, run) in modules.items():
    tensors = read(os.path.join(folder, name + ".safetensors"))
    state = {key[len("param."):]: value for key, value in tensors.items() if key.startswith("param.")}
    module.load_state_dict(state, strict=True)
    module.eval()
    inputs = [tensors[f"in.{i}"] for i in range(3) if f"in.{i}" in tensors]
    with torch.enable_grad():  # PyTorch would use its fused kernel otherwise
        y = run(module, *inputs) if run else module(*inputs)
    worst = (y - tensors["out"]).abs().max().item()
    failed += not worst < 1e-10
    print(f"{name:16} {len(state):8} {worst:20.1e}{'' if worst < 1e-10 else '   more than 1e-10'}")
sys.exit(1 if failed else 0)
