"""What nobody can loosen below, and changes that are refused with the bound in the answer."""

from cases import case, fresh
from draw import AGES, DANA, MIA, SMALL, ago, any_value, dice, layers, setting, situation, small
from values import DAYS


def cases():
    yield from below()
    yield from refusals()
    yield from wishes()


def below():
    """Whatever old rows say, the floor of the band holds."""
    chance = dice("floors")
    floored = [row for row in SMALL if "floors" in row and row.get("set_by") != "law"]

    def draw():
        row, band = chance.choice(floored), chance.choice(["under_13", "13_15", "16_17"])
        value = row["defaults"]["adult"] if chance.random() < 0.7 else any_value(chance, row["kind"])
        return {"situation": situation([row], band, layers({DANA: {row["id"]: setting(value, DANA, ago(50))}}))}

    for number in range(1, 13):
        why = "A stored value below the floor counts as the floor."
        yield case(f"floors/holds-{number}", "effective", why, fresh("effective", draw))


def refusals():
    chance = dice("floors/refusals")

    def draw():
        band = chance.choice(list(AGES))
        row = chance.choice([row for row in SMALL if "floors" in row or chance.random() < 0.3])
        settings = {row["id"]: any_value(chance, row["kind"])}
        return {"situation": situation([row], band), "guardian": DANA, "settings": settings, "reason": "because we talked"}

    for number in range(1, 21):
        asked = fresh("set_by_guardian", draw)
        why = "A guardian sets what they like within the floor; below it, the answer names the bound."
        yield case(f"floors/guardian-{number}", "set_by_guardian", why, asked)


def wishes():
    """The teen: a wish must add something, or be a choice that is theirs."""
    chance = dice("floors/wishes")
    for number in range(1, 21):
        row, band = chance.choice(SMALL), chance.choice(["13_15", "16_17"])
        guardians = {}
        if chance.random() < 0.5:
            guardians = {DANA: {row["id"]: setting(any_value(chance, row["kind"]), DANA, ago(3))}}
        asked = {
            "situation": situation([row], band, layers(guardians)),
            "teen": MIA,
            "settings": {row["id"]: any_value(chance, row["kind"])},
        }
        why = "The teen adds limits, and chooses where it is theirs while no guardian has set a value."
        yield case(f"floors/teen-{number}", "set_by_teen", why, asked)
    kept = {"kept": {"demo.minutes": {"value": 60, "from_band": "13_15", "since": ago(90)}}}
    old, new = layers({}, **kept), layers({DANA: {"demo.minutes": setting(90, DANA, ago(2))}})
    told = {"catalogue": small("minutes"), "before": old, "after": new, "guardian": DANA}
    yield case("floors/undo-kept", "undo", "To undo gives back what a birthday kept and the change let go.", told)
    weekend = {**dict.fromkeys(DAYS[:5], 60), "sat": 90, "sun": 30}
    asked = {"situation": situation(small("minutes")), "teen": MIA, "settings": {"demo.minutes": weekend}}
    why = "A wish that is looser on Saturday and tighter on Sunday adds Sunday; Saturday stays as it was."
    yield case("floors/teen-mixed-week", "set_by_teen", why, asked)
