"""Finds credentials in a running container, with a shell in it: files and environment variables.

Nothing that is secret leaves the container: of a token its header and payload without the
signature, of a private key the certificates beside it, and of anything else only where it is.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PATTERNS: Mapping[str, str] = {
    # Header and payload of a JSON Web Token (RFC 7519).
    "jwt": r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.",
    "kubeconfig": r'"?(client-key-data|current-context)"?[[:space:]]*:',
    "key": "-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----",
    # Keys of AWS, keys of Google Cloud's service accounts and users, and keys of Azure.
    "cloud": (
        r"(^|[^A-Z0-9])(AKIA|ASIA)[0-9A-Z]{16}($|[^A-Z0-9])"
        r'|aws_secret_access_key"?[[:space:]]*[=:][[:space:]]*"?[A-Za-z0-9/+]{40}'
        r'|"type"[[:space:]]*:[[:space:]]*"(service_account|authorized_user|external_account)"'
        r'|(AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,}|"activeDirectoryEndpointUrl"'
    ),
    # GitHub, GitLab and Slack.
    "service": r"gh[pousr]_[A-Za-z0-9]{36}|glpat-[A-Za-z0-9_-]{20}|xox[abpr]-[0-9A-Za-z-]{10,}",
}
VARIABLES = frozenset(
    {
        "ARM_CLIENT_SECRET",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AZURE_CLIENT_SECRET",
        "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_STORAGE_CONNECTION_STRING",
        "AZURE_STORAGE_KEY",
        "GCP_SERVICE_ACCOUNT_KEY",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_CREDENTIALS",
    }
)
"""Variables by which clients of clouds find their credentials."""
# What a distribution and its packages bring; with example tokens in their documentation.
_PRUNED = (
    *("/proc", "/sys", "/dev", "/bin", "/sbin", "/lib*", "/etc/ssl", "/etc/ca-certificates*"),
    *("/var/lib/dpkg", "/var/lib/apt", "/var/cache", "*/site-packages", "*/dist-packages"),
    *("/usr/bin", "/usr/sbin", "/usr/lib*", "/usr/share", "/usr/include", "/usr/local/lib*"),
    *("/usr/local/share", "/usr/local/include", "*/node_modules"),
)
_LARGEST = "64k"
PROGRAMS = ("cut", "find", "grep", "sed", "sort", "tr")
"""The programs that the script needs in the image."""
_SCRIPT = r"""
every='@EVERY@'
jwt='@jwt@'
tokens() {
  grep -aohE -e "$jwt" "$@" | sort -u
}
{
  echo /
  echo /dev/shm
  cut -d' ' -f2 /proc/self/mounts | grep -vE '^/(proc|sys|dev)(/|$)|^/$'
} | while read -r place; do
  if [ "$place" = / ]; then
    find / -xdev \( @PRUNED@ \) -prune -o \
      -type f -size -@LARGEST@ -exec grep -alsE -e "$every" {} + 2>/dev/null || :
  else
    find "$place" -xdev -type f -size -@LARGEST@ -exec grep -alsE -e "$every" {} + 2>/dev/null || :
  fi
done | sort -u | while read -r file; do
  tokens "$file" | while read -r token; do echo "jwt $token $file"; done
  if grep -qaE -e '@kubeconfig@' "$file"; then echo "kubeconfig - $file"; fi
  if grep -qaE -e '@cloud@' "$file"; then echo "cloud - $file"; fi
  if grep -qaE -e '@service@' "$file"; then echo "service - $file"; fi
  if grep -qaE -e '@key@' "$file"; then
    shown=$(sed -n '/-----BEGIN CERT/,/-----END CERT/p' "${file%/*}"/* 2>/dev/null | tr '\n ' '|_')
    echo "key ${shown:--} $file"
  fi
done
variables | grep -aE -e "$every" | while IFS= read -r line; do
  name='$'${line%%=*}
  printf '%s\n' "$line" | tokens | while read -r token; do echo "jwt $token $name"; done
  if printf '%s\n' "$line" | grep -qaE -e '@kubeconfig@'; then echo "kubeconfig - $name"; fi
  if printf '%s\n' "$line" | grep -qaE -e '@cloud@'; then echo "cloud - $name"; fi
  if printf '%s\n' "$line" | grep -qaE -e '@service@'; then echo "service - $name"; fi
done | sort -u
"""


@dataclass(frozen=True)
class FoundCredential:
    """Something in a container that opens something."""

    kind: str
    """`jwt`, `kubeconfig`, `key`, `cloud` or `service`."""
    place: str
    """A file, or a variable as `$NAME`."""
    claims: Mapping[str, Any] = field(default_factory=dict)
    """The payload of a token; empty if it cannot be read."""
    certificates: str = ""
    """The certificates in the same folder as a private key, as PEM."""


def search_script() -> str:
    """Return the commands that print a line for each credential.

    They use the shell function `variables`, which prints the environment.
    """
    script = _SCRIPT.replace("@EVERY@", "|".join(_PATTERNS.values()))
    for kind, pattern in _PATTERNS.items():
        script = script.replace(f"@{kind}@", pattern)
    pruned = " -o ".join(f"-path '{each}'" for each in _PRUNED)
    return script.replace("@PRUNED@", pruned).replace("@LARGEST@", _LARGEST)


def parse_credentials(
    lines: Iterable[str], variables: Iterable[str]
) -> tuple[FoundCredential, ...]:
    """Parse what the script printed; `variables` has the names of all environment variables."""
    found = dict.fromkeys(line for line in lines if line.count(" ") > 1)
    return (
        *(credential for line in found for credential in _parsed(line)),
        *(FoundCredential("cloud", f"${name}") for name in sorted(VARIABLES & set(variables))),
    )


def _parsed(line: str) -> Iterator[FoundCredential]:
    kind, detail, place = line.split(" ", 2)
    if kind in _PATTERNS:
        text = (
            detail.replace("|", "\n").replace("_", " ") if kind == "key" and detail != "-" else ""
        )
        yield FoundCredential(kind, place, _claims(detail) if kind == "jwt" else {}, text)


def _claims(token: str) -> Mapping[str, Any]:
    payload = token.split(".")[1]
    try:
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
