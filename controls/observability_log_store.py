"""Sabotages of the log store's accounts and of its authenticity that observability must detect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.changed_programs import change_password, edit_log_store, edit_shipper
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_ITEM = "TASK-002-AC-2"
_ACTIONS = "Every account of the log store may do what it needs and nothing else"
_STRANGERS = "The log store answers nobody whom it does not know"
_IMPOSTOR = "The log shipper trusts no impostor of the log store"
_SHIPPERS = '"indices:data/write/index", "indices:data/write/bulk*", "indices:admin/create"'


@control(_ITEM, _ACTIONS, expects="log-shipper may delete an entry; .*log-shipper may search")
def a_shipper_that_may_do_everything(saboteur: Saboteur) -> None:
    """Give the shipper every permission, as an example on the web does."""
    everything = (
        '"cluster_permissions": ["indices:data/write/bulk"]',
        '"cluster_permissions": ["*"]',
    )
    edit_log_store(saboteur, "roles.json", everything, (_SHIPPERS, '"*"'))


@control(_ITEM, _ACTIONS, expects="log-reader may use other indices$")
def a_reader_of_every_index(saboteur: Saboteur) -> None:
    """Let the reader search every index, for a report that needs another one."""
    narrow = (
        '"index_patterns": ["logs-*"],\n        "allowed_actions": ["indices:data/read/search"]'
    )
    edit_log_store(saboteur, "roles.json", (narrow, narrow.replace("logs-*", "*")))


@control(_ITEM, _ACTIONS, expects="log-shipper may not add an entry")
def a_shipper_that_may_do_nothing(saboteur: Saboteur) -> None:
    """Misspell the indices of the shipper: it ships nothing, and nobody has looked."""
    pattern = '"index_patterns": ["logs-*"],\n        "allowed_actions": [' + _SHIPPERS
    edit_log_store(saboteur, "roles.json", (pattern, pattern.replace("logs-*", "log-*")))


@control(_ITEM, _STRANGERS, expects="nobody is let in: POST .*HTTP")
def anonymous_access(saboteur: Saboteur) -> None:
    """Let people search without an account, because it is only the cluster that can connect."""
    edit_log_store(
        saboteur,
        "config.json",
        ('"anonymous_auth_enabled": false', '"anonymous_auth_enabled": true'),
    )


@control(_ITEM, _STRANGERS, expects="log-reader with the password admin is let in")
def a_password_that_everybody_guesses(saboteur: Saboteur) -> None:
    """Give the reader a password that people can remember."""
    change_password(saboteur, "log-reader", "admin")


@control(_ITEM, _IMPOSTOR, expects=r"The log shipper has sent an impostor \d+ requests, [1-9]")
def a_shipper_that_does_not_verify(saboteur: Saboteur) -> None:
    """Turn the verification of the certificate off, as an example on the web does."""
    careless = 'usehttps="on" allowunsignedcerts="on" skipverifyhost="on"'
    edit_shipper(saboteur, ('usehttps="on"', careless))
