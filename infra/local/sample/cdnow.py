"""Real orders: the CDNOW sample, 6,919 orders of 2,357 people who first bought CDs in early 1997.

Source: Fader & Hardie (2001), as the PyPI package lifetimes ships it (MIT). Only its data file is read; the package
itself would want pandas. A line is `master id, sample id, yyyymmdd, number of CDs, US dollars`.
"""

from __future__ import annotations

import importlib.metadata
import itertools
from collections.abc import Iterable, Iterator

from infra.local.sample.visit import Message


def orders() -> Iterator[Message]:
    """One Order Completed per order, the orders of one customer together; days are midnight UTC."""
    return read(_data_file().splitlines())


def read(lines: Iterable[str]) -> Iterator[Message]:
    """The orders in these lines; two of one customer on one day stay two, for `order_id` counts per customer."""
    rows = (line.split() for line in lines if line.strip())
    for customer, group in itertools.groupby(rows, key=lambda row: row[1]):
        for number, (_, _, day, discs, dollars) in enumerate(group, start=1):
            order_id = f"cdnow-{customer}-{number}"
            amount = float(dollars)
            yield {
                "type": "track",
                "messageId": order_id,
                "userId": f"cdnow-{customer}",
                "event": "Order Completed",
                "timestamp": f"{day[:4]}-{day[4:6]}-{day[6:]}T00:00:00.000Z",
                "properties": {
                    "order_id": order_id,
                    "currency": "USD",
                    "revenue": amount,
                    "total": amount,
                    "quantity": int(discs),
                    "products": [{"product_id": "cd", "name": "CD", "category": "music", "quantity": int(discs)}],
                },
                "context": {"library": {"name": "cdnow-sample", "version": "1997"}},
            }


def _data_file() -> str:
    files = importlib.metadata.files("Lifetimes") or []
    for file in files:
        if file.name == "CDNOW_sample.txt":
            return file.read_text()
    raise FileNotFoundError("Lifetimes is not installed with its data: run `make run`, which installs it")
