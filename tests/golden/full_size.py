#!/usr/bin/env python3
"""Compares heed and PyTorch on the model families of lesson 10 in their published sizes. The script saves random weights
under the published names with config.json; heed loads them, and the outputs and gradients of both are compared.

    python3 full_size.py FAMILIES FOLDER               # all families; FAMILIES is the program built from families.cpp
    python3 full_size.py FAMILIES FOLDER swin_t vit_b_16

Exit status: 0 if all agree, 1 if not, 2 for invalid arguments, 77 if PyTorch is not installed. The largest family needs
about 600 MB in FOLDER.
"""
import json
import os
import struct
import subprocess
import sys

try:
    import torch
except ImportError:
    print("python3-torch is not installed; skipping the published sizes")
    sys.exit(77)

import full_size_families


def save(path, tensors):
    types = {torch.float32: "F32", torch.float64: "F64", torch.int64: "I64"}
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, t in tensors.items():
        size = t.numel() * t.element_size()
        header[name] = {"dtype": types[t.dtype], "shape": list(t.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for t in tensors.values():
            file.write(t.detach().contiguous().numpy().tobytes())


def read(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        numbers = bytearray(file.read())
    header.pop("__metadata__", None)
    types = {"F32": torch.float32, "F64": torch.float64}
    return {name: torch.frombuffer(numbers, dtype=types[e["dtype"]], count=(e["data_offsets"][1] - e["data_offsets"][0]) //
                                   (4 if e["dtype"] == "F32" else 8), offset=e["data_offsets"][0]).reshape(e["shape"])
            for name, e in header.items() if e["data_offsets"][0] < e["data_offsets"][1]}


if len(sys.argv) < 3:
    print(__doc__, file=sys.stderr)
    sys.exit(2)
program, folder, *names = sys.argv[1:]
failed = 0
print(f"PyTorch {torch.__version__}\n{'family':18} {'parameters':>12}  {'compared':48} {'difference':>10} {'allowed':>8}")
for name in names or full_size_families.families:
    torch.manual_seed(7)
    family = full_size_families.families[name]()
    path = os.path.join(folder, name)
    os.makedirs(path, exist_ok=True)
    save(os.path.join(path, "model.safetensors"), family["weights"])
    with open(os.path.join(path, "config.json"), "w") as file:
        json.dump(family["config"], file)
    for other, text in family.get("files", {}).items():
        with open(os.path.join(path, other), "w", encoding="utf-8") as file:
            file.write(text)
    save(os.path.join(path, "inputs.safetensors"), family["inputs"])
    output = subprocess.run([program, name, path], check=True, capture_output=True, text=True).stdout.split()
    count = int(output[0])
    if count != family["parameters"]:
        failed += 1
        print(f"{name:18} {count:12,}  expected {family['parameters']:,}")
    actual = read(os.path.join(path, "outputs.safetensors"))
    for key, expected in family["outputs"].items():  # difference relative to the largest value
        allowed = 1e-3 if key.startswith("gradient") else 1e-4
        difference = ((actual[key] - expected).abs().max() / expected.abs().max()).item()
        ok = difference <= allowed
        failed += not ok
        print(f"{name:18} {count:12,}  {key:48} {difference:10.1e} {allowed:8.0e}{'' if ok else '   FAILED'}")
sys.exit(1 if failed else 0)
