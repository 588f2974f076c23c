#!/usr/bin/env python3
"""Writes reference results of PyTorch to small safetensors files. The tests in this folder compare heed with them.

    python3 make.py             # all files, in this folder
    python3 make.py layers      # one file

A tensor is named "CASE/KEY" and has dtype float64. The metadata contains the versions of the libraries. Keys:

    in:NAME      inputs
    param:NAME   parameters and buffers, under PyTorch's names
    out:NAME     outputs
    r            random weights; the loss is sum(output * r)
    grad:NAME    gradient of the loss with respect to an input or parameter
    mask         1 = may attend; this is heed's convention, the opposite of PyTorch's
"""
import importlib
import sys

import golden

for name in sys.argv[1:] or ["ops", "layers", "optim", "bert", "gpt", "t5", "detr", "vision"]:
    golden.begin()
    importlib.import_module("cases_" + name)
    golden.save(name)
