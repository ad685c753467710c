"""Reads the commands of a runbook, in blocks and in the text, and says what they may change."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_HERE = re.compile(r"<<-?\s*'?(\w+)'?[^\n]*\n(.*?)\n\1$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_QUOTED_BRACKETS = {"'('": "\N{LEFT CEILING}", "')'": "\N{RIGHT CEILING}"}
"""What find has as arguments, and the shell as its own when it is not in quotes."""
_ENDS = set("();|&")
_ASSIGNMENT = re.compile(r"^\w+=\$?$")
_READERS = {"awk", "cat", "date", "echo", "grep", "head", "jq", "sort", "tail", "tr", "true", "wc"}
_KUBECTL_READS = {"get", "describe", "logs", "top", "events", "wait", "explain", "version", "auth"}
_ROLLOUTS = {"status", "history", "restart", "undo"}
_KUBECTL_CHANGES = {"delete", "scale", "drain", "cordon", "patch", "apply", "exec", "rollout"}
_DELETED = {"pod", "serviceaccount", "rolebinding", "certificaterequest"}
"""Kinds of which one may be deleted that is named: another one is made, or it is a right."""
_ENDED = {"status.phase=Succeeded", "status.phase=Failed"}
_SQL = re.compile(r"^(?:SELECT|TABLE|SHOW|VACUUM|ANALYZE)\b(?!.*\b(?:FULL|INTO)\b)", re.DOTALL)
_SQL_WORDS = {"DROP", "DELETE", "TRUNCATE", "UPDATE", "ALTER", "INSERT", "GRANT", "REVOKE"}
_ENDING = re.compile(r"\bpg_(?:terminate|cancel)_backend\b")
_CHOSEN = re.compile(r"\bpg_locks\b|\bpg_blocking_pids\b|\bpid = ")
_FILES = re.compile(r"\.(?:dump|part)$")
_PROGRAMS = {"kubectl", "helm", "psql", "rm", "sh", "bash", "docker", "crictl", "systemctl", "kill"}


def inline_commands(text: str) -> list[str]:
    """Return what a page has as code in its sentences and tables that is a command or a part."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    spans = [
        child.content.strip()
        for token in tokens
        for child in token.children or ()
        if child.type == "code_inline"
    ]
    return [each for each in spans if _is_command(each)]


def _is_command(span: str) -> bool:
    first, *others = span.split() or [""]
    if first.startswith("--"):
        return True
    return first in _PROGRAMS or (bool(others) and first in _KUBECTL_CHANGES | _SQL_WORDS)


def harmful(commands: str) -> list[str]:
    """Return the commands that change more than a page may, each as it was understood.

    A page may read, start pods anew, go back to a release, give a workload pods, and delete one
    thing that it names. Whatever is not known to be harmless is returned.
    """
    text = _COMMENT.sub("", commands)
    faults = [sql for _, body in _HERE.findall(text) for sql in _harmful_sql(body)]
    try:
        found = list(_simple_commands(_HERE.sub("", text)))
    except ValueError as error:
        return [f"{commands.strip()} ({error})"]
    return faults + [" ".join(words) for words in found if not _is_harmless(words)]


def _simple_commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each command, without assignments; raises `ValueError` for a quote."""
    for plain, mark in _QUOTED_BRACKETS.items():
        text = text.replace(plain, mark)
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="();|&")
        lexer.whitespace_split = True
        lexer.commenters = ""
        words: list[str] = []
        for token in (*lexer, ";"):
            if set(token) <= _ENDS:
                if words := [each for each in words if not _ASSIGNMENT.match(each)]:
                    yield words
                words = []
            else:
                words.append(token)


def _is_harmless(words: Sequence[str]) -> bool:
    program, *others = words
    if program in _KUBECTL_CHANGES or program.startswith("--"):
        program, others = (
            "kubectl",
            list(words) if program in _KUBECTL_CHANGES else ["scale", *words],
        )
    if program == "xargs":
        inner = next((n for n, each in enumerate(others) if not each.startswith("-")), None)
        return inner is not None and _is_harmless(others[inner:])
    if program in _SQL_WORDS:
        return False
    return program in _READERS or (program == "kubectl" and _kubectl(others))


def _kubectl(words: Sequence[str]) -> bool:
    own, _, inner = _split(words, "--")
    plain: list[str] = []
    skip = False
    for each in own:
        if not skip and not each.startswith("-"):
            plain.append(each)
        skip = each in {
            "--namespace",
            "-n",
            "--field-selector",
            "--selector",
            "-l",
            "--output",
            "-o",
        }
    verb, *targets = plain or [""]
    if {"--force", "--now", "--grace-period=0"} & set(own):
        return False
    counts = [each.partition("=")[2] for each in own if each.startswith("--replicas")]
    harmless = {
        **dict.fromkeys(_KUBECTL_READS, True),
        "auth": targets[:1] == ["can-i"],
        "rollout": bool(targets) and targets[0] in _ROLLOUTS,
        "scale": bool(counts) and all(each.isdigit() and int(each) > 0 for each in counts),
        "patch": targets[:1] == ["certificate"],
        "delete": _deletes_little(own, targets),
        "exec": _inside(inner),
    }
    return harmless.get(verb, False)


def _deletes_little(words: Sequence[str], targets: Sequence[str]) -> bool:
    if "--field-selector" in words:  # pods that have ended
        chosen = words[words.index("--field-selector") + 1]
        return list(targets) == ["pods"] and chosen in _ENDED
    wide = any(each in {"--all", "-A", "--all-namespaces", "-l", "--selector"} for each in words)
    return len(targets) == 2 and targets[0] in _DELETED and not wide  # noqa: PLR2004 (kind, name)


def _inside(words: Sequence[str]) -> bool:
    """Whether a command is harmless that runs in a container."""
    program, *others = [*words, ""]
    if program in {"df", "ls", "cat"}:
        return True
    if program == "/bin/promtool":
        return others[0] == "query"
    if program == "find":
        return _finds(others)
    if program in {"sh", "bash"} and others[0] == "-c":
        inner = shlex.split(others[1])
        return _inside(inner[1:] if inner[:1] == ["exec"] else inner)
    if program == "psql":
        statements = [each.partition("=")[2] for each in others if each.startswith("--command=")]
        return not any(fault for each in statements for fault in _harmful_sql(each))
    return False


def _finds(words: Sequence[str]) -> bool:
    if "-delete" in words:
        return False
    if "-exec" not in words or words[words.index("-exec") + 1] == "ls":
        return True
    names = [words[n + 1] for n, each in enumerate(words) if each == "-name"]
    removes = list(words[words.index("-exec") + 1 :][:2]) == ["rm", "{}"]
    return removes and bool(names) and all(_FILES.search(each) for each in names)


def _harmful_sql(text: str) -> Iterator[str]:
    for each in filter(None, (part.strip() for part in text.split(";"))):
        if not _SQL.match(each.upper()) or (_ENDING.search(each) and not _CHOSEN.search(each)):
            yield " ".join(each.split())


def _split(words: Sequence[str], at: str) -> tuple[list[str], str, list[str]]:
    if at not in words:
        return list(words), "", []
    place = list(words).index(at)
    return list(words[:place]), at, list(words[place + 1 :])
