"""A `.env` as people leave it: absent, empty, broken, in the wrong place."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.settings.conftest import LoadHome, ProblemsOf, without_rights
from tradebot.errors import ConfigError
from tradebot.settings import GlobalOptions, load, load_in_emergency


@pytest.mark.parametrize("text", [None, "", "\n\n", "# nothing but a comment\n"])
def test_no_word_means_the_defaults(load_home: LoadHome, text: str | None) -> None:
    loaded = load_home(text)
    assert loaded.settings.max_positions == 10
    assert set(loaded.origins.values()) == {"default"}


def test_a_line_says_where_its_value_comes_from(load_home: LoadHome) -> None:
    loaded = load_home("# mine\n\n\nMAX_POSITIONS=4  # four\nexport RISK_PER_TRADE_PCT='1%'\n")
    assert loaded.settings.max_positions == 4
    assert str(loaded.settings.risk_per_trade_pct) == "0.01"
    assert loaded.origins["MAX_POSITIONS"] == "`.env` line 4"
    assert loaded.origins["RISK_PER_TRADE_PCT"] == "`.env` line 5"


def test_values_are_taken_literally(load_home: LoadHome) -> None:
    secret = load_home("ROBINHOOD_PASSWORD=a${HOME}$b\n").settings.robinhood_password
    assert secret is not None
    assert secret.reveal() == "a${HOME}$b"


#: Lines of passwords, and the password: every letter counts.
LITERAL = (
    ("pa#ss", "pa#ss"),
    ("#pass", "#pass"),
    ("pass#", "pass#"),
    ("p$HOME", "p$HOME"),
    ("${HOME}", "${HOME}"),
    ("$(id)", "$(id)"),
    ("`id`", "`id`"),
    ("a\\nb", "a\\nb"),
    ("C:\\temp\\new", "C:\\temp\\new"),
    ("ends\\", "ends\\"),
    ("50%off&more;x|y<z>", "50%off&more;x|y<z>"),
    ("a=b==", "a=b=="),
    ("it's", "it's"),
    ('say"it"', 'say"it"'),
    ("two words", "two words"),
    ("tab\t", "tab"),
    ("trailing  ", "trailing"),
    ('"trailing  "', "trailing  "),
    ("' leading'", " leading"),
    ('"pa #ss"', "pa #ss"),
    ("'pa #ss'  # a comment", "pa #ss"),
    ('"$HOME"', "$HOME"),
    ('"back\\slash"', "back\\slash"),
    ("'a\\nb'", "a\\nb"),
    ("'say \"it\"'", 'say "it"'),
    ('"it\'s"', "it's"),
    ("'\"quoted\"'", '"quoted"'),
    ("pässwörd\u20ac", "pässwörd\u20ac"),
    ("\u5bc6\u7801", "\u5bc6\u7801"),
    ("\u201cas typed\u201d!", "\u201cas typed\u201d!"),
    ('"\u201cas typed\u201d"', "\u201cas typed\u201d"),
    ("!@#$%^&*()_+-=[]{};:,./<>?~", "!@#$%^&*()_+-=[]{};:,./<>?~"),
)


@pytest.mark.parametrize(("written", "password"), LITERAL, ids=[written for written, _ in LITERAL])
@pytest.mark.parametrize("line", ["EMAIL_PASSWORD={}", "export EMAIL_PASSWORD = {}\r"], ids=["plain", "exported"])
def test_a_password_is_what_stands_there(load_home: LoadHome, line: str, written: str, password: str) -> None:
    if written.startswith("#") and " = " in line:
        pytest.skip("that is a comment: see below")
    secret = load_home(f"EMAIL_USERNAME=me\n{line.format(written)}\nMAX_POSITIONS=3\n").settings.email_password
    assert secret is not None
    assert secret.reveal() == password


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ('"a\\nb"', "holds `\\n` within quotes, which can be read as it stands or as a line break"),
        ('"C:\\temp"', "as a tab. Write it in single quotes or without quotes"),
        ('"a\\bb"', "as a control character"),
        ("'a\\\\b'", "as one backslash. Write it without quotes"),
        ('"a\\\\b #c"', "as one backslash. Set it in the process environment"),
        ('"a\\nb #c"', "as a line break. Write it in single quotes:"),
        ('"ends\\"', "as a quote"),
        ("'ends\\'", "as a quote"),
        ('"say \\"it\\""', "more follows the one that closes it. If the quote belongs to the value, put single ones"),
        ("'it's'", "more follows the one that closes it. If the quote belongs to the value, put double ones"),
        ('"abc"def', "more follows"),
        ('"abc"#def', "more follows"),
        ('"abc', "none closes it on this line"),
        ("'", "none closes it"),
        ("abc #def", "what follows ` #` could be a part of EMAIL_PASSWORD or a comment"),
        (" #abc", "what follows ` #`"),
        ("\u201cabc\u201d", "typographic quotes"),
        ("\u2018abc\u2019", "typographic quotes"),
        ("abc\u00a0", "characters that cannot be typed"),
        ("\ufeffabc", "characters that cannot be typed"),
        ("ab\u2028cd", "characters that cannot be typed"),
    ],
)
def test_a_password_that_can_be_read_in_two_ways_is_refused(problems_of: ProblemsOf, written: str, words: str) -> None:
    (problem,) = problems_of(f"EMAIL_USERNAME=me\nEMAIL_PASSWORD={written}\n")
    assert "line 2" in problem.where
    assert "EMAIL_PASSWORD" in str(problem)
    assert words in str(problem)


@given(st.text("ab#$\\\"' nt=é!\u201d", min_size=1, max_size=8), st.sampled_from(["", '"', "'"]))
def test_a_password_is_read_as_it_is_written_or_refused(password: str, quote: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ".env").write_text(f"EMAIL_USERNAME=me\nEMAIL_PASSWORD={quote}{password}{quote}\n", "utf-8")
        try:
            secret = load(Path(folder), None, {}).settings.email_password
        except ConfigError:
            return
    read = secret.reveal() if secret else ""
    if quote:
        assert read == (password if password.strip() else "")
    elif password.strip()[:1] not in ('"', "'"):  # else it brings quotes of its own
        assert read == password.strip()


def test_a_line_that_can_be_read_in_two_ways_keeps_nobody_from_stopping(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('EMAIL_USERNAME=me\nEMAIL_PASSWORD="a\\nb"\n')
    loaded, doubts = load_in_emergency(GlobalOptions(home=tmp_path), {})
    assert doubts == ()
    assert "EMAIL_PASSWORD" in loaded.warnings[0]


def test_a_comment_behind_what_has_no_such_letter_is_one(load_home: LoadHome) -> None:
    loaded = load_home("ALPACA_API_KEY=PK1 # mine\nLOG_DIR= # the default\nMAX_POSITIONS=3 #x\n")
    assert loaded.settings.alpaca_api_key is not None
    assert loaded.settings.alpaca_api_key.reveal() == "PK1"
    assert (str(loaded.settings.log_dir), loaded.settings.max_positions) == ("logs", 3)


def test_in_the_process_environment_every_letter_counts_but_the_line_break_of_a_file(load_home: LoadHome) -> None:
    given = {"EMAIL_USERNAME": "me", "EMAIL_PASSWORD": ' "a\\nb" #c \n', "MAX_POSITIONS": " 4 "}
    loaded = load_home(environ=given)
    assert loaded.settings.email_password is not None
    assert loaded.settings.email_password.reveal() == ' "a\\nb" #c '
    assert loaded.settings.max_positions == 4


def test_lines_end_as_on_every_system(load_home: LoadHome) -> None:
    for end in ("\n", "\r\n", "\r"):
        loaded = load_home(f"# mine{end}MAX_POSITIONS=4{end}{end}LOG_DIR=a\x0bb\x85c{end}".encode())
        assert loaded.origins["LOG_DIR"] == "`.env` line 4"


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfMAX_POSITIONS=4\r\n", b"MAX_POSITIONS=4\r\n", b"MAX_POSITIONS=4"])
def test_windows_editors_are_understood(load_home: LoadHome, content: bytes) -> None:
    assert load_home(content).settings.max_positions == 4


@pytest.mark.parametrize(
    ("content", "where", "words"),
    [
        (b"MAX_POSITIONS=4\n\x00\x01\x02", "`.env`", "binary"),
        ("MAX_POSITIONS=4\n".encode("utf-16"), "`.env`", "UTF-16"),
        (b"MAX_POSITIONS=4\nLOG_DIR=caf\xe9\n", "`.env` line 2", "not UTF-8"),
        (b"# " + b"x" * 1_000_001, "`.env`", "larger than"),
        (b"\n\nMAX_POSITIONS\n", "`.env` line 3", "has no `=`"),
        (b'\nLOG_DIR="logs\n', "`.env` line 2", "none closes it on this line"),
        (b"LOG_DIR='a\n#b'\n", "`.env` line 1", "none closes it on this line"),
        (b"MAX-POSITIONS=4\n", "`.env` line 1", "is no name"),
        (b"LOG_DIR=a\nMAX_POSITIONS=4\nLOG_DIR=a\n", "`.env`", "LOG_DIR is written more than once, in lines 1 and 3"),
    ],
)
def test_a_broken_file_is_one_problem_that_says_where(
    problems_of: ProblemsOf, content: bytes, where: str, words: str
) -> None:
    (problem,) = problems_of(content)
    assert problem.where == where
    assert words in problem.what


def test_a_line_is_never_repeated_in_a_message_for_it_may_hold_a_secret(problems_of: ProblemsOf) -> None:
    text = "PKSECRETKEY\nALPACA_SECRET_KEY='PKSECRETKEY\nDATABASE_URL=postgresql://me:PKSECRETKEY@host/db\n"
    assert "PKSECRETKEY" not in "".join(map(str, problems_of(text)))


def test_a_folder_or_a_dangling_link_in_its_place_is_no_empty_file(tmp_path: Path) -> None:
    for name, make in (("folder", Path.mkdir), ("link", lambda path: path.symlink_to(tmp_path / "nowhere"))):
        home = tmp_path / name
        home.mkdir()
        make(home / ".env")
        with pytest.raises(ConfigError, match=r"is a folder|is not a file"):
            load(home, None, {})


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="not a file"):
        load(tmp_path, tmp_path / "pipe", {})


def test_a_file_or_home_that_may_not_be_read_does_not_mean_the_defaults() -> None:
    with tempfile.TemporaryDirectory() as name:
        home, closed = Path(name), Path(name) / "closed"
        home.chmod(0o755)
        (home / ".env").write_text("MAX_POSITIONS=4\n")
        (home / ".env").chmod(0)
        closed.mkdir(mode=0)
        with without_rights():
            with pytest.raises(ConfigError, match=r"cannot be read .*chmod u\+r"):
                load(home, None, {})
            with pytest.raises(ConfigError, match="cannot be read"):
                load(closed, None, {})


def test_a_named_file_must_be_there_and_stands_instead_of_the_homes(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MAX_POSITIONS=4\n")
    other = tmp_path / "other.env"
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path, other, {})
    other.write_text("MAX_DAILY_TRADES=7\n")
    loaded = load(tmp_path, other, {})
    assert (loaded.settings.max_positions, loaded.settings.max_daily_trades) == (10, 7)
    assert loaded.origins["MAX_DAILY_TRADES"] == f"`{other}` line 1"


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="is a file"):
        load(tmp_path / "file", None, {})
    with pytest.raises(ConfigError, match="lies below a file") as refused:
        load(tmp_path / "file" / "below" / "further", None, {})
    assert "--home" in str(refused.value)


def test_secrets_that_others_may_read_are_worth_a_warning(tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("Windows files are protected by other means")
    env = tmp_path / ".env"
    env.write_text("ALPACA_API_KEY=PK1\n")
    env.chmod(0o644)
    assert "chmod 600" in "".join(load(tmp_path, None, {}).warnings)
    env.chmod(0o600)
    assert load(tmp_path, None, {}).warnings == ()
