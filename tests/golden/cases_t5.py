"""T5 in small sizes, forward and backward, for t5_test.cpp. See make.py for the keys.

Parameters and their gradients use the names in the published T5 files.
"""
import torch

import golden
from golden import short
from plain_t5 import T5, bucket, config

torch.manual_seed(20191023)  # the day the paper appeared


def case(name, c, source, decoder_input, lengths):
    golden.case(name)
    m = T5(c)
    with torch.no_grad():
        for p in m.parameters():
            p.copy_(short(*p.shape) / 2)
    mask = torch.tensor([[int(i < n) for i in range(source.shape[1])] for n in lengths])
    y = m(source, decoder_input, mask)
    r = short(*y.shape)
    (y * r).sum().backward()
    for key, x in (("in:source", source), ("in:decoder_input", decoder_input), ("mask", mask[:, None]), ("out:output", y), ("r", r)):
        golden.write(key, x)
    for key, p in m.named_parameters():
        golden.write("param:" + key, p)
        golden.write("grad:" + key, p.grad)


def random_ids(*shape):
    return torch.randint(13, shape)


golden.case("buckets")
distances = torch.arange(-300, 301)
golden.write("in:distance", distances)
for sides, both in (("both_sides", True), ("one_side", False)):
    golden.write("out:" + sides, bucket(distances, both))
    golden.write("out:" + sides + "_8_20", bucket(distances, both, 8, 20))
case("t5", config(), random_ids(3, 7), random_ids(3, 5), [7, 4, 6])
# Sequences longer than the maximum distance, an encoder and a decoder of different depths, and d_kv
# above d_model / num_heads.
case("t5_long", config(num_layers=1, num_decoder_layers=3, num_heads=3), random_ids(2, 19), random_ids(2, 23), [19, 15])
