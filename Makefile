# Image Pro. `make` alone explains itself.

# Settings of make run and make demo, such as: make run PHOTOS=~/Pictures PORT=7072
PHOTOS ?=
PORT   ?=
KILL   ?=
KIND   ?=
LOG    ?=
# Settings of make edit.
IN     ?=
OUT    ?=
RECIPE ?=
JSON   ?=
# Packages for make test and make bench, such as: make test PKG=./handler/bulk
PKG    ?= ./...
# AGAIN=1 runs the tests of the tab that passed before with the same files.
AGAIN  ?=

GO      ?= go
VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo dev)
AZURITE := handler/dev/azurite/node_modules/.package-lock.json
PEER    := handler/dev/peer/node_modules/.package-lock.json
WEB     := handler/web/node_modules/.package-lock.json
DEPLOY  := handler/dev/deploy/node_modules/.package-lock.json
TAB     := handler/web/dist/index.html
DEVFLAGS = $(if $(PHOTOS),-photos "$(PHOTOS)") $(if $(PORT),-port $(PORT)) $(if $(KILL),-kill) $(if $(KIND),-kind) $(if $(LOG),-log)

need  = GO=$(GO) TURBO=$(TURBO) sh handler/dev/tools/need.sh
step  = @sh handler/dev/tools/step.sh
once  = $(if $(FILE)$(shell $(need) skipped),,env AGAIN=$(AGAIN) sh handler/dev/tools/once.sh build/tab-tested)

# Everything that make compiles, runs and tests has these settings of the go command, so that every package is compiled
# once (the Graph SDK takes minutes) and tests are about the code that ships. For a shell: eval "$$(make -s env)".
#
# libjpeg-turbo is linked in, statically, where its library and a C compiler are. Without it the standard library does
# its work, three times slower. TURBO=0 leaves it out. The resampler has a form for vector instructions, which Go 1.26 has
# as an experiment; it makes the same bytes.
TURBO     ?= 1
HAS_TURBO  = $(eval HAS_TURBO := $$(if $$(filter-out 0,$$(TURBO)),$$(shell $(need) turbo && echo yes)))$(HAS_TURBO)
SETTINGS   = GOEXPERIMENT=simd CGO_ENABLED=$(if $(HAS_TURBO),1,0) \
	GOFLAGS="$(sort $(GOFLAGS) -trimpath $(if $(HAS_TURBO),-tags=turbo$(comma)netgo$(comma)osusergo))"
go         = env $(SETTINGS) $(GO)
dev        = $(go) run ./handler/dev $(DEVFLAGS)
LDFLAGS    = -s -w -X imagepro/handler/app.Version=$(VERSION) $(if $(HAS_TURBO),-linkmode external -extldflags -static)
COMPILING  = compiling (the first time about four minutes, for the Graph SDK)
comma     := ,

# The packages in which several things happen at once; the race detector looks at these.
RACE := ./handler/app ./handler/api ./handler/bulk ./handler/cloud/... ./handler/imaging/jpegcodec ./handler/invoke \
	./handler/library ./handler/middleware ./handler/org ./handler/schedule ./handler/tab ./handler/telemetry/... \
	./handler/dev/host ./handler/dev/sandbox/... ./handler/dev/stack

# npm packages come from the network while Go compiles.
MAKEFLAGS += -j2

.DEFAULT_GOAL := help
.PHONY: help build run demo edit test test-tab all-of-the-tab check race env fuzz quality bench bench-tab load people chaos bench-bulk \
	explore package check-package check-deploy sbom teams-package clean azurite need need-tests

help: ## show this list
	@echo "Image Pro: pictures of SharePoint libraries, shown and edited, one at a time or thousands at once"
	@echo
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  make run takes PHOTOS=folder (photographs of your own), PORT=7071, KILL=1 (kill the handler half-way),"
	@echo "  KIND=1 (no throttling and no broken connections), LOG=1. make test and make bench take PKG=./handler/bulk."

build: need $(TAB) ## build the tab and the program and lay out build/app, which the Functions host runs as it is
	@mkdir -p build/app
	@find build/app -mindepth 1 -maxdepth 1 ! -name handler -exec rm -rf {} +
	$(step) "building the program" $(go) build -ldflags "$(LDFLAGS)" -o build/app/handler ./handler
	@cp host.json build/app/ && cp -r functions/* build/app/

run: build azurite ## edit 24 photographs in bulk and watch, then keep serving and print commands to try
	@$(dev) run

demo: build azurite ## the same, then end: 0 only if every photograph was verified
	@$(dev) demo

edit: ## try a recipe on files of your own: IN=folder OUT=folder RECIPE=recipe.json (JSON=1 prints lines of JSON)
	@$(need) edit
	@$(go) build -o build/edit ./handler/dev/edit
	@build/edit -in "$(IN)" -out "$(OUT)" -recipe "$(RECIPE)" $(if $(JSON),-json)

test: need-tests azurite $(DEPLOY) $(PEER) $(TAB) ## run all tests; what is skipped stands at the end, and fails with CI=true
	$(if $(filter ./...,$(PKG)),@$(MAKE) --no-print-directory test-tab)
	@mkdir -p build
	$(step) "running the tests of the program" $(go) tool -modfile=handler/dev/tools/go.mod gotestsum --format pkgname \
		--jsonfile build/test.json -- -timeout 20m -parallel 4 $(PKG)
	@$(need) skipped
	@if [ "$(CI)" = true ] && grep -q '"Action":"skip".*"Test":' build/test.json; then \
		echo "CI: a test was skipped, for the reason above"; exit 1; fi

test-tab: build azurite need-tests ## test the tab: its types, its logic, and everything it does in a real browser
	@$(once) $(MAKE) --no-print-directory all-of-the-tab

all-of-the-tab:
	$(step) "checking the types of the tab" sh -c 'cd handler/web && npm run --silent check'
	$(step) "running the tests of the tab's logic" sh -c 'cd handler/web && npm run --silent test -- --reporter dot'
	$(step) "running the tests of the tab in Chromium" $(dev) browser $(FILE)

check: need-tests $(DEPLOY) $(TAB) ## what a change must pass besides make test: format, vet, staticcheck, tidy, and the linter of the tab
	@out=$$(gofmt -l handler); test -z "$$out" || { echo "not formatted by gofmt:"; echo "$$out"; exit 1; }
	$(step) "go vet" $(go) vet ./...
	$(step) "staticcheck" $(go) tool staticcheck ./...
	$(step) "go mod tidy -diff" $(go) mod tidy -diff
	$(step) "npm run lint" sh -c 'cd handler/web && npm run --silent lint'

race: need-tests azurite $(TAB) ## run the tests of the packages in which things happen at once, with the race detector
	$(step) "running tests with the race detector" env $(SETTINGS) CGO_ENABLED=1 $(GO) test -race -timeout 40m $(RACE)

env: ## print the settings of the go command, for a shell: eval "$$(make -s env)"
	@echo 'export $(SETTINGS)'

explore: need ## try orders of steps of bulk edits for TIME=1h, from seeds after the test's; SEED=7 shows the steps of one
	@EXPLORE_SEED=$(SEED) EXPLORE=$(or $(TIME),1h) $(go) test -count 1 -v -timeout 0 -run Keeps ./handler/dev/explore

fuzz: need ## try random input on every decoder and parser, one after another, a minute each (TIME=10m); ends at a finding
	@set -e; grep -ro --include='*_test.go' '^func Fuzz[A-Za-z0-9]*' handler | sort | while IFS=: read -r file target; do \
		target=$${target#func }; echo "fuzz: $$target of ./$${file%/*}"; \
		$(go) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(or $(TIME),60s) "./$${file%/*}" </dev/null; \
	done

quality: need $(PEER) ## compare results with sharp's, and check that they are as near as they were
	$(go) test -count 1 -v -run Quality ./handler/dev/peer

bench: need azurite $(PEER) ## measure; half an hour for all of it
	$(go) test -timeout 2h -run '^$$' -bench . -benchtime 5x $(PKG)

bench-tab: build azurite need-tests ## how quick the tab is in Chromium: paint, thumbnails, scrolling through 5,000 pictures
	@$(dev) $(if $(IMAGES),-images $(IMAGES)) bench-tab

load: build azurite ## what the main routes bear at 50 and 200 connections, 30 s each (TIME=5s), beside a bare handler
	@$(dev) $(if $(TIME),-time $(TIME)) load

people: build azurite ## 50 people at work for ten minutes (TIME=1m) on a sandbox that throttles, fails and breaks connections
	@$(dev) $(if $(TIME),-time $(TIME)) people

chaos: build azurite ## edit 500 images in bulk while everything breaks around it (SEED=7, IMAGES=1000); 0 only if each was edited once
	@$(dev) $(if $(SEED),-seed $(SEED)) $(if $(IMAGES),-images $(IMAGES)) chaos

bench-bulk: build azurite ## what an image of a bulk edit costs, of 100 and of 10,000 (IMAGES=2000), beside engine and bare calls
	@$(dev) $(if $(IMAGES),-images $(IMAGES)) bench-bulk

package: build ## make build/image-pro.zip for deployment
	@$(dev) pack

check-package: package azurite ## make that zip, and do the main job with nothing but what is in it
	@$(dev) check-package

check-deploy: $(DEPLOY) ## check the Bicep files and the queries of alerts and workbook in handler/deploy, as far as that can be done here
	@node handler/dev/deploy/check.mjs

sbom: need $(WEB) ## make build/sbom.json and build/sbom-tab.json, the bills of materials, and check the licences in them
	@mkdir -p build
	@$(dev) sbom

teams-package: need $(WEB) ## make build/teams.zip, the app package for Teams (IMAGEPRO_APP_DOMAIN=pictures.contoso.com, or local.settings.json)
	@$(dev) teams

clean: ## remove what was built and installed here
	rm -rf build handler/dev/azurite/node_modules handler/dev/peer/node_modules handler/dev/deploy/node_modules handler/web/node_modules handler/web/dist/assets $(TAB)

azurite: need $(AZURITE)

$(AZURITE) $(PEER) $(WEB) $(DEPLOY): %/node_modules/.package-lock.json: %/package-lock.json | need
	$(step) "installing npm packages for $*" sh -c 'cd $* && npm ci --no-audit --no-fund --loglevel=error >/dev/null'
	@touch $@

# The tab: its types come from the document of the API, so what the API is made of is among what it is built from.
build/openapi.json: $(wildcard handler/api/*.go) | need
	@mkdir -p build
	$(step) "$(COMPILING)" sh -c '$(go) run ./handler/dev openapi >$@.new && mv $@.new $@'

$(TAB): $(WEB) build/openapi.json $(shell find handler/web/src handler/web/public handler/web/index.html handler/web/*.json \
	handler/web/*.ts -type f 2>/dev/null)
	$(step) "building the tab" sh -c 'cd handler/web && \
		npx --no-install openapi-typescript ../../build/openapi.json -o src/api/schema.d.ts >/dev/null && \
		npx --no-install vite build --logLevel warn'
	@touch $@

need:
	@$(need) build

need-tests: need
	@$(need) test
