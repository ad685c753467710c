"""What goes wrong with operating a system: one function for each mistake or accident."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from acceptance.domains.recovery.backup_and_restore import PAGE
from controls.deploy_fake import pretend, service

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from controls.saboteur import Saboteur

_STAGING = "manifests/overlays/staging/kustomization.yaml"
_SLOW = """
CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_sleep(0.8); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON checkouts FOR EACH ROW EXECUTE FUNCTION be_slow();
"""
_NO_LONGER_SLOW = "DROP FUNCTION IF EXISTS be_slow CASCADE"


def staging_without_ingress(saboteur: Saboteur) -> None:
    """Leave the ingress out of staging, because another team has the host there."""
    _patch_staging(saboteur, "Ingress", "checkout", {"$patch": "delete"})


def a_wrong_route_in_staging(saboteur: Saboteur) -> None:
    """Route staging's /api to the frontend."""
    path = saboteur.repository() / _STAGING
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text
        + "      - op: replace\n"
        + "        path: /spec/rules/0/http/paths/0/backend/service/name\n"
        + "        value: frontend\n",
        encoding="utf-8",
    )


def another_image_in_staging(saboteur: Saboteur) -> None:
    """Prepare staging's frontend by a container that the release does not have."""
    container = {
        "name": "prepare",
        "image": "localhost/checkout-database",
        "imagePullPolicy": "IfNotPresent",
        "command": ["true"],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    change = {"spec": {"template": {"spec": {"initContainers": [container]}}}}
    _patch_staging(saboteur, "Deployment", "frontend", change)


def a_slow_statement(saboteur: Saboteur) -> None:
    """Add a trigger to the table of checkouts that takes 0.8 s for each new one."""
    saboteur.afterwards("exec", "database-0", "--", *_psql(_NO_LONGER_SLOW))
    saboteur.execute("database-0", *_psql(_SLOW))


def a_prometheus_that_scrapes_nothing(saboteur: Saboteur) -> None:
    """Deploy a Prometheus and forget to tell it what to scrape."""
    pretend(saboteur, "prometheus", {"status": "success", "data": {"activeTargets": []}})


def a_prometheus_without_pods(saboteur: Saboteur) -> None:
    """Leave the Service of a Prometheus that was scaled to nothing."""
    saboteur.create(service("prometheus"))


def a_log_store_without_logs(saboteur: Saboteur) -> None:
    """Deploy a log store and no agent that brings it any line."""
    pretend(saboteur, "opensearch", {"hits": {"total": {"value": 0}, "hits": []}})


def a_page_without_rto(saboteur: Saboteur) -> None:
    """Promise no time in which the system is back."""
    _rewrite(saboteur, "## RTO", "## Remarks")


def a_loose_schedule(saboteur: Saboteur) -> None:
    """Back up less often than the RPO allows."""
    _rewrite(saboteur, "Backup: every 24 hours", "Backup: every 3 days")


def an_old_rehearsal(saboteur: Saboteur) -> None:
    """Rehearse once, and never again."""
    path = saboteur.repository() / PAGE
    before, heading, _ = path.read_text(encoding="utf-8").partition("## Last rehearsal")
    path.write_text(f"{before}{heading}\n\n2020-02-29, by hand.\n", encoding="utf-8")


def an_empty_backup(saboteur: Saboteur) -> None:
    """Dump the tables and none of their rows."""
    _rewrite(saboteur, "exec pg_dump ", "exec pg_dump --schema-only ")


def a_restore_that_exchanges_nothing(saboteur: Saboteur) -> None:
    """Load the backup, and never put it in the place of the database that is served."""
    path = saboteur.repository() / PAGE
    text = path.read_text(encoding="utf-8")
    before, begin, exchange = text.partition('   ALTER DATABASE :"live" ALLOW_CONNECTIONS false;\n')
    _, end, after = exchange.partition("   COMMIT;\n")
    assert begin and end, f"{PAGE} exchanges the databases in another way"
    path.write_text(before + after, encoding="utf-8")


def a_restore_that_leaves_copies(saboteur: Saboteur) -> None:
    """Forget one of the databases that a restore has made."""
    _rewrite(saboteur, "|| '_until_') \\gexec", "|| '_never_') \\gexec")


def _rewrite(saboteur: Saboteur, old: str, new: str) -> None:
    _replace(saboteur.repository() / PAGE, old, new)


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} has {old!r} {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")


def _patch_staging(saboteur: Saboteur, kind: str, name: str, change: Mapping[str, object]) -> None:
    version = "apps/v1" if kind == "Deployment" else "networking.k8s.io/v1"
    whole = {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **change}
    path = saboteur.repository() / _STAGING
    # JSON is YAML. The first in the list: what is deleted cannot be patched any more, so the
    # overlay's own patch of the ingress goes.
    text = path.read_text(encoding="utf-8")
    head, patches, rest = text.partition("patches:\n")
    own = "" if kind == "Ingress" else rest
    path.write_text(f"{head}{patches}  - patch: '{json.dumps(whole)}'\n{own}", encoding="utf-8")


def _psql(statement: str) -> tuple[str, ...]:
    where = ("--host=/run/postgresql", "--username=postgres", "--dbname=checkout")
    return ("psql", *where, "--set=ON_ERROR_STOP=1", f"--command={statement}")
