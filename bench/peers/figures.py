"""Figures of several rounds of runs, and the tables that show them. Pure: reports in, text out.

A report is what `aegis-bench run --json` wrote. Rounds are interleaved: round i of every server ran
close to round i of every other, so ratios are taken within a round, and the median is over rounds.
"""

import statistics

KEY_AND_VALUE = 16 + 100  # Bytes.


def cpu(report):
    return report["server"]["cpu_us_per_command"]


def per_second(report):
    return report["per_second"]


def latency(name):
    """Of all calls, in microseconds: latency("p99.9")."""
    return lambda report: report["all"][f"{name}_us"]


def median(reports, figure):
    return statistics.median(figure(report) for report in reports)


def ratio(ours, theirs, figure):
    """The median over rounds, or None where there is nothing to compare with."""
    if not ours or not theirs:
        return None
    return statistics.median(figure(our) / figure(their) for our, their in zip(ours, theirs))


def micro(value):
    """Microseconds with a unit that fits."""
    if value < 10:
        return f"{value:.2f} us"
    if value < 1000:
        return f"{value:.0f} us"
    return f"{value / 1000:.2f} ms"


def times(value):
    return "" if value is None else f"{value:.2f}x"


def count(value):
    return f"{value:,.0f}"


def markdown(head, rows):
    """The first column to the left, figures to the right."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def spread(reports, figure):
    """The median, and in brackets the least and the most of any round."""
    values = [figure(report) for report in reports]
    return (f"{statistics.median(values):.3f} us "
            f"({min(values):.3f}-{max(values):.3f})")


def find(rounds, begin):
    """The rounds of the server whose label begins so; none if it was not there."""
    return next((reports for label, reports in rounds.items() if label.startswith(begin)), [])


def load_table(rounds):
    """rounds: {label: [report of each round]}."""
    peers = [find(rounds, name) for name in ("Valkey", "memcached", "bare", "AegisKV, RESP")]
    rows = []
    for label, reports in rounds.items():
        rows.append([label, count(median(reports, per_second)),
                     *(micro(median(reports, latency(name))) for name in ("p50", "p99", "p99.9")),
                     spread(reports, cpu),
                     *(times(ratio(reports, peer, cpu)) for peer in peers)])
    return markdown(["server", "commands/s", "p50", "p99", "p99.9", "server CPU per command",
                     "to Valkey", "to memcached", "to the bare loop", "to our RESP"], rows)


def memory_table(plain, expiring):
    """Both: {label: report of a fill}."""
    def over(report):
        return report["server"]["rss_per_key"] - KEY_AND_VALUE

    rows = [[label, f"{over(plain[label]):.1f}", f"{over(expiring[label]):.1f}",
             f"{plain[label]['server']['rss_after_fill'] / (1 << 20):.0f} MiB"] for label in plain]
    return markdown(["server", "bytes over key + value per item", "with a TTL",
                     "resident, without TTLs"], rows)


def half_load_table(own, same):
    """own: half of what each reaches; same: all at the rate of Valkey's half."""
    rows = []
    for label, reports in own.items():
        rows.append([label, count(reports[0]["rate_wanted"]),
                     *(micro(median(reports, latency(name))) for name in ("p50", "p99", "p99.9")),
                     *(micro(median(same[label], latency(name))) for name in ("p99", "p99.9"))])
    valkey = find(same, "Valkey")
    rate = count(valkey[0]["rate_wanted"]) if valkey else "the same"
    return markdown(["server", "half of its saturation", "p50", "p99", "p99.9",
                     f"p99 at {rate}/s", f"p99.9 at {rate}/s"], rows)


def scrape_table(quiet, scraped):
    rows = []
    for label, reports in (("nobody asks for /metrics", quiet), ("once a second", scraped)):
        rows.append([label, *(micro(median(reports, latency(name)))
                              for name in ("p50", "p99", "p99.9")), spread(reports, cpu)])
    rows.append(["ratio", *(times(ratio(scraped, quiet, latency(name)))
                            for name in ("p50", "p99", "p99.9")),
                 times(ratio(scraped, quiet, cpu))])
    return markdown(["", "p50", "p99", "p99.9", "server CPU per command"], rows)


def cluster_table(rounds):
    """rounds: {label: reports}, the first of them the single node."""
    single = next(iter(rounds.values()))
    rows = [[label, count(median(reports, per_second)), micro(median(reports, latency("p99"))),
             spread(reports, cpu), times(ratio(reports, single, cpu))]
            for label, reports in rounds.items()]
    return markdown(["SETs", "commands/s", "p99", "CPU per SET, all nodes", "to the single node"],
                    rows)
