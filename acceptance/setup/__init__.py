"""Installs everything that the suite needs, by the standard library alone.

`python3 -m acceptance.setup python npm go` makes .venv from requirements.txt, installs the npm
packages and builds the locked Go programs; `… checkov semgrep` makes environments for scanners
that do not fit into .venv; `… host` installs the programs of the embedded cluster and a browser; `…
browser` installs a browser alone. Each prints what it installs, asks no questions, and does nothing
when all is installed.
"""
