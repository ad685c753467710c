from __future__ import annotations

import pytest

from acceptance.domains.delivery.drivers.proposals import Proposal
from tests.support.repositories import Workshop, workshop

__all__ = ["workshop"]


def test_a_change_is_committed_as_it_is_offered(workshop: Workshop) -> None:
    """On its branch, by its actor, with its only file, on top of the base alone."""
    workshop.write(".gitignore", "*.lock\n")
    base = workshop.commit("One")
    Proposal(path="a.txt").commit(workshop.root, base=base, timeout=30)
    offered = Proposal("push", "refs/heads/hotfix/a", "[hotfix] a", "a[bot]", "b/c.lock")
    offered.commit(workshop.root, base=base, timeout=30)
    assert workshop.git("branch", "--show-current") == "hotfix/a"
    assert workshop.git("log", "-1", "--format=%s|%an|%P") == f"[hotfix] a|a[bot]|{base}"
    assert workshop.git("show", "--name-only", "--format=") == "b/c.lock"
    tag = Proposal(ref="refs/tags/v1.4.0", path="a.txt")
    tag.commit(workshop.root, base=base, timeout=30)
    assert workshop.git("rev-parse", "refs/tags/v1.4.0") == workshop.git("rev-parse", "HEAD")


def test_a_change_with_files_of_its_own_keeps_them(workshop: Workshop) -> None:
    """Nothing is added to it."""
    workshop.commit("One")
    workshop.write("deploy.env", "KEY=a\n")
    Proposal(ref="refs/heads/a", path="").commit(workshop.root, timeout=30)
    assert workshop.git("show", "--name-only", "--format=") == "deploy.env"


def test_a_push_tells_its_message_and_files() -> None:
    """As GitHub does."""
    found = Proposal(actor="a[bot]", subject="WIP", ref="refs/heads/a/b").payload()
    assert found["ref"] == "refs/heads/a/b"
    assert found["head_commit"]["message"] == "WIP"
    assert found["commits"][0]["added"] == ["checkout/search.txt"]
    assert found["sender"] == {"login": "a[bot]", "type": "Bot"}


@pytest.mark.parametrize(
    ("kind", "draft", "fork", "labels"),
    [("", False, False, 0), ("draft", True, False, 0), ("fork", False, True, 0)],
)
def test_a_pull_request_tells_its_kind(kind: str, labels: int, *, draft: bool, fork: bool) -> None:
    """And the branch that it is made from."""
    found = Proposal("pull_request", "refs/heads/a/b", kind=kind).payload()["pull_request"]
    assert (found["draft"], found["head"]["repo"]["fork"]) == (draft, fork)
    assert (len(found["labels"]), found["head"]["ref"]) == (labels, "a/b")


def test_a_labelled_pull_request_and_a_merge_queue_have_their_own_payload() -> None:
    """Labels that skip something, and the branch of the queue."""
    labelled = Proposal("pull_request", kind="labelled").payload()["pull_request"]
    assert {"name": "skip-scan"} in labelled["labels"]
    queue = Proposal("merge_group").payload()["merge_group"]
    assert queue["head_ref"].startswith("refs/heads/gh-readonly-queue/")
