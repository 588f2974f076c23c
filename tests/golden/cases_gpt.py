"""GPT-2 (plain_gpt.py) for bert_gpt_test.cpp. See make.py for the keys. param: keys use the published names, grad: keys
heed's."""
import torch

import golden
from golden import short
from plain_gpt import gpt2, shapes

torch.manual_seed(20190214)  # the day GPT-2 was announced
V, CONTEXT, C, H, LAYERS = 11, 8, 12, 3, 2
p = {name: (short(*shape) / 2).requires_grad_() for name, shape in shapes(V, CONTEXT, C, LAYERS).items()}
ids = torch.randint(V, (2, 7))
logits = gpt2(p, ids, H, LAYERS)
r = short(*logits.shape)
(logits * r).sum().backward()
golden.case("gpt2")
for name, weight in p.items():
    is_conv = name.endswith(".weight") and ".c_" in name
    golden.write("param:transformer." + name, weight)
    golden.write("grad:" + name, weight.grad.T.contiguous() if is_conv else weight.grad)
golden.write("in:ids", ids)
golden.write("out:output", logits)
golden.write("r", r)
