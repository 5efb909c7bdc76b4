"""What the platform's servers may do with a teen now: every control that has a say, and the strictest of them."""

from answer import shipped
from cases import case
from clock import instant, seconds
from decisions import REACH
from draw import any_value, dice

# A Wednesday, 20:00 in Berlin.
EVENING = "2025-06-11T18:00:00Z"
ACTIONS = sorted({control["decides"]["action"] for control in shipped() if "decides" in control} - {"any"})


def asked(policy, question, now=EVENING, **home):
    """A question about a teen in Berlin without a guardian."""
    plain = {"zone": "Europe/Berlin", "day_start_minute": 0, "paired": False, "consented": False}
    return {"catalogue": "shipped", "policy": policy, **plain, **home, "question": question, "now": now}


def held(value, source="guardian", **more):
    return {"value": value, "source": source, **more}


def cases():
    yield from by_relationship()
    yield from of_every_control()
    yield from texts()
    yield from not_told()
    yield from one_no_after_another()
    yield from mixtures()


def by_relationship():
    for who in REACH:
        for value in ("everyone", "suggested_friends", "friends", "no_one"):
            name = f"decisions/message-{value}-by-{who}".replace("_", "-")
            why = "Who may: the other side must be among those whom the value names."
            yield case(name, "decide", why, asked({"dm.from": held(value)}, {"action": "message", "relationship": who}))


def of_every_control():
    """Each control alone, at its youngest default, to a question that says what it needs to know."""
    for control in shipped():
        if "decides" not in control or control["decides"]["action"] == "any":
            continue
        question = {"action": control["decides"]["action"], "used_minutes": 30}
        policy = {control["id"]: held(control["defaults"]["under_13"], "default")}
        why = "The youngest band's default, read as an answer to a stranger."
        yield case(f"decisions/control-{control['id']}", "decide", why, asked(policy, question))


def texts():
    """What is a word, and where it ends."""
    entries = ["#diet", "café", "go away now", ":)", "skinny!"]
    policy = {"content.blocked_words": held(entries), "content.maturity": held("adults")}
    for name, words in {
        "one-by-one": ["please", "GO", "away", "now"],
        "a-whole-text": ["A whole text, of a #Diet!"],
        "in-pieces": ["please go", "away, now."],
        "other-white-space": ["go\taway\u00a0now"],
        "marks-around": ["«Café»"],
        "hidden": ["ca\u200bf\u00ade\u0301"],
        "nothing-but-marks": ["hi", ":)"],
        "an-entry-with-a-mark": ["*SKINNY*"],
        "no-hashtag": ["a diet"],
        "another-word": ["skinnys"],
        "another-order": ["away go now"],
        "no-words": [],
        "blank": ["", " "],
        "too-many-in-one": ["a b " * 100, ""],
    }.items():
        question = {"action": "view_content", "relationship": "self", "level": "children", "words": words}
        why = "Words are apart at white space, and the marks around them do not count."
        yield case(f"decisions/text-{name}", "decide", why, asked(policy, question))


def not_told():
    """Lists that are not told what they are about."""
    policy = {"content.blocked_words": held(["diet"]), "content.maturity": held("adults"), "blocked.subjects": held(["Ab3"])}
    empty = {**policy, "content.blocked_words": held([]), "blocked.subjects": held([])}
    for name, lists, more in [
        ("no-actor", policy, {"words": []}),
        ("no-words", policy, {"actor": "mum"}),
        ("neither", policy, {}),
        ("alone", policy, {"relationship": "self", "words": []}),
        ("a-blocked-subject", policy, {"subjects": ["Ab3"], "words": []}),
        ("nothing-on-the-lists", empty, {}),
    ]:
        why = "What was forgotten shows; what there is none of is not forgotten."
        yield case(f"decisions/not-told-{name}", "decide", why, asked(lists, {"action": "view_content", **more}))


def one_no_after_another():
    """A no that goes on for another reason, or for ever."""
    every_day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    night = [{"days": every_day, "from": "19:00", "to": "08:00"}]
    school = [{"days": ["thu"], "from": "08:00", "to": "15:00"}]
    hours = lambda odd: [{"days": every_day, "from": f"{h:02}:00", "to": f"{(h + 1) % 24:02}:00"} for h in range(odd, 24, 2)]
    minutes = {day: 0 if day in ("thu", "fri") else 60 for day in every_day}
    for name, policy, used in [
        ("night-then-school", {"time.sleep_windows": night, "time.school_windows": school}, None),
        ("used-up-then-night", {"time.sleep_windows": night, "time.daily_minutes": 60}, 60),
        ("used-up-then-none", {"time.daily_minutes": minutes}, 60),
        ("not-used-up-then-none", {"time.daily_minutes": minutes}, 59),
        ("not-asked-then-none", {"time.daily_minutes": minutes}, None),
        ("never-a-minute", {"time.daily_minutes": 0}, None),
        ("hour-after-hour", {"time.away_windows": hours(0), "time.school_windows": hours(1)}, None),
    ]:
        question = {"action": "use", "relationship": "self", **({} if used is None else {"used_minutes": used})}
        entries = {control: held(value) for control, value in policy.items()}
        why = "An answer lasts until the outcome is another, whoever makes it so; on days to come nothing is used."
        yield case(f"decisions/lasts-{name}", "decide", why, asked(entries, question))


def mixtures():
    """Several controls with a say, grants and holds that end, any time of the day."""
    chance = dice("decisions")
    by_id = {control["id"]: control for control in shipped()}
    for number in range(1, 61):
        action = chance.choice(["use", "use", "use", "view_content", "personalise", "notify", chance.choice(ACTIONS)])
        now = seconds("2025-03-29T00:00:00Z") + chance.randrange(3 * 24 * 60) * 60
        policy = {}
        for control in by_id.values():
            if control.get("decides", {}).get("action") in (action, "any") and chance.random() < 0.85:
                policy[control["id"]] = some_entry(chance, control, now)
        question = {"action": action, "relationship": chance.choice(list(REACH))}
        if chance.random() < 0.6:
            question["used_minutes"] = chance.choice([0, 30, 59, 60, 61, 90, 1439])
        if chance.random() < 0.5:
            question["level"] = chance.choice(["adults", "older_teens", "younger_teens", "children"])
        if chance.random() < 0.5:
            question |= {"actor": chance.choice(["Ab3", "mum"]), "subjects": ["page-7"] if chance.random() < 0.3 else []}
        if chance.random() < 0.5:
            question["words"] = chance.sample(["Casino", "hello", "DIET", "a", "lotto", "Über"], 3)
        home = {"paired": chance.random() < 0.5, "consented": chance.random() < 0.5}
        home["day_start_minute"] = chance.choice([0, 0, 240])
        why = "The strictest say wins; it lasts until the outcome is another."
        yield case(f"decisions/mixture-{number}", "decide", why, asked(policy, question, instant(now), **home))


def some_entry(chance, control, now):
    entry = held(any_value(chance, control["kind"]), chance.choice(["default", "guardian", "teen", "platform"]))
    if chance.random() < 0.25:
        end = now + chance.choice([-3600, 0, 1800, 7200])
        entry |= {"source": "grant", "until": instant(end), "after": any_value(chance, control["kind"])}
    if chance.random() < 0.1:
        entry["rules"] = ["x.rule"]
    return entry
