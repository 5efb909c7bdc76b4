"""What holds for a teen, written from the rule in DESIGN: base, the teen's own, grants and holds, then the bounds.

A value is carried as the set of what it forbids ([values]), with a note of who made it so. Each step either changes that set,
and then writes the note anew, or leaves both alone.
"""

from ages import band_of
from clock import seconds
from law import Bound, beyond, bounds, defaults, live, right, value_of
from values import allowing, direction, forbidden

PRIVATE = {"visibility", "guardians"}


def is_teens_to_keep(control):
    """What a teen keeps to themself, which no guardian opens; of such a list guardians see only a count."""
    return control["group"] in PRIVATE or control.get("guardian_sees") == "count"



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
    """One control in one situation."""

    def __init__(self, situation, control):
        self.situation, self.control, self.kind = situation, control, control["kind"]
        self.layers = situation["layers"]
        self.rules = live(situation, control)
        self.band = band_in(situation)
        self.own = self.layers["teen"].get(control["id"])

    # ---- The steps ----

    def held(self, now, with_teen=True):
        """What holds at an instant; without the teen: as if they had set nothing, and nobody had granted anything."""
        held = self.guardians() or (with_teen and self.chosen()) or self.start()
        if with_teen:
            held = self.tightened(held)
            held = self.granted(held, now)
        held = self.on_hold(held, now)
        if with_teen and is_teens_to_keep(self.control):
            held = self.tightened(held)
        held = self.opened(held)
        floor = self.floor()
        held = self.at_least(held, floor and Bound(floor, []), "platform")
        return self.at_least(held, bounds(self.kind, self.rules), "law")

    def guardians(self):
        """What the guardians have set: all of it together, each only as loose as the law lets that guardian be."""
        settings = self.layers["guardians"]
        each = [
            self.permitted(self.set_by("guardian", own[self.control["id"]]), self.powers(who))
            for who, own in sorted(settings.items())
            if self.control["id"] in own
        ]
        if not each:
            return None
        limits = frozenset().union(*(one.limits for one in each))
        alone = [one for one in each if one.limits == limits]
        if alone:
            return min(alone, key=lambda one: seconds(one.since) if one.since else -1)
        # Made together: nobody's own, and so since the last of them was set.
        return Held(limits, "guardian", since=max((one.since for one in each if one.since), default=None))

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
        """Live grants loosen, each as far as the law lets whoever gave it."""
        for grant in self.live("grants", now):
            given = self.permitted(Held(forbidden(self.kind, grant["value"]), "grant"), self.powers(grant["by"])).limits
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
        """What a guardian may let go: their own, that of a verified one, and that of both together with the teen's yes."""
        verified = ["guardian_verified"] if guardian in self.layers.get("verified", []) else []
        together = ["teen_and_guardian"] if self.own is not None else []
        return ["guardian", *verified, *together]

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
        floor = self.floor()
        laws = [bounds(self.kind, self.rules), beyond(self.kind, self.rules, powers)]
        each = [it for it in [floor is not None and Bound(floor, []), *laws] if it]
        if not each:
            return None
        limits = frozenset().union(*(it.limits for it in each))
        whole = [it for it in each if it.limits == limits]
        return Bound(limits, sorted({rule for it in whole or each for rule in it.rules}))


# ---- What could be set instead ---------------------------------------------------------------------------------------


def allowed(situation, control):
    """What people could set for a control instead of what holds, and who could loosen it."""
    deciding, kind = Deciding(situation, control), control["kind"]
    now = seconds(situation["now"])
    held = deciding.held(now).limits
    guardian = deciding.loosest(["guardian"])
    verified = deciding.loosest(["guardian", "guardian_verified"])
    unset = not any(control["id"] in own for own in situation["layers"]["guardians"].values())
    if deciding.is_teens_own() and unset:
        teen = deciding.loosest(["teen"])
    else:
        teen = Bound(deciding.held(now, with_teen=False).limits, [])
    family = control.get("set_by", "family") == "family"
    # Something that is forbidden now could be permitted.
    looser = lambda bound: family and bool(held - (bound.limits if bound else frozenset()))
    who = ["guardian"] if looser(guardian) else ["guardian_verified"] if looser(verified) else []
    return {
        "guardian": value_of(kind, guardian),
        "guardian_verified": value_of(kind, verified),
        "teen": value_of(kind, teen),
        "rules": sorted({rule for bound in (guardian, verified, teen) if bound for rule in bound.rules}),
        "may_loosen": who + (["teen"] if looser(teen) else []),
        "may_tighten": family,
    }


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
