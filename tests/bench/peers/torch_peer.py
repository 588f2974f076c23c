#!/usr/bin/env python3
"""Runs the cases of heed-bench with PyTorch, under the same names and with the same JSON format.

    python3 torch_peer.py BENCHMARK [--threads N] [--min-time SECONDS] [--filter TEXT] [--form TEXT] [--json FILE]

BENCHMARK is encoder, attention, vit, gpt or small. If PyTorch offers several ways to write the same work, the script tries
each and times the fastest. The caller sets environment variables (OPENBLAS_NUM_THREADS, the allocator's); see ../compare.
"""
import argparse
import ctypes
import gc
import json
import os
import platform
import statistics
import sys
import time


def arguments():
    parser = argparse.ArgumentParser(description="heed-bench's cases in PyTorch")
    parser.add_argument("benchmark", choices=["encoder", "attention", "vit", "gpt", "small"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--min-time", type=float, default=0.5, help="minimum seconds per case")
    parser.add_argument("--filter", default="", help="run only cases whose name contains this text")
    parser.add_argument("--form", help="run only this form of each case")
    parser.add_argument("--json", help="output file for the results")
    options = parser.parse_args()
    if not 1 <= options.threads <= 256:
        parser.error(f"--threads: expected a number in [1, 256], got {options.threads}")
    return options


def seconds_of(run, calls):
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - start) / calls


def samples_of(run, count, min_time):
    """Samples the time per call at least `count` times and for at least `min_time` seconds, in the same way as heed-bench:
    after two warm-up calls, and with several calls per sample if a call is too short for the clock."""
    run()
    calls = max(1, int(2e-4 / (seconds_of(run, 1) + 1e-9)))
    samples, stop = [], time.perf_counter() + min_time
    while len(samples) < count or time.perf_counter() < stop:
        samples.append(seconds_of(run, calls))
    return samples


def blas_kernels():
    """Returns the CPU for which OpenBLAS chose its kernels in this process, or "" if PyTorch uses another BLAS."""
    with open("/proc/self/maps") as maps:
        libraries = {line.split()[-1] for line in maps if "blas" in line}
    for library in sorted(libraries):
        try:
            name = ctypes.CDLL(library).openblas_get_corename
        except (OSError, AttributeError):
            continue
        name.restype = ctypes.c_char_p
        return name().decode()
    return ""


def resident(key):
    """Returns VmRSS, or VmHWM (its peak), of this process in bytes."""
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith(key + ":"))


def peak_memory(run):
    """Returns by how many bytes a call raises the peak memory above the memory before the call."""
    try:
        with open("/proc/self/clear_refs", "w") as refs:
            refs.write("5")  # resets the peak
        before = resident("VmRSS")
        run()
        return resident("VmHWM") - before
    except OSError:
        return None


def measure(case, min_time, form):
    tried = {form: 0} if form in case.forms else {}
    if not tried and len(case.forms) > 1:
        for form, prepare in case.forms.items():
            tried[form] = statistics.median(samples_of(prepare(), 1, 0.2)) / case.parts
    best = min(tried or case.forms, key=tried.get)
    run = case.forms[best]()
    memory = peak_memory(run)
    samples = samples_of(run, 5, min_time)
    quartiles = statistics.quantiles(samples, n=4, method="inclusive")
    return {"name": case.name, "seconds": quartiles[1] / case.parts, "spread": (quartiles[2] - quartiles[0]) / quartiles[1],
            "peak_memory": memory, "form": best, "forms": tried}


def main():
    options = arguments()
    try:
        import torch
        import torch_cases
    except ModuleNotFoundError as missing:
        hint = "Hint: install python3-torch and python3-torchvision"
        print(f"{sys.executable} has no module {missing.name}. {hint}", file=sys.stderr)
        sys.exit(3)

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    gc.disable()  # there are no reference cycles
    settings = {name: os.environ[name] for name in
                ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "GLIBC_TUNABLES", "MALLOC_MMAP_THRESHOLD_",
                 "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_", "ATEN_CPU_CAPABILITY") if name in os.environ}
    result = {"peer": "PyTorch " + torch.__version__, "threads": options.threads, "settings": settings, "blas_kernels": blas_kernels(),
              "versions": {"python": platform.python_version(), "torch": torch.__version__}, "cases": []}
    print(f"{result['peer']}, {options.threads} threads {settings}")
    for case in torch_cases.all_cases():
        if case.group != options.benchmark or options.filter not in case.name:
            continue
        result["cases"].append(measure(case, options.min_time, options.form))
        c = result["cases"][-1]
        print(f"  {c['name']:26} {1e3 * c['seconds']:10.3f} ms  spread {100 * c['spread']:3.0f} %  {c['form']}", flush=True)
    if "torchvision" in sys.modules:
        result["versions"]["torchvision"] = sys.modules["torchvision"].__version__
    if options.json:
        with open(options.json, "w") as file:
            json.dump(result, file, indent=1)


if __name__ == "__main__":
    main()
