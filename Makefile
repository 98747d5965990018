# The one place for commands. `make` alone lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps
BIN_DIR ?= $(HOME)/.local/bin
PROTOS := $(shell find protos/podium protos/vendor -name '*.proto' 2>/dev/null)
WEB := clients/web
WEB_SOURCES := $(shell find $(WEB)/src $(WEB)/tools -type f -not -path '*/gen/*' -not -path '*/gen.new/*' 2>/dev/null) \
  $(WEB)/index.html $(WEB)/vite.config.ts $(WEB)/tsconfig.json
# Without Node everything but the web interface works.
NODE := $(shell command -v npm 2>/dev/null)
NO_NODE := echo "Node is missing (20 or newer): the web interface is not built and its tests are skipped"
# The one tool that pip itself installs; everything else comes by it, hashed.
UV_VERSION := $(shell sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements/dev.txt)

.PHONY: help setup protos demo test web test-web soak check fmt types install stubs reasons release-protos bench-start bench-gateway bench-events bench-maestro bench-pods bench-web lock clean

help: ## Show this list.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1|/' | column -t -s '|'

$(STAMPS)/venv: requirements/dev.txt pyproject.toml
	@echo "setting up $(VENV) (once)"
	@command -v $(PYTHON) >/dev/null || { echo "python3 (3.11 or newer) is needed"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r <(sed -n '/^uv==/,/^[^ ]/p' requirements/dev.txt | sed -n '1,/[^\\]$$/p')
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/protos: $(STAMPS)/venv $(PROTOS)
	@rm -rf protos/gen.new && mkdir -p protos/gen.new
	@$(BIN)/python -m grpc_tools.protoc -Iprotos/vendor -Iprotos \
	  --plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy --plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc \
	  --python_out=protos/gen.new --grpc_python_out=protos/gen.new \
	  --mypy_out=quiet:protos/gen.new --mypy_grpc_out=quiet:protos/gen.new \
	  $(patsubst protos/vendor/%,%,$(patsubst protos/podium/%,podium/%,$(PROTOS)))
	@for area in protos/gen.new/buf protos/gen.new/podium/*; do touch $$area/py.typed; done
	@rm -rf protos/gen && mv protos/gen.new protos/gen
	@mkdir -p $(STAMPS) && touch $@

setup: $(STAMPS)/protos ## Make .venv and the stubs.

protos: $(STAMPS)/protos ## Build the stubs into protos/gen.

demo: setup ## Run the main job on the sample repository, live.
	@$(BIN)/python -m podium.cli.demo

$(STAMPS)/web-packages: $(WEB)/package-lock.json
	@echo "fetching the packages of the web interface (once)"
	@cd $(WEB) && npm ci --silent --no-progress
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/web-stubs: $(STAMPS)/venv $(STAMPS)/web-packages $(PROTOS) $(WEB)/tools/generate.sh
	@$(WEB)/tools/generate.sh
	@touch $@

$(STAMPS)/web: $(STAMPS)/web-stubs $(WEB_SOURCES)
	@cd $(WEB) && npm run --silent build
	@touch $@

web: $(if $(NODE),$(STAMPS)/web) ## Build the web interface into the gateway (needs Node).
	@$(if $(NODE),:,$(NO_NODE))

test-web: $(if $(NODE),$(STAMPS)/web-stubs) ## Run the tests of the web interface's store and pages.
	@$(if $(NODE),cd $(WEB) && npm run --silent test,$(NO_NODE))

test: setup web test-web ## Run every test.
	@$(BIN)/python -m pytest -m "not soak" -n 2 --dist loadgroup

soak: setup ## Run the long tests (many rounds of the kill tests; not part of CI).
	@$(BIN)/python -m pytest -m soak --timeout 3600

check: setup ## Lint, formats, types, import contracts, protos, deployment files.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/buf lint
	@protos/tools/breaking.sh
	@$(BIN)/buf format --diff --exit-code --path protos/podium
	@$(BIN)/hadolint deploy/Dockerfile
	@! docker compose version >/dev/null 2>&1 || docker compose -f deploy/compose.yaml config --quiet

fmt: setup ## Format everything.
	@$(BIN)/ruff check --fix -q . || true
	@$(BIN)/ruff format -q .
	@$(BIN)/buf format -w --path protos/podium

types: setup ## Types only.
	@$(BIN)/mypy

stubs: setup ## Stubs for other languages: make stubs LANG=typescript (or go, python).
	@protos/tools/stubs.sh "$(LANG)"

reasons: setup ## Write the client's exceptions anew from error_reason.proto.
	@$(BIN)/python protos/tools/error_classes.py

release-protos: setup ## Take the protos as they are for the last release, against which `make check` holds later ones.
	@$(BIN)/buf build --exclude-source-info -o protos/released.binpb

install: setup ## Put `podium` on PATH (~/.local/bin, or BIN_DIR).
	@mkdir -p "$(BIN_DIR)" && ln -sf "$(CURDIR)/$(BIN)/podium" "$(BIN_DIR)/podium"
	@echo "podium is installed: $(BIN_DIR)/podium"
	@case ":$$PATH:" in *":$(BIN_DIR):"*) ;; *) echo "add it to PATH:  export PATH=\"$(BIN_DIR):\$$PATH\"" ;; esac

bench-start: setup ## Measure start-up time, memory and idle CPU of all services.
	@$(BIN)/python -m bench.start

$(STAMPS)/bench-venv: requirements/bench.txt | $(STAMPS)/venv
	@echo "setting up .bench-venv: the peers (once)"
	@test -x .bench-venv/bin/python || $(PYTHON) -m venv .bench-venv
	@$(BIN)/uv pip install --quiet --python .bench-venv/bin/python --require-hashes -r requirements/bench.txt \
	  || echo "some peers could not be installed: they are left out"
	@mkdir -p $(STAMPS) && touch $@

bench-events: setup $(STAMPS)/bench-venv ## Measure the event store beside UmaDB, eventsourcing and Redis (five minutes).
	@$(BIN)/python -m bench.events

$(STAMPS)/bench-restate: | $(STAMPS)/bench-venv
	@DO_NOT_TRACK=1 npm install --silent --no-audit --no-fund --ignore-scripts --prefix .bench-venv @restatedev/restate-server@1.7.12 \
	  || echo "without Restate: bench-pods leaves it out"
	@mkdir -p $(STAMPS) && touch $@

bench-pods: setup $(STAMPS)/bench-venv $(STAMPS)/bench-restate ## Measure the pod-manager beside Restate and DBOS (five minutes).
	@$(BIN)/python -m bench.pods

bench-gateway: setup ## Measure what the gateway adds to a call, and 200 open watches.
	@$(BIN)/python -m bench.gateway

bench-runner: setup ## Measure launches, fifty worktrees at once, and terminals with twenty viewers.
	@$(BIN)/python -m bench.runner

bench-maestro: setup ## Measure mutations, a cache's full sync, and the way of a change to 100 watching clients.
	@$(BIN)/python -m bench.maestro

bench-web: setup web ## Measure the web interface in a real browser: first load, commit to visible, scrolling, memory.
	@$(BIN)/python -m bench.web

lock: ## Pin the dependencies anew, with hashes.
	@for f in runtime dev bench; do $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header requirements/$$f.in -o requirements/$$f.txt; done

clean: ## Remove everything that was built.
	@rm -rf $(VENV) .bench-venv $(STAMPS) protos/gen .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist build
