"""`acceptance attest`: signs attestations and waivers, and lists what is due."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.cli.asking import given, passphrase
from acceptance.cli.command import Command
from acceptance.cli.signing import SigningRequest, sign_and_keep
from acceptance.errors import BrokenInput
from acceptance.readiness.attestation import load_statements
from acceptance.readiness.attestation.keys import new_key, trust_lines
from acceptance.readiness.attestation.overview import STATES, attestation_statuses
from acceptance.readiness.tracker import parse
from acceptance.settings import load_settings

if TYPE_CHECKING:
    import argparse

    from acceptance.settings import Settings

KEY_VARIABLE = "ACCEPTANCE_KEY"
_KEY_DAYS = 365
_EXAMPLES = """\
  acceptance attest --list
  acceptance attest --new-key ~/.config/checkout-acceptance/key.pem --person "Ada" --role reviewer
  acceptance attest TASK-001-DOD-1 --expires 90d --statement "I read every change since 1.2."
  acceptance attest TASK-002-DOD-2 --evidence docs/pentest.pdf --covers manifests --expires 90d
  acceptance attest TASK-002-DOD-3 --waive --reason "The audit is in May." \\
    --issue https://issues.example/42 --expires 2027-05-31"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("item", nargs="?", metavar="ITEM", help="an item of the tracker")
    add = parser.add_argument
    add("--statement", metavar="TEXT", help="what you say, in one line")
    add("--person", metavar="NAME", help="who you are (default: as trust.toml knows your key)")
    add(
        "--role",
        metavar="ROLE",
        action="append",
        help="the role in which you sign (default: the one that the item needs)",
    )
    add("--expires", metavar="90d", help="the last day: in days from now, or as 2027-05-31")
    add(
        "--evidence",
        metavar="FILE",
        action="append",
        default=[],
        help="what you looked at: a file of the repository, or a link as https://…#sha256=…",
    )
    add(
        "--covers",
        metavar="PATH",
        action="append",
        default=[],
        help="a path that must not change afterwards",
    )
    add("--commit", metavar="COMMIT", default="HEAD", help="what you looked at (default: HEAD)")
    add("--key", metavar="FILE", type=Path, help=f"your private key (default: ${KEY_VARIABLE})")
    add("--waive", action="store_true", help="decide to ship without the item")
    add("--reason", metavar="TEXT", help="of a waiver: why the release may go without it")
    add("--issue", metavar="LINK", help="of a waiver: where the work is tracked")
    add("--list", action="store_true", help="show what is due, expired, expiring and valid")
    add("--new-key", metavar="FILE", type=Path, help="make a key pair outside of the repository")


def _run(chosen: argparse.Namespace) -> int:
    settings = load_settings(Path.cwd())
    if chosen.list:
        return _list(settings)
    if chosen.new_key is not None:
        return _new_key(chosen, settings)
    if chosen.item is None:
        raise BrokenInput("Which item? Try: acceptance attest --list, or acceptance attest --help")
    text = chosen.reason if chosen.waive else chosen.statement
    if (chosen.reason or chosen.issue) and not chosen.waive:
        raise BrokenInput("--reason and --issue are of a waiver. Try: --waive, or --statement")
    if chosen.waive and (chosen.statement or chosen.evidence or chosen.covers):
        raise BrokenInput("A waiver has no statement, evidence or paths. Try: --reason and --issue")
    if chosen.role is not None and len(chosen.role) > 1:
        raise BrokenInput("Sign in one role only. Try: --role once")
    key = chosen.key or os.environ.get(KEY_VARIABLE)
    question = "The file with your private key"
    path = Path(given(str(key) if key else None, f"--key, or {KEY_VARIABLE}", question))
    request = SigningRequest(
        item=chosen.item,
        waive=chosen.waive,
        text=text,
        person=chosen.person,
        role=chosen.role[0] if chosen.role else None,
        expires=chosen.expires,
        evidence=tuple(chosen.evidence),
        covers=tuple(chosen.covers),
        commit=chosen.commit,
        issue=chosen.issue,
        key=path.expanduser(),
    )
    written = sign_and_keep(request, settings, _today())
    shown = os.path.relpath(written)
    print(f"Signed: {shown}")
    print(f"It counts once it is committed. Try: git add {shown}, and commit it")
    return 0


def _list(settings: Settings) -> int:
    tracker, now = parse(settings.tracker), dt.datetime.now(dt.UTC)
    limit = settings.timeouts.command
    found = load_statements(settings.attestations, tracker, settings.root, now, timeout=limit)
    lines = attestation_statuses(found, now.date())
    for line in lines:
        kind = "" if line.kind == "attestation" else "waiver by "
        print(f"{line.state:<9} {line.item:<16} {kind}{line.role}: {line.detail}")
    states = [line.state for line in lines]
    print(", ".join(f"{states.count(state)} {state}" for state in STATES))
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    return 0


def _new_key(chosen: argparse.Namespace, settings: Settings) -> int:
    person = given(chosen.person, "--person NAME", "Whose key is it")
    roles = chosen.role or [given(None, "--role ROLE", "In which role may they sign")]
    secret = passphrase("Passphrase for the private key (empty: none)")
    path = chosen.new_key.expanduser()
    public = new_key(path, settings.root, secret)
    today = _today()
    lines = trust_lines(public, person, roles, today, today + dt.timedelta(days=_KEY_DAYS))
    print(f"# The private key is in {path}. Never share it.", file=sys.stderr)
    print(f"# For {settings.attestations.name}/trust.toml, reviewed like code:", file=sys.stderr)
    print(lines, end="")
    return 0


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


COMMAND = Command(
    "attest",
    _run,
    about="Sign what no machine can decide, waive an item, or see what is due.",
    examples=_EXAMPLES,
    arguments=_arguments,
)
