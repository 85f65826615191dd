# Everything a developer types. The toolchain (Bun) comes from npm with the other dependencies; nothing is installed globally.
BUN     := node_modules/.bin/bun
DEPS    := node_modules/.installed
SOURCES := $(shell find src runtime -type f 2>/dev/null) scripts/build.ts package.json tsconfig.json
# The API's own description, where it is at hand: `make check` holds every shape against it.
REFERENCE ?= ../shared/reference/lambda-api.json
VERSION := $(shell sed -n 's/.*"version": "\(.*\)".*/\1/p' package.json | head -n 1)

.DEFAULT_GOAL := help
.PHONY: help run build check format test bench dist clean

help: ## Show this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

run: dist/lambent ## Build the executable if anything changed, and serve on 127.0.0.1:4566 with data in ./.lambent
	@exec dist/lambent serve --data-dir ./.lambent $(ARGS)

build: dist/lambent ## Build dist/lambent for this machine

# The build renames it into place when it is whole, so there is never a half of it for make to delete.
.PRECIOUS: dist/lambent
dist/lambent: $(DEPS) $(SOURCES)
	@$(BUN) scripts/build.ts --outfile dist/lambent

dist: $(DEPS) ## Cross-compile dist/lambent-<os>-<arch> for every supported target
	@$(BUN) scripts/build.ts --all-targets

check: $(DEPS) ## Format, lint, types, architecture: green at every commit
	@node_modules/.bin/biome check --error-on-warnings .
	@node_modules/.bin/tsc --noEmit -p tsconfig.json
	@$(BUN) test --only-failures test/architecture.test.ts
	@if [ -f $(REFERENCE) ]; then $(BUN) scripts/check-shapes.ts $(REFERENCE); fi

format: $(DEPS) ## Rewrite the files as `make check` wants them
	@node_modules/.bin/biome check --write .

test: dist/lambent ## Pass all tests, the end-to-end ones against dist/lambent
	@$(BUN) scripts/test.ts

bench: dist/lambent ## Measure the figures that the README quotes, against a bare Bun.serve echo
	@$(BUN) bench/main.ts

clean: ## Remove what the targets made (not the data in ./.lambent)
	rm -rf dist node_modules

# `npm ci` installs exactly what package-lock.json names. Newer npm versions do not run install scripts unasked; Bun's own puts
# its executable in place, so it is run here by name.
$(DEPS): package.json package-lock.json
	@echo "Installing the toolchain and dependencies (npm ci)"
	@npm ci --no-audit --no-fund --loglevel=error
	@$(BUN) --version >/dev/null 2>&1 || (cd node_modules/bun && node install.js)
	@$(BUN) --version >/dev/null
	@touch $@
