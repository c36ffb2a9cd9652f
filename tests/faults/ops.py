# SPDX-License-Identifier: GPL-2.0-or-later
"""The operations whose system calls are made to fail."""

from simhost import LEDGER, Wrong


class Op:
    """`set_up` makes the host on which vifpin is then called with `args`. `ledger_only`: it differs from
    another operation in what it does with the ledger's files only. `broken`: its ledger is no ledger."""

    def __init__(self, name, args, set_up, ledger_only=False, broken=False):
        self.name, self.args, self.set_up = name, args, set_up
        self.ledger_only, self.broken = ledger_only, broken


def run(host, *args):
    status, output = host.call(list(args))
    if status:
        raise Wrong(f"cannot prepare the host: {args}: {output}")


def as_is(host):
    pass


def unpinned(host):
    run(host, "unpin", "g1")


def offline(host):
    run(host, "offline", "XENBUS_PATH=backend/vif/4/0")


def untidy(host):
    """What a reconcile has most to do with: vifs to place, to release, and to put back."""
    unpinned(host)
    path = host.targets["vif2.0-q0-tx"]
    host.write(path, b"0-3\n")
    path = host.targets["vif3.0-q1-dealloc"]
    with open(f"{host.root}/{path}", "rb") as file:
        text = file.read()
    now = f"\nCpus_allowed_list:\t{host.masks()['vif3.0-q1-dealloc']}\n".encode()
    host.write(path, text.replace(now, b"\nCpus_allowed_list:\t0-1\n"))


def uneven(host):
    """All of the vifs stand on two of four CPUs."""
    for domain in ("g1", "g2", "g3"):
        run(host, "unpin", domain)
    host.write("conf", b'cpus = "0-1"\n')
    for domain in ("g1", "g2", "g3"):
        run(host, "-c", host.root + "/conf", "pin", domain)


def nothing(host):
    """A host on which vifpin has never run."""
    host.restore({path: content for path, content in host.saved.items()
                  if not path.startswith("var/lib/vifpin")})


def next_boot(host):
    host.write("proc/sys/kernel/random/boot_id", b"00000000-0000-4000-8000-000000000001\n")


def broken(host):
    """A ledger that was cut short."""
    host.write(LEDGER, host.ledger()[:1000])


OPS = [
    Op("online", ["online", "XENBUS_PATH=backend/vif/4/0"], offline),
    Op("offline", ["offline", "XENBUS_PATH=backend/vif/4/0"], as_is),
    Op("pin", ["pin", "g1"], unpinned),
    Op("unpin", ["unpin", "g1"], as_is),
    Op("reconcile", ["reconcile"], untidy),
    Op("rebalance", ["rebalance"], uneven),
    Op("watch", ["watch"], untidy),
    Op("first", ["reconcile"], nothing, ledger_only=True),
    Op("next-boot", ["reconcile"], next_boot, ledger_only=True),
    Op("broken", ["reconcile"], broken, ledger_only=True, broken=True),
]
BY_NAME = {op.name: op for op in OPS}
