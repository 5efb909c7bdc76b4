"""What a device has counted, and what it was told of the use of all devices: misses, leases, weeks. Written from docs/DEVICE.md.

Times are whole milliseconds since 1970, and a day is as `Held.day` says it. What is used is counted second by second.
"""

from datetime import date, timedelta

from held import counts, is_part, milliseconds

SLOT = 300
KEPT_MS = 8 * 24 * 3_600_000
WHOLE = ["day", "week"]


class Counted:
    def __init__(self):
        self.used = {}
        self.alone = {}
        self.budget = None
        self.missed = {}

    # ---- What was counted here ---------------------------------------------------------------------------------------

    def add(self, item, seconds, least):
        end = least // 1000
        for second in range(end - seconds, end):
            place = (second // SLOT, item)
            self.used[place] = min(self.used.get(place, 0) + 1, SLOT)
        oldest = (least - KEPT_MS) // 1000 // SLOT
        self.used = {place: seconds for place, seconds in self.used.items() if place[0] >= oldest}

    def add_alone(self, day, seconds):
        self.alone[day["date"]] = self.alone.get(day["date"], 0) + seconds

    def slots(self):
        return [{"item": item, "slot": slot, "seconds": self.used[slot, item]} for slot, item in sorted(self.used)]

    def spent(self, day, wanted):
        """Seconds counted here on a day of the items that are wanted; five minutes never hold more."""
        by_slot = {}
        for (slot, item), seconds in self.used.items():
            if day["from"] // 1000 // SLOT <= slot < day["to"] // 1000 // SLOT and wanted(item):
                by_slot[slot] = min(by_slot.get(slot, 0) + seconds, SLOT)
        return sum(by_slot.values())

    def own(self, name, day, limits):
        """Of the day and the week alike what counts; of an item its own."""
        return self.spent(day, lambda item: counts(limits, item) if name in WHOLE else is_part(item, name))

    # ---- What the server told ----------------------------------------------------------------------------------------

    def told(self, budget, days, limits):
        """A budget, with the days that have been until now: what it knows of this device and this device does not."""
        if self.budget is not None and budget["day"] < self.budget["day"]:
            return
        self.budget = budget
        day = next((it for it in days if it["date"].isoformat() == budget["day"]), None)
        counted = lambda name: self.own(name, day, limits) if day else 0
        self.missed = {row["item"]: max(row["own_seconds"] - counted(row["item"]), 0) for row in budget["items"]}

    def has_lost_memory(self, today):
        return self.is_told(today) and self.missed.get("day", 0) > 60

    def forget_after(self, latest):
        self.alone = {day: seconds for day, seconds in self.alone.items() if day <= latest}
        if self.budget is not None and date.fromisoformat(self.budget["day"]) > latest:
            self.budget = None

    def is_told(self, day):
        return self.budget is not None and self.budget["day"] == day.isoformat()

    def row(self, name):
        return next((row for row in self.budget["items"] if row["item"] == name), {})

    def said(self, name, field):
        """A figure of the last budget."""
        return self.row(name).get(field, 0)

    def own_told(self, name, day, limits):
        """This device's own use of today, what it misses included. `name` is the day or an item."""
        return self.own(name, day, limits) + (self.missed.get(name, 0) if self.is_told(day["date"]) else 0)

    def of_all(self, name, day, limits):
        """Used today on all devices. `name` is the day or an item."""
        others = self.said(name, "used_seconds") - self.said(name, "own_seconds") if self.is_told(day["date"]) else 0
        return max(others, 0) + self.own_told(name, day, limits)

    def week_before(self, today, week, limits):
        """Used this week before today: the greater of what the server said and what was counted here."""
        own = lambda day: self.own("day", day, limits)
        counted = sum(own(day) for day in week)
        if self.budget is None:
            return counted
        if self.is_told(today["date"]):
            return max(counted, self.said("week", "used_seconds") - self.said("day", "used_seconds"))
        last = next((day for day in week if self.is_told(day["date"])), None)
        if last is None:
            return counted
        # What was counted here after the server's last word comes on top.
        counted_then = own(last) + self.missed.get("day", 0)
        untold = max(counted_then - self.said("day", "own_seconds"), 0) + sum(own(day) for day in week if day["date"] > last["date"])
        return max(counted, self.said("week", "used_seconds") + untold)

    def told_gifts(self, today, monday, listed):
        """Seconds given to the days of the week before today, by the last budget. `listed`: by the policy, from a day on."""
        if self.is_told(today):
            return self.said("week", "granted_seconds") - self.said("day", "granted_seconds")
        day = date.fromisoformat(self.budget["day"]) if self.budget else None
        if day is None or not monday <= day < today:
            return 0
        return self.said("week", "granted_seconds") + listed(day + timedelta(days=1))

    # ---- Leases ------------------------------------------------------------------------------------------------------

    def is_lent(self, name, day, limits, latest):
        """Whether the lease of a limit lasts: day and week have one together."""
        if not self.is_told(day["date"]):
            return False
        lease = self.budget["lease"] if name in WHOLE else self.row(name).get("lease")
        used = self.own_told("day" if name in WHOLE else name, day, limits)
        return bool(lease) and latest < milliseconds(lease["until"]) and used < lease["up_to_seconds"]
