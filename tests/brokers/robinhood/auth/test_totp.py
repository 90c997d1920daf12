"""Codes by time, held against those of RFC 6238 and of a secret as short as Robinhood's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tradebot.brokers.robinhood.auth.totp import totp

#: base32 of "12345678901234567890", the secret of RFC 6238's appendix B.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("second", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_the_codes_are_those_of_the_standard(second: int, code: str) -> None:
    assert totp(RFC_SECRET, datetime.fromtimestamp(second, UTC)) == code


def test_a_short_secret_is_taken_as_it_is_shown() -> None:
    at = datetime.fromtimestamp(0, UTC)
    assert totp("jbsw y3dp-ehpk 3pxp", at) == totp("JBSWY3DPEHPK3PXP", at) == "282760"


@pytest.mark.parametrize("secret", ["", "1", "not base32!", "====", "123456"])
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError):
        totp(secret, datetime.fromtimestamp(0, UTC))
