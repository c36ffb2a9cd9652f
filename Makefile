# SPDX-License-Identifier: GPL-2.0-or-later
#
#   make                  build build/vifpin
#   make deps             install the Debian packages that building and testing need (root)
#   make check            unit and host tests
#   make check-asan       the same under ASan and UBSan, unit tests under valgrind too
#   make check-xen        tests inside a real Xen host under qemu
#   make bench            how long things take, against their limits
#   make demo             the main job, shown without Xen
#   make install          to $(DESTDIR)$(prefix) and $(DESTDIR)$(sysconfdir)
#
# WERROR=1 makes warnings errors. B=DIR builds elsewhere.

VERSION = 0.1

prefix      = /usr/local
sbindir     = $(prefix)/sbin
sysconfdir  = /etc
xenscripts  = $(sysconfdir)/xen/scripts
INSTALL     = install

B           = build
PKG_CONFIG  = pkg-config
LIBRARIES   = xenstore xenlight xlutil xentoollog json-c smartcols

CFLAGS      = -O2 -g
WARNINGS    = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
              $(if $(WERROR),-Werror)
OUR_CFLAGS  = -std=gnu11 -D_GNU_SOURCE -DVIFPIN_VERSION='"$(VERSION)"' $(WARNINGS) -MMD -MP \
              $(shell $(PKG_CONFIG) --cflags $(LIBRARIES)) $(SANITIZE)
OUR_LDLIBS  = $(shell $(PKG_CONFIG) --libs $(LIBRARIES))

# No I/O, no clock, no environment: tests/unit/check-core holds them to it.
CORE    = agenda cpuset interrupts pidstat vifname irqbalance topology config plan balance ledger \
          ledger_json finding doctor doctor_cpus progress err util
EDGES   = sysroot store snapshot affinity process drift nics hypervisor xs domains table filelock \
          watcher notify log
TOP     = site place cpus rebalance rebuild pass pins policy explain facts cmd \
          $(basename $(notdir $(wildcard src/cmd_*.c))) main

# What irqbalance runs, and what it needs of all that.
POLICY_PROGRAM = irqbalance_policy
POLICY_PARTS   = policy store filelock sysroot ledger_json ledger cpuset vifname err util

OBJECTS = $(addprefix $(B)/src/,$(addsuffix .o,$(CORE) $(EDGES) $(TOP)))
POLICY_OBJECTS = $(addprefix $(B)/src/,$(addsuffix .o,$(POLICY_PROGRAM) $(POLICY_PARTS)))
CORE_OBJECTS = $(addprefix $(B)/src/,$(addsuffix .o,$(CORE)))

# `make V=1` shows the commands.
Q   = $(if $(V),,@)
say = @$(if $(V),:,echo '  $(1)')

all: $(B)/vifpin $(B)/irqbalance-policy

$(B)/vifpin: $(OBJECTS)
	$(call say,LD $@)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(OUR_LDLIBS)

$(B)/irqbalance-policy: $(POLICY_OBJECTS)
	$(call say,LD $@)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs json-c)

$(B)/src/%.o: src/%.c | $(B)/src
	$(call say,CC $@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OUR_CFLAGS) -c -o $@ $<

$(B)/src $(B)/tests $(B)/results:
	mkdir -p $@

# --- installation ---------------------------------------------------------------------------

unitdir     = $(prefix)/lib/systemd/system
mandir      = $(prefix)/share/man
bashdir     = $(prefix)/share/bash-completion/completions
libdir      = $(prefix)/lib/vifpin

HOOK   = $(xenscripts)/vif-post.d/50-vifpin.hook
POLICY = $(libdir)/irqbalance-policy
UNIT   = $(unitdir)/vifpin.service
DROPIN = $(unitdir)/irqbalance.service.d/vifpin.conf
CONF   = $(sysconfdir)/xen/vifpin.conf
MAN8   = $(mandir)/man8/vifpin.8
MAN5   = $(mandir)/man5/vifpin.conf.5
BASH   = $(bashdir)/vifpin

# $(call install_in,FILE.in,MODE,TARGET): with the places of this installation, and never half
# there: a hook or unit may be read at any time.
define install_in
	$(INSTALL) -d $(dir $(DESTDIR)$(3))
	sed 's|@sbindir@|$(sbindir)|; s|@libdir@|$(libdir)|' $(1) >$(DESTDIR)$(3).new
	chmod $(2) $(DESTDIR)$(3).new
	mv $(DESTDIR)$(3).new $(DESTDIR)$(3)
endef

# A configuration that is there is the administrator's.
install: all
	$(INSTALL) -D -m 755 $(B)/vifpin $(DESTDIR)$(sbindir)/vifpin
	$(call install_in,hotplug/50-vifpin.hook.in,755,$(HOOK))
	$(INSTALL) -D -m 755 $(B)/irqbalance-policy $(DESTDIR)$(POLICY)
	$(call install_in,etc/vifpin.service.in,644,$(UNIT))
	$(call install_in,etc/irqbalance.conf.in,644,$(DROPIN))
	$(INSTALL) -D -m 644 docs/vifpin.8 $(DESTDIR)$(MAN8)
	$(INSTALL) -D -m 644 docs/vifpin.conf.5 $(DESTDIR)$(MAN5)
	$(INSTALL) -D -m 644 etc/vifpin.bash-completion $(DESTDIR)$(BASH)
	test -e $(DESTDIR)$(CONF) || $(INSTALL) -D -m 644 etc/vifpin.conf $(DESTDIR)$(CONF)

# What was changed by the administrator, and the ledger, stay.
uninstall:
	rm -f $(addprefix $(DESTDIR),$(HOOK) $(POLICY) $(UNIT) $(DROPIN) $(MAN8) $(MAN5) $(BASH) \
		$(sbindir)/vifpin)
	-rmdir $(DESTDIR)$(libdir) $(dir $(DESTDIR)$(DROPIN)) 2>/dev/null
	if cmp -s etc/vifpin.conf $(DESTDIR)$(CONF); then rm $(DESTDIR)$(CONF); fi

# --- tests ----------------------------------------------------------------------------------

UNIT_TESTS = $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))
UNIT_LIBS  = $(shell $(PKG_CONFIG) --libs cmocka)

$(B)/tests/test_%: tests/unit/test_%.c $(CORE_OBJECTS) | $(B)/tests
	$(call say,CC $@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OUR_CFLAGS) $(LDFLAGS) -Isrc -DDATA='"tests/unit/data"' \
		-o $@ $< $(CORE_OBJECTS) $(OUR_LDLIBS) $(UNIT_LIBS)

$(B)/tests/xenstored-stub.so: tests/host/xenstored-stub.c | $(B)/tests
	$(call say,CC $@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wall -Wextra -shared -fPIC -o $@ $<

$(B)/tests/storm: tests/host/storm.c | $(B)/tests
	$(call say,CC $@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wall -Wextra -o $@ $< -lxenstore

$(B)/tests/time-runs: tests/bench/time-runs.c | $(B)/tests
	$(call say,CC $@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wall -Wextra -o $@ $<

HOST_PARTS = $(B)/tests/xenstored-stub.so $(B)/tests/storm

check: check-unit check-host

check-unit: $(UNIT_TESTS) $(OBJECTS) $(POLICY_OBJECTS) | $(B)/results
	tests/unit/run $(B) $(CORE)

check-host: all $(HOST_PARTS) | $(B)/results
	tests/host/run

# Seconds for all of them.
XEN_LIMIT = 3600

check-xen: deps-xen all | $(B)/results
	tests/xen/build-host bookworm build/xen/bookworm
	XEN_LIMIT=$(XEN_LIMIT) tests/xen/run-host bookworm build/xen/bookworm
	tests/xen/run-numa bookworm build/xen/bookworm

# The seed's experiment: the guest-rx thread, free and pinned, while a NIC is busy.
bench-xen: deps-xen all | $(B)/results
	tests/xen/build-host bookworm build/xen/bookworm
	tests/xen/run-bench bookworm build/xen/bookworm

# What the sanitizers and valgrind report fails a test.
ASAN     = build/asan
VALGRIND = valgrind -q --error-exitcode=99 --leak-check=full

check-asan: all $(UNIT_TESTS) $(HOST_PARTS)
	$(MAKE) B=$(ASAN) SANITIZE="-fsanitize=address,undefined -fno-omit-frame-pointer" \
		all check-unit
	mkdir -p $(ASAN)/reports $(ASAN)/results
	VIFPIN_BIN=$(CURDIR)/$(ASAN)/vifpin VIFPIN_REPORTS=$(CURDIR)/$(ASAN)/reports \
		VIFPIN_TAP=$(CURDIR)/$(ASAN)/results/host.tap VIFPIN_SLOWNESS=3 tests/host/run
	VIFPIN_WRAP="$(VALGRIND)" tests/unit/run $(B) $(CORE)

# How evenly vifs stand, beside what there is without vifpin: the tables of docs/benchmarks.md.
bench-placement: $(B)/tests/simulate
	$(B)/tests/simulate

$(B)/tests/simulate: tests/bench/simulate.c $(CORE_OBJECTS) | $(B)/tests
	$(call say,CC $@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OUR_CFLAGS) $(LDFLAGS) -Isrc -o $@ $< $(CORE_OBJECTS) \
		$(OUR_LDLIBS)

# How long list, cpus and verify take with 1,000 vifs, against their limits.
bench-tables: all
	tests/bench/tables

# What irqbalance waits for; wants a machine that does nothing else.
bench-policy: all $(B)/tests/time-runs
	B=$(B) tests/bench/policy

bench: bench-placement bench-policy bench-tables

demo: all $(B)/tests/xenstored-stub.so
	tests/host/demo

.PHONY: all install uninstall check check-unit check-host check-xen check-asan bench bench-placement \
	bench-policy bench-tables bench-xen demo

# --- the machine ----------------------------------------------------------------------------

DEPS     = $(shell sed 's/\#.*//' tests/deps)
DEPS_XEN = $(shell sed 's/\#.*//' tests/xen/deps)

deps:
	tests/install-deps $(DEPS)

deps-xen:
	tests/install-deps $(DEPS_XEN)

clean:
	rm -rf $(B)/src $(B)/tests $(B)/results $(B)/vifpin $(B)/irqbalance-policy $(B)/asan

.PHONY: deps deps-xen clean

-include $(wildcard $(B)/src/*.d $(B)/tests/*.d)
