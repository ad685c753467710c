"""Searches the files of a running container, and the arguments of its processes, with its grep."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.build.kubectl import kubectl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acceptance.drivers.kubernetes.facts import Object
    from acceptance.system import System

_KNOWN_TEXT, _KNOWN_FILE = "Kubernetes-managed hosts file", "/etc/hosts"
"""What the kubelet writes into every container: a search that does not find it proves nothing."""

# The patterns come by standard input, because other processes see arguments. What cannot be read as
# the container's own user is left out, and so is what the kernel shows, but for the arguments. So
# are the folders that only packages write to (Filesystem Hierarchy Standard 3.0): they are most of
# an image, and a container with a fifth of a processor reads them for most of a minute.
_SCRIPT = r"""
export LC_ALL=C
command -v grep >/dev/null || { echo "there is no grep in this image" >&2; exit 1; }
set --
for place in /* /usr/*; do
  case $place in
    /proc|/sys|/dev|/usr) ;;
    /bin|/boot|/lib*|/sbin|/usr/bin|/usr/lib*|/usr/sbin) ;;
    /usr/*) if [ "@WHOLE@" = yes ]; then set -- "$@" "$place"; fi ;;
    *) set -- "$@" "$place" ;;
  esac
done
grep -rlsaF -f - -- "$@" /dev/shm /proc/[0-9]*/cmdline || [ $? -lt 3 ]
"""


_AT_ONCE = 100_000
"""So many characters of patterns for one grep, which needs about 100 bytes for each. A container
has little memory to spare, and what needs too much is killed, or kills what serves visitors.
"""
_LONGEST = 200
"""Of a longer pattern its middle is enough: what holds the pattern holds that. Where keys begin and
end, they are alike.
"""


@dataclass(frozen=True)
class SearchedContainer:
    """A container whose files are searched."""

    pod: str
    name: str
    secret_mounts: tuple[str, ...]
    """Where Secrets are mounted, which belong there."""
    whole: bool
    """Whether what its image has below /usr is searched too."""


def searched_containers(pods: Sequence[Object]) -> tuple[SearchedContainer, ...]:
    """Return the running containers of `pods`; what an image has below /usr is searched once."""
    images: set[str] = set()
    found = []
    for pod in pods:
        spec, status = pod["spec"], pod.get("status") or {}
        running = {
            each["name"]: each.get("imageID", "")
            for group in (
                "initContainerStatuses",
                "containerStatuses",
                "ephemeralContainerStatuses",
            )
            for each in status.get(group) or ()
            if "running" in (each.get("state") or {})
        }
        for container in containers_of(pod):
            if container["name"] not in running:
                continue
            image = running[container["name"]] or container.get("image", "")
            mounts = tuple(_secret_mounts(spec, container))
            name = pod["metadata"]["name"]
            found.append(SearchedContainer(name, container["name"], mounts, image not in images))
            images.add(image)
    return tuple(found)


def containers_of(pod: Object) -> tuple[Object, ...]:
    """Return all containers of a pod: the first ones, the others, and those of a debugger."""
    groups = ("initContainers", "containers", "ephemeralContainers")
    return tuple(each for group in groups for each in pod["spec"].get(group) or ())


def search_files(
    system: System, container: SearchedContainer, patterns: Sequence[str], *, timeout: float
) -> tuple[str, ...] | None:
    """Return the files that hold one of `patterns`, without those of mounted Secrets.

    None if the search did not find what is in every container. Raises `EnvironmentFailure` if the
    container has no shell or no grep, or it takes over `timeout` seconds.
    """
    files: dict[str, None] = {}
    for few in _turns(patterns):
        some = _files_with(system, container, few, timeout=timeout)
        if _KNOWN_FILE not in some:
            return None
        files |= dict.fromkeys(some)
    return tuple(
        file
        for file in files
        if file != _KNOWN_FILE
        and not any(file == each or file.startswith(f"{each}/") for each in container.secret_mounts)
    )


def _turns(patterns: Sequence[str]) -> Iterator[list[str]]:
    """Yield the patterns, shortened, as many at a time as one grep can look for."""
    few: list[str] = []
    size = 0
    for pattern in dict.fromkeys(map(_middle, patterns)):
        if few and size + len(pattern) > _AT_ONCE:
            yield few
            few, size = [], 0
        few.append(pattern)
        size += len(pattern)
    yield few


def _middle(pattern: str) -> str:
    first = max(0, (len(pattern) - _LONGEST) // 2)
    return pattern[first : first + _LONGEST]


def _files_with(
    system: System, container: SearchedContainer, patterns: Sequence[str], *, timeout: float
) -> list[str]:
    """Return the files that hold one of `patterns`, or the text that every container has."""
    where = [f"--namespace={system.namespace}", "exec", "--stdin", container.pod]
    script = _SCRIPT.replace("@WHOLE@", "yes" if container.whole else "no")
    said = kubectl(
        Path(system.kubeconfig),
        system.context,
        [*where, f"--container={container.name}", "--", "sh", "-c", script],
        timeout=timeout,
        stdin="\n".join((_KNOWN_TEXT, *patterns)) + "\n",
    )
    return said.splitlines()


def _secret_mounts(spec: Object, container: Object) -> Iterator[str]:
    secret = {
        volume["name"]
        for volume in spec.get("volumes") or ()
        if volume.get("secret")
        or any(
            source.get("secret") or source.get("serviceAccountToken")
            for source in (volume.get("projected") or {}).get("sources") or ()
        )
        or (volume.get("csi") or {}).get("driver", "").startswith("secrets-store")
    }
    for mount in container.get("volumeMounts") or ():
        if mount["name"] in secret:
            yield mount["mountPath"].rstrip("/")
