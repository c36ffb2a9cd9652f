# SPDX-License-Identifier: GPL-2.0-or-later
"""A simulated dom0 (see prepare) that is put back to how it was, and what must hold of it.

Only for use inside the sandbox. Nothing here is vifpin's own word but what `call` returns.
"""

import glob
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
VIFPIN = os.environ["VIFPIN_BIN"]
FAULT = os.environ["FAULT_LIB"]
LEDGER_DIR = "var/lib/vifpin"
LEDGER = LEDGER_DIR + "/ledger.json"
DEFAULT = "0-3"  # the CPUs of what is not pinned
ENDS = (("tx", "tx"), ("dealloc", "tx"), ("rx", "rx"), ("guest-rx", "rx"))
LIMIT = 20 * int(os.environ.get("VIFPIN_SLOWNESS", "1"))  # seconds; what takes longer hangs


def mask_in(content):
    """The CPUs in a file with a mask."""
    match = re.search(rb"^Cpus_allowed_list:\t(.*)$", content, re.M)
    return (match[1] if match else content).decode().strip()


def places_in(ledger):
    """The CPU of each target, by name, and the names of those whose vif is pinned. A broken ledger has none."""
    places, pinned = {}, set()
    try:
        vifs = json.loads(ledger or b"{}").get("vifs", [])
    except ValueError:
        vifs = []
    for vif in vifs:
        for queue in vif["queues"]:
            for end, side in ENDS:
                name = f"{vif['dev']}-q{queue['queue']}-{end}"
                places[name] = str(queue[side + "_cpu"])
                if vif["state"] == "pinned":
                    pinned.add(name)
    return places, pinned


def figures(found):
    """For the table that run prints in the end."""
    with open(os.environ["FAULT_FIGURES"], "a") as file:
        for name, number in found.items():
            file.write(f"{name}\t{number}\n")


KINDS = ("crashes", "hangs", "entries lost", "entries doubled", "foreign pins", "failed hooks")


class Wrong(Exception):
    """Something does not hold. `kind`: which of KINDS it is, if any."""

    def __init__(self, what, kind=None):
        super().__init__(what)
        self.kind = kind

    def __reduce__(self):
        return Wrong, (str(self), self.kind)


def kinds_of(wrongs):
    """How many there are of each kind, for figures()."""
    return {kind: sum(getattr(what, "kind", None) == kind for what in wrongs) for kind in KINDS}


class Host:
    """A copy of the dom0 in `source`, with its root in `dir`/root."""

    def __init__(self, source, directory):
        self.root = os.path.realpath(directory) + "/root"
        self.log = directory + "/log"
        shutil.copytree(source + "/root", self.root, symlinks=True)
        self.targets = self._find_targets(source)
        self.nic = glob.glob(self.root + "/proc/irq/*/eth0-0")[0].removeprefix(self.root)[:-len("/eth0-0")]
        self.saved = self.files()
        self.ids = {(d, 0) for d in (1, 2, 3, 4)}  # the vifs that xenstore has

    def _find_targets(self, source):
        """The file with the mask of each interrupt and thread of a vif, by name."""
        found = {}
        for line in open(source + "/irq-lines"):
            match = re.match(r" *(\d+):.* (vif\d+\.0-q\d+-[tr]x)$", line)
            if match and os.path.isdir(f"{self.root}/proc/irq/{match[1]}"):
                found[match[2]] = f"proc/irq/{match[1]}/smp_affinity_list"
        for line in open(source + "/threads"):
            pid, name = line.split()[:2]
            stat = open(f"{self.root}/proc/{pid}/stat").read()
            if re.match(r"vif\d+\.0-q", name) and int(stat.rsplit(")", 1)[1].split()[6]) & 0x200000:
                found[name] = f"proc/{pid}/status"
        return found

    def is_of_nic(self, path):
        """Does it tell where a NIC's interrupts are? NICs are a preference: a vif is placed without it."""
        return path.startswith(("/sys/class/net", "/sys/devices/pci", self.nic))

    def files(self):
        """Every file below the root, by path: its content; where a link leads, as a str. A directory's path
        ends with a slash."""
        found = {}
        stack = [""]
        while stack:
            directory = stack.pop()
            for entry in os.scandir(self.root + "/" + directory):
                path = directory + entry.name
                if entry.is_dir(follow_symlinks=False):
                    stack.append(path + "/")
                    found[path + "/"] = b""
                elif entry.is_symlink():
                    found[path] = os.readlink(entry.path)
                elif entry.is_file():
                    with open(entry.path, "rb") as file:
                        found[path] = file.read()
                else:
                    found[path] = None
        return found

    def save(self):
        self.saved = self.files()

    def write(self, path, content):
        os.makedirs(os.path.dirname(f"{self.root}/{path}"), exist_ok=True)
        with open(f"{self.root}/{path}", "wb") as file:
            file.write(content)

    def restore(self, saved=None):
        """Back to what `save` has seen."""
        saved = saved or self.saved
        now = self.files()
        for path in sorted(now.keys() - saved.keys(), reverse=True):
            (os.rmdir if path.endswith("/") else os.unlink)(f"{self.root}/{path}")
        for path, content in sorted(saved.items()):
            if path in now and now[path] == content:
                continue
            if path.endswith("/"):
                os.mkdir(f"{self.root}/{path}")
            elif isinstance(content, str):
                os.symlink(content, f"{self.root}/{path}")
            else:
                self.write(path, content)

    def ledger(self):
        """The ledger's bytes; None: no file."""
        try:
            with open(f"{self.root}/{LEDGER}", "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def ledgers(self):
        """What the ledger and those that were set aside hold."""
        return [content for path, content in self.files().items() if path.startswith(LEDGER)]

    def ledger_files(self):
        try:
            return set(os.listdir(f"{self.root}/{LEDGER_DIR}"))
        except FileNotFoundError:
            return set()

    def mask(self, path):
        with open(f"{self.root}/{path}", "rb") as file:
            return mask_in(file.read())

    def masks(self):
        """The CPUs of each target of a vif, by name."""
        return {name: self.mask(path) for name, path in self.targets.items()}

    # --- running vifpin ---------------------------------------------------------------------

    def start(self, args, at=0, how="", stay=False, log=False, preload=True, closed=(), **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith("FAULT_")}
        if preload:
            env.update(LD_PRELOAD=FAULT, FAULT_ROOT=self.root, FAULT_AT=str(at), FAULT_HOW=str(how),
                       FAULT_STAY="1" if stay else "")
        if log:
            # A new one: somebody may be left who writes to the old one.
            if os.path.exists(self.log):
                os.unlink(self.log)
            env["FAULT_LOG"] = self.log
        env.update(more)
        return subprocess.Popen([VIFPIN, "--root", self.root, *args], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env,
                                preexec_fn=(lambda: [os.close(fd) for fd in closed]) if closed else None)

    def call(self, args, **how):
        """Runs it to its end; its status (negative: the signal) and all that it has said."""
        if args[0] == "watch":
            return self._watch(args, **how)
        process = self.start(args, **how)
        try:
            output = process.communicate(timeout=LIMIT)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Wrong("it hangs", "hangs") from None
        return process.returncode, output.decode(errors="replace")

    def _watch(self, args, **how):
        """One pass of a watcher: it says READY=1 after that, and is told to end."""
        path = self.root + "/../notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            if os.path.exists(path):
                os.unlink(path)
            listener.bind(path)
            process = self.start(args, NOTIFY_SOCKET=path, **how)
            end = os.pidfd_open(process.pid)
            poll = select.poll()
            poll.register(listener, select.POLLIN)
            poll.register(end, select.POLLIN)
            ready = poll.poll(LIMIT * 1000)
            os.close(end)
        process.send_signal(signal.SIGTERM if ready else signal.SIGKILL)
        try:
            output = process.communicate(timeout=LIMIT)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            ready = False
        if not ready:
            raise Wrong("it hangs", "hangs")
        return process.returncode, output.decode(errors="replace")

    def calls(self, args):
        """Its calls when nothing fails: a list of [call, path, more...]."""
        status, output = self.call(args, log=True)
        if status:
            raise Wrong(f"status {status} without a fault: {output}")
        return self.logged()

    def logged(self):
        """The calls of the last call that was made with a log."""
        with open(self.log) as file:
            lines = [line.split() for line in file]
        return [line[1:] for line in lines if line[0] != "-"]

    def has_started_watcher(self):
        """As the log of the last call says, or will say: nobody waits for it."""
        end = time.monotonic() + LIMIT / 10
        while time.monotonic() < end:
            with open(self.log) as file:
                if "- watcher\n" in file.readlines():
                    return True
            time.sleep(0.001)
        return False

    # --- what must hold -----------------------------------------------------------------------

    def check_foreign(self, *but):
        """Nothing has been written but the masks of vifs, and vifpin's own files."""
        mine = {*self.targets.values(), *but}
        now = self.files()
        for path in now.keys() | self.saved.keys():
            if path in mine or path.startswith((LEDGER_DIR, "run/vifpin")):
                continue
            if now.get(path) != self.saved.get(path):
                raise Wrong(f"foreign: {path} was changed", "foreign pins")

    def check_none_aside(self):
        """No sound ledger counts as one that cannot be read."""
        aside = {name for name in self.ledger_files() if ".corrupt-" in name}
        if aside:
            raise Wrong(f"a sound ledger was set aside: {aside}")

    def check_pinned(self):
        """What is pinned is in the ledger: of a mask that was changed, where it is now, or that it is nowhere.
        And a vif that the ledger now says is pinned, and did not before, is."""
        places, pinned = places_in(self.ledger())
        pinned -= places_in(self.saved.get(LEDGER))[1]
        for name, path in self.targets.items():
            mask, was = self.mask(path), mask_in(self.saved[path])
            changed = mask != was or name in pinned
            if changed and mask != places.get(name, DEFAULT):
                raise Wrong(f"{name} is on {mask}, the ledger says {places.get(name)}")

    def check_whole(self):
        """Ledger and kernel agree, every vif is there once, and no queue has both sides on one CPU."""
        ledger = json.loads(self.ledger())
        found = [(vif["domid"], vif["devid"]) for vif in ledger["vifs"]]
        if set(found) - self.ids or len(found) != len(set(found)):
            raise Wrong(f"doubled or not there: {found}", "entries doubled")
        if self.ids - set(found):
            raise Wrong(f"lost: {self.ids - set(found)}", "entries lost")
        with open(f"{self.root}/proc/sys/kernel/random/boot_id") as file:
            if ledger["boot_id"] != file.read().strip():
                raise Wrong("the ledger is of another boot")
        masks = self.masks()
        for vif in ledger["vifs"]:
            for queue in vif["queues"]:
                self._check_queue(vif, queue, masks)

    @staticmethod
    def _check_queue(vif, queue, masks):
        if queue["tx_cpu"] == queue["rx_cpu"]:
            raise Wrong(f"both sides of a queue of {vif['dev']} are on CPU {queue['tx_cpu']}")
        name = f"{vif['dev']}-q{queue['queue']}-"
        for end, side in ENDS:
            mask = masks.get(name + end)
            if mask is not None and mask != str(queue[side + "_cpu"]):
                raise Wrong(f"{name}{end} is on {mask}, the ledger says {queue[side + '_cpu']}")

    def check_mended(self):
        """One `vifpin reconcile` makes all of it good."""
        status, output = self.call(["reconcile"], preload=False)
        if status:
            raise Wrong(f"reconcile fails: {output}")
        self.check_whole()
        # Status 0 and a warning: a vif that was placed when nobody could tell where the NICs are.
        status, output = self.call(["verify"], preload=False)
        if status:
            raise Wrong(f"verify, status {status}: {output}")
        left = {name for name in self.ledger_files() if ".corrupt-" not in name}
        left -= {"ledger.json", "ledger.lock"}
        if left:
            raise Wrong(f"left behind: {left}")
