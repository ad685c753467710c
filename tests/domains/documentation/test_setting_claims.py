from __future__ import annotations

import re
from pathlib import Path

import pytest

from acceptance.domains.documentation import SettingClaims, SettingsReviewer
from acceptance.domains.documentation.drivers.configured_settings import (
    ConfiguredSetting,
    read_settings,
)
from acceptance.domains.documentation.generated_tables import read_tables
from acceptance.domains.documentation.setting_claims import sentence_claims, table_claims
from acceptance.errors import SystemFailure
from acceptance.project import ROOT
from tests.domains.documentation.test_threat_model_review import a_reviewer
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

SETTINGS = (
    ConfiguredSetting("DATABASE_PORT", "a.yaml", value="5432"),
    ConfiguredSetting("LOG_LEVEL", "a.yaml", value="info"),
    ConfiguredSetting("SECRET_KEYS", "a.yaml", value="PASSWORD\nKEY\n"),
    ConfiguredSetting("PASSWORD", "a.yaml", used_by=("backend", "database"), required=True),
    ConfiguredSetting("NEXT", "a.yaml", used_by=(), required=False),
    ConfiguredSetting("POOL_SIZE", "c.py", default="8", least="1", most="100", required=False),
    ConfiguredSetting("timeouts.query", "s.py", default="10.0"),
    ConfiguredSetting("kubeconfig", "s.py", default=""),
    ConfiguredSetting("images", "s.py"),
)


def table(head: str, *rows: str) -> str:
    """A Markdown table."""
    rule = "| --- " * (head.count("|") + 1) + "|"
    return "\n".join((f"| {head} |", rule, *(f"| {row} |" for row in rows))) + "\n"


@pytest.mark.parametrize(
    ("head", "row", "said"),
    [
        ("key | value", "`DATABASE_PORT` | 5432", None),
        ("key | value", "`DATABASE_PORT` | `5432`", None),
        ("key | value", "`DATABASE_PORT` | 5433", "its value is said to be 5433, and is 5432"),
        ("Key | Value", "`LOG_LEVEL` | `debug`", "is said to be `debug`, and is info"),
        ("key | value", "`LOG_LEVEL` | see below", None),
        ("key | value", "`SECRET_KEYS` | `PASSWORD`, `KEY`", None),
        ("key | value", "`SECRET_KEYS` | `PASSWORD`", "and is PASSWORD, KEY"),
        ("variable | default", "`POOL_SIZE` | 8", None),
        ("variable | default", "`POOL_SIZE` | 80", "its default is said to be 80, and is 8"),
        ("variable | default | meaning", "`POOL_SIZE` | 8 | 1 to 100", None),
        ("variable | default | meaning", "`POOL_SIZE` | 8 | 1 to 10", "range .* 1 to 10, and is 1"),
        ("key | default in seconds", "`timeouts.query` | 10", None),
        ("key | default in seconds", "`timeouts.query` | 20", "and is 10.0"),
        ("key | default", "`kubeconfig` | none", None),
        ("key | default", "`kubeconfig` | `~/.kube`", "and is none"),
        ("key | default", "`images` | anything", None),
        ("key | used by", "`PASSWORD` | backend, database", None),
        ("key | used by", "`PASSWORD` | `database` and `backend`", None),
        ("key | used by", "`PASSWORD` | backend", "used by backend, and is by backend, database"),
        (
            "key | used by",
            "`PASSWORD` | no longer used; leave it empty",
            "and is by backend, d",
        ),
        ("key | used by", "`NEXT` | nobody", None),
        ("key | used by", "`NEXT` | backend", "and is by nobody"),
        ("key | used by | required", "`PASSWORD` | backend, database | yes", None),
        ("key | used by | required", "`PASSWORD` | backend, database | no", "; it is required"),
        ("key | used by | required", "`NEXT` | nobody | yes", "; it is not required"),
    ],
)
def test_tables_are_compared_with_the_configuration(head: str, row: str, said: str | None) -> None:
    """Values, defaults, ranges, users, and whether a setting is required."""
    faults = [each.fault for each in table_claims(table(head, row), SETTINGS) if each.fault]
    if said is None:
        assert faults == []
    else:
        assert len(faults) == 1
        assert re.search(said, faults[0])


def test_a_setting_that_is_gone_is_named() -> None:
    """The table of which it is a row has others that are there; a table of none is left."""
    rows = ("`DATABASE_PORT` | 5432", "`DATABASE_TLS` | on")
    faults = [each for each in table_claims(table("key | value", *rows), SETTINGS) if each.fault]
    assert [(each.setting, each.fault) for each in faults] == [
        ("DATABASE_TLS", "there is no such setting")
    ]
    assert list(table_claims(table("key | value", "`a` | 1"), SETTINGS)) == []
    assert list(table_claims(table("what | value", "`DATABASE_PORT` | 1"), SETTINGS)) == []


@pytest.mark.parametrize(
    "text",
    [
        "`PASSWORD` is no longer used; leave it empty.",
        "The variable `PASSWORD` is deprecated.",
        "`DATABASE_PORT` has no effect any more.",
        "`PASSWORD` is optional.",
        "- `LOG_LEVEL` is not used.\n",
        table("key | meaning", "`PASSWORD` | no longer used; leave it empty"),
        table("key | used by | meaning", "`PASSWORD` | backend, database | may be left empty"),
        "`DATABASE_PORT` is 5433.",
        "It waits for `timeouts.query` (default: 30), and then fails.",
        "`POOL_SIZE`=80 is right for it.",
        "`PASSWORD` wird nicht mehr verwendet.",
    ],
)
def test_a_sentence_that_misleads_is_named(text: str) -> None:
    """What is in use is said not to be, or to be another number."""
    assert any(each.fault for each in sentence_claims(text, SETTINGS))


@pytest.mark.parametrize(
    "text",
    [
        "`NEXT` is no longer used.",
        "`PASSWORD` is the password; the old one is no longer needed by anybody.",
        "The old `PASSWORD` of before the rotation is no longer accepted.",
        "`DATABASE_PORT` is 5432, and `POOL_SIZE` is 8.",
        "`kubeconfig` is optional.",
        "`timeouts.query` is 10 seconds.",
        "`LOG_LEVEL` is set to `info`.",
        table("key | meaning", "`PASSWORD` | of the user; the database sets it"),
        "```sh\nPASSWORD= is no longer used\n```\n",
    ],
)
def test_other_sentences_are_left(text: str) -> None:
    """What is true, and what is of something else."""
    assert [each.fault for each in sentence_claims(text, SETTINGS) if each.fault] == []


def test_this_repository_says_what_is_configured() -> None:
    """In every table and sentence, and in the tables that are made."""
    reviewer = SettingsReviewer(a_reviewer()._context)
    found = reviewer.compare_settings()
    reviewer.assert_tables_true(found)
    reviewer.assert_sentences_true(found)
    reviewer.assert_generated_current(found)
    assert {"docs/reference/system.md", "docs/reference/settings.md"} <= {
        each.page for each in found.tables
    }


def test_a_repository_without_a_table_proves_nothing(tmp_path: Path) -> None:
    """An empty list of claims is no sound documentation."""
    reviewer = SettingsReviewer(context_of(SYSTEM))
    empty = SettingClaims((), (), ())
    with pytest.raises(AssertionError, match="No page has a table of settings"):
        reviewer.assert_tables_true(empty)
    reviewer.assert_sentences_true(empty)
    assert read_tables(tmp_path) == {}


def test_manifests_and_code_say_what_is_configured() -> None:
    """Who uses a key of the Secret, and the defaults of the backend."""
    names = ["manifests/base/configmap.yaml", "manifests/base/backend.yaml"]
    names += ["manifests/base/database.yaml", "checkout/backend/checkout_backend/config.py"]
    found = read_settings(ROOT, names)
    password = [each for each in found if each.name == "DATABASE_PASSWORD" and each.used_by]
    assert password[0].used_by == ("backend", "database")
    assert password[0].required
    pool = next(each for each in found if each.name == "DATABASE_POOL_SIZE")
    assert (pool.default, pool.least, pool.most) == ("8", "1", "100")
    assert next(each for each in found if each.name == "METRICS").default == "on"


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    """A broken file is the system's, and no setting less."""
    (tmp_path / "manifests/base").mkdir(parents=True)
    (tmp_path / "manifests/base/a.yaml").write_text("kind: [")
    with pytest.raises(SystemFailure, match=r"manifests/base/a\.yaml cannot be read"):
        read_settings(tmp_path, ["manifests/base/a.yaml"])
    with pytest.raises(SystemFailure, match="A manifest cannot be read"):
        read_tables(tmp_path)
