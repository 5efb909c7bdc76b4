"""Pairing codes and tokens, as people type them and programs carry them."""

import zlib

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KINDS = {"s": "session", "r": "refresh", "d": "device", "t": "ticket", "p": "platform", "o": "operator"}


def code(text):
    """The locator and the whole secret of a code: typed (4 and 8 characters) or from a link (4 and 26).

    Any case, `O` for 0, `I` and `L` for 1; dashes, blanks and tabs do not count; of a link only what follows the last `#`.
    """
    fragment = text.rsplit("#", 1)[-1]
    if len(fragment.encode()) > 64:
        return None
    plain = ""
    for c in fragment:
        if c in "- \t":
            continue
        upper = c.upper() if c.isascii() else c
        folded = {"O": "0", "I": "1", "L": "1"}.get(upper, upper)
        if folded not in CROCKFORD:
            return None
        plain += folded
    entry = {12: "typed", 30: "linked"}.get(len(plain))
    return entry and {"locator": plain[:4], "secret": plain, "entry": entry}


def token(text):
    """What a token opens; None for anything else. Six digits of CRC-32 tell a token from a typing error."""
    kind = KINDS.get(text[2:3])
    body, _, given = text[4:].partition("_")
    sound = text.startswith("fp") and text[3:4] == "_" and len(body) == 43 and all(c in BASE62 for c in body)
    return kind if kind and sound and given == check(text[:4], body) else None


def check(prefix, body):
    return base62(zlib.crc32((prefix + body).encode()), 6)


def base62(number, width):
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return digits


def minted(letter, raw):
    """The token of a kind made from 32 bytes."""
    body = base62(int.from_bytes(raw, "big"), 43)
    return f"fp{letter}_{body}_{check(f'fp{letter}_', body)}"
