"""Installs what the suite needs, with nothing but the standard library.

`python3 -m acceptance.setup python` makes .venv from requirements.txt, `… frontend` installs the
frontend's packages, `… host` installs the programs of the embedded cluster and a browser. Each
does nothing when there is nothing to do, says what it installs, and needs no answer.
"""
