"""Minutes that were given: the gifts of a policy, and codes that were typed in. Written from docs/DEVICE.md."""

import hashlib
import hmac
from datetime import date, timedelta
from uuid import UUID

HOUR_MS = 3_600_000
CODE_MINUTES = [5, 15, 30, 45, 60, 120]
CODES_AHEAD = 50
WRONG_CODES = 5
DASHES_AND_BLANKS = " -\u00a0\u2010\u2011\u2012\u2013\u2014\u2015"


def code(key, number, minutes):
    """The ten digits that a guardian reads out."""
    text = b"grant" + number.to_bytes(4, "big") + minutes.to_bytes(2, "big")
    proof = int.from_bytes(hmac.new(key, text, hashlib.sha256).digest()[:8], "big") % 10_000_000
    return f"{CODE_MINUTES.index(minutes)}{number % 100:02}{proof:07}"


def gift_id(key, number):
    """The id of the gift that a code becomes: a UUID of version 8."""
    made = bytearray(hmac.new(key, b"id" + number.to_bytes(4, "big"), hashlib.sha256).digest()[:16])
    made[6] = made[6] & 0x0F | 0x80
    made[8] = made[8] & 0x3F | 0x80
    return str(UUID(bytes=bytes(made)))


def monday_of(day):
    return day - timedelta(days=day.weekday())


class Codes:
    """The codes of a device: which were good, on which day, and what became of them."""

    def __init__(self, key):
        self.key = key
        self.last = 0
        self.good = []
        self.wrong = []
        self.listed = set()

    def redeem(self, typed, now, today):
        self.wrong = [at for at in self.wrong if now - at < HOUR_MS]
        if len(self.wrong) >= WRONG_CODES:
            return {"refused": "wrong"}
        digits = "".join(letter for letter in typed if letter not in DASHES_AND_BLANKS)
        if len(digits) != 10 or any(letter not in "0123456789" for letter in digits):
            return {"refused": "form"}
        for number in range(self.last + 1, self.last + CODES_AHEAD + 1):
            for minutes in CODE_MINUTES:
                if code(self.key, number, minutes) == digits:
                    self.last = number
                    self.good.append({"number": number, "day": today, "minutes": minutes, "known": False})
                    return {"number": number, "minutes": minutes}
        self.wrong.append(now)
        return {"refused": "wrong"}

    def told(self, rows):
        """The server's answer: how many minutes each counts for."""
        minutes = {row["number"]: row["minutes"] for row in rows}
        for it in self.good:
            if it["number"] in minutes:
                it.update(minutes=minutes[it["number"]], known=True)

    def of_policy(self, grants):
        """What a policy has listed once does not count by itself any more."""
        self.listed |= {grant["id"] for grant in grants}

    def counting(self):
        return [it for it in self.good if gift_id(self.key, it["number"]) not in self.listed]

    def of_day(self, day):
        """Seconds of each."""
        return [it["minutes"] * 60 for it in self.counting() if it["day"] == day]

    def untold(self, monday, day):
        """Seconds of those from Monday until the eve of a day that the server does not know of."""
        return sum(it["minutes"] * 60 for it in self.counting() if monday <= it["day"] < day and not it["known"])


def gifts(today, grants, counted, codes):
    """Seconds that were given: for the day, its week, and items. None among them: the rest of the day."""
    seconds = lambda grant: grant["minutes"] * 60 if "minutes" in grant else None
    whole = [(date.fromisoformat(grant["day"]), seconds(grant)) for grant in grants if "item" not in grant]
    monday = monday_of(today)
    since = lambda first: sum(given or 0 for day, given in whole if first <= day < today)
    before = max(since(monday), counted.told_gifts(today, monday, since)) + codes.untold(monday, today)
    of_day = [given for day, given in whole if day == today] + codes.of_day(today)
    of_items = {}
    for grant in grants:
        if "item" in grant and date.fromisoformat(grant["day"]) == today:
            of_items.setdefault(grant["item"], []).append(seconds(grant))
    return {"day": of_day, "week": [*of_day, before], "items": of_items}
