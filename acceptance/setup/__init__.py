"""Installs what the suite needs, with nothing but the standard library.

`python3 -m acceptance.setup python npm go` makes .venv from requirements.txt, installs the npm
packages and builds the Go programs that are locked; `… checkov` makes an environment for a scanner
that cannot live in .venv; `… host` installs the programs of the embedded cluster and a browser,
`… browser` a browser alone. Each does nothing when there is nothing to do, says what it installs,
and needs no answer.
"""
