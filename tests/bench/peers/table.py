"""Builds the table of ../compare from records, the JSON files of heed-bench and of the peers. A peer's record contains
"peer": "NAME VERSION". compare adds "at", the number of threads that heed used in the same round, and "setting"."""
import collections
import math
import statistics

# heed-bench's benchmark and case, in the order of the table.
CASES = [("gemm", "gemm f32"), ("encoder", "encoder forward"), ("encoder", "encoder training"), ("vit", "vit forward"),
         ("attention", "attention 1024 forward"), ("attention", "attention 1024 training"),
         ("attention", "attention 4096 forward"), ("attention", "attention 4096 training"),
         ("small", "small linear"), ("small", "small mlp"), ("small", "small encoder training"),
         ("gpt", "gpt training"), ("gpt", "gpt generate char"), ("gpt", "gpt generate gpt2")]

# Target ratios (the peer's time divided by heed's), by number of threads.
GOALS = {("gemm f32", "OpenBLAS"): {1: 1.0, 2: 0.98},
         ("encoder forward", "ONNX Runtime"): {1: 1.25, 2: 1.4},
         ("encoder forward", "PyTorch"): {2: 1.5},
         ("encoder training", "PyTorch"): {1: 1.75, 2: 1.95},
         ("vit forward", "ONNX Runtime"): {1: 1.1, 2: 1.25},
         ("attention 1024 forward", "PyTorch"): {1: 1.9, 2: 2.9},
         ("attention 1024 training", "PyTorch"): {1: 1.5, 2: 2.2},
         ("attention 4096 forward", "PyTorch"): {1: 2.0, 2: 2.8},
         ("attention 4096 training", "PyTorch"): {1: 1.6, 2: 2.1},
         ("small linear", "PyTorch"): {1: 7.0, 2: 7.0},
         ("small mlp", "PyTorch"): {1: 8.0, 2: 8.0},
         ("small encoder training", "PyTorch"): {1: 8.0, 2: 8.0},
         ("gpt training", "PyTorch"): {1: 2.3, 2: 3.0},
         ("gpt generate char", "PyTorch"): {1: 4.0, 2: 4.0},
         ("gpt generate gpt2", "PyTorch"): {1: 1.7, 2: 1.2}}


class Missing(Exception):
    """A peer has a case that heed-bench lacks."""


class Row:
    def __init__(self, case, threads, heed_seconds, peer, peer_seconds, setting, share):
        self.case, self.threads, self.peer, self.setting = case, threads, peer, setting
        self.heed_seconds, self.peer_seconds = heed_seconds, peer_seconds
        self.ratio = peer_seconds / heed_seconds
        self.limit = self.ratio / share if share else None  # the ratio if heed ran at the peak of the machine
        family = peer.rsplit(" ", 1)[0] if peer != "OpenBLAS" else peer
        self.goal = GOALS.get(("gemm f32" if case.startswith("gemm f32") else case, family), {}).get(threads)

    def cells(self):
        def number(x):
            return "" if x is None else f"{x:.2f}"

        reached = "" if self.goal is None else "yes" if self.ratio >= self.goal else "no"
        return [self.case, str(self.threads), milliseconds(self.heed_seconds), self.peer, milliseconds(self.peer_seconds), self.setting,
                number(self.ratio), number(self.goal), reached, number(self.limit)]


HEAD = ["case", "threads", "heed (ms)", "peer", "peer (ms)", "peer's setting", "ratio", "goal", "reached", "limit"]
RIGHT_ALIGNED = {1, 2, 4, 6, 7, 9}  # columns of numbers


def thread_label(n):
    return f"{n} thread{'s' * (n > 1)}"


def milliseconds(seconds):
    return f"{1e3 * seconds:.3g}" if seconds < 0.1 else f"{1e3 * seconds:.0f}"


def rows(records):
    """Returns one row per case, thread count and peer: the medians of all records, with the peer's fastest setting."""
    heed, shares, blas = (collections.defaultdict(list) for _ in range(3))
    peers = collections.defaultdict(lambda: collections.defaultdict(list))
    for record in records:
        threads = record.get("at", record["threads"])
        for case in record["cases"]:
            key = (case["name"], threads)
            if "peer" in record:
                setting = record.get("setting") or thread_label(record["threads"])
                peers[(*key, record["peer"])][setting].append(case["seconds"])
                continue
            heed[key].append(case["seconds"])
            shares[key].append(case.get("share", 0))
            if case.get("blas_seconds") and case["name"].startswith("gemm f32"):
                blas[key].append(case["blas_seconds"])
    for case, threads, peer in peers:
        if (case, threads) not in heed:
            raise Missing(f"heed-bench has no \"{case}\" with {thread_label(threads)}, but {peer} has")

    median = statistics.median
    found = []
    for (case, threads, peer), settings in peers.items():
        seconds, setting = min((median(samples), name) for name, samples in settings.items())
        found.append(Row(case, threads, median(heed[case, threads]), peer, seconds, setting, median(shares[case, threads])))
    for threads in {threads for _, threads in blas}:
        products = [Row(case, n, median(heed[case, n]), "OpenBLAS", median(samples), "", median(shares[case, n]))
                    for (case, n), samples in blas.items() if n == threads]
        found.append(min(products, key=lambda row: row.ratio))
        found[-1].setting = f"worst of {len(products)} products"
    return sorted(found, key=lambda row: (table_position(row.case), row.threads, row.peer))


def table_position(case):
    """Returns the position of a case in the table; unknown cases come last."""
    names = [name for _, name in CASES]
    return next((i for i, name in enumerate(names) if case == name or name == "gemm f32" and case.startswith(name)), len(names))


def worst_first(table):
    """Returns the rows ordered by ratio / goal. Rows without a goal come last."""
    return sorted(table, key=lambda row: row.ratio / row.goal if row.goal else math.inf)


def worst_text(table):
    with_goal = [row for row in worst_first(table) if row.goal is not None]
    if not with_goal:
        return "No row has a goal."
    worst = with_goal[0]
    missed = sum(row.ratio < row.goal for row in with_goal)
    return (f"Worst: {worst.case} with {thread_label(worst.threads)}, {worst.ratio:.2f} x {worst.peer}; "
            f"the goal is {worst.goal:.2f}. {len(with_goal) - missed} of {len(with_goal)} goals reached.")


def kernels_text(records):
    """Returns which kernels OpenBLAS used, directly and in each peer, or "" if no record contains it."""
    used = collections.defaultdict(set)
    for record in records:
        if record.get("blas_kernels"):
            used[record.get("peer", "OpenBLAS")].add(record["blas_kernels"])
    held = {record["coretype"] for record in records if record.get("coretype")}
    text = "; ".join(f"{name}: {', '.join(sorted(kernels))}" for name, kernels in sorted(used.items()))
    return f"Kernels of the BLAS: {text}{' (held by --coretype)' * bool(held)}." if text else ""


def memory_text(records):
    """Returns how the memory of attention grows with n, or "" if one of the two lengths was not measured."""
    peak = {case["name"]: case.get("peak_memory") for r in records if "peer" not in r for case in r["cases"]}
    short, long = (peak.get(f"attention {n} training") for n in (1024, 4096))
    if not short or not long:
        return ""
    power = math.log(long / short) / math.log(4)
    return (f"Memory of attention training in heed: {short / 1e6:.1f} MB at n = 1024, {long / 1e6:.1f} MB at n = 4096; "
            f"it grows as n^{power:.2f}.")


def text(table):
    lines = [HEAD] + [row.cells() for row in table]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    return "\n".join("  ".join(c.rjust(w) if i in RIGHT_ALIGNED else c.ljust(w) for i, (c, w) in enumerate(zip(line, widths))).rstrip()
                     for line in lines)


def markdown(table):
    rule = ["--:" if i in RIGHT_ALIGNED else "---" for i in range(len(HEAD))]
    return "\n".join("| " + " | ".join(line) + " |" for line in [HEAD, rule] + [row.cells() for row in table])
