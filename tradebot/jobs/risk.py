"""risk: how far each limit is used, and what the account has at stake, now or as the ledger knew it last."""

from __future__ import annotations

from tradebot.core.model.schedule import Job
from tradebot.core.results.risk_outcome import RiskOutcome, limits_now, symbol_risks
from tradebot.core.risk.circuit_breakers import LimitInputs
from tradebot.core.risk.exposure import measure_exposure
from tradebot.core.risk.limits_used import account_limits_used
from tradebot.core.safety.stop_coverage import unprotected_dollars
from tradebot.jobs.desk import Desk
from tradebot.jobs.ledger_desk import LedgerDesk
from tradebot.jobs.steps.live_account import LiveAccount, read_live


def run(desk: Desk) -> RiskOutcome:
    """The risk of the account now. Raises BrokerUnavailable."""
    return told(read_live(desk, Job.RISK))


def told(live: LiveAccount) -> RiskOutcome:
    """The risk of an account that was just read."""
    exposure = measure_exposure(live.inputs)
    used = account_limits_used(live.inputs, live.account, live.counters, live.run.breaks)
    unpriced = tuple(f"{symbol}: an order may open it, at a price that is not known" for symbol in exposure.unpriced)
    return RiskOutcome(
        session=live.run.session,
        equity=live.account.equity,
        limits_used=limits_now(live.run.session, used),
        symbols=symbol_risks(exposure.by_symbol),
        unprotected=unprotected_dollars(live.stops.gaps),
        notes=unpriced,
    )


def recall(desk: LedgerDesk) -> RiskOutcome:
    """The risk as it was known last: the positions of the newest look, and the highest use of limits in its session."""
    point, known = desk.ledger.history.newest_equity(), desk.ledger.listings.last_positions()
    if point is None or known is None:
        nothing = "no job has looked at the account yet, so nothing is known of it"
        return RiskOutcome(None, None, (), (), None, notes=(nothing,))
    limits, holdings = desk.settings.limits(), desk.ledger.books.holdings()
    inputs = LimitInputs(point.equity, known[1], holdings, (), desk.ledger.orders.unsettled(), {}, limits)
    used = (each for _, each in desk.ledger.limits_used.between(point.session, point.session))
    return RiskOutcome(
        session=point.session,
        equity=point.equity,
        limits_used=limits_now(point.session, used),
        symbols=symbol_risks(measure_exposure(inputs).by_symbol),
        unprotected=point.unprotected,
        notes=("of each limit the highest use in the session is shown",),
        known_at=point.at,
    )
