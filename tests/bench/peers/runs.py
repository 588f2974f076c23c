"""Runs heed-bench and the peers for ../compare, finds each peer's best setting, and measures the load of other programs."""
import json
import os
import resource
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MISSING = 3  # a peer's exit status if a package is not installed
# These variables hold a library to the kernels or the cache sizes of another CPU, which makes a peer slower.
HOLDING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_BLOCK_FACTOR", "ATEN_CPU_CAPABILITY", "DNNL_MAX_CPU_ISA",
           "ONEDNN_MAX_CPU_ISA")


class Failed(Exception):
    """A program failed; the message is the last line of its output."""


class NotInstalled(Failed):
    """A peer or one of its packages is not installed; the message names it."""


class Setting:
    """Threads, environment and form of a peer's run. `plan` is the setting from which this one was derived."""

    def __init__(self, text, threads, env, form="", plan=None):
        self.text, self.threads, self.env, self.form, self.plan = text, threads, env, form, plan


def busy_seconds():
    """Returns the CPU time used so far by all programs, and by the child processes of this one."""
    try:
        with open("/proc/stat") as stat:
            user, nice, system, _, _, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    except OSError:
        return 0.0, 0.0  # only Linux provides it
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
    return total, children.ru_utime + children.ru_stime


def held_variables():
    """Returns "NAME=value" for each variable of the environment that would hold a peer to another CPU's kernels."""
    return [f"{name}={os.environ[name]}" for name in HOLDING if os.environ.get(name)]


def environment(coretype):
    """Returns the environment of this process without the variables above; OpenBLAS uses the kernels of `coretype`, if given."""
    free = {name: value for name, value in os.environ.items() if name not in HOLDING}
    return {**free, "OPENBLAS_CORETYPE": coretype} if coretype else free


def record_of(command, env, path, coretype=""):
    """Runs a benchmark and returns its record. record["noise"] is the number of cores that other programs used meanwhile."""
    total, children = busy_seconds()
    start = time.perf_counter()
    try:
        done = subprocess.run(command + ["--json", path], env={**environment(coretype), **env}, capture_output=True, text=True)
    except OSError as error:
        raise NotInstalled(f"{command[0]}: {error.strerror}")
    elapsed = time.perf_counter() - start
    total, children = (after - before for after, before in zip(busy_seconds(), (total, children)))
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or f"exit status {done.returncode}").splitlines()[-1]
        raise (NotInstalled if done.returncode == MISSING else Failed)(last)
    with open(path) as file:
        record = json.load(file)
    record["noise"] = (total - children) / elapsed
    if coretype:
        record["coretype"] = coretype
    return record


class Heed:
    def __init__(self, program, blas, coretype):
        self.program, self.blas, self.coretype = program, blas, coretype

    def run(self, group, case, threads, min_time, path):
        command = [self.program, group, "--threads", str(threads), "--filter", case, "--min-time", str(min_time)]
        if group == "gemm":
            command += ["--blas", self.blas]
        record = record_of(command, {}, path, self.coretype)
        record["cases"] = [c for c in record["cases"] if c["name"] == case or group == "gemm"]
        if not record["cases"]:
            raise Failed(f"heed-bench {group} has no case \"{case}\"")
        return record

    @staticmethod
    def had_all_cores(record):
        """Returns whether the peak of all threads is close to the number of threads times the peak of one."""
        return record["fma_peak"] >= 0.9 * record["threads"] * record["fma_peak_1"]


class Peer:
    name = ""
    coretype = ""  # OpenBLAS uses the kernels of this CPU; if empty, of the CPU that it runs on
    noise = 0.1  # a trial is repeated if other programs used more cores than this

    def __init__(self):
        self.tried = {}  # (case, text of the setting) -> (seconds, form)

    def settings(self, threads):
        """Returns the settings to try first if heed uses `threads` threads."""
        return [Setting(f"{n} thread{'s' * (n > 1)}", n, {}) for n in sorted({1, threads})]

    def variants(self, setting):
        """Returns variants of the best setting to try next."""
        return []

    def finalists(self, group, case, threads, min_time, path):
        """Returns up to three of the best settings. A single fast run may be luck, so the rounds decide between them."""
        def seconds(setting):
            key = (case, setting.text)
            if key not in self.tried:
                for _ in range(3):
                    record = self.run(group, case, setting, min_time, path)
                    if record["noise"] <= self.noise:
                        break
                only = record["cases"][0]
                self.tried[key] = only["seconds"], only.get("form", "")
            return self.tried[key][0]

        plans = self.settings(threads)
        best = min(plans, key=seconds)
        plans[plans.index(best)] = min([best] + self.variants(best), key=seconds)
        near = sorted((plan for plan in plans if seconds(plan) <= 1.3 * min(map(seconds, plans))), key=seconds)[:3]
        return [Setting(s.text, s.threads, s.env, self.tried[case, s.text][1]) for s in near]

    def run(self, group, case, setting, min_time, path):
        command = self.command(group) + ["--threads", str(setting.threads), "--filter", case, "--min-time", str(min_time)]
        if setting.form:
            command += ["--form", setting.form]
        record = record_of(command, setting.env, path, self.coretype)
        record["cases"] = [c for c in record["cases"] if c["name"] == case]
        if not record["cases"]:
            raise Failed(f"has no case \"{case}\"")
        record["setting"] = ", ".join(filter(None, [setting.text, setting.form]))
        return record


class PyTorch(Peer):
    name = "PyTorch"
    # By default, malloc returns the memory of large tensors to the system, and every allocation
    # causes page faults again.
    huge = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
    retain = {"MALLOC_MMAP_THRESHOLD_": str(1 << 32), "MALLOC_TRIM_THRESHOLD_": str(1 << 33), "MALLOC_TOP_PAD_": str(1 << 26)}
    mallocs = {"retained huge pages": {**huge, **retain}, "huge pages": huge, "retained pages": retain, "": {}}

    def __init__(self, python, openmp_blas):
        super().__init__()
        self.python, self.openmp_blas = python, openmp_blas

    def command(self, group):
        return [self.python, os.path.join(HERE, "torch_peer.py"), group]

    def settings(self, threads):
        """PyTorch and OpenBLAS have separate thread pools, and idle threads of PyTorch spin on cores that OpenBLAS needs.
        Hence: both pools, with and without spinning; OpenBLAS's pool alone; one shared pool (the OpenMP build of OpenBLAS)."""
        n, passive = str(threads), {"OMP_WAIT_POLICY": "PASSIVE"}
        both, one = {"OMP_NUM_THREADS": n, "OPENBLAS_NUM_THREADS": n}, {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        plans = [("1 thread", 1, one)]
        if threads > 1:
            plans += [(f"{n} threads", threads, both), (f"{n} threads, passive", threads, {**both, **passive}),
                      (f"{n} threads in OpenBLAS only", 1, {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": n})]
            if self.openmp_blas:
                openmp = {"OMP_NUM_THREADS": n, "LD_LIBRARY_PATH": self.openmp_blas}
                plans += [(f"{n} threads, OpenMP's OpenBLAS", threads, openmp),
                          (f"{n} threads, OpenMP's OpenBLAS, passive", threads, {**openmp, **passive})]
        return [self.with_malloc(Setting(*plan), "retained huge pages") for plan in plans]

    def with_malloc(self, setting, name):
        text = ", ".join(filter(None, [setting.text, name]))
        return Setting(text, setting.threads, {**setting.env, **self.mallocs[name]}, plan=setting)

    def variants(self, setting):
        return [self.with_malloc(setting.plan, name) for name in self.mallocs][1:]


class OnnxRuntime(Peer):
    name = "ONNX Runtime"

    def __init__(self, node, modules, models, python):
        super().__init__()
        self.node, self.modules, self.models, self.python = node, modules, models, python

    def command(self, group):
        if not os.path.exists(os.path.join(self.models, group + ".onnx")):
            export = [self.python, os.path.join(HERE, "onnx_export.py"), self.models, group]
            print("writing", os.path.join(self.models, group + ".onnx"), file=sys.stderr)
            done = subprocess.run(export, capture_output=True, text=True)
            if done.returncode:
                raise NotInstalled(f"cannot create {group}.onnx: {(done.stderr.strip() or 'no output').splitlines()[-1]}")
        modules = ["--modules", self.modules] if self.modules else []
        return [self.node, os.path.join(HERE, "onnx_peer.mjs"), group, "--models", self.models, *modules]
