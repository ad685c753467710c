"""Imports what every proof needs, and collects the scenarios once, before a proof is forked.

Only multiprocessing's fork server imports this module. Nothing else may: it runs pytest.
"""

from __future__ import annotations

import gc
import io
import os
import threading
from contextlib import redirect_stderr, redirect_stdout

import pytest

from acceptance.project import ROOT
from controls.proof import PLAIN, die_with_parent

die_with_parent()
os.chdir(ROOT)
with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
    pytest.main(["--collect-only", *PLAIN, "features"])
if threading.active_count() > 1:
    raise RuntimeError(f"No process can be forked beside {threading.enumerate()}.")
gc.collect()
gc.freeze()
