"""A device by itself: what time it takes it for, what may be used, and what it counts. Written from docs/DEVICE.md.

Times are whole milliseconds since 1970. Nothing is remembered that could be worked out again: what is used is counted second by
second, and every question looks through all of it.
"""

from datetime import timedelta

import clock
from counted import WHOLE, Counted
from given import Codes, gifts, monday_of
from held import Held, counts, is_part, milliseconds, never_closes

OFF_MS = 120_000
HOUR_MS = 3_600_000
LAST_MINUTES_MS = 120_000


def enforce(given):
    """A history, step by step."""
    device = Device(given)
    steps = [device.step(step["clock"], *next(iter(step["do"].items()))) for step in given["steps"]]
    return {"steps": steps, "slots": device.counted.slots()}


def told_time(at):
    """Cut to whole seconds."""
    return clock.instant(at // 1000)


def least_of(numbers):
    return min((number for number in numbers if number is not None), default=None)


class Device:
    def __init__(self, given):
        self.held = Held(given["payload"])
        self.codes = Codes(bytes.fromhex(given.get("code_key", "")))
        self.codes.of_policy(self.held.grants())
        self.counted = Counted()
        self.anchor = None
        self.heard_at = None
        self.wrong_since = None
        self.opened = None
        self.ending = {}

    def step(self, reading, what, it):
        """What happens, and how things stand right after."""
        more = getattr(self, f"do_{what}")(it, reading) or {}
        least, most, tampered = self.time(reading)
        time = {"least": told_time(least), **({"most": told_time(most)} if most != least else {}), "tampered": tampered}
        wrong = {} if self.wrong_since is None else {"wrong_since": told_time(self.wrong_since)}
        return {**time, **wrong, "silence": self.silence(least, most), **more}

    # ---- What happens ------------------------------------------------------------------------------------------------

    def do_tick(self, _, reading):
        self.write_down(reading)

    def do_heard(self, it, reading):
        known, now = self.anchor, reading["monotonic_ms"]
        told_at = milliseconds(it["server_time"]) + it["took_ms"] // 2
        quicker = (
            known
            and known["told"]
            and known["boot"] == reading["boot_id"]
            and known["took"] <= it["took_ms"]
            and now - known["told_at"] < HOUR_MS
            and abs(self.time(reading)[0] - told_at) <= OFF_MS + it["took_ms"]
        )
        if not quicker:
            self.anchor = {
                "at": told_at,
                "counted": now,
                "boot": reading["boot_id"],
                "told": True,
                "took": it["took_ms"],
                "told_at": now,
            }
        self.heard_at = self.time(reading)[0]
        self.put_right(self.heard_at)
        self.write_down(reading)

    def put_right(self, now):
        """Days that only a wrong clock of the server can have opened."""
        today = self.held.day(now)["date"]
        latest = today + timedelta(days=1)
        if self.opened is not None and self.opened > latest:
            self.opened = today
            self.counted.forget_after(latest)
            self.codes.wrong = [at for at in self.codes.wrong if at <= now]
            if self.wrong_since is not None and self.wrong_since > now:
                self.wrong_since = None

    def do_apply(self, payload, reading):
        before = self.left_by_least(reading)
        self.held = Held(payload)
        self.codes.of_policy(self.held.grants())
        self.write_down(reading)
        after, end = self.left_by_least(reading), self.time(reading)[0] + LAST_MINUTES_MS
        # What has something left again has no last minutes any more.
        going_on = {name: until for name, until in self.ending.items() if after.get(name) == 0}
        self.ending = {**going_on, **{name: end for name, left in after.items() if left == 0 and before.get(name) != 0}}

    def do_told(self, budget, reading):
        least = self.time(reading)[0]
        day = self.today(least)
        self.counted.told(budget, [day, *self.week(day)], self.held.limits(day, least, self.silence(least)))

    def do_used(self, it, reading):
        least, most, _ = self.time(reading)
        day = self.today(least)
        by_both = [limits for _, limits in self.by_both(day, least, most) if not never_closes(limits, it["item"])]
        alone = any(not self.is_lent(it["item"], day, limits, max(least, most)) for limits in by_both)
        self.counted.add(it["item"], it["seconds"], least)
        if alone:
            self.counted.add_alone(day, it["seconds"])

    def do_redeem(self, typed, reading):
        now = self.time(reading)[0]
        return self.codes.redeem(typed, now, self.today(now)["date"])

    def do_codes_told(self, rows, _):
        self.codes.told(rows)

    def do_clock_told(self, since, _):
        """The server has heard of a wrong clock; of another one than is remembered, it has not."""
        if self.wrong_since is not None and self.wrong_since // 1000 == milliseconds(since) // 1000:
            self.wrong_since = None

    def do_restart(self, _, reading):
        """All but the last minutes of a change was written down."""
        self.ending = {}

    def do_ask(self, it, reading):
        return self.verdict(it["item"], it["in_use"], *self.time(reading)[:2])

    # ---- Time --------------------------------------------------------------------------------------------------------

    def time(self, reading):
        """Not earlier than, not later than as far as anybody says, and whether the wall clock is wrong."""
        wall, counted, known = milliseconds(reading["wall"]), reading["monotonic_ms"], self.anchor
        if known is None:
            return wall, wall, False
        goes_on = known["boot"] == reading["boot_id"] and known["counted"] <= counted
        least = known["at"] + (counted - known["counted"] if goes_on else counted)
        if goes_on and known["told"]:
            return least, least, abs(wall - least) > OFF_MS
        return least, max(least, wall), least - wall > OFF_MS

    def write_down(self, reading):
        known, least = self.anchor or {}, self.time(reading)[0]
        same = known.get("boot") == reading["boot_id"] and known["counted"] <= reading["monotonic_ms"]
        kept = {name: known[name] for name in ("told", "took", "told_at")} if same else {"told": False, "took": None, "told_at": None}
        self.anchor = {"at": least, "counted": reading["monotonic_ms"], "boot": reading["boot_id"], **kept}
        least, _, is_wrong = self.time(reading)
        if is_wrong and self.wrong_since is None:
            self.wrong_since = least
        # Before the server has told the time there is only the wall clock, and no day opens for good by it.
        if self.heard_at is not None:
            day = self.today(least)
            self.opened = max(day["date"], self.opened or day["date"])

    def silence(self, *instants):
        """The longest by any of the instants."""
        heard_at = milliseconds(self.held.payload["issued_at"]) if self.heard_at is None else self.heard_at
        hours = (max(instants) - heard_at) / HOUR_MS
        if hours >= self.held.payload["staleness"]["safe_hours"]:
            return "safe"
        return "warn" if hours >= self.held.payload["staleness"]["warn_hours"] else "short"

    # ---- Days --------------------------------------------------------------------------------------------------------

    def today(self, least):
        """The same, but for a date that has opened already."""
        day = self.held.day(least)
        return {**day, "date": max(day["date"], self.opened or day["date"])}

    def week(self, today):
        """The days from Monday until the eve of today, latest first."""
        days, day = [], today
        while day["date"].weekday() > 0:
            before = self.held.day(day["from"] - 1)
            if before["date"] >= day["date"] or before["date"].weekday() > day["date"].weekday():
                break
            days.append(before)
            day = before
        return days

    def week_ends(self, today):
        """When the next Monday opens, or the first day after it."""
        monday, day = monday_of(today["date"]) + timedelta(days=7), today
        while day["date"] < monday:
            day = self.held.day(day["to"])
        return day["from"]

    # ---- What is left ------------------------------------------------------------------------------------------------

    def by_both(self, day, least, most):
        """The limits of the day as they are at each of the instants that it may be."""
        silence = self.silence(least, most)
        return [(at, self.held.limits(day, at, silence)) for at in sorted({least, most})]

    def left(self, today, limits):
        """What is left of the day, the week and each limited item, in this order; None is no limit."""
        given = gifts(today["date"], self.held.grants(), self.counted, self.codes)
        day = self.counted.of_all("day", today, limits)
        rows = [("day", limits["day"], given["day"], day)]
        rows.append(("week", limits["week"], given["week"], day + self.counted.week_before(today, self.week(today), limits)))
        for name in sorted(limits["items"]):
            rows.append((name, limits["items"][name], given["items"].get(name, []), self.counted.of_all(name, today, limits)))
        return {name: remaining(limit, given, used) for name, limit, given, used in rows}

    def left_by_least(self, reading):
        least = self.time(reading)[0]
        day = self.today(least)
        return self.left(day, self.held.limits(day, least, self.silence(least)))

    def concerning(self, item, day, limits):
        """What is left of each limit that concerns an item, where there is one: none concerns what never closes."""
        if never_closes(limits, item):
            return {}
        concerns = lambda name: counts(limits, item) if name in WHOLE else is_part(item, name)
        return {name: left for name, left in self.left(day, limits).items() if left is not None and concerns(name)}

    def is_lent(self, item, day, limits, latest, but=()):
        """Whether each limit that concerns an item has a lease that lasts, `but` those that need none."""
        return all(name in but or self.counted.is_lent(name, day, limits, latest) for name in self.concerning(item, day, limits))

    # ---- The verdict -------------------------------------------------------------------------------------------------

    def verdict(self, item, in_use, least, most):
        silence, day = self.silence(least, most), self.today(least)
        views = self.by_both(day, least, most)
        if all(never_closes(limits, item) for _, limits in views):
            return self.open(None)
        instants = [at for at, _ in views]
        if any(self.held.value("time.paused", at, silence) is True for at in instants):
            return closed("paused", None)
        if hours := self.held.off_hours(instants, silence):
            end, _, control = hours
            return closed("off_hours", None if end == float("inf") else end, control)
        rows = self.stricter(item, day, views)
        ending = [name for name, left in rows.items() if in_use and left == 0 and least < self.ending.get(name, least)]
        rows.update({name: (self.ending[name] - least) // 1000 for name in ending})
        if used_up := [name for name, left in rows.items() if left == 0 and name not in ending]:
            return closed("budget_used", self.week_ends(day) if used_up[0] == "week" else day["to"], used_up[0])
        left = least_of([*rows.values(), *(self.held.closes_in(at, silence) for at in instants)])
        needs_none = [*ending, *(WHOLE if any(name in WHOLE for name in ending) else [])]
        not_lent = [limits for _, limits in views if not self.is_lent(item, day, limits, max(instants), needs_none)]
        if not not_lent:
            return self.open(left)
        offline = min(limits["offline"] for limits in not_lent)
        if self.heard_at is None or self.counted.has_lost_memory(day["date"]):
            offline = 0
        alone = max(offline + sum(self.codes.of_day(day["date"])) - self.counted.alone.get(day["date"], 0), 0)
        return self.open(least_of([left, alone]), True) if alone > 0 else closed("offline", day["to"])

    def stricter(self, item, day, views):
        """What is left of each limit that concerns an item by any of the instants: day, week, then items by name."""
        found = [self.concerning(item, day, limits) for _, limits in views]
        names = sorted({name for rows in found for name in rows}, key=lambda name: (name not in WHOLE, name))
        return {name: min(rows[name] for rows in found if name in rows) for name in names}

    def open(self, left, alone=False):
        """The least announcement that is not shorter than what is left."""
        due = [minutes for minutes in self.held.payload["warnings"] if left is not None and left <= minutes * 60]
        return {"closed": None, "left_seconds": left, "alone": alone, "warning": min(due, default=None)}


def closed(why, until, by=None):
    named = {"by": by} if by else {}
    told = {"why": why, **named, "until": None if until is None else told_time(until)}
    return {"closed": told, "left_seconds": 0, "alone": False, "warning": None}


def remaining(limit, given, used):
    if limit is None or None in given:
        return None
    return max(limit + sum(given) - used, 0)
