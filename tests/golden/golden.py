"""Collects the cases of one golden file. Call begin(), then case() and write() for each case, then save()."""
import json
import os
import platform
import struct

import torch

torch.set_default_dtype(torch.float64)
tensors, cases, versions = {}, [], {}  # versions of libraries other than PyTorch, by name


def begin():
    tensors.clear()
    cases.clear()
    versions.clear()


def case(name):
    assert name not in cases, f"duplicate case name: {name}"
    cases.append(name)


def write(key, tensor):
    tensors[f"{cases[-1]}/{key}"] = tensor.detach().to(torch.float64).clone()


def short(*shape):
    """Random numbers with three decimals, so they print exactly and are unlikely to be close to a kink of a function."""
    return torch.round(torch.randn(shape) * 1000) / 1000


def save(name):
    header = {"__metadata__": {"made by": f"tests/golden/make.py, cases_{name}.py", "Python": platform.python_version(),
                               "PyTorch": torch.__version__, **versions}}
    numbers = b""
    for key, t in tensors.items():
        data = struct.pack(f"<{t.numel()}d", *t.flatten().tolist())
        header[key] = {"dtype": "F64", "shape": list(t.shape), "data_offsets": [len(numbers), len(numbers) + len(data)]}
        numbers += data
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".safetensors")
    with open(path + ".part", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + numbers)
    os.replace(path + ".part", path)
    print(f"{path}: {os.path.getsize(path)} bytes, {len(cases)} cases")
