"""A policy as a device holds it, and what it says at an instant. Written from docs/DEVICE.md; times are whole milliseconds."""

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

import clock
import windows

BEGINNING = datetime(1970, 1, 1, tzinfo=timezone.utc)
HOURS = ["time.away_windows", "time.school_windows", "time.sleep_windows"]
DECADE_MS = 864_000_000
ALWAYS = ["emergency", "help", "reporting", "family"]


def milliseconds(text):
    return (datetime.fromisoformat(text.replace("Z", "+00:00")) - BEGINNING) // timedelta(milliseconds=1)


def is_part(item, whole):
    return item == whole or item.startswith(whole + "/")


def listed(names, item):
    return any(name == "*" or is_part(item, name) for name in names)


def never_closes(limits, item):
    return any(is_part(item, name) for name in ALWAYS) or listed(limits["always"], item)


def counts(limits, item):
    return not never_closes(limits, item) and not listed(limits["not_counted"], item)


def on_day(minutes, day):
    """Seconds of a date; None is no limit."""
    if isinstance(minutes, dict):
        minutes = minutes[windows.DAYS[day.weekday()]]
    return None if minutes is None or minutes >= 1440 else minutes * 60


@lru_cache(maxsize=64)
def days_of_clock(zone, start, number):
    """The days of ten days of UTC, by the clock of a zone."""
    begin = number * DECADE_MS // 1000
    read = lambda it: {"date": date.fromisoformat(it["date"]), "from": milliseconds(it["from"]), "to": milliseconds(it["to"])}
    return [read(it) for it in clock.days(zone, start, begin, begin + DECADE_MS // 1000)]


class Held:
    def __init__(self, payload):
        self.payload = payload

    def timeline(self):
        """The timeline with its edges as instants; None where there is none."""
        it = self.payload["timeline"]
        if isinstance(it, list):
            return None
        begin = milliseconds(it["from"])
        at = lambda minute: begin + minute * 60_000
        rows = lambda name: {
            control: [(at(begin), at(end)) for begin, end in zip(row[::2], row[1::2])] for control, row in it.get(name, {}).items()
        }
        return {
            "from": begin,
            "until": milliseconds(it["until"]),
            "days": sorted((date.fromisoformat(day), at(minute)) for day, minute in it["days"].items()),
            "blocks": rows("blocks"),
            "safe": rows("safe"),
            "grants": it.get("grants", []),
        }

    def grants(self):
        return (self.timeline() or {"grants": []})["grants"]

    def day(self, at):
        """The day that an instant lies in, by the policy."""
        line = self.timeline()
        days = line["days"] if line and at < line["until"] else []
        if not any(opens <= at for _, opens in days):
            return self.day_of_clock(at)
        day, begin = [it for it in days if it[1] <= at][-1]
        end = next((opens for _, opens in days if opens > at), None)
        if end is None:
            tonight = self.day_of_clock(at)["to"]
            after = self.day_of_clock(tonight)
            end = tonight if after["date"] > day else after["to"]
        return {"date": day, "from": begin, "to": end}

    def day_of_clock(self, at):
        days = days_of_clock(self.payload["home_zone"], self.payload["day_start_minute"], at // DECADE_MS)
        return next(day for day in days if day["from"] <= at < day["to"])

    def value(self, control, at, silence):
        entry = self.payload["controls"].get(control, {})
        if silence == "safe" and "safe" in entry:
            return entry["safe"]
        over = "until" in entry and "after" in entry and at >= milliseconds(entry["until"])
        return entry["after"] if over else entry.get("value")

    def limits(self, day, at, silence):
        value = lambda name: self.value(f"time.{name}", at, silence)
        weekly = value("weekly_minutes")
        items = {it["item"]: on_day(it["minutes"], day["date"]) for it in value("item_minutes") or []}
        return {
            "day": on_day(value("daily_minutes"), day["date"]),
            "week": None if weekly is None or weekly >= 7 * 1440 else weekly * 60,
            "items": {item: seconds for item, seconds in items.items() if seconds is not None},
            "always": self.value("time.always_allowed", at, "short") or [],
            "not_counted": value("not_counted") or [],
            "offline": (value("offline_minutes") or 0) * 60,
        }

    def off_hours(self, instants, silence):
        """All that closes by hours at any of the instants: when it ends (None: never), and its place in the list."""
        found = []
        for at in instants:
            for place, control in enumerate(HOURS):
                end = self.blocked(control, at, silence)
                if end is not None:
                    found.append((end, place, control))
        return max(found, default=None)

    def blocked(self, control, at, silence):
        """When the block of an instant ends; None where none is on."""
        line = self.timeline()
        if line and line["from"] <= at < line["until"]:
            return next((end for begin, end in self.row(line, control, silence) if begin <= at < end), None)
        entries = self.value(control, at, silence)
        if not entries:
            return None
        now, turn = clock.next_turn(windows.schedule(entries), self.payload["home_zone"], at // 1000)
        if not now:
            return None
        return float("inf") if turn is None else turn * 1000

    def row(self, line, control, silence):
        if silence == "safe" and control in line["safe"]:
            return line["safe"][control]
        return line["blocks"].get(control, [])

    def closes_in(self, at, silence):
        """Seconds until the next block of hours begins, as far as the timeline says."""
        line = self.timeline()
        begins = [begin for control in HOURS for begin, _ in self.row(line, control, silence) if begin > at] if line else []
        return (min(begins) - at) // 1000 if begins else None
