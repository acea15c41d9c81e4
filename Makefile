# SPDX-License-Identifier: GPL-2.0
# `make help` lists the targets.  The kernel builds the module from ./Kbuild.

# Where the kernel's build files are.  Empty if the running kernel has none
# here: then Debian's stock kernel is used, installed if it is missing.
KDIR ?= $(wildcard /lib/modules/$(shell uname -r)/build)
PREFIX ?= /usr/local
DESTDIR ?=
DEB_DIR ?= ..
VERSION := $(shell sh kmod/version.sh)
dkms_src = $(DESTDIR)/usr/src/svcnat-$(VERSION)

all: module tools

help:
	@echo 'make                build the module, svcctl and svcnatd'
	@echo '                    KDIR=DIR builds for the kernel whose build files are in DIR'
	@echo 'make module         build the module only'
	@echo 'make tools          build svcctl and svcnatd only'
	@echo 'make install        install all of them; DESTDIR=DIR and PREFIX=DIR as usual'
	@echo 'make uninstall      remove what make install has installed, for every kernel'
	@echo 'make dkms-install   install the source and have DKMS build it for every kernel'
	@echo 'make dkms-uninstall remove that again'
	@echo 'make dist           pack the source, with its version, into DEB_DIR=DIR (..)'
	@echo 'make deb            build the packages svcnat-dkms, svcnat-tools, svcnatd there'
	@echo 'make demo           show svcnat at work in a virtual machine'
	@echo 'make check          run all tests that must hold before a change lands'
	@echo 'make check-long     run the tests that take longer'
	@echo 'make fuzz           fuzz the packet code, the tables and what the agent makes of'
	@echo '                    objects, in user space'
	@echo '                    MINUTES=N for so long in all, 60 if not given'
	@echo 'make fuzz-netlink   fuzz the netlink interface in a virtual machine'
	@echo 'make stress         change, flood and starve it for an hour or two'
	@echo 'make soak           watch an ordinary day for what grows'
	@echo '                    MINUTES=N for so long, 60 if not given'
	@echo 'make mutate         show for each of many small faults which test notices it;'
	@echo '                    ONLY="NAME..." tries these alone'
	@echo 'make detectors      show that KASAN, the leak check, lockdep and the balance of'
	@echo '                    counters are awake, by a build with a bug for each'
	@echo 'make coverage       which lines of the module the tests reach in the kernel'
	@echo 'make kcsan          look for data races of the module'
	@echo 'make bench          measure svcnat and what else there is, for hours;'
	@echo '                    QUICK=1 in ten minutes, less exactly'
	@echo 'make clean          remove what was built in this directory'

# kdir is asked for in the recipe, because it may install a kernel.
kdir = kdir='$(KDIR)'; [ -n "$$kdir" ] || kdir=$$(tests/vm/kernel stock)/build

module:
	@tests/deps build
	$(kdir) && $(MAKE) -C "$$kdir" M='$(CURDIR)' modules

tools:
	@tests/deps build
	$(MAKE) -C tools

install: all
	$(kdir) && $(MAKE) -C "$$kdir" M='$(CURDIR)' \
		$(if $(DESTDIR),INSTALL_MOD_PATH='$(DESTDIR)') modules_install
	$(MAKE) -C tools install DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)'

# Whichever directory each kernel has for modules that are not its own.
uninstall:
	$(MAKE) -C tools uninstall DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)'
	for ko in '$(DESTDIR)'/lib/modules/*/extra/svcnat.ko* \
		  '$(DESTDIR)'/lib/modules/*/updates/svcnat.ko*; do \
		[ -e "$$ko" ] || continue; \
		rm -f "$$ko" "$${ko%.ko*}_kunit.ko$${ko##*.ko}"; \
		dir=$${ko%/*/*}; \
		depmod $(if $(DESTDIR),-b '$(DESTDIR)') "$${dir##*/}"; \
	done

# Without the unit tests, for which Kbuild looks.
dkms-install:
	rm -rf '$(dkms_src)'
	install -d '$(dkms_src)'
	cp -r Kbuild kmod '$(dkms_src)'
	rm -rf '$(dkms_src)/kmod/tests'
	sed -i 's/^\(#define SVCNAT_VERSION\) .*/\1 "$(VERSION)"/' \
		'$(dkms_src)/kmod/version.h'
	find '$(dkms_src)' -type f ! -name '*.[ch]' ! -name Kbuild -delete
	sed 's/#MODULE_VERSION#/$(VERSION)/' dkms.conf > '$(dkms_src)/dkms.conf'
	$(if $(DESTDIR),,dkms install --force svcnat/$(VERSION))

dkms-uninstall:
	$(if $(DESTDIR),,dkms remove svcnat/$(VERSION) --all)
	rm -rf '$(dkms_src)'

dist:
	@debian/pack '$(DEB_DIR)'

deb:
	@tests/deps build deb
	@debian/pack -b '$(DEB_DIR)'

demo:
	@tests/deps build stock vm test
	tests/vm/run tests/demo.sh

check:
	@tests/check 2>&1

check-long:
	@tests/check --long 2>&1

fuzz:
	@tests/fuzz/run $(or $(MINUTES),60)

fuzz-netlink:
	@tests/nl/fuzz $(MINUTES)

stress:
	@tests/check --stress 2>&1

soak:
	@tests/deps build stock vm test
	s=$$((60 * $(or $(MINUTES),60))); SVCNAT_SECONDS=$$s tests/vm/run -t $$((s * 2 + 600)) tests/stress/soak.sh

mutate:
	@tests/deps build stock kernel vm test
	@tests/mutate/run $(ONLY)

# Those of the faults that only a detector may notice.
detectors:
	@tests/deps build stock kernel vm test
	@tests/mutate/run used-after-free stale-pointer refused-leaked \
		locks-crossed unbalanced

coverage:
	@tests/coverage/run

kcsan:
	@tests/check --kcsan 2>&1

bench:
	@tests/bench/run $(if $(QUICK),--quick)

clean:
	[ ! -e Kbuild ] || { $(kdir) && $(MAKE) -C "$$kdir" M='$(CURDIR)' clean; }
	[ ! -e tools/Makefile ] || $(MAKE) -C tools clean

.PHONY: all help module tools install uninstall dkms-install dkms-uninstall \
	dist deb demo check check-long fuzz fuzz-netlink stress soak mutate \
	detectors coverage kcsan bench clean
