"""The schema of a ledger on PostgreSQL: its migrations, its roles, and what the catalogue tells of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from psycopg import sql

from tradebot.errors import LedgerError
from tradebot.ledger.postgres_connection import Connection

_SCHEMA = Path(__file__).with_name("schema")
#: Where the applied versions stand. A table whose name begins so is no part of the ledger.
VERSIONS = "_versions"
#: The role that people who look are members of.
READER = "tradebot_reader"
_OURS = "relnamespace = to_regnamespace(current_schema()) AND left(relname, 1) <> '_'"


def version(connection: Connection) -> int:
    """The version of the schema; 0 where there is none."""
    found = connection.execute("SELECT to_regclass(%(name)s) IS NOT NULL AS found", {"name": VERSIONS}).fetchone()
    if not found or not found["found"]:
        return 0
    row = connection.execute(f"SELECT MAX(version) AS version FROM {VERSIONS}").fetchone()
    return int(row["version"] or 0) if row else 0


def migrate(connection: Connection, lock: int, until: int) -> None:
    """Apply each version that is missing, one transaction a version, while nobody else does."""
    files = sorted((*_SCHEMA.glob("postgres/*.sql"), *_SCHEMA.glob("shared/*.sql")), key=lambda file: file.name)
    for number in sorted({int(file.name[:4]) for file in files}):
        if number > until:
            return
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": lock})
            if version(connection) >= number:
                continue
            for file in files:
                if int(file.name[:4]) == number:
                    connection.execute(file.read_text(encoding="utf-8"))
            connection.execute(f"CREATE TABLE IF NOT EXISTS {VERSIONS} (version BIGINT PRIMARY KEY)")
            connection.execute(f"INSERT INTO {VERSIONS} VALUES (%(number)s)", {"number": number})


def may_migrate(connection: Connection) -> bool:
    """Whether this user may make tables here."""
    row = connection.execute("SELECT has_schema_privilege(current_schema(), 'CREATE') AS may").fetchone()
    return bool(row and row["may"])


def refuse_ddl(location: object, found: int, wanted: int) -> LedgerError:
    """The error for a user who may not make the tables that are missing."""
    state = f"is of version {found}, and this program needs {wanted}" if found else "has no tables yet"
    return LedgerError(
        f"The ledger {location} {state}, and this user may not make them. Run `tradebot init-db` with "
        "DATABASE_ADMIN_URL, the address of a user who may."
    )


def grant(connection: Connection, writer: str, password: str | None) -> None:
    """Make the roles that are missing, and give each its rights: a writer without DDL, and a reader."""
    with connection.transaction():
        _make_role(connection, READER, sql.SQL("NOLOGIN"))
        if writer:
            _make_role(connection, writer, _login(connection, writer, password))
        row = connection.execute("SELECT current_schema() AS schema, current_database() AS database").fetchone()
        assert row is not None, "a server answers a SELECT"
        names = {
            "schema": sql.Identifier(row["schema"]),
            "database": sql.Identifier(row["database"]),
            "reader": sql.Identifier(READER),
            "writer": sql.Identifier(writer or READER),
        }
        for statement in (*_READS, *(_WRITES if writer else ())):
            connection.execute(sql.SQL(statement).format(**names))


_READS = (
    "GRANT CONNECT ON DATABASE {database} TO {reader}",
    "GRANT USAGE ON SCHEMA {schema} TO {reader}",
    "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {reader}",
)
_WRITES = (
    "GRANT CONNECT ON DATABASE {database} TO {writer}",
    "GRANT USAGE ON SCHEMA {schema} TO {writer}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {writer}",
    f"REVOKE INSERT, UPDATE, DELETE ON {VERSIONS} FROM {{writer}}",
)


def _login(connection: Connection, name: str, password: str | None) -> sql.Composable:
    """How a role may log in: without a password in the address as the server allows. Its log shows no password."""
    if password is None:
        return sql.SQL("LOGIN")
    encrypted = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    return sql.SQL("LOGIN PASSWORD {}").format(sql.Literal(encrypted.decode()))


def _make_role(connection: Connection, name: str, login: sql.Composable) -> None:
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %(name)s", {"name": name}).fetchone():
        connection.execute(sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(name), login))


# --- the catalogue ---------------------------------------------------------------------


def tables(connection: Connection) -> dict[str, tuple[str, ...]]:
    """The columns of the primary key of every table of the ledger, by the table's name."""
    rows = connection.execute(
        "SELECT relname AS name, COALESCE(array_agg(attname::text ORDER BY place)"
        " FILTER (WHERE attname IS NOT NULL), '{}') AS key FROM pg_class"
        " LEFT JOIN pg_index ON indrelid = pg_class.oid AND indisprimary"
        " LEFT JOIN LATERAL unnest(indkey) WITH ORDINALITY AS part (number, place) ON TRUE"
        " LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum = part.number"
        f" WHERE relkind = 'r' AND {_OURS} GROUP BY relname ORDER BY relname COLLATE \"C\""
    )
    return {row["name"]: tuple(row["key"]) for row in rows}


def columns(connection: Connection, table: str) -> tuple[str, ...]:
    """The names of the columns of a table."""
    rows = connection.execute(
        "SELECT attname AS name FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid"
        f" WHERE {_OURS} AND relname = %(table)s AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        {"table": table},
    )
    return tuple(row["name"] for row in rows)


#: The bits of pg_trigger.tgtype of a trigger before each row, and before a statement
#: (https://www.postgresql.org/docs/current/catalog-pg-trigger.html).
_GUARDS = {"UPDATE": 1 | 2 | 16, "DELETE": 1 | 2 | 8, "TRUNCATE": 2 | 32}


def missing_guards(connection: Connection, tables: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The tables and verbs that no trigger of ours refuses."""
    rows = connection.execute(
        "SELECT relname AS name, tgtype AS kind, prosrc AS body FROM pg_trigger"
        " JOIN pg_class ON tgrelid = pg_class.oid JOIN pg_proc ON tgfoid = pg_proc.oid"
        f" WHERE {_OURS} AND proname = 'refuse_change' AND tgenabled IN ('O', 'A') AND tgqual IS NULL"
        " AND tgattr = ''::int2vector"
    ).fetchall()
    present = {(row["name"], row["kind"]) for row in rows if " ".join(row["body"].split()) == _REFUSAL}
    for table in tables:
        for verb, kind in _GUARDS.items():
            if (table, kind) not in present:
                yield table, verb


_REFUSAL = (
    "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END"
)


def dangling(connection: Connection) -> Iterator[dict[str, str]]:
    """The rows whose foreign keys refer to missing rows: triggers that somebody switched off do not check them."""
    keys = connection.execute(
        "SELECT child.relname AS child, parent.relname AS parent,"
        " (SELECT array_agg(attname::text ORDER BY place) FROM unnest(conkey) WITH ORDINALITY AS part (number, place)"
        "  JOIN pg_attribute ON attrelid = conrelid AND attnum = part.number) AS here,"
        " (SELECT array_agg(attname::text ORDER BY place) FROM unnest(confkey) WITH ORDINALITY AS part (number, place)"
        "  JOIN pg_attribute ON attrelid = confrelid AND attnum = part.number) AS there"
        " FROM pg_constraint JOIN pg_class AS child ON conrelid = child.oid JOIN pg_class AS parent"
        " ON confrelid = parent.oid WHERE contype = 'f' AND connamespace = to_regnamespace(current_schema())"
        " ORDER BY child.relname, conname"
    ).fetchall()
    own = tables(connection)
    for key in keys:
        child, parent = key["child"], key["parent"]
        same = " AND ".join(f"p.{there} = c.{here}" for here, there in zip(key["here"], key["there"], strict=True))
        known = " AND ".join(f"c.{here} IS NOT NULL" for here in key["here"])
        name = " || ' ' || ".join(f"c.{column}::text" for column in own[child])
        statement = (
            f"SELECT {name} AS row FROM {child} AS c WHERE {known}"
            f" AND NOT EXISTS (SELECT 1 FROM {parent} AS p WHERE {same})"
        )
        for row in connection.execute(statement).fetchall():
            yield {"table": child, "rowid": row["row"]}
