"""Meet, join and direction for every kind of value and for every control of the catalogue."""

from answer import shipped
from cases import case
from draw import AUDIENCE, OFF_IS_STRICT, ON_IS_STRICT, any_value, dice
from values import kind_name

KINDS = {
    "choice": AUDIENCE,
    "flag-on": ON_IS_STRICT,
    "flag-off": OFF_IS_STRICT,
    "minutes": "minutes",
    "number": {"number": {"most": 240}},
    "words": "words",
    "ids": "ids",
    "windows": "windows",
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
}


def cases():
    for name, kind in KINDS.items():
        yield from of_kind(name, kind)
    yield from of_catalogue()


def of_kind(name, kind):
    chance = dice(f"lattice/{name}")
    for number in range(1, 5):
        a, b = any_value(chance, kind), any_value(chance, kind)
        pair = {"kind": kind, "a": a, "b": b}
        yield case(f"lattice/{name}-meet-{number}", "meet", WHY[name], pair)
        yield case(f"lattice/{name}-join-{number}", "join", "The join forbids only what both forbid.", pair)
        change = {"kind": kind, "from": a, "to": b}
        yield case(f"lattice/{name}-direction-{number}", "direction", "Tighter, looser or mixed is computed.", change)
    for number in range(1, 3):
        asked = {"kind": kind, "value": any_value(chance, kind), "bound": any_value(chance, kind)}
        yield case(f"lattice/{name}-as-strict-{number}", "as_strict", "At least as strict: it forbids all of it.", asked)


def of_catalogue():
    """Every control of the catalogue, so that a new one comes with its case."""
    for control in shipped():
        name, defaults = control["id"], control["defaults"]
        given = {"kind": control["kind"], "a": defaults["adult"], "b": defaults["under_13"]}
        why = f"A younger band is at least as strict: {name}, a {kind_name(control['kind'])}."
        yield case(f"lattice/control-{name}", "meet", why, given)
