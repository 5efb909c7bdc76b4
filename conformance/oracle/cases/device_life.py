"""The life of a device that cases are made of: a policy, the true time, what the clocks show of it, and what happens."""

import json

import clock
import windows
from draw import every_day
from enforce import Device

ZONE = "Europe/Berlin"
FRIDAY = "2026-11-27T00:00:00Z"
MINUTE, HOUR = 60_000, 3_600_000
SLEEP = every_day("22:00", "07:00")
SCHOOL = [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "13:00"}]
PLAIN = {"warnings": [10, 2], "staleness": {"warn_hours": 24, "safe_hours": 72}}


def instant(ms):
    """With its milliseconds, where it has some."""
    return clock.instant(ms // 1000) if ms % 1000 == 0 else f"{clock.instant(ms // 1000)[:-1]}.{ms % 1000:03}Z"


def payload(controls, begin, days=4, grants=(), safe=None):
    """A policy with a timeline of some days; of no days at all, without one. `safe`: windows that count after long silence."""
    entries = {name: it if isinstance(it, dict) and "value" in it else {"value": it} for name, it in controls.items()}
    first = begin // MINUTE * 60
    last = first + days * 86_400
    minutes = lambda second: (second - first) // 60
    row = lambda entries: [
        minutes(second) for block in clock.blocks(windows.schedule(entries), ZONE, first, last) for second in block
    ]
    lists = {name: it["value"] for name, it in entries.items() if name.endswith("_windows")}
    line = {
        "from": clock.instant(first),
        "until": clock.instant(last),
        "tzdata": "2026f",
        "days": {
            it["date"]: minutes(clock.seconds(it["from"])) for it in (clock.days(ZONE, 0, first, last) if days else [])
        },
        "blocks": {name: row(it) for name, it in lists.items() if it},
        **({"safe": {name: row(it) for name, it in safe.items()}} if safe else {}),
        **({"grants": list(grants)} if grants else {}),
    }
    named = {"teen_id": "00000000-0000-7000-8000-00000000a001", "epoch": 1, "revision": 1, "issued_at": clock.instant(first)}
    home = {"home_zone": ZONE, "day_start_minute": 0}
    return {**named, **home, "controls": entries, "timeline": line if days else [], **PLAIN}


class Life:
    """A history while it is made: the true time, what the clocks show of it, and the device that lives through it."""

    def __init__(self, now, payload, key=None):
        self.now, self.booted, self.boots, self.wall_off, self.steps = now, now - 7 * HOUR, 0, 0, []
        self.given = {"payload": payload, "steps": self.steps, **({"code_key": key.hex()} if key else {})}
        self.device = Device(self.given)

    def reading(self):
        wall = (self.now // 1000 + self.wall_off) * 1000
        return {"wall": instant(max(wall, 0)), "monotonic_ms": self.now - self.booted, "boot_id": chr(97 + self.boots)}

    def step(self, what, it):
        reading = self.reading()
        self.steps.append({"clock": reading, "do": {what: it}})
        # Some answers are lists and rows of the policy: the device must not change what was given.
        return self.device.step(reading, what, json.loads(json.dumps(it)))

    def date(self, days=0):
        """Today by a clock that is right, or so many days later."""
        return clock.instant(self.now // 1000 + 3_600 + days * 86_400)[:10]


def row(item, own, used, granted=0, lease=None):
    """What the device makes of limit and rest itself is left out of its sight."""
    lent = {"lease": lease} if lease else {}
    left = {"limit_seconds": None, "granted_seconds": granted, "used_seconds": used, "remaining_seconds": None}
    return {"item": item, **left, "own_seconds": own, **lent}
