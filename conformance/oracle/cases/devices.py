"""A device by itself, with the server and without it: what time it is, what may be used and why not, what it counts."""

import windows
from cases import case, device_faults, device_rules
from cases.device_life import FRIDAY, HOUR, MINUTE, SCHOOL, SLEEP, Life, instant, payload, row
from draw import dice, every_day
from given import CODE_MINUTES, code
from held import milliseconds

ITEMS = ["feed", "games", "games/chess", "learn/maths", "call/grandma", "emergency", "help/line"]

# What a history is about: how often what happens, how long it takes, and the hours of Friday (UTC) at which it begins.
THEMES = {
    "lease": ("Lent, then alone, then nothing.", {"ask": 4, "use": 9, "told": 2, "lost": 1, "tick": 1}, [60, 120, 300], [12, 15]),
    "clocks": ("No wall clock and no restart brings time back or a day early.",
               {"ask": 5, "use": 2, "tick": 4, "restart": 3, "jump": 4, "heard": 1}, [60, 600, 3_600, 14_400], [5, 12, 18]),
    "nights": ("Hours and days count by the time as known, over midnight too.",
               {"ask": 7, "use": 3, "tick": 2, "jump": 2, "restart": 1, "told": 1}, [300, 1_800, 3_600, 10_800], [5, 19, 20, 22]),
    "silence": ("After a day of silence it says so, after three the stricter side counts.",
                {"ask": 5, "use": 2, "tick": 2, "restart": 1, "jump": 1, "heard": 1}, [300, 43_200, 79_200, 108_000], [8, 12]),
    "items": ("Each item by its own minutes, and together by those of day and week.",
              {"ask": 6, "use": 9, "told": 1, "tick": 1}, [60, 120, 240], [13, 15]),
    "codes": ("A code is good once, and no clock is asked.",
              {"ask": 3, "use": 3, "redeem": 8, "restart": 1}, [60, 300, 900], [13, 21]),
    "changes": ("Another policy counts at once; what it ends may be brought to an end.",
                {"ask": 8, "use": 4, "apply": 3, "restart": 1}, [20, 45, 90, 180], [12, 19]),
    "beyond": ("Beyond the timeline the windows count by the clock of the home.",
               {"ask": 6, "use": 3, "tick": 2, "jump": 1, "told": 1}, [1_800, 10_800, 36_000], [6, 12, 19]),
}
EACH = 6


def cases():
    chance = dice("devices")
    for theme, (why, weights, lengths, hours) in THEMES.items():
        for number in range(1, EACH + 1):
            story = Story(chance, theme, chance.choice(hours))
            story.begin()
            for _ in range(chance.choice((5, 6, 7, 8, 9, 11))):
                story.pass_by(chance.choice(lengths))
                story.happen(chance.choices(list(weights), weights.values())[0])
            yield case(f"devices/{theme}-{number}", "enforce", why, story.given)
    yield from device_rules.cases()
    yield from device_faults.cases()


class Story(Life):
    """A history of what happens by chance."""

    def __init__(self, chance, theme, hour):
        self.chance, self.theme = chance, theme
        self.now = milliseconds(FRIDAY) + hour * HOUR + chance.randrange(60) * MINUTE + chance.randrange(1000)
        self.passed, self.others, self.in_use = 0, 0, "feed"
        super().__init__(self.now, self.policy(), chance.randbytes(32) if theme == "codes" else None)

    def policy(self):
        """Some limits, as they suit what the history is about."""
        chance, theme = self.chance, self.theme
        few = chance.choice([10, 15, 20, 30])
        by_day = {day: chance.choice([15, 30, 1440]) if day in ("sat", "sun") else few for day in windows.DAYS}
        controls = {
            "time.daily_minutes": chance.choice([few, few, few, by_day, 1440 if theme in ("nights", "items", "changes") else few]),
            "time.offline_minutes": chance.choice([5, 60, 90] if theme in ("items", "changes") else [0, 3, 5, 10]),
        }
        if theme in ("nights", "beyond", "silence", "clocks"):
            controls["time.sleep_windows"] = SLEEP
            if chance.random() < 0.6:
                controls[chance.choice(["time.school_windows", "time.away_windows"])] = SCHOOL
            if chance.random() < 0.3:
                controls["time.away_windows"] = every_day("21:00", chance.choice(["23:00", "07:00", "09:30"]))
        if theme in ("items", "changes") or chance.random() < 0.15:
            controls["time.item_minutes"] = chance.choice([
                [{"item": "games", "minutes": 5}],
                [{"item": "feed", "minutes": 8}, {"item": "games", "minutes": 10}, {"item": "games/chess", "minutes": 4}],
            ])
        if theme == "items" or chance.random() < 0.3:
            controls["time.always_allowed"] = ["call"]
            controls["time.not_counted"] = chance.choice([["learn"], ["learn", "games/chess"], ["*"] if theme == "items" else []])
        if theme in ("items", "lease") and chance.random() < 0.5:
            controls["time.weekly_minutes"] = chance.choice([12, 20, 10080])
        if theme == "changes" and chance.random() < 0.15:
            controls["time.paused"] = True
        if theme == "nights" and chance.random() < 0.3:
            controls["time.paused"] = {"value": True, "until": instant(self.now // MINUTE * MINUTE + 2 * HOUR), "after": False}
        safe = None
        if theme == "silence":
            controls["time.daily_minutes"] = {"value": 1440, "safe": chance.choice([0, few])}
            controls["time.sleep_windows"] = {"value": SLEEP, "safe": (late := every_day("20:00", "10:00"))}
            safe = {"time.sleep_windows": late} if chance.random() < 0.7 else None
        days = chance.choice([0, 1]) if theme == "beyond" else 4
        return payload(controls, self.now, days, self.grants(), safe)

    def grants(self):
        if self.theme not in ("lease", "items", "changes") or self.chance.random() < 0.6:
            return []
        named = {"id": "00000000-0000-7000-8000-000000000101", "day": self.date()}
        what = self.chance.choice([{"minutes": 5}, {"minutes": 15}, {"item": "games", "minutes": 5}, {}])
        given = {"by": "00000000-0000-7000-8000-000000000001", "given_at": FRIDAY, "until": "2026-11-27T23:00:00Z"}
        return [{**named, **what, **given}]

    # ---- What happens ------------------------------------------------------------------------------------------------

    def begin(self):
        """Most are told the time and what is left first; some are on their own from the start, with a clock that is right."""
        if self.theme != "beyond" and self.chance.random() < 0.1:
            self.step("tick", True)
            return
        self.heard()
        if self.chance.random() < 0.8:
            self.told()

    def pass_by(self, seconds):
        self.passed = seconds
        self.now += seconds * 1000 + self.chance.choice([0, 0, 250, 999])

    def happen(self, what):
        getattr(self, what)()

    def lost(self):
        """An answer that never came; what the others used goes on."""
        self.others += self.chance.choice([60, 180])
        self.ask()

    def tick(self):
        self.step("tick", True)

    def ask(self):
        item = self.chance.choice([self.in_use, *ITEMS] if self.theme == "items" else [self.in_use, self.in_use, self.chance.choice(ITEMS)])
        verdict = self.step("ask", {"item": item, "in_use": item == self.in_use and self.chance.random() < 0.7})
        if verdict["closed"] is None:
            self.in_use = item

    def use(self):
        least, most, _ = self.device.time(self.reading())
        if self.device.silence(least) != self.device.silence(least, most):
            return self.ask()
        seconds = min(self.passed, 600)
        self.step("used", {"item": self.in_use, "seconds": seconds})
        self.now += 1000
        self.step("ask", {"item": self.in_use, "in_use": True})

    def heard(self):
        took = self.chance.choice([40, 300, 1_000, 4_000])
        late = self.chance.choice([0, 0, 700]) if took > 1_000 else 0
        self.step("heard", {"server_time": instant(self.now - took // 2 + late), "took_ms": took})

    def told(self):
        """What is left, with what the others have used since."""
        self.others += self.chance.choice([0, 0, 60, 240])
        least = self.device.time(self.reading())[0]
        day = self.device.today(least)
        limits = self.device.held.limits(day, least, "short")
        own = self.device.counted.own("day", day, limits)
        rows = [row("day", own, own + self.others), row("week", 0, own + self.others + 300)]
        rows += [row(item, 0, min(self.others, 120)) for item in sorted(limits["items"])]
        lent = {"up_to_seconds": own + self.chance.choice([0, 120, 300, 600]), "until": instant(self.now // 1000 * 1000 + 600_000)}
        is_limited = limits["day"] is not None or limits["week"] is not None
        self.step("told", {"day": day["date"].isoformat(), "items": rows, "lease": lent if is_limited else None})

    def apply(self):
        least, most, _ = self.device.time(self.reading())
        if self.device.silence(least) == self.device.silence(least, most):
            self.step("apply", self.policy())
        self.now += 1000
        self.step("ask", {"item": self.in_use, "in_use": True})

    def restart(self):
        """Off for a while, and on again; or only the app."""
        if self.chance.random() < 0.75:
            self.boots += 1
            self.now += self.chance.choice([0, 2, 9]) * HOUR
            self.booted = self.now - self.chance.choice([5_000, 90_000])
        if self.theme == "clocks" and self.chance.random() < 0.6:
            self.wall_off = self.chance.choice([-86_400, -3_600, 3_600, 86_400, -self.now // 1000])
        self.step("restart", True)

    def jump(self):
        self.wall_off = self.chance.choice([0, 100, 150, -150, 3_600, -3_600, 86_400, -86_400, 4 * 86_400, -self.now // 1000])
        self.ask()

    def redeem(self):
        key, last = bytes.fromhex(self.given["code_key"]), self.device.codes.last
        number = max(last + self.chance.choice([1, 1, 1, 2, 50, 51, 0, -1]), 1)
        digits = code(key, number, self.chance.choice(CODE_MINUTES))
        typed = self.chance.choice([digits] * 10 + [
            f"{digits[:3]}-{digits[3:6]} {digits[6:]}", digits[:9], digits + "0", f"{digits[:9]}x",
            f"{(int(digits[0]) + 1) % 6}{digits[1:]}", f"7{digits[1:]}", digits[:9] + str((int(digits[9]) + 1) % 10),
        ])
        self.step("redeem", typed)
