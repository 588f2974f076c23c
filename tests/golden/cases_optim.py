"""Ten steps of PyTorch's optimizers, its learning rate schedules and gradient clipping, for optim_test.cpp.

Optimizers: initial:0 and initial:1 are two parameters, grad:STEP:… their gradients and after:STEP:… their values after
the step. The second parameter has no gradient at step 4. Schedules: rates, one per step. Clipping: the gradients before
and after, and their norm.
"""
import torch
from torch.optim import SGD, Adam, AdamW, RMSprop
from torch.optim.lr_scheduler import CosineAnnealingLR, CosineAnnealingWarmRestarts, LambdaLR, OneCycleLR, StepLR

import golden
from golden import short

torch.manual_seed(2014)


def trajectory(name, make):
    golden.case(name)
    parameters = [short(3, 2).requires_grad_(), short(5).requires_grad_()]
    for i, p in enumerate(parameters):
        golden.write(f"initial:{i}", p)
    optimizer = make(parameters)
    for step in range(10):
        for i, p in enumerate(parameters):
            p.grad = None if (step, i) == (4, 1) else short(*p.shape)
            if p.grad is not None:
                golden.write(f"grad:{step}:{i}", p.grad)
        optimizer.step()
        for i, p in enumerate(parameters):
            golden.write(f"after:{step}:{i}", p)


trajectory("sgd", lambda p: SGD(p, lr=0.1))
trajectory("sgd_weight_decay", lambda p: SGD(p, lr=0.1, weight_decay=0.2))
trajectory("sgd_momentum", lambda p: SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01))
trajectory("sgd_nesterov", lambda p: SGD(p, lr=0.1, momentum=0.8, nesterov=True))
trajectory("adam", lambda p: Adam(p, lr=0.05))
trajectory("adam_weight_decay", lambda p: Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1))
trajectory("adamw", lambda p: AdamW(p, lr=0.05))
trajectory("adamw_weight_decay", lambda p: AdamW(p, lr=0.05, betas=(0.8, 0.95), weight_decay=0.3))
trajectory("adam_amsgrad", lambda p: Adam(p, lr=0.05, betas=(0.5, 0.6), weight_decay=0.1, amsgrad=True))
trajectory("adamw_amsgrad", lambda p: AdamW(p, lr=0.05, betas=(0.5, 0.6), weight_decay=0.1, amsgrad=True))
trajectory("rmsprop", lambda p: RMSprop(p, lr=0.05))
trajectory("rmsprop_options", lambda p: RMSprop(p, lr=0.05, alpha=0.8, momentum=0.7, weight_decay=0.1, centered=True, eps=1e-4))
trajectory("groups", lambda p: AdamW([{"params": p[:1], "lr": 0.025, "weight_decay": 0.0}, {"params": p[1:]}], lr=0.05, weight_decay=0.3))


def rates(name, make, lr=0.5, steps=12):
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    schedule = make(optimizer)
    values = []
    for _ in range(steps):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    golden.case(name)
    golden.write("rates", torch.tensor(values))


rates("step", lambda o: StepLR(o, 3, 0.5))
rates("cosine", lambda o: CosineAnnealingLR(o, 12, 0.05))
rates("one_cycle", lambda o: OneCycleLR(o, max_lr=0.5, total_steps=13))
rates("one_cycle_options", lambda o: OneCycleLR(o, max_lr=0.5, total_steps=13, pct_start=0.5, div_factor=10, final_div_factor=100))
rates("lambda", lambda o: LambdaLR(o, lambda step: 0.9 ** step))
rates("noam", lambda o: LambdaLR(o, lambda step: 16 ** -0.5 * min((step + 1) ** -0.5, (step + 1) * 4 ** -1.5)), lr=2.0)
rates("warm_restarts", lambda o: CosineAnnealingWarmRestarts(o, 3, 1, 0.1))
rates("warm_restarts_longer", lambda o: CosineAnnealingWarmRestarts(o, 2, 2, 0.0), steps=16)

for name, factor in [("clip_large", 3.0), ("clip_small", 0.01)]:
    golden.case(name)
    parameters = [torch.zeros(3, 2, requires_grad=True), torch.zeros(5, requires_grad=True)]
    for i, p in enumerate(parameters):
        p.grad = short(*p.shape) * factor
        golden.write(f"before:{i}", p.grad)
    golden.write("norm", torch.nn.utils.clip_grad_norm_(parameters, 1.5))
    for i, p in enumerate(parameters):
        golden.write(f"after:{i}", p.grad)

trajectory("sgd_dampening", lambda p: SGD(p, lr=0.1, momentum=0.8, dampening=0.3, weight_decay=0.1))
