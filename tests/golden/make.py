#!/usr/bin/env python3
"""Writes what PyTorch computes into small safetensors files, for the tests of this folder to hold heed to.

    python3 make.py             # all of them, beside this file
    python3 make.py layers      # one of them

A tensor is named "CASE/KEY"; everything is float64; the file's metadata says which versions made it. Keys:
in:NAME inputs, param:NAME parameters and buffers under PyTorch's names, out:NAME results, r what the output is
multiplied with before it is summed to a loss, grad:NAME that loss's gradient to an input or a parameter, mask
(1 = may attend: heed's convention, the opposite of PyTorch's).
"""
import importlib
import sys

import golden

for name in sys.argv[1:] or ["ops", "layers", "optim", "bert", "gpt", "t5", "detr", "vision"]:
    golden.begin()
    importlib.import_module("cases_" + name)
    golden.save(name)
