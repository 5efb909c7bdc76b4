"""Law as data: places, ages, dates, months, accounts; defaults, bounds and rights; who may loosen."""

from itertools import product

from cases import case
from draw import (DANA, MIA, SAM, ago, ahead, any_value, control, dice, every_day, layers, setting, situation, small, timed,
                  OFF_IS_STRICT)

FEED = control("feed", "feed", OFF_IS_STRICT, [True, True, True, True], teen_loosens=["16_17"])
SEEN = control("seen", "guardians", OFF_IS_STRICT, [False, False, False, False], privacy=True)
EFFECTS = ["default", "bound", "right"]
LOOSENERS = ["guardian", "guardian_verified", "teen", "teen_and_guardian"]


def rule(name, about, effect, value, may_loosen=(), **more):
    """A rule that counts for every minor in the United States since 2025, unless it says otherwise."""
    row = {
        "id": f"x.{name}",
        "jurisdiction": "US",
        "control": about,
        "ages": {"from": 0, "to": 18},
        "effect": effect,
        "value": value,
        "in_force": {"from": "2025-01-01"},
        "status": "in_force",
        "enforce": True,
        **more,
    }
    return {**row, "may_loosen": list(may_loosen)} if effect == "default" else row


def american(catalogue, rules, band="13_15", set_by=None, **more):
    return situation(catalogue, band, set_by, rules=rules, **{"region": "US-CA", **more})


def cases():
    yield from places()
    yield from ages_and_days()
    yield from who_may_loosen()
    yield from together()
    yield from mixtures()
    yield from rights()


def effective(name, why, given):
    return case(f"law/{name}", "effective", why, {"situation": given})


def places():
    firm = lambda where: [rule("minutes", "demo.minutes", "bound", 30, jurisdiction=where)]
    for region, where in product(["US-CA", "US", "FR", "NO", "GB", "BR"], ["*", "US", "US-CA", "EU", "EEA", "FR"]):
        if (region, where) in {("US", "US-CA"), ("US-CA", "US-CA"), ("US-CA", "US"), ("FR", "EU"), ("FR", "EEA"), ("NO", "EEA"),
                               ("NO", "EU"), ("GB", "EEA"), ("BR", "*"), ("FR", "FR"), ("GB", "FR"), ("BR", "US")}:
            why = f"Whether a rule of {where} reaches {region}."
            given = american(small("minutes"), firm(where), region=region)
            yield effective(f"place-{where.replace('*', 'world').lower()}-in-{region.lower()}", why, given)


def ages_and_days():
    firm = lambda **more: [rule("minutes", "demo.minutes", "bound", 30, **more)]
    rows = small("minutes")
    for age in (12, 13, 15, 16):
        why = "Ages are completed years, the second one excluded."
        given = american(rows, firm(ages={"from": 13, "to": 16}), band=age)
        yield effective(f"age-{age}-of-13-to-16", why, given)
    for low, high in ((11, 13), (15, 19), (16, 20), (8, 12)):
        why = "Where the age is not known exactly, a rule for any of the possible ages counts."
        given = american(rows, firm(ages={"from": 13, "to": 16}), ages={"from": low, "to": high})
        yield effective(f"ages-{low}-to-{high}", why, given)
    for day in ("2026-01-31", "2026-02-01", "2026-05-31", "2026-06-01"):
        why = "A rule counts from its first day until the day on which it does not any more."
        force = {"from": "2026-02-01", "until": "2026-06-01"}
        yield effective(f"day-{day}", why, american(rows, firm(in_force=force), today=day))
    for day in ("2026-05-31", "2026-06-01", "2026-08-31", "2026-09-01"):
        why = "A rule with months counts in those alone."
        given = american(rows, firm(months=[9, 10, 11, 12, 1, 2, 3, 4, 5]), today=day)
        yield effective(f"months-on-{day}", why, given)
    for joined in ("2025-12-31", "2026-01-01"):
        why = "A rule for new accounts counts for those made on its day and after."
        yield effective(f"joined-{joined}", why, american(rows, firm(accounts_from="2026-01-01"), joined=joined))
    off = firm(enforce=False)
    yield effective("not-enforced", "What the operator does not enforce does not count.", american(rows, off))


def who_may_loosen():
    """A default that somebody may let go: set by a guardian, a verified one, the teen, or both together."""
    verified = {"verified": [DANA]}
    for power in LOOSENERS:
        rules = [rule("feed", "demo.feed", "default", False, [power])]
        slug = power.replace("_", "-")
        opened = {DANA: {"demo.feed": setting(True, DANA, ago(4))}}
        wish = {"demo.feed": setting(True, MIA, ago(3))}
        for who, layer in (
            ("nobody", layers()),
            ("guardian", layers(opened)),
            ("verified", layers(opened, **verified)),
            ("teen", layers({}, wish)),
            ("both", layers(opened, wish)),
        ):
            why = f"A default that {power} may let go, when {who} has said yes."
            yield effective(f"default-for-{slug}-set-by-{who}", why, american([FEED], rules, "16_17", layer))
        given = american([FEED], rules, "16_17", layers(**verified))
        asked = {"situation": given, "guardian": DANA, "settings": {"demo.feed": True}}
        yield case(f"law/patch-for-{slug}-by-verified", "set_by_guardian", "A verified guardian's powers.", asked)
        asked = {"situation": american([FEED], rules, "16_17"), "guardian": DANA, "settings": {"demo.feed": True}}
        yield case(f"law/patch-for-{slug}-by-guardian", "set_by_guardian", "An ordinary guardian's powers.", asked)
        asked = {"situation": american([FEED], rules, "16_17"), "teen": MIA, "settings": {"demo.feed": True}}
        yield case(f"law/patch-for-{slug}-by-teen", "set_by_teen", "The teen's own powers.", asked)
        if power == "teen_and_guardian":
            given = american([FEED], rules, "16_17", layers(opened))
            asked = {"situation": given, "teen": MIA, "settings": {"demo.feed": True}}
            why = "A guardian has said yes and waits for the teen's: this is the yes to it."
            yield case(f"law/patch-for-{slug}-by-teen-after-guardian", "set_by_teen", why, asked)
        grant = {"situation": american([FEED], rules, "16_17"), "timed": timed(1, "demo.feed", True, ago(0), ahead(2))}
        yield case(f"law/grant-for-{slug}-by-guardian", "grant", "A grant asks for the same powers.", grant)


def together():
    """A default that only guardian and teen together may let go: each may say yes first, and it goes as far as both."""
    row, word = small("minutes"), small("words")
    rules = [rule("minutes", "demo.minutes", "default", 60, ["teen_and_guardian"])]
    list_rules = [rule("words", "demo.words", "default", ["dare", "vape"], ["teen_and_guardian"])]
    sets = lambda value, name="demo.minutes": {DANA: {name: setting(value, DANA, ago(9))}}
    owns = lambda value, name="demo.minutes": {name: setting(value, MIA, ago(5))}
    for slug, why, theirs, own in (
        ("as-far-as-both", "The yes of both goes as far as both.", sets(120), owns(90)),
        ("guardian-less-far", "The yes of both goes as far as both.", sets(75), owns(90)),
        ("own-limit-is-no-yes", "What the teen set to be stricter is no yes to something looser.", sets(120), owns(45)),
        ("the-same-is-no-yes", "To set what the law says is no yes to more.", sets(120), owns(60)),
        ("guardian-waits", "Until the teen has said yes, the law's default holds.", sets(120), {}),
        ("teen-waits", "Until a guardian has said yes, the law's default holds.", {}, owns(90)),
    ):
        given = american(row, rules, "16_17", layers(theirs, own))
        yield effective(f"together-{slug}", why, given)
        yield case(f"law/together-{slug}-allowed", "allowed", "Who could loosen it now.", {"situation": given})
    for slug, why, own in (
        ("an-unrelated-word", "A word of the teen's own is no yes to taking the law's words away.", ["casino"]),
        ("a-word-besides", "A list that adds a word is no yes to taking others away.", ["casino", "vape"]),
        ("a-shorter-list", "A part of the law's list is a yes to the rest being taken away.", ["vape"]),
        ("an-empty-list", "No words at all is a yes to all being taken away.", []),
    ):
        set_by = layers(sets([], "demo.words"), owns(own, "demo.words"))
        yield effective(f"together-{slug}", why, american(word, list_rules, "16_17", set_by))
    for first, mixed in (("first", layers()), ("second", layers(sets(120)))):
        asked = {"situation": american(row, rules, "13_15", mixed), "teen": MIA, "settings": {"demo.minutes": 90}}
        yield case(f"law/together-teen-says-yes-{first}", "set_by_teen", "Either may say yes first.", asked)
    firm = [*rules, rule("bound", "demo.minutes", "bound", 75)]
    asked = {"situation": american(row, firm), "teen": MIA, "settings": {"demo.minutes": 90}}
    yield case("law/together-within-a-bound", "set_by_teen", "A yes passes no bound.", asked)
    other = {SAM: {"demo.minutes": setting(120, SAM, ago(9))}}
    verified = [rule("minutes", "demo.minutes", "default", 60, ["guardian_verified"])]
    asked = {"situation": american(row, verified, "13_15", layers(other, verified=[SAM])), "guardian": DANA}
    why = "To tighten what another may loosen needs no power of one's own."
    yield case("law/tightening-another-guardian", "set_by_guardian", why, {**asked, "settings": {"demo.minutes": 90}})
    yield case("law/no-looser-than-another-guardian", "set_by_guardian", "To loosen does.", {**asked, "settings": {"demo.minutes": 150}})
    given = american(row, rules, "16_17", layers({}, owns(120)))
    lent = timed(1, "demo.minutes", 90, ago(0), ahead(2))
    why = "A grant is a guardian's alone, whatever the teen has set."
    yield case("law/together-no-grant", "grant", why, {"situation": given, "timed": lent})


def mixtures():
    """Several rules at once, on ordered kinds: the strictest counts, and the rules that say so are named."""
    chance = dice("law/mixtures")
    pools = [small("minutes"), small("contact"), small("pause"), [FEED]]
    for number in range(1, 21):
        rows = chance.choice(pools)
        about, kind = rows[0]["id"], rows[0]["kind"]
        value = lambda: chance.choice([30, 60, 90, 120]) if kind == "minutes" else any_value(chance, kind)
        rules = []
        for name in "abc"[: chance.randrange(1, 4)]:
            effect = chance.choice(["default", "default", "bound"])
            rules.append(rule(name, about, effect, value(), chance.sample(LOOSENERS, chance.choice([1, 1, 2]))))
        set_by = {DANA: {about: setting(value(), DANA, ago(9))}} if chance.random() < 0.6 else {}
        own = {about: setting(value(), MIA, ago(2))} if chance.random() < 0.4 else {}
        mixed = layers(set_by, own, **({"verified": [DANA]} if chance.random() < 0.4 else {}))
        band = chance.choice(["13_15", "16_17"])
        why = "Defaults start it, bounds end it; of several rules the strictest counts and is named."
        yield effective(f"mixture-{number}", why, american(rows, rules, band, mixed))
        asked = {"situation": american(rows, rules, band, mixed)}
        yield case(f"law/mixture-{number}-allowed", "allowed", "What these laws leave to whom.", asked)


def rights():
    """What a guardian opened stays open as far as a law gives them a right to it; it opens nothing by itself."""
    rules = [rule("right", "demo.seen", "right", True)]
    asked = {DANA: {"demo.seen": setting(True, DANA, ago(6))}}
    closed = {"demo.seen": setting(False, MIA, ago(2))}
    yield effective("right-unused", "A right opens nothing by itself.", american([SEEN], rules))
    yield effective("right-used", "A guardian opens it.", american([SEEN], rules, set_by=layers(asked)))
    why = "What the law gives guardians a right to, the teen cannot close."
    yield effective("right-against-the-teen", why, american([SEEN], rules, set_by=layers(asked, closed)))
    why = "Without the law the teen closes it."
    yield effective("no-right-against-the-teen", why, american([SEEN], [], set_by=layers(asked, closed)))
    firm = [*rules, rule("bound", "demo.seen", "bound", False)]
    why = "Where one law demands what another forbids, the stricter one counts."
    yield effective("right-against-a-bound", why, american([SEEN], firm, set_by=layers(asked)))
    hours = control("hours", "time", "windows", [[], [], [], []])
    night = [rule("night", "demo.hours", "right", every_day("22:00", "06:00"))]
    long = {DANA: {"demo.hours": setting(every_day("23:00", "05:00"), DANA, ago(6))}}
    own = {"demo.hours": setting(every_day("20:00", "08:00"), MIA, ago(2))}
    why = "A right is measured minute by minute: open stays what the guardian and the law both leave open."
    yield effective("right-of-hours", why, american([hours], night, set_by=layers(long, own)))
    two = {**asked, SAM: {"demo.seen": setting(False, SAM, ago(5))}}
    why = "Of two guardians the stricter counts, also for what a right keeps open."
    yield effective("right-of-two-guardians", why, american([SEEN], rules, set_by=layers(two, closed)))
