"""What scanners wrote, shortened to what is read of it."""

from __future__ import annotations

from typing import Any

CHECKOV: dict[str, Any] = {
    # checkov 3.3.30, --framework=kubernetes --output=json --compact
    "check_type": "kubernetes",
    "results": {
        "passed_checks": [],
        "failed_checks": [
            {
                "check_id": "CKV_K8S_16",
                "check_name": "Container should not be privileged",
                "file_path": "/000.yaml",
                "resource": "Deployment.checkout.backend",
                "severity": None,
            },
            {
                "check_id": "CKV2_ACCEPTANCE_1",
                "check_name": "No volume is a folder of the node",
                "file_path": "/000.yaml",
                "resource": "Pod.checkout.backend.app.kubernetes.io/name-backend"
                ".app.kubernetes.io/part-of-checkout",
                "severity": None,
            },
        ],
        "skipped_checks": [
            {
                "check_id": "CKV_K8S_23",
                "check_name": "Minimize the admission of root containers",
                "file_path": "/001.yaml",
                "resource": "StatefulSet.checkout.database",
                "severity": None,
            }
        ],
        "parsing_errors": [],
    },
    "summary": {
        "passed": 268,
        "failed": 2,
        "skipped": 1,
        "parsing_errors": 0,
        "resource_count": 17,
        "checkov_version": "3.3.30",
    },
}

CHECKOV_NOTHING = {
    # The same, when there is nothing in the file that it knows
    "passed": 0,
    "failed": 0,
    "skipped": 0,
    "parsing_errors": 0,
    "resource_count": 0,
    "checkov_version": "3.3.30",
}

TRIVY: dict[str, Any] = {
    # In the form of Trivy's documentation: it could not be had where this was written
    "SchemaVersion": 2,
    "Results": [
        {
            "Target": "image (debian 12.12)",
            "Packages": [{"Name": "libc6"}, {"Name": "zlib1g"}],
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "CVE-2023-45853",
                    "PkgName": "zlib1g",
                    "Title": "zlib: integer overflow",
                    "Severity": "CRITICAL",
                }
            ],
        }
    ],
}

DPKG_STATUS = """\
Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u10
Description: GNU C Library
 with a second line: it is no field

Package: tzdata
Status: install ok installed
Architecture: all
Version: 2025b-0+deb12u1

Package: removed
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""

DEBIAN_SOURCES = """\
Types: deb
# http://snapshot.debian.org/archive/debian/20250520T000000Z
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
# http://snapshot.debian.org/archive/debian-security/20250520T000000Z
URIs: http://deb.debian.org/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""

RELEASE = """\
-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

Origin: Debian
Label: Debian-Security
Suite: oldstable-security
Date: Mon, 23 Nov 2026 11:22:37 UTC
Valid-Until: Mon, 30 Nov 2026 11:22:37 UTC
"""

PACKAGES = """\
Package: libc6
Source: glibc
Version: 2.36-9+deb12u9
Architecture: amd64

Package: libc6
Source: glibc
Version: 2.36-9+deb12u14
Architecture: amd64

Package: tzdata
Version: 2025b-0+deb12u1
Architecture: all

Package: removed
Version: 2
Architecture: amd64

Package: never-installed
Version: 9
Architecture: amd64
"""
