"""tradebot init"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tradebot.commands import decorator
from tradebot.errors import Blocked, ConfigError, ExitCode, Problem, TradebotError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tradebot.settings import GlobalOptions, Settings
    from tradebot.settings.first_settings import Answers, Question

_NOTHING_WRITTEN = "nothing was written."


@decorator.command(
    "init",
    writes="the `.env` of a home that has none, for you alone; then what `tradebot init-db` and `tradebot preflight` "
    "write, and the schedule if you say so. Never a file that is there, and never the switches of live trading.",
    examples=("tradebot init", "tradebot init --home ~/tradebot"),
    ends_with=(
        ExitCode.BLOCKED,
        ExitCode.HALTED,
        ExitCode.BROKER,
        ExitCode.LOCKED,
        ExitCode.LEDGER,
        ExitCode.DEGRADED,
    ),
)
def command(options: GlobalOptions) -> ExitCode:
    """Set up a home, by at most six questions.

    They are about broker, keys, limits, alerts and schedule. Keys are tried at the broker before they are written. At
    Robinhood a login comes next, and the home is made after it. What you type as a secret is not shown. ^C at any time
    leaves nothing behind. Everything can be done without it: copy env.example to `.env` in the home, then `tradebot
    init-db` and `tradebot preflight`.
    """
    from tradebot.commands import logging_setup, signal_handlers
    from tradebot.commands.preflight import check_before_open
    from tradebot.home.fresh_files import FreshFiles
    from tradebot.runtime.init_home import init_home

    settings = _settings_before(options)
    env = settings.home / ".env"
    _require_terminal(options, env)
    fresh = FreshFiles(settings.home, _places(settings))
    try:
        answers, text = _interview(settings.home)
        _write(env, text)
        logging_setup.begin(options)  # masks the secrets that it holds now
        if _needs_login(options, answers):
            _say(f"written: {env}, for you alone. Log in to Robinhood now, and make the home after that.")
            _show_next(_after_login(_where(settings.home), answers))
            return ExitCode.OK
        init_home(options)
        _say(f"written: {env}, for you alone; and made the home {settings.home}")
        code = check_before_open(options)
    except BaseException as error:
        signal_handlers.ignore()
        logging_setup.close_files()  # they are to be removed
        fresh.remove()
        if isinstance(error, signal_handlers.ShutdownRequested):
            error.add_note("nothing is left behind")
        raise
    _finish(options, answers, code)
    return code


def _require_terminal(options: GlobalOptions, env: Path) -> None:
    if options.json or sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            "it asks questions, and nobody is there to answer. By hand: write the settings that you want to change "
            f"into {env} (env.example has them all), keep it to yourself (chmod 600), then `tradebot init-db` and "
            "`tradebot preflight`."
        )


def _settings_before(options: GlobalOptions) -> Settings:
    """The settings of the home before it has a `.env`. Raises ConfigError if it has one, and UsageError."""
    from tradebot.settings import TradingMode, inspect_text, process_environment, resolve_home
    from tradebot.settings.first_settings import KEYS

    if options.env_file is not None:
        raise UsageError("it writes the `.env` of the home: leave --env-file out.")
    home = resolve_home(options.home, process_environment())
    if os.path.lexists(home / ".env"):
        fix = "Edit it (env.example has every setting), or name another home with --home. Then `tradebot preflight`."
        raise ConfigError([Problem(str(home / ".env"), "there is one already, and it stays as it is", fix)])
    inspected = inspect_text(home, "")
    settings = inspected.loaded.settings
    if TradingMode.LIVE in (settings.trading_mode, process_environment().get("TRADING_MODE", "").strip().casefold()):
        fix = "Unset it; docs/brokers.md says how to go live once paper trading has shown what you want to see."
        raise ConfigError([Problem("TRADING_MODE (environment)", "it is live, and this sets up paper trading", fix)])
    depends_on_answers = {"BROKER", "TRADEBOT_NOW", *KEYS}
    if wrong := [fault.problem for fault in inspected.faults if depends_on_answers.isdisjoint(fault.names or ())]:
        raise ConfigError(wrong)  # before anybody has answered six questions
    return settings


def _places(settings: Settings) -> Iterable[Path]:
    """What the commands that this one runs make in a home."""
    from tradebot.home import paths

    file = settings.ledger_file
    ledger = (file.with_name(file.name + suffix) for suffix in ("", "-wal", "-shm", "-journal")) if file else ()
    return (settings.home / ".env", paths.state_folder(settings.home), settings.log_path, *ledger)


def _interview(home: Path) -> tuple[Answers, str]:
    """The answers, and the text of the `.env` that they make. Raises UsageError and ConfigError."""
    from tradebot.settings.first_settings import KEYS, broker_question, env_text, questions_after

    _say(f"tradebot is set up in {home}. ^C at any time leaves nothing behind.")
    answers = dict(_ask(broker_question(), "1"))
    _refuse_overruled(answers)
    questions = questions_after(answers["BROKER"])
    number = 0
    while number < len(questions):
        answers |= _ask(questions[number], f"{number + 2} of {len(questions) + 1}")
        number += 1
        _refuse_overruled(answers)
        if KEYS[1] in answers and number == len(KEYS) and not _keys_work(home, answers):
            number = 0
    text = env_text(answers)
    _check(home, text)
    return answers, text


def _refuse_overruled(answers: Answers) -> None:
    """Raise ConfigError for an answer that would not count: the process environment wins over the `.env`."""
    from tradebot.settings import process_environment

    environment = {name: text.strip() for name, text in process_environment().items()}
    fix = "Unset it there, then run this again."
    what = "it wins over the `.env`, and is another than your answer"
    wrong = [name for name, text in answers.items() if environment.get(name, "") not in ("", text)]
    if wrong:
        raise ConfigError(Problem(f"{name} (environment)", what, fix) for name in wrong)


def _ask(question: Question, number: str) -> Answers:
    from tradebot.commands import confirm
    from tradebot.reports.layout import Heading, Line, table
    from tradebot.settings.field_types import InvalidValue

    hint = (Line(question.hint),) if question.hint else ()
    confirm.show_on_stderr((Heading(f"{number}. {question.text}"), *table(question.columns, question.rows), *hint))
    prompt = f"  [{question.default}] > " if question.default else "  > "
    while True:
        reply = _reply(prompt, hidden=question.hidden)
        try:
            return question.read(reply or question.default)
        except InvalidValue as error:
            _say(f"  {error}")


def _reply(prompt: str, *, hidden: bool) -> str:
    """A line that was typed. Raises UsageError at its end (^D)."""
    import getpass

    try:
        if hidden:
            return getpass.getpass(prompt, stream=sys.stderr).strip()
        sys.stderr.write(prompt)
        sys.stderr.flush()
        if line := sys.stdin.readline():
            return line.strip()
    except EOFError:
        pass
    raise UsageError(_NOTHING_WRITTEN)


def _keys_work(home: Path, answers: Answers) -> bool:
    """Whether the broker takes the keys; what is wrong with them is told. Raises what the broker's reads raise."""
    from tradebot.runtime.init_home import account_at
    from tradebot.settings import inspect_text
    from tradebot.settings.first_settings import KEYS, env_text

    inspected = inspect_text(home, env_text(answers))
    wrong = [fault.problem for fault in inspected.faults if fault.names and fault.names & {*KEYS}]
    if wrong:
        _say("\n".join(f"  {problem.what}. {problem.fix}" for problem in wrong))
        return False
    _check(home, env_text(answers))
    try:
        account = account_at(inspected.loaded.settings)
    except Blocked as error:
        _say(f"  These keys do not work: {error}\n  Nothing is written yet. Give both halves again.")
        return False
    except TradebotError as error:
        error.add_note(f"The keys could not be tried, and {_NOTHING_WRITTEN}")
        raise
    _say(f"  The keys work: paper account {account.account_id}, equity {account.equity:,.2f} USD.")
    return True


def _check(home: Path, text: str) -> None:
    """Raise ConfigError if the home could not work with this `.env`."""
    from tradebot.settings import inspect_text

    if problems := inspect_text(home, text).problems:
        raise ConfigError(problems)


def _write(env: Path, text: str) -> None:
    """Write the `.env` for its owner alone. Raises ConfigError if it cannot be written or is there meanwhile."""
    from tradebot.home.atomic_files import make_folder, write_error_text

    try:
        make_folder(env.parent)
        with os.fdopen(os.open(env, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise write_error_text(env, error) from error


def _finish(options: GlobalOptions, answers: Answers, code: ExitCode) -> None:
    """Install the schedule if that was the answer, and say what comes next."""
    from tradebot.commands import render, schedule
    from tradebot.reports.layout import lines, section
    from tradebot.runtime.homes import configuration
    from tradebot.settings.first_settings import SCHEDULE

    home = configuration(options).settings.home
    scheduled = False
    if SCHEDULE in answers:
        try:
            render.show(section("Schedule", *lines(schedule.install_for(options))))
            scheduled = True
        except TradebotError as error:
            _say(f"the schedule was not installed: {error}")
    _show_next(_next(_where(home), code, answers, scheduled=scheduled))


def _needs_login(options: GlobalOptions, answers: Answers) -> bool:
    """Whether the broker is asked by a session that a person begins, and there is none."""
    from tradebot.runtime.homes import configuration
    from tradebot.settings import BrokerName

    if answers["BROKER"] != BrokerName.ROBINHOOD:
        return False
    from tradebot.runtime.robinhood_auth import status

    return bool(status(configuration(options).settings).trouble)


def _where(home: Path) -> str:
    """The option that names a home, as a shell takes it."""
    import shlex
    import subprocess

    return f" --home {subprocess.list2cmdline([str(home)]) if os.name == 'nt' else shlex.quote(str(home))}"


def _show_next(steps: Iterable[tuple[str, str]]) -> None:
    from tradebot.commands import render
    from tradebot.reports.layout import Facts, section

    render.show(section("What comes next", Facts(tuple(steps))))


def _after_login(where: str, answers: Answers) -> Iterable[tuple[str, str]]:
    """What comes next in a home whose broker wants a login first, each with its command line."""
    from tradebot.settings.first_settings import SCHEDULE

    yield "log in to Robinhood", f"tradebot auth robinhood{where}"
    yield "make the home", f"tradebot init-db{where}"
    yield "check it", f"tradebot preflight{where}"
    if SCHEDULE in answers:
        yield "let a scheduler start the jobs", f"tradebot schedule install{where}"
    if "ALERT_URLS" in answers:
        yield "see that alerts reach you", f"tradebot alerts test{where}"


def _next(where: str, code: ExitCode, answers: Answers, *, scheduled: bool) -> Iterable[tuple[str, str]]:
    """What may be done next, each with its command line."""
    if code is not ExitCode.OK:
        yield "mend what failed above, then", f"tradebot preflight{where}"
    if scheduled:
        yield "see that every job will start", f"tradebot schedule verify{where}"
    elif answers["BROKER"] == "paper":
        yield "trade a session", f"tradebot run-daily{where}"
        yield "begin the next session", f"tradebot paper next{where}"
    else:
        yield "let a scheduler start the jobs", f"tradebot schedule install{where}"
    yield "see how the account stands", f"tradebot status{where}"
    if "ALERT_URLS" in answers:
        yield "see that alerts reach you", f"tradebot alerts test{where}"
    yield "stop everything, at any time", f"tradebot emergency-stop{where}"


def _say(text: str) -> None:
    from tradebot.reports.streams import tell

    tell(text)
