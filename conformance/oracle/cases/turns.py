"""The nights on which a clock turns, both ways and in odd sizes."""

from cases import case
from clock import calendar, instant, local_minute, seconds
from draw import dice
from values import DAYS, canonical

# Turns that have happened, or that follow rules of long standing.
TURNS = [
    ("America/New_York", "2026-03-08T07:00:00Z"),
    ("America/New_York", "2025-11-02T06:00:00Z"),
    ("Europe/Berlin", "2025-03-30T01:00:00Z"),
    ("Europe/Berlin", "2025-10-26T01:00:00Z"),
    ("America/Santiago", "2025-09-07T04:00:00Z"),
    ("America/Santiago", "2025-04-06T03:00:00Z"),
    ("Asia/Amman", "2021-10-28T22:00:00Z"),
    ("Australia/Lord_Howe", "2025-10-04T15:30:00Z"),
    ("Australia/Lord_Howe", "2025-04-05T15:00:00Z"),
    ("Pacific/Chatham", "2025-09-27T14:00:00Z"),
    ("Pacific/Chatham", "2025-04-05T14:00:00Z"),
    ("Africa/Casablanca", "2025-02-23T02:00:00Z"),
    ("Africa/Casablanca", "2025-04-06T02:00:00Z"),
    ("America/Havana", "2025-03-09T05:00:00Z"),
    ("America/Havana", "2025-11-02T05:00:00Z"),
    ("Asia/Beirut", "2025-03-29T22:00:00Z"),
    ("Asia/Beirut", "2025-10-25T21:00:00Z"),
    ("Antarctica/Troll", "2025-03-30T01:00:00Z"),
    ("Antarctica/Troll", "2025-10-26T01:00:00Z"),
    ("America/Sao_Paulo", "2018-11-04T03:00:00Z"),
    ("Asia/Pyongyang", "2018-05-04T15:00:00Z"),
    ("America/Caracas", "2016-05-01T07:00:00Z"),
    ("Asia/Tehran", "2022-09-21T19:30:00Z"),
    ("Europe/Dublin", "2025-10-26T01:00:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
]
# A change of a zone's name that leaves its clock alone.
NAME_ONLY = ("Europe/Istanbul", "2016-09-06T21:00:00Z")


def around(chance, zone, turn):
    """A window that begins or ends within two hours of what the clock showed just before it turned."""
    shown = local_minute(zone, turn // 60 - 1) + 1
    start = shown + chance.choice([-120, -60, -30, -15, 0, 10, 15, 30, 45])
    length = chance.choice([15, 30, 45, 60, 90, 150, 480])
    clock = lambda minute: f"{minute % 1440 // 60:02}:{minute % 60:02}"
    days = chance.choice([DAYS, [DAYS[(start // 1440 + 3) % 7]]])
    return {"days": list(days), "from": clock(start), "to": clock(start + length)}


def cases():
    chance = dice("turns")
    for zone, text in TURNS:
        turn = seconds(text)
        place = zone.split("/")[1].lower().replace("_", "-")
        slug = f"{place}-{text[:10]}"
        for number in (1, 2):
            windows = canonical("windows", [around(chance, zone, turn) for _ in range(number)])
            span = {"from": instant(turn - 14 * 3600), "to": instant(turn + 30 * 3600)}
            why = "A window begins when the clock first comes to its start, and ends when it last comes to its end."
            yield case(f"turns/{slug}-blocks-{number}", "blocked", why, {"windows": windows, "zone": zone, **span})
        at = instant(turn + chance.choice([-45, -20, -1, 0, 1, 20, 45]) * 60)
        asked = {"windows": windows, "zone": zone, "at": at}
        yield case(f"turns/{slug}-until", "blocked_until", "Whether it is blocked in the fold or at the gap, and how long.", asked)
        yield case(f"turns/{slug}-edge", "next_edge", "The next begin or end, near a turn of the clock.", asked)
    yield from of_dates(dice("turns/dates"))


def of_dates(chance):
    """Windows of the date on which a clock turned, and of the eve; in place of the week's."""
    for zone, text in TURNS:
        turn, slug = seconds(text), f"{zone.split('/')[1].lower().replace('_', '-')}-{text[:10]}"
        weekly, dated = around(chance, zone, turn), around(chance, zone, turn)
        shown = (local_minute(zone, turn // 60 - 1) + 1) // 1440
        on = [calendar(shown + chance.choice([-1, 0, 0]))]
        span = {"from": dated["from"], "to": dated["to"]}
        entry = {"on": on, "windows": chance.choice([[span], [span], []]), "also": chance.random() < 0.3}
        windows = canonical("windows", [weekly, entry])
        span = {"from": instant(turn - 30 * 3600), "to": instant(turn + 40 * 3600)}
        why = "A window of a date begins and ends as one of the week does."
        yield case(f"turns/{slug}-dated", "blocked", why, {"windows": windows, "zone": zone, **span})
