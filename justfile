# Daily tasks: `just` lists them. https://just.systems

_list:
    @just --list

# The environment of the lock, with everything that the tests can use
setup:
    uv sync --locked --extra jax --extra cluster --extra server --extra onnx --group docs --group browser

# Tests: all, or those of a folder, such as `just test tests/data`
test *paths:
    uv run pytest {{paths}}

# Style, types, and the imports between rooms
lint:
    uv run ruff check
    uv run ruff format --check
    uv run mypy
    uv run lint-imports

# The documentation as a site, in site/
docs:
    uv run --group docs sphinx-build --fail-on-warning docs site

# Everything that must hold before a change lands
ci:
    bash .ci/run
