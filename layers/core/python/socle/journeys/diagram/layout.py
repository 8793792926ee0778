"""Where the boxes and lines of a diagram lie: in layers from top to bottom, with few crossings. Pure.

After Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures", IEEE Transactions on
Systems, Man and Cybernetics 11 (1981): layers by the longest path, order by barycentre. Labels take a layer between two of
boxes, so that a line never runs under a box and a label never lies upon one. Lines that go back run upwards in lanes of their
own. Across, each layer is the least-squares fit to its neighbours that keeps the gaps: isotonic regression, by pooling adjacent
violators.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

GAP = 26
"""Px between a layer and the next; boxes are two layers apart."""
MARGIN = 24
_FAN = 60
"""Px that a gap grows by at most, for lines that go far to a side."""
_SWEEPS, _FITS = 12, 24
_MANY = 5_000
"""Nodes from which on a picture is a thicket: it is drawn, with less care."""
_BESIDE = {"box": 14.0, "label": 6.0, "lane": 7.0}
"""Px that each kind keeps free on either side."""
_LANE = 4.0
_HEAD = 8
"""Px that a line runs straight before its arrow's head."""

Point = tuple[float, float]


class Box(NamedTuple):
    """What is to be placed; px."""

    key: str
    width: float
    height: float


class Link(NamedTuple):
    """A line from a box to a box. `width` and `height` of its label, 0 without one; `back`: to where somebody has been."""

    source: str
    target: str
    width: float = 0
    height: float = 0
    back: bool = False


class Place(NamedTuple):
    """Where a box is: its centre and size."""

    x: float
    y: float
    width: float
    height: float


class Route(NamedTuple):
    """A line: (x, y) where it goes straight down or up between two points of one x, bent between points of different x. `label`
    is the centre of its label."""

    points: tuple[Point, ...]
    label: Point | None
    back: bool


class Layout(NamedTuple):
    """`routes` are in the order of the links."""

    places: dict[str, Place]
    routes: list[Route]
    width: float
    height: float


@dataclass(slots=True, eq=False)
class _Node:
    rank: int
    width: float
    height: float
    kind: str
    x: float = 0.0
    above: list[_Node] = field(default_factory=list)
    below: list[_Node] = field(default_factory=list)


def arrange(boxes: Sequence[Box], links: Sequence[Link]) -> Layout:
    """Places for all of it, in px from the top left corner. The links that are not `back` make no circle; the first box is on
    top."""
    ranks = _ranks(boxes, links)
    nodes = {box.key: _Node(ranks[box.key], box.width, box.height, "box") for box in boxes}
    chains = [_chain(nodes[link.source], nodes[link.target], link) for link in links]
    layers = _layers(boxes, links, nodes, chains)
    many = sum(len(layer) for layer in layers) > _MANY
    _order(layers, 1 if many else _SWEEPS)
    _across(layers, 2 if many else _FITS)
    tops = _tops(layers)
    left = min(node.x - node.width / 2 for layer in layers for node in layer) - MARGIN
    for layer in layers:
        for node in layer:
            node.x -= left
    places = {key: Place(node.x, sum(tops[node.rank]) / 2, node.width, node.height) for key, node in nodes.items()}
    leaves = _ports(nodes, links, chains)
    routes = [_route(link, nodes, chain, tops, leave) for link, chain, leave in zip(links, chains, leaves, strict=True)]
    width = max(node.x + node.width / 2 for layer in layers for node in layer) + MARGIN
    return Layout(places, routes, width, tops[-1][1] + GAP)


def _ranks(boxes: Sequence[Box], links: Sequence[Link]) -> dict[str, int]:
    """Box → its layer, by the longest way to it; two apart, for the labels."""
    ranks = {box.key: 0 for box in boxes}
    forward = [link for link in links if not link.back]
    for _ in boxes:  # as often as the longest way has boxes, at most
        moved = False
        for link in forward:
            if ranks[link.target] < ranks[link.source] + 2:
                ranks[link.target] = ranks[link.source] + 2
                moved = True
        if not moved:
            return ranks
    raise ValueError("the lines go in a circle: mark those that lead back")


def _chain(source: _Node, target: _Node, link: Link) -> list[_Node]:
    """The nodes on the way of a line, one in each layer that it passes, from its source on."""
    ranks = range(source.rank, target.rank - 1, -1) if link.back else range(source.rank + 1, target.rank)
    chain = [_Node(rank, _LANE, 0, "lane") for rank in ranks]
    if link.width and chain:
        chain[0] = _Node(chain[0].rank, link.width, link.height, "label")
    way = chain if link.back else [source, *chain, target]
    for upper, lower in pairwise(way):
        if link.back:
            upper, lower = lower, upper
        upper.below.append(lower)
        lower.above.append(upper)
    return chain


def _layers(boxes: Sequence[Box], links: Sequence[Link], nodes: dict[str, _Node], chains: list[list[_Node]]) -> list[list[_Node]]:
    """The layers in the order in which somebody meets their nodes who follows the lines from the first box on."""
    layers: list[list[_Node]] = [[] for _ in range(max(node.rank for node in nodes.values()) + 1)]
    out: dict[str, list[int]] = {box.key: [] for box in boxes}
    for place, link in enumerate(links):
        out[link.source].append(place)
    met: set[str] = set()
    ahead = [box.key for box in reversed(boxes)]
    while ahead:
        key = ahead.pop()
        if key in met:
            continue
        met.add(key)
        layers[nodes[key].rank].append(nodes[key])
        for place in out[key]:
            for node in chains[place]:
                layers[node.rank].append(node)
        ahead.extend(links[place].target for place in reversed(out[key]))
    return layers


def _order(layers: list[list[_Node]], sweeps: int) -> None:
    best, fewest = [list(layer) for layer in layers], _crossings(layers)
    for sweep in range(sweeps):
        if not fewest:
            break
        down = sweep % 2 == 0
        where: dict[int, float] = {}
        for layer in layers if down else reversed(layers):
            wished = [(place + 0.5) / len(layer) for place in range(len(layer))]
            for place, node in enumerate(layer):
                near = node.above if down else node.below
                if near:
                    wished[place] = sum(where[id(one)] for one in near) / len(near)
            layer[:] = [layer[place] for place in sorted(range(len(layer)), key=wished.__getitem__)]
            where |= {id(node): (place + 0.5) / len(layer) for place, node in enumerate(layer)}
        crossings = _crossings(layers)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    for layer, order in zip(layers, best, strict=True):
        layer[:] = order


def _crossings(layers: list[list[_Node]]) -> int:
    count = 0
    for upper, lower in pairwise(layers):
        where = {id(node): place for place, node in enumerate(lower)}
        before: list[int] = []
        for node in upper:
            ends = sorted(where[id(one)] for one in node.below)
            count += sum(len(before) - bisect_right(before, end) for end in ends)
            for end in ends:
                insort(before, end)
    return count


def _across(layers: list[list[_Node]], fits: int) -> None:
    for layer in layers:
        _fit(layer, [0.0] * len(layer))
    for turn in range(2 * fits):
        down = turn % 2 == 0
        for layer in layers if down else reversed(layers):
            wished = []
            for node in layer:
                near = [*node.above, *node.below, *(node.below if node.kind == "label" else [])]
                if turn < fits:
                    near = node.above if down else node.below
                wished.append(sum(one.x for one in near) / len(near) if near else node.x)
            _fit(layer, wished)
    for layer in layers:  # what follows only from one thing, and alone, stands straight below it
        _fit(layer, [node.above[0].x if len(node.above) == 1 == len(node.above[0].below) else node.x for node in layer])


def _fit(layer: list[_Node], wished: list[float]) -> None:
    """Put a layer's nodes as near to where they wish to be as their order and gaps allow."""
    free, offsets = 0.0, []
    for before, node in zip([None, *layer], layer, strict=False):
        if before is not None:
            free += before.width / 2 + _BESIDE[before.kind] + _BESIDE[node.kind] + node.width / 2
        offsets.append(free)
    blocks: list[tuple[float, float, int]] = []  # (weighted sum, weight, nodes)
    for node, wish, offset in zip(layer, wished, offsets, strict=True):
        weight = 4.0 if node.kind != "box" else 1.0  # straight lanes before centred boxes
        block = ((wish - offset) * weight, weight, 1)
        while blocks and blocks[-1][0] / blocks[-1][1] > block[0] / block[1]:
            last = blocks.pop()
            block = (last[0] + block[0], last[1] + block[1], last[2] + block[2])
        blocks.append(block)
    means = [total / weight for total, weight, number in blocks for _ in range(number)]
    for node, mean, offset in zip(layer, means, offsets, strict=True):
        node.x = mean + offset


def _tops(layers: list[list[_Node]]) -> list[tuple[float, float]]:
    """Rank → (its upper, its lower edge)."""
    found, y = [], float(MARGIN)
    for layer in layers:
        height = max((node.height for node in layer), default=0)
        found.append((y, y + height))
        aside = max((abs(node.x - one.x) for node in layer for one in node.below), default=0)
        y += height + GAP + min(aside / 10, _FAN)
    return found


def _ports(nodes: dict[str, _Node], links: Sequence[Link], chains: list[list[_Node]]) -> list[float]:
    """Where each line leaves its box: side by side, in the order in which they go on."""
    found = [0.0] * len(links)
    out: dict[str, list[int]] = {}
    for place, link in enumerate(links):
        out.setdefault(link.source, []).append(place)
    for key, places in out.items():
        node = nodes[key]
        places.sort(key=lambda place: (chains[place][0] if chains[place] else nodes[links[place].target]).x)
        apart = min(34.0, node.width * 0.8 / len(places))
        for number, place in enumerate(places):
            found[place] = node.x + (number - (len(places) - 1) / 2) * apart
    return found


def _route(link: Link, nodes: dict[str, _Node], chain: list[_Node], tops: list[tuple[float, float]], leave: float) -> Route:
    source, target = nodes[link.source], nodes[link.target]
    middle, half = sum(tops[source.rank]) / 2, source.height / 2
    points = [(leave, middle + half), *([(leave, tops[source.rank][1])] if tops[source.rank][1] > middle + half else [])]
    for node in chain:
        first, second = tops[node.rank] if not link.back else reversed(tops[node.rank])
        points += [(node.x, first), (node.x, second)]
    top = sum(tops[target.rank]) / 2 - target.height / 2
    points += [(target.x, tops[target.rank][0] - (0 if link.back else _HEAD)), (target.x, top)]
    label = (chain[0].x, sum(tops[chain[0].rank]) / 2) if chain and chain[0].kind == "label" else None
    return Route(tuple(_without_repeats(points)), label, link.back)


def _without_repeats(points: Iterable[Point]) -> list[Point]:
    found: list[Point] = []
    for point in points:
        if not found or max(abs(point[0] - found[-1][0]), abs(point[1] - found[-1][1])) > 0.05:
            found.append(point)
    return found
