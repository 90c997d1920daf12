"""Turns the error of a command into an exit code, a message, a log line and an alert."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Callable

from tradebot.commands import heartbeats, logging_setup, signal_handlers
from tradebot.errors import ExitCode, NotDue, Stopped, TradebotError
from tradebot.reports.streams import emit, escape_unencodable, tell
from tradebot.runtime import clocks
from tradebot.settings import GlobalOptions

_log = logging.getLogger(__name__)

#: Files and folders of ours are for their owner alone, whatever the umask of the process that starts a command.
_UMASK = 0o077


def run(name: str, options: GlobalOptions, work: Callable[[], ExitCode]) -> int:
    """Run a command's work and return the exit code. Errors are reported on standard error."""
    escape_unencodable()
    umask = os.umask(_UMASK)
    with signal_handlers.installed():
        try:
            code = _run(name, options, work)
            heartbeats.end(name, options, code)
            return int(code)
        except NotDue as error:
            _report_not_due(name, options, str(error))
            return int(ExitCode.OK)
        finally:
            logging_setup.end()
            os.umask(umask)


def _run(name: str, options: GlobalOptions, work: Callable[[], ExitCode]) -> ExitCode:
    """Run the work, with signals unblocked before it and ignored after it."""
    try:
        logging_setup.begin(options)
        signal_handlers.unblock()
        clocks.begin(options)
        code = ExitCode(work())
        signal_handlers.ignore()
        return code
    except NotDue:
        signal_handlers.ignore()
        raise
    except TradebotError as error:
        signal_handlers.ignore()
        return _report_error(name, options, error)
    except signal_handlers.ShutdownRequested as request:
        signal_handlers.ignore()
        notes = "; ".join(getattr(request, "__notes__", ()))  # what was sent; without a note nothing was
        return _report_error(name, options, Stopped(request.exit_code, notes))
    except Exception as error:  # noqa: BLE001 - any other exception is a bug
        signal_handlers.ignore()
        return _report_bug(name, options, error)


def _report_not_due(name: str, options: GlobalOptions, why: str) -> None:
    """Print that the job is not due. The heartbeat monitor gets no ping: it would count it as a run of the job."""
    if options.json:
        from tradebot.reports import json_output

        emit(json_output.idle_json(name, why))
    else:
        emit(why)


def _report_error(name: str, options: GlobalOptions, error: TradebotError) -> ExitCode:
    message = logging_setup.redact("\n".join((str(error), *getattr(error, "__notes__", ()))))
    _log.error("%s ended with %d: %s", name, error.exit_code, message)
    tell("\n".join(f"tradebot {name}: {line}" for line in message.splitlines() or [error.exit_code.meaning]))
    if options.json:
        from tradebot.reports import json_output

        emit(logging_setup.redact(json_output.error_json(name, error)))
    _notify(options, name, error.exit_code, message)
    return error.exit_code


def _report_bug(name: str, options: GlobalOptions, error: Exception) -> ExitCode:
    what = logging_setup.redact(f"{type(error).__name__}: {error}".splitlines()[0])
    log_file = logging_setup.log_traceback(options, name, error)
    if log_file is None:
        tell(logging_setup.redact("".join(traceback.format_exception(error))))
        tell(f"tradebot {name}: unexpected error: {what}")
    else:
        tell(f"tradebot {name}: unexpected error: {what} (traceback in {log_file})")
    if options.json:
        from tradebot.reports import json_output

        emit(json_output.failure_json(name, ExitCode.BUG, what, log=log_file))
    _notify(options, name, ExitCode.BUG, what)
    return ExitCode.BUG


def _notify(options: GlobalOptions, name: str, code: ExitCode, message: str) -> None:
    from tradebot.commands import notify  # imports the outcomes of jobs, which an emergency stop does without at first

    notify.of_failure(options, name, code, message)
