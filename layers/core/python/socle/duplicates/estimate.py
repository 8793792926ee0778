"""What each level of agreement is worth, learnt from the profiles themselves: Fellegi and Sunter's model, fitted by EM.

Sources: Fellegi, Sunter, A Theory for Record Linkage (1969); Winkler, Using the EM Algorithm for Weight Computation in the
Fellegi-Sunter Model (1988); Linacre et al., Splink (2022), for estimating m within one blocking rule at a time. No pair with
a known answer is needed. Pure: it works on counts of patterns, so a million pairs cost what a few hundred patterns do.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from socle.duplicates.blocks import RULES
from socle.duplicates.levels import BY_NAME, FIELDS, PERSONAL, Compared
from socle.duplicates.model import Parameters

Pattern = tuple[int, ...]
"""The level of each field, in the order of FIELDS."""
Patterns = Mapping[Pattern, float]

_ROUNDS = 3
_STEPS = 100
_STILL = 1e-6
_FEWEST = 10
"""Pairs below which a rule teaches nothing."""
_BELIEF = 10.0
"""What is believed of one person beforehand counts as much as this many pairs."""
BELIEF_OF_TWO = 100.0
"""And of two people: enough to carry a company of ten people, and nothing among a million."""


def believed(levels: int) -> list[float]:
    """m before anything is known: most often a person's values are equal, more rarely close, seldom different."""
    shares = [0.5 ** (levels - 1 - level) for level in range(levels - 1)]
    return [*(0.2 * share / sum(shares) for share in shares), 0.8]


def believed_of_two(field: Compared) -> list[float]:
    """u before anything is known: two people differ in nearly everything."""
    shares = [0.5 ** level for level in range(1, field.top)]
    return [0.97, *((0.03 - field.chance) * share / sum(shares) for share in shares), field.chance]


def weight(pattern: Pattern, m: Mapping[str, Sequence[float]], u: Mapping[str, Sequence[float]],
           fields: Sequence[int] = range(len(FIELDS))) -> float:
    """log2 of how much likelier the pattern is for one person than for two. Unknown fields say nothing."""
    total = 0.0
    for place in fields:
        level, name = pattern[place], FIELDS[place].name
        if level >= 0:
            total += math.log2(m[name][level] / u[name][level])
    return total


def probability(total: float) -> float:
    """Of a match weight that includes the prior."""
    return 0.0 if total < -500 else 1 / (1 + 2.0 ** -total)


def odds(prior: float) -> float:
    """log2 of the odds."""
    return math.log2(prior / (1 - prior))


def fit(sampled: Patterns, blocked: Mapping[tuple[int, Pattern], float], exact: Mapping[str, tuple[int, int]],
        pairs: int) -> Parameters:
    """Fit the model.

    sampled  patterns of random pairs → count
    blocked  (bits of the rules that found it, pattern) of all candidate pairs → count
    exact    field → how many of all pairs agree at its best level, and in how many both sides are known: frequencies tell it
             exactly, and a sample would hardly ever see it
    pairs    how many pairs there are that may be one person
    """
    m = {field.name: believed(field.top + 1) for field in FIELDS}
    prior = 1 / max(2, pairs) ** 0.5
    everywhere: dict[Pattern, float] = defaultdict(float)
    for (_, pattern), count in blocked.items():
        everywhere[pattern] += count
    u = _of_two(sampled, everywhere, exact, lambda pattern: 0.0)
    for _ in range(_ROUNDS):
        m = _of_one(blocked, m, u)
        prior = _prior(everywhere, m, u, prior, pairs)
        u = _of_two(sampled, everywhere, exact, _judge(Parameters(m, u, prior)))
    return Parameters(m, u, prior)


_PERSONAL = [place for place, field in enumerate(FIELDS) if field.name in PERSONAL]


def _judge(model: Parameters) -> Callable[[Pattern], float]:
    """The probability of a pattern; a family is none, however well it agrees in what families share."""
    def is_one(pattern: Pattern) -> float:
        if weight(pattern, model.m, model.u, _PERSONAL) <= 0:
            return 0.0
        return probability(weight(pattern, model.m, model.u) + odds(model.prior))
    return is_one


def _of_two(sampled: Patterns, blocked: Patterns, exact: Mapping[str, tuple[int, int]],
            is_one: Callable[[Pattern], float]) -> dict[str, list[float]]:
    """u: from random pairs, less those that the model takes for one person."""
    counts = {field.name: [BELIEF_OF_TWO * share for share in believed_of_two(field)] for field in FIELDS}
    for pattern, count in sampled.items():
        share = count * (1 - is_one(pattern))
        for field, level in zip(FIELDS, pattern, strict=True):
            if level >= 0:
                counts[field.name][level] += share
    ones: dict[str, float] = defaultdict(float)
    for pattern, count in blocked.items():
        chance = is_one(pattern)
        for field, level in zip(FIELDS, pattern, strict=True):
            if level == field.top:
                ones[field.name] += count * chance
    u = {}
    for name, levels in counts.items():
        shares = [count / sum(levels) for count in levels]
        if name in exact:
            agreeing, known = exact[name]
            top = (max(agreeing - ones[name], 0) + BELIEF_OF_TWO * BY_NAME[name].chance) / (known + BELIEF_OF_TWO)
            shares = [*(share * (1 - top) / max(1e-12, sum(shares[:-1])) for share in shares[:-1]), top]
        u[name] = shares
    return u


def _of_one(blocked: Mapping[tuple[int, Pattern], float], m: Mapping[str, Sequence[float]],
            u: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """m: by EM within each rule, over the fields that it does not presuppose; rules count by the matches they see."""
    sums = {field.name: [_BELIEF * share for share in believed(field.top + 1)] for field in FIELDS}
    for number, rule in enumerate(RULES):
        free = [place for place, field in enumerate(FIELDS) if field.name not in rule.agrees]
        counts: dict[Pattern, float] = defaultdict(float)
        for (bits, pattern), count in blocked.items():
            if bits >> number & 1:
                counts[tuple(level if place in free else -1 for place, level in enumerate(pattern))] += count
        if rule.teaches and sum(counts.values()) >= _FEWEST:
            for name, levels in _within(counts, free, m, u).items():
                sums[name] = [before + more for before, more in zip(sums[name], levels, strict=True)]
    return {name: [count / sum(levels) for count in levels] for name, levels in sums.items()}


def _within(counts: Patterns, free: Sequence[int], m: Mapping[str, Sequence[float]],
            u: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """How often one person's fields agree at each level, expected over the pairs of one rule."""
    total = sum(counts.values())
    here: dict[str, Sequence[float]] = {FIELDS[place].name: m[FIELDS[place].name] for place in free}
    share = 0.3
    found: dict[str, list[float]] = {}
    for _ in range(_STEPS):
        before, bias = share, odds(share)
        found = {name: [0.0] * len(levels) for name, levels in here.items()}
        ones = 0.0
        for pattern, count in counts.items():
            expected = count * probability(weight(pattern, here, u, free) + bias)
            ones += expected
            for place in free:
                if pattern[place] >= 0:
                    found[FIELDS[place].name][pattern[place]] += expected
        share = min(max(ones / total, 1e-9), 1 - 1e-6)
        here = {name: _with_belief(levels) for name, levels in found.items()}
        if abs(share - before) < _STILL:
            break
    return found


def _with_belief(levels: Sequence[float]) -> list[float]:
    counts = [count + _BELIEF * share for count, share in zip(levels, believed(len(levels)), strict=True)]
    return [count / sum(counts) for count in counts]


def _prior(blocked: Patterns, m: Mapping[str, Sequence[float]], u: Mapping[str, Sequence[float]], prior: float,
           pairs: int) -> float:
    """The share of all pairs that are one person, expected over the candidates: other pairs are taken for two."""
    weights = [(weight(pattern, m, u), count) for pattern, count in blocked.items() if weight(pattern, m, u, _PERSONAL) > 0]
    for _ in range(_STEPS):
        bias = odds(prior)
        ones = sum(count * probability(total + bias) for total, count in weights)
        after = min(max(ones, 0.5) / max(1, pairs), 0.5)
        if abs(after / prior - 1) < 1e-4:
            return after
        prior = after
    return prior
