"""Paths at which servers show what was never meant for visitors.

Source: the OWASP Web Security Testing Guide 4.2, CONF-02 (default files and pages), CONF-04 (old
and backup files), CONF-05 (pages for administrators) and INFO-05 (what pages give away).
"""

from __future__ import annotations

_WORDS = {
    "": (
        ".git/HEAD .git/config .git/index .git/logs/HEAD .gitignore .svn/entries .hg/hgrc "
        ".env .env.local .env.production .env.bak .npmrc .htaccess .htpasswd .DS_Store "
        ".dockerignore .aws/credentials .ssh/id_rsa .bash_history .vscode/settings.json "
        ".idea/workspace.xml Dockerfile docker-compose.yml Makefile package.json "
        "package-lock.json pyproject.toml requirements.txt tsconfig.json vite.config.ts yarn.lock "
        "nginx.conf config.json config.yaml config.js settings.py secrets.yaml credentials.json "
        "id_rsa server.key tls.key tls.crt kubeconfig "
        "backup.sql backup.tar.gz backup.zip db.sql dump.sql database.sql checkout.sql "
        "checkout.dump data.sql site.tar.gz www.zip index.html.bak index.html.old index.html~ "
        "index.php.bak index.html.orig .index.html.swp error.log access.log debug.log "
        "phpinfo.php info.php test.html "
        "admin admin/ administrator console dashboard/ debug debug/pprof/ debug/vars "
        "_debug_toolbar/ server-status server-info nginx_status stub_status status "
        "actuator actuator/env actuator/heapdump env heapdump trace metrics prometheus "
        "version info "
        "docs redoc swagger swagger-ui.html swagger.json openapi.json openapi.yaml graphql "
        "graphiql src/ src/main.ts node_modules/ tests/ coverage/ storybook/ assets/ static/ "
        "api/rawdata api/overview api/version api/entrypoints"
    ),
    "api/": (
        "docs redoc swagger.json debug admin metrics env config internal users "
        "dump export backup logs sql shell test .env .git/HEAD checkouts.csv checkouts.sql"
    ),
}
"""By folder: names of files and pages, separated by blanks."""
BESIDE = (".map", ".bak", ".old", ".orig", "~", ".swp", ".save", ".tmp", ".zip", ".tar.gz")
"""What is left beside a file that is served: its sources, and copies of it."""
INLINE_SOURCES = "sourceMappingURL=data:"
"""What shows that a program has its sources within it (ECMA-426)."""


def leftovers() -> tuple[str, ...]:
    """Return the paths that are asked for on every server."""
    return tuple(f"/{folder}{name}" for folder, names in _WORDS.items() for name in names.split())


def beside(served: str) -> tuple[str, ...]:
    """Return the paths of what may be left beside a file that is served."""
    return tuple(f"{served}{ending}" for ending in BESIDE)
