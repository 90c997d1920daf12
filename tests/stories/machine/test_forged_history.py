"""Somebody with the user's rights rewrites the ledger, its whole chain too, and removes the chain heads beside it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

from tests.fakes.chain import linked
from tests.stories.processes.conftest import Machine
from tradebot.ledger.audit import GENESIS, HASHED, digest_of
from tradebot.ledger.codec import canonical_json
from tradebot.ledger.packed_hashes import unpacked


def forge(machine: Machine, *, notes: bool) -> None:
    """Forge the newest equity row and hash the chain anew, with its ``notes`` of heads or without."""
    with closing(sqlite3.connect(machine.ledger)) as ledger, ledger:
        ledger.row_factory = sqlite3.Row
        triggers = [*ledger.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")]
        for name, _ in triggers:
            ledger.execute(f"DROP TRIGGER {name}")
        (account,) = ledger.execute("SELECT history FROM accounts").fetchone()
        (newest,) = ledger.execute("SELECT MAX(seq) FROM equity").fetchone()
        ledger.execute("UPDATE equity SET equity = '99999.99' WHERE seq = ?", (newest,))
        forged = dict(ledger.execute("SELECT * FROM equity WHERE seq = ?", (newest,)).fetchone())
        trail = [dict(row) for row in ledger.execute("SELECT * FROM audit ORDER BY seq")]
        ledger.execute("DELETE FROM audit")
        hashes = {0: GENESIS}
        for row in trail:
            if row["kind"] == "head_kept":
                if not notes:
                    continue
                row["detail"] = canonical_json({**json.loads(row["detail"]), "hash": hashes[int(row["subject"])]})
            if row["kind"] == "equity_recorded" and row["subject"] == str(newest):
                row |= {"detail": canonical_json(forged), "digest": digest_of(forged, account)}
            row = linked({**row, "seq": len(hashes)}, account, hashes[len(hashes) - 1])
            hashes[row["seq"]] = unpacked(row["hash"])
            ledger.execute(
                f"INSERT INTO audit ({', '.join(HASHED)}, hash) VALUES ({', '.join('?' * 9)})",
                [row[column] for column in (*HASHED, "hash")],
            )
        for _, sql in triggers:
            ledger.execute(sql)


def test_heads_that_are_gone_are_told_by_the_ledger_itself(traded: Machine) -> None:
    forge(traded, notes=True)
    assert traded("verify").code == 10, "the heads outside are those of the true chain"

    (traded.home / "state" / "ledger_heads").unlink()
    ended = traded("verify")
    assert (ended.code, "stored outside the ledger are gone" in ended.out) == (10, True), ended.out
    assert traded("check-exits").code == 4


def test_a_ledger_without_any_head_outside_is_not_called_sound_without_a_word(traded: Machine) -> None:
    (head,) = traded("verify", "--json").json["heads"].values()
    told = "{}:{}".format(*head)
    assert "no chain head lies outside" not in traded("verify").out
    forge(traded, notes=False)
    (traded.home / "state" / "ledger_heads").unlink()
    ended = traded("verify")
    assert (ended.code, "no chain head lies outside the ledger" in ended.out) == (0, True), ended.out
    assert traded("verify", "--head", told).code == 10
