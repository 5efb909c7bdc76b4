"""A device by itself, rule by rule: what by chance alone would hardly happen, with times and minutes that are drawn."""

from cases import case
from cases.device_life import FRIDAY, HOUR, MINUTE, Life, instant, payload, row
from draw import dice
from given import code, gift_id
from held import milliseconds

DAY = 24 * HOUR
NOBODY = {"by": "00000000-0000-7000-8000-000000000001", "given_at": FRIDAY, "until": "2026-11-27T23:00:00Z"}


def cases():
    yield from themed(THEMES)


def themed(themes):
    """Each theme has its own dice, so that a change of one does not shift the others."""
    for theme, (why, plot, times) in themes.items():
        chance = dice(f"devices/{theme}")
        for number in range(1, times + 1):
            yield case(f"devices/{theme}-{number}", "enforce", why, plot(chance, number).given)


def gift(day, number=1, **what):
    return {"id": f"00000000-0000-7000-8000-00000000010{number}", "day": day, **what, **NOBODY}


def games(minutes, *more):
    return [{"item": "games", "minutes": minutes}, *more]


def changing(value, until, after):
    return {"value": value, "until": instant(until), "after": after}


class Plot(Life):
    """A life with a plan. `day`: after Friday."""

    def __init__(self, chance, controls, *, day=0, hour=14, days=4, grants=(), key=None, change=lambda it: None):
        now = milliseconds(FRIDAY) + day * DAY + hour * HOUR + chance.randrange(40) * MINUTE + chance.randrange(1000)
        self.chance, self.controls, self.days = chance, controls, days
        policy = payload({"time.offline_minutes": 0, **controls}, now, days, grants)
        change(policy)
        super().__init__(now, policy, key)
        self.heard()

    def wait(self, seconds):
        self.now += seconds * 1000 + self.chance.choice([0, 0, 250])

    def heard(self):
        self.step("heard", {"server_time": instant(self.now - 20), "took_ms": 40})

    def tick(self):
        self.step("tick", True)

    def ask(self, *items, in_use=False):
        for item in dict.fromkeys(items):
            self.step("ask", {"item": item, "in_use": in_use})

    def use(self, item, seconds):
        """For so long, and then asks whether it may go on."""
        self.wait(seconds)
        self.step("used", {"item": item, "seconds": seconds})
        self.ask(item, in_use=True)

    def lease(self, up_to, seconds=600):
        return {"up_to_seconds": up_to, "until": instant(self.now // 1000 * 1000 + seconds * 1000)}

    def told(self, day, week, *items, lease=None, date=None):
        rows = [row("day", *day), row("week", *week), *(row(*it) for it in items)]
        self.step("told", {"day": date or self.date(), "items": rows, "lease": lease})

    def apply(self, grants=(), **controls):
        named = {f"time.{name}": value for name, value in controls.items()}
        self.step("apply", payload({"time.offline_minutes": 0, **self.controls, **named}, self.now, self.days, grants))

    def restart(self, wall_off=0, off=60):
        """Another start of the system, with another wall clock."""
        self.boots += 1
        self.now += off * 1000
        self.booted, self.wall_off = self.now - 5_000, wall_off
        self.step("restart", True)

    def redeem(self, number, minutes):
        self.step("redeem", code(bytes.fromhex(self.given["code_key"]), number, minutes))


# ---- The plots -------------------------------------------------------------------------------------------------------


def by_both(chance, number):
    """A limit that ends or begins between the two instants."""
    over = milliseconds(FRIDAY) + 16 * HOUR
    few, most = chance.choice([5, 10, 20]), chance.choice([40, 60])
    controls = {
        1: {"time.daily_minutes": changing(most, over, few), "time.offline_minutes": 10},
        2: {"time.item_minutes": changing(games(few), over, []), "time.daily_minutes": changing(1440, over, most),
            "time.offline_minutes": 30},
        3: {"time.daily_minutes": most, "time.not_counted": changing(["learn"], over, []),
            "time.always_allowed": changing([], over, ["call"])},
        4: {"time.daily_minutes": changing(few, over, most), "time.offline_minutes": changing(15, over, 0),
            "time.always_allowed": changing(["call"], over, [])},
        5: {"time.daily_minutes": most, "time.offline_minutes": changing(10, over, 5)},
    }[number]
    it = Plot(chance, controls)
    it.told((0, 60), (0, 60), ("games", 0, 0), lease=it.lease(few * 60))
    item = {2: "games/chess", 3: "learn/maths"}.get(number, "feed")
    it.use(item, few * 30)
    it.tick()
    it.restart(wall_off=3 * 3_600)
    it.ask(item, "feed", "call/grandma", "help/line")
    it.use(item, 120)
    it.wall_off = chance.choice([900, 600])
    it.ask(item, "call/grandma")
    it.wall_off = 0
    it.use(item, few * 30)
    it.heard()
    it.ask(item, "feed", "call/grandma")
    it.wait(3 * 3_600)
    it.ask(item, "call/grandma")
    return it


def wrong_since(chance, number):
    """A wrong wall clock, put right before anybody has heard of it, and told at last."""
    it = Plot(chance, {"time.daily_minutes": 60})
    it.wall_off = chance.choice([-3_600, 3_600, 200, -86_400])
    it.wait(45)
    it.ask("feed")
    it.wait(15)
    first = it.now
    {1: it.tick, 2: it.apply, 3: it.heard, 4: it.tick}[number]()
    it.wait(60)
    if number != 4:
        it.wall_off = 0
    it.tick()
    if number in (2, 4):
        it.restart(wall_off=-600 if number == 4 else 0)
        it.wait(60)
        it.tick()
    it.step("clock_told", instant((first // 1000 + chance.choice([-1, 1])) * 1000))
    it.step("clock_told", instant(first // 1000 * 1000 + chance.choice([0, 999])))
    it.ask("feed")
    it.wait(30)
    it.tick()
    if number == 3:
        it.step("clock_told", instant(it.now))
        it.restart(wall_off=-300)
        it.apply()
    it.wall_off = 130
    it.heard()
    it.wall_off = 0
    it.wait(60)
    it.tick()
    return it


def used_up_week(chance, number):
    """Until the next Monday opens; where it never does, until the first day after it."""
    few = chance.choice([6, 8])
    monday_is_gone = lambda it: it["timeline"]["days"].pop("2026-11-30")
    day, hour, days, change = {
        1: (0, 14, 4, lambda it: None), 2: (1, 20, 4, monday_is_gone), 3: (2, 12, 0, lambda it: None), 4: (3, 22, 9, lambda it: None)
    }[number]
    controls = {"time.weekly_minutes": few, "time.offline_minutes": 60, "time.item_minutes": games(few)}
    if number == 1:
        controls["time.daily_minutes"] = {"mon": 5, "tue": 5, "wed": 5, "thu": 5, "fri": 5, "sat": few, "sun": 1440}
    it = Plot(chance, controls, day=day, hour=hour, days=days, change=change)
    it.told((0, 60), (0, 180), ("games", 0, 0), lease=it.lease(600))
    it.use("feed", few * 60 - 240)
    it.use("games", 120)
    it.ask("feed", "games")
    for wait in chance.choice([(4, 10, 14, 24), (11, 22, 13, 24)]):
        it.wait(wait * 3_600)
        it.tick()
        it.ask("feed", "games")
    return it


def missed(chance, number):
    """What the server knows of this device's own use, and the device does not."""
    lost, few = chance.choice([300, 420, 540]), chance.choice([20, 25])
    controls = {"time.daily_minutes": few, "time.item_minutes": games(15), "time.offline_minutes": chance.choice([2, 5])}
    if number == 3:
        controls["time.not_counted"] = ["learn"]
    it = Plot(chance, controls, hour=22 if number in (4, 5) else 14)
    if number in (4, 5):
        it.wait((55 - it.now // MINUTE % 60) * 60)
        it.use("games", 120)
        it.told((lost, lost + 60), (0, lost + 60), ("games", 120, 180, 0, it.lease(300)), lease=it.lease(lost + 240), date=it.date(1))
        it.ask("feed", "games")
        it.wait(300)
        it.tick()
        it.ask("feed", "games")
        it.use("games", 60)
        it.use("feed", 180)
        it.ask("feed", "games")
        if number == 5:
            it.told((lost + 60, lost + 120), (0, lost + 120), ("games", 60, 60), lease=it.lease(lost + 360))
            it.ask("feed", "games")
        return it
    it.use("learn/maths" if number == 3 else "games", 180)
    here = lost - 120 if number == 2 else 0
    it.told((lost, lost + 120), (0, lost + 120), ("games", here, here + 60, 0, it.lease(here + 240)), lease=it.lease(lost + 120))
    it.ask("feed", "games/chess")
    it.use("feed", 60)
    it.use("games/chess", 60)
    it.ask("feed", "games")
    if number == 3:
        it.apply(not_counted=[])
        it.ask("feed", "games")
    it.told((60, 180), (0, 180), ("games", 60, 90), lease=it.lease(600))
    it.ask("feed", "games")
    lent = it.lease(lost + 600)
    it.told((lost + 120, lost + 300), (0, lost + 300), ("games", here + 60, here + 120, 0, lent), lease=lent)
    it.use("games", 120)
    it.tick()
    it.restart()
    it.ask("feed", "games")
    it.use("feed", 240)
    return it


def gifts_of_the_week(chance, number):
    """The gifts of the days of the week that are over, by the policy and by the last budget."""
    some, more = chance.choice([5, 10]), chance.choice([15, 20])
    past = [gift("2026-11-23", 1, minutes=more), gift("2026-11-25", 2, minutes=some), gift("2026-11-22", 3, minutes=60)]
    if number in (2, 4):
        past += [gift("2026-11-24", 4), gift("2026-11-25", 5, item="games", minutes=5)]
    controls = {"time.weekly_minutes": chance.choice([20, 30]), "time.offline_minutes": 1440}
    it = Plot(chance, controls, day=-1 if number in (3, 4) else 0, grants=past)
    it.ask("feed")
    granted = 60 * (some + more + {1: 10, 2: -5, 3: 10, 4: 0}[number])
    today = 300 if number in (1, 3) else 0
    it.told((0, 120, today), (0, 480, granted + today), lease=it.lease(600))
    it.ask("feed")
    it.use("feed", 180)
    it.apply(past[1:2])
    it.ask("feed")
    it.apply([*past[:2], gift(it.date(), 6, minutes=5)])
    it.ask("feed")
    if number in (3, 4):
        # On the next days the last budget is one of an earlier day; later days' gifts come from the policy.
        it.wait(24 * 3_600)
        it.tick()
        it.ask("feed")
        it.apply([gift(it.date(-1), 6, minutes=5), gift(it.date(), 7, minutes=some)])
        it.ask("feed")
        it.wait(24 * 3_600)
        it.tick()
        it.ask("feed")
        it.apply([gift(it.date(-1), 7, minutes=some), *([gift(it.date(), 8)] if number == 4 else [])])
        it.ask("feed")
    it.wait(3 * 86_400)
    it.tick()
    it.ask("feed")
    return it


def last_minutes_of_items(chance, number):
    """Each budget that a change ends has its own last minutes."""
    controls = {"time.daily_minutes": 1440, "time.item_minutes": games(20, {"item": "games/chess", "minutes": 10})}
    controls.update({
        1: {}, 2: {"time.daily_minutes": 30}, 3: {"time.item_minutes": []}, 4: {"time.weekly_minutes": 60},
        5: {"time.daily_minutes": 30, "time.weekly_minutes": 60}, 6: {"time.daily_minutes": 30, "time.item_minutes": []},
    }[number])
    controls["time.offline_minutes"] = {1: 60, 2: 0, 3: 2, 4: 5, 5: 0, 6: 0}[number]
    it = Plot(chance, controls)
    rows = [("games", 0, 60, 0, it.lease(600)), ("games/chess", 0, 0, 0, it.lease(600) if number in (2, 5) else None)]
    it.told((0, 60), (0, 60), *(rows if number not in (3, 6) else []), lease=it.lease(600, 140 if number in (2, 5) else 600))
    it.use("games/chess", 120)
    ended = games(2, {"item": "games/chess", "minutes": 10})
    it.apply(**{
        1: {"item_minutes": ended}, 2: {"item_minutes": ended}, 3: {"item_minutes": games(0)},
        4: {"weekly_minutes": 2}, 5: {"daily_minutes": 2}, 6: {"item_minutes": games(1)},
    }[number])
    for item in ("games", "games/chess", "feed"):
        it.ask(item, in_use=True)
    it.ask("games", "feed")
    it.use("games/chess", chance.choice([30, 45]))
    if number == 2:
        it.apply(daily_minutes=2, item_minutes=ended)
        it.ask("games/chess", in_use=True)
    if number == 4:
        it.apply(weekly_minutes=2, paused=True)
        it.ask("feed", in_use=True)
        it.apply(weekly_minutes=2)
    if number == 3:
        it.wait(20)
        it.step("restart", True)
        it.ask("games", in_use=True)
        it.apply(item_minutes=games(10))
        it.ask("games", in_use=True)
        it.apply(item_minutes=games(0))
    it.wait(chance.choice([40, 60]))
    it.ask("games/chess", "feed", in_use=True)
    it.wait(chance.choice([60, 70]))
    it.ask("games/chess", "feed", in_use=True)
    it.ask("games/chess", "feed")
    return it


def leases_of_items(chance, number):
    """Each limit that concerns an item has to be lent; else it goes on by the minutes without the server."""
    controls = {"time.item_minutes": games(30, {"item": "games/chess", "minutes": 15}, {"item": "learn", "minutes": 20}),
                "time.not_counted": ["learn"], "time.offline_minutes": chance.choice([2, 3])}
    controls["time.daily_minutes"] = {1: 60, 2: 1440, 3: 60, 4: 1440}[number]
    if number == 4:
        controls["time.weekly_minutes"] = 90
    it = Plot(chance, controls, grants=[gift("2026-11-27")] if number == 3 else [])
    short = chance.choice([120, 180])
    rows = [
        ("games", 0, 30, 0, it.lease(short + 120)), ("games/chess", 0, 30, 0, it.lease(short, 300)),
        ("learn", 0, 0, 0, it.lease(short) if number != 1 else None),
    ]
    it.told((0, 60), (0, 60), *rows, lease=it.lease(600) if number in (1, 4) else None)
    it.ask("feed", "games", "games/chess", "learn")
    it.use("games/chess", short - 60)
    it.use("learn/maths", 60)
    it.use("games/chess", 60)
    it.ask("games", "learn", "feed")
    it.use("games", 90)
    it.use("games/chess", 60)
    it.ask("games", "learn", "feed")
    it.use("learn", 60)
    it.wait(chance.choice([120, 240]))
    it.ask("games", "learn", "feed", "emergency")
    it.told((0, 300), (0, 300), ("games", 0, 300), ("games/chess", 0, 300, 0, it.lease(900)), lease=it.lease(900))
    it.ask("games", "games/chess", "feed")
    return it


def codes_told(chance, number):
    """What a code gives by itself, by the server's answer, and once it is a gift of the policy."""
    key = chance.randbytes(32)
    controls = {"time.daily_minutes": 10, "time.offline_minutes": chance.choice([0, 5])}
    if number in (3, 4):
        controls = {"time.weekly_minutes": 30, "time.offline_minutes": 1440}
    it = Plot(chance, controls, key=key, hour=18)
    as_gift = {**gift(it.date(), minutes=15), "id": gift_id(key, 1)}
    it.told((0, 60), (0, 60), lease=it.lease(600))
    it.redeem(1, 30)
    it.redeem(2, 15)
    it.ask("feed")
    if number == 1:
        it.step("codes_told", [{"number": 1, "minutes": 15}, {"number": 3, "minutes": 60}])
        it.ask("feed")
        it.step("codes_told", [{"number": 2, "minutes": 0}])
        it.ask("feed")
        it.use("feed", 300)
        it.redeem(3, 5)
        it.step("codes_told", [{"number": 1, "minutes": 0}])
        it.ask("feed")
    if number == 2:
        it.apply([as_gift])
        it.ask("feed")
        it.step("codes_told", [{"number": 1, "minutes": 30}, {"number": 2, "minutes": 15}])
        it.ask("feed")
        it.apply()
        it.tick()
        it.restart()
        it.ask("feed")
        it.wait(600)
        it.ask("feed")
    if number in (3, 4):
        if number == 3:
            it.step("codes_told", [{"number": 1, "minutes": 15}])
            it.ask("feed")
        it.wait(24 * 3_600)
        it.tick()
        it.ask("feed")
        it.redeem(3, 5)
        it.ask("feed")
        it.told((0, 0), (0, 60, 900), date="2026-11-27") if number == 3 else it.apply([as_gift])
        it.ask("feed")
        it.apply()
        it.ask("feed")
        it.step("codes_told", [{"number": 2, "minutes": 5}, {"number": 3, "minutes": 5}])
        it.ask("feed")
        it.told((0, 0), (0, 60, 1_200), lease=it.lease(600))
        it.ask("feed")
    return it


# Why, what, and how often.
THEMES = {
    "by-both": ("Where the time is not known, limits are looked at by both instants.", by_both, 5),
    "wrong-since": ("A wrong wall clock is remembered until the server has heard of it, whatever is done meanwhile.", wrong_since, 4),
    "used-up-week": ("A week that is used up opens when the next one does.", used_up_week, 4),
    "missed": ("What the server knows of this device's own use and the device does not counts too.", missed, 5),
    "gifts-of-the-week": ("Of gifts to days that are over the greater counts: by the policy, or by the server.", gifts_of_the_week, 4),
    "last-minutes-of-items": ("A change that ends a budget leaves two minutes of that budget, and of no other.", last_minutes_of_items, 6),
    "leases-of-items": ("An item with minutes of its own is lent by itself.", leases_of_items, 4),
    "codes-told": ("A code gives what the server says, and nothing by itself once its gift was listed.", codes_told, 4),
}
