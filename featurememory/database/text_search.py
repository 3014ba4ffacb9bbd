"""Search without regard to case in every script, on SQLite as on PostgreSQL.

SQLite's LIKE folds ASCII letters only, and PostgreSQL's in a database with the locale C. A function of our
own, or a collation, does the rest, but only for a search that holds other letters.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import CharField, Lookup, TextField
from django.db.models.lookups import IContains


def fold_text(text: Any) -> str | None:
    return text.casefold() if isinstance(text, str) else None


def add_functions(connection: Any, **_: Any) -> None:
    """Receiver of `connection_created`."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("fm_fold", 1, fold_text, deterministic=True)


# PostgreSQL folds other letters only when the database was made with a locale that knows them. The best of
# its collations that do: built in since 18 and 17, with ICU as most packages have it, of the C library.
COLLATIONS = ("pg_unicode_fast", "pg_c_utf8", "und-x-icu", "C.utf8")


@cache
def find_collation(alias: str) -> str | None:
    """The best of COLLATIONS in this database, quoted; None without any. Asked once a process."""
    query = (
        "SELECT collname FROM pg_collation WHERE collname = ANY(%s) "
        "AND collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding()))"
    )
    with connections[alias].cursor() as cursor:
        cursor.execute(query, [list(COLLATIONS)])
        found = {row[0] for row in cursor.fetchall()}
    return next((f'"{name}"' for name in COLLATIONS if name in found), None)


if TYPE_CHECKING:
    _Lookup = Lookup[Any]
else:
    _Lookup = Lookup


class ContainsText(_Lookup):
    """`field__contains_text="…"`: like `icontains`, in every script."""

    lookup_name = "contains_text"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        sql, params = compiler.compile(IContains(self.lhs, self.rhs))
        return sql, tuple(params)

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        text = str(self.rhs)
        collation = None if text.isascii() else find_collation(connection.alias)
        if collation is None:
            return self.as_sql(compiler, connection)
        column, params = compiler.compile(self.lhs)
        sought = f"LOWER(%s::text COLLATE {collation})"
        return f"POSITION({sought} IN LOWER(({column}) COLLATE {collation})) > 0", (text, *params)

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        text = str(self.rhs)
        if text.isascii():
            return self.as_sql(compiler, connection)
        column, params = compiler.compile(self.lhs)
        return f"INSTR(fm_fold({column}), %s) > 0", (*params, fold_text(text))


def register_search() -> None:
    for field in (CharField, TextField):
        field.register_lookup(ContainsText)
