# SPDX-License-Identifier: GPL-2.0-or-later
#
#   make                  build build/vifpin
#   make deps             install the Debian packages that building and testing need (root)
#   make check            unit and host tests
#   make check-faults     failing system calls and allocations, power cuts, kills, hostile guests and users
#   make check-asan       the same under ASan and UBSan, unit tests under valgrind too
#   make check-tsan       the watcher's host tests under TSan
#   make coverage         what of src/ the tests run, in lines and branches
#   make check-package    what make dist and make deb make
#   make check-suites     unit tests and demo on bare Debian 11 and 13
#   make check-static     clang-tidy, cppcheck, gcc -fanalyzer and shellcheck
#   make check-xen        tests inside a real Xen host under qemu; SUITE=trixie or bullseye: of Debian 13 or 11
#   make check-xen-others a short selection of them, on Debian 11 and 13
#   make check-xen-matrix guests, queues and scripts in all combinations, one boot; SUITE as above
#   make check-fuzz       every fuzzer for a minute; make fuzz SECONDS=n [TARGET=name]: other ones
#   make bench-check      has it become slower? In instructions and system calls, against what is kept
#   make bench            how long things take, against their limits
#   make bench-xen        what placement brings, on the real Xen host: an hour
#   make bench-renew      keeps the figures that bench-check compares with
#   make bench-compare    the same by the clock; REV=revision to compare with
#   make lines            how many lines of code src/ has
#   make demo             the main job, shown without Xen
#   make install          to $(DESTDIR)$(prefix) and $(DESTDIR)$(sysconfdir)
#   make dist             a tarball of the source, in build/dist
#   make deb              the Debian package, in build/deb
#
# WERROR=1 makes warnings errors. B=DIR builds elsewhere.

# The release that this tree is or becomes. Of a commit that is not tagged as that release, the
# version says so; a tarball has it in a file.
RELEASE = 0.1.0
COMMIT := $(if $(wildcard .git),$(shell git describe --always --dirty --match v$(RELEASE) 2>/dev/null))
VERSION := $(or $(file <version),$(RELEASE)$(addprefix -dev+,$(filter-out v$(RELEASE),$(COMMIT))))

prefix      = /usr/local
sbindir     = $(prefix)/sbin
sysconfdir  = /etc
xenscripts  = $(sysconfdir)/xen/scripts
INSTALL     = install

B           = build
PKG_CONFIG  = pkg-config
LIBRARIES   = xenstore json-c smartcols
# What is loaded only where it is needed (shared/library): just their headers, and the names of two.
LOADED      = ncursesw xencontrol xlutil xentoollog

CFLAGS     ?= -O2 -g

# What makes a fault harder to use. Flags that are given come behind these, and win. A level of
# _FORTIFY_SOURCE that is given stays, and it needs optimization. Sanitizers see more without.
ifndef SANITIZE
OPTIMIZED      = $(filter-out -O0,$(filter -O%,$(CFLAGS)))
FORTIFY_GIVEN  = $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS))
FORTIFY_LEVEL := $(shell [ "$$($(CC) -dumpversion | cut -d. -f1)" -ge 12 ] && echo 3 || echo 2)
FORTIFY        = $(if $(FORTIFY_GIVEN),,$(if $(OPTIMIZED),-U_FORTIFY_SOURCE \
                 -D_FORTIFY_SOURCE=$(FORTIFY_LEVEL)))
HARDEN_CFLAGS  = -fPIE -fstack-protector-strong $(FORTIFY)
HARDEN_LDFLAGS = -pie -Wl,-z,relro,-z,now
endif

WARNINGS    = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
              $(if $(WERROR),-Werror)
OUR_CFLAGS  = -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -MMD -MP \
              $(shell $(PKG_CONFIG) --cflags $(LIBRARIES) $(LOADED)) $(LOADED_CFLAGS) $(SANITIZE)
# Part of libc since glibc 2.34.
LIBC_LDLIBS = -lrt -lpthread
OUR_LDLIBS  = $(shell $(PKG_CONFIG) --libs $(LIBRARIES)) $(LIBC_LDLIBS) -ldl

# The layers, each a folder and an archive. A layer sees its own headers and those of the layers
# that it names here; there is no other -iquote, so an include upward does not compile.
LAYERS      = cmd engine xen host core shared
SEEN_shared = shared
SEEN_core   = core $(SEEN_shared)
SEEN_host   = host $(SEEN_core)
SEEN_xen    = xen $(SEEN_host)
SEEN_engine = engine $(SEEN_xen)
SEEN_cmd    = cmd $(SEEN_engine)

# $(call includes,LAYER), $(call objects,LAYER), $(call archives,LAYER): that layer and those below.
includes = $(addprefix -iquote src/,$(SEEN_$(1)))
objects  = $(patsubst %.c,$(B)/%.o,$(wildcard src/$(1)/*.c))
archives = $(patsubst %,$(B)/%.a,$(SEEN_$(1)))

OBJECTS  = $(foreach layer,$(LAYERS),$(call objects,$(layer)))

# `make V=1` shows the commands.
Q   = $(if $(V),,@)
say = @$(if $(V),:,echo '  $(1)')

all: $(B)/vifpin $(B)/irqbalance-policy

# An archive gives a program only the objects that it needs: so one of the two has no need of
# Xen's libraries.
$(B)/vifpin: $(B)/src/cmd/main.o $(call archives,cmd)
	$(call say,LD $@)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(HARDEN_LDFLAGS) $(LDFLAGS) -o $@ $^ $(OUR_LDLIBS)

$(B)/irqbalance-policy: $(B)/src/cmd/irqbalance_policy_main.o $(call archives,engine)
	$(call say,LD $@)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(HARDEN_LDFLAGS) $(LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs json-c) \
		$(LIBC_LDLIBS)

# Changes only when the version does.
$(B)/version: FORCE | $(B)/src/cmd
	$(Q)echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@

$(B)/src/cmd/command_line.o: $(B)/version
$(B)/src/cmd/command_line.o: OUR_CFLAGS += $(VERSION_CFLAGS)
VERSION_CFLAGS = -DVIFPIN_VERSION='"$(VERSION)"'

# Xen's libraries have a new name in each release of Xen, with which their ABI changes: what is built
# with one's headers loads that one's library. This has nothing in it but their names, and what it
# depends on is what vifpin does.
$(B)/loaded.so: Makefile | $(B)/src check-libraries
	$(call say,LD $@)
	$(Q)$(CC) $(LDFLAGS) -shared -nostdlib -o $@ -Wl,--no-as-needed \
		$(shell $(PKG_CONFIG) --libs xlutil xencontrol)

# $(call needed,NAME): how the library that is linked by that name is called.
needed = $(shell readelf -d $(B)/loaded.so 2>/dev/null | sed -n 's/.*NEEDED.*\[\(lib$(1)\.so.*\)\]/\1/p')
LOADED_CFLAGS = -DXLUTIL_LIBRARY='"$(call needed,xlutil)"' -DXENCTRL_LIBRARY='"$(call needed,xenctrl)"'

define layer_rules
$(B)/src/$(1)/%.o: src/$(1)/%.c | $(B)/src/$(1) $(B)/loaded.so
	$$(call say,CC $$@)
	$$(Q)$$(CC) $$(HARDEN_CFLAGS) $$(CPPFLAGS) $$(CFLAGS) $$(OUR_CFLAGS) $$(call includes,$(1)) -c -o $$@ $$<

# Made anew: a module that is gone must not stay in it.
$(B)/$(1).a: $(call objects,$(1))
	$$(call say,AR $$@)
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$^
endef
$(foreach layer,$(LAYERS),$(eval $(call layer_rules,$(layer))))

$(B)/src $(addprefix $(B)/src/,$(LAYERS)) $(B)/tests $(B)/tests/bench/simulate $(B)/results:
	mkdir -p $@

# Without this, the compiler would be called without what pkg-config has to tell, and complain of
# that instead.
check-libraries:
	@$(PKG_CONFIG) --exists --print-errors $(LIBRARIES) $(LOADED) || { \
		echo "vifpin is built with these libraries: $(LIBRARIES) $(LOADED). 'make deps' installs them." >&2; \
		exit 1; }

# --- installation ---------------------------------------------------------------------------

unitdir     = $(prefix)/lib/systemd/system
mandir      = $(prefix)/share/man
bashdir     = $(prefix)/share/bash-completion/completions
libdir      = $(prefix)/lib/vifpin
datadir     = $(prefix)/share/vifpin
examplesdir = $(prefix)/share/doc/vifpin/examples

# Where Debian's zsh and fish look: for packages, and for what is local.
PACKAGED    = $(filter /usr,$(prefix))
zshdir      = $(prefix)/share/zsh/$(if $(PACKAGED),vendor-completions,site-functions)
fishdir     = $(if $(PACKAGED),/usr/share/fish/vendor_completions.d,$(sysconfdir)/fish/completions)

# Where node_exporter looks for *.prom: --collector.textfile.directory, as Debian has it.
textfiledir = /var/lib/prometheus/node-exporter

HOOK   = $(xenscripts)/vif-post.d/50-vifpin.hook
SCRIPT = $(xenscripts)/vif-openvswitch-vifpin
POLICY = $(libdir)/irqbalance-policy
UNIT   = $(unitdir)/vifpin.service
DROPIN = $(unitdir)/irqbalance.service.d/vifpin.conf
EXPORT = $(unitdir)/vifpin-metrics.service
TIMER  = $(unitdir)/vifpin-metrics.timer
CONF   = $(sysconfdir)/xen/vifpin.conf
MAN8   = $(mandir)/man8/vifpin.8
MAN5   = $(mandir)/man5/vifpin.conf.5
BASH   = $(bashdir)/vifpin
ZSH    = $(zshdir)/_vifpin
FISH   = $(fishdir)/vifpin.fish
RULES  = $(datadir)/prometheus-rules.yml
BOARD  = $(datadir)/grafana-dashboard.json
BENCH  = $(addprefix $(examplesdir)/,$(notdir $(wildcard examples/*)))

# $(call install_in,FILE.in,MODE,TARGET): with the places of this installation, and never half
# there: a hook or unit may be read at any time.
define install_in
	$(INSTALL) -d $(dir $(DESTDIR)$(3))
	sed 's|@sbindir@|$(sbindir)|; s|@libdir@|$(libdir)|; s|@textfiledir@|$(textfiledir)|; \
		s|@bashdir@|$(bashdir)|' $(1) >$(DESTDIR)$(3).new
	chmod $(2) $(DESTDIR)$(3).new
	mv $(DESTDIR)$(3).new $(DESTDIR)$(3)
endef

# A configuration that is there is the administrator's.
install: all
	$(INSTALL) -D -m 755 $(B)/vifpin $(DESTDIR)$(sbindir)/vifpin
	$(call install_in,hotplug/50-vifpin.hook.in,755,$(HOOK))
	$(INSTALL) -D -m 755 hotplug/vif-openvswitch-vifpin $(DESTDIR)$(SCRIPT)
	$(INSTALL) -D -m 755 $(B)/irqbalance-policy $(DESTDIR)$(POLICY)
	$(call install_in,etc/vifpin.service.in,644,$(UNIT))
	$(call install_in,etc/irqbalance.conf.in,644,$(DROPIN))
	$(call install_in,etc/vifpin-metrics.service.in,644,$(EXPORT))
	$(INSTALL) -D -m 644 etc/vifpin-metrics.timer $(DESTDIR)$(TIMER)
	$(INSTALL) -D -m 644 docs/vifpin.8 $(DESTDIR)$(MAN8)
	$(INSTALL) -D -m 644 docs/vifpin.conf.5 $(DESTDIR)$(MAN5)
	$(INSTALL) -D -m 644 etc/vifpin.bash-completion $(DESTDIR)$(BASH)
	$(call install_in,etc/vifpin.zsh-completion.in,644,$(ZSH))
	$(call install_in,etc/vifpin.fish-completion.in,644,$(FISH))
	$(INSTALL) -D -m 644 etc/prometheus-rules.yml $(DESTDIR)$(RULES)
	$(INSTALL) -D -m 644 etc/grafana-dashboard.json $(DESTDIR)$(BOARD)
	$(INSTALL) -d $(DESTDIR)$(examplesdir)
	$(INSTALL) -m 644 examples/*.py $(DESTDIR)$(examplesdir)
	$(INSTALL) -m 755 examples/vifpin-bench $(DESTDIR)$(examplesdir)/vifpin-bench
	test -e $(DESTDIR)$(CONF) || $(INSTALL) -D -m 644 etc/vifpin.conf $(DESTDIR)$(CONF)

# What was changed by the administrator, and the ledger, stay.
uninstall:
	rm -f $(addprefix $(DESTDIR),$(HOOK) $(SCRIPT) $(POLICY) $(UNIT) $(DROPIN) $(EXPORT) $(TIMER) $(MAN8) \
		$(MAN5) $(BASH) $(ZSH) $(FISH) $(RULES) $(BOARD) $(BENCH) $(sbindir)/vifpin)
	-rmdir $(addprefix $(DESTDIR),$(examplesdir) $(dir $(examplesdir)) $(libdir) $(datadir) $(dir $(DROPIN))) 2>/dev/null
	if cmp -s etc/vifpin.conf $(DESTDIR)$(CONF); then rm $(DESTDIR)$(CONF); fi

# --- packages -------------------------------------------------------------------------------

# All that git knows here, as it is; without git all there is. A commit always makes the same bytes.
DIST       = vifpin-$(VERSION)
DIST_FILES = $(if $(wildcard .git),git ls-files,find . ! -type d ! -path './$(B)/*' ! -path ./version -printf '%P\n')
DIST_DATE  = $(if $(wildcard .git),$(shell git log -1 --format=%ct),$(shell stat -c %Y CHANGELOG.md))

dist:
	mkdir -p $(B)/dist
	$(DIST_FILES) | LC_ALL=C sort >$(B)/dist/files
	echo '$(VERSION)' >$(B)/dist/version
	tar --create --mtime=@$(DIST_DATE) --mode=u=rwX,go=rX --owner=0 --group=0 --numeric-owner \
		--transform='flags=r;s,^,$(DIST)/,' --files-from=$(B)/dist/files \
		--directory=$(B)/dist version | gzip -9n >$(B)/dist/$(DIST).tar.gz

# Built where there is nothing but what is in the tarball; the version is that of debian/changelog.
DEB_VERSION = $(shell sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)

DEB_SOURCE  = $(B)/dist/vifpin-$(DEB_VERSION).tar.gz

# Not again of the same tarball.
deb:
	$(MAKE) dist VERSION=$(DEB_VERSION)
	cmp -s $(DEB_SOURCE) $(B)/deb/source.tar.gz || $(MAKE) new-deb

new-deb:
	rm -rf $(B)/deb
	mkdir -p $(B)/deb
	tar --extract --file=$(DEB_SOURCE) --directory=$(B)/deb
	cd $(B)/deb/vifpin-$(DEB_VERSION) && \
		env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL dpkg-buildpackage -us -uc
	cp $(DEB_SOURCE) $(B)/deb/source.tar.gz

.PHONY: dist deb new-deb

# --- tests ----------------------------------------------------------------------------------

UNIT_TESTS = $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))
UNIT_LIBS  = $(shell $(PKG_CONFIG) --libs cmocka)

$(B)/tests/test_%: tests/unit/test_%.c $(call archives,core) | $(B)/tests
	$(call say,CC $@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OUR_CFLAGS) $(LDFLAGS) $(call includes,core) -iquote tests \
		-DDATA='"tests/unit/data"' -o $@ $< $(filter %.o,$^) $(call archives,core) $(OUR_LDLIBS) $(UNIT_LIBS)

# It compares with what libxlutil says itself.
$(B)/tests/test_config: private UNIT_LIBS += $(shell $(PKG_CONFIG) --libs xlutil)

# What simulates hosts and policies, for its tables and for a unit test.
SIMULATE = $(patsubst %.c,$(B)/%.o,$(wildcard tests/bench/simulate/*.c))

$(B)/tests/test_simulation: $(filter-out %/simulate.o,$(SIMULATE))
$(B)/tests/test_simulation: private OUR_CFLAGS += -iquote tests/bench/simulate
$(B)/tests/test_simulation: private UNIT_LIBS += -lm

$(B)/tests/simulate: $(SIMULATE) $(call archives,core)
	$(call say,LD $@)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(OUR_LDLIBS) -lm

$(B)/tests/bench/simulate/%.o: tests/bench/simulate/%.c | $(B)/tests/bench/simulate $(B)/loaded.so
	$(call say,CC $@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OUR_CFLAGS) $(call includes,core) -iquote tests -c -o $@ $<

# How xenstored asks for a domain changed there.
XEN_4_18 = $(shell $(PKG_CONFIG) --atleast-version=4.18 xencontrol && echo -DXEN_4_18)

$(B)/tests/xenstored-stub.so: tests/host/xenstored-stub.c | $(B)/tests
	$(call say,CC $@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wall -Wextra -shared -fPIC $(XEN_4_18) -o $@ $< -ldl

$(B)/tests/xenctrl-stub.so: tests/host/xenctrl-stub.c | $(B)/tests
	$(call say,CC $@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wall -Wextra -shared -fPIC -o $@ $< -Wl,--no-as-needed -lxentoollog

$(B)/tests/storm: tests/host/storm.c | $(B)/tests
	$(call say,CC $@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wall -Wextra -o $@ $< -lxenstore

$(B)/tests/time-runs: tests/bench/time-runs.c | $(B)/tests
	$(call say,CC $@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wall -Wextra -o $@ $<

$(B)/tests/openat.so: tests/bench/openat.c | $(B)/tests
	$(call say,CC $@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -D_GNU_SOURCE -Wall -Wextra -shared -fPIC -o $@ $< -ldl

$(B)/tests/ledger-designs: tests/bench/ledger-designs.c $(call archives,core) | $(B)/tests
	$(call say,CC $@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OUR_CFLAGS) $(LDFLAGS) $(call includes,core) -o $@ $< \
		$(call archives,core) $(OUR_LDLIBS)

$(B)/tests/fault.so: tests/faults/fault.c | $(B)/tests
	$(call say,CC $@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wall -Wextra -shared -fPIC -o $@ $<

$(B)/tests/alloc.so: tests/faults/alloc.c | $(B)/tests
	$(call say,CC $@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wall -Wextra -shared -fPIC -o $@ $<

HOST_PARTS  = $(B)/tests/xenstored-stub.so $(B)/tests/xenctrl-stub.so $(B)/tests/storm
FAULT_PARTS = $(B)/tests/fault.so $(B)/tests/alloc.so

unit-tests: $(UNIT_TESTS)

# What they all need, for make -j.
check-build: all unit-tests $(HOST_PARTS) $(FAULT_PARTS)

check: check-unit check-hardening check-figures check-host

check-unit: $(UNIT_TESTS) $(OBJECTS) check-includes | $(B)/results
	tests/unit/run $(B)

# Only what fails is shown.
INCLUDES_TAP = $(B)/results/unit-includes.tap

check-includes: $(B)/loaded.so | $(B)/results
	$(call say,TRY includes)
	$(Q)tests/unit/check-includes $(foreach layer,$(LAYERS),'$(layer)=$(call includes,$(layer))') -- \
		$(CC) $(CPPFLAGS) $(CFLAGS) $(filter-out -MMD -MP,$(OUR_CFLAGS)) >$(INCLUDES_TAP) || \
		{ grep -v '^ok ' $(INCLUDES_TAP); exit 1; }

HARDENING_TAP = $(B)/results/hardening.tap

check-hardening: all | $(B)/results
	$(call say,TRY hardening)
	$(Q)tests/unit/check-hardening $(B)/vifpin $(B)/irqbalance-policy >$(HARDENING_TAP) || \
		{ grep -v '^ok ' $(HARDENING_TAP); exit 1; }

FIGURES_TAP = $(B)/results/figures.tap

# The statistics of vifpin-bench and bench-xen, on data whose results are known.
check-figures: | $(B)/results
	$(call say,TRY figures)
	$(Q)tests/unit/check-figures >$(FIGURES_TAP) || { grep -v '^ok ' $(FIGURES_TAP); exit 1; }

STATIC_TAP = build/results/static.tap

check-static: deps-checks $(B)/loaded.so | build/results
	$(call say,TRY static analysis)
	$(Q)tests/static/run $(CC) $(CPPFLAGS) $(CFLAGS) $(filter-out -MMD -MP,$(OUR_CFLAGS)) \
		$(VERSION_CFLAGS) $(call includes,cmd) >$(STATIC_TAP) || { grep -v '^ok ' $(STATIC_TAP); exit 1; }

check-host: all $(HOST_PARTS) | $(B)/results
	tests/host/run

check-faults: deps-checks all $(HOST_PARTS) $(FAULT_PARTS) | $(B)/results
	tests/faults/run

# That each of these tests can fail: takes long.
check-mutants:
	tests/faults/check-mutants

check-package: deps-checks all deb $(HOST_PARTS) | $(B)/results
	tests/package/run

# Which Debian the Xen host is, and seconds after which the tests are ended. With XEN_BUDGET, seconds too, those that
# there is no time for are left out.
SUITE = bookworm
XEN_LIMIT = 3600
XEN_BUDGET =

check-xen: deps-xen all deb | $(B)/results
	XEN_LIMIT=$(XEN_LIMIT) XEN_BUDGET=$(XEN_BUDGET) tests/xen/check $(SUITE)

# CI has no time for it.
check-xen-matrix: deps-xen all | $(B)/results
	XEN_NAME=$(SUITE)-matrix XEN_LIMIT=$(XEN_LIMIT) tests/xen/check $(SUITE) tests/xen/matrix/*.bats

# What shows most for its time on the other releases. Not in CI yet.
check-xen-others: deps-xen all | $(B)/results
	for suite in bullseye trixie; do \
		XEN_SHORT=1 XEN_LIMIT=$(XEN_LIMIT) tests/xen/check $$suite || exit 1; done

# All three, for who has something else to do meanwhile.
xen-hosts: deps-xen
	for suite in bookworm bullseye trixie; do tests/xen/build-host $$suite build/xen/$$suite || exit 1; done

# On bare chroots of the other releases that there are Xen hosts of.
check-suites: deps-xen
	for suite in bullseye trixie; do tests/suites/run $$suite || exit 1; done

# What policies of placement bring on a real Xen host, within an hour: SEED=n, ROUNDS=n, MINUTES=n, GUESTS=n and
# CELLS=POLICY,...:TRAFFIC,... as tests/xen/gain has them. bench-gain makes tables and plots of what it measured.
GAIN = $(foreach word,SEED ROUNDS MINUTES CELLS GUESTS,$(if $($(word)),'$(word)=$($(word))'))

bench-xen: deps-xen all | $(B)/results
	tests/xen/build-host bookworm build/xen/bookworm
	tests/xen/run-bench bookworm build/xen/bookworm $(GAIN)
	$(MAKE) bench-gain

bench-gain:
	tests/install-deps gnuplot-nox
	tests/xen/gain-report $(B)/results/gain.json docs

# What the sanitizers and valgrind report fails a test.
ASAN     = build/asan
VALGRIND = valgrind -q --error-exitcode=99 --leak-check=full

check-asan: all $(UNIT_TESTS) $(HOST_PARTS)
	$(MAKE) B=$(ASAN) SANITIZE="-fsanitize=address,undefined -fno-omit-frame-pointer" \
		all check-unit
	mkdir -p $(ASAN)/reports $(ASAN)/results
	VIFPIN_BIN=$(CURDIR)/$(ASAN)/vifpin VIFPIN_REPORTS=$(CURDIR)/$(ASAN)/reports \
		VIFPIN_TAP=$(CURDIR)/$(ASAN)/results/host.tap VIFPIN_SLOWNESS=3 tests/host/run
	VIFPIN_WRAP="$(VALGRIND)" tests/unit/run $(B)

# The watcher has two threads.
TSAN       = build/tsan
TSAN_FLAGS = CFLAGS="-O1 -g" SANITIZE="-fsanitize=thread -fno-omit-frame-pointer"

check-tsan: $(HOST_PARTS)
	$(MAKE) B=$(TSAN) $(TSAN_FLAGS) all
	tests/tsan/run $(TSAN) $(TSAN_FLAGS)

# What is linked in keeps the counts of those who end by _exit().
COVERAGE       = build/coverage
COVERAGE_FLAGS = CFLAGS="-O0 -g" SANITIZE="--coverage -fprofile-update=atomic" \
                 LDFLAGS="-Wl,--wrap=_exit $(CURDIR)/$(COVERAGE)/tests/exit.o"

coverage: deps-checks $(HOST_PARTS) $(FAULT_PARTS)
	$(MAKE) B=$(COVERAGE) $(COVERAGE)/tests/exit.o
	$(MAKE) B=$(COVERAGE) $(COVERAGE_FLAGS) all unit-tests
	tests/coverage/run $(COVERAGE)

$(B)/tests/exit.o: tests/coverage/exit.c | $(B)/tests
	$(call say,CC $@)
	$(Q)$(CC) -O0 -fPIC -Wall -Wextra -c -o $@ $<

# Each fuzzer by itself is one file; what they call is built with libFuzzer's counters.
FUZZ          = build/fuzz
FUZZERS       = $(patsubst tests/fuzz/%.c,$(B)/tests/fuzz-%,$(wildcard tests/fuzz/*.c))
FUZZ_SANITIZE = -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
                -fno-omit-frame-pointer
# For each of them, two at a time; TARGET: one of them.
SECONDS       = 60
TARGET        =

# Whoever looks for new faults wants new inputs; what has to pass, the same.
check-fuzz: export SEED = 1

fuzz check-fuzz: deps-checks | build/results
	$(MAKE) B=$(FUZZ) CC=clang SANITIZE="$(FUZZ_SANITIZE)" fuzzers
	tests/fuzz/run $(FUZZ) $(SECONDS) $(TARGET)

fuzzers: $(FUZZERS)

$(B)/tests/fuzz-%: tests/fuzz/%.c $(call archives,core) | $(B)/tests
	$(call say,CC $@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OUR_CFLAGS) -fsanitize=fuzzer $(LDFLAGS) \
		$(call includes,core) -iquote tests -iquote tests/unit -DDATA='"tests/unit/data"' -o $@ $< \
		$(call archives,core) $(OUR_LDLIBS) $(UNIT_LIBS)

# How evenly vifs stand, beside what there is without vifpin: the tables of docs/benchmarks.md.
bench-placement: $(B)/tests/simulate
	$(B)/tests/simulate

# How long list, cpus and verify take with 1,000 vifs and with 4,000, against their limits.
bench-tables: all $(B)/tests/time-runs
	B=$(B) tests/bench/tables

# What a guest's creation waits for, on hosts of up to 4,000 vifs.
bench-hook: deps-checks all $(B)/tests/time-runs $(B)/tests/xenstored-stub.so
	B=$(B) tests/bench/hook

# What pins one vif, by vifpin and by what else there is.
bench-peers: deps-checks all $(B)/tests/time-runs $(B)/tests/xenstored-stub.so
	B=$(B) tests/bench/peers

# What the watcher costs, and how long many vifs wait for it, against their limits.
bench-watcher: all $(B)/tests/xenstored-stub.so
	tests/bench/watcher

# What keeping all places costs a call of the hook, in other ways too: a table of docs/design.md.
bench-ledger: $(B)/tests/ledger-designs
	$(B)/tests/ledger-designs

# What irqbalance waits for; wants a machine that does nothing else.
bench-policy: all $(B)/tests/time-runs
	B=$(B) tests/bench/policy

# Of what somebody waits for, whether it takes more instructions or system calls than those kept.
bench-check: deps-checks all $(HOST_PARTS) $(B)/tests/openat.so | $(B)/results
	tests/bench/check

# Keeps what it takes now.
bench-renew: deps-checks all $(HOST_PARTS) $(B)/tests/openat.so
	tests/bench/check --renew

# Without blanks and lines that are only comment.
lines:
	@for dir in src/*; do \
		printf '%6d  %s\n' "$$(cat $$dir/*.[ch] | grep -cvE '^[[:space:]]*($$|//|/?\*)')" $$dir; \
	done | awk '{ print; sum += $$1 } END { printf "%6d  src\n", sum }'

bench-compare: all $(B)/tests/time-runs
	B=$(B) tests/bench/compare "$(REV)"

bench: bench-placement bench-policy bench-tables bench-hook bench-peers bench-watcher bench-ledger

demo: all $(B)/tests/xenstored-stub.so
	tests/host/demo

FORCE:
.PHONY: FORCE all install uninstall check-libraries check check-unit check-includes check-figures check-hardening \
	check-static check-host check-faults check-mutants check-package check-suites check-xen check-xen-matrix \
	check-xen-others xen-hosts \
	check-asan check-tsan coverage lines check-build unit-tests fuzz check-fuzz fuzzers bench bench-check bench-compare \
	bench-gain bench-hook bench-ledger bench-peers bench-placement bench-policy bench-renew bench-tables bench-watcher bench-xen \
	demo

# --- the machine ----------------------------------------------------------------------------

# $(call packages,FILE)
packages = $(foreach package,$(shell sed 's/\#.*//' $(1)),'$(package)')

deps:
	tests/install-deps $(call packages,tests/deps)

# What the checks need that not everybody runs.
deps-checks:
	tests/install-deps $(call packages,tests/deps-checks)

deps-xen:
	tests/install-deps $(call packages,tests/xen/deps)

clean:
	rm -rf $(addprefix $(B)/,src *.a tests results loaded.so vifpin irqbalance-policy version asan tsan coverage fuzz \
		dist deb)
	rmdir $(B) 2>/dev/null || :

.PHONY: deps deps-checks deps-xen clean

-include $(wildcard $(B)/src/*/*.d $(B)/tests/*.d $(B)/tests/bench/*/*.d)
