"""Rows as they come: what a query gives is known to whoever wrote the query, not to the type checker."""

from collections.abc import Sequence
from typing import Any

import apsw


def one(db: apsw.Connection, query: str, bindings: Sequence[Any] = ()) -> Any:
    """The first row, or None."""
    return db.execute(query, tuple(bindings)).fetchone()


def every(db: apsw.Connection, query: str, bindings: Sequence[Any] = ()) -> list[Any]:
    """All rows."""
    return db.execute(query, tuple(bindings)).fetchall()
