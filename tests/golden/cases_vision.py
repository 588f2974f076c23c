"""torchvision's Swin and ViT in small sizes, forward and backward, for vision_test.cpp. See make.py for the keys."""
import torch
import torchvision
from torchvision.models import swin_transformer, vision_transformer
from torchvision.transforms.functional import InterpolationMode, center_crop, normalize, resize

import golden
from golden import short

golden.versions["torchvision"] = torchvision.__version__
torch.manual_seed(20210325)  # the day Swin appeared


def case(name, module, x):
    """Runs a module forward and backward, and writes its input, parameters, output and gradients."""
    golden.case(name)
    module.eval()
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(short(*p.shape) / 2)
    for key, t in [*module.named_parameters(), *module.named_buffers()]:
        golden.write("param:" + key, t)
    golden.write("in:x", x)
    x.requires_grad_()
    y = module(x)
    r = short(*y.shape)
    (y * r).sum().backward()
    golden.write("out:output", y)
    golden.write("r", r)
    for key, t in [("x", x), *module.named_parameters()]:
        golden.write("grad:" + key, t.grad)


def attention(window, shift):
    return swin_transformer.ShiftedWindowAttention(4, [window, window], [shift, shift], 2)


case("window_attention", attention(2, 0), short(2, 4, 6, 4))
case("window_attention_shifted", attention(2, 1), short(2, 4, 6, 4))
case("window_attention_shifted_padded", attention(3, 1), short(2, 5, 7, 4))
case("window_attention_shifted_vertically", attention(3, 1), short(2, 3, 6, 4))
case("window_attention_one_window", attention(3, 1), short(2, 2, 3, 4))
case("patch_merging", swin_transformer.PatchMerging(3), short(2, 4, 2, 3))
case("patch_merging_odd", swin_transformer.PatchMerging(3), short(2, 3, 5, 3))
case("swin_block", swin_transformer.SwinTransformerBlock(4, 2, [2, 2], [1, 1], mlp_ratio=3.0), short(2, 4, 4, 4))
case("swin", swin_transformer.SwinTransformer([2, 2], 4, [2, 2], [1, 2], [3, 3], num_classes=5), short(2, 3, 14, 10))
case("vit", vision_transformer.VisionTransformer(8, 4, 2, 2, 6, 8, num_classes=5), short(2, 3, 8, 8))

# Image preprocessing with the evaluation transforms of torchvision, on tensors.
for name, (height, width) in {"image_shrunk": (20, 31), "image_enlarged": (9, 5)}.items():
    golden.case(name)
    image = torch.rand(3, height, width)
    golden.write("in:x", image)
    for key, mode in {"output": InterpolationMode.BILINEAR, "cubic": InterpolationMode.BICUBIC}.items():
        small = center_crop(resize(image, [12], mode, antialias=True), [7])
        golden.write("out:" + key, normalize(small, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
