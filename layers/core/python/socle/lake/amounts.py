"""What an order event is worth, in SQL: the amounts of socle.profiles.orders and money over JSON text `properties`. Pure.

Fragments of DuckDB over columns `type`, `name` and `properties`.
"""

from __future__ import annotations

IS_ORDER = "(type = 'track' AND name IN ('Order Completed', 'Order Refunded'))"
_ID = "json_extract(properties, '$.order_id')"
PART = (f"(CASE WHEN {IS_ORDER} AND json_type(properties, '$.part') = 'UBIGINT' "
        "THEN coalesce(nullif(TRY_CAST(json_extract_string(properties, '$.part') AS INTEGER), 0), 1) ELSE 1 END)")
ORDER_ID = (f"(CASE json_type({_ID}) WHEN 'VARCHAR' THEN nullif(trim(json_extract_string({_ID}, '$')), '') "
            f"WHEN 'UBIGINT' THEN {_ID}::VARCHAR WHEN 'BIGINT' THEN {_ID}::VARCHAR END)")
CURRENCY = (f"(CASE WHEN {IS_ORDER} THEN coalesce(CASE WHEN json_type(properties, '$.currency') = 'VARCHAR' THEN "
            "nullif(upper(trim(json_extract_string(properties, '$.currency'))), '') END, 'USD') END)")
AMOUNT = "NULL::BIGINT"
