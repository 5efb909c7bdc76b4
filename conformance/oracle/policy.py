"""What holds for a teen, written from the rule in DESIGN: base, the teen's own, grants and holds, then the bounds.

A value is carried as the set of what it forbids ([values]), with a note of who made it so. Each step either changes that set,
and then writes the note anew, or leaves both alone.
"""

from ages import band_of
from clock import seconds
from law import Bound, beyond, bounds, defaults, live, makers, right, value_of
from values import allowing, direction, forbidden


class Held:
    """What is forbidden, and who made it so."""

    def __init__(self, limits, source, by=None, since=None, reason=None, rules=()):
        self.limits, self.source, self.rules = limits, source, list(rules)
        self.by, self.since, self.reason = by, since, reason


def band_in(situation):
    """The band whose defaults and floors hold: that of the youngest age that they may have."""
    return band_of(situation["ages"]["from"])


def effective(situation, control):
    """What holds for one control, as it is answered."""
    kind, now = control["kind"], seconds(situation["now"])
    held = Deciding(situation, control).held(now)
    answer = {"value": allowing(kind, held.limits), "source": held.source}
    for name in ("by", "since", "reason", "rules"):
        if getattr(held, name):
            answer[name] = getattr(held, name)
    later = edges(situation, control, now)
    if later:
        answer["until"] = later[0]
        # After several ends the strictest of what follows: nobody may be too loose who hears of nothing more.
        follows = [Deciding(situation, control).held(seconds(edge)).limits for edge in later]
        answer["after"] = allowing(kind, frozenset().union(*follows))
    return answer


def timed(layers):
    """Every grant and hold."""
    return layers.get("grants", []) + layers.get("holds", [])


def edges(situation, control, now):
    """When a grant or a hold of this control begins or ends after now."""
    own = [it for it in timed(situation["layers"]) if it["control"] == control["id"]]
    return sorted({at for it in own for at in (it["from"], it["until"]) if seconds(at) > now})


class Deciding:
    """One control in one situation; without the teen: as if they had set nothing."""

    def __init__(self, situation, control, with_teen=True):
        self.situation, self.control, self.kind = situation, control, control["kind"]
        self.layers = situation["layers"]
        self.rules = live(situation, control)
        self.band = band_in(situation)
        self.own = self.layers["teen"].get(control["id"]) if with_teen else None
        self.privacy = control.get("privacy", False)

    # ---- The steps ----

    def held(self, now):
        """What holds at an instant."""
        held = self.on_hold(self.granted(self.base(), now), now)
        return self.bounded(self.tightened(held) if self.privacy else held)

    def lasting(self, now):
        """What holds at an instant without holds; and without grants, unless the teen may close what they open."""
        return self.bounded(self.granted(self.base(), now) if self.privacy else self.base())

    def base(self):
        """Before anything that lasts for a time."""
        return self.tightened(self.guardians() or self.chosen() or self.start())

    def bounded(self, held):
        """Within the bounds of platform and law, and as open as a right asks for."""
        floor = self.floor()
        held = self.at_least(self.opened(held), floor and Bound(floor, []), "platform")
        return self.at_least(held, bounds(self.kind, self.rules), "law")

    def guardians(self, but=None):
        """What the guardians have set: all of it together."""
        settings = self.layers["guardians"]
        each = [
            self.of_guardian(who, own[self.control["id"]])
            for who, own in sorted(settings.items())
            if self.control["id"] in own and who != but
        ]
        if not each:
            return None
        limits = frozenset().union(*(one.limits for one in each))
        alone = [one for one in each if one.limits == limits]
        if alone:
            return min(alone, key=lambda one: seconds(one.since) if one.since else -1)
        # Made together: nobody's own, and so since the last of them was set.
        return Held(limits, "guardian", since=max((one.since for one in each if one.since), default=None))

    def of_guardian(self, who, setting):
        """A guardian's value: only as loose as the law lets them be, or as the teen agrees to where it asks for both."""
        powers, value = self.powers(who), self.set_by("guardian", setting)
        needs_both = [rule for rule in self.rules if self.has_yes(rule) and not set(rule["may_loosen"]) & set(powers)]
        if needs_both:
            value = self.tightened(value)
        others = [rule for rule in self.rules if rule not in needs_both]
        return self.at_least(value, beyond(self.kind, others, powers), "law")

    def has_yes(self, rule):
        return self.own is not None and self.is_yes(rule, forbidden(self.kind, self.own["value"]))

    def is_yes(self, rule, wish):
        """A yes to going beyond a rule that asks for one: looser than its value, and in nothing stricter."""
        asks = rule["effect"] == "default" and "teen_and_guardian" in rule["may_loosen"]
        return asks and wish < forbidden(self.kind, rule["value"])

    def chosen(self):
        """What the teen chose instead of the default, where that is theirs."""
        theirs = self.own is not None and self.is_teens_own()
        return self.permitted(self.set_by("teen", self.own), ["teen"]) if theirs else None

    def start(self):
        """The default of the band, or what a birthday kept, as strict as the law's defaults ask."""
        kept = self.layers.get("kept", {}).get(self.control["id"])
        if kept:
            start = Held(forbidden(self.kind, kept["value"]), "kept", since=kept["since"])
        else:
            start = Held(forbidden(self.kind, self.control["defaults"][self.band]), "default")
        return self.at_least(start, defaults(self.kind, self.rules), "default")

    def tightened(self, held):
        """The teen adds what they want."""
        if self.own is None:
            return held
        wish = forbidden(self.kind, self.own["value"])
        return held if wish <= held.limits else self.set_by("teen", self.own, wish | held.limits)

    def granted(self, held, now):
        """Live grants loosen, each as far as the law lets whoever gave it, and not beyond what another guardian has set."""
        for grant in self.live("grants", now):
            given = self.permitted(Held(forbidden(self.kind, grant["value"]), "grant"), self.powers(grant["by"])).limits
            others = self.guardians(but=grant["by"])
            given = given | others.limits if others else given
            if not held.limits <= given:
                held = self.for_a_time("grant", grant, held.limits & given)
        return held

    def on_hold(self, held, now):
        """Live holds tighten."""
        for hold in self.live("holds", now):
            more = forbidden(self.kind, hold["value"])
            if not more <= held.limits:
                held = self.for_a_time("hold", hold, held.limits | more)
        return held

    def opened(self, held):
        """What a guardian opened stays open as far as a law gives them a right to it."""
        law, guardians = right(self.kind, self.rules), self.guardians()
        if law is None or guardians is None:
            return held
        kept_open = held.limits & (guardians.limits | law.limits)
        return held if kept_open == held.limits else Held(kept_open, "law", rules=law.rules)

    # ---- What the steps are made of ----

    def at_least(self, held, bound, source):
        """At least as strict as a bound."""
        if bound is None or bound.limits <= held.limits:
            return held
        return Held(held.limits | bound.limits, source, rules=bound.rules)

    def permitted(self, held, powers):
        return self.at_least(held, beyond(self.kind, self.rules, powers), "law")

    def floor(self):
        floor = self.control.get("floors", {}).get(self.band)
        return None if floor is None else forbidden(self.kind, floor)

    def powers(self, guardian):
        """What a guardian may let go alone: their own, and that of a verified one."""
        return ["guardian", "guardian_verified"] if guardian in self.layers.get("verified", []) else ["guardian"]

    def is_teens_own(self):
        family = self.control.get("set_by", "family") == "family"
        return family and self.band in self.control.get("teen_loosens", [])

    def live(self, which, now):
        own = [it for it in self.layers.get(which, []) if it["control"] == self.control["id"]]
        return [it for it in own if seconds(it["from"]) <= now < seconds(it["until"])]

    def set_by(self, source, setting, limits=None):
        limits = forbidden(self.kind, setting["value"]) if limits is None else limits
        return Held(limits, source, by=setting["by"], since=setting["since"], reason=setting.get("reason"))

    def for_a_time(self, source, it, limits):
        return Held(limits, source, by=it["by"], since=it["from"], reason=it.get("reason"))

    def loosest(self, powers):
        """The loosest that somebody with these powers may set, with the rules that say so; None: no bound."""
        firm = lambda rule: rule["effect"] == "default" and not set(rule["may_loosen"]) & set(powers)
        each = {rule["id"]: forbidden(self.kind, rule["value"]) for rule in self.rules if rule["effect"] == "bound" or firm(rule)}
        if self.floor() is not None:
            each[PLATFORM] = self.floor()
        if not each:
            return None
        limits = frozenset().union(*each.values())
        return Bound(limits, sorted(rule for rule in makers(each, limits) if rule is not PLATFORM))


# Makes a bound beside the rules of law, and has no id.
PLATFORM = None


# ---- What could be set instead ---------------------------------------------------------------------------------------


def allowed(situation, control):
    """What people could set for a control instead of what holds, and who could loosen it."""
    deciding, alone, kind = Deciding(situation, control), Deciding(situation, control, with_teen=False), control["kind"]
    now = seconds(situation["now"])
    guardian = deciding.loosest(["guardian"])
    verified = deciding.loosest(["guardian", "guardian_verified"])
    unset = not any(control["id"] in own for own in situation["layers"]["guardians"].values())
    if deciding.is_teens_own() and unset:
        teen = deciding.loosest(["teen"])
    else:
        teen = Bound(alone.bounded(alone.on_hold(alone.lasting(now), now)).limits, [])
    family = control.get("set_by", "family") == "family"
    return {
        "guardian": value_of(kind, guardian),
        "guardian_verified": value_of(kind, verified),
        "teen": value_of(kind, teen),
        "rules": sorted({rule for bound in (guardian, verified, teen) if bound for rule in bound.rules}),
        "may_loosen": loosening(deciding, now, guardian, verified, teen) if family else [],
        "may_tighten": family,
    }


def loosening(deciding, now, guardian, verified, teen):
    """Who could permit something that is forbidden now."""
    held = deciding.held(now).limits
    together = deciding.loosest(["guardian", "teen_and_guardian"])
    limits = lambda bound: bound.limits if bound else frozenset()
    # A guardian does not open what the teen closed, but for what a law gives a right to.
    closed = forbidden(deciding.kind, deciding.own["value"]) if deciding.privacy and deciding.own else frozenset()
    law = right(deciding.kind, deciding.rules)
    if law:
        closed &= law.limits
    by = lambda bound: bool(held - (limits(bound) | closed))
    # A hold is not the teen's to lift.
    by_teen = bool(held - deciding.bounded(deciding.on_hold(Held(limits(teen), "teen"), now)).limits)
    by_law_alone = not held - limits(guardian)
    return [
        *(["guardian"] if by(guardian) else ["guardian_verified"] if by(verified) else []),
        *(["teen"] if by_teen else []),
        *(["teen_and_guardian"] if by_law_alone and held - limits(together) and not by_teen else []),
    ]


def diff(catalogue, before, after):
    """The controls whose value differs, by id, and which way."""
    kinds = {control["id"]: control["kind"] for control in catalogue}
    changes = []
    for name in sorted(set(before) & set(after) & set(kinds)):
        way = direction(kinds[name], before[name], after[name])
        if way != "same":
            change = {"control": name, "from": before[name], "to": after[name], "direction": way, "effective": "now"}
            changes.append(change)
    return changes
