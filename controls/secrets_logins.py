"""Sabotages of the logins to the database: who is let in, and from where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_RULES_FILE = "/etc/checkout/pg_hba.conf"
"""Where the database's image has its host-based authentication."""

_LOCAL_RULES = """
local all      postgres         peer
local postgres checkout_monitor peer map=monitor
local all      all              scram-sha-256
"""
_LOOPBACK_RULES = """
host  all      all              127.0.0.1/32 scram-sha-256
host  all      all              ::1/128      scram-sha-256
"""


@control(
    "TASK-001-AC-2",
    "The database accepts the configured credentials and refuses others",
    expects="The database accepts a wrong password",
)
def database_trusts_everybody(saboteur: Saboteur) -> None:
    """Set pg_hba.conf to `trust`: everybody logs in to the database without a password."""
    _set_rules(saboteur, "local all all peer\nhost all all all trust\n")


@control(
    "TASK-001-AC-2",
    "The database accepts the configured credentials and refuses others",
    expects="The database accepts a wrong password from a pod of the backend",
)
def database_trusts_pod_network(saboteur: Saboteur) -> None:
    """Ask for a password on the loopback address only, and trust whoever comes from elsewhere."""
    rules = "host all all 0.0.0.0/0 trust\nhost all all ::/0 trust\n"
    _set_rules(saboteur, _LOCAL_RULES + _LOOPBACK_RULES + rules)


@control(
    "TASK-001-AC-2",
    "The database accepts the configured credentials and refuses others",
    expects="The database accepts the role checkout_monitor without a password",
)
def database_trusts_exporter_role(saboteur: Saboteur) -> None:
    """Let the exporter's role in without a password, so that it may run in a pod of its own."""
    rules = "host postgres checkout_monitor 0.0.0.0/0 trust\nhost all all all scram-sha-256\n"
    _set_rules(saboteur, _LOCAL_RULES + rules)


@control(
    "TASK-001-AC-2",
    "The database accepts the configured credentials and refuses others",
    expects="The database accepts the superuser for replication",
)
def database_trusts_standby_servers(saboteur: Saboteur) -> None:
    """Let standby servers in without a password: everybody can copy the whole database."""
    rules = "host replication all all trust\nhost all all all scram-sha-256\n"
    _set_rules(saboteur, _LOCAL_RULES + rules)


@control(
    "TASK-001-AC-2",
    "The database accepts the configured credentials and refuses others",
    expects="does not accept the configured credentials",
)
def password_changed_only_in_database(saboteur: Saboteur) -> None:
    """Change the password in the database, and forget to configure the new one."""
    pod = saboteur.pods("database")[0].name
    saboteur.afterwards("delete", f"pod/{pod}")  # its start sets the configured one again
    change = f"ALTER ROLE {saboteur.database_user()} PASSWORD 'another'"
    saboteur.execute(
        pod, "psql", "--host=/run/postgresql", "--username=postgres", f"--command={change}"
    )


def _set_rules(saboteur: Saboteur, rules: str) -> None:
    """Give the database other rules of host-based authentication."""
    saboteur.create(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "open"},
            "data": {"pg_hba.conf": rules},
        }
    )
    volume = {"name": "open", "configMap": {"name": "open"}}
    mount = {"name": "open", "mountPath": _RULES_FILE, "subPath": "pg_hba.conf"}
    template = "/spec/template/spec"
    saboteur.patch(
        "statefulset/database",
        [
            {"op": "add", "path": f"{template}/volumes/-", "value": volume},
            {"op": "add", "path": f"{template}/containers/0/volumeMounts/-", "value": mount},
        ],
        kind="json",
    )
    saboteur.settle()
