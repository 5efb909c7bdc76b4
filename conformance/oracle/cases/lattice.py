"""Meet, join and direction for every kind of value and for every control of the catalogue."""

from answer import shipped
from cases import case, fresh
from draw import AUDIENCE, OFF_IS_STRICT, ON_IS_STRICT, any_schedule, any_value, dice
from values import canonical, kind_name

KINDS = {
    "choice": AUDIENCE,
    "flag-on": ON_IS_STRICT,
    "flag-off": OFF_IS_STRICT,
    "minutes": "minutes",
    "number": {"number": {"most": 240}},
    "words": "words",
    "ids": "ids",
    "windows": "windows",
    "item-minutes": "item_minutes",
    "exceptions": "exceptions",
}
WHY = {
    "choice": "Of two choices the meet is the one further along the list.",
    "flag-on": "Where on is strict, either side turns it on.",
    "flag-off": "Where off is strict, either side turns it off.",
    "minutes": "Minutes are compared day by day; fewer are stricter.",
    "number": "Of two numbers the smaller is stricter.",
    "words": "Of two lists of words the meet has all words of both.",
    "ids": "Identifiers are kept letter for letter; the meet has all of both.",
    "windows": "Windows are sets of minutes of the week; the meet has all of both.",
    "dates": "Month by month, and on each date that one of both names, the meet has all of both.",
    "item-minutes": "Minutes are compared item by item and day by day; an item that is not there has no limit.",
    "exceptions": "What is let off must be let off by both; the star is everything.",
}


def cases():
    for name, kind in KINDS.items():
        yield from of_kind(name, kind, lambda chance, kind=kind: any_value(chance, kind))
    yield from of_kind("dates", "windows", lambda chance: canonical("windows", any_schedule(chance)))
    yield from of_catalogue()


def of_kind(name, kind, any_of):
    chance = dice(f"lattice/{name}")
    for op, count, names, why in (
        ("meet", 4, ("a", "b"), WHY[name]),
        ("join", 4, ("a", "b"), "The join forbids only what both forbid."),
        ("direction", 4, ("from", "to"), "Tighter, looser or mixed is computed."),
        ("as_strict", 2, ("value", "bound"), "At least as strict: it forbids all of it."),
    ):
        draw = lambda: {"kind": kind, **{side: any_of(chance) for side in names}}
        for number in range(1, count + 1):
            # There are only four pairs of on and off.
            if given := fresh(op, draw):
                yield case(f"lattice/{name}-{op.replace('_', '-')}-{number}", op, why, given)


def of_catalogue():
    """Every control of the catalogue, so that a new one comes with its case."""
    for control in shipped():
        name, defaults = control["id"], control["defaults"]
        given = {"catalogue": "shipped", "before": {name: defaults["adult"]}, "after": {name: defaults["under_13"]}}
        why = f"A younger band is at least as strict: {name}, a {kind_name(control['kind'])}."
        yield case(f"lattice/control-{name}", "diff", why, given)
