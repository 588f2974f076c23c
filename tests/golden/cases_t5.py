"""T5 in small sizes, forward and backward, for t5_test.cpp. See make.py for the keys.

Parameters and their gradients are under the names under which T5's files are published.
"""
import torch

import golden
from golden import short
from plain_t5 import T5, bucket, config

torch.manual_seed(20191023)  # the day the paper appeared


def case(name, c, source, given, lengths):
    golden.case(name)
    m = T5(c)
    with torch.no_grad():
        for p in m.parameters():
            p.copy_(short(*p.shape) / 2)
    real = torch.tensor([[int(i < n) for i in range(source.shape[1])] for n in lengths])
    y = m(source, given, real)
    r = short(*y.shape)
    (y * r).sum().backward()
    for key, x in (("in:source", source), ("in:given", given), ("mask", real[:, None]), ("out:output", y), ("r", r)):
        golden.write(key, x)
    for key, p in m.named_parameters():
        golden.write("param:" + key, p)
        golden.write("grad:" + key, p.grad)


def words(*shape):
    return torch.randint(13, shape)


golden.case("buckets")
distances = torch.arange(-300, 301)
golden.write("in:distance", distances)
for sides, both in (("both_sides", True), ("one_side", False)):
    golden.write("out:" + sides, bucket(distances, both))
    golden.write("out:" + sides + "_8_20", bucket(distances, both, 8, 20))
case("t5", config(), words(3, 7), words(3, 5), [7, 4, 6])
# Longer than the largest distance; an encoder and a decoder of different depths; heads wider than d_model / nhead.
case("t5_long", config(num_layers=1, num_decoder_layers=3, num_heads=3), words(2, 19), words(2, 23), [19, 15])
