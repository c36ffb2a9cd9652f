# SPDX-License-Identifier: GPL-2.0-or-later
#
#   make                  build build/vifpin
#   make deps             install the Debian packages that building and testing need (root)
#   make check            unit and host tests
#   make check-asan       the same under ASan and UBSan, unit tests under valgrind too
#   make check-xen        tests inside a real Xen host under qemu
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
CORE    = cpuset interrupts pidstat vifname config plan ledger ledger_json err util
EDGES   = sysroot store snapshot affinity xs domains table watcher log
TOP     = pass cmd $(basename $(notdir $(wildcard src/cmd_*.c))) main

OBJECTS = $(addprefix $(B)/src/,$(addsuffix .o,$(CORE) $(EDGES) $(TOP)))
CORE_OBJECTS = $(addprefix $(B)/src/,$(addsuffix .o,$(CORE)))

all: $(B)/vifpin

$(B)/vifpin: $(OBJECTS)
	$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(OUR_LDLIBS)

$(B)/src/%.o: src/%.c | $(B)/src
	$(CC) $(CPPFLAGS) $(CFLAGS) $(OUR_CFLAGS) -c -o $@ $<

$(B)/src $(B)/tests $(B)/results:
	mkdir -p $@

# --- installation ---------------------------------------------------------------------------

HOOK = $(DESTDIR)$(xenscripts)/vif-post.d/50-vifpin.hook
CONF = $(DESTDIR)$(sysconfdir)/xen/vifpin.conf

# A configuration that is there is the administrator's.
install: all
	$(INSTALL) -D -m 755 $(B)/vifpin $(DESTDIR)$(sbindir)/vifpin
	$(INSTALL) -d $(dir $(HOOK))
	sed 's|@sbindir@|$(sbindir)|' hotplug/50-vifpin.hook.in >$(HOOK).new
	chmod 755 $(HOOK).new
	mv $(HOOK).new $(HOOK)
	test -e $(CONF) || $(INSTALL) -D -m 644 etc/vifpin.conf $(CONF)

# What was changed by the administrator, and the ledger, stay.
uninstall:
	rm -f $(HOOK) $(DESTDIR)$(sbindir)/vifpin
	if cmp -s etc/vifpin.conf $(CONF); then rm $(CONF); fi

# --- tests ----------------------------------------------------------------------------------

UNIT_TESTS = $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))
UNIT_LIBS  = $(shell $(PKG_CONFIG) --libs cmocka)

$(B)/tests/test_%: tests/unit/test_%.c $(CORE_OBJECTS) | $(B)/tests
	$(CC) $(CPPFLAGS) $(CFLAGS) $(OUR_CFLAGS) $(LDFLAGS) -Isrc -DDATA='"tests/unit/data"' \
		-o $@ $< $(CORE_OBJECTS) $(OUR_LDLIBS) $(UNIT_LIBS)

$(B)/tests/xenstored-stub.so: tests/host/xenstored-stub.c | $(B)/tests
	$(CC) $(CPPFLAGS) $(CFLAGS) -Wall -Wextra -shared -fPIC -o $@ $<

check: check-unit check-host

check-unit: $(UNIT_TESTS) $(CORE_OBJECTS) | $(B)/results
	tests/unit/run $(B) $(CORE_OBJECTS)

check-host: all $(B)/tests/xenstored-stub.so | $(B)/results
	tests/host/run

demo: all $(B)/tests/xenstored-stub.so
	tests/host/demo

.PHONY: all install uninstall check check-unit check-host demo

# --- the machine ----------------------------------------------------------------------------

DEPS     = $(shell sed 's/\#.*//' tests/deps)
DEPS_XEN = $(shell sed 's/\#.*//' tests/xen/deps)

deps:
	tests/install-deps $(DEPS)

deps-xen:
	tests/install-deps $(DEPS_XEN)

clean:
	rm -rf $(B)/src $(B)/tests $(B)/results $(B)/vifpin $(B)/asan

.PHONY: deps deps-xen clean

-include $(wildcard $(B)/src/*.d $(B)/tests/*.d)
