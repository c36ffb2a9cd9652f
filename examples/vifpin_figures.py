# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures of rounds: medians, how sure they are, and whether two sets of rounds differ.

Plain Python, so that it runs in any dom0. Whatever is random takes a random.Random of the caller's.
"""
import math
from statistics import median

RESAMPLES = 2000


def quantile(values, q):
    """Of what is in any order, by the nearest rank; None where there is nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[max(0, math.ceil(q * len(ordered)) - 1)]


def interval(values, rng, confidence=0.95):
    """(low, high) of the median, by bootstrap: the percentiles of the medians of resamples."""
    medians = sorted(median(rng.choices(values, k=len(values))) for _ in range(RESAMPLES))
    tail = (1 - confidence) / 2
    return quantile(medians, tail), quantile(medians, 1 - tail)


def ranks(values):
    """The rank of each from 1; equal ones share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    result = [0.0] * len(values)
    first = 0
    while first < len(order):
        last = first
        while last + 1 < len(order) and values[order[last + 1]] == values[order[first]]:
            last += 1
        for i in order[first:last + 1]:
            result[i] = (first + last) / 2 + 1
        first = last + 1
    return result


def arrangements(n, m):
    """How many of the orders of n and m values have U = 0, 1, ... n * m.

    The product over i = 1..n of (1 - x^(m + i)) / (1 - x^i) has these as coefficients.
    """
    counts = [1] + [0] * (n * m)
    for i in range(1, n + 1):
        for u in range(n * m, m + i - 1, -1):
            counts[u] -= counts[u - m - i]
        for u in range(i, n * m + 1):
            counts[u] += counts[u - i]
    return counts


def exact_p(u, n, m):
    """Two-sided, where no two values are equal."""
    counts = arrangements(n, m)
    below = sum(counts[:int(min(u, n * m - u)) + 1])
    return min(1.0, 2 * below / math.comb(n + m, n))


def normal_p(u, n, m, ties):
    """Two-sided, by the normal distribution, corrected for ties and for U's being whole."""
    total = n + m
    spread = n * m / 12 * (total + 1 - sum(t ** 3 - t for t in ties) / (total * (total - 1)))
    if spread == 0:
        return 1.0
    distance = max(0.0, abs(u - n * m / 2) - 0.5)
    return math.erfc(distance / math.sqrt(2 * spread))


def mann_whitney(a, b):
    """(U of a, p): whether values of a tend to be above those of b. p is two-sided."""
    both = list(a) + list(b)
    n, m = len(a), len(b)
    u = sum(ranks(both)[:n]) - n * (n + 1) / 2
    ties = [both.count(value) for value in set(both)]
    if max(ties) == 1 and n * m <= 2500:
        return u, exact_p(u, n, m)
    return u, normal_p(u, n, m, ties)


def summary(values, other, rng):
    """Of the rounds of one policy beside those of another: what a row of a table shows.

    None where a round has no such figure.
    """
    values = [v for v in values if v is not None]
    other = [v for v in other if v is not None]
    if not values:
        return None
    low, high = interval(values, rng)
    result = {"median": median(values), "low": low, "high": high, "rounds": len(values), "p": None, "ratio": None}
    if other:
        result["p"] = mann_whitney(values, other)[1]
        if median(other):
            result["ratio"] = result["median"] / median(other)
    return result


def number(value):
    """Three digits, as a person reads them."""
    if value is None:
        return "-"
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def probability(p):
    if p is None:
        return "-"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def cell(figures):
    """\"median (low to high)\" """
    if figures is None:
        return "-"
    return f"{number(figures['median'])} ({number(figures['low'])} to {number(figures['high'])})"


# What a table shows: the key of a round, and its heading.
COLUMNS = (
    ("packets_s", "packets/s"),
    ("work_us", "work, µs a packet"),
    ("wait_us", "wait, µs a packet"),
    ("migrations", "migrations"),
    ("on_nic", "on the NIC's CPU"),
    ("most_over_mean", "most/mean"),
    ("dropped", "dropped"),
    ("lost", "lost on the way"),
    ("p50_us", "p50, µs"),
    ("p99_us", "p99, µs"),
    ("p999_us", "p99.9, µs"),
)


def shown_columns(rounds):
    """Those that any round has a figure for."""
    return [(key, heading) for key, heading in COLUMNS if any(r.get(key) is not None for r in rounds)]


def tested_key(rounds):
    """What the rank test looks at: round trips where there are any, what was delivered elsewhere."""
    return "p99_us" if any(r.get("p99_us") is not None for r in rounds) else "packets_s"


def table(rounds, policies, base, rng):
    """The rounds of one kind of traffic as lines of a table in Markdown, a row a policy."""
    columns = shown_columns(rounds)
    tested = tested_key(rounds)
    name = dict(COLUMNS)[tested].split(",")[0]
    lines = ["| policy | rounds | " + " | ".join(heading for _, heading in columns) +
             f" | {name} to {base} | p | p of work |",
             "|---" * (len(columns) + 5) + "|"]
    of = {p: [r for r in rounds if r["policy"] == p] for p in policies}
    for policy in policies:
        def figures(key):
            other = [] if policy == base else of[base]
            return summary([r.get(key) for r in of[policy]], [r.get(key) for r in other], rng)
        test, work = figures(tested), figures("work_us")
        cells = [cell(figures(key)) for key, _ in columns]
        lines.append(f"| {policy} | {len(of[policy])} | " + " | ".join(cells) +
                     f" | {number(test and test['ratio'])} | {probability(test and test['p'])}"
                     f" | {probability(work and work['p'])} |")
    return lines
