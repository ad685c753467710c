"""Sabotages for the domain delivery: the workflows of backend and frontend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls import edits
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_WORKFLOWS = ".github/workflows"
_IMAGE = f"{_WORKFLOWS}/image.yml"
_PIPELINE = "operations/pipeline"
_BACKEND = "A commit to the backend becomes an image that answers as that commit"
_FRONTEND = "A commit to the frontend becomes an image that answers as that commit"
_TESTS = "The tests of the pipeline stop <commit>"


@control("TASK-004-AC-1", _BACKEND, expects=r"The backend has no workflow: there is no \S+backend")
def no_backend_workflow(saboteur: Saboteur) -> None:
    """Build the backend by hand."""
    (saboteur.repository() / _WORKFLOWS / "backend.yml").unlink()


@control("TASK-004-AC-1", _BACKEND, expects=r"the registry has no image; all it has: \S+:latest")
def image_called_latest(saboteur: Saboteur) -> None:
    """Push every image with the same tag."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_PIPELINE}/push.py",
        "built.digest, built.commit)",
        'built.digest, "latest")',
    )


@control("TASK-004-AC-1", _BACKEND, expects="The second run builds the image of the backend anew")
def image_labelled_with_its_run(saboteur: Saboteur) -> None:
    """Let each image say which run has built it, before it is looked for in the cache."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_PIPELINE}/image.py",
        "        with Progress(1).step(",
        '        with (folder / "Dockerfile").open("a", encoding="utf-8") as recipe:\n'
        "            recipe.write(f\"LABEL run={environment['GITHUB_RUN_ID']}\\n\")\n"
        "        with Progress(1).step(",
    )


@control("TASK-004-AC-1", _BACKEND, expects="does not answer as the commit that it was built of")
def image_of_the_commit_before(saboteur: Saboteur) -> None:
    """Build the files of the parent, as a checkout of a moved branch does."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_PIPELINE}/image.py",
        "history.export(commit, ",
        "history.export(history.parent(commit), ",
    )


@control(
    "TASK-004-AC-1",
    "The workflow of the backend stops <commit> [backend code that the linter refuses]",
    expects=r"The workflow of the backend (?:passes|fails and does not say)",
)
def backend_linter_advises(saboteur: Saboteur) -> None:
    """Let no linter hold anybody up."""
    edits.replace_in_commit(
        saboteur.repository(), f"{_PIPELINE}/check.py", '        ("lint", _linted_backend),\n', ""
    )


@control(
    "TASK-004-AC-1",
    "The workflow of the backend stops <commit> [backend code that does not compile]",
    expects=r"The workflow of the backend (?:passes|fails and does not say)",
)
def backend_not_compiled(saboteur: Saboteur) -> None:
    """Let the tests find what does not compile."""
    edits.replace_in_commit(
        saboteur.repository(), f"{_PIPELINE}/check.py", '        ("compile", _compiled),\n', ""
    )


@control(
    "TASK-004-AC-1",
    "The workflow of the backend stops <commit> [no lock file of the backend]",
    expects=r"The workflow of the backend (?:passes|fails and does not say)",
)
def backend_without_lock(saboteur: Saboteur) -> None:
    """Take a missing lock file for one that has nothing wrong."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_PIPELINE}/locks.py",
        'return [f"the lock file {lock} is missing"]',
        "return []",
    )


@control(
    "TASK-004-AC-1",
    "Each file of the backend starts its build, and no other does",
    expects=r"A commit on a new branch that changes \S+ does not start the build of the backend",
)
def new_branch_compared_with_its_parent(saboteur: Saboteur) -> None:
    """Spare a new branch the builds of all parts."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_PIPELINE}/bases.py",
        '        return Base("", "the branch is new")',
        '        return Base(history.parent(history.head()), "the parent")',
    )


@control(
    "TASK-004-AC-1",
    "Each file of the backend starts its build, and no other does",
    expects=r"changes \S+/migrations/\S+\.sql does not start the build of the backend: false",
)
def migrations_overlooked(saboteur: Saboteur) -> None:
    """Take Python's files alone for the backend."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_PIPELINE}/changes.py",
        "files = below(history.changed(base.commit), part.paths)",
        "files = [f for f in below(history.changed(base.commit), part.paths)"
        ' if not f.endswith(".sql")]',
    )


@control(
    "TASK-004-AC-1",
    "Each file of the backend starts its build, and no other does",
    expects=r"checkout/backend/\S+ does not start the build of the backend: false",
)
def last_commit_of_a_push_compared(saboteur: Saboteur) -> None:
    """Compare with the parent, although a push may have several commits."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_PIPELINE}/bases.py",
        "    commit = history.commit(before)\n",
        "    commit = history.parent(history.head())\n",
    )


@control("TASK-004-AC-2", _FRONTEND, expects="The image of the frontend does not answer as the com")
def pictures_not_in_the_key_of_the_cache(saboteur: Saboteur) -> None:
    """Take public/ for what a build makes."""
    edits.replace_in_commit(
        saboteur.repository(),
        "acceptance/build/cache.py",
        '"node_modules",\n',
        '"node_modules", "public",\n',
    )


@control(
    "TASK-004-AC-2",
    "Each file of the frontend starts its build, and no other does",
    expects=r"frontend\.yml leaves commits out: on push it has the filter branches",
)
def branches_with_a_slash_left_out(saboteur: Saboteur) -> None:
    """Build every branch, and forget that a star is no slash."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_WORKFLOWS}/frontend.yml",
        "on:\n  push:\n",
        'on:\n  push:\n    branches: ["*"]\n',
    )


@control(
    "TASK-004-AC-2", _FRONTEND, expects="The workflow of the frontend fails for a sound commit"
)
def frontend_built_for_pull_requests_only(saboteur: Saboteur) -> None:
    """Build the frontend for pull requests, and nothing after the merge."""
    edits.replace_in_commit(
        saboteur.repository(), f"{_WORKFLOWS}/frontend.yml", "on:\n  push:\n", "on:\n"
    )


@control(
    "TASK-004-AC-2",
    "The workflow of the frontend stops <commit> [no lock file of the frontend]",
    expects=r"The workflow of the frontend (?:passes|fails and does not say)",
)
def frontend_without_lock(saboteur: Saboteur) -> None:
    """Take a missing lock file for one that has nothing wrong."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_PIPELINE}/locks.py",
        'return ["the lock file package-lock.json is missing"]',
        "return []",
    )


@control(
    "TASK-004-AC-2",
    "The workflow of the frontend stops <commit> [frontend code that does not compile]",
    expects=r"The workflow of the frontend (?:passes|fails and does not say)",
)
def frontend_types_not_checked(saboteur: Saboteur) -> None:
    """Leave the types to the editor: the bundler does not look at them."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_PIPELINE}/check.py",
        '        ("compile", _typed_frontend),\n',
        "",
    )


@control(
    "TASK-004-AC-2",
    "The workflow of the frontend stops <commit> [frontend code that the linter refuses]",
    expects="The workflow of the frontend passes",
)
def frontend_linter_without_rules(saboteur: Saboteur) -> None:
    """Keep the linter, and switch its rules off."""
    copy = saboteur.repository()
    edits.substitute(
        copy / "tools/oxlint/oxlintrc.json", (r'"correctness": "\w+"', '"correctness": "off"')
    )
    edits.commit(copy, "Fewer complaints")


@control(
    "TASK-004-AC-2",
    "Each file of the frontend starts its build, and no other does",
    expects="The frontend is built although only checkout/backend/",
)
def every_part_built_each_time(saboteur: Saboteur) -> None:
    """Build all parts on every commit."""
    edits.replace_in_commit(
        saboteur.repository(), f"{_PIPELINE}/changes.py", "changed = bool(files)", "changed = True"
    )


@control(
    "TASK-004-AC-3",
    f"{_TESTS} [a mistake that a unit test finds]",
    expects="The workflow fails and has pushed checkout/backend",
)
def image_pushed_beside_the_tests(saboteur: Saboteur) -> None:
    """Save time: build and push while the tests run."""
    copy = saboteur.repository()
    edits.replace(copy / _IMAGE, "    needs: test\n", "    needs: check\n")
    edits.commit(copy, "Build earlier")


@control(
    "TASK-004-AC-3",
    f"{_TESTS} [a mistake that only an integration test finds]",
    expects="The workflow of the backend passes",
)
def integration_tests_left_out(saboteur: Saboteur) -> None:
    """Run the tests that need no database."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_PIPELINE}/parts.py",
        '        Suite("backend integration", "postgres", mark="postgres", needs_database=True),\n',
        "",
    )


@control(
    "TASK-004-AC-3",
    f"{_TESTS} [a test replaced by another]",
    expects="The workflow of the backend passes",
)
def tests_not_compared(saboteur: Saboteur) -> None:
    """Count the tests, and compare them with nothing."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_PIPELINE}/test.py",
        "return (*found, *problems_of_tests(runs, declared, before))",
        "return tuple(found)",
    )


@control(
    "TASK-004-AC-3",
    f"{_TESTS} [a test replaced by another]",
    expects="The workflow of the backend passes",
)
def as_many_tests_as_before(saboteur: Saboteur) -> None:
    """Take tests that are gone for renamed ones, if there are as many as before."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_PIPELINE}/verdict.py",
        "    missing = _unexcused(runs, declared, before, present)\n",
        "    missing = _unexcused(runs, declared, before, present)\n"
        "    if len(present) >= len(names(before)):\n"
        "        missing = []\n",
    )


@control(
    "TASK-004-AC-3",
    f"{_TESTS} [integration tests that find no database]",
    expects=r"The workflow of the backend (?:passes|fails and does not say)",
)
def no_database_is_a_warning(saboteur: Saboteur) -> None:
    """Blame the runner when there is no database."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_PIPELINE}/verdict.py",
        'found.append(f"test failed: {suite}: it had no database: {why}")',
        'print(f"::warning::{suite}: it had no database: {why}")',
    )


@control(
    "TASK-004-AC-3",
    f"{_TESTS} [a test of the page that passes only when it is repeated]",
    expects="The workflow of the frontend passes",
)
def tests_repeated_until_they_pass(saboteur: Saboteur) -> None:
    """Repeat the tests of the page, because a busy runner is slow."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_PIPELINE}/suites.py",
        '"--allowOnly=false", ',
        '"--allowOnly=false", "--retry=2", ',
    )


@control(
    "TASK-004-AC-3",
    f"{_TESTS} [a file of tests deselected]",
    expects="The workflow of the backend passes",
)
@control(
    "TASK-004-AC-3",
    f"{_TESTS} [all tests of the page but one left out]",
    expects=r"The workflow of the frontend (?:passes|fails and does not say)",
)
def what_ran_taken_for_all_tests(saboteur: Saboteur) -> None:
    """Take the tests that ran for all that there are."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_PIPELINE}/test.py",
        "return (*found, *problems_of_tests(runs, declared, before))",
        "return tuple(each for each in found if each.startswith('test failed'))",
    )


@control(
    "TASK-004-AC-3",
    f"{_TESTS} [a mistake that a test of the page finds]",
    expects="The workflow of the frontend passes",
)
def failing_tests_allowed(saboteur: Saboteur) -> None:
    """Go on when tests fail, until they are mended."""
    copy = saboteur.repository()
    edits.replace(copy / _IMAGE, "--reports reports/tests\n", "--reports reports/tests || true\n")
    edits.commit(copy, "Mend the tests later")
