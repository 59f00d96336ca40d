"""The base of every table: names of constraints, and the column kinds that recur. Times are UTC microseconds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of the tables."""

    metadata = sa.MetaData(naming_convention=NAMES)


# SQLite numbers rows by itself only for INTEGER; everything else gets 64 bits
Id = Annotated[int, mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True)]
At = Annotated[int, mapped_column(sa.BigInteger())]


def one_of(column: str, values: Iterable[str]) -> str:
    """SQL of a constraint: the column holds one of these words."""
    return f"{column} in ({', '.join(repr(str(v)) for v in values)})"
