#!/usr/bin/env python3
"""Continues the training of lesson 08's model in PyTorch, distributed over several processes.

    ./lessons/start --save model.safetensors
    python3 lessons/beyond/distributed.py model.safetensors          # two processes; needs python3-torch
    python3 lessons/beyond/distributed.py model.safetensors --processes 4 --steps 50

Exit status: 0 if the loss of the first distributed step equals heed's within 1e-5, 1 if not, 77 without PyTorch.
"""
import argparse
import json
import os
import struct
import sys
import tempfile

try:
    import torch
    import torch.distributed as dist
    import torch.nn as nn
    from torch.nn.parallel import DistributedDataParallel
except ImportError:
    print("skipped: python3-torch is not installed")
    sys.exit(77)


def read_safetensors(path):
    """Returns all tensors of the file by name. Its first 8 bytes are the length of the header, which lists their offsets."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        numbers = file.read()
    types = {"F64": torch.float64, "F32": torch.float32}
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            flat = torch.frombuffer(bytearray(numbers[begin:end]), dtype=types[entry["dtype"]])
            tensors[name] = flat.reshape(entry["shape"])
    return tensors


def part(tensors, prefix):
    return {name[len(prefix) + 1:]: t for name, t in tensors.items() if name.startswith(prefix + ".")}


class VisionTransformer(nn.Module):
    """heed's VisionTransformer in torch.nn, with the same modules and names."""

    def __init__(self, state):
        super().__init__()
        _, tokens, width = state["pos_embed"].shape
        layers = 1 + max(int(name.split(".")[2]) for name in state if name.startswith("transformer.layers."))
        hidden = state["transformer.layers.0.linear1.weight"].shape[0]
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, width))
        self.patch_embed = nn.Linear(state["patch_embed.weight"].shape[1], width)
        layer = nn.TransformerEncoderLayer(width, nhead=4, dim_feedforward=hidden, dropout=0, batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, layers)
        self.fc = nn.Linear(width, state["fc.bias"].shape[0])
        self.load_state_dict(state, strict=True)

    def forward(self, images):
        x = self.patch_embed(nn.functional.unfold(images, 2, stride=2).transpose(1, 2))
        x = torch.cat([self.cls_token.expand(len(x), 1, -1), x], 1) + self.pos_embed
        return self.fc(self.transformer(x)[:, 0])


def load_optimizer(model, state):
    """Returns AdamW with the saved moments, which are stored in the order of the parameters."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01)
    for i, p in enumerate(model.parameters()):
        moments = {"exp_avg": state[f"{i}.exp_avg"], "exp_avg_sq": state[f"{i}.exp_avg_sq"]}
        assert all(m.shape == p.shape for m in moments.values()), f"the moments of parameter {i} have the wrong shape"
        optimizer.state[p] = {"step": state[f"{i}.step"].float(), **moments}
    return optimizer


def train(rank, processes, steps, path, init_file):
    dist.init_process_group("gloo", init_method="file://" + init_file, rank=rank, world_size=processes)
    torch.set_num_threads(1)
    tensors = read_safetensors(path)
    model = VisionTransformer(part(tensors, "model"))
    optimizer = load_optimizer(model, part(tensors, "optimizer"))
    distributed = DistributedDataParallel(model)  # its backward() averages the gradients of all processes
    batch = part(tensors, "batch")
    part_of_batch = slice(rank * 64 // processes, (rank + 1) * 64 // processes)
    images, labels = batch["images"][part_of_batch], batch["labels"][part_of_batch].long()

    first = None
    for step in range(steps):
        loss = nn.functional.cross_entropy(distributed(images), labels)
        mean = loss.detach().clone()
        dist.all_reduce(mean)
        mean = (mean / processes).item()
        first = mean if first is None else first
        if rank == 0 and (step < 3 or step == steps - 1):
            print(f"step {step + 1:3}  loss {mean:.8f}")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    expected = batch["loss"].item()
    if rank == 0:
        agrees = abs(first - expected) < 1e-5
        print(f"heed's loss {expected:.8f}, PyTorch's {first:.8f}, difference {abs(first - expected):.1e}:",
              "equal" if agrees else "NOT equal")
    dist.destroy_process_group()
    if abs(first - expected) >= 1e-5:
        sys.exit(1)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("path", help="the file that lesson 08 wrote with --save")
    arguments.add_argument("--processes", type=int, default=2, help="number of processes, a divisor of 64 (default 2)")
    arguments.add_argument("--steps", type=int, default=20)
    a = arguments.parse_args()
    if a.processes < 1 or 64 % a.processes != 0 or a.steps < 1:
        arguments.error("expected --processes to divide 64 and --steps >= 1")
    print(f"PyTorch {torch.__version__}, {a.processes} processes on this machine")
    with tempfile.TemporaryDirectory() as folder:
        try:
            torch.multiprocessing.spawn(train, (a.processes, a.steps, a.path, os.path.join(folder, "init")), a.processes)
        except torch.multiprocessing.ProcessExitedException:
            sys.exit(1)
