"""Checks who may do what in a log store that has accounts, by trying it with each of them."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.drivers.log_store_access import (
    ADMINISTRATOR,
    READER,
    SHIPPER,
    Account,
)
from acceptance.domains.observability.drivers.log_store_actions import LogStoreActions
from acceptance.domains.observability.logs.log_store_actor import LogStoreActor
from acceptance.drivers.kubernetes.client import pretty
from acceptance.errors import BrokenInput
from acceptance.judgement import Unverifiable, listed, require, require_each

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.drivers.http import Reply

_FORBIDDEN, _UNKNOWN = 403, 401
_NEEDED = (SHIPPER, READER, ADMINISTRATOR)
_WORDS = ("yes", "no")
_GUESSES = ("admin", "changeme", "myStrongPassword123!")
_GUESSED_ACCOUNTS = ("admin", "elastic", "kibanaserver", "logstash")


@dataclass(frozen=True)
class TriedAction:
    """What the log store said to one account about one action."""

    account: str
    action: str
    status: int | None
    """The status of the answer; None if there was none."""
    said: str

    @property
    def permitted(self) -> bool | None:
        """Whether the log store did it; None if it neither did nor forbade it."""
        if self.status is not None and 200 <= self.status < 300:  # noqa: PLR2004 (success)
            return True
        return False if self.status == _FORBIDDEN else None


@dataclass(frozen=True)
class UnknownCaller:
    """What the log store said to somebody who has no account, or not its password."""

    who: str
    status: int | None
    said: str


class LogStoreAccountTester(LogStoreActor):
    """Sends the log store requests of its accounts, of its administrator and of strangers."""

    def require_accounts(self) -> None:
        """The log store knows each account by the password that its Secret has.

        Raises `Unverifiable` if there is no log store.
        """
        access = self._log_store()
        require(access.accounts, "The log store's Secret has no account.")
        for account in access.accounts:
            reply = access.send("POST", "/logs-*/_search", {"size": 0}, account=account)
            require(
                reply.status in (200, _FORBIDDEN),
                f"The log store does not know {account.name} by its password: {reply}",
            )

    def try_every_action(self) -> tuple[TriedAction, ...]:
        """Try every action with every account and as the administrator."""
        access = self._log_store()
        name = f"acceptance-{uuid.uuid4().hex[:8]}"
        actions = LogStoreActions(self._endpoint.program, name, access.send_as_administrator)
        self._undo.callback(actions.remove)
        password = secrets.token_urlsafe(24)
        self._context.tell_secrets([password])
        tried: list[TriedAction] = []
        for account in (*access.accounts, None):
            if faults := actions.prepare():
                message = f"The administrator cannot prepare the log store: {faults[0]}"
                raise Unverifiable(message)
            for each in actions.requests(password):
                if account is None:
                    reply = access.send_as_administrator(each.method, each.path, each.body)
                else:
                    reply = access.send(each.method, each.path, each.body, account=account)
                who = account.name if account else ADMINISTRATOR
                tried.append(TriedAction(who, each.action, each.status(reply), str(reply)))
        self._keep("Actions of each account", pretty([asdict(each) for each in tried]))
        return tuple(tried)

    def assert_permitted(
        self, tried: tuple[TriedAction, ...], rows: Sequence[Sequence[str]]
    ) -> None:
        """The log store permits what the table says, and forbids everything else."""
        table = read_accounts(rows)
        found = {(each.account, each.action) for each in tried}
        # A log store that deletes old indices itself has no account for that.
        known = {each.account for each in tried} | set(_NEEDED)
        missing = sorted((a, b) for a, b in set(table) - found if a in known)
        require(not missing, f"Not tried: {listed([f'{a}: {b}' for a, b in missing])}")

        def fault(each: TriedAction) -> str | None:
            wanted = table.get((each.account, each.action))
            if wanted is None:
                return f"the table does not say whether {each.account} may {each.action}"
            if each.permitted is None:
                return f"{each.account}: {each.action} is neither done nor forbidden: {each.said}"
            if each.permitted != wanted:
                word = "may" if each.permitted else "may not"
                return f"{each.account} {word} {each.action}"
            return None

        require_each(tried, fault, nothing="No action was tried.")

    def call_as_stranger(self) -> tuple[UnknownCaller, ...]:
        """Ask the log store without an account, with guessed passwords, and with others' ones."""
        access = self._log_store()
        real = access.accounts
        strangers: list[tuple[str, Account | None]] = [("nobody", None)]
        guesses = [
            Account(name, guess)
            for name in (*(each.name for each in real), *_GUESSED_ACCOUNTS)
            for guess in (*_GUESSES, name)
        ]
        strangers += [(f"{each.name} with the password {each.password}", each) for each in guesses]
        strangers += [
            (f"{one.name} with the password of {other.name}", Account(one.name, other.password))
            for one in real
            for other in real
            if one != other
        ]
        found = []
        for who, account in strangers:
            reply = access.send("POST", "/logs-*/_search", {"size": 0}, account=account)
            found.append(UnknownCaller(who, reply.status, str(reply)))
        self._keep("Answers to strangers", pretty([asdict(each) for each in found]))
        return tuple(found)

    def assert_unknown(self, found: tuple[UnknownCaller, ...]) -> None:
        """The log store says to each stranger that it does not know them."""

        def fault(each: UnknownCaller) -> str | None:
            return None if each.status == _UNKNOWN else f"{each.who} is let in: {each.said}"

        require_each(found, fault, nothing="No stranger has asked.")

    def assert_silent_in_clear_text(self) -> None:
        """The log store has no HTTP answer to a request that is not encrypted."""
        reply: Reply = self._log_store().send("GET", "/", account=None, encrypted=False)
        self._keep("Answer in clear text", str(reply), "text")
        require(
            reply.status is None, f"The log store answers a request that is not encrypted: {reply}"
        )


def read_accounts(
    rows: Sequence[Sequence[str]], who: str = "account"
) -> Mapping[tuple[str, str], bool]:
    """Return whether an account may do an action, by both names; the first row names the actions.

    The first column is called `who`.

    Raises `BrokenInput` for a table without rows or actions, and for another word than yes or no.
    """
    if len(rows) < 2 or rows[0][0] != who or len(rows[0]) < 2:  # noqa: PLR2004
        raise BrokenInput(f"The table needs a column {who}, another one and a row.")
    wrong = [word for row in rows[1:] for word in row[1:] if word not in _WORDS]
    if wrong:
        raise BrokenInput(f"The table says {wrong[0]}, which is neither yes nor no.")
    return {
        (row[0], action): word == "yes"
        for row in rows[1:]
        for action, word in zip(rows[0][1:], row[1:], strict=True)
    }
