"""Filters for people's languages: money, numbers, dates and plurals by CLDR; and what a template looks up. Pure.

The language is `locale` and the time zone `timezone` of the scope: the person's, else the brand's, unless the template assigns
others.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal, get_currency_precision
from liquid import RenderContext
from liquid.exceptions import FilterArgumentError
from liquid.filter import with_context
from liquid.undefined import Undefined

from socle.iso import from_iso
from socle.templates.context import LINKS, LOOKUPS, PUBLIC_URL

UNWANTED = ("safe", "escapejs", "date")
"""Of Liquid's own: `safe` would let people's data write HTML, `date` reads the clock."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 10**11
"""Numbers from here on are milliseconds since the epoch, smaller ones seconds: the year 5138 and 1973."""
_NAMED = ("short", "medium", "long", "full")
_DIRECTIVES = {"Y": "yyyy", "y": "yy", "m": "MM", "d": "dd", "e": "d", "-d": "d", "-m": "M", "B": "MMMM", "b": "MMM", "A": "EEEE",
               "a": "EEE", "H": "HH", "I": "hh", "M": "mm", "S": "ss", "p": "a", "j": "D", "Z": "z", "%": "%"}
_DIRECTIVE = re.compile(r"%(-?[a-zA-Z%])")


@lru_cache(maxsize=512)
def locale_of(name: str) -> Locale:
    """The locale of a language tag: of `fr-XX` French, of what nobody speaks English."""
    parts = name.replace("-", "_").split("_")
    while parts:
        try:
            return Locale.parse("_".join(parts))
        except (ValueError, UnknownLocaleError):
            parts.pop()
    return Locale("en")


@with_context
def money(value: Any, currency: Any = None, *, minor: Any = False, context: RenderContext) -> str:
    """`{{ event.total | money: 'EUR' }}`: an amount; with `minor: true` in cents, as `orders` has it."""
    amount, code = _number(value, "money"), _text(currency) or str(_scope(context, "brand", {}).get("currency", "EUR"))
    if not re.fullmatch("[A-Z]{3}", code):
        raise FilterArgumentError(f"money: {code!r} is no currency such as EUR", token=None)
    if minor is True:
        amount = amount.scaleb(-get_currency_precision(code))
    return _money(amount, code, _locale(context))


@lru_cache(maxsize=10_000)
def _money(amount: Decimal, code: str, locale: Locale) -> str:
    return format_currency(amount, code, locale=locale)


@lru_cache(maxsize=10_000)
def _decimal(amount: Decimal, form: str | None, locale: Locale) -> str:
    return format_decimal(amount, form, locale=locale)


@with_context
def number(value: Any, decimals: Any = None, *, context: RenderContext) -> str:
    """`{{ 1234.5 | number }}`: 1,234.5 or 1 234,5; `number: 2` with that many decimals."""
    if decimals is None:
        return _decimal(_number(value, "number"), None, _locale(context))
    places = int(_number(decimals, "number"))
    if not 0 <= places <= 20:
        raise FilterArgumentError("number: between 0 and 20 decimals", token=None)
    return _decimal(_number(value, "number"), "#,##0." + "0" * places if places else "#,##0", _locale(context))


@with_context
def date_(value: Any, form: Any = "medium", zone: Any = None, *, context: RenderContext) -> str:
    """`{{ event.due | date: 'long' }}`: short, medium, long, full, each also with `_time`; `time`; a CLDR pattern such as
    'EEEE d MMMM'; or strftime's directives."""
    moment = _moment(value)
    if isinstance(moment, datetime):
        moment = moment.astimezone(_zone(_text(zone) or str(_scope(context, "timezone", "UTC"))))
    return _written(moment, _text(form) or "medium", _locale(context))


@lru_cache(maxsize=10_000)
def _written(moment: date, form: str, locale: Locale) -> str:
    if form in _NAMED:
        return format_date(moment, form, locale=locale)
    if form == "time":
        return format_time(_timed(moment), "short", locale=locale)
    if form.endswith("_time") and form[:-5] in _NAMED:
        return format_datetime(_timed(moment), form[:-5], locale=locale)
    return format_datetime(_timed(moment), _pattern(form), locale=locale)


@with_context
def plural(value: Any, *, context: RenderContext, **forms: Any) -> str:
    """`{{ count | plural: one: '# letter', other: '# letters' }}`: the form of CLDR's category, # the number."""
    amount = _number(value, "plural")
    category = _locale(context).plural_form(amount if amount % 1 else int(amount))
    form = forms.get(category, forms.get("other"))
    if form is None:
        raise FilterArgumentError(f"plural: give the forms {category} and other", token=None)
    return _text(form).replace("#", _decimal(amount, None, _locale(context)))


@with_context
def item(value: Any, type_: Any = "products", *, context: RenderContext) -> Any:
    """`{% assign p = id | item %}`: fields of an entry of the catalogue, nothing when there is none."""
    found = _scope(context, LOOKUPS).item(_text(type_), _text(value))
    if found is not None:
        return found
    what = f"{_text(type_)} {_text(value)[:100]!r} of the catalogue"
    return context.env.undefined(what, hint=f"{what} is undefined", token=None)


@with_context
def coupon(value: Any, *, context: RenderContext) -> str:
    """`{{ 'spring' | coupon }}`: the person's own code of a pool."""
    return str(_scope(context, LOOKUPS).coupon(_text(value)))


@with_context
def asset_url(value: Any, *, context: RenderContext) -> str:
    """`{{ 'logo.png' | asset_url }}`: where an asset is."""
    return f"{_scope(context, PUBLIC_URL)}/assets/{_text(value)}"


@with_context
def survey_url(value: Any, *, context: RenderContext) -> str:
    """`{{ 'nps' | survey_url }}`: where the person answers a survey."""
    return str(_scope(context, LINKS).survey(_text(value)))


def json_(value: Any) -> str:
    """`{{ event | json }}`."""
    if isinstance(value, Undefined):
        str(value)
    return json.dumps(value, ensure_ascii=False, default=str)


FILTERS = {"money": money, "number": number, "date": date_, "plural": plural, "item": item, "coupon": coupon,
           "asset_url": asset_url, "survey_url": survey_url, "json": json_}


def _scope(context: RenderContext, name: str, default: Any = None) -> Any:
    return context.resolve(name, default=default)


def _locale(context: RenderContext) -> Locale:
    return locale_of(str(_scope(context, "locale", "en")))


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _number(value: Any, name: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        if isinstance(value, Undefined):
            str(value)  # says what is missing
        raise FilterArgumentError(f"{name}: {type(value).__name__} is no number", token=None)
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise FilterArgumentError(f"{name}: {str(value)[:40]!r} is no number", token=None) from error
    if not amount.is_finite() or abs(amount.adjusted()) > 30:
        raise FilterArgumentError(f"{name}: {str(value)[:40]!r} is no number that can be written", token=None)
    return amount


def _moment(value: Any) -> date:
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return _day(text)
        try:
            return _EPOCH + timedelta(milliseconds=from_iso(text))
        except ValueError as error:
            raise FilterArgumentError(f"date: {text[:40]!r} is no date such as 2026-01-31 or 2026-01-31T12:00:00Z",
                                      token=None) from error
    seconds = _number(value, "date")
    try:
        return _EPOCH + (timedelta(milliseconds=float(seconds)) if abs(seconds) >= _MILLISECONDS_FROM
                         else timedelta(seconds=float(seconds)))
    except OverflowError as error:
        raise FilterArgumentError(f"date: {value!r} is beyond the calendar", token=None) from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise FilterArgumentError(f"date: there is no {text}", token=None) from error


def _timed(moment: date) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC)


@lru_cache(maxsize=1_024)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


@lru_cache(maxsize=256)
def _pattern(form: str) -> str:
    """strftime's directives as a CLDR pattern, everything between them literal; other patterns as they are."""
    if "%" not in form:
        return form
    out, at = "", 0
    for found in _DIRECTIVE.finditer(form):
        out += _literal(form[at:found.start()])
        code = found[1] if found[1] in _DIRECTIVES else found[1].removeprefix("-")
        if code not in _DIRECTIVES:
            raise FilterArgumentError(f"date: %{found[1]} is not known", token=None)
        out += _DIRECTIVES[code] if code != "%" else "%"
        at = found.end()
    return out + _literal(form[at:])


def _literal(text: str) -> str:
    return re.sub(r"[^\W\d_]+", r"'\g<0>'", text.replace("'", "''"))
