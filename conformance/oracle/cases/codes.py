"""Pairing codes as people type them, and the check digits of tokens."""

import string

from cases import case
from codes import CROCKFORD, KINDS, minted
from draw import dice


def cases():
    chance = dice("codes")
    draw = lambda length: "".join(chance.choice(CROCKFORD) for _ in range(length))
    sloppy = lambda c: chance.choice({"0": "0oO", "1": "1iIlL"}.get(c, c + c.lower()))
    for number in range(1, 9):
        typed = "".join(sloppy(c) for c in draw(12))
        blanks = chance.choice(["-", " ", "", " - "])
        text = blanks.join([typed[:4], typed[4:8], typed[8:]])
        why = "Any case, O for 0, I and L for 1; dashes and blanks do not count."
        yield case(f"codes/typed-{number}", "read_code", why, {"text": text})
    for number in range(1, 5):
        yield case(f"codes/linked-{number}", "read_code", "A link carries its secret after the #.",
                   {"text": f"https://pair.example/p#{draw(30)}"})
    for letter, name in KINDS.items():
        text = minted(letter, bytes(chance.randrange(256) for _ in range(32)))
        yield case(f"codes/token-{name}", "read_token", "A sound token says what it opens.", {"text": text})
        at = chance.randrange(4, len(text))
        other = chance.choice([c for c in string.ascii_letters + string.digits if c != text[at]])
        bent = text[:at] + other + text[at + 1 :]
        yield case(f"codes/token-{name}-mistyped", "read_token", "One wrong character is refused.", {"text": bent})
        swapped = "r" if letter != "r" else "s"
        yield case(f"codes/token-{name}-renamed", "read_token", "The kind is part of the check.",
                   {"text": f"fp{swapped}{text[3:]}"})
