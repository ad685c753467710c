"""Sabotages of storage: data that is not on its volume, or does not survive a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.changed_database import change_database
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur


@control(
    "TASK-001-AC-3",
    "A checkout survives the loss of the database pod",
    expects="The checkout is not there any more",
)
@control(
    "TASK-001-AC-3",
    "The database keeps its data on a bound volume",
    expects="on no persistent volume claim",
)
def database_on_empty_dir(saboteur: Saboteur) -> None:
    """Keep the database's data in the pod instead of on its volume."""
    saboteur.patch(
        "statefulset/database",
        [
            {
                "op": "add",
                "path": "/spec/template/spec/volumes/-",
                "value": {"name": "scratch", "emptyDir": {}},
            },
            {
                "op": "replace",
                "path": "/spec/template/spec/containers/0/volumeMounts/0/name",
                "value": "scratch",
            },
        ],
        kind="json",
    )
    # The restarted backend creates its tables in the empty database.
    saboteur.kubectl("rollout", "status", "statefulset/database", "--timeout=120s")
    saboteur.kubectl("rollout", "restart", "deployment/backend")
    saboteur.settle()


@control(
    "TASK-001-AC-3",
    "A checkout survives the loss of the database pod",
    expects="The checkout is not there any more",
)
@control(
    "TASK-001-AC-3",
    "What was acknowledged survives a crash of the database server",
    expects="was acknowledged and is not there|does not show the checkout",
)
def unlogged_tables(saboteur: Saboteur) -> None:
    """Make all tables faster by keeping them out of the write-ahead log."""
    tables = ("payments", "items", "checkouts")  # none may refer to one that is unlogged
    change_database(
        saboteur,
        *(f"ALTER TABLE {table} SET UNLOGGED" for table in tables),
        undo=tuple(f"ALTER TABLE {table} SET LOGGED" for table in reversed(tables)),
    )


@control(
    "TASK-001-AC-3",
    "A checkout survives the loss of the database pod",
    expects=r"table public\.payments: \d+ rows? before, 0 after",
)
@control(
    "TASK-001-AC-3",
    "The database keeps its data on a bound volume",
    expects=r"public\.payments is unlogged, so a crash empties it",
)
def unlogged_payments(saboteur: Saboteur) -> None:
    """Keep only the payments out of the write-ahead log, which no visitor can see."""
    change_database(
        saboteur,
        "ALTER TABLE payments SET UNLOGGED",
        undo=("ALTER TABLE payments SET LOGGED",),
    )


@control(
    "TASK-001-AC-3",
    "What was acknowledged survives a crash of the database server",
    expects="was acknowledged and is not there|does not show the checkout",
)
@control(
    "TASK-001-AC-3",
    "The database keeps its data on a bound volume",
    expects="synchronous_commit is off",
)
def commits_acknowledged_early(saboteur: Saboteur) -> None:
    """Acknowledge commits before they are on the disk, and write them there as late as possible."""
    change_database(
        saboteur,
        "ALTER SYSTEM SET synchronous_commit = off",
        "ALTER SYSTEM SET wal_writer_delay = '10s'",
        "SELECT pg_reload_conf()",
        undo=(
            "ALTER SYSTEM RESET synchronous_commit",
            "ALTER SYSTEM RESET wal_writer_delay",
            "SELECT pg_reload_conf()",
        ),
    )


@control(
    "TASK-001-AC-3",
    "The database keeps its data on a bound volume",
    expects="fsync is off; full_page_writes is off",
)
def database_without_fsync(saboteur: Saboteur) -> None:
    """Let the operating system decide when a commit reaches the disk."""
    change_database(
        saboteur,
        "ALTER SYSTEM SET fsync = off",
        "ALTER SYSTEM SET full_page_writes = off",
        "SELECT pg_reload_conf()",
        undo=(
            "ALTER SYSTEM RESET fsync",
            "ALTER SYSTEM RESET full_page_writes",
            "SELECT pg_reload_conf()",
        ),
    )


@control(
    "TASK-001-AC-3",
    "The database keeps its data on a bound volume",
    expects="synchronous_commit is off for checkout_a",
)
def one_role_commits_early(saboteur: Saboteur) -> None:
    """Acknowledge the commits of one role before they are on the disk."""
    role = "checkout_a"  # it exists before and after a rotation
    change_database(
        saboteur,
        f"ALTER ROLE {role} SET synchronous_commit = off",
        undo=(f"ALTER ROLE {role} RESET synchronous_commit",),
    )


@control(
    "TASK-001-AC-3",
    "The database keeps its data on a bound volume",
    expects="Claim when the database is scaled down: the cluster has Delete",
)
def claim_deleted_with_its_pod(saboteur: Saboteur) -> None:
    """Save space by deleting the claim whenever the database is scaled down."""
    policy = {"whenScaled": "Delete", "whenDeleted": "Retain"}
    saboteur.patch(
        "statefulset/database", {"spec": {"persistentVolumeClaimRetentionPolicy": policy}}
    )
