from __future__ import annotations

import base64
import json
import textwrap
from urllib.parse import quote

import pytest

from acceptance.domains.secrets.secret_forms import SecretForms
from acceptance.domains.secrets.secret_inventory import SecretValue
from acceptance.readiness.secret_encodings import forms

VALUE = "p&ss/w<rd+'\"x1Y2z3"
FORMS = SecretForms([SecretValue("own/KEY", VALUE), SecretValue("own/PIN", "k4-x9z")])


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "abcdefg: "])
def test_every_form_of_redaction_is_found_wherever_it_begins(before: str) -> None:
    """The search looks at every eighth place only."""
    for form in (*forms(VALUE), quote(VALUE, safe=""), json.dumps({"key": VALUE})):
        assert FORMS.origin(f"{before}{form} and more") == "own/KEY"
    encoded = base64.b64encode(f"{before}{VALUE} and more".encode()).decode()
    assert FORMS.origin(encoded) == "own/KEY"


@pytest.mark.parametrize("width", [19, 64, 76])
def test_a_value_is_found_across_lines(width: int) -> None:
    """As base64 is broken into lines, and a block in YAML is indented."""
    encoded = base64.b64encode(b"user: shop, password: " + VALUE.encode()).decode()
    lines = "\n".join(textwrap.wrap(encoded, width))
    assert FORMS.origin(textwrap.indent(lines, "    ")) == "own/KEY"
    assert FORMS.origin(json.dumps(lines)) == "own/KEY"


def test_a_short_value_counts_only_as_a_whole_text() -> None:
    """Within another text it may stand by chance."""
    assert FORMS.origin("k4-x9z") == FORMS.origin(" k4-x9z\n") == "own/PIN"
    assert FORMS.origin("rack4-x9zz") is None
    words = SecretForms([SecretValue("own/PIN", "4711"), SecretValue("own/MODE", "simple")])
    assert words.origin("4711") is words.origin("simple") is None


def test_other_texts_hold_nothing() -> None:
    """Otherwise the tests above would prove nothing."""
    assert FORMS.origin("") is FORMS.origin("nothing of that kind " * 50) is None
    assert SecretForms([]).origin(VALUE) is None


def test_the_forms_for_other_programs_are_single_lines() -> None:
    """A program that looks for lines would take the parts of a longer one for themselves."""
    key = "first line of a key\nMIGHAgEAMBMGByqGSM49\nlast line of a key"
    found = SecretForms([SecretValue("own/tls.key", key)]).lines
    assert found
    assert not any("\n" in line for line in found)
