"""A device that nobody reaches: what was granted ends by itself, and after long silence the stricter side counts."""

from answer import answer
from cases import case, fresh
from cases.grants import mixtures
from clock import instant, seconds
from draw import NOW, SMALL, ahead, any_value, dice

STALENESS = {"warn_hours": 24, "safe_hours": 72}
ENDS = "Until says how long the value counts, after what counts then, without hearing from the server again."
STRICT = "As strict as what holds, what follows and the age's default together; absent where that changes nothing."


def cases():
    yield from endings()
    yield from fallbacks()


def alone(name, why, entry, heard_at, at):
    given = {"entry": entry, "staleness": STALENESS, "heard_at": heard_at, "at": at}
    return case(f"offline/{name}", "alone", why, given)


def endings():
    """Devices that got what holds now and then hear nothing new: before the end, at it, after it."""
    number = 0
    for given in mixtures():
        (entry,) = answer("effective", given["input"])["controls"].values()
        if "until" not in entry or entry["value"] == entry["after"] or number >= 12:
            continue
        number += 1
        heard = {name: entry[name] for name in ("value", "source", "until", "after")}
        for slug, at in (("now", NOW), ("at-the-end", entry["until"]), ("long-after", ahead(400))):
            yield alone(f"{number}-{slug}", ENDS, heard, at, at)


def fallbacks():
    """What devices fall back to, and when, for every kind of value."""
    chance = dice("offline")
    for number, row in enumerate(SMALL * 2, 1):
        if (told := fresh("safe", lambda: draw(chance, row))) is None:
            continue
        yield case(f"offline/fallback-{number}", "safe", STRICT, told)
        entry = {"value": told["value"], "source": "guardian", **answer("safe", told)}
        if "after" in told:
            entry |= {"source": "grant", "until": ahead(chance.choice([1, 30, 73, 200])), "after": told["after"]}
        silent = chance.choice([23, 24, 71, 72, 73, 300]) * 3600 + chance.choice([-1, 0, 1])
        why = "From so many hours without contact on the safe value counts."
        yield alone(f"silence-{number}", why, entry, NOW, instant(seconds(NOW) + silent))


def draw(chance, row):
    """A value, often with one that follows, and the default of an age."""
    kind, default = row["kind"], row["defaults"][chance.choice(["under_13", "13_15", "16_17"])]
    after = {"after": any_value(chance, kind)} if chance.random() < 0.6 else {}
    return {"kind": kind, "default": default, "value": any_value(chance, kind), **after}
