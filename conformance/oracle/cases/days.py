"""Local days: of 23, 24 and 25 hours, with a start after midnight, and dates that never were."""

from cases import case
from cases.turns import NAME_ONLY, TURNS
from clock import instant, seconds
from draw import dice

WHY = "An instant is in the date of the latest local time shown by then, less the day's start: each in exactly one day."


def cases():
    chance = dice("days")
    for zone, text in [*TURNS, NAME_ONLY]:
        turn, place = seconds(text), zone.split("/")[1].lower().replace("_", "-")
        for start in (0, chance.choice([60, 120, 180, 240, 1439])):
            given = {
                "zone": zone,
                "day_start_minute": start,
                "from": instant(turn - 20 * 3600),
                "to": instant(turn + 20 * 3600),
            }
            yield case(f"days/{place}-{text[:10]}-start-{start}", "days", WHY, given)
        at = turn + chance.choice([-3600, -1, 0, 1, 1800, 3600, 7200])
        asked = {"zone": zone, "day_start_minute": chance.choice([0, 0, 90, 240]), "at": instant(at)}
        yield case(f"days/{place}-{text[:10]}-day-of", "day_of", WHY, asked)
