"""A family moves: from an instant on another clock says which day it is and when windows begin."""

from cases import case
from cases.windows import some_windows
from clock import instant, seconds
from draw import dice

EAST_AND_WEST = [
    ("Europe/Berlin", "Asia/Tokyo"),
    ("Asia/Tokyo", "Europe/Berlin"),
    ("Europe/Berlin", "America/New_York"),
    ("America/Los_Angeles", "Europe/Paris"),
    ("Pacific/Kiritimati", "Etc/GMT+12"),
    ("Etc/GMT+12", "Pacific/Kiritimati"),
    ("Asia/Kathmandu", "Asia/Kolkata"),
    ("Pacific/Chatham", "America/St_Johns"),
]
# Moves within hours of a turn of the clock, in the home that is left or the one that is moved into.
AT_A_TURN = [
    ("2025-03-30T00:30:00Z", "Europe/Berlin", "Europe/London"),
    ("2025-10-26T00:30:00Z", "Europe/Berlin", "America/New_York"),
    ("2025-11-02T05:30:00Z", "Europe/Madrid", "America/New_York"),
    ("2011-12-30T09:00:00Z", "Pacific/Apia", "Pacific/Auckland"),
]
WHY = "Until the move the old home's clock counts, from that instant on the new one's: for days and for windows."


def cases():
    chance = dice("zone-change")
    for number, move in enumerate(EAST_AND_WEST, 1):
        at = seconds("2025-06-11T00:00:00Z") + chance.randrange(24 * 60) * 60
        yield moved(f"move-{number}", chance, at, move)
    for number, (turn, *move) in enumerate(AT_A_TURN, 1):
        yield moved(f"move-at-a-turn-{number}", chance, seconds(turn), move)
    at = seconds("2025-06-11T15:20:00Z")
    yield moved("there-and-back", chance, at, ("Europe/Berlin", "Asia/Tokyo", "Europe/Berlin"))
    yield moved("three-homes", chance, at, ("Asia/Kolkata", "Europe/Lisbon", "America/Sao_Paulo"))
    yield moved("another-day-start", chance, at, ("Europe/Berlin", "Europe/Berlin"))


def moved(name, chance, at, zones):
    """One home after the other, nine hours apart."""
    homes = [
        {"zone": zone, "day_start_minute": chance.choice([0, 0, 120, 240]), "since": instant(at + (number - 1) * 9 * 3600)}
        for number, zone in enumerate(zones)
    ]
    homes[0]["since"] = instant(at - 40 * 24 * 3600)
    span = {"from": instant(at - 20 * 3600), "to": instant(at + 40 * 3600)}
    return case(f"zone-change/{name}", "moved", WHY, {"windows": some_windows(chance), "homes": homes, **span})
