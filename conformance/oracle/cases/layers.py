"""What holds, and who decided it, for any mixture of what people have set."""

from answer import shipped
from cases import case
from draw import (AGES, DANA, MIA, SAM, SMALL, ago, any_value, dice, layers, setting, situation, small)


def cases():
    yield from of_the_catalogue()
    yield from mixtures()
    yield from alone()


def of_the_catalogue():
    """The defaults of every control, by band."""
    for band in AGES:
        why = "While nobody has set anything, the default of the age band holds."
        yield case(f"layers/defaults-{band.replace('_', '-')}", "effective", why, {"situation": situation("shipped", band)})
    for control in shipped():
        asked = {"situation": situation("shipped", "16_17"), "only": [control["id"]]}
        yield case(f"layers/allowed-{control['id']}", "allowed", "The other half: what could be set, and by whom.", asked)


def mixtures():
    chance = dice("layers")
    for number in range(1, 41):
        band = chance.choice(list(AGES))
        rows = chance.sample(SMALL, 3)
        mixed = mixture(chance, rows)
        given = {"situation": situation(rows, band, mixed)}
        why = "Guardians, else the teen's own choice, else the start; then the teen's wish; then the floor."
        yield case(f"layers/mixture-{number}", "effective", why, given)
        if number % 4 == 0:
            yield case(f"layers/mixture-{number}-allowed", "allowed", "What could be set instead, and by whom.", given)


def mixture(chance, rows):
    """Settings of one or two guardians and the teen, in bounds or out of them, as old rows may be."""
    guardians = {}
    for hours, who in ((30, DANA), (20, SAM)):
        own = {row["id"]: setting(any_value(chance, row["kind"]), who, ago(hours)) for row in rows if chance.random() < 0.6}
        if own:
            guardians[who] = own
    teen = {
        row["id"]: setting(any_value(chance, row["kind"]), MIA, ago(10), "my own idea")
        for row in rows
        if chance.random() < 0.5
    }
    return layers(guardians, teen)


def alone():
    """Each kind with one guardian, with two who differ, with a teen who adds."""
    chance = dice("layers/alone")
    for row in SMALL:
        name = row["id"].removeprefix("demo.")
        first, second, own = (any_value(chance, row["kind"]) for _ in range(3))
        one = {DANA: {row["id"]: setting(first, DANA, ago(5), "we agreed")}}
        two = {**one, SAM: {row["id"]: setting(second, SAM, ago(9))}}
        wish = {row["id"]: setting(own, MIA, ago(1))}
        rows = small(name)
        for slug, why, mixed in (
            ("one-guardian", "A guardian's value replaces the default.", layers(one)),
            ("two-guardians", "Of several guardians the stricter of both holds.", layers(two)),
            ("teen-adds", "The teen can add to what a guardian set.", layers(one, wish)),
        ):
            yield case(f"layers/{name}-{slug}", "effective", why, {"situation": situation(rows, "16_17", mixed)})
