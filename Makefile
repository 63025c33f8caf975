# Image Pro. `make` alone explains itself.

# Settings of make run and make demo, such as: make run PHOTOS=~/Pictures PORT=7072
PHOTOS ?=
PORT   ?=
KILL   ?=
KIND   ?=
LOG    ?=
# Packages for make test and make bench, such as: make test PKG=./handler/bulk
PKG    ?= ./...

GO      ?= go
VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo dev)
AZURITE := handler/dev/azurite/node_modules/.package-lock.json
PEER    := handler/dev/peer/node_modules/.package-lock.json
WEB     := handler/web/node_modules/.package-lock.json
DEPLOY  := handler/dev/deploy/node_modules/.package-lock.json
TAB     := handler/web/dist/index.html
DEVFLAGS = $(if $(PHOTOS),-photos "$(PHOTOS)") $(if $(PORT),-port $(PORT)) $(if $(KILL),-kill) $(if $(KIND),-kind) $(if $(LOG),-log)

# libjpeg-turbo is linked in, statically, where its library and a C compiler are. Without it the standard library does
# its work, three times slower. TURBO=0 leaves it out.
TURBO  ?= 1
TRY_TURBO = printf '\#include <stdio.h>\n\#include <turbojpeg.h>\nint main(void) { return !tjInitCompress(); }' | \
	cc -x c - -o /dev/null -l:libturbojpeg.a -lm 2>/dev/null
HAS_TURBO = $(if $(filter-out 0,$(TURBO)),$(shell $(TRY_TURBO) && echo yes))
# The resampler has a form for vector instructions, which Go 1.26 has as an experiment; it makes the same bytes.
GOENV = GOEXPERIMENT=simd $(if $(HAS_TURBO),CGO_ENABLED=1 GOFLAGS="$$GOFLAGS -tags=turbo$(comma)netgo$(comma)osusergo")
comma := ,

.DEFAULT_GOAL := help
.PHONY: help build run demo test check fuzz quality bench load people chaos bench-bulk package clean azurite need-go need-node turbo test-tab bench-tab teams-package check-package check-deploy sbom chromium

help: ## show this list
	@echo "Image Pro: pictures of SharePoint libraries, shown and edited, one at a time or thousands at once"
	@echo
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  make run takes PHOTOS=folder (photographs of your own), PORT=7071, KILL=1 (kill the handler half-way),"
	@echo "  KIND=1 (no throttling and no broken connections), LOG=1. make test and make bench take PKG=./handler/bulk."

build: need-go turbo $(TAB) ## build the tab and the program and lay out build/app, which the Functions host runs as it is
	@mkdir -p build/app
	@find build/app -mindepth 1 -maxdepth 1 ! -name handler -exec rm -rf {} +
	$(GOENV) $(if $(HAS_TURBO),,CGO_ENABLED=0) $(GO) build -trimpath \
		-ldflags "-s -w -X imagepro/handler/app.Version=$(VERSION) $(if $(HAS_TURBO),-linkmode external -extldflags -static)" -o build/app/handler ./handler
	@cp host.json build/app/ && cp -r functions/* build/app/

run: build azurite ## edit 24 photographs in bulk and watch, then keep serving and print commands to try
	@$(GO) run ./handler/dev $(DEVFLAGS) run

demo: build azurite ## the same, then end: 0 only if every photograph was verified
	@$(GO) run ./handler/dev $(DEVFLAGS) demo

test: need-go azurite turbo $(TAB) $(DEPLOY) ## run all tests
	$(GOENV) $(GO) test -timeout 20m $(PKG)
	$(if $(filter ./...,$(PKG)),@$(MAKE) --no-print-directory test-tab)

test-tab: build azurite chromium ## test the tab: its logic, and everything it does in a real browser
	@cd handler/web && npx --no-install vitest run --dir test --reporter dot
	@$(GOENV) $(GO) run ./handler/dev $(DEVFLAGS) browser

bench-tab: build azurite chromium ## how quick the tab is in Chromium: paint, thumbnails, scrolling through 5,000 pictures
	@$(GOENV) $(GO) run ./handler/dev $(DEVFLAGS) $(if $(IMAGES),-images $(IMAGES)) bench-tab

check: need-go azurite turbo $(TAB) $(DEPLOY) ## what a change must pass: format, vet, staticcheck, tidy, tests with the race detector
	@out=$$(gofmt -l handler); test -z "$$out" || { echo "not formatted by gofmt:"; echo "$$out"; exit 1; }
	$(GOENV) $(GO) vet ./...
	$(GOENV) $(GO) tool staticcheck ./...
	$(GO) mod tidy -diff
	$(GOENV) $(GO) test -race -timeout 40m $(PKG)

fuzz: need-go turbo ## try random input on every decoder and parser, one after another, a minute each (TIME=10m); ends at a finding
	@set -e; grep -ro --include='*_test.go' '^func Fuzz[A-Za-z0-9]*' handler | sort | while IFS=: read -r file target; do \
		target=$${target#func }; echo "fuzz: $$target of ./$${file%/*}"; \
		$(GOENV) $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(or $(TIME),60s) "./$${file%/*}" </dev/null; \
	done

quality: need-go turbo $(PEER) ## compare results with sharp's, and check that they are as near as they were
	$(GOENV) $(GO) test -count 1 -v -run Quality ./handler/dev/peer

bench: need-go azurite turbo $(PEER) ## measure; half an hour for all of it
	$(GOENV) $(GO) test -timeout 2h -run '^$$' -bench . -benchtime 5x $(PKG)

load: build azurite ## what the main routes bear at 50 and 200 connections, 30 s each (TIME=5s), beside a bare handler
	@$(GO) run ./handler/dev $(DEVFLAGS) $(if $(TIME),-time $(TIME)) load

people: build azurite ## 50 people at work for ten minutes (TIME=1m) on a sandbox that throttles, fails and breaks connections
	@$(GO) run ./handler/dev $(DEVFLAGS) $(if $(TIME),-time $(TIME)) people

chaos: build azurite ## edit 500 images in bulk while everything breaks around it (SEED=7, IMAGES=1000); 0 only if each was edited once
	@$(GO) run ./handler/dev $(DEVFLAGS) $(if $(SEED),-seed $(SEED)) $(if $(IMAGES),-images $(IMAGES)) chaos

bench-bulk: build azurite ## what an image of a bulk edit costs, of 100 and of 10,000 (IMAGES=2000), beside engine and bare calls
	@$(GOENV) $(GO) run ./handler/dev $(DEVFLAGS) $(if $(IMAGES),-images $(IMAGES)) bench-bulk

package: build ## make build/image-pro.zip for deployment
	@$(GO) run ./handler/dev pack

check-package: package azurite ## make that zip, and do the main job with nothing but what is in it
	@$(GOENV) $(GO) run ./handler/dev $(DEVFLAGS) check-package

check-deploy: $(DEPLOY) ## check the Bicep files and the queries of alerts and workbook in handler/deploy, as far as that can be done here
	@node handler/dev/deploy/check.mjs

sbom: need-go need-node $(WEB) ## make build/sbom.json and build/sbom-tab.json, the bills of materials, and check the licences in them
	@mkdir -p build
	@$(GOENV) $(if $(HAS_TURBO),,CGO_ENABLED=0) $(GO) run ./handler/dev sbom

teams-package: need-go $(WEB) ## make build/teams.zip, the app package for Teams (IMAGEPRO_APP_DOMAIN=pictures.contoso.com, or local.settings.json)
	@$(GOENV) $(GO) run ./handler/dev teams

clean: ## remove what was built and installed here
	rm -rf build handler/dev/azurite/node_modules handler/dev/peer/node_modules handler/dev/deploy/node_modules handler/web/node_modules handler/web/dist/assets $(TAB)

azurite: need-node $(AZURITE)

$(AZURITE) $(PEER) $(WEB) $(DEPLOY): %/node_modules/.package-lock.json: %/package-lock.json | need-node
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# The tab: its types come from the document of the API, so what the API is made of is among what it is built from.
$(TAB): $(WEB) $(shell find handler/web/src handler/web/public handler/web/index.html handler/web/*.json handler/web/*.ts handler/api/*.go -type f 2>/dev/null)
	@mkdir -p build
	@$(GOENV) $(GO) run ./handler/dev openapi > build/openapi.json
	@cd handler/web && npx --no-install openapi-typescript ../../build/openapi.json -o src/api/schema.d.ts >/dev/null && \
		npx --no-install tsc --noEmit && npx --no-install vite build --logLevel warn
	@touch $@

turbo:
	@test "$(TURBO)" = 0 || test -n "$(HAS_TURBO)" || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
		{ apt-get -qq -o Acquire::Retries=0 -o Acquire::http::Timeout=10 update; \
		apt-get -qq -o Acquire::Retries=0 -o Acquire::http::Timeout=10 install -y --no-install-recommends gcc libc6-dev libturbojpeg0-dev libimage-exiftool-perl; } >/dev/null 2>&1; } || \
		echo "JPEG files will take three times as long: for libjpeg-turbo, apt-get install gcc libc6-dev libturbojpeg0-dev"

chromium:
	@command -v "$${CHROMIUM:-chromium}" >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
		{ apt-get -qq -o Acquire::Retries=0 -o Acquire::http::Timeout=10 update; apt-get -qq install -y --no-install-recommends chromium; } >/dev/null 2>&1; } || \
		echo "for tests of the tab in a browser: apt-get install chromium"

need-go:
	@command -v $(GO) >/dev/null || { echo "Go 1.26 or later is needed: https://go.dev/doc/install" >&2; exit 1; }

need-node:
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "Node.js 20 and npm are needed for Azurite, the storage emulator: apt-get install nodejs npm" >&2; exit 1; }
