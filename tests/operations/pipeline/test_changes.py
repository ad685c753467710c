from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.errors import BrokenInput
from acceptance.project import ROOT
from operations.pipeline.bases import base_of, bases_of_tests
from operations.pipeline.changes import tell_changes
from operations.pipeline.history import History
from operations.pipeline.parts import BACKEND, FRONTEND, PARTS
from tests.operations.pipeline.conftest import Event
from tests.support.repositories import Workshop

NEW_BRANCH = "0" * 40


def test_each_part_is_made_of_files_that_are_there() -> None:
    """A name that nothing has would hide a change for ever."""
    for part in PARTS.values():
        assert [each for each in part.paths if not (ROOT / each).exists()] == []


def test_a_push_changes_the_parts_whose_files_it_changes(
    workshop: Workshop, history: History, event: Event, capsys: pytest.CaptureFixture[str]
) -> None:
    """The output tells the workflow, the line tells people."""
    workshop.write("README.md", "a")
    before = workshop.commit("Begin")
    workshop.write("checkout/backend/api.py", "b")
    workshop.commit("Change the backend")
    pushed = event(before=before)
    assert tell_changes(BACKEND, history, pushed)
    assert not tell_changes(FRONTEND, history, pushed)
    compared = f"compared with {before[:12]} (the commit before the push)"
    assert capsys.readouterr().out.splitlines() == [
        f"backend: changed, {compared}: checkout/backend/api.py",
        f"frontend: not changed, {compared}",
    ]
    assert Path(pushed["GITHUB_OUTPUT"]).read_text() == "changed=true\nchanged=false\n"


def test_a_renamed_and_a_deleted_file_count_by_both_names(
    workshop: Workshop, history: History, event: Event
) -> None:
    """A file that leaves a part changes it."""
    workshop.write("checkout/backend/api.py", "a long enough text to be found again\n" * 9)
    workshop.write("checkout/frontend/old.ts", "b")
    before = workshop.commit("Begin")
    workshop.git("mv", "checkout/backend/api.py", "api.py")
    workshop.git("rm", "--quiet", "checkout/frontend/old.ts")
    workshop.commit("Move and delete")
    assert tell_changes(BACKEND, history, event(before=before))
    assert tell_changes(FRONTEND, history, event(before=before))


def test_a_file_beside_a_part_is_not_in_it(
    workshop: Workshop, history: History, event: Event
) -> None:
    """Whose name only begins with the same letters."""
    before = workshop.commit("Begin")
    workshop.write("checkout/backend-notes.md", "a")
    workshop.commit("Write notes")
    assert not tell_changes(BACKEND, history, event(before=before))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"before": NEW_BRANCH}, "the branch is new"),
        ({"before": "1" * 40}, "the commit before, 111111111111, is gone"),
        ({"before": "--all"}, "the commit before, --all, is gone"),
        ({}, "the event names no commit before this one"),
        (
            {"pull_request": {"base": {"ref": "main", "sha": "2" * 40}}},
            "there is no merge base with the branch 'main'",
        ),
    ],
)
def test_without_a_commit_to_compare_with_everything_changed(
    workshop: Workshop, history: History, event: Event, fields: dict[str, object], why: str
) -> None:
    """A new branch, a forced push, a first commit, an unknown event: never nothing."""
    workshop.write("a", "b")
    workshop.commit("Begin")
    workshop.git("switch", "--quiet", "-c", "search")
    workshop.git("branch", "--delete", "main")
    assert tell_changes(BACKEND, history, event(**fields))
    assert base_of(history, event(**fields)).why == why


def test_a_pull_request_is_compared_with_its_merge_base(
    workshop: Workshop, history: History, event: Event
) -> None:
    """What others have merged meanwhile is not its own; the remote's branch counts first."""
    begun = workshop.commit("Begin")
    workshop.git("switch", "--quiet", "-c", "search")
    workshop.write("docs/search.md", "a")
    workshop.commit("Describe")
    workshop.git("switch", "--quiet", "main")
    workshop.write("checkout/backend/api.py", "b")
    merged = workshop.commit("Change the backend")
    workshop.git("switch", "--quiet", "search")
    for base in ({"ref": "main"}, {"ref": "main", "sha": merged}):
        request = event(pull_request={"base": base})
        assert base_of(history, request).commit == begun
        assert not tell_changes(BACKEND, history, request)


def test_tests_are_compared_with_the_beginning_of_the_branch_too(
    workshop: Workshop, history: History, event: Event
) -> None:
    """The push before may have removed one. Without an event, the parent counts."""
    workshop.commit("First")
    assert bases_of_tests(history, {}) == ()
    begun = workshop.commit("Begin")
    workshop.git("switch", "--quiet", "-c", "search")
    before = workshop.commit("Remove a test")
    workshop.commit("Something else")
    whole = {"default_branch": "main"}
    search = "refs/heads/search"
    assert bases_of_tests(history, event(before=before, ref=search, repository=whole)) == (
        before,
        begun,
    )
    assert bases_of_tests(history, event(before=NEW_BRANCH, ref=search, repository=whole)) == (
        begun,
    )
    assert bases_of_tests(history, {}) == (before,)


def test_an_event_that_cannot_be_read_is_an_error(history: History, tmp_path: Path) -> None:
    """It does not count as no event."""
    (tmp_path / "event.json").write_text("{")
    with pytest.raises(BrokenInput, match="GITHUB_EVENT_PATH cannot be read"):
        base_of(history, {"GITHUB_EVENT_PATH": str(tmp_path / "event.json")})


def test_files_of_a_commit_are_written_without_touching_the_repository(
    workshop: Workshop, history: History, tmp_path: Path
) -> None:
    """Neither its index nor its files, and without what is not committed."""
    workshop.write("checkout/backend/api.py", "old")
    old = workshop.commit("Begin")
    workshop.write("checkout/backend/api.py", "new")
    workshop.write("checkout/backend/secret", "not committed")
    into = tmp_path / "export"
    into.mkdir()
    folder = history.export(old, "checkout/backend", into)
    assert folder is not None
    assert {each.name: each.read_text() for each in folder.iterdir()} == {"api.py": "old"}
    assert history.uncommitted("checkout/backend") == (
        "checkout/backend/api.py",
        "checkout/backend/secret",
    )
    assert history.export(old, "checkout/frontend", into) is None
