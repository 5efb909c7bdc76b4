"""One operation, one input, one answer: what a client of the conformance kit does."""

import json
from pathlib import Path

import ages
import changes
import clock
import codes
import decisions
import device
import enforce
import policy
import signals
import values
import windows

KIT = Path(__file__).resolve().parent.parent / "v1"


class Unsupported(Exception):
    """An operation that is not known here."""


def answer(op, given):
    """The output for an operation; raises [Unsupported]."""
    if op not in OPERATIONS:
        raise Unsupported(op)
    with windows.laid_out_for([given, shipped() if given.get("catalogue") == "shipped" else None]):
        return OPERATIONS[op](given)


# ---- Values ----------------------------------------------------------------------------------------------------------


def value(given):
    try:
        return {"value": values.parse(given["kind"], given["given"])}
    except values.Refused as why:
        return {"refused": str(why)}


# ---- Policies --------------------------------------------------------------------------------------------------------


def situated(given):
    """A situation with its catalogue read."""
    return {**given, "catalogue": catalogue(given["catalogue"])}


def catalogue(given):
    return shipped() if given == "shipped" else given


def shipped():
    """The catalogue that the program ships with, from the kit."""
    if "it" not in SHIPPED:
        SHIPPED["it"] = json.loads((KIT / "catalogue.json").read_text())["control"]
    return SHIPPED["it"]


SHIPPED = {}


def each(given, ask):
    """The answer for the controls that are asked about: all, unless `only` names some."""
    situation = situated(given["situation"])
    only = given.get("only")
    asked = [control for control in situation["catalogue"] if only is None or control["id"] in only]
    return {"controls": {control["id"]: ask(situation, control) for control in asked}}


def changed(change):
    def act(given):
        situation = situated(given["situation"])
        try:
            return {"layers": changes.tidy(change(situation, given))}
        except changes.No as no:
            return no.args[0]

    return act


def by_guardian(situation, given):
    return changes.set_by_guardian(situation, given["guardian"], given["settings"], given.get("reason"))


def by_teen(situation, given):
    return changes.set_by_teen(situation, given["teen"], given["settings"], given.get("reason"))


def birthday(given):
    known = catalogue(given["catalogue"])
    layers = changes.at_age(known, given["layers"], given["before"], given["after"], given["now"])
    return {"layers": changes.tidy(layers)}


# ---- Time ------------------------------------------------------------------------------------------------------------


def blocked(given):
    it, begin, end = windows.schedule(given["windows"]), clock.seconds(given["from"]), clock.seconds(given["to"])
    found = clock.blocks(it, given["zone"], begin, end)
    return {"blocks": [{"from": clock.instant(begin), "to": clock.instant(end)} for begin, end in found]}


def blocked_until(given):
    now, turn = clock.next_turn(windows.schedule(given["windows"]), given["zone"], clock.seconds(given["at"]))
    if not now:
        return {"until": None}
    return {"until": "forever" if turn is None else clock.instant(turn)}


def next_edge(given):
    _, turn = clock.next_turn(windows.schedule(given["windows"]), given["zone"], clock.seconds(given["at"]))
    return {"at": None if turn is None else clock.instant(turn)}


def days(given):
    begin, end = clock.seconds(given["from"]), clock.seconds(given["to"])
    return {"days": clock.days(given["zone"], given["day_start_minute"], begin, end)}


def day_of(given):
    at = clock.seconds(given["at"])
    return {"day": clock.days(given["zone"], given["day_start_minute"], at, at + 1)[0]}


def moved(given):
    homes = [{**home, "since": clock.seconds(home["since"]) // 60} for home in given["homes"]]
    begin, end = clock.seconds(given["from"]) // 60, clock.seconds(given["to"]) // 60
    return clock.moved(windows.schedule(given["windows"]), homes, begin, end)


def age(given):
    born, today = clock.date_of(given["birth"]), clock.date_of(given["today"])
    turn = ages.next_transition(born, today)
    return {
        "age": ages.age(born, today),
        "band": ages.band(born, today),
        "next_transition": turn and turn.isoformat(),
    }


# ---- Devices ---------------------------------------------------------------------------------------------------------


def verify(given):
    try:
        payload = device.opened(given["keys"], given["snapshot"], given["teen_id"])
    except device.Disbelief as why:
        return {"refused": str(why)}
    return {"epoch": payload["epoch"], "revision": payload["revision"]}


def slot(given):
    fault = device.slot_fault(given["slot"], given["now"])
    return {"refused": fault} if fault else {"counts": True}


OPERATIONS = {
    "value": value,
    "meet": lambda it: {"value": values.meet(it["kind"], it["a"], it["b"])},
    "join": lambda it: {"value": values.join(it["kind"], it["a"], it["b"])},
    "direction": lambda it: {"direction": values.direction(it["kind"], it["from"], it["to"])},
    "as_strict": lambda it: {"holds": values.as_strict(it["kind"], it["value"], it["bound"])},
    "effective": lambda it: each(it, policy.effective),
    "allowed": lambda it: each(it, policy.allowed),
    "diff": lambda it: {"changes": policy.diff(catalogue(it["catalogue"]), it["before"], it["after"])},
    "set_by_guardian": changed(by_guardian),
    "set_by_teen": changed(by_teen),
    "grant": changed(lambda situation, it: changes.grant(situation, it["timed"])),
    "hold": changed(lambda situation, it: changes.hold(situation, it["timed"])),
    "undo": lambda it: changes.undo(it["before"], it["after"], it["guardian"]),
    "birthday": birthday,
    "blocked": blocked,
    "blocked_until": blocked_until,
    "next_edge": next_edge,
    "days": days,
    "day_of": day_of,
    "moved": moved,
    "age": age,
    "receive": device.receive,
    "converse": device.converse,
    "read_age": signals.read,
    "decide_age": lambda it: {"decision": signals.decide(it)},
    "announce": lambda it: {"announcement": signals.announce(it)},
    "decide": lambda it: decisions.decide(catalogue(it["catalogue"]), it),
    "verify": verify,
    "hear": lambda it: device.heard(it["frame"]),
    "alone": device.alone,
    "safe": device.safe,
    "enforce": enforce.enforce,
    "count_slot": slot,
    "merge_usage": lambda it: {"slots": device.merged(it["reports"])},
    "read_code": lambda it: codes.code(it["text"]) or {"refused": True},
    "read_token": lambda it: {"kind": kind} if (kind := codes.token(it["text"])) else {"refused": True},
}
