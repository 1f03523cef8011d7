# Everything a newcomer types. `make run` and `make test` install what is missing first.
.PHONY: run serve test lint demo bench setup web api screens models health edge clean
PY := .venv/bin/python
export PYTHONUNBUFFERED := 1

run: setup ## Install what is missing, then serve
	@$(PY) -m server.cli welcome
	@$(MAKE) --no-print-directory serve

serve: ## Serve (everything installed already)
	@exec $(PY) -m server.cli serve

setup: ## Install Debian and Python packages, models and pages
	@scripts/bootstrap.sh run
	@$(PY) -m server.cli models install
	@scripts/build-web.sh

test: ## Lint, types and every test that is not slow
	@scripts/bootstrap.sh test
	@$(PY) -m server.cli models install
	@$(MAKE) --no-print-directory lint
	@scripts/build-web.sh test
	@scripts/run-tests.sh

lint: ## ruff, mypy --strict, the rooms' import contracts, shell scripts
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

demo: setup ## A real call from greeting to a human, on this machine
	@$(PY) -m server.cli demo

bench: setup ## Ear-to-ear latency over SIP and WebRTC
	@$(PY) -m benchmarks.latency --json var/latency.json

web: ## Build the pages
	@scripts/build-web.sh

api: ## Write the pages' API types (web/src/api/schema.d.ts) from the server's OpenAPI document
	@scripts/build-web.sh api

screens: web ## Take the pictures of docs/screens.md anew
	@WARMLINE_SCREENS=docs/screens $(PY) -m pytest -q tests/web_pages

models: ## Put model files in place
	@$(PY) -m server.cli models install

health: ## Ask the running server how it is
	@$(PY) -m server.cli health

edge: ## Run only Kamailio, for an app that is set to edge.kamailio = "external"
	@exec $(PY) -m server.cli edge

clean: ## Remove what can be made again (not data)
	@rm -rf .venv .uv web/node_modules web/dist .mypy_cache .ruff_cache .pytest_cache
