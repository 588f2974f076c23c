#!/usr/bin/env python3
"""Exports the encoder and ViT-B/16 to ONNX for onnx_peer.mjs, with an input and PyTorch's output.

    python3 onnx_export.py FOLDER [encoder|vit]

Writes NAME.onnx, NAME.input.f32 and NAME.output.f32 (raw float32 values) to FOLDER; NAME is encoder or vit.
"""
import os
import sys
import warnings

try:
    import torch
    import torch.nn as nn
except ModuleNotFoundError:
    sys.exit(f"{sys.executable} has no PyTorch. Hint: install python3-torch and python3-torchvision")


def encoder():
    model = nn.TransformerEncoder(nn.TransformerEncoderLayer(512, 8, 2048, dropout=0.1), 6, enable_nested_tensor=False)
    for p in model.parameters():
        if p.dim() > 1:
            # The layers are copies of each other. The export would store their weights only once,
            # which favours the caches.
            nn.init.xavier_uniform_(p)
    return model, torch.randn(10, 32, 512)


def vit():
    from torchvision.models import vit_b_16

    model = vit_b_16(weights=None)
    nn.init.normal_(model.heads.head.weight, std=0.02)  # torchvision initialises it with zeros, so all outputs would be zero
    return model, torch.randn(1, 3, 224, 224)


def export(name, model, x, folder):
    # Evaluation mode, but with gradients enabled: under no_grad, PyTorch uses a fused kernel that
    # ONNX does not support.
    model.eval()
    y = model(x).detach()
    path = os.path.join(folder, name)
    x.numpy().tofile(path + ".input.f32")
    y.numpy().tofile(path + ".output.f32")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the warnings say that shapes become constants, which is intended
        torch.onnx.export(model, x, path + ".part", opset_version=17, do_constant_folding=True,
                          training=torch.onnx.TrainingMode.EVAL, input_names=["x"], output_names=["y"])
    os.replace(path + ".part", path + ".onnx")  # renamed last, so an existing .onnx file is always complete
    print(f"{path}.onnx: {tuple(x.shape)} -> {tuple(y.shape)}, {os.path.getsize(path + '.onnx') >> 20} MB")


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["encoder"], ["vit"]):
        sys.exit(__doc__.split("\n\n")[1].strip())
    os.makedirs(sys.argv[1], exist_ok=True)
    for build in (encoder, vit):
        if sys.argv[2:] in ([], [build.__name__]):
            torch.manual_seed(0)
            export(build.__name__, *build(), sys.argv[1])


if __name__ == "__main__":
    main()
