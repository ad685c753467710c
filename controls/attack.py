"""The controls of the penetration test."""

from __future__ import annotations

from controls.control import Control
from controls.sabotages import attack as do

_ITEM = "TASK-002-DOD-2"
_WAYS = "Nothing gets through by <attacks>"
_FUZZ = "Unexpected requests find no weakness in the service"
_SLOW = "Slow attackers are cut while visitors are served"
_STORED = "What an attacker stores is shown and never executed"
_GUESS = "No other visitor's checkout is found by guessing"

CONTROLS = (
    Control(
        _ITEM,
        f"{_WAYS} [forbidden methods]",
        do.every_method_welcome,
        r"PUT /: it got through, HTTP 200",
    ),
    Control(
        _ITEM,
        f"{_WAYS} [paths that lead outside]",
        do.an_alias_without_a_slash,
        r"/assets\.\./passwd: it got through, 'root:x:0:' was handed out",
    ),
    Control(
        _ITEM,
        f"{_WAYS} [forged hosts]",
        do.a_host_believed,
        r"Forwarded: it got through, attacker\.example is named in link",
    ),
    Control(
        _ITEM,
        f"{_WAYS} [injected header lines]",
        do.a_decoded_redirect,
        "in the path: it got through, the answer has a line x-injected",
    ),
    Control(
        _ITEM,
        f"{_WAYS} [requests hidden in others]",
        do.a_front_that_measures_otherwise,
        r"CL\.TE: it got through, '# HELP ' was handed out",
    ),
    Control(
        _ITEM,
        f"{_WAYS} [oversized requests]",
        do.no_limit_of_headers,
        "2000 header lines to the API: it got through, HTTP 200",
    ),
    Control(_ITEM, _FUZZ, do.a_service_that_crashes, r"Server error \(ST101\)"),
    Control(_ITEM, _FUZZ, do.a_service_that_tells_all, "Answers show the inside of the program: "),
    Control(
        _ITEM, _SLOW, do.no_limit_of_time, r"nothing at all, .*: \d+ of 10 connections are still"
    ),
    Control(_ITEM, _STORED, do.a_page_that_executes, "The page executed what was stored: executed"),
    Control(_ITEM, _GUESS, do.ids_that_are_counted, "Guessed ids lead to checkouts: "),
)
