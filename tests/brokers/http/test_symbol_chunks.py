from __future__ import annotations

from tradebot.brokers.http.symbol_chunks import MAX_SYMBOLS_LENGTH, symbol_chunks


def test_symbols_go_into_as_few_addresses_as_hold_them() -> None:
    few = [f"S{number:03d}" for number in range(500)]
    many = [f"S{number:04d}" for number in range(3000)]

    assert list(symbol_chunks([])) == []
    assert list(symbol_chunks(few)) == [",".join(few)]
    assert ",".join(symbol_chunks(many)) == ",".join(many)
    assert len(list(symbol_chunks(many))) == 4
    assert all(len(chunk.replace(",", "%2C")) <= MAX_SYMBOLS_LENGTH for chunk in symbol_chunks(many))


def test_a_request_can_have_a_most_number_of_symbols() -> None:
    assert list(symbol_chunks(["A", "B", "C", "D", "E"], 2)) == ["A,B", "C,D", "E"]
