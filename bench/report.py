"""Rounds in turns, and the table of their results."""
import statistics
import sys
import time


def progress(text):
    print(f"[{time.monotonic() - progress.start:6.1f} s] {text}", file=sys.stderr, flush=True)


progress.start = time.monotonic()


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def anonymous_kb(pid):
    """The memory of a process that is no file's."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))


class Table:
    """Lines of the result. A ratio says how many times as fast as another side milvus_fdw is."""

    HEAD = ("", "unit", "PyMilvus", "C client", "milvus_fdw", "as fast as PyMilvus", "as fast as the C client")

    def __init__(self):
        self.lines = []

    def add(self, what, unit, value, rounds, rows=1):
        """Seconds of each side: value(its rounds) is shown, ratios are also taken round by round."""
        def number(side):
            if side not in rounds:
                return ""
            seconds = value(rounds[side])
            return f"{1000 * seconds:,.2f}" if unit == "ms" else f"{rows / seconds:,.0f}"

        def ratio(side):
            if side not in rounds:
                return ""
            single = [value([a]) / value([b]) for a, b in zip(rounds[side], rounds["fdw"])]
            text = f"{value(rounds[side]) / value(rounds['fdw']):.2f}"
            return f"{text} ({min(single):.2f} to {max(single):.2f})" if len(single) > 1 else text

        self.lines.append((what, unit, number("pymilvus"), number("grpc"), number("fdw"),
                           ratio("pymilvus"), ratio("grpc")))

    def add_latency(self, what, blocks):
        """Seconds of single searches, in blocks."""
        for name, percent in ("p50", 50), ("p99", 99):
            self.add(f"{what}, {name}", "ms",
                     lambda rounds, p=percent: percentile([s for block in rounds for s in block], p),
                     blocks if percent == 50 else {side: [[s for block in rounds for s in block]]
                                                   for side, rounds in blocks.items()})

    def add_rounds(self, what, rounds, rows=None):
        self.add(what, "rows/s" if rows else "ms", statistics.median, rounds, rows)

    def __str__(self):
        lines = [self.HEAD, *self.lines]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.HEAD))]

        def cells(line):
            return "| " + " | ".join(c.ljust(w) if i < 2 else c.rjust(w)
                                     for i, (c, w) in enumerate(zip(line, widths))) + " |"
        rule = "|" + "|".join("-" * (w + 1) + ("-" if i < 2 else ":") for i, w in enumerate(widths)) + "|"
        return "\n".join([cells(self.HEAD), rule, *map(cells, self.lines)])


def in_turns(works, rounds):
    """Call each of the works in each round, beginning with another one each time; results by name."""
    results = {name: [] for name in works}
    names = list(works)
    for round_ in range(rounds):
        shift = round_ % len(names)
        for name in names[shift:] + names[:shift]:
            results[name].append(works[name](round_))
    return results
