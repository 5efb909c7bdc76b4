"""A device by itself: what time it takes it for, what may be used, and what it counts. Written from docs/DEVICE.md.

Times are whole milliseconds since 1970. Nothing is remembered that could be worked out again: what is used is counted second by
second, and every question looks through all of it.
"""

import hashlib
import hmac
from datetime import date, timedelta

import clock
from held import Held, milliseconds

SLOT = 300
ALWAYS = ["emergency", "help", "reporting", "family"]
OFF_MS = 120_000
HOUR_MS = 3_600_000
LAST_MINUTES_MS = 120_000
KEPT_MS = 8 * 24 * HOUR_MS
CODE_MINUTES = [5, 15, 30, 45, 60, 120]
CODES_AHEAD = 50
WRONG_CODES = 5


def enforce(given):
    """A history, step by step."""
    device = Device(given)
    steps = [device.step(step["clock"], *next(iter(step["do"].items()))) for step in given["steps"]]
    slots = [{"item": item, "slot": slot, "seconds": device.used[slot, item]} for slot, item in sorted(device.used)]
    return {"steps": steps, "slots": slots}


def told_time(at):
    """Cut to whole seconds."""
    return clock.instant(at // 1000)


def is_part(item, whole):
    return item == whole or item.startswith(whole + "/")


def least_of(numbers):
    return min((number for number in numbers if number is not None), default=None)


class Device:
    def __init__(self, given):
        self.held = Held(given["payload"])
        self.key = bytes.fromhex(given.get("code_key", ""))
        self.anchor = None
        self.heard_at = None
        self.opened = None
        self.used = {}
        self.budget = None
        self.alone = {}
        self.last_code = 0
        self.codes = []
        self.wrong = []
        self.ending = None

    def step(self, reading, what, it):
        """What happens, and how things stand right after."""
        more = getattr(self, f"do_{what}")(it, reading) or {}
        least, most, tampered = self.time(reading)
        time = {"least": told_time(least), **({"most": told_time(most)} if most != least else {}), "tampered": tampered}
        return {**time, "silence": self.silence(least, most), **more}

    # ---- What happens ------------------------------------------------------------------------------------------------

    def do_tick(self, _, reading):
        self.write_down(reading)

    def do_heard(self, it, reading):
        known, now = self.anchor, reading["monotonic_ms"]
        quicker = (
            known
            and known["told"]
            and known["boot"] == reading["boot_id"]
            and known["took"] <= it["took_ms"]
            and now - known["told_at"] < HOUR_MS
        )
        if not quicker:
            self.anchor = {
                "at": milliseconds(it["server_time"]) + it["took_ms"] // 2,
                "counted": now,
                "boot": reading["boot_id"],
                "told": True,
                "took": it["took_ms"],
                "told_at": now,
            }
        self.heard_at = self.time(reading)[0]
        self.write_down(reading)

    def do_apply(self, payload, reading):
        before = self.whole_left(reading)
        self.held = Held(payload)
        self.write_down(reading)
        if before != 0 and self.whole_left(reading) == 0:
            self.ending = self.time(reading)[0] + LAST_MINUTES_MS

    def do_told(self, budget, _):
        if self.budget is None or self.budget["day"] <= budget["day"]:
            self.budget = budget

    def do_used(self, it, reading):
        least, most, _ = self.time(reading)
        day = self.today(least)
        limits = self.held.limits(day, least, self.silence(least, most))
        alone = self.is_limited(day, limits) and counts(limits, it["item"]) and not self.is_lent(day, limits, least, most)
        end = least // 1000
        for second in range(end - it["seconds"], end):
            place = (second // SLOT, it["item"])
            self.used[place] = min(self.used.get(place, 0) + 1, SLOT)
        oldest = (least - KEPT_MS) // 1000 // SLOT
        self.used = {place: seconds for place, seconds in self.used.items() if place[0] >= oldest}
        if alone:
            self.alone = {day["date"]: self.alone.get(day["date"], 0) + it["seconds"]}

    def do_redeem(self, typed, reading):
        now = self.time(reading)[0]
        self.wrong = [at for at in self.wrong if now - at < HOUR_MS]
        if len(self.wrong) >= WRONG_CODES:
            return {"refused": "wrong"}
        digits = "".join(letter for letter in typed if letter not in " -\u00a0")
        if len(digits) != 10 or any(letter not in "0123456789" for letter in digits):
            return {"refused": "form"}
        for number in range(self.last_code + 1, self.last_code + CODES_AHEAD + 1):
            for minutes in CODE_MINUTES:
                if code(self.key, number, minutes) == digits:
                    self.last_code = number
                    self.codes.append((self.today(now)["date"], minutes))
                    return {"number": number, "minutes": minutes}
        self.wrong.append(now)
        return {"refused": "wrong"}

    def do_restart(self, _, reading):
        """All but the last minutes of a change was written down."""
        self.ending = None

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
        # Before the server has told the time there is only the wall clock, and no day opens for good by it.
        if self.heard_at is not None:
            day = self.today(least)
            self.opened = max(day["date"], self.opened or day["date"])

    def silence(self, *instants):
        """The longest by any of the instants."""
        if self.heard_at is None:
            return "short"
        hours = (max(instants) - self.heard_at) / HOUR_MS
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

    # ---- What is left ------------------------------------------------------------------------------------------------

    def spent(self, day, wanted):
        """Seconds counted here on a day of the items that are wanted; five minutes never hold more."""
        by_slot = {}
        for (slot, item), seconds in self.used.items():
            if day["from"] // 1000 // SLOT <= slot < day["to"] // 1000 // SLOT and wanted(item):
                by_slot[slot] = min(by_slot.get(slot, 0) + seconds, SLOT)
        return sum(by_slot.values())

    def own(self, day, limits):
        return self.spent(day, lambda item: counts(limits, item))

    def said(self, name, field):
        """A figure of the last budget."""
        return next((row[field] for row in self.budget["items"] if row["item"] == name), 0)

    def with_others(self, name, counted, day):
        """Used on all devices: what the others have told, and the greater of both reckonings of this one."""
        if self.budget is None or self.budget["day"] != day["date"].isoformat():
            return counted
        all_told, mine = self.said(name, "used_seconds"), self.said(name, "own_seconds")
        return max(all_told - mine, 0) + max(counted, mine)

    def week_before(self, today, limits):
        """Used this week before today: the greater of what the server said and what was counted here."""
        week = self.week(today)
        counted = sum(self.own(day, limits) for day in week)
        if self.budget is None:
            return counted
        day = self.budget["day"]
        if day == today["date"].isoformat():
            return max(counted, self.said("week", "used_seconds") - self.said("day", "used_seconds"))
        since = [it for it in week if it["date"].isoformat() >= day]
        if day not in [it["date"].isoformat() for it in week]:
            return counted
        # What was counted here after the server's last word comes on top.
        untold = [
            max(self.own(it, limits) - (self.said("day", "own_seconds") if it["date"].isoformat() == day else 0), 0)
            for it in since
        ]
        return max(counted, self.said("week", "used_seconds") + sum(untold))

    def given(self, today):
        """Minutes that were given: for the day, its week, and items. None among them: the rest of the day."""
        monday = today["date"] - timedelta(days=today["date"].weekday())
        gifts = {"day": [], "week": []}
        for grant in (self.held.timeline() or {"grants": []})["grants"]:
            day, minutes = date.fromisoformat(grant["day"]), grant.get("minutes")
            if "item" in grant:
                if day == today["date"]:
                    gifts.setdefault("item " + grant["item"], []).append(minutes)
                continue
            if day == today["date"]:
                gifts["day"].append(minutes)
                gifts["week"].append(minutes)
            elif monday <= day < today["date"]:
                gifts["week"].append(minutes or 0)
        for minutes in self.codes_of(today):
            gifts["day"].append(minutes)
            gifts["week"].append(minutes)
        return gifts

    def codes_of(self, today):
        return [minutes for day, minutes in self.codes if day == today["date"]]

    def left(self, today, limits):
        """What is left of the day, the week and each limited item, in this order; None is no limit."""
        gifts = self.given(today)
        day = self.with_others("day", self.own(today, limits), today)
        rows = [("day", limits["day"], gifts["day"], day)]
        rows.append(("week", limits["week"], gifts["week"], day + self.week_before(today, limits)))
        for name in sorted(limits["items"]):
            used = self.with_others(name, self.spent(today, lambda item: is_part(item, name)), today)
            rows.append((name, limits["items"][name], gifts.get("item " + name, []), used))
        return [(name, remaining(limit, given, used)) for name, limit, given, used in rows]

    def whole_left(self, reading):
        least = self.time(reading)[0]
        day = self.today(least)
        return least_of(seconds for _, seconds in self.left(day, self.held.limits(day, least, self.silence(least)))[:2])

    def is_limited(self, day, limits):
        return any(seconds is not None for _, seconds in self.left(day, limits)[:2])

    def is_lent(self, day, limits, least, most):
        if self.budget is None or self.budget["day"] != day["date"].isoformat() or not self.budget["lease"]:
            return False
        lease = self.budget["lease"]
        return max(least, most) < milliseconds(lease["until"]) and self.own(day, limits) < lease["up_to_seconds"]

    # ---- The verdict -------------------------------------------------------------------------------------------------

    def verdict(self, item, in_use, least, most):
        instants, silence, day = {least, most}, self.silence(least, most), self.today(least)
        limits = self.held.limits(day, least, silence)
        if never_closes(limits, item):
            return self.open(None)
        if any(self.held.value("time.paused", at, silence) is True for at in instants):
            return closed("paused", None)
        if hours := self.held.off_hours(instants, silence):
            end, _, control = hours
            return closed("off_hours", None if end == float("inf") else end, control)
        ending = in_use and self.ending is not None and least < self.ending
        counted = counts(limits, item)
        rows = [(name, left) for number, (name, left) in enumerate(self.left(day, limits)) if (counted if number < 2 else is_part(item, name))]
        used_up = [name for name, left in rows if left == 0]
        if used_up and not ending:
            return closed("budget_used", day["to"], used_up[0])
        left = least_of([*(left for _, left in rows), *(self.held.closes_in(at, silence) for at in instants)])
        lent = self.is_lent(day, self.held.limits(day, least, self.silence(least)), least, most)
        if not (counted and self.is_limited(day, limits)) or ending or lent:
            return self.open(left)
        alone = limits["offline"] + sum(self.codes_of(day)) * 60 - self.alone.get(day["date"], 0)
        return self.open(least_of([left, alone]), True) if alone > 0 else closed("offline", day["to"])

    def open(self, left, alone=False):
        """The least announcement that is not shorter than what is left."""
        due = [minutes for minutes in self.held.payload["warnings"] if left is not None and left <= minutes * 60]
        return {"closed": None, "left_seconds": left, "alone": alone, "warning": min(due, default=None)}


def closed(why, until, by=None):
    named = {"by": by} if by else {}
    told = {"why": why, **named, "until": None if until is None else told_time(until)}
    return {"closed": told, "left_seconds": 0, "alone": False, "warning": None}


def never_closes(limits, item):
    return any(is_part(item, name) for name in ALWAYS) or listed(limits["always"], item)


def counts(limits, item):
    return not never_closes(limits, item) and not listed(limits["not_counted"], item)


def listed(names, item):
    return any(name == "*" or is_part(item, name) for name in names)


def remaining(limit, given, used):
    if limit is None or None in given:
        return None
    return max(limit + sum(given) * 60 - used, 0)


def code(key, number, minutes):
    """The ten digits that a guardian reads out."""
    text = b"grant" + number.to_bytes(4, "big") + minutes.to_bytes(2, "big")
    proof = int.from_bytes(hmac.new(key, text, hashlib.sha256).digest()[:8], "big") % 10_000_000
    return f"{CODE_MINUTES.index(minutes)}{number % 100:02}{proof:07}"
