"""Liquid as messages may use it: strict about what is undefined, bounded in time and memory, blind to clock and files.

An environment is made once for all templates, one for parts that are HTML (values are escaped) and one for plain text.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TextIO

from liquid import BoundTemplate, Environment, RenderContext
from liquid.ast import Node
from liquid.builtin.tags.for_tag import ForNode, ForTag
from liquid.exceptions import LiquidSyntaxError
from liquid.extra import WithTag
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG, Token
from liquid.undefined import Undefined
from markupsafe import escape

from socle.templates import filters
from socle.templates.context import FIELD, LINKS, MAX_OUTPUT, MAX_VALUE, URLS, Context, Missing, Out, TooLong
from socle.templates.model import Unrenderable

TRACKED = "tracked"
_UNWANTED_TAGS = ("include", "render", "tablerow", "increment", "decrement", "doc", "ifchanged")


class _BoundedForNode(ForNode):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        values = self.expression.iterable.evaluate(context)
        if isinstance(values, range) and isinstance(context, Context):
            context.spend(values)  # reversed, all of it would be laid out before the loop is counted
        return super().render_to_output(context, buffer)


class _BoundedFor(ForTag):
    node_class = _BoundedForNode


GAPS = "gaps"
"""Attribute of environments for previews: a link to nothing is a gap there, as other missing values are."""


class _TrackedNode(Node):
    __slots__ = ("number",)

    def __init__(self, token: Token, number: int) -> None:
        super().__init__(token)
        self.number = number
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        scope = context.globals
        source = scope[URLS][self.number - 1]  # type: ignore[index]
        url = source if isinstance(source, str) else _plain(source, context)
        links: Any = scope[LINKS]
        if url.startswith(("https://", "http://")):
            url = links.click(url, self.number)
        elif not url and getattr(context.env, GAPS, False):
            return 0
        elif not url.startswith(("mailto:", "tel:", "sms:", "#")):
            # What a person's own value made of it is nobody's business who reads of the run.
            shown = repr(url[:100]) if isinstance(source, str) else "a value"
            raise Unrenderable("bad_link", f"link {self.number} leads to {shown}, which is no http(s) address: mend the "
                               "template or the value", str(scope[FIELD]))
        return buffer.write(str(escape(url)) if context.autoescape else url)


def _plain(template: BoundTemplate, context: RenderContext) -> str:
    before, context.autoescape = context.autoescape, False
    out: Any = Out(MAX_VALUE)
    try:
        for node in template.nodes:
            node.render(context, out)
    finally:
        context.autoescape = before
    return str(out.getvalue()).strip()


class _Tracked(Tag):
    name = TRACKED
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        number = stream.expect(TOKEN_EXPRESSION).value
        if not number.isdecimal():
            raise LiquidSyntaxError(f"there is no tag {TRACKED!r}", token=token)
        return _TrackedNode(token, int(number))


class _Environment(Environment):
    output_stream_limit = MAX_OUTPUT
    context_depth_limit = 30
    block_nesting_limit = 30


def _bounded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter whose result is counted, and which is not begun when it would come to far too much."""
    wants_context = getattr(function, "with_context", False)
    wants_environment = getattr(function, "with_environment", False)
    multiplies = name in ("replace", "join")

    @wraps(function)
    def bounded(left: Any, *args: Any, context: Context, **named: Any) -> Any:
        if left.__class__ is range:
            context.spend(left)
        if multiplies:
            _check_product(name, left, args)
        if wants_context:
            named["context"] = context
        if wants_environment:
            named["environment"] = context.env
        value = function(left, *args, **named)
        context.spend(value)
        return value

    bounded.with_context = True  # type: ignore[attr-defined]
    bounded.with_environment = False  # type: ignore[attr-defined]
    return bounded


def _check_product(name: str, left: Any, args: tuple[Any, ...]) -> None:
    if name == "join":
        parts = left if isinstance(left, (list, tuple)) else [left]
        length = sum(len(str(part)) for part in parts) + len(parts) * len(str(args[0])) if args else 0
    elif len(args) > 1:
        length = (str(left).count(str(args[0])) if args[0] else len(str(left)) + 1) * len(str(args[1]))
    else:
        length = 0
    if length > MAX_VALUE:
        raise TooLong(f"a value is longer than {MAX_VALUE:,}", token=None)


def environment_for(autoescape: bool, undefined: type[Undefined] = Missing) -> Environment:
    """An environment; `undefined`: what stands for what is not there."""
    environment = _Environment(autoescape=autoescape, undefined=undefined)
    for name in _UNWANTED_TAGS:
        environment.tags.pop(name, None)
    for tag in (WithTag, _BoundedFor, _Tracked):
        environment.add_tag(tag)
    for name in filters.UNWANTED:
        environment.filters.pop(name, None)
    environment.filters.update(filters.FILTERS)
    for name, function in list(environment.filters.items()):
        environment.filters[name] = _bounded(name, function)
    return environment


HTML, PLAIN = environment_for(True), environment_for(False)

