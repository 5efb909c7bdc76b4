"""What stores, guardians and providers say of an age, and what follows from all of it together."""

from datetime import date, timedelta

from cases import case
from clock import instant, seconds
from draw import dice
from signals import LEVELS

NOW = "2026-03-01T12:00:00Z"
ZONES = ["Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland"]
GUARDIANS = ["00000000-0000-7000-8000-000000000101", "00000000-0000-7000-8000-000000000102"]
WHY = "The surest level speaks first, of equals the younger; younger counts at once, older after 72 hours."


def signal(number, hours_ago, channel, level, stated, **more):
    received = instant(seconds(NOW) - hours_ago * 3600)
    named = {"id": f"00000000-0000-7000-8000-0000000002{number:02}", "received_at": received}
    return {**named, "channel": channel, "level": level, "stated": stated, **more}


def born(text):
    return {"born": text}


def aged(low, high):
    return {"ages": {"from": low, "to": high}}


def decide(name, why, signals, zone="Europe/Berlin", now=NOW):
    return case(f"age-signals/{name}", "decide_age", why, {"signals": signals, "zone": zone, "now": now})


def cases():
    yield from readings()
    yield from mixtures()
    yield from corrected_words()


def readings():
    """Every word of the stores, for a minor and for an adult, with and without a check of the app."""
    words = ["selfDeclared", "guardianDeclared", "checkedByOtherMethod", "guardianCheckedByOtherMethod",
             "guardianPaymentChecked", "guardianGovernmentIDChecked", "governmentIDChecked", "paymentChecked", "confirmed",
             "confirmedByTelepathy"]
    for word in words:
        for slug, low, high in (("minor", 16, 17), ("adult", 18, None)):
            answer = {"sharing": {"lowerBound": low, "upperBound": high, "ageRangeDeclaration": word}}
            given = {"channel": "apple", "answer": answer, "attested": True}
            yield case(f"age-signals/apple-{word}-{slug}".lower(), "read_age", "Each word of Apple's has its level.", given)
    for word in ("TIER_A", "TIER_B", "TIER_C", "TIER_D", "TIER_E"):
        answer = {"ageSignalsStatus": "SHARED", "ageLower": 13, "ageUpper": 15, "ageRangeSource": word, "installId": "a-b"}
        for attested in (True, False):
            given = {"channel": "google", "answer": answer, "attested": attested}
            slug = f"google-{word}-{'checked' if attested else 'unchecked'}-app".lower().replace("_", "-")
            yield case(f"age-signals/{slug}", "read_age", "Each tier of Google's has its level, if the app was checked.", given)
    for verified in (True, False):
        given = {"channel": "guardian", "answer": {"from": 13, "to": 15}, "verified": verified}
        why = "A guardian's word is an assertion until the platform has verified their consent."
        yield case(f"age-signals/guardian-{'verified' if verified else 'unverified'}", "read_age", why, given)
    for slug, word in (("an-address", "mia@example.com"), ("a-number", "id_123456"), ("a-long-one", "x" * 33), ("a-name", "v2.0-beta")):
        answer = {"ageSignalsStatus": "SHARED", "ageLower": 13, "ageUpper": 15, "ageRangeSource": word}
        given = {"channel": "google", "answer": answer, "attested": True}
        why = "Only a short name without a long number is kept of a word."
        yield case(f"age-signals/a-word-that-is-{slug}", "read_age", why, given)
    for lo, hi, margin in ((14, 14, 1), (14, 15, 1), (25, None, 7), (25, None, 8), (8, 10, 2), (0, 3, 5), (17, 17, 0)):
        answer = {"method": "facial_estimation", "lo": lo, "hi": hi, "margin_years": margin}
        why = "An estimate is a check only as far as its margin changes no band."
        slug = f"face-{lo}-to-{hi or 'over'}-give-or-take-{margin}"
        yield case(f"age-signals/{slug}", "read_age", why, {"channel": "provider", "answer": answer})


def mixtures():
    chance = dice("age-signals")
    for number in range(1, 41):
        signals = []
        for at in range(1, chance.randrange(2, 5)):
            hours = chance.choice([0, 1, 30, 71, 72, 73, 100, 2000, 20000])
            if chance.random() < 0.35:
                day = date(2026, 3, 1) - timedelta(days=chance.choice([11, 12, 13, 15, 16, 17, 18, 25]) * 365 + chance.randrange(9))
                made = signal(at, hours, "declared", "asserted", born(day.isoformat()))
            else:
                low, high = chance.choice([(0, 12), (13, 15), (16, 17), (18, None), (14, 14), (12, 16), (13, 17), (16, None)])
                channel = chance.choice(["guardian", "guardian", "apple", "google", "provider", "appeal"])
                made = signal(at, hours, channel, chance.choice(LEVELS), aged(low, high))
                if channel == "guardian":
                    made["said_by"] = chance.choice(GUARDIANS)
            if chance.random() < 0.15:
                made["valid_until"] = instant(seconds(NOW) + chance.choice([-3600, 0, 3600]))
            if chance.random() < 0.1:
                made["withdrawn_at"] = instant(seconds(NOW) - 1800)
            signals.append(made)
        yield decide(f"mixture-{number}", WHY, signals, chance.choice(ZONES))


def corrected_words():
    """A speaker says something else later: at every hour at which that could matter, for every kind of speaker."""
    why = "A newer word of the same speaker takes the place of an older one that is not surer; what it said before stays in the past."
    first, second = GUARDIANS
    pairs = {
        "a-guardian": ({"channel": "guardian", "said_by": first}, {"channel": "guardian", "said_by": first}),
        "another-guardian": ({"channel": "guardian", "said_by": first}, {"channel": "guardian", "said_by": second}),
        "a-store": ({"channel": "apple"}, {"channel": "apple"}),
        "another-store": ({"channel": "apple"}, {"channel": "google"}),
        "a-provider": ({"channel": "provider"}, {"channel": "provider"}),
        "an-answer": ({"channel": "appeal"}, {"channel": "appeal"}),
    }
    for slug, (older, newer) in pairs.items():
        for hours in (0, 71, 72, 400):
            for name, levels in (("as-sure", ("standard", "standard")), ("less-sure", ("standard", "asserted"))):
                signals = [
                    signal(1, hours + 1000, older["channel"], levels[0], aged(5, 9), **without_channel(older)),
                    signal(2, hours, newer["channel"], levels[1], aged(14, 15), **without_channel(newer)),
                ]
                yield decide(f"{slug}-says-{name}-{hours}-hours-ago", why, signals)
    ending = signal(2, 400, "apple", "standard", aged(14, 15), valid_until=NOW)
    yield decide("a-newer-word-ended", "Then the older one counts again.", [signal(1, 900, "apple", "standard", aged(5, 9)), ending])


def without_channel(speaker):
    return {name: value for name, value in speaker.items() if name != "channel"}
