from __future__ import annotations

import pytest

from acceptance.drivers.kubernetes.network_policies.address_set import (
    EVERY_ADDRESS,
    AddressSet,
    addresses,
)
from acceptance.drivers.kubernetes.network_policies.number_ranges import common, merged, without

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")


def test_ranges_that_touch_are_one() -> None:
    """Two sets with the same numbers are equal, however they were made."""
    assert merged([(4, 6), (1, 3), (5, 9), (20, 20)]) == ((1, 9), (20, 20))
    assert merged([]) == ()


def test_ranges_are_cut_at_both_ends_and_within() -> None:
    """What is left has no number of the other, and all others."""
    whole = ((1, 9), (20, 29))
    assert without(whole, ((1, 2), (5, 5), (9, 22))) == ((3, 4), (6, 8), (23, 29))
    assert without(whole, ()) == whole
    assert without(whole, ((0, 99),)) == ()
    assert common(whole, ((9, 20), (25, 40))) == ((9, 9), (20, 20), (25, 29))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (EVERY_ADDRESS, "every address"),
        (AddressSet(), "no address"),
        (addresses("192.0.2.7/32"), "192.0.2.7"),
        (addresses("192.0.2.7/24"), "192.0.2.0/24"),
        (addresses("192.0.2.0/25", "192.0.2.128/25"), "192.0.2.0/24"),
        (addresses("0.0.0.0/0") - addresses("10.0.0.0/8"), "0.0.0.0/0 but 10.0.0.0/8"),
        (
            addresses("0.0.0.0/0") - addresses(*PRIVATE),
            "0.0.0.0/0 but 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16",
        ),
        (addresses("10.0.0.0/8") - addresses("10.1.0.0/16"), "10.0.0.0/8 but 10.1.0.0/16"),
        (addresses("8.8.8.8", "192.0.2.0/24"), "8.8.8.8 and 192.0.2.0/24"),
        (addresses("2001:db8::/32") - addresses("2001:db8::1"), "2001:db8::/32 but 2001:db8::1"),
        (addresses("::/0", "192.0.2.1"), "192.0.2.1 and ::/0"),
        (
            addresses(*(f"192.0.2.{number}" for number in range(0, 20, 2))),
            "192.0.2.0, 192.0.2.2, 192.0.2.4, 192.0.2.6, 192.0.2.8, 192.0.2.10 and 4 more networks",
        ),
    ],
)
def test_addresses_are_written_as_short_as_possible(found: AddressSet, words: str) -> None:
    """A network with exceptions is written with them, and few addresses one by one."""
    assert str(found) == words


def test_addresses_of_the_families_are_never_mixed_up() -> None:
    """The first IPv6 addresses have the numbers of IPv4 addresses."""
    assert not addresses("::1.2.3.4") & addresses("0.0.0.0/0")
    assert EVERY_ADDRESS - addresses("0.0.0.0/0") == addresses("::/0")
    assert addresses("::/0") | addresses("0.0.0.0/0") == EVERY_ADDRESS
    assert not addresses()
    with pytest.raises(ValueError, match="everywhere"):
        addresses("everywhere")
