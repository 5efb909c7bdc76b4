"""Who may change what: guardians, the teen, grants, holds, birthdays, and taking back."""

import copy

from clock import seconds
from policy import Deciding, edges, timed
from values import Refused, allowing, as_strict, forbidden, parse

LONGEST = 31 * 24 * 3600
MOST, MOST_OF_ONE = 50, 10
EVERYBODY = ["guardian", "guardian_verified", "teen", "teen_and_guardian"]


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
            # To be as strict as what holds for good needs no power. A looser value that asks for the teen's yes too waits for it.
            if not deciding.lasting(seconds(situation["now"])).limits <= forbidden(control["kind"], value):
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
    """A wish adds a limit for good, keeps private what is, is the yes that a law asks for, or a choice that is the teen's own."""
    alone, now = Deciding(situation, control, with_teen=False), seconds(situation["now"])
    wish = forbidden(control["kind"], value)
    moments = [now, *(seconds(at) for at in edges(situation, control, now))]
    if any(not wish <= alone.lasting(at).limits for at in moments):
        return
    without = alone.lasting(now).limits
    # What is private may be said to stay so, before anybody opens it.
    if alone.privacy and wish and wish == without:
        return
    is_set = any(control["id"] in own for own in situation["layers"]["guardians"].values())
    powers = None
    if alone.is_teens_own() and not is_set and wish != without:
        powers = ["teen"]
    if any(alone.is_yes(rule, wish) for rule in alone.rules):
        powers = EVERYBODY
    try:
        if powers is None:
            refuse("adds_nothing", control["id"])
        within(alone, powers, value)
    except No:
        # Where grants make it looser than that, they can be given back.
        open_at = lambda at: not wish <= alone.bounded(alone.granted(alone.base(), at)).limits
        grants = [it for it in situation["layers"].get("grants", []) if it["control"] == control["id"]]
        in_the_way = sorted(it["id"] for it in grants if seconds(it["until"]) > now)
        if any(map(open_at, moments)):
            refuse("adds_nothing", control["id"], grants=in_the_way)
        raise


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
    control, layers = settable(situation, given["control"]), situation["layers"]
    now, begin, end = seconds(situation["now"]), seconds(given["from"]), seconds(given["until"])
    if end <= max(begin, now) or end - now > LONGEST:
        raise No({"refused": "not_now"})
    ahead = lambda them: [it for it in them if seconds(it["until"]) > now]
    of_this = [it for it in ahead(timed(layers)) if it["control"] == control["id"]]
    if len(ahead(layers.get(which, []))) >= MOST or len(of_this) >= MOST_OF_ONE:
        refuse("too_many_grants", control["id"])
    return control


def with_timed(situation, control, given, which):
    """The layers with one more; refused where it changes nothing at any time while it lasts."""
    after, now = copy.deepcopy(situation["layers"]), seconds(situation["now"])
    for every in ("grants", "holds"):
        after[every] = [it for it in after.get(every, []) if seconds(it["until"]) > now]
    after[which].append(given)
    # Who sees only a count of what the teen listed must not learn an entry by what is refused.
    with_teen = control.get("guardian_sees", "value") != "count"
    before, later = (Deciding(it, control, with_teen) for it in (situation, {**situation, "layers": after}))
    begin, end = max(now, seconds(given["from"])), seconds(given["until"])
    moments = [begin, *(at for at in map(seconds, edges({**situation, "layers": after}, control, begin)) if at < end)]
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
    """What a guardian would set to have again what a change took from them, and what it let go of what birthdays kept."""
    old, new = (layers["guardians"].get(guardian, {}) for layers in (before, after))
    value = lambda layer, name: layer[name]["value"] if name in layer else None
    kept = {name: it for name, it in before.get("kept", {}).items() if name not in after.get("kept", {})}
    settings = {name: value(old, name) for name in {*old, *new} if value(old, name) != value(new, name)}
    return {"settings": settings, **({"kept": kept} if kept else {})}


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
