from __future__ import annotations

from typing import Any

import pytest
import yaml

from acceptance.project import ROOT
from benchmarks.overhead import BARE, COMPARED, cloned

_BASE = ROOT / "manifests/base/backend.yaml"
_SWITCHES = {"METRICS", "LOG_LEVEL", "OTEL_EXPORTER_OTLP_ENDPOINT"}


def _backend() -> dict[str, Any]:
    objects = yaml.safe_load_all(_BASE.read_text(encoding="utf-8"))
    (found,) = [each for each in objects if each["kind"] == "Deployment"]
    return dict(found)


def _switched(found: dict[str, Any]) -> dict[str, str]:
    (container,) = found["spec"]["template"]["spec"]["containers"]
    return {e["name"]: e["value"] for e in container["env"] if e["name"] in _SWITCHES}


def test_the_backend_with_everything_is_the_deployed_one() -> None:
    """But for its name, its label and its number of pods."""
    base = _backend()
    found = cloned(base, "all", COMPARED["all"])
    assert not _switched(found)
    ours, theirs = (each["spec"]["template"]["spec"] for each in (found, base))
    assert ours["containers"][0]["resources"] == theirs["containers"][0]["resources"]
    assert ours == theirs
    assert base == _backend(), "the deployed object was changed"


def test_the_bare_backend_has_every_signal_off() -> None:
    """A variable of its own wins over that of the ConfigMap; it is not scraped either."""
    found = cloned(_backend(), BARE, set())
    assert _switched(found) == {
        "METRICS": "off",
        "LOG_LEVEL": "warning",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "",
    }
    template = found["spec"]["template"]["metadata"]
    assert template["annotations"]["prometheus.io/scrape"] == "false"


@pytest.mark.parametrize("signal", ["metrics", "logs", "traces"])
def test_one_signal_is_on_alone(signal: str) -> None:
    """So that its own cost is seen."""
    assert len(_switched(cloned(_backend(), signal, COMPARED[signal]))) == 2


def test_pods_of_two_backends_are_kept_apart() -> None:
    """Each Deployment selects its own pods, and the policies of the backend hold for all."""
    one, two = (cloned(_backend(), name, COMPARED[name]) for name in ("logs", "traces"))
    labels = one["spec"]["template"]["metadata"]["labels"]
    assert one["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert not two["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert labels["app.kubernetes.io/name"] == "backend"
