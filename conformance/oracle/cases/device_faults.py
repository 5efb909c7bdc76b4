"""A device by itself, when somebody else is wrong: a server's clock, a memory that is gone, a long silence."""

from cases.device_life import FRIDAY, HOUR, Life, instant, payload
from cases.device_rules import DAY, Plot, changing, games, themed
from held import milliseconds


def cases():
    yield from themed(THEMES)


def wrong_server(chance, number):
    """An answer of a server whose clock is days ahead, and then a right one that took as long."""
    ahead = {1: 20, 2: 1, 3: 3}[number] * DAY
    it = Plot(chance, {"time.daily_minutes": 60, "time.offline_minutes": 10}, days=30)
    it.use("feed", 120)
    it.step("heard", {"server_time": instant(it.now + ahead), "took_ms": 10})
    it.told((0, 0), (0, 0), lease=it.lease(600), date=it.date(ahead // DAY))
    it.ask("feed")
    it.wait(60)
    it.tick()
    it.wait(60)
    it.step("heard", {"server_time": instant(it.now - 5), "took_ms": 10})
    it.ask("feed")
    it.told((120, 180), (120, 180), lease=it.lease(600))
    it.ask("feed")
    it.use("feed", 120)
    it.wait(2 * 24 * 3_600)
    it.tick()
    it.ask("feed")
    it.told((0, 0), (0, 300), lease=it.lease(600))
    it.ask("feed")
    return it


def always_allowed(chance, number):
    """What a family lists stays open after three days of silence, when all else falls back."""
    listed = {"value": ["call/grandma"], "safe": []}
    change = lambda it: it["controls"].update({"time.always_allowed": listed, "time.paused": {"value": False, "safe": True}})
    it = Plot(chance, {"time.daily_minutes": 60}, change=change)
    it.told((0, 0), (0, 0), lease=it.lease(600))
    it.ask("feed", "call/grandma")
    if number == 1:
        it.wait(73 * 3_600)
    else:
        it.restart(wall_off=80 * 3_600)
    it.tick()
    it.ask("feed", "call/grandma", "call", "help/line")
    return it


def never_answered(chance, number):
    """It holds a policy and knows of no answer: silent since it was issued, and without minutes of its own."""
    now = milliseconds(FRIDAY) + chance.randrange(8, 20) * HOUR
    it = Life(now, payload({"time.daily_minutes": 60, "time.offline_minutes": 30}, now))
    ask = lambda: it.step("ask", {"item": "feed", "in_use": False})
    it.step("tick", True)
    ask()
    it.wall_off = {1: 25, 2: 73}[number] * 3_600
    it.now += 60_000
    it.step("tick", True)
    ask()
    it.wall_off = 0
    it.step("heard", {"server_time": instant(it.now), "took_ms": 20})
    ask()
    return it


def either_instant(chance, number):
    """Two instants that limit different things: what closes by either is named in the order of the rows."""
    over = milliseconds(FRIDAY) + 16 * HOUR
    few = chance.choice([5, 10])
    controls = {
        1: {"time.daily_minutes": changing(60, over, few), "time.offline_minutes": changing(0, over, 60)},
        2: {"time.weekly_minutes": changing(few, over, 10_080), "time.daily_minutes": changing(1440, over, few)},
        3: {"time.daily_minutes": changing(1440, over, 60), "time.offline_minutes": changing(0, over, 10)},
        4: {"time.item_minutes": changing(games(few), over, []), "time.daily_minutes": changing(1440, over, few)},
    }[number]
    it = Plot(chance, controls)
    used = few * 60 if number != 3 else 60
    it.told((0, used), (0, used), ("games", 0, used, 0, it.lease(600)), lease=it.lease(0) if number != 3 else None)
    it.tick()
    it.restart(wall_off=3 * 3_600)
    it.ask("games", "feed")
    return it


# Why, what, and how often.
THEMES = {
    "wrong-server": ("A server's wrong clock opens days for as long as no right answer comes.", wrong_server, 3),
    "always-allowed": ("What a family lists stays open, whatever falls back.", always_allowed, 2),
    "never-answered": ("A device that knows of no answer is silent since its policy was issued.", never_answered, 2),
    "either-instant": ("What is closed by either instant is closed, and the first row says why.", either_instant, 4),
}
