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
from liquid.exceptions import LiquidSyntaxError, ResourceLimitError
from liquid.extra import WithTag
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG, Token
from liquid.undefined import FalsyStrictUndefined
from markupsafe import escape

from socle.templates import filters
from socle.templates.model import Unrenderable

MAX_OUTPUT = 1_000_000
"""Bytes of one rendered part."""
MAX_VALUE = 100_000
"""Characters, or items, of any value that a template makes on its way."""
MAX_WORK = 5_000_000
"""Characters that filters and assignments of one part may make altogether."""
MAX_ROUNDS = 10_000
"""Rounds of all loops of one part."""
MAX_NUMBER = 10**18

LINKS, LOOKUPS, URLS, FIELD = " links", " lookups", " urls", " field"
"""Names in the scope that no template can spell."""
TRACKED = "tracked"
_UNWANTED_TAGS = ("include", "render", "tablerow", "increment", "decrement", "doc", "ifchanged")


class Missing(FalsyStrictUndefined):
    """What is not there: false in a condition, replaced by `default`, an error in everything else."""

    force_liquid_default = True


class TooLong(ResourceLimitError):
    """A limit was reached."""


class Context(RenderContext):
    """One rendering, which counts what it costs."""

    rounds = 0
    work = 0

    def raise_for_loop_limit(self, length: int = 1) -> None:
        """Loops one after another count as much as loops in loops."""
        self.rounds += length
        if self.rounds > MAX_ROUNDS:
            raise TooLong(f"loops make more than {MAX_ROUNDS:,} rounds", token=None)

    def assign(self, key: str, val: Any) -> None:
        """What is kept is measured."""
        self.spend(val)
        super().assign(key, val)

    def spend(self, value: Any) -> None:
        """Count a value that was made. Raises TooLong."""
        if isinstance(value, (str, list, tuple, range)):
            try:
                length = len(value)
            except OverflowError:
                length = MAX_VALUE + 1
            if length > MAX_VALUE:
                raise TooLong(f"a value is longer than {MAX_VALUE:,}", token=None)
            self.work += length
            if self.work > MAX_WORK:
                raise TooLong("it is too much work", token=None)
        elif isinstance(value, int) and not -MAX_NUMBER < value < MAX_NUMBER:
            raise TooLong("a number is too large", token=None)


class _Template(BoundTemplate):
    context_class = Context


class _BoundedForNode(ForNode):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        values = self.expression.iterable.evaluate(context)
        if isinstance(values, range) and isinstance(context, Context):
            context.spend(values)  # reversed, all of it would be laid out before the loop is counted
        return super().render_to_output(context, buffer)


class _BoundedFor(ForTag):
    node_class = _BoundedForNode


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
        elif not url.startswith(("mailto:", "tel:", "sms:", "#")):
            raise Unrenderable("bad_link", f"link {self.number} leads to {url[:100]!r}, which is no http(s) address: mend the "
                               "template or the value", str(scope[FIELD]))
        return buffer.write(str(escape(url)) if context.autoescape else url)


def _plain(template: BoundTemplate, context: RenderContext) -> str:
    before, context.autoescape = context.autoescape, False
    buffer = context.get_buffer()
    try:
        for node in template.nodes:
            node.render(context, buffer)
    finally:
        context.autoescape = before
    return buffer.getvalue().strip()


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
    template_class = _Template
    output_stream_limit = MAX_OUTPUT
    context_depth_limit = 30
    block_nesting_limit = 30


def _bounded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter whose result is counted, and which is not begun when it would come to far too much."""
    inner_context = getattr(function, "with_context", False)
    inner_environment = getattr(function, "with_environment", False)

    @wraps(function)
    def bounded(left: Any, *args: Any, context: Context, **named: Any) -> Any:
        if left.__class__ is range:
            context.spend(left)
        if name in ("replace", "join"):
            _check_product(name, left, args, context)
        if inner_context:
            named["context"] = context
        if inner_environment:
            named["environment"] = context.env
        value = function(left, *args, **named)
        context.spend(value)
        return value

    bounded.with_context = True  # type: ignore[attr-defined]
    bounded.with_environment = False  # type: ignore[attr-defined]
    return bounded


def _check_product(name: str, left: Any, args: tuple[Any, ...], context: Context) -> None:
    if name == "join":
        parts = left if isinstance(left, (list, tuple)) else [left]
        length = sum(len(str(part)) for part in parts) + len(parts) * len(str(args[0])) if args else 0
    elif len(args) > 1:
        length = (str(left).count(str(args[0])) if args[0] else len(str(left)) + 1) * len(str(args[1]))
    else:
        length = 0
    if length > MAX_VALUE:
        raise TooLong(f"a value is longer than {MAX_VALUE:,}", token=None)


def _environment(autoescape: bool) -> Environment:
    environment = _Environment(autoescape=autoescape, undefined=Missing)
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


HTML, PLAIN = _environment(True), _environment(False)

