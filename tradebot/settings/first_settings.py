"""The questions that a new user is asked, and the first `.env` that the answers make.

A question reads a reply into settings, by the types of the settings' own model. No answer switches live trading on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

from tradebot.settings import env_file
from tradebot.settings.documentation import rows
from tradebot.settings.field_types import InvalidValue
from tradebot.settings.limit_model import LimitSettings
from tradebot.settings.model import BrokerName, PaperAdvance

Answers = Mapping[str, str]  # by the name of the setting

#: What the schedule's question answers at a broker outside, where no setting says it. It is not written.
SCHEDULE = "schedule"
#: The two halves of a key, which are checked together.
KEYS = ("ALPACA_API_KEY", "ALPACA_SECRET_KEY")
#: The limits that are shown and written; all others keep their defaults unless they are named.
TEMPLATE = (
    "MAX_POSITIONS",
    "MAX_POSITION_SIZE_PCT",
    "RISK_PER_TRADE_PCT",
    "MAX_PORTFOLIO_RISK_PCT",
    "MAX_ORDER_VALUE",
    "DAILY_LOSS_LIMIT_PCT",
    "EMERGENCY_STOP_LOSS_PCT",
)
_LIMITS = frozenset(item.name.upper() for item in fields(LimitSettings))
_HEAD = """# Made by `tradebot init`. A setting that is not here has its default: `tradebot config show` lists them all,
# and docs/configuration.md says what each means. The process environment wins over this file. Keep it to yourself.
"""


@dataclass(frozen=True, slots=True)
class Question:
    """A question of `tradebot init`."""

    text: str
    read: Callable[[str], Answers]  # the reply of one line, stripped; raises InvalidValue
    columns: str = ""  # of the table below the text, as ``reports.layout.columns`` takes them; "" without one
    rows: tuple[tuple[str, ...], ...] = ()
    hint: str = ""  # how to reply, below the table
    default: str = ""  # what an empty reply means, as text; "" for nothing
    hidden: bool = False  # whether the reply is a secret, which the terminal must not show


def broker_question() -> Question:
    """The first question: where the account is."""
    choices = (
        ("paper", "the embedded exchange: play money, real prices of the past, no account and no network"),
        ("alpaca", "a paper account at Alpaca: play money, today's prices"),
        ("robinhood", "the embedded exchange at Robinhood's prices of today: play money; unofficial, needs a login"),
    )
    return Question("Where is the account?", _broker, "choice | ~what it is", choices, default="paper")


def questions_after(broker: str) -> tuple[Question, ...]:
    """The questions after the first, at most five."""
    keys = (
        _secret("ALPACA_API_KEY", "Which key id has the paper account (PK...)?"),
        _secret("ALPACA_SECRET_KEY", "Which secret belongs to it?"),
    )
    return (*(keys if broker == BrokerName.ALPACA else ()), _limits(), _alerts(), _schedule(broker))


def env_text(answers: Answers) -> str:
    """The `.env` of these answers, without live trading. Raises InvalidValue for a value that no `.env` can hold."""
    limits = {name: rows()[name].default for name in TEMPLATE}
    settings = {name: text for name, text in answers.items() if name != SCHEDULE}
    named = {**limits, **{name: text for name, text in settings.items() if name in _LIMITS}}
    others = {name: text for name, text in settings.items() if name not in _LIMITS}
    lines = [_HEAD, "TRADING_MODE=paper", *(_line(name, text) for name, text in others.items()), ""]
    for name, text in named.items():
        lines += [f"# {rows()[name].meaning}", _line(name, text)]
    return "\n".join(lines) + "\n"


def _line(name: str, text: str) -> str:
    form = env_file.written(text)
    if form is None:
        raise InvalidValue(f"the value of {name} has no plain form in a file", "Set it in the process environment.")
    return f"{name}={form}"


def _broker(reply: str) -> Answers:
    if reply.casefold() not in list(BrokerName):
        raise InvalidValue("that is no choice", "Write paper, alpaca or robinhood.")
    return {"BROKER": reply.casefold()}


def _secret(name: str, text: str) -> Question:
    def read(reply: str) -> Answers:
        if not reply:
            raise InvalidValue("it is needed", "Make keys of your paper account at https://app.alpaca.markets.")
        rows()[name].type.read(reply)
        return {name: reply}

    return Question(text, read, hint="It is not shown while you type.", hidden=True)


def _limits() -> Question:
    shown = tuple((name, rows()[name].default, rows()[name].meaning) for name in TEMPLATE)
    text = "Which limits must every order keep? These are cautious; percentages are of equity."
    hint = "Press Enter to take them, or write others, with a space between: MAX_POSITIONS=5 MAX_ORDER_VALUE=2000"
    return Question(text, _changed_limits, "limit | >value | ~meaning", shown, hint)


def _changed_limits(reply: str) -> Answers:
    changed: dict[str, str] = {}
    for word in reply.split():
        name, equals, value = word.partition("=")
        name = name.upper()
        if not equals or name not in _LIMITS:
            raise InvalidValue(f"{word!r} is no limit with its value", f"Write them like {TEMPLATE[0]}=5.")
        try:
            rows()[name].type.read(value)
        except InvalidValue as error:
            raise InvalidValue(f"{name}: {error.what}", error.fix) from error
        changed[name] = value
    return changed


def _alerts() -> Question:
    def read(reply: str) -> Answers:
        if reply:
            rows()["ALERT_URLS"].type.read(reply)
        return {"ALERT_URLS": reply} if reply else {}

    hint = (
        "An address as Apprise takes it, such as ntfys://ntfy.sh/my-own-topic. It may hold a password, so it is not "
        "shown while you type. Press Enter for none; mail has settings of its own (EMAIL_...)."
    )
    return Question("Where do alerts go?", read, hint=hint, hidden=True)


def _schedule(broker: str) -> Question:
    def read(reply: str) -> Answers:
        if reply.casefold() not in ("y", "yes", "n", "no"):
            raise InvalidValue("that is neither yes nor no", "Write yes or no.")
        if reply.casefold() in ("n", "no"):
            return {}
        return {SCHEDULE: "yes", **({"PAPER_ADVANCE": PaperAdvance.DAILY} if broker == BrokerName.PAPER else {})}

    text = "Shall this machine's scheduler (cron or its like) start the jobs?"
    by_hand = "With no, you start them yourself, and `tradebot paper next` begins the next session."
    return Question(text, read, hint=by_hand if broker == BrokerName.PAPER else "", default="no")
