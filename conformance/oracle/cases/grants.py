"""Grants loosen and holds tighten for a time; then everything is as it would have been without."""

from cases import case
from draw import (AGES, DANA, MIA, SAM, ago, ahead, any_value, dice, layers, setting, situation, small, timed)

SET = {DANA: {"demo.minutes": setting(60, DANA, ago(40))}}


def cases():
    yield from moments()
    yield from mixtures()
    yield from refusals()
    yield from of_two()
    yield from wishes()


def effective(name, why, given):
    return case(f"grants/{name}", "effective", why, {"situation": given})


def moments():
    """One grant from three to five o'clock, and what holds before, in and after it."""
    grant = timed(1, "demo.minutes", 120, "2026-03-01T15:00:00Z", "2026-03-01T17:00:00Z", reason="a film")
    hold = timed(2, "demo.minutes", 10, "2026-03-01T16:00:00Z", "2026-03-01T18:00:00Z")
    for slug, more in (("grant", {"grants": [grant]}), ("hold", {"holds": [hold]}),
                       ("grant-and-hold", {"grants": [grant], "holds": [hold]})):
        for hour in ("14:59:59", "15:00:00", "16:00:00", "16:59:59", "17:00:00", "18:00:00"):
            given = situation(small("minutes"), "13_15", layers(SET, **more), now=f"2026-03-01T{hour}Z")
            why = "A grant or hold counts from its first instant until, and not at, its last; until and after say what follows."
            yield effective(f"{slug}-at-{hour.replace(':', '')}", why, given)


def mixtures():
    chance = dice("grants")
    names = ["minutes", "contact", "live", "words", "quiet", "pause", "private", "topics"]
    for number in range(1, 31):
        row = small(chance.choice(names))[0]
        value = lambda: any_value(chance, row["kind"])
        guardians = {DANA: {row["id"]: setting(value(), DANA, ago(50))}} if chance.random() < 0.7 else {}
        teen = {row["id"]: setting(value(), MIA, ago(5))} if chance.random() < 0.5 else {}
        hours = [-6, -3, -1, 1, 2, 4, 8]
        lasting = []
        for at in range(1, chance.randrange(2, 5)):
            begin, end = sorted(chance.sample(hours, 2))
            lasting.append(timed(at, row["id"], value(), ahead(begin), ahead(end), by=chance.choice([DANA, SAM])))
        cut = chance.randrange(len(lasting) + 1)
        more = {"grants": lasting[:cut], "holds": lasting[cut:]}
        mixed = layers(guardians, teen, **{name: it for name, it in more.items() if it})
        given = situation([row], chance.choice(list(AGES)[:3]), mixed)
        why = "Live grants loosen, live holds tighten, the floor stays; after says the strictest of what follows."
        yield effective(f"mixture-{number}", why, given)


def refusals():
    rows = small("minutes", "contact", "badge")
    plain = situation(rows, "13_15", layers(SET))
    give = lambda name, why, lasting, where=plain: case(f"grants/{name}", "grant", why, {"situation": where, "timed": lasting})
    put = lambda name, why, lasting, where=plain: case(f"grants/{name}", "hold", why, {"situation": where, "timed": lasting})
    now = ago(0)
    yield give("given", "A guardian loosens something for two hours.", timed(1, "demo.minutes", 120, now, ahead(2)))
    yield give("given-for-later", "A grant may begin later.", timed(1, "demo.minutes", 120, ahead(3), ahead(5)))
    yield give("of-nothing", "A grant that loosens nothing is refused.", timed(1, "demo.minutes", 45, now, ahead(2)))
    yield give("over", "A grant that is over is refused.", timed(1, "demo.minutes", 120, ago(3), ago(1)))
    yield give("over-now", "A grant that ends this instant is over.", timed(1, "demo.minutes", 120, ago(3), now))
    yield give("backwards", "A grant that ends before it begins is none.", timed(1, "demo.minutes", 120, ahead(5), ahead(2)))
    yield give("31-days", "A grant lasts 31 days at most.", timed(1, "demo.minutes", 120, now, ahead(31 * 24)))
    yield give("too-long", "Longer is a setting.", timed(1, "demo.minutes", 120, now, ahead(31 * 24 + 1)))
    yield give("below-the-floor", "A grant can never pass a bound.", timed(1, "demo.contact", "everyone", now, ahead(1)))
    yield give("of-the-law", "What platform and law decide is nobody's to grant.", timed(1, "demo.badge", False, now, ahead(1)))
    yield give("of-nothing-known", "There must be such a control.", timed(1, "demo.unknown", True, now, ahead(1)))
    yield put("put", "Somebody tightens something for a time.", timed(1, "demo.minutes", 0, now, ahead(2)))
    yield put("put-for-nothing", "A hold that tightens nothing is refused.", timed(1, "demo.minutes", 60, now, ahead(2)))
    old = [timed(at, "demo.minutes", 70, ago(9), ago(8)) for at in range(1, 4)]
    past = situation(rows, "13_15", layers(SET, grants=old))
    why = "Giving one clears away what is over."
    yield give("clears-the-past", why, timed(9, "demo.minutes", 120, now, ahead(2)), past)
    wide = small("minutes", "contact", "live", "pause", "words", "subjects")
    taken = [row for row in wide if row["id"] != "demo.minutes"]
    many = [timed(number * 10 + at, row["id"], row["defaults"]["adult"], now, ahead(8))
            for number, row in enumerate(taken) for at in range(10)]
    full = situation(wide, "13_15", layers(SET, grants=many))
    yield give("too-many", "There may be 50 grants ahead or alive.", timed(99, "demo.minutes", 90, now, ahead(2)), full)
    of_one = lambda count: [timed(at, "demo.minutes", 70 + at, now, ahead(8)) for at in range(1, count + 1)]
    nine, ten = (situation(rows, "13_15", layers(SET, grants=of_one(5), holds=of_one(count))) for count in (4, 5))
    why = "Of one control there may be ten grants and holds together."
    yield put("ten-of-one", why, timed(99, "demo.minutes", 20, now, ahead(2)), nine)
    yield put("eleven-of-one", why, timed(99, "demo.minutes", 20, now, ahead(2)), ten)
    first = timed(1, "demo.minutes", 120, ago(1), ahead(2))
    longer = situation(rows, "13_15", layers(SET, grants=[first]))
    why = "A grant that begins under another one and lasts longer changes what holds after the other's end."
    yield give("longer-than-another", why, timed(2, "demo.minutes", 120, now, ahead(6)), longer)
    yield give("within-another", "A grant that another one covers changes nothing.", timed(2, "demo.minutes", 120, now, ahead(1)), longer)
    strict = timed(1, "demo.minutes", 10, ago(1), ahead(2))
    held = situation(rows, "13_15", layers(SET, holds=[strict]))
    why = "A hold that outlasts a stricter one changes what holds after its end."
    yield put("outlasts-a-stricter-one", why, timed(2, "demo.minutes", 30, now, ahead(6)), held)


def of_two():
    """A grant of one guardian and what the other has set."""
    two = {**SET, SAM: {"demo.minutes": setting(90, SAM, ago(30))}}
    for slug, who in (("one", DANA), ("other", SAM)):
        given = [timed(1, "demo.minutes", 120, ago(1), ahead(1), by=who)]
        why = "A grant goes no further than what another guardian has set."
        yield effective(f"of-{slug}-of-two", why, situation(small("minutes"), "13_15", layers(two, grants=given)))
    closed = {"demo.contact": setting("no_one", MIA, ago(4))}
    given = [timed(1, "demo.contact", "friends", ago(1), ahead(1))]
    why = "Who may reach the teen is private: what they closed, no grant opens."
    yield effective("never-opens-contact", why, situation(small("contact"), "13_15", layers({}, closed, grants=given)))
    asked = {"situation": situation(small("contact"), "13_15", layers({}, closed))}
    yield case("grants/closed-by-the-teen-allowed", "allowed", "What the teen closed, only the teen can open.", asked)


def wishes():
    """What the teen wants for good, while something holds for a time."""
    stop = {"holds": [timed(1, "demo.minutes", 0, ago(1), ahead(1))]}
    more = {"grants": [timed(2, "demo.minutes", 120, ago(1), ahead(1))]}
    later = {"grants": [timed(3, "demo.contact", "friends", ahead(1), ahead(2))]}
    shut = {DANA: {"demo.contact": setting("no_one", DANA, ago(9))}}
    for slug, why, set_by, wish in (
        ("under-a-hold", "A wish is for good: a hold that is stricter for a while does not stand against it.",
         layers(SET, **stop), {"demo.minutes": 45}),
        ("under-a-grant", "A wish that adds something is taken under a grant, and counts after it.",
         layers(SET, **more), {"demo.minutes": 45}),
        ("that-a-grant-defeats", "Where only a grant is looser than the wish, it can be given back.",
         layers(SET, **more), {"demo.minutes": 90}),
        ("under-both", "A grant is in the way of a wish also while a hold is stricter than both.",
         layers(SET, **stop, **more), {"demo.minutes": 90}),
        ("that-a-later-grant-defeats", "A grant that begins later can be given back before.",
         layers(SET, grants=[timed(4, "demo.minutes", 120, ahead(3), ahead(4))]), {"demo.minutes": 90}),
        ("before-a-grant", "What is private may be closed before a grant opens it.",
         layers(shut, **later), {"demo.contact": "no_one"}),
    ):
        rows = small("minutes") if "demo.minutes" in wish else small("contact")
        asked = {"situation": situation(rows, "16_17" if "demo.contact" in wish else "13_15", set_by), "teen": MIA, "settings": wish}
        yield case(f"grants/wish-{slug}", "set_by_teen", why, asked)
