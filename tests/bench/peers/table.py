"""From records (the JSON files of heed-bench and of the peers) to the table that ../compare prints. A record of a peer has
"peer": "NAME VERSION"; one that compare made also has "at", on how many threads ours ran beside it, and "setting"."""
import collections
import math
import statistics

# In the order of the table: heed-bench's benchmark, and its case.
CASES = [("gemm", "gemm f32"), ("encoder", "encoder forward"), ("encoder", "encoder training"), ("vit", "vit forward"),
         ("attention", "attention 1024 forward"), ("attention", "attention 1024 training"),
         ("attention", "attention 4096 forward"), ("attention", "attention 4096 training"),
         ("small", "small linear"), ("small", "small mlp"), ("small", "small encoder training"),
         ("gpt", "gpt training"), ("gpt", "gpt generate char"), ("gpt", "gpt generate gpt2")]

# The peer's time over ours that is aimed at, by threads.
GOALS = {("gemm f32", "OpenBLAS"): {1: 1.0, 2: 1.0},
         ("encoder forward", "ONNX Runtime"): {2: 1.45},
         ("encoder forward", "PyTorch"): {2: 1.5},
         ("encoder training", "PyTorch"): {1: 1.8, 2: 2.0},
         ("vit forward", "ONNX Runtime"): {2: 1.2},
         ("attention 1024 training", "PyTorch"): {2: 2.5},
         ("attention 4096 training", "PyTorch"): {2: 2.5},
         ("small linear", "PyTorch"): {2: 6.0},
         ("small mlp", "PyTorch"): {2: 6.0},
         ("small encoder training", "PyTorch"): {2: 4.0},
         ("gpt training", "PyTorch"): {2: 3.0},
         ("gpt generate char", "PyTorch"): {2: 3.0},
         ("gpt generate gpt2", "PyTorch"): {2: 3.0}}


class Missing(Exception):
    """A peer has a case that ours has not: there is no table then."""


class Row:
    def __init__(self, case, threads, ours, peer, theirs, setting, share):
        self.case, self.threads, self.ours, self.peer, self.theirs, self.setting = case, threads, ours, peer, theirs, setting
        self.ratio = theirs / ours
        self.at_most = self.ratio / share if share else None  # the ratio if ours ran as fast as the machine can
        family = peer.rsplit(" ", 1)[0] if peer != "OpenBLAS" else peer
        self.goal = GOALS.get(("gemm f32" if case.startswith("gemm f32") else case, family), {}).get(threads)

    def cells(self):
        def number(x):
            return "" if x is None else f"{x:.2f}"

        reached = "" if self.goal is None else "yes" if self.ratio >= self.goal else "no"
        return [self.case, str(self.threads), milliseconds(self.ours), self.peer, milliseconds(self.theirs), self.setting,
                number(self.ratio), number(self.goal), reached, number(self.at_most)]


HEAD = ["case", "threads", "ours (ms)", "peer", "peer (ms)", "peer's setting", "ratio", "goal", "reached", "at most"]
RIGHT = {1, 2, 4, 6, 7, 9}  # columns of numbers


def on_threads(n):
    return f"{n} thread{'s' * (n > 1)}"


def milliseconds(seconds):
    return f"{1e3 * seconds:.3g}" if seconds < 0.1 else f"{1e3 * seconds:.0f}"


def rows(records):
    """Medians over the records of the same program, case and setting; of a peer's settings the fastest."""
    ours, shares, blas = (collections.defaultdict(list) for _ in range(3))
    theirs = collections.defaultdict(lambda: collections.defaultdict(list))
    for record in records:
        threads = record.get("at", record["threads"])
        for case in record["cases"]:
            key = (case["name"], threads)
            if "peer" in record:
                setting = record.get("setting") or on_threads(record["threads"])
                theirs[(*key, record["peer"])][setting].append(case["seconds"])
                continue
            ours[key].append(case["seconds"])
            shares[key].append(case.get("share", 0))
            if case.get("blas_seconds") and case["name"].startswith("gemm f32") and " TT " not in case["name"]:
                blas[key].append(case["blas_seconds"])
    for case, threads, peer in theirs:
        if (case, threads) not in ours:
            raise Missing(f"{peer} has \"{case}\" on {on_threads(threads)}, and ours has not")

    middle = statistics.median
    found = []
    for (case, threads, peer), settings in theirs.items():
        seconds, setting = min((middle(samples), name) for name, samples in settings.items())
        found.append(Row(case, threads, middle(ours[case, threads]), peer, seconds, setting, middle(shares[case, threads])))
    for threads in {threads for _, threads in blas}:
        products = [Row(case, n, middle(ours[case, n]), "OpenBLAS", middle(samples), "", middle(shares[case, n]))
                    for (case, n), samples in blas.items() if n == threads]
        found.append(min(products, key=lambda row: row.ratio))
        found[-1].setting = f"worst of {len(products)} products"
    return sorted(found, key=lambda row: (place(row.case), row.threads, row.peer))


def place(case):
    """Where in the table a case stands; one that has no place of its own, at the end."""
    names = [name for _, name in CASES]
    return next((i for i, name in enumerate(names) if case == name or name == "gemm f32" and case.startswith(name)), len(names))


def worst_text(table):
    aimed = [row for row in table if row.goal is not None]
    if not aimed:
        return "No row here has a goal."
    worst = min(aimed, key=lambda row: row.ratio / row.goal)
    missed = sum(row.ratio < row.goal for row in aimed)
    return (f"Worst: {worst.case} on {on_threads(worst.threads)}, {worst.ratio:.2f} x {worst.peer}; "
            f"the goal is {worst.goal:.2f}. {len(aimed) - missed} of {len(aimed)} goals are reached.")


def memory_text(records):
    """How attention's memory grows with n, if both lengths were measured."""
    peak = {case["name"]: case.get("peak_memory") for r in records if "peer" not in r for case in r["cases"]}
    short, long = (peak.get(f"attention {n} training") for n in (1024, 4096))
    if not short or not long:
        return ""
    power = math.log(long / short) / math.log(4)
    return (f"Attention's memory, ours, training: {short / 1e6:.1f} MB at n = 1024, {long / 1e6:.1f} MB at 4096: it grows "
            f"with n to the power {power:.2f}.")


def text(table):
    lines = [HEAD] + [row.cells() for row in table]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    return "\n".join("  ".join(c.rjust(w) if i in RIGHT else c.ljust(w) for i, (c, w) in enumerate(zip(line, widths))).rstrip()
                     for line in lines)


def markdown(table):
    rule = ["--:" if i in RIGHT else "---" for i in range(len(HEAD))]
    return "\n".join("| " + " | ".join(line) + " |" for line in [HEAD, rule] + [row.cells() for row in table])
