from __future__ import annotations

from acceptance.domains.delivery.drivers.github import API, github_from
from tests.fakes.github import REPOSITORY, TOKEN


def test_the_environment_says_which_github() -> None:
    """Only with a token and a repository; the address is GitHub's own unless it is given."""
    given = {"GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": REPOSITORY}
    found = github_from(given, timeout=1)
    assert found is not None
    assert (found.repository, found.api) == (REPOSITORY, API)
    assert TOKEN not in repr(found)
    assert github_from({"GITHUB_TOKEN": TOKEN}, timeout=1) is None
    assert github_from({"GITHUB_REPOSITORY": REPOSITORY}, timeout=1) is None
    own = github_from({**given, "GITHUB_API_URL": "http://here"}, timeout=1)
    assert own is not None
    assert own.api == "http://here"
