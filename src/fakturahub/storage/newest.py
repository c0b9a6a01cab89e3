"""Lists of rows that have something in common, the newest first, served by one range of one index.

An id says when it was made, so the newest rows are those with the greatest ids. Asked for ``a = x ORDER BY id DESC``,
the server may walk the primary key from its end and look for ``x``: it takes the rows of ``x`` to lie evenly among the
others, and where they are old it reads everything that came since. Compared and ordered as a row, ``(a, id)``, only the
index of these columns serves, and a page costs the same wherever it lies. That index has to be ascending throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

#: the bounds of all ids
LEAST, GREATEST = UUID(int=0), UUID(int=2**128 - 1)

Column = sa.ColumnElement[Any]


def newest_of(
    statement: sa.Select[Any],
    same: Mapping[Column, object],
    id_: Column,
    *,
    since: object = LEAST,
    before: object = GREATEST,
    oldest_first: bool = False,
) -> sa.Select[Any]:
    """*statement* over the rows in which the columns *same* have these values, in the order of *id_*.

    Only rows from the id *since* on, and before the id *before*. Values may be ``sa.bindparam``.
    """
    columns = [*same, id_]
    row = sa.tuple_(*columns)

    def bound(last: object) -> sa.Tuple:
        values = (*same.values(), last)
        return sa.tuple_(*(_typed(value, column) for value, column in zip(values, columns, strict=True)))

    order = columns if oldest_first else [column.desc() for column in columns]
    return statement.where(row >= bound(since), row < bound(before)).order_by(*order)


def _typed(value: object, column: Column) -> Column:
    if isinstance(value, sa.BindParameter):
        return sa.bindparam(value.key, type_=column.type)
    return sa.literal(value, column.type)
