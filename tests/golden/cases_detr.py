"""DETR (plain_detr.py) and its loss, torchvision's ResNet-50 and box operations, and SciPy's linear sum assignment, for
detr_test.cpp. See make.py for the keys."""
import math

import numpy as np
import scipy
import torch
import torchvision
from scipy.optimize import linear_sum_assignment
from torch import nn
from torch.nn import functional as F
from torchvision.models import resnet50
from torchvision.ops import FrozenBatchNorm2d, box_iou, generalized_box_iou

import golden
from golden import short
from plain_detr import Detr, sine_positions

golden.versions.update({"torchvision": torchvision.__version__, "SciPy": scipy.__version__})
torch.manual_seed(20200526)  # the day "End-to-end object detection with Transformers" appeared

# ---- Bipartite matching: random costs, costs with many ties, and costs with forbidden pairs.
for n, m in [(1, 1), (1, 6), (6, 1), (3, 3), (4, 7), (7, 4), (12, 12), (20, 31), (31, 20), (40, 40)]:
    for kind in ("plain", "ties", "forbidden"):
        cost = torch.randint(-3, 4, (n, m)).double() if kind == "ties" else short(n, m)
        if kind == "forbidden":  # forbids a third of the pairs, but keeps one full assignment
            keep = torch.zeros(n, m, dtype=torch.bool)
            keep[torch.randperm(n)[:min(n, m)], torch.randperm(m)[:min(n, m)]] = True
            cost = cost.masked_fill((torch.rand(n, m) < 0.33) & ~keep, math.inf)
        rows, columns = linear_sum_assignment(cost.numpy())
        golden.case(f"assign_{kind}_{n}x{m}")
        golden.write("in:costs", cost)
        golden.write("out:cost", cost[rows, columns].sum())
        golden.write("out:rows", torch.from_numpy(rows))
        golden.write("out:columns", torch.from_numpy(columns))


# ---- Boxes.
def corners_of(box):
    x, y, w, h = box.unbind(-1)
    return torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], -1)


def boxes(n):
    return corners_of(torch.rand(n, 4) * torch.tensor([1, 1, 0.6, 0.6]) + torch.tensor([0, 0, 0.05, 0.05]))


golden.case("boxes")
a, b, r = boxes(5).requires_grad_(), boxes(7).requires_grad_(), short(5, 7)
golden.write("in:a", a)
golden.write("in:b", b)
golden.write("r", r)
for key, value in [("iou", box_iou(a, b)), ("giou", generalized_box_iou(a, b))]:
    golden.write("out:" + key, value)
    for name, gradient in zip("ab", torch.autograd.grad((value * r).sum(), [a, b])):
        golden.write(f"grad:{key}.{name}", gradient)


# ---- ResNet-50: a hash generates its weights here and in detr_test.cpp; only samples of the results are stored
def hashed(shape, seed):
    """Pseudo-random numbers from -1 to 1; number i depends only on i and the seed."""
    low = np.uint64(0xFFFFFFFF)
    with np.errstate(over="ignore"):
        x = (np.arange(math.prod(shape), dtype=np.uint64) * np.uint64(2654435761) + np.uint64(seed * 40503 + 7)) & low
        x = ((x ^ (x >> np.uint64(15))) * np.uint64(2246822519)) & low
        x = ((x ^ (x >> np.uint64(13))) * np.uint64(3266489917)) & low
        x = x ^ (x >> np.uint64(16))
    return torch.from_numpy(x.astype(np.float64) / 2.0**31 - 1).reshape(shape)


def init_norm(norm, draw):
    for key, scale, middle in [("weight", 0.25, 0.5), ("bias", 0.1, 0), ("running_mean", 0.1, 0), ("running_var", 0.5, 1)]:
        buffer = getattr(norm, key)
        buffer.copy_(draw(buffer.shape) * scale + middle)


net = resnet50(norm_layer=FrozenBatchNorm2d)
net.fc = nn.Identity()
seed = 0
with torch.no_grad():
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            seed += 1
            module.weight.copy_(hashed(module.weight.shape, seed) * math.sqrt(6 / module.weight[0].numel()))
        if isinstance(module, FrozenBatchNorm2d):
            seed += 1
            init_norm(module, lambda shape: hashed(shape, seed))
x = hashed((1, 3, 40, 32), 0).requires_grad_()
y = nn.Sequential(*list(net.children())[:-2])(x)
(y * hashed(y.shape, 1000)).sum().backward()
golden.case("resnet50")
golden.write("out:sample", y.flatten()[::16])
golden.write("grad:x", x.grad.flatten()[::16])
golden.write("grad:weights", torch.stack([torch.cat([p.grad.flatten()[:4], p.grad.norm().view(1)]) for p in net.parameters()]))


# ---- DETR in a small size.
def layer_loss(logits, box, objects):
    target = torch.full(logits.shape[:2], logits.shape[-1] - 1)
    number = sum(len(labels) for labels, _ in objects)
    l1, giou = 0, 0
    for b, (labels, target_boxes) in enumerate(objects):
        g = generalized_box_iou(corners_of(box[b]), corners_of(target_boxes))
        cost = 5 * torch.cdist(box[b], target_boxes, p=1) - logits[b].softmax(-1)[:, labels] - 2 * g
        query, index = linear_sum_assignment(cost.detach().numpy())
        target[b, query] = labels[index]
        l1 = l1 + (box[b, query] - target_boxes[index]).abs().sum()
        giou = giou + (1 - g[query, index]).sum()
    weight = torch.ones(logits.shape[-1])
    weight[-1] = 0.1
    return F.cross_entropy(logits.transpose(1, 2), target, weight), l1 / number, giou / number


detr = Detr(width=1, blocks=(1, 1, 1, 1), d=8, heads=2, ff=12, layers=2, queries=5, classes=3)
with torch.no_grad():
    for p in detr.parameters():
        p.copy_(short(*p.shape) / 2)
    for module in detr.modules():
        if isinstance(module, FrozenBatchNorm2d):
            init_norm(module, lambda shape: torch.rand(shape))
images = short(2, 3, 33, 40).requires_grad_()
pixel_mask = torch.zeros(2, 33, 40, dtype=torch.bool)
pixel_mask[0], pixel_mask[1, :16, :30] = True, True
objects = [(torch.tensor([2, 0]), torch.tensor([[0.3, 0.4, 0.2, 0.3], [0.7, 0.5, 0.4, 0.6]])),
           (torch.tensor([1, 1, 0]), torch.tensor([[0.2, 0.2, 0.3, 0.2], [0.5, 0.6, 0.2, 0.2], [0.6, 0.3, 0.5, 0.4]]))]
logits, box = detr(images, pixel_mask)
losses = [layer_loss(l, o, objects) for l, o in zip(logits, box)]
total = sum(classes + 5 * l1 + 2 * giou for classes, l1, giou in losses)
total.backward()
golden.case("detr")
golden.write("in:x", images)
for key, t in [*detr.named_parameters(), *detr.named_buffers()]:
    golden.write("param:" + key, t)
for b, (labels, target_boxes) in enumerate(objects):
    golden.write(f"in:labels{b}", labels)
    golden.write(f"in:boxes{b}", target_boxes)
for key, t in [("logits", logits), ("boxes", box), ("total", total), *zip(("classes", "box", "giou"), losses[-1])]:
    golden.write("out:" + key, t)
for key, t in [("x", images), *detr.named_parameters()]:
    golden.write("grad:" + key, t.grad)

padded = torch.ones(2, 3, 4, dtype=torch.bool)
padded[1, 2:], padded[1, :, 3:] = False, False
golden.case("positions")
golden.write("out:whole", sine_positions(torch.ones(1, 3, 5, dtype=torch.bool), 12))
golden.write("out:padded", sine_positions(padded, 12))
golden.write("mask", padded)
