"""What `make bench` prints: each figure beside its budget and its floor, then where it comes from. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tests.benchmarks.consumer import Measured
from tests.benchmarks.costs import SERVICES
from tests.benchmarks.stages import STAGES


class Figure(NamedTuple):
    """One figure with its budget (first bar and goal of the design, None where it sets none) and the least it could be."""

    name: str
    value: float
    unit: str
    first_bar: float | None = None
    goal: float | None = None
    floor: float | None = None
    floor_is: str = ""


def figures_table(figures: Sequence[Figure]) -> str:
    """All figures, one a line."""
    rows = [[one.name, _number(one.value), _number(one.first_bar), _number(one.goal), _number(one.floor), one.unit, one.floor_is]
            for one in figures]
    return table(["", "measured", "first bar", "goal", "floor", "", "the floor is"], rows)


def consumer_table(streams: Mapping[str, Measured]) -> str:
    """CPU by stage, with boto3 and (in brackets) without."""
    rows = [[stage, *(f"{_number(one.stages[stage])} ({_number(one.own_stages[stage])})" for one in streams.values())]
            for stage in STAGES]
    for name, counted in (("write units", "dynamodb write units"), ("read units", "dynamodb read units")):
        rows.append([name, *(f"{one.cost.units.get(counted, 0):.2f}" for one in streams.values())])
    calls = sorted({operation for one in streams.values() for operation in one.cost.calls})
    rows += [[f"{operation} per 1,000", *(_number(one.cost.calls.get(operation, 0) * 1000) for one in streams.values())]
             for operation in calls]
    return table(["per event", *streams], rows)


def sizes_table(streams: Mapping[str, Measured]) -> str:
    """Bytes of the items after one more touch."""
    rows = [[f"{name}: {kind}", f"{one.items:,}", *map(str, (one.p50, one.p90, one.p99, one.max)), f"{one.write_units:.2f}",
             _number(one.total / stream.events)] for name, stream in streams.items() for kind, one in stream.sizes.items()]
    return table(["", "items", "p50", "p90", "p99", "max", "write units each", "bytes per event"], rows)


def costs_table(columns: Mapping[str, Mapping[str, float]]) -> str:
    """USD per 1M events by service."""
    rows = [[service, *(f"{column[service] * 1e6:.3f}" for column in columns.values())] for service in SERVICES]
    rows.append(["together", *(f"{sum(column.values()) * 1e6:.3f}" for column in columns.values())])
    return table(["USD per 1M events", *columns], rows)


def imports_table(times: Mapping[str, Mapping[str, float]]) -> str:
    """CPU ms of imports."""
    return table(["import and clients, ms CPU", "", "no byte code in the layers"],
                 [[name, _number(one["ms"]), _number(one.get("ms without byte code"))] for name, one in times.items()])


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns padded to their widest cell: the first and the last left, numbers right."""
    widths = [max(len(row[index]) for row in [header, *rows]) for index in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        padded = [cell.rjust(width) if index and _is_number(rows, index) else cell.ljust(width)
                  for index, (cell, width) in enumerate(zip(cells, widths, strict=True))]
        return "  ".join(padded).rstrip()

    return "\n".join([line(header), *map(line, rows)])


def _is_number(rows: Sequence[Sequence[str]], column: int) -> bool:
    cells: list[Any] = [row[column] for row in rows if row[column]]
    return all(cell[0].isdigit() for cell in cells)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
