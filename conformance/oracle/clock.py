"""A zone's clock, watched minute by minute.

Nothing here computes with offsets or knows what a gap is: a [Watch] looks at the clock in every minute of a stretch of
UTC and remembers what it showed. When a clock comes to a local time, first and last, is then looked up.
"""

from bisect import bisect_right
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from itertools import accumulate, chain
from zoneinfo import ZoneInfo

DAY = 1440
EPOCH = datetime(1970, 1, 1)
# No clock waits longer than that for what comes every year.
YEAR_AND_MORE = 400


def seconds(text):
    """An RFC 3339 time in UTC as seconds since 1970."""
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def instant(second):
    """Seconds since 1970 as RFC 3339."""
    return datetime.fromtimestamp(second, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=None)
def civil(day):
    """A day of the calendar by its number since 1970."""
    return (EPOCH + timedelta(days=day)).date()


def covers(schedule, local):
    """Whether a local minute lies in a window."""
    return local % DAY in schedule.on(civil(local // DAY))


class Watch:
    """What a clock showed in every minute from `start` to `end`, both in whole minutes of UTC since 1970."""

    def __init__(self, zone, start, end):
        self.start, self.end = start, end
        around = [shown_on(zone, day) for day in range(start // DAY, -(-end // DAY))]
        self.shown = list(chain.from_iterable(around))[start % DAY :][: end - start]
        minutes = range(start, end)
        self.firsts = dict(zip(reversed(self.shown), reversed(minutes)))
        self.lasts = dict(zip(self.shown, minutes))
        self.latest = list(accumulate(self.shown, max))

    def first(self, local):
        """When the clock first comes to a local minute; to one that it skips, when it has skipped it."""
        return self.firsts[local] if local in self.firsts else self.skipped(local)

    def last(self, local):
        """The last time that it comes to it."""
        return self.lasts[local] if local in self.lasts else self.skipped(local)

    def skipped(self, local):
        """The first minute that shows a later one."""
        return self.start + bisect_right(self.latest, local)


@lru_cache(maxsize=None)
def shown_on(zone, day):
    """What the clock shows in the minutes of a day of UTC."""
    return [local_minute(zone, minute) for minute in range(day * DAY, (day + 1) * DAY)]


def local_minute(zone, minute):
    """What the clock shows in a minute of UTC, in minutes since 1970 by that clock."""
    offset = datetime.fromtimestamp(minute * 60, place(zone)).utcoffset()
    assert offset.seconds % 60 == 0, "a clock that is not whole minutes from UTC"
    return minute + offset.days * DAY + offset.seconds // 60


@lru_cache(maxsize=None)
def place(zone):
    return ZoneInfo(zone)


# ---- Blocks ----------------------------------------------------------------------------------------------------------


def blocked_minutes(schedule, zone, start, end):
    """The minutes of UTC within [start, end) that windows block.

    Each local minute in a window is laid out on its own: from when the watch shows it first to when it shows its successor
    last. What several lay over each other is blocked once.
    """
    watch = Watch(zone, start - 2 * DAY, end + 2 * DAY)
    blocked = set()
    for local in range(min(watch.shown) + DAY, max(watch.shown) - DAY):
        if covers(schedule, local):
            blocked.update(range(watch.first(local), watch.last(local + 1)))
    return {minute for minute in blocked if start <= minute < end}


def blocks(schedule, zone, start, end):
    """The blocks within two instants, in seconds, cut at both."""
    found = []
    for minute in sorted(blocked_minutes(schedule, zone, start // 60, -(-end // 60))):
        begin, over = max(minute * 60, start), min(minute * 60 + 60, end)
        if begin >= over:
            continue
        if found and found[-1][1] == begin:
            found[-1][1] = over
        else:
            found.append([begin, over])
    return found


@lru_cache(maxsize=64)
def blocked_in_week(schedule, zone, week):
    """The minutes of a whole week of UTC that windows block: a search ahead asks about the same week many times."""
    start, end = week * 7 * DAY, (week + 1) * 7 * DAY
    covered = {len(schedule.on(civil(day))) for day in range(start // DAY - 2, end // DAY + 3)}
    if covered in ({0}, {DAY}):
        # Whatever the clock shows in this week, it is the same.
        return frozenset(range(start, end) if covered == {DAY} else ())
    return blocked_minutes(schedule, zone, start, end)


def next_turn(schedule, zone, at):
    """Whether `at` is blocked, and the first minute with another answer; None where nothing that comes could bring one."""
    minute = at // 60
    eve = civil(minute // DAY - 2)
    if (rests := schedule.rests_from(eve)) is not None:
        return rests, None
    week, now = None, None
    for later in range(minute, minute + ((schedule.last_named(eve) - eve).days + YEAR_AND_MORE) * DAY):
        if later // (7 * DAY) != week:
            week = later // (7 * DAY)
            blocked = blocked_in_week(schedule, zone, week)
        if now is None:
            now = later in blocked
        elif (later in blocked) != now:
            return now, later * 60
    return now, None


# ---- Days ------------------------------------------------------------------------------------------------------------


def days(zone, day_start, start, end):
    """The local days that share an instant with [start, end), in seconds.

    The highest local minute that the watch has reached so far names the day: divided into days that begin `day_start` minutes
    late. It never falls, so a day that is over stays over.
    """
    watch = Watch(zone, start // 60 - 4 * DAY, -(-end // 60) + 4 * DAY)
    found = []
    for minute, latest in zip(range(watch.start, watch.end), watch.latest):
        number = (latest - day_start) // DAY
        if found and found[-1]["number"] == number:
            found[-1]["to"] = minute + 1
        else:
            found.append({"number": number, "from": minute, "to": minute + 1})
    whole = found[1:-1]
    return [told(watch, day) for day in whole if day["from"] * 60 < end and start < day["to"] * 60]


def told(watch, day):
    """A day as it is answered: with its length, and the turn of the clock within it."""
    shift = None
    for minute in range(day["from"], day["to"]):
        jump = watch.shown[minute - watch.start] - watch.shown[minute - 1 - watch.start] - 1
        if jump and shift is None:
            shift = {"at": instant(minute * 60), "minutes": jump}
    return {
        "date": calendar(day["number"]),
        "from": instant(day["from"] * 60),
        "to": instant(day["to"] * 60),
        "minutes": day["to"] - day["from"],
        "shift": shift,
    }


# ---- Moves -----------------------------------------------------------------------------------------------------------


def moved(schedule, homes, start, end):
    """What each home makes of its own time: every minute is asked which home it belongs to, and what that home's clock says.

    `homes` in their order, each with the minute since which it is the home; `start` and `end` are whole minutes too.
    """
    told = []
    for home in homes:
        blocked = blocked_minutes(schedule, home["zone"], start, end)
        mine = [minute for minute in range(start, end) if home is at_home(homes, minute)]
        blocks = [
            {"from": instant(begin * 60), "to": instant(over * 60)}
            for begin, over in stretches(minute for minute in mine if minute in blocked)
        ]
        told.append({"zone": home["zone"], "blocks": blocks})
    return {"homes": told, "days": opened(homes, start, end)}


def opened(homes, start, end):
    """The days that the family had, whole: minute by minute, a later date than the open one opens once twelve hours have passed.

    Begins with the first home's days some time before anything is asked for, and goes on until the last day is over.
    """
    since, until = homes[0]["since"], end + 4 * DAY
    watches = {number: Watch(home["zone"], since - 4 * DAY, until + 4 * DAY) for number, home in enumerate(homes)}
    found = []
    for minute in range(since, until):
        number = homes.index(at_home(homes, minute))
        watch = watches[number]
        date = (watch.latest[minute - watch.start] - homes[number]["day_start_minute"]) // DAY
        if not found or (date > found[-1]["number"] and minute - found[-1]["from"] >= 12 * 60):
            found.append({"number": date, "from": minute})
    whole = [
        {"date": calendar(day["number"]), "from": instant(day["from"] * 60), "to": instant(after["from"] * 60)}
        for day, after in zip(found[1:], found[2:])
    ]
    return [day for day in whole if seconds(day["from"]) < end * 60 and start * 60 < seconds(day["to"])]


def at_home(homes, minute):
    """The home that was moved into last."""
    return [home for home in homes if home["since"] <= minute][-1]


def stretches(minutes):
    """What hangs together, as (first, first after)."""
    found = []
    for minute in minutes:
        if found and found[-1][1] == minute:
            found[-1][1] = minute + 1
        else:
            found.append([minute, minute + 1])
    return found


def calendar(number):
    return (EPOCH + timedelta(days=number)).date().isoformat()


def date_of(text):
    return date.fromisoformat(text)
