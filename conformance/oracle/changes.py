"""Who may change what: guardians, the teen, grants, holds, birthdays, and taking back."""

import copy

from clock import seconds
from policy import PRIVATE, Deciding
from values import Refused, allowing, as_strict, forbidden, parse

LONGEST = 31 * 24 * 3600
MOST = 50


class No(Exception):
    """A change that is refused as a whole; the argument is the answer."""


def refuse(code, control, **more):
    raise No({"refused": code, "control": control, **more})


def settable(situation, name):
    """A control that families set."""
    control = next((control for control in situation["catalogue"] if control["id"] == name), None)
    if control is None:
        refuse("unknown_control", name)
    if control.get("set_by", "family") != "family":
        refuse("not_yours", name)
    return control


def sound(control, given):
    try:
        return parse(control["kind"], given)
    except Refused as fault:
        refuse("invalid", control["id"], why=str(fault))


def within(deciding, powers, value):
    """Refuses what is looser than somebody with these powers may set."""
    bound = deciding.loosest(powers)
    if bound and not bound.limits <= forbidden(deciding.kind, value):
        floor = allowing(deciding.kind, bound.limits)
        refuse("below_floor", deciding.control["id"], floor=floor, rules=bound.rules)


def put(layer, name, value, by, since, reason):
    """A value that stays the same keeps its date and reason."""
    if name in layer and layer[name]["value"] == value:
        return
    layer[name] = {"value": value, "by": by, "since": since, **({"reason": reason} if reason else {})}


def set_by_guardian(situation, guardian, wanted, reason=None):
    """What one guardian sets and takes back."""
    after = copy.deepcopy(situation["layers"])
    own = after["guardians"].setdefault(guardian, {})
    for name, given in wanted.items():
        control = settable(situation, name)
        if given is None:
            own.pop(name, None)
        else:
            value = sound(control, given)
            deciding = Deciding(situation, control)
            # A looser value that asks for the teen's yes too is taken, and waits for it.
            within(deciding, [*deciding.powers(guardian), "teen_and_guardian"], value)
            put(own, name, value, guardian, situation["now"], reason)
        # From now on it is as the guardian says.
        after.get("kept", {}).pop(name, None)
    return after


def set_by_teen(situation, teen, wanted, reason=None):
    """What the teen sets for themself and takes back."""
    after = copy.deepcopy(situation["layers"])
    for name, given in wanted.items():
        control = settable(situation, name)
        if given is None:
            after["teen"].pop(name, None)
            continue
        value = sound(control, given)
        before = situation["layers"]["teen"].get(name)
        if before is None or before["value"] != value:
            may_wish(situation, control, value)
        put(after["teen"], name, value, teen, situation["now"], reason)
    return after


def may_wish(situation, control, value):
    """A wish adds a limit, or is a choice that is the teen's own, or is the yes that a law asks for."""
    deciding = Deciding(situation, control)
    without = deciding.held(seconds(situation["now"]), with_teen=False).limits
    wish = forbidden(control["kind"], value)
    if not wish <= without:
        return
    # What is private may be said to stay so, before anybody opens it.
    if control["group"] in PRIVATE and wish and wish == without:
        return
    is_set = any(control["id"] in own for own in situation["layers"]["guardians"].values())
    together = any("teen_and_guardian" in rule.get("may_loosen", []) for rule in deciding.rules)
    theirs = together if is_set else deciding.is_teens_own()
    if not theirs or wish == without:
        refuse("adds_nothing", control["id"])
    within(deciding, ["teen", "teen_and_guardian"] if is_set else ["teen"], value)


def grant(situation, given):
    """A guardian loosens something for a time."""
    control = in_time(situation, given, "grants")
    deciding = Deciding(situation, control)
    within(deciding, deciding.powers(given["by"]), given["value"])
    return with_timed(situation, control, given, "grants")


def hold(situation, given):
    """Somebody tightens something for a time."""
    return with_timed(situation, in_time(situation, given, "holds"), given, "holds")


def in_time(situation, given, which):
    """Its end lies ahead, within 31 days, and there is room for it."""
    control = settable(situation, given["control"])
    now, begin, end = seconds(situation["now"]), seconds(given["from"]), seconds(given["until"])
    ahead = [it for it in situation["layers"].get(which, []) if seconds(it["until"]) > now]
    if end <= max(begin, now) or end - now > LONGEST or len(ahead) >= MOST:
        raise No({"refused": "not_now"})
    return control


def with_timed(situation, control, given, which):
    """The layers with one more; refused where it changes nothing at any time while it lasts."""
    after, now = copy.deepcopy(situation["layers"]), seconds(situation["now"])
    for every in ("grants", "holds"):
        after[every] = [it for it in after.get(every, []) if seconds(it["until"]) > now]
    after[which].append(given)
    before, later = Deciding(situation, control), Deciding({**situation, "layers": after}, control)
    begin, end = max(now, seconds(given["from"])), seconds(given["until"])
    edges = [seconds(at) for it in after["grants"] + after["holds"] for at in (it["from"], it["until"])]
    moments = [begin, *(at for at in edges if begin < at < end)]
    if all(before.held(at).limits == later.held(at).limits for at in moments):
        refuse("adds_nothing", control["id"])
    return after


def at_age(catalogue, layers, before, after, now):
    """What another band does to what people have set: nothing loosens by itself, and at 18 supervision ends."""
    if after == "adult":
        return {"guardians": {}, "teen": layers["teen"]}
    changed = copy.deepcopy(layers)
    if before == after:
        return changed
    for control in catalogue:
        name, kind = control["id"], control["kind"]
        fresh = {"value": control["defaults"][before], "from_band": before, "since": now}
        held = layers.get("kept", {}).get(name, fresh)
        loosens = not as_strict(kind, control["defaults"][after], held["value"])
        changed.setdefault("kept", {}).pop(name, None)
        if loosens and control.get("at_birthday", "stays") == "stays":
            changed["kept"][name] = held
    return changed


def undo(before, after, guardian):
    """What a guardian would set to have again what a change took from them."""
    old, new = (layers["guardians"].get(guardian, {}) for layers in (before, after))
    value = lambda layer, name: layer[name]["value"] if name in layer else None
    return {name: value(old, name) for name in {*old, *new} if value(old, name) != value(new, name)}


def tidy(layers):
    """Layers as they are written: what is empty is left out, but for guardians and teen."""
    told = {
        "guardians": {who: own for who, own in layers["guardians"].items() if own},
        "teen": layers["teen"],
        "verified": sorted(layers.get("verified", [])),
        "kept": layers.get("kept", {}),
        "grants": layers.get("grants", []),
        "holds": layers.get("holds", []),
    }
    return {name: it for name, it in told.items() if it or name in ("guardians", "teen")}
