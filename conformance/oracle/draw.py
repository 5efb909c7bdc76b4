"""Random inputs from a fixed seed, the same on every machine, and the small catalogue that they are about."""

import random
from datetime import timedelta

from clock import date_of, instant, seconds
from values import DAYS, canonical, kind_name

NOW = "2026-03-01T12:00:00Z"
DANA, SAM, MIA = (f"00000000-0000-7000-8000-00000000000{n}" for n in (1, 2, 9))
WORDS = ["casino", "diet", "vape", "crash", "über", "lotto", "dare"]
AGES = {"under_13": 11, "13_15": 14, "16_17": 16, "adult": 18}


def dice(seed):
    """A source of chances that only depends on its name."""
    return random.Random(f"family-pairing/{seed}")


def control(name, group, kind, defaults, **more):
    """A row of a catalogue. Defaults are those of under 13, 13 to 15, 16 and 17, and adults."""
    row = {
        "id": f"demo.{name}",
        "label": name.replace("_", " ").capitalize(),
        "group": group,
        "kind": kind,
        "enforced_by": "both",
        "if_unsupported": "report",
        "since": 1,
        "defaults": dict(zip(AGES, defaults)),
    }
    return {**row, **more}


def every_day(start, end):
    return [{"days": DAYS, "from": start, "to": end}]


AUDIENCE = {"choice": {"values": ["everyone", "friends", "no_one"]}}
ON_IS_STRICT, OFF_IS_STRICT = {"flag": {"strict": True}}, {"flag": {"strict": False}}
OLDER = ["16_17"]

SMALL = [
    control("minutes", "time", "minutes", [60, 60, 90, 1440]),
    control("contact", "contact", AUDIENCE, ["no_one", "friends", "friends", "everyone"],
            floors={"under_13": "no_one", "13_15": "friends"}, teen_loosens=OLDER, privacy=True),
    control("private", "visibility", ON_IS_STRICT, [True, True, True, False],
            floors={"under_13": True}, teen_loosens=OLDER, privacy=True),
    control("live", "live", OFF_IS_STRICT, [False, False, True, True], floors={"under_13": False}),
    control("words", "content", "words", [[], [], [], []], privacy=True),
    control("subjects", "content", "ids", [[], [], [], []], privacy=True),
    control("quiet", "time", "windows",
            [every_day("20:00", "08:00"), every_day("21:00", "08:00"), every_day("22:00", "08:00"), []],
            floors=dict.fromkeys(["under_13", "13_15", "16_17"], every_day("00:00", "06:00")),
            teen_loosens=OLDER, at_birthday="follows"),
    control("pause", "time", {"number": {"most": 1440}}, [30, 60, 60, 1440], teen_loosens=["13_15", "16_17"]),
    control("topics", "guardians", OFF_IS_STRICT, [False, False, False, False], privacy=True),
    control("badge", "guardians", ON_IS_STRICT, [True, True, True, False], set_by="law",
            floors={"under_13": True, "13_15": True, "16_17": True}),
]


def small(*names):
    """Some rows of the small catalogue."""
    return [row for row in SMALL if row["id"].removeprefix("demo.") in names]


def any_value(dice, kind):
    """A value of a kind in its one form, loose and strict ones alike."""
    match kind_name(kind):
        case "choice":
            return dice.choice(kind["choice"]["values"])
        case "flag":
            return dice.random() < 0.5
        case "minutes":
            some = lambda: dice.choice([0, 30, 45, 60, 90, 120, 1440, dice.randrange(1441)])
            return some() if dice.random() < 0.6 else canonical(kind, {day: some() for day in DAYS})
        case "number":
            least, most = kind["number"].get("least", 0), kind["number"]["most"]
            return dice.choice([least, least + 1, most, least + dice.randrange(most + 1 - least)])
        case "words":
            return sorted(dice.sample(WORDS, dice.randrange(4)))
        case "ids":
            return sorted(dice.sample(["Ab3", "aB3", "page-7", "snd:99"], dice.randrange(4)))
        case "item_minutes":
            names = sorted(dice.sample(["games", "games/chess", "feed", "app:org.example"], dice.randrange(4)))
            return canonical(kind, [{"item": name, "minutes": any_value(dice, "minutes")} for name in names])
        case "exceptions":
            names = dice.sample(["school", "learn/maths", "call"], dice.randrange(4))
            return ["*"] if dice.random() < 0.15 else sorted(names)
        case "windows":
            return canonical(kind, [any_window(dice) for _ in range(dice.randrange(4))])


def any_window(dice, step=15):
    """A window that often goes over midnight and sometimes over Sunday."""
    clock = lambda minute: f"{minute // 60:02}:{minute % 60:02}"
    days = sorted(dice.sample(DAYS, dice.choice([1, 2, 5, 7])), key=DAYS.index)
    start = dice.randrange(0, 1440, step)
    length = dice.choice([30, 60, 90, 240, 480, 600, 720])
    return {"days": days, "from": clock(start), "to": clock((start + length) % 1440)}


def any_schedule(dice):
    """Some windows of the week, some of months, and some dates of a fortnight in summer."""
    weekly = [any_window(dice) for _ in range(dice.randrange(1, 3))]
    for window in weekly:
        if dice.random() < 0.3:
            window["months"] = sorted(dice.sample(range(1, 13), dice.choice([1, 2, 6, 11]))) if dice.random() < 0.5 else [6, 7]
    entries = weekly + [any_dated(dice) for _ in range(dice.randrange(1, 3))]
    dice.shuffle(entries)
    return entries


def any_dated(dice, first="2025-06-24", days=14):
    """A holiday, another night, a one-off, or what only counts."""
    date = lambda number: (date_of(first) + timedelta(days=number)).isoformat()
    begin = dice.randrange(days)
    on = dice.choice([[date(begin)], [date(begin)], [date(begin), date(begin + 1)], [{"first": date(begin), "last": date(begin + 3)}]])
    clock = lambda minute: f"{minute // 60:02}:{minute % 60:02}"
    start, length = dice.randrange(0, 1440, 15), dice.choice([30, 90, 240, 600])
    span = {"from": clock(start), "to": clock((start + length) % 1440)}
    return dice.choice([
        {"on": on, "windows": []},
        {"on": on, "windows": [span]},
        {"on": on, "windows": [span], "also": True},
        {"on": on, "only": [{"from": clock(start), "to": clock(min(start + length, 1440))}]},
    ])


def setting(value, by, since, reason=None):
    return {"value": value, "by": by, "since": since, **({"reason": reason} if reason else {})}


def timed(number, control, value, start, end, by=DANA, reason=None):
    """A grant or a hold."""
    named = {"id": f"00000000-0000-7000-8000-0000000001{number:02}", "control": control, "value": value}
    return {**named, "by": by, "from": start, "until": end, **({"reason": reason} if reason else {})}


def ago(hours):
    return instant(seconds(NOW) - hours * 3600)


def ahead(hours):
    return ago(-hours)


def layers(guardians=None, teen=None, **more):
    return {"guardians": guardians or {}, "teen": teen or {}, **more}


def situation(catalogue, band="13_15", set_by=None, now=NOW, **more):
    """A teen of a band in Germany on an ordinary day, without laws."""
    age = AGES[band] if isinstance(band, str) else band
    plain = {
        "catalogue": catalogue,
        "rules": [],
        "region": "DE",
        "ages": {"from": age, "to": age},
        "joined": "2025-01-10",
        "today": now[:10],
        "now": now,
        "layers": set_by or layers(),
    }
    return {**plain, **more}
