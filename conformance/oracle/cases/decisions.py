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
        why = "The strictest say wins; it lasts until the first turn that may change it, or a no until its last."
        yield case(f"decisions/mixture-{number}", "decide", why, asked(policy, question, instant(now), **home))


def some_entry(chance, control, now):
    entry = held(any_value(chance, control["kind"]), chance.choice(["default", "guardian", "teen", "platform"]))
    if chance.random() < 0.25:
        end = now + chance.choice([-3600, 0, 1800, 7200])
        entry |= {"source": "grant", "until": instant(end), "after": any_value(chance, control["kind"])}
    if chance.random() < 0.1:
        entry["rules"] = ["x.rule"]
    return entry
