"""What may be given for a control, and the one form in which it is written."""

from cases import case, fresh
from draw import any_schedule, any_value, any_window, dice
from values import DAYS

HOW = "However it was written, a value has one form."


def cases():
    chance = dice("values")
    for number in range(1, 25):
        given = [any_window(chance, step=chance.choice([1, 15, 60])) for _ in range(chance.randrange(1, 6))]
        why = "Windows that touch or overlap are one; equal times share a line."
        yield case(f"values/windows-{number}", "value", why, {"kind": "windows", "given": given})
    for number in range(1, 7):
        minutes = lambda: chance.choice([60, 60, 90, chance.randrange(1441)])
        week = fresh("value", lambda: {"kind": "minutes", "given": {day: minutes() for day in DAYS}})
        yield case(f"values/week-{number}", "value", HOW, week)
    for number in range(1, 7):
        words = any_value(chance, "words") + [" CASINO ", "Lotto"]
        chance.shuffle(words)
        why = "Words are trimmed, in lower case, sorted and each there once."
        yield case(f"values/words-{number}", "value", why, {"kind": "words", "given": words})
    chance = dice("values/dates")
    for number in range(1, 25):
        why = "Months are written where not all share a window, dates where they count otherwise than their week."
        yield case(f"values/dates-{number}", "value", why, {"kind": "windows", "given": any_schedule(chance)})
