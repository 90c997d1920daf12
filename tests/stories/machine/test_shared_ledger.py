"""Several homes in one ledger that lies outside them, each with accounts of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.postgres import PostgresServer
from tradebot.brokers.paper.new_account import FIRST_ACCOUNT
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.orders import Intent, OrderRequest, OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.core.model.schedule import Job
from tradebot.errors import Blocked, ConfigError, LedgerError, Locked, UsageError
from tradebot.home import paths
from tradebot.jobs import run_daily
from tradebot.ledger.database import Database, open_database
from tradebot.ledger.verify import verify_ledger
from tradebot.runtime.all_accounts import all_accounts
from tradebot.runtime.backup import back_up, restore
from tradebot.runtime.clocks import SystemClock
from tradebot.runtime.forget_home import forget_home
from tradebot.runtime.homes import Joining, configuration, is_home
from tradebot.runtime.host_notice import HostNotice
from tradebot.runtime.init_home import init_home
from tradebot.runtime.ledger_copy import copy_ledger, other_homes
from tradebot.runtime.open_desk import open_desk
from tradebot.runtime.paper_exchange import reset_exchange
from tradebot.runtime.shared_ledger import take_account, this_process
from tradebot.settings import GlobalOptions

MakeHome = Callable[[str], GlobalOptions]


@pytest.fixture(params=["sqlite", "postgresql"])
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> MakeHome:
    """Makes the folder of a home, whose settings name the ledger that all of them share."""
    url = f"sqlite:///{tmp_path}/shared.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgres_ledger").url.reveal()
    monkeypatch.setenv("TRADEBOT_STATE_DIR", str(tmp_path / "user"))
    monkeypatch.delenv("TRADEBOT_HOME", raising=False)

    def make(name: str) -> GlobalOptions:
        (tmp_path / name).mkdir()
        (tmp_path / name / ".env").write_text(f"DATABASE_URL={url}\nSTRATEGIES=\n")
        return GlobalOptions(home=tmp_path / name)

    return make


def joined(options: GlobalOptions) -> str:
    """Let the home join; the id of its account."""
    return init_home(options, Joining())[0].account_id


def ledger_of(options: GlobalOptions) -> Database:
    return open_database(configuration(options).settings.ledger, create=False)


def trade(options: GlobalOptions) -> str:
    """Run run-daily; the key of the account that it traded."""
    with open_desk(options, Job.RUN_DAILY) as opened:
        run_daily.run(opened.desk)
        return opened.desk.account_key


def test_homes_that_joined_trade_accounts_of_their_own_side_by_side(home: MakeHome) -> None:
    first, second = home("first"), home("second")
    one = init_home(first)[0].account_id
    other = joined(second)
    assert one != other
    assert joined(second) == other  # once more changes nothing
    assert [trade(options) for options in (first, second, first)] == [
        f"paper:paper:{each}" for each in (one, other, one)
    ]
    with closing(ledger_of(first)) as database:
        assert verify_ledger(database) == ()
        assert len(database.homes.all()) == 2


def test_a_home_joins_the_ledger_of_others_on_purpose_alone(home: MakeHome, tmp_path: Path) -> None:
    first, second = home("first"), home("second")
    init_home(first)
    assert not is_home(configuration(second).settings)
    for command in (lambda: init_home(second), lambda: trade(second)):
        with pytest.raises(ConfigError, match=r"(?s)has not joined it.*init-db --join.*first on "):
            command()
    assert not paths.state_folder(tmp_path / "second").exists()
    joined(second)
    trade(second)


def test_nothing_is_joined_where_no_other_home_is(home: MakeHome) -> None:
    with pytest.raises(ConfigError, match="no other home's"):
        joined(home("first"))


def test_a_ledger_inside_another_home_is_not_joined(home: MakeHome, tmp_path: Path) -> None:
    first, second = home("first"), home("second")
    url = f"DATABASE_URL=sqlite:///{tmp_path}/first/ledger.db\n"
    for name in ("first", "second"):
        (tmp_path / name / ".env").write_text(url)
    init_home(first)
    with pytest.raises(ConfigError, match=r"lies in the home .*first.*ledger copy --to"):
        joined(second)


def test_a_lost_state_folder_does_not_join_again(home: MakeHome, tmp_path: Path) -> None:
    first, second = home("first"), home("second")
    init_home(first)
    joined(second)
    shutil.rmtree(tmp_path / "second" / "state")
    assert is_home(configuration(second).settings)
    with pytest.raises(ConfigError, match="was lost"):
        joined(second)


def test_the_account_of_another_home_never_passes(home: MakeHome, tmp_path: Path) -> None:
    first, second, third = home("first"), home("second"), home("third")
    one = init_home(first)[0].account_id
    joined(second)
    for other in ("second", "third"):
        folder = tmp_path / other / "state"
        folder.mkdir(exist_ok=True)
        shutil.copy(paths.exchange_file(tmp_path / "first"), folder)
    with pytest.raises(Blocked, match=f"belongs to account .* but the broker shows account {one}"):
        trade(second)
    with pytest.raises(Blocked, match=f"account {one} .* is that of another home.*first"):
        joined(third)
    with pytest.raises(Blocked, match="is that of another home"):  # it has joined, and trades nothing
        trade(third)
    reset_exchange(third)
    assert trade(third) not in (f"paper:paper:{one}", trade(first))


def test_a_copy_of_a_home_is_another_one(home: MakeHome, tmp_path: Path) -> None:
    first = home("first")
    init_home(first)
    copied = GlobalOptions(home=shutil.copytree(tmp_path / "first", tmp_path / "copied"))
    with pytest.raises(ConfigError, match=r"is a copy of the home .*first"):
        trade(copied)
    with pytest.raises(Blocked, match="is that of another home"):
        joined(copied)
    reset_exchange(copied)
    assert trade(copied) != trade(first)


def test_a_home_that_was_moved_goes_on(home: MakeHome, tmp_path: Path) -> None:
    first = home("first")
    init_home(first)
    before = trade(first)
    moved = GlobalOptions(home=(tmp_path / "first").rename(tmp_path / "moved"))
    assert trade(moved) == before


def test_each_replay_has_the_same_account(home: MakeHome) -> None:
    with open_desk(home("first"), Job.REPLAY, durable=False) as opened:
        assert opened.context.account_id == FIRST_ACCOUNT


def test_every_account_of_the_ledger_can_be_looked_at(home: MakeHome) -> None:
    first, second, looking = home("first"), home("second"), home("looking")
    accounts = {init_home(first)[0].account_id, joined(second)}
    trade(first)
    for options in (first, looking):  # one that has not joined may look
        found = all_accounts(options)
        assert {line.account for line in found.accounts} == accounts
        assert found.missing == ()
        assert [total.account_count for total in found.totals] == [2]


def test_a_deleted_home_is_forgotten_with_the_reason_and_may_come_back(home: MakeHome, tmp_path: Path) -> None:
    first, second, gone = home("first"), home("second"), tmp_path / "first"
    init_home(first)
    account, other = trade(first), joined(second)
    with pytest.raises(UsageError, match="is still there"):
        forget_home(second, gone, "closed")
    gone.rename(tmp_path / "away")
    (missing,) = all_accounts(second).missing
    assert f'--forget-home "{gone}"' in missing
    with pytest.raises(UsageError, match="No home is known at"):
        forget_home(second, tmp_path / "mistyped", "closed")
    forget_home(second, gone, "closed")
    found = all_accounts(second)
    assert ([line.account for line in found.accounts], found.missing) == ([other], ())
    with closing(ledger_of(second)) as database:
        (told,) = database.engine.all(
            "SELECT history, detail FROM audit JOIN accounts USING (account_key) WHERE kind = 'home_forgotten'"
        )
        assert told["history"] == account
        assert {"path": str(gone), "reason": "closed"}.items() <= json.loads(told["detail"]).items()
        assert verify_ledger(database) == ()
    with pytest.raises(UsageError, match="No home is known at"):
        forget_home(second, gone, "closed")
    (tmp_path / "away").rename(gone)
    assert trade(first) == account
    assert len(all_accounts(second).accounts) == 2


def test_a_run_whose_hold_is_gone_says_whether_another_has_the_account(
    home: MakeHome, request: pytest.FixtureRequest
) -> None:
    """Its connection to the server was lost, or its lock file removed."""
    options = home("first")
    init_home(options)
    settings = configuration(options).settings
    key = trade(options)
    for taken_over in (False, True):
        with (
            closing(ledger_of(options)) as database,
            closing(ledger_of(options)) as other,
            take_account(settings, database, database.bind(key), "run-daily") as taken,
        ):
            taken.assert_held()
            if isinstance(settings.ledger, Path):
                lost = "was removed or replaced"
                other.engine.end_account_hold(key)
            else:
                lost = "lost|closed|ended|terminat"
                (row,) = database.engine.all("SELECT pg_backend_pid() AS pid")
                server: PostgresServer = request.getfixturevalue("postgres")
                server.execute(f"SELECT pg_terminate_backend({row['pid']}, 5000)")
            if taken_over:
                other.bind(key).epochs.take(this_process("take-over"), "")
                lost = "has lost account"
            with pytest.raises(Locked if taken_over or isinstance(settings.ledger, Path) else LedgerError, match=lost):
                taken.assert_held()


def test_a_stop_waits_for_an_order_that_may_leave_though_nobody_holds_the_account(home: MakeHome) -> None:
    """The connection of the run that sends it was lost right before its first byte."""
    options = home("first")
    init_home(options)
    settings, key, at = configuration(options).settings, trade(options), SystemClock().now()
    halt = Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, "now", at)
    order_id = client_order_id(key, at.date(), "trend", "MSFT", Purpose.ENTRY, 1)
    request = OrderRequest(order_id, "MSFT", Side.BUY, Decimal(1), OrderType.MARKET, TimeInForce.DAY)
    intent = Intent(request, key, at.date(), "trend", Purpose.ENTRY, 1, Decimal(25), "above")
    for may_leave in (False, True):
        with closing(ledger_of(options)) as database:
            ledger = database.bind(key)
            ledger.epochs.take(this_process("run-daily"), "")
            if may_leave:
                ledger.orders.write([intent], at)
                ledger.orders.move(order_id, OrderState.SUBMITTING, at)
            assert not database.engine.is_account_held(key)
        notice = HostNotice(settings, halt, takes_account=True)
        assert notice.trouble() == ""
        assert ("run-daily" in notice.at_work()) is may_leave


def test_a_backup_that_lacks_what_another_home_wrote_is_restored_on_purpose_alone(home: MakeHome) -> None:
    options = home("first")
    init_home(options)
    key = trade(options)
    backup = back_up(options, None).copy.path
    with closing(ledger_of(options)) as database:  # as a home on another host writes, which keeps its own heads
        database.bind(key).decisions.note("drill", "since the backup", SystemClock().now(), {})
        newest = database.head(key)
    with pytest.raises(LedgerError, match=rf"ledger with row {newest[0]}.*Another home.*--over-newer"):
        restore(options, backup)
    with closing(ledger_of(options)) as database:
        assert database.head(key) == newest
    restored = restore(options, backup, over_newer=True)
    assert (restored.accounts, restored.is_generation) == ((key,), True)
    with closing(ledger_of(options)) as database:
        assert database.has_row(newest), "it is kept as the generation before"
        assert verify_ledger(database) == ()


def test_a_copy_names_the_other_homes_whose_accounts_move(home: MakeHome, tmp_path: Path) -> None:
    first, second = home("first"), home("second")
    init_home(first)
    other = joined(second)
    trade(first)
    trade(second)
    named = {f"paper:paper:{other}": (f"{tmp_path}/second on {paths.host_name()}",)}
    assert other_homes(first) == named
    done = copy_ledger(first, tmp_path / "moved.db")
    assert done.others == named and len(done.accounts) == 2
