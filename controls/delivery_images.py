"""Sabotages for the domain delivery: what is signed of an image, and what may be promoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls import edits
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_IMAGE = ".github/workflows/image.yml"
_CHAIN = "operations/pipeline/supply_chain"
_SIGNED = "The image of the <part> is signed, with its contents, its scan and its origin"
_BACKEND, _FRONTEND = f"{_SIGNED} [backend]", f"{_SIGNED} [frontend]"
_SAFE = "CI keeps the pipeline safe from <change>"
_PROMOTED = "Only what the pipeline has signed is promoted"


@control("TASK-004-AC-4", _BACKEND, expects="has no valid signature of the repository's key")
def image_never_signed(saboteur: Saboteur) -> None:
    """Push images without a signature."""
    edits.replace_in_commit(saboteur.repository(), _IMAGE, "pipeline sign ", "pipeline changes ")


@control("TASK-004-AC-4", _FRONTEND, expects="The image of the frontend has 0 statements of type")
def frontend_without_provenance(saboteur: Saboteur) -> None:
    """Say of the backend alone where it comes from."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_CHAIN}/sign.py",
        "            (PROVENANCE, provenance),",
        '            *([(PROVENANCE, provenance)] if part.name == "backend" else []),',
    )


@control("TASK-004-AC-4", _BACKEND, expects=r"The list of the contents of the backend lacks .*")
def contents_of_debian_alone(saboteur: Saboteur) -> None:
    """List what apt has installed, and not what pip has."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_CHAIN}/contents.py",
        '"--quiet"]',
        '"--quiet", "--override-default-catalogers=dpkg"]',
    )


@control("TASK-004-AC-4", _BACKEND, expects="is said to be built of .*refs/heads/main")
def provenance_of_a_branch(saboteur: Saboteur) -> None:
    """Name the branch, which moves, and not the commit."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_CHAIN}/provenance.py",
        '{"gitCommit": built.commit}',
        '{"gitCommit": ref}',
    )


@control("TASK-004-AC-4", _BACKEND, expects="is said to be built by .*/backend.yml@")
def provenance_of_the_caller(saboteur: Saboteur) -> None:
    """Name the workflow that somebody has started, and not the one that builds."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_CHAIN}/provenance.py",
        "workflows/image.yml",
        "workflows/backend.yml",
    )


@control("TASK-004-AC-4", _BACKEND, expects="is said to come from {'path': 'image'")
def provenance_with_the_name_of_the_workflow(saboteur: Saboteur) -> None:
    """Give the name of the workflow for its path."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_CHAIN}/provenance.py",
        '"path": WORKFLOW,',
        '"path": environment.get("GITHUB_WORKFLOW", WORKFLOW),',
    )


@control("TASK-004-AC-4", _BACKEND, expects="gives the digest sha256:.* to whoever deploys")
def digest_of_the_configuration(saboteur: Saboteur) -> None:
    """Tell the digest that `docker images` shows: that of the image's configuration."""
    edits.replace_in_commit(
        saboteur.repository(),
        "operations/pipeline/image.py",
        'give_output(environment, "digest", digest)',
        'give_output(environment, "digest", "sha256:" + digest[:-65:-1])',
    )


@control("TASK-004-AC-4", _FRONTEND, expects="that is built of the same commit again is sha256:")
def image_with_the_time_of_its_build(saboteur: Saboteur) -> None:
    """Let each file have the time at which it was written."""
    edits.replace_in_commit(
        saboteur.repository(), "acceptance/build/buildah.py", ', f"--timestamp={TIMESTAMP}")', ")"
    )


@control(
    "TASK-004-AC-4",
    "The pipeline stops <commit> [a private key in a layer of the image]",
    expects="The workflow fails and has pushed checkout/frontend",
)
def scan_after_the_push(saboteur: Saboteur) -> None:
    """Scan what is in the registry already."""
    repository = saboteur.repository()
    workflow = repository / _IMAGE
    text = workflow.read_text(encoding="utf-8")
    start, end = text.index("      - name: Scan"), text.index("      - name: Push")
    sign = text.index("      - name: Sign")
    moved = text[:start] + text[end:sign] + text[start:end] + text[sign:]
    workflow.write_text(moved, encoding="utf-8")
    edits.commit(repository, "Push first")


@control(
    "TASK-004-AC-4",
    "The pipeline stops <commit> [a private key in a layer of the image]",
    expects="The workflow of the frontend passes",
)
def scan_for_keys_of_one_kind(saboteur: Saboteur) -> None:
    """Look for keys of RSA alone."""
    edits.replace_in_commit(
        saboteur.repository(), f"{_CHAIN}/scan.py", "(?:[A-Z0-9]+ )*PRIVATE KEY", "RSA PRIVATE KEY"
    )


@control(
    "TASK-004-AC-4",
    "The pipeline stops <commit> [an image that lacks a security update]",
    expects="The workflow of the backend passes",
)
def scan_that_advises(saboteur: Saboteur) -> None:
    """Report missing updates, and release all the same."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_CHAIN}/scan.py",
        'each}" for each in critical)',
        'each}" for each in critical if not each.startswith("security"))',
    )


@control("TASK-004-AC-4", _PROMOTED, expects="a signature of another key: promoted as")
def signature_not_asked_for(saboteur: Saboteur) -> None:
    """Take the statements for a signature."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_CHAIN}/promote.py",
        "unsigned = cosign.fault_of_signature(digest, key)",
        'unsigned = ""',
    )


@control("TASK-004-AC-4", _PROMOTED, expects="provenance of a fork: promoted as")
def builder_by_its_beginning(saboteur: Saboteur) -> None:
    """Trust every builder whose name begins as the repository's."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_CHAIN}/promote.py",
        "if found != builder:",
        "if not str(found).startswith(builder.partition('/.github')[0]):",
    )


@control("TASK-004-AC-4", _PROMOTED, expects="a commit that is not in main: promoted as")
def commit_of_anybody(saboteur: Saboteur) -> None:
    """Promote what was built of any commit."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_CHAIN}/promote.py",
        "if strange or not sources:",
        "if not sources:",
    )


@control("TASK-004-AC-4", _PROMOTED, expects="a scan of last month: promoted as")
def scan_of_any_age(saboteur: Saboteur) -> None:
    """Trust a scan for a year."""
    edits.replace_in_commit(
        saboteur.repository(), f"{_CHAIN}/promote.py", "timedelta(days=7)", "timedelta(days=365)"
    )


@control("TASK-004-AC-4", _PROMOTED, expects="another image with its signatures: exit code 1")
def signature_of_any_image(saboteur: Saboteur) -> None:
    """Accept the signature of another image, because the statements name the right one."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_CHAIN}/cosign.py",
        'self._run("verify", *_by(key)',
        'self._run("verify", "--check-claims=false", *_by(key)',
    )


@control("TASK-004-AC-4", _PROMOTED, expects="a signature of another key: promoted as")
def tag_before_it_is_verified(saboteur: Saboteur) -> None:
    """Give the name first, and say afterwards that it should not have been given."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_CHAIN}/promote.py",
        "        faults = _faults(\n",
        "        there.tag(digest, name)\n        faults = _faults(\n",
    )


@control("TASK-004-AC-4", _PROMOTED, expects="no list of the contents: promoted as")
def image_without_a_list(saboteur: Saboteur) -> None:
    """Promote images that are older than the lists of contents."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_CHAIN}/promote.py",
        '            found.append(f"its {kind}: {reason(error)}")\n',
        "            if kind != LIST:\n"
        '                found.append(f"its {kind}: {reason(error)}")\n',
    )


@control("TASK-004-AC-4", _PROMOTED, expects="does not answer is not told from an image at fault")
def silence_taken_for_a_fault(saboteur: Saboteur) -> None:
    """Ask cosign alone, to which nothing is signed where no registry answers."""
    edits.replace_in_commit(
        saboteur.repository(),
        "operations/pipeline/registry.py",
        '        if self._ask("HEAD", address, _OK, _ABSENT, headers=headers)',
        '        if "@" in digest and self._ask("HEAD", address, _OK, _ABSENT, headers=headers)',
    )


@control("TASK-004-AC-4", _PROMOTED, expects="The image sha256:.* is not promoted")
def nothing_is_promoted(saboteur: Saboteur) -> None:
    """Take an empty list of critical findings for one that has some."""
    edits.replace_in_commit(
        saboteur.repository(),
        f"{_CHAIN}/promote.py",
        'if result.get("critical") != []:',
        'if result.get("critical") is not None:',
    )


@control(
    "TASK-004-DOD-2",
    f"{_SAFE} [a push with a message that runs in the pipeline]",
    expects="The security workflow let .*template-injection.* pass",
)
@control(
    "TASK-004-DOD-2",
    f"{_SAFE} [a pull request with an action that its owner can change]",
    expects="The security workflow let .*unpinned-uses.* pass",
)
def workflows_not_scanned(saboteur: Saboteur) -> None:
    """Scan what is deployed, and not what deploys it."""
    edits.replace_in_commit(
        saboteur.repository(),
        "acceptance/domains/delivery/scanning.py",
        "        workflows.NAME: lambda: workflows.scan_workflows(root, names, timeout=limit),\n",
        "",
    )


@control(
    "TASK-004-DOD-2",
    f"{_SAFE} [a push with dangerous code in the pipeline]",
    expects=r"The security workflow let .*B605.* pass",
)
def pipeline_not_scanned(saboteur: Saboteur) -> None:
    """Take the pipeline for a tool of the developers, which is not delivered."""
    edits.replace_in_commit(
        saboteur.repository(),
        "acceptance/domains/delivery/scanning.py",
        '"node/", "operations/")',
        '"node/", "operations/rotation/")',
    )


@control(
    "TASK-004-DOD-2",
    f"{_SAFE} [a push with a secret in the pipeline]",
    expects="The security workflow let .*AWS Access Key.* pass",
)
def secrets_in_settings_allowed(saboteur: Saboteur) -> None:
    """Look for secrets in everything but the settings of tools."""
    edits.replace_in_commit(
        saboteur.repository(),
        "acceptance/domains/delivery/scanning.py",
        "secrets.scan_secrets(root, names, timeout=limit)",
        'secrets.scan_secrets(root, [n for n in names if n[0] != "."], timeout=limit)',
    )
