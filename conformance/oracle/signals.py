"""How old somebody is taken to be, from all that was said: written from docs/AGE.md, tried out moment by moment.

A birth is a pair of days, the first and the last on which the person can have been born.
"""

import re
from datetime import date, datetime, timedelta
from itertools import takewhile

import ages
from clock import instant, place, seconds

LEVELS = ["asserted", "standard", "enhanced", "strict"]
WAIT = 72 * 3600
OLDEST = 120
ADULT = 18


def day_in(zone, at):
    """The date of an instant in a zone."""
    return datetime.fromtimestamp(at, place(zone)).date()


def birth_of(signal, zone):
    """The birth that a signal says, by itself."""
    stated = signal["stated"]
    if "born" in stated:
        born = date.fromisoformat(stated["born"])
        return born, born
    day = day_in(zone, seconds(signal["received_at"]))
    top = stated["ages"]["to"]
    return first_up_to(OLDEST if top is None else top, upper_age_right_on(signal["channel"], day)), last_of(stated["ages"]["from"], day)


def upper_age_right_on(channel, day):
    """Stores keep an old upper age: Google for up to eight weeks after a birthday, Apple for up to a year."""
    if channel == "google":
        return day - timedelta(weeks=8)
    if channel == "apple":
        return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)
    return day


def completed(born, day):
    """Completed years; 0 also before the birth."""
    return ages.age(born, day) or 0


def last_of(years, day):
    """The last day on which somebody can be born who has completed so many years."""
    born = date(day.year - years, 12, 31) if years else day
    while ages.age(born, day) is None or ages.age(born, day) < years:
        born -= timedelta(days=1)
    return born


def first_up_to(years, day):
    """The first day on which somebody can be born who has completed no more than so many."""
    born = date(day.year - years - 1, 1, 1)
    while ages.age(born, day) is not None and ages.age(born, day) > years:
        born += timedelta(days=1)
    return born


def common(a, b):
    """The days in both; None where there are none."""
    both = max(a[0], b[0]), min(a[1], b[1])
    return both if both[0] <= both[1] else None


def youth(birth):
    """The younger somebody is taken to be, the greater: first by the youngest possible age, then by the oldest."""
    return birth[1], birth[0]


class Said:
    """What several signals say together on a day."""

    def __init__(self, signals, today, zone):
        births = {signal["id"]: birth_of(signal, zone) for signal in signals}
        order = sorted(
            signals,
            key=lambda it: (LEVELS.index(it["level"]), youth(births[it["id"]]), it["id"]),
            reverse=True,
        )
        self.basis, self.levels, self.known, contradiction = [], [], None, None
        for level in sorted({signal["level"] for signal in signals}, key=LEVELS.index, reverse=True):
            above = self.known
            for signal in (it for it in order if it["level"] == level):
                birth = births[signal["id"]]
                both = birth if self.known is None else common(self.known, birth)
                if both:
                    self.known = both
                    self.basis.append(signal["id"])
                elif contradiction is None:
                    surer = above is not None and common(above, birth) is None
                    contradiction = "higher_level" if surer else "younger_on_tie"
            self.levels.append((level, self.known))
        self.majority = self.of_age(signals, births, zone)
        self.counts = self.majority is not None and self.majority <= today
        self.birth = self.known if self.counts else under_18(self.known, today)
        self.band = ages.band(self.birth[1], today)
        self.level = next((level for level, birth in self.levels if self.band_of(birth, today) == self.band), "asserted")
        declared = all("born" in signal["stated"] for signal in signals)
        self.reason = contradiction or ("declared_only" if declared else "interval")

    def band_of(self, birth, day):
        """The band that a birth leads to; nobody is an adult before that counts."""
        band = ages.band(birth[1], day)
        adult = self.majority is not None and self.majority <= day
        return "16_17" if band == "adult" and not adult else band

    def of_age(self, signals, births, zone):
        """The day from which being 18 counts, if there is one."""
        coming = lambda born: ages.birthday(born, born.year + ADULT)
        strict = [birth for level, birth in self.levels if level == "strict"]
        found = [coming(strict[0][1])] if strict else []
        for signal in signals:
            if "born" not in signal["stated"]:
                continue
            born = births[signal["id"]][0]
            ahead = day_in(zone, seconds(signal["received_at"])) < coming(born)
            disputed = any(birth[0] > born for birth in births.values())
            if ahead and not disputed:
                found.append(coming(born))
        return min(found, default=None)

    @property
    def youth(self):
        return youth(self.birth), youth(self.known)


def under_18(birth, today):
    """The same person, taken to be no older than 17."""
    first = first_up_to(ADULT - 1, today)
    return max(birth[0], first), max(birth[1], first)


class History:
    """What the signals that count now said after each of them was received."""

    def __init__(self, signals, now, zone):
        today = day_in(zone, now)
        live = [signal for signal in signals if counts(signal, now)]
        times = sorted({seconds(signal["received_at"]) for signal in live})
        said = lambda at: Said(last_words([it for it in live if seconds(it["received_at"]) <= at]), today, zone)
        self.said = [(at, said(at)) for at in times]

    def decided(self, moment):
        """The youngest of what was said at any time in the 72 hours before a moment; of equals the newest."""
        heard = [(at, said) for at, said in self.said if at <= moment]
        old = [at for at, _ in heard if at + WAIT <= moment]
        recent = [(at, said) for at, said in heard if not old or at >= old[-1]]
        return max(recent, key=lambda it: (it[1].youth, it[0]))[1]

    def moments(self):
        """When a decision can change: a signal is received, or has waited long enough."""
        return sorted({moment for at, _ in self.said for moment in (at, at + WAIT)})


def last_words(signals):
    """Of each speaker the words that no newer one, which is as sure or surer, has taken the place of. Checks take no place."""
    speaker = lambda it: (it["channel"], it.get("said_by"))
    takes_place = lambda new, old: (
        new["channel"] != "provider"
        and speaker(new) == speaker(old)
        and seconds(new["received_at"]) > seconds(old["received_at"])
        and LEVELS.index(new["level"]) >= LEVELS.index(old["level"])
    )
    return [old for old in signals if not any(takes_place(new, old) for new in signals)]


def counts(signal, now):
    ends = [seconds(signal[name]) for name in ("valid_until", "withdrawn_at") if name in signal]
    return seconds(signal["received_at"]) <= now and all(now < end for end in ends)


def decide(given):
    """The decision about an age, or None where nothing is known."""
    now, zone = seconds(given["now"]), given["zone"]
    history = History(given["signals"], now, zone)
    if not history.said:
        return None
    today, it = day_in(zone, now), history.decided(now)
    return {
        "birth": days_of(it.birth),
        "ages": {"from": completed(it.birth[1], today), "to": completed(it.birth[0], today)},
        "band": it.band,
        "level": it.level,
        "basis": it.basis,
        "reason": it.reason,
        "effective_at": instant(since(history, it, now)),
        "waiting": waiting(history, it, now),
        "majority": it.majority and it.majority.isoformat(),
        "ahead": ahead(it, today),
    }


def days_of(birth):
    return {"earliest": birth[0].isoformat(), "latest": birth[1].isoformat()}


def since(history, it, now):
    """Since when the decision has said the same, with all that led to it received and nothing else said in between."""
    same = lambda then: (then.known, then.majority) == (it.known, it.majority)
    decided = [(moment, history.decided(moment)) for moment in history.moments() if moment <= now]
    words = [(at, said) for at, said in history.said if at <= next(at for at, said in history.said if said is it)]
    return max(run_start(decided, same), run_start(words, same))


def run_start(moments, same):
    """When the last run of the same begins."""
    run = takewhile(lambda moment: same(moment[1]), reversed(moments))
    return list(run)[-1][0]


def waiting(history, it, now):
    """What comes by itself if nothing else is said."""
    for moment in (moment for moment in history.moments() if moment > now):
        then = history.decided(moment)
        if then.birth != it.birth:
            return {"until": instant(moment), "birth": days_of(then.birth)}
    return None


def ahead(it, today):
    """The band changes ahead, walked to day by day."""
    found, day = [], today
    band = it.band_of(it.birth, day)
    last = max(ages.birthday(it.birth[1], it.birth[1].year + ADULT), it.majority or day)
    while day < last:
        day += timedelta(days=1)
        then = it.band_of(it.birth, day)
        if then != band:
            found.append({"on": day.isoformat(), "from": band, "to": then})
            band = then
    return found


# ---- What the channels say -------------------------------------------------------------------------------------------

APPLE = {
    "guardianDeclared": "standard",
    "guardianCheckedByOtherMethod": "standard",
    "guardianGovernmentIDChecked": "standard",
    "guardianPaymentChecked": "standard",
    "checkedByOtherMethod": "standard",
    "governmentIDChecked": "enhanced",
    "confirmed": "enhanced",
}
GOOGLE = {
    "TIER_B": "standard",
    "SUPERVISED": "standard",
    "SUPERVISED_APPROVAL_PENDING": "standard",
    "SUPERVISED_APPROVAL_DENIED": "standard",
    "TIER_C": "enhanced",
    "VERIFIED": "enhanced",
    "TIER_D": "strict",
}


class NotAges(Exception):
    """Numbers that are no ages."""


def read(given):
    """What a channel says: ages and a level; nothing; or a refusal."""
    try:
        said = CHANNELS[given["channel"]](given["answer"])
    except NotAges:
        return {"refused": True}
    if said is None:
        return {"says": None}
    (low, high), level, source = said
    # An app can be changed: without a check of the app itself, a store's answer is what the teen says.
    # And a guardian whose consent nobody verified may be anybody.
    level = level if given.get("attested", True) and given.get("verified", True) else "asserted"
    return {"says": {"ages": {"from": low, "to": high}, "level": level, "source": source}}


def span(low, high):
    top = OLDEST if high is None else high
    if not 0 <= low <= top <= OLDEST:
        raise NotAges
    return low, high


def kept(word):
    """A store's word as it is kept."""
    if word is None:
        return "none"
    return word if re.fullmatch("[A-Za-z0-9_.-]{1,32}", word) and not re.search("[0-9]{5}", word) else "unreadable"


def apple(answer):
    if answer == "declinedSharing":
        return None
    shared = answer["sharing"]
    low, high, word = shared.get("lowerBound"), shared.get("upperBound"), shared.get("ageRangeDeclaration")
    if low is None and high is None:
        return None
    both = span(low or 0, high)
    card = word == "paymentChecked" and both[0] >= ADULT
    return both, "enhanced" if card else APPLE.get(word, "asserted"), kept(word)


def google(answer):
    if answer.get("ageSignalsStatus") in ("NOT_SHARED", "VERIFICATION_REQUIRED"):
        return None
    low, high = answer.get("ageLower"), answer.get("ageUpper")
    word = answer.get("ageRangeSource", answer.get("userStatus"))
    if low is None and high is None:
        return ((ADULT, None), "enhanced", kept(word)) if word == "VERIFIED" else None
    return span(low or 0, high), GOOGLE.get(word, "asserted"), kept(word)


def provider(answer):
    method = answer["method"]
    if method == "credit_card":
        return (ADULT, None), "enhanced", method
    if method == "eu_av":
        return ((ADULT, None) if answer["age_over_18"] else (0, ADULT - 1)), "strict", method
    both = span(answer["lo"], answer.get("hi"))
    if method == "id_and_face":
        return both, "strict", method
    margin = answer["margin_years"]
    if margin < 0:
        raise NotAges
    low, high = both
    wide = max(0, low - margin), None if high is None else min(OLDEST, high + margin)
    bands = lambda of: (ages.band_of(of[0]), ages.band_of(OLDEST if of[1] is None else of[1]))
    return wide, "enhanced" if bands(wide) == bands(both) else "asserted", method


def guardian(answer):
    return span(answer["from"], answer["to"]), "standard", "guardian"


CHANNELS = {"apple": apple, "google": google, "provider": provider, "guardian": guardian}


# ---- Announcements ---------------------------------------------------------------------------------------------------

STAGES = {"days_30": 30, "days_7": 7, "on_the_day": 0}


def announce(given):
    """The announcement of a band change that is due and was not made: the most urgent one, and none before it."""
    on, today = date.fromisoformat(given["on"]), date.fromisoformat(given["today"])
    due = [stage for stage, days in STAGES.items() if on - timedelta(days=days) <= today]
    if not due or any(list(STAGES).index(made) >= list(STAGES).index(due[-1]) for made in given["made"]):
        return None
    return {"stage": due[-1], "on": (on - timedelta(days=STAGES[due[-1]])).isoformat()}
