"""A device that nobody reaches: what was granted ends by itself."""

from answer import answer
from cases import case
from cases.grants import mixtures
from draw import NOW, ahead


def cases():
    """Devices that got what holds now and then hear nothing: before the end, at it, after it."""
    number = 0
    for given in mixtures():
        (entry,) = answer("effective", given["input"])["controls"].values()
        if "until" not in entry or entry["value"] == entry["after"] or number >= 12:
            continue
        number += 1
        heard = {name: entry[name] for name in ("value", "source", "until", "after")}
        for slug, at in (("now", NOW), ("at-the-end", entry["until"]), ("long-after", ahead(400))):
            why = "Until says how long the value counts, after what counts then, without hearing from the server again."
            yield case(f"offline/{number}-{slug}", "alone", why, {"entry": heard, "at": at})
