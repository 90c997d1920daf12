"""The one place where an error becomes an exit code and a message."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from tradebot.commands import heartbeats, logging_setup, notify, signal_handlers
from tradebot.errors import ExitCode, NotDue, Stopped, TradebotError
from tradebot.reports.streams import emit, tell, tolerate_any_letter
from tradebot.runtime import clocks
from tradebot.settings import GlobalOptions

_log = logging.getLogger(__name__)


def run(name: str, options: GlobalOptions, work: Callable[[], ExitCode]) -> int:
    """Do a command's work and give the code that the process ends with; say on standard error what went wrong."""
    tolerate_any_letter()
    with signal_handlers.answered():
        try:
            code = _ended(name, options, work)
            heartbeats.end(name, options, code)
            return int(code)
        except NotDue as idle:
            _idle(name, options, str(idle))
            return int(ExitCode.OK)
        finally:
            logging_setup.end()


def _ended(name: str, options: GlobalOptions, work: Callable[[], ExitCode]) -> ExitCode:
    """Do the work, deaf again once it is done; a signal that was held until now ends it before it begins."""
    try:
        logging_setup.begin(options)
        signal_handlers.hear()
        clocks.begin(options)
        code = ExitCode(work())
        signal_handlers.ignore()
        return code
    except NotDue:
        signal_handlers.ignore()
        raise
    except TradebotError as error:
        signal_handlers.ignore()
        return _refused(name, options, error)
    except signal_handlers.AskedToEnd as asked:
        signal_handlers.ignore()
        told = "; ".join(getattr(asked, "__notes__", ()))  # by whoever knows better than that nothing was sent
        return _refused(name, options, Stopped(asked.exit_code, told))
    except Exception as error:  # noqa: BLE001 - a bug, whatever it is: kept in the log file, told in one line
        signal_handlers.ignore()
        return _bug(name, options, error)


def _idle(name: str, options: GlobalOptions, why: str) -> None:
    """Say that a scheduler came at a wrong hour. Not to the monitor: it would take it for the job."""
    if options.json:
        from tradebot.reports import json_output

        emit(json_output.idle_json(name, why))
    else:
        emit(why)


def _refused(name: str, options: GlobalOptions, error: TradebotError) -> ExitCode:
    message = logging_setup.redact("\n".join((str(error), *getattr(error, "__notes__", ()))))
    _log.error("%s ended with %d: %s", name, error.exit_code, message)
    tell("\n".join(f"tradebot {name}: {line}" for line in message.splitlines() or [error.exit_code.meaning]))
    if options.json:
        from tradebot.reports import json_output

        emit(logging_setup.redact(json_output.error_json(name, error)))
    notify.of_failure(options, name, error.exit_code, message)
    return error.exit_code


def _bug(name: str, options: GlobalOptions, error: Exception) -> ExitCode:
    what = logging_setup.redact(f"{type(error).__name__}: {error}".splitlines()[0])
    log_file = logging_setup.keep_traceback(options, name, error)
    if log_file is None:
        tell(logging_setup.redact("".join(traceback.format_exception(error))))
        tell(f"tradebot {name}: unexpected error: {what}")
    else:
        tell(f"tradebot {name}: unexpected error: {what} (traceback in {log_file})")
    if options.json:
        from tradebot.reports import json_output

        emit(json_output.failure_json(name, ExitCode.BUG, what, log=log_file))
    notify.of_failure(options, name, ExitCode.BUG, what)
    return ExitCode.BUG
