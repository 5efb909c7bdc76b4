"""Which rules of law count for somebody on a day, and what they come to."""

from clock import date_of
from values import allowing, forbidden

EU = set(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()
)
EEA = EU | {"IS", "LI", "NO"}


def jurisdictions(region):
    """Everywhere, the groups that the country is in, the country, and the part of it."""
    country = region.split("-")[0]
    places = {"*", country, region}
    if country in EEA:
        places.add("EEA")
    if country in EU:
        places.add("EU")
    return places


def live(situation, control):
    """The rules that count for a control in a situation, by id."""
    rules = [rule for rule in situation.get("rules", []) if rule["control"] == control["id"]]
    return sorted((rule for rule in rules if counts(rule, situation)), key=lambda rule: rule["id"])


def counts(rule, situation):
    """Whether a rule counts: place, any of the possible ages, day, month, and when the account was made."""
    ages, today = situation["ages"], date_of(situation["today"])
    force = rule["in_force"]
    possible = range(ages["from"], ages["to"] + 1)
    return (
        rule["enforce"]
        and rule["jurisdiction"] in jurisdictions(situation["region"])
        and any(rule["ages"]["from"] <= age < rule["ages"]["to"] for age in possible)
        and date_of(force["from"]) <= today
        and ("until" not in force or today < date_of(force["until"]))
        and (not rule.get("months") or today.month in rule["months"])
        and ("accounts_from" not in rule or date_of(situation["joined"]) >= date_of(rule["accounts_from"]))
    )


class Bound:
    """What rules forbid together, and the names of those that make it so."""

    def __init__(self, limits, rules):
        self.limits, self.rules = limits, rules


def together(kind, rules):
    """Everything that any of the rules forbids; None without rules."""
    if not rules:
        return None
    each = {rule["id"]: forbidden(kind, rule["value"]) for rule in rules}
    limits = frozenset().union(*each.values())
    return Bound(limits, makers(each, limits))


def makers(each, limits):
    """The rules that say all of it alone, or else those without which it would be less."""
    whole = [name for name, own in each.items() if own == limits]
    if whole:
        return whole
    others = lambda name: frozenset().union(*(own for other, own in each.items() if other != name))
    return [name for name in each if others(name) != limits]


def defaults(kind, rules):
    """Where things start by law."""
    return together(kind, [rule for rule in rules if rule["effect"] == "default"])


def bounds(kind, rules):
    """What nobody may go looser than."""
    return together(kind, [rule for rule in rules if rule["effect"] == "bound"])


def beyond(kind, rules, powers):
    """The defaults that none of these powers may let go."""
    firm = lambda rule: rule["effect"] == "default" and not set(rule["may_loosen"]) & set(powers)
    return together(kind, [rule for rule in rules if firm(rule)])


def right(kind, rules):
    """What nobody may go stricter than, where a guardian opened it: the loosest of the rights."""
    rights = [rule for rule in rules if rule["effect"] == "right"]
    if not rights:
        return None
    each = {rule["id"]: forbidden(kind, rule["value"]) for rule in rights}
    limits = frozenset.intersection(*each.values())
    return Bound(limits, [name for name, own in each.items() if own == limits])


def value_of(kind, bound):
    """The value of a bound, or None for no bound."""
    return None if bound is None else allowing(kind, bound.limits)
