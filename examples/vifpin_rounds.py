# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured in a round: counters of the kernel before and after it, and looks at the threads in between.

Times are in seconds. What the host has no counter for is None.
"""
import os
import re
import time

from vifpin_figures import quantile

TICK = 1 / os.sysconf("SC_CLK_TCK")
# Seconds between two looks at where guest-rx threads are.
LOOK = 0.1


class Thread:
    """A thread of netback: its PID, and when it was made, so that another of that PID is not taken for it."""

    def __init__(self, root, pid, is_rx):
        self.directory = f"{root}/proc/{pid}"
        self.is_rx = is_rx
        self.start = self.fields()[19]

    def fields(self):
        """Of /proc/PID/stat from the state on, which is its field 3."""
        with open(f"{self.directory}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()

    def is_there(self):
        try:
            return self.fields()[19] == self.start
        except OSError:
            return False

    def cpu(self):
        return int(self.fields()[36])

    def times(self):
        """(run, waited): on a CPU, and runnable without one."""
        text = read(f"{self.directory}/schedstat")
        run, waited = text.split()[:2] if text else (0, 0)
        return int(run) / 1e9, int(waited) / 1e9

    def migrations(self):
        """None where the kernel does not count them."""
        found = re.search(r"nr_migrations\s*:\s*(\d+)", read(f"{self.directory}/sched") or "")
        return int(found[1]) if found else None


def read(path):
    """None where there is no such file."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return None


def total(netdevs, name):
    """Of the statistics of these netdevs, each the path of its directory in sysfs."""
    return sum(int(read(f"{netdev}/statistics/{name}") or 0) for netdev in netdevs)


def cpu_times(root):
    """{CPU: (busy, softirq)} since boot. Busy is neither idle nor stolen by the hypervisor."""
    times = {}
    for line in (read(f"{root}/proc/stat") or "").splitlines():
        if re.match(r"cpu\d", line):
            name, *ticks = line.split()
            user, nice, system, _, _, irq, softirq = (int(t) * TICK for t in ticks[:7])
            times[int(name[3:])] = (user + nice + system + irq + softirq, softirq + irq)
    return times


def softnet_dropped(root):
    """The second column counts, for each CPU, what did not fit into its backlog."""
    lines = (read(f"{root}/proc/net/softnet_stat") or "").splitlines()
    return sum(int(line.split()[1], 16) for line in lines)


class Scene:
    """What is looked at: netdevs of vifs and physical NICs, as directories in sysfs, threads, and the CPUs that take
    NICs' interrupts."""

    def __init__(self, vifs, nics, threads, nic_cpus, root=""):
        self.vifs, self.nics, self.threads, self.nic_cpus, self.root = vifs, nics, threads, nic_cpus, root

    def reading(self):
        """The counters now. netback calls tx what a guest gets, its own sending."""
        times = [t.times() for t in self.threads]
        moves = [t.migrations() for t in self.threads if t.is_rx]
        return {
            "time": time.monotonic(),
            "to": total(self.vifs, "tx_packets"), "to_bytes": total(self.vifs, "tx_bytes"),
            "from": total(self.vifs, "rx_packets"), "from_bytes": total(self.vifs, "rx_bytes"),
            "vif": total(self.vifs, "tx_dropped") + total(self.vifs, "rx_dropped"),
            "nic": total(self.nics, "rx_dropped") + total(self.nics, "rx_missed_errors"),
            "softnet": softnet_dropped(self.root),
            "cpus": cpu_times(self.root),
            "run": sum(t[0] for t in times), "waited": sum(t[1] for t in times),
            "migrations": None if None in moves else sum(moves),
        }

    def look(self):
        """(guest-rx threads on a NIC's CPU, guest-rx threads)."""
        cpus = [t.cpu() for t in self.threads if t.is_rx]
        return sum(cpu in self.nic_cpus for cpu in cpus), len(cpus)

    def round(self, seconds):
        """Waits so long, and says what has happened meanwhile."""
        before = self.reading()
        end = before["time"] + seconds
        on_nic = looks = 0
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(LOOK, left))
            here, of = self.look()
            on_nic, looks = on_nic + here, looks + of
        result = difference(before, self.reading())
        result["on_nic"] = on_nic / looks if looks and self.nic_cpus else None
        return result


def difference(before, after):
    """What a round has in figures, of the readings at its ends."""
    seconds = after["time"] - before["time"]
    counts = {key: after[key] - before[key] for key in ("to", "to_bytes", "from", "from_bytes", "run", "waited")}
    dropped = {place: after[place] - before[place] for place in ("nic", "softnet", "vif")}
    both = [(times, before["cpus"][cpu]) for cpu, times in after["cpus"].items() if cpu in before["cpus"]]
    busy = [new[0] - old[0] for new, old in both]
    softirq = [new[1] - old[1] for new, old in both]
    packets = counts["to"] + counts["from"]
    moved = None if None in (before["migrations"], after["migrations"]) else after["migrations"] - before["migrations"]
    return {
        "seconds": seconds, "to": counts["to"], "from": counts["from"],
        "packets_s": packets / seconds, "bytes_s": (counts["to_bytes"] + counts["from_bytes"]) / seconds,
        "work_us": 1e6 * (sum(softirq) + counts["run"]) / packets if packets else None,
        "wait_us": 1e6 * counts["waited"] / packets if packets else None,
        "threads_s": counts["run"], "busy_s": busy, "softirq_s": softirq,
        "most_over_mean": max(busy) * len(busy) / sum(busy) if sum(busy) else None,
        "migrations": moved, "dropped": sum(dropped.values()), "dropped_at": dropped,
    }


def round_trips(microseconds):
    """Percentiles, of the times that replies took."""
    return {"replies": len(microseconds), "p50_us": quantile(microseconds, 0.5),
            "p99_us": quantile(microseconds, 0.99), "p999_us": quantile(microseconds, 0.999)}
