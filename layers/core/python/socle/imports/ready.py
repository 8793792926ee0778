"""Mappings for the files that most companies have: use them by name, or copy and adapt them."""

from __future__ import annotations

from collections.abc import Mapping as ReadOnly
from typing import Any

from socle.imports.model import Mapping

_PERSON = {"firstName": "First Name", "lastName": "Last Name", "email": "Email", "phone": "Phone"}
_ADDRESS = {"street": "Street", "city": "City", "postalCode": "Postal Code", "country": "Country"}

_DOCUMENTS: dict[str, dict[str, Any]] = {
    "order-lines": {
        "kind": "orders",
        "description": "Orders by their lines as in Online Retail (UCI): CustomerID 17850.0 is user 17850, invoices C… give back",
        "identifiers": {"user_id": {"column": "CustomerID", "clean": "integer"}},
        "timestamp": "InvoiceDate",
        "order": {"order_id": "InvoiceNo", "price": "UnitPrice", "quantity": "Quantity", "currency": {"value": "GBP"},
                  "products": {"sku": {"column": "StockCode", "type": "text"}, "name": "Description"},
                  "cancelled": {"prefix": "C"}},
        "properties": {"country": "Country"},
    },
    "crm-contacts": {
        "kind": "people", "skip_missing": True, "rest": True,
        "description": "Contacts of a CRM, a row per person",
        "identifiers": {"crm_id": "Contact ID", "email": "Email", "phone": "Phone"},
        "traits": {**_PERSON, **_ADDRESS, "company": "Company", "title": "Job Title", "website": "Website",
                   "birthday": {"column": "Birthday", "type": "date"}},
    },
    "loyalty-members": {
        "kind": "people", "skip_missing": True, "rest": True,
        "description": "Members of a loyalty programme, a row per card",
        "identifiers": {"loyalty_id": {"column": "Card Number", "clean": "integer"}, "email": "Email", "phone": "Phone"},
        "traits": {**_PERSON, **_ADDRESS, "loyalty_tier": "Tier",
                   "loyalty_points": {"column": "Points", "type": "number"},
                   "loyalty_since": {"column": "Joined", "type": "date"},
                   "birthday": {"column": "Birthday", "type": "date"}},
    },
    "support-tickets": {
        "kind": "events", "skip_missing": True,
        "description": "Tickets of a help desk, a row per ticket; a later file corrects those that have changed",
        "identifiers": {"email": "Requester Email", "user_id": "Requester ID"},
        "event": "Support Ticket", "id": "Ticket ID", "timestamp": "Created At",
        "properties": {"ticket_id": "Ticket ID", "subject": "Subject", "status": "Status", "priority": "Priority",
                       "channel": "Channel", "category": "Category", "satisfaction": "Satisfaction",
                       "solved_at": {"column": "Solved At", "type": "date"}},
    },
    "survey-answers": {
        "kind": "events", "skip_missing": True, "rest": True,
        "description": "Answers to a survey, a row per person who answered and a column per question",
        "identifiers": {"email": "Email", "user_id": "User ID"},
        "event": "Survey Answered", "id": "Response ID", "timestamp": "Submitted At",
        "properties": {"survey": "Survey", "score": {"column": "Score", "type": "number"}, "comment": "Comment"},
    },
    "products": {
        "kind": "catalog", "skip_missing": True, "rest": True,
        "description": "Products of a shop, a row per article",
        "item": {"type": "products", "id": {"column": "SKU", "type": "text"}},
        "properties": {"name": "Name", "price": {"column": "Price", "type": "number"}, "currency": "Currency",
                       "category": "Category", "brand": "Brand", "description": "Description", "url": "URL",
                       "image_url": "Image URL"},
    },
    "stores": {
        "kind": "catalog", "skip_missing": True, "rest": True,
        "description": "Stores, a row per place",
        "item": {"type": "stores", "id": {"column": "Store ID", "type": "text"}},
        "properties": {"name": "Name", **_ADDRESS, "phone": "Phone",
                       "latitude": {"column": "Latitude", "type": "number"},
                       "longitude": {"column": "Longitude", "type": "number"}},
    },
    "generic": {
        "kind": "events", "skip_missing": True, "rest": True,
        "description": "Any events: who, what, when; every other column is a property",
        "identifiers": {"user_id": "user_id", "email": "email", "phone": "phone", "anonymous_id": "anonymous_id"},
        "event": {"column": "event"}, "id": "id", "timestamp": "timestamp",
    },
}

READY: ReadOnly[str, Mapping] = {name: Mapping.model_validate(document) for name, document in _DOCUMENTS.items()}
