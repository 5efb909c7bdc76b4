"""Values of controls, as the sets of what they forbid.

Every value forbids some things: a choice forbids the steps below it, 60 minutes forbid every minute from the 61st on, a
window forbids its minutes of the week. So stricter is "more forbidden", the meet of two values is the union of both sets
and the join what both have in common. Slow and plain on purpose: this is what the program is judged by.
"""

import unicodedata

import windows
from windows import DAY, DAYS, WEEK, Refused

OF_DAY = {day: range(start, start + DAY) for day, start in zip(DAYS, range(0, WEEK, DAY))}
MOST_WORDS = 200
MOST_ITEMS = 100
EVERYTHING = "*"
# What Unicode calls White_Space: what is taken off both ends of a word.
BLANK = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
INVISIBLE = [(0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFD), (0xE0000, 0xE007F)]


class AllBut(frozenset):
    """Forbids everything but these. The set that it is made of is what it lets off."""

    def __or__(self, other):
        return AllBut(frozenset(self) & frozenset(other)) if isinstance(other, AllBut) else self

    def __ror__(self, other):
        return self | other

    def __and__(self, other):
        return AllBut(frozenset(self).union(other)) if isinstance(other, AllBut) else other

    def __rand__(self, other):
        return self & other

    def __eq__(self, other):
        return isinstance(other, AllBut) and frozenset.__eq__(self, other)

    def __ne__(self, other):
        return not self == other

    def __sub__(self, other):
        return frozenset(other) - frozenset(self) if isinstance(other, AllBut) else AllBut(frozenset(self).union(other))

    def __rsub__(self, other):
        return frozenset(item for item in other if item in self)

    def __le__(self, other):
        return isinstance(other, AllBut) and frozenset.__le__(frozenset(other), frozenset(self))

    def __lt__(self, other):
        return self <= other and not self == other

    def __ge__(self, other):
        return not other or isinstance(other, AllBut) and other <= self

    def __gt__(self, other):
        return self >= other and not self == other

    def __bool__(self):
        return True

    __hash__ = frozenset.__hash__


def kind_name(kind):
    """`choice`, `flag`, `minutes`, `number`, `words`, `ids`, `windows`, `item_minutes` or `exceptions`."""
    return kind if isinstance(kind, str) else next(iter(kind))


def forbidden(kind, value):
    """Everything that a value of this kind forbids."""
    match kind_name(kind):
        case "choice":
            return frozenset(range(kind["choice"]["values"].index(value)))
        case "flag":
            return frozenset({"it"} if value == kind["flag"]["strict"] else ())
        case "minutes":
            week = value if isinstance(value, dict) else dict.fromkeys(DAYS, value)
            return frozenset().union(*(on[week[day] :] for day, on in OF_DAY.items()))
        case "number":
            return frozenset(range(value, kind["number"]["most"]))
        case "words" | "ids":
            return frozenset(value)
        case "windows":
            return windows.forbidden(value)
        case "item_minutes":
            of = lambda entry: ((entry["item"], minute) for minute in forbidden("minutes", entry["minutes"]))
            return frozenset(atom for entry in value for atom in of(entry))
        case "exceptions":
            return frozenset() if EVERYTHING in value else AllBut(value)


def allowing(kind, limits):
    """The value that forbids exactly this, in the one form in which it is written."""
    match kind_name(kind):
        case "choice":
            return kind["choice"]["values"][len(limits)]
        case "flag":
            return kind["flag"]["strict"] if limits else not kind["flag"]["strict"]
        case "minutes":
            week = {day: DAY - len(limits.intersection(on)) for day, on in OF_DAY.items()}
            return week["mon"] if len(set(week.values())) == 1 else week
        case "number":
            return kind["number"]["most"] - len(limits)
        case "words" | "ids":
            return sorted(limits)
        case "windows":
            return windows.written(limits)
        case "item_minutes":
            items = sorted({item for item, _ in limits})
            of = lambda item: frozenset(minute for name, minute in limits if name == item)
            return [{"item": item, "minutes": allowing("minutes", of(item))} for item in items]
        case "exceptions":
            return sorted(limits) if isinstance(limits, AllBut) else [EVERYTHING]


def canonical(kind, value):
    """A sound value, taken apart into what it forbids and put together again."""
    with windows.laid_out_for(value):
        return allowing(kind, forbidden(kind, value))


def meet(kind, a, b):
    """Forbids what either forbids."""
    return allowing(kind, forbidden(kind, a) | forbidden(kind, b))


def join(kind, a, b):
    """Forbids what they agree to forbid."""
    return allowing(kind, forbidden(kind, a) & forbidden(kind, b))


def direction(kind, a, b):
    """Compares what was forbidden with what will be: more, less, or some of each."""
    before, after = forbidden(kind, a), forbidden(kind, b)
    if before == after:
        return "same"
    if before < after:
        return "tighter"
    return "looser" if after < before else "mixed"


def as_strict(kind, a, bound):
    """Whether `a` forbids everything that `bound` forbids."""
    return forbidden(kind, bound) <= forbidden(kind, a)


# ---- What may be given -----------------------------------------------------------------------------------------------


def parse(kind, given):
    """A value that somebody sent, checked, in its one form; raises [Refused]."""
    if isinstance(given, list):
        if len(given) > MOST_WORDS and all(isinstance(word, str) for word in given):
            raise Refused("too_many_words")
        if all(windows.is_entry(entry) for entry in given):
            windows.within_limits(given)
        if len(given) > MOST_ITEMS and all(isinstance(entry, dict) and "item" in entry for entry in given):
            raise Refused("too_many_items")
    value = canonical(kind, shaped(kind, given))
    if kind_name(kind) == "windows":
        windows.within_limits(value)
    return value


def shaped(kind, given):
    """What was given, if it is of the kind's own form."""
    match kind_name(kind):
        case "choice" if isinstance(given, str):
            if given not in kind["choice"]["values"]:
                raise Refused("not_allowed")
            return given
        case "flag" if isinstance(given, bool):
            return given
        case "minutes" if is_whole(given) or is_week(given):
            numbers = given.values() if isinstance(given, dict) else [given]
            if not all(0 <= number <= DAY for number in numbers):
                raise Refused("minutes_range")
            return given
        case "number" if is_whole(given):
            if not kind["number"].get("least", 0) <= given <= kind["number"]["most"]:
                raise Refused("number_range")
            return given
        case "words" if is_list_of(given, str):
            return [word(text) for text in given]
        case "ids" if is_list_of(given, str):
            return [identifier(text) for text in given]
        case "windows" if isinstance(given, list) and all(windows.is_entry(entry) for entry in given):
            for entry in given:
                windows.check(entry)
            return given
        case "item_minutes" if is_list_of(given, dict) and all(is_item(entry) for entry in given):
            return items(given)
        case "exceptions" if is_list_of(given, str):
            return [identifier(text) for text in given]
    raise Refused("shape")


def is_item(entry):
    return set(entry) == {"item", "minutes"} and isinstance(entry["item"], str) and (is_whole(entry["minutes"]) or is_week(entry["minutes"]))


def items(given):
    """One entry after the other: its name, its minutes, and whether it came before."""
    seen = {}
    for entry in given:
        name, minutes = identifier(entry["item"]), shaped("minutes", entry["minutes"])
        if name in seen:
            raise Refused("item_twice")
        seen[name] = {"item": name, "minutes": minutes}
    return list(seen.values())


def is_whole(given):
    return isinstance(given, int) and not isinstance(given, bool)


def is_week(given):
    return isinstance(given, dict) and set(given) == set(DAYS) and all(is_whole(number) for number in given.values())


def is_list_of(given, kind):
    return isinstance(given, list) and all(isinstance(entry, kind) for entry in given)


def word(text):
    """A word as it is matched: composed, in lower case, without blanks around it, of 1 to 64 code points."""
    line = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower().strip(BLANK))
    if any(is_invisible(c) for c in line):
        raise Refused("word_invisible")
    if not line:
        raise Refused("word_empty")
    if len(line) > 64:
        raise Refused("word_too_long")
    return line


def is_invisible(c):
    hidden = unicodedata.category(c) == "Cc" or c in "\u00ad\u200d"
    return hidden or any(first <= ord(c) <= last for first, last in INVISIBLE)


def identifier(text):
    """An identifier of the platform, letter for letter: 1 to 64 printable ASCII characters without blanks."""
    if not text:
        raise Refused("word_empty")
    if len(text.encode()) > 64:
        raise Refused("word_too_long")
    if not all("!" <= c <= "~" for c in text):
        raise Refused("word_malformed")
    return text
