"""The numbers of accounts that are shown masked: with one of them, a person can move money at the broker."""

from __future__ import annotations

from collections.abc import Iterable

#: The broker and mode of the accounts whose numbers are secret.
_SECRET = frozenset({("robinhood", "live")})
_SHOWN = 3  # characters at the end


def is_secret(broker: str, mode: str) -> bool:
    """Whether the number of an account is shown masked."""
    return (broker, mode) in _SECRET


def shown_number(broker: str, mode: str, number: str, *others: str) -> str:
    """The number of an account for people; ``others`` stand beside it and must not look the same."""
    return masked(number, others) if is_secret(broker, mode) else number


def shown_key(account_key: str) -> str:
    """The key of an account for people: ``broker:mode:number``, the number masked where it is secret."""
    broker, _, rest = account_key.partition(":")
    mode, colon, number = rest.partition(":")
    return f"{broker}:{mode}:{masked(number)}" if colon and is_secret(broker, mode) else account_key


def masked(number: str, others: Iterable[str] = ()) -> str:
    """A number of which the last three characters are shown, and one more for each of ``others`` that ends alike."""
    end = number[-_SHOWN:]
    shown = set(range(len(number) - _SHOWN, len(number)))
    for other in others:
        if other.endswith(end):
            pairs = enumerate(zip(number, other, strict=False))
            shown.update([index for index, (ours, theirs) in pairs if ours != theirs][:1])
    return "".join(character if index in shown else "*" for index, character in enumerate(number))
