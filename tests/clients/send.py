"""One call of each kind with the unmodified segment-analytics-python. Usage: send.py URL WRITE_KEY USER_ID [gzip]"""

from __future__ import annotations

import sys
from typing import Any

from segment.analytics import Client


def main(url: str, write_key: str, user_id: str, gzip: bool) -> int:
    failed: list[Exception] = []

    def on_error(error: Exception, items: list[Any]) -> None:
        failed.append(error)

    client = Client(write_key, host=url, gzip=gzip, on_error=on_error, max_retries=2)
    browser = f"{user_id}-browser"
    client.page(anonymous_id=browser, name="Home", properties={"path": "/", "title": "Straße & Café"})
    client.identify(user_id, anonymous_id=browser, traits={"email": f"{user_id}@shop.example", "plan": "gold"})
    client.track(user_id, "Order Completed", {"order_id": f"{user_id}-1", "total": 27.5, "currency": "EUR",
                                              "products": [{"product_id": "p1", "price": 27.5}]})
    client.screen(user_id, name="Basket")
    client.group(user_id, "acme", traits={"name": "Acme"})
    client.alias(f"{user_id}-before", user_id)
    client.shutdown()
    for error in failed:
        print(error, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4], gzip="gzip" in sys.argv[4:]))
