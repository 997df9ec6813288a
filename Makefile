# Thin: each target is a line or two around what it names. `make demo` and `make test` work on a bare Debian 12 with Swift.

prefix ?= /usr/local
PEERS_PYTHON ?= .build-peers/venv/bin/python
sysconfdir ?= /etc
unitdir ?= /usr/lib/systemd/system
DESTDIR ?=

SWIFT ?= $(or $(shell command -v swift),$(wildcard /opt/swift/usr/bin/swift),$(wildcard /usr/libexec/swift/bin/swift))
# The packages of some sections of etc/debian-packages.
packages = $(foreach section,$(1),$(shell sed -n '/^\[$(section)\]/,/^\[/{/^[^[\#]/p}' etc/debian-packages))

.NOTPARALLEL:
.PHONY: demo build test test-debug test-release build-debug-tests run-debug-tests build-release-tests run-release-tests merges bench bench-peers bench-training lint deps deps-run deps-test deps-peers swift install uninstall clean

demo: swift deps-run build
	.build/release/claverd run etc/demo/claverd.yaml

# Swift's own libraries go into the program, so that it runs where no Swift is.
build: swift deps
	$(SWIFT) build -c release --static-swift-stdlib --product claverd

# Everything, as it is debugged and as it is shipped. What is shipped is built beside the other's tests, which leave a core idle.
test: build-debug-tests
	@mkdir -p .build-release
	$(MAKE) build-release-tests > .build-release/log 2>&1 & release=$$!; \
	$(MAKE) run-debug-tests || { kill $$release; exit 1; }; \
	wait $$release || { cat .build-release/log; exit 1; }
	$(MAKE) run-release-tests
test-debug: build-debug-tests run-debug-tests
test-release: build-release-tests run-release-tests

# The C kernels are optimised here too: without, they alone take longer than all tests.
build-debug-tests: swift deps-test merges
	$(SWIFT) build --build-tests -Xcc -O2
run-debug-tests:
	$(SWIFT) test --skip-build -Xcc -O2 --no-parallel

# A build of its own: testing changes how optimised modules are compiled.
build-release-tests: swift deps-test merges
	$(SWIFT) build -c release --build-tests $(for-release-tests)
	$(SWIFT) build -c release --product Benchmarks $(for-release-tests)
run-release-tests:
	$(SWIFT) test -c release --skip-build --no-parallel $(for-release-tests)
	Benchmarks/check-counts .build-release/release/Benchmarks
for-release-tests := --scratch-path .build-release -Xswiftc -enable-testing

# Without PyPI one test is skipped, and says so.
merges: deps-test
	-@Tests/fetch-clip-merges

bench: swift deps
	$(SWIFT) run -c release --static-swift-stdlib Benchmarks

# Training beside PyTorch; PYTHON has torch.
PYTHON ?= python3
bench-training: swift deps
	$(SWIFT) build -c release --static-swift-stdlib --product Benchmarks
	$(PYTHON) Benchmarks/peers/train.py ViT-Ti/16@64px --batch 32
	$(PYTHON) Benchmarks/peers/train.py ViT-B/32 --batch 2

# Against PyTorch, ONNX Runtime and OpenVINO; docs/performance.md has the outcome. GROUPS chooses, as "B-32x8 texts".
bench-peers: swift deps-peers $(PEERS_PYTHON)
	$(SWIFT) build -c release --static-swift-stdlib --product Benchmarks
	$(PEERS_PYTHON) Benchmarks/peers/bench_peers.py --ours .build/release/Benchmarks --results .build-peers \
	  --picture .build-peers/peers.svg $(GROUPS)

.build-peers/venv/bin/python: Benchmarks/peers/requirements.txt
	python3 -m venv .build-peers/venv
	$@ -m pip install -q -r $<
	touch $@

lint: swift
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests Benchmarks

deps: ; @packages="$(call packages,swift build)"; $(install-missing)
deps-run: ; @packages="$(call packages,swift build run)"; $(install-missing)
deps-peers: ; @packages="$(call packages,swift build peers)"; $(install-missing)
deps-test: ; @packages="$(call packages,swift build run test)"; $(install-missing)

# Says which packages are missing and installs them; touches nothing when all are there.
define install-missing
missing=""; \
for package in $$packages; do \
  dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || missing="$$missing $$package"; \
done; \
if [ -n "$$missing" ]; then \
  echo "Debian packages missing:$$missing"; \
  sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; \
  [ -z "$$sudo" ] || command -v sudo >/dev/null || { echo "there is no sudo; install them as root"; exit 69; }; \
  install="$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $$missing"; \
  $$install || { $$sudo apt-get update -q && $$install; }; \
fi
endef

swift:
	@test -n "$(SWIFT)" || { echo "Swift 6.3 is needed: https://www.swift.org/install/linux/ (Debian 12)," \
	  "then put it on PATH or in /opt/swift"; exit 69; }

# Installs what `make build` made.
install:
	install -Dsm755 .build/release/claverd $(DESTDIR)$(prefix)/bin/claverd
	install -d $(DESTDIR)$(unitdir) $(DESTDIR)$(prefix)/share/claverd/models/demo $(DESTDIR)$(prefix)/share/doc/claverd
	sed 's|/usr/bin/claverd|$(prefix)/bin/claverd|; s|/usr/share/doc|$(prefix)/share/doc|; s|/etc/claverd|$(sysconfdir)/claverd|' \
	  systemd/claverd.service > $(DESTDIR)$(unitdir)/claverd.service
	install -m644 etc/models/demo/* $(DESTDIR)$(prefix)/share/claverd/models/demo
	install -Dm644 -t $(DESTDIR)$(prefix)/share/claverd/demo etc/demo/claverd.yaml etc/demo/sample.mp4
	install -Dm644 -t $(DESTDIR)$(prefix)/share/claverd/systemd systemd/openblas-only.conf systemd/usb-camera.conf
	install -Dm644 -t $(DESTDIR)$(prefix)/share/doc/claverd README.md LICENSE etc/claverd.yaml docs/*.md docs/*.svg
	install -Dm644 -t $(DESTDIR)$(prefix)/share/doc/claverd/recipes etc/recipes/*.yaml
	test -e $(DESTDIR)$(sysconfdir)/claverd/claverd.yaml || \
	  install -Dm644 etc/claverd.yaml $(DESTDIR)$(sysconfdir)/claverd/claverd.yaml

# The configuration stays.
uninstall:
	rm -f $(DESTDIR)$(prefix)/bin/claverd $(DESTDIR)$(unitdir)/claverd.service
	rm -rf $(DESTDIR)$(prefix)/share/claverd $(DESTDIR)$(prefix)/share/doc/claverd

clean:
	rm -rf .build .build-release .build-peers
