"""Column types of the tables: text, times, numbers and GOES classes. Missing values are allowed if ``nullable``."""

import pandera.pandas as pa

from solarflare.core import classes


def time(nullable: bool = False) -> pa.Column:
    """Return a column of UTC times."""
    return pa.Column("datetime64[ns]", nullable=nullable, description="UTC, such as 2014-01-01T12:00:00")


def text() -> pa.Column:
    """Return a column of text."""
    return pa.Column(str, description="text")


def number(low: float | None = None, high: float | None = None, nullable: bool = False) -> pa.Column:
    """Return a column of numbers, from ``low`` to ``high``."""
    checks = [pa.Check.ge(low)] if low is not None else []
    checks += [pa.Check.le(high)] if high is not None else []
    between = f" from {low} to {high}" if low is not None and high is not None else ""
    return pa.Column(float, checks, nullable=nullable, description=f"a number{between}")


def integer(low: int | None = None, high: int | None = None, nullable: bool = False) -> pa.Column:
    """Return a column of whole numbers, from ``low`` to ``high``."""
    checks = [pa.Check.ge(low)] if low is not None else []
    checks += [pa.Check.le(high)] if high is not None else []
    between = f" from {low} to {high}" if low is not None and high is not None else ""
    return pa.Column("Int64", checks, nullable=nullable, description=f"a whole number{between}")


def one_of(*values: str) -> pa.Column:
    """Return a column of text with a fixed set of values."""
    return pa.Column(str, pa.Check.isin(values), description=f"one of {', '.join(map(repr, values))}")


def goes_class() -> pa.Column:
    """Return a column of GOES classes or blanks."""
    return _blank_or(classes.GOES, classes.A_GOES_CLASS)


def mcintosh() -> pa.Column:
    """Return a column of McIntosh classes or blanks."""
    return _blank_or(classes.MCINTOSH, "a McIntosh class such as Dao")


def _blank_or(pattern: str, what: str) -> pa.Column:
    return pa.Column(str, pa.Check.str_matches(rf"^(?:{pattern})?\Z"), description=f"{what}, or blank")


def table(name: str, **columns: pa.Column) -> pa.DataFrameSchema:
    """Return the schema of a table with these columns only."""
    return pa.DataFrameSchema(columns, name=name, strict=True, coerce=True)
