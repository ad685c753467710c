"""Installs the custom resource definitions that the node's own programs need."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import urllib3
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from acceptance.clusters.nodes import open_client
from acceptance.errors import EnvironmentFailure
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def install_definitions(
    kubeconfig: Path,
    context: str,
    folder: Path,
    *,
    timeout: float,
    unrecoverable: Callable[[], str | None],
) -> None:
    """Create the definitions in `folder` (JSON files), once the API server answers.

    It may take `timeout` seconds to answer; `unrecoverable` returns why it cannot answer any more.

    Raises `EnvironmentFailure` if it does not answer in time, or refuses a definition.
    """
    with closing(open_client(kubeconfig, context)) as connection:
        api = client.ApiextensionsV1Api(connection)

        def answers() -> str:
            try:
                api.list_custom_resource_definition(limit=1, _request_timeout=timeout)
            except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
                return f"the API server does not answer: {error}"
            return ""

        eventually(
            answers,
            lambda problem: not problem,
            timeout=timeout,
            unrecoverable=lambda _: unrecoverable(),
            what="the API server to accept definitions",
            error=EnvironmentFailure,
        )
        for path in sorted(folder.iterdir()):
            body = json.loads(path.read_text(encoding="utf-8"))
            try:
                api.create_custom_resource_definition(body, _request_timeout=timeout)
            except ApiException as error:
                message = (
                    f"The API server refuses {path.name}: {error.reason}. Try: make clean-cache"
                )
                raise EnvironmentFailure(message) from error
