"""Ages in completed years, bands, and what a birthday does to what people have set."""

from datetime import date, timedelta

from cases import case, fresh
from draw import AGES, DANA, MIA, NOW, SMALL, ago, ahead, any_value, dice, layers, setting, situation, small, timed

STEPS = [("under_13", "13_15"), ("13_15", "16_17"), ("16_17", "adult"), ("under_13", "16_17"), ("13_15", "13_15")]


def cases():
    yield from on_dates()
    yield from birthdays()


def on_dates():
    chance = dice("ages")

    def draw(number):
        born = date(2006, 1, 1) + timedelta(days=chance.randrange(20 * 365))
        if number % 4 == 0:
            born = date(chance.choice([2008, 2012, 2016, 2020]), 2, 29)
        years = chance.choice([0, 12, 13, 15, 16, 17, 18])
        today = date(born.year + years, 2, 28) if born.day == 29 else born + timedelta(days=years * 365 + chance.randrange(8))
        if number % 3 == 0:
            today += timedelta(days=1)
        return {"birth": born.isoformat(), "today": today.isoformat()}

    for number in range(1, 25):
        asked = fresh("age", lambda: draw(number))
        why = "Completed years on the calendar of the home; who was born on 29 February gets older on 1 March."
        yield case(f"ages/on-{number}", "age", why, asked)


def birthdays():
    chance = dice("ages/birthdays")
    for number in range(1, 16):
        before, after = STEPS[number % len(STEPS)]
        rows = chance.sample(SMALL, 4)
        own = {row["id"]: setting(any_value(chance, row["kind"]), DANA, ago(90)) for row in rows if chance.random() < 0.5}
        wish = {row["id"]: setting(any_value(chance, row["kind"]), MIA, ago(60)) for row in rows if chance.random() < 0.4}
        kept = {}
        if before != "under_13" and chance.random() < 0.6:
            held = rows[0]
            kept = {held["id"]: {"value": held["defaults"]["under_13"], "from_band": "under_13", "since": ago(9000)}}
        grant = timed(1, rows[1]["id"], rows[1]["defaults"]["adult"], ago(2), ahead(4))
        mixed = layers({DANA: own} if own else {}, wish, **({"kept": kept} if kept else {}), grants=[grant], verified=[DANA])
        given = {"catalogue": rows, "layers": mixed, "before": before, "after": after, "now": NOW}
        why = "Nothing loosens by itself: the old default is kept, unless the control follows its age; at 18 it all ends."
        yield case(f"ages/birthday-{number}", "birthday", why, given)
    for before, after in STEPS[:3]:
        given = {"catalogue": "shipped", "layers": layers(), "before": before, "after": after, "now": NOW}
        why = "What of the whole catalogue a birthday keeps."
        yield case(f"ages/catalogue-{before}-to-{after}".replace("_", "-"), "birthday", why, given)
    for band in list(AGES)[1:3]:
        for name in ("minutes", "contact", "live", "pause", "private"):
            row = small(name)[0]
            kept = {row["id"]: {"value": row["defaults"]["under_13"], "from_band": "under_13", "since": ago(500)}}
            asked = {"situation": situation([row], band, layers(kept=kept))}
            why = "What a birthday kept holds like a default, until somebody who may sets something."
            yield case(f"ages/kept-{name}-{band}".replace("_", "-"), "effective", why, asked)
