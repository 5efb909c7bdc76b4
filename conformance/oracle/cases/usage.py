"""Reports of use as they reach the server: repeated, late, shuffled, from two devices."""

from cases import case
from draw import dice

WHY = "Of every device, slot and item the greatest figure is known, whatever order the reports came in."


def cases():
    chance = dice("usage")
    for number in range(1, 9):
        reports = [report(chance) for _ in range(chance.randrange(2, 6))]
        again = reports + [chance.choice(reports)]
        chance.shuffle(again)
        for slug, told in (("in-order", reports), ("shuffled", again)):
            yield case(f"usage/merge-{number}-{slug}", "merge_usage", WHY, {"reports": told})


def report(chance):
    slot = lambda: {
        "item": chance.choice(["feed", "cat:games", "app:a"]),
        "slot": 5933333 + chance.randrange(3),
        "seconds": chance.choice([0, 30, 60, 120, 299, 300, chance.randrange(301)]),
    }
    return {"device": chance.choice(["phone", "tablet"]), "slots": [slot() for _ in range(chance.randrange(1, 5))]}
