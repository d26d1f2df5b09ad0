# What CI runs, and the pieces of it. `make setup` first; then `.venv/bin/just check`.

py := ".venv/bin/python"

# everything that must hold before a commit
check: format lint floors types docs page test

# the formatting is the formatter's
format:
    {{py}} -m ruff format --check src tests bench hatch_build.py

lint:
    {{py}} -m ruff check src tests bench hatch_build.py

# the import contracts of pyproject.toml
floors:
    .venv/bin/lint-imports --no-logo

types:
    {{py}} -m pyright --pythonpath .venv/bin/python src

# the change log's fragments are well-formed
docs:
    {{py}} -m towncrier build --draft --version check > /dev/null

# the page's own types, words and tests
page:
    {{py}} scripts/npm.py run check
    {{py}} scripts/npm.py run words
    {{py}} scripts/npm.py test

# the suite, two files at a time: much of it waits for a deadline or for a browser
test *ARGS:
    {{py}} -m pytest -n 2 --dist loadfile {{ARGS}}

cover:
    {{py}} -m coverage erase
    {{py}} -m coverage run -m pytest
    {{py}} -m coverage combine --quiet
    {{py}} -m coverage report --skip-covered --fail-under=85
