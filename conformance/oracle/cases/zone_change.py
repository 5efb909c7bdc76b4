"""A family moves, or a guardian sets another home zone: the same instants, judged in both zones."""

from cases import case
from cases.windows import some_windows
from clock import instant, seconds
from draw import dice

MOVES = [
    ("Europe/Berlin", "Asia/Tokyo"),
    ("Asia/Tokyo", "Europe/Berlin"),
    ("Europe/Berlin", "America/New_York"),
    ("Pacific/Kiritimati", "Etc/GMT+12"),
    ("Asia/Kathmandu", "Asia/Kolkata"),
]


def cases():
    chance = dice("zone-change")
    for number, move in enumerate(MOVES, 1):
        at = seconds("2025-06-11T00:00:00Z") + chance.randrange(24 * 60) * 60
        windows = some_windows(chance)
        for when, zone in zip(("before", "after"), move):
            why = "From the revision with the new zone on, days and windows are meant by its clock."
            asked = {"zone": zone, "day_start_minute": 0, "at": instant(at)}
            yield case(f"zone-change/day-{number}-{when}", "day_of", why, asked)
            span = {"from": instant(at), "to": instant(at + 24 * 3600)}
            yield case(f"zone-change/blocks-{number}-{when}", "blocked", why, {"windows": windows, "zone": zone, **span})
