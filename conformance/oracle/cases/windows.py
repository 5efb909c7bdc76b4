"""Windows over midnight and over Sunday, of months and of dates, in zones whose clock runs on, odd ones among them."""

from cases import case
from clock import instant, seconds
from draw import any_schedule, any_window, dice
from values import canonical

ZONES = ["Europe/Berlin", "Asia/Tokyo", "Asia/Kathmandu", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Marquesas",
         "America/St_Johns", "Etc/GMT+12", "Asia/Kolkata", "UTC"]


def some_windows(chance):
    return canonical("windows", [any_window(chance) for _ in range(chance.randrange(1, 4))])


def cases():
    chance = dice("windows")
    for number in range(1, 31):
        # June: no clock of these zones turns.
        begin = seconds("2025-06-02T00:00:00Z") + chance.randrange(14 * 24 * 60) * 60
        given = {
            "windows": some_windows(chance),
            "zone": ZONES[number % len(ZONES)],
            "from": instant(begin),
            "to": instant(begin + chance.choice([6, 30, 60]) * 3600 + chance.choice([0, 0, 17])),
        }
        yield case(f"windows/blocks-{number}", "blocked", "Local windows as blocks in UTC, cut at both ends.", given)
    for number in range(1, 21):
        at = seconds("2025-06-02T00:00:00Z") + chance.randrange(14 * 24 * 60) * 60 + chance.choice([0, 0, 1, 59])
        given = {"windows": some_windows(chance), "zone": ZONES[number % len(ZONES)], "at": instant(at)}
        if number % 2:
            yield case(f"windows/until-{number}", "blocked_until", "When the block that is on now is over.", given)
        else:
            yield case(f"windows/edge-{number}", "next_edge", "The next instant at which a block begins or ends.", given)
    yield from of_dates(dice("windows/dates"))


def of_dates(chance):
    """Around the end of June, near the dates that are drawn."""
    first = seconds("2025-06-23T00:00:00Z")
    for number in range(1, 25):
        begin = first + chance.randrange(14 * 24 * 60) * 60
        span = {"from": instant(begin), "to": instant(begin + chance.choice([2, 5, 8]) * 24 * 3600)}
        given = {"windows": canonical("windows", any_schedule(chance)), "zone": ZONES[number % len(ZONES)], **span}
        yield case(f"windows/dates-blocks-{number}", "blocked", "Each civil day by its date, else by its month's week.", given)
    for number in range(1, 25):
        at = first + chance.randrange(14 * 24 * 60) * 60 + chance.choice([0, 0, 1, 59])
        windows = canonical("windows", any_schedule(chance))
        given = {"windows": windows, "zone": ZONES[number % len(ZONES)], "at": instant(at)}
        if number % 2:
            yield case(f"windows/dates-until-{number}", "blocked_until", "When the block that is on now is over.", given)
        else:
            yield case(f"windows/dates-edge-{number}", "next_edge", "The next begin or end, however far ahead.", given)
