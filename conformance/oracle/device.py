"""The device's half: which snapshot to believe, what to apply, what counts when nobody is heard."""

import base64
import binascii
import hashlib
import json

import ed25519
from clock import date_of, seconds
from values import allowing, canonical, forbidden

PAYLOAD = {
    "teen_id": str,
    "epoch": int,
    "revision": int,
    "issued_at": str,
    "home_zone": str,
    "day_start_minute": int,
    "controls": dict,
    "timeline": (list, dict),
    "warnings": list,
    "staleness": dict,
}
MOST_ISSUES = 64


class Disbelief(Exception):
    """A snapshot that is not believed; the argument is the code for why."""


def raw(text):
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def opened(keys, snapshot, teen):
    """The payload of a snapshot that may be believed."""
    key = next((raw(key["public_key"]) for key in keys if key["key_id"] == snapshot["key_id"]), None)
    message, signature = raw(snapshot["payload"]), raw(snapshot["signature"])
    if key is None:
        raise Disbelief("bad_signature")
    if message is None:
        raise Disbelief("unreadable")
    if signature is None or not ed25519.verify(key, message, signature):
        raise Disbelief("bad_signature")
    payload = read(message)
    same = (payload["epoch"], payload["revision"]) == (snapshot["epoch"], snapshot["revision"])
    if not same or hashlib.sha256(message).hexdigest() != snapshot["sha256"]:
        raise Disbelief("unreadable")
    if payload["teen_id"] != teen:
        raise Disbelief("wrong_teen")
    return payload


def read(message):
    """A payload, where the bytes are one; what it has beyond that does not matter."""
    try:
        payload = json.loads(message)
    except ValueError:
        raise Disbelief("unreadable") from None
    sound = isinstance(payload, dict) and all(isinstance(payload.get(name), kind) for name, kind in PAYLOAD.items())
    if not sound or not is_timeline(payload["timeline"]):
        raise Disbelief("unreadable")
    return payload


def is_timeline(it):
    """A list says that there is none; whatever it holds says nothing."""
    if isinstance(it, list):
        return True
    rows = [it.get("blocks"), it.get("safe", {})]
    try:
        [seconds(it[name]) for name in ("from", "until")]
        [date_of(day) for day in it["days"]]
    except (KeyError, TypeError, ValueError):
        return False
    whole = lambda number: isinstance(number, int) and not isinstance(number, bool)
    return (
        isinstance(it.get("tzdata"), str)
        and isinstance(it["days"], dict)
        and all(whole(minute) for minute in it["days"].values())
        and all(isinstance(row, dict) for row in rows)
        and all(isinstance(edges, list) and all(map(whole, edges)) for row in rows for edges in row.values())
    )


def receive(given):
    """Snapshots, as they come to a device that applies what it should: a verdict on each, and what is held in the end."""
    keys, held, verdicts = given["keys"], given["held"], []
    for snapshot in given["arrivals"]:
        verdict = judge(keys, held, given["teen_id"], given.get("capabilities", {}), snapshot)
        if verdict == {"verdict": "unknown_key"} and "fetched" in given:
            keys = given["fetched"]
            verdict = judge(keys, held, given["teen_id"], given.get("capabilities", {}), snapshot, fetched=True)
        if verdict["verdict"] == "apply":
            held = {name: snapshot[name] for name in ("epoch", "revision", "sha256")}
        verdicts.append(verdict)
    return {"verdicts": verdicts, "held": held}


def judge(keys, held, teen, capabilities, snapshot, fetched=False):
    """What to do with one snapshot: only what is newer and verified is applied."""
    version = lambda it: (it["epoch"], it["revision"])
    if held and version(snapshot) < version(held):
        return {"verdict": "not_newer"}
    if held and version(snapshot) == version(held):
        same = snapshot["sha256"] == held["sha256"]
        return {"verdict": "already_held"} if same else {"verdict": "refuse", "code": "not_newer"}
    if not fetched and all(key["key_id"] != snapshot["key_id"] for key in keys):
        return {"verdict": "unknown_key"}
    try:
        payload = opened(keys, snapshot, teen)
    except Disbelief as why:
        return {"verdict": "refuse", "code": str(why)}
    controls = payload["controls"]
    if not all(isinstance(entry, dict) and "value" in entry for entry in controls.values()):
        return {"verdict": "refuse", "code": "unreadable"}
    lacking = [name for name in sorted(controls) if capabilities and name not in capabilities][:MOST_ISSUES]
    return {
        "verdict": "apply",
        "controls": {name: entry["value"] for name, entry in controls.items()},
        "issues": [{"control": name, "code": "unsupported"} for name in lacking],
    }


# ---- Conversations ---------------------------------------------------------------------------------------------------

REPORT_EVERY_MS = 1_000


def converse(given):
    """What a device says and does, event after event: the words of each step are worked out from everything before it."""
    steps = [step(given, number) for number in range(len(given["events"]))]
    return {"steps": steps, "held": story(given, len(given["events"]))["held"]}


def step(given, number):
    """One step: what the story so far makes it say now."""
    event, now = given["events"][number], given["events"][number]["at_ms"]
    before, said = story(given, number), []
    if "opened" in event:
        said.append({"t": "hello", "protocol": 1, "applied": before["held"]})
    verdict = judged(given, before, event)
    if verdict and verdict["verdict"] == "refuse":
        said.append({"t": "rejected", "id": f"rejected-{named(event['frame'])}", "code": verdict["code"], **numbers(event["frame"])})
    after = story(given, number + 1, silent=True)
    if due(after, now):
        held = after["held"]
        said.append({"t": "applied", "id": f"applied-{named(held)}", "issues": after["issues"], "sha256": held["sha256"], **numbers(held)})
    ends = {"then": then(event)} if "closed" in event or event.get("frame", {}).get("t") == "drain" else {}
    return {"says": said, **ends}


def story(given, length, silent=False):
    """How the device stands after so many events; `silent`: before it says anything after the last one."""
    held = given["held"]
    so_far = {"held": held, "owed": held is not None, "said_at": None, "sure_of": None, "welcome": False, "issues": []}
    for number, event in enumerate(given["events"][:length]):
        frame = event.get("frame", {})
        verdict = judged(given, so_far, event)
        if frame.get("t") == "welcome":
            so_far["welcome"] = True
        elif verdict and verdict["verdict"] == "apply":
            so_far.update(held={name: frame[name] for name in ("epoch", "revision", "sha256")}, owed=True, issues=verdict["issues"])
        elif verdict and verdict["verdict"] == "already_held":
            so_far["owed"] = True
        elif frame.get("t") == "ack" and str(frame.get("ref")).startswith("applied-"):
            known = tuple(int(part) for part in frame["ref"].removeprefix("applied-").split("."))
            so_far["sure_of"] = max(known, so_far["sure_of"] or known)
        elif "closed" in event or frame.get("t") == "drain":
            so_far["welcome"] = False
            if so_far["held"] and (so_far["sure_of"] or (0, 0)) < tuple(numbers(so_far["held"]).values()):
                so_far["owed"] = True
        if not (silent and number == length - 1) and due(so_far, event["at_ms"]):
            so_far.update(owed=False, said_at=event["at_ms"])
    return so_far


def judged(given, so_far, event):
    """The verdict on a snapshot, where the event is one."""
    frame = event.get("frame", {})
    if frame.get("t") != "policy":
        return None
    return judge(given["keys"], so_far["held"], given["teen_id"], given.get("capabilities", {}), frame)


def due(so_far, now):
    """A report is due once somebody listens, at most every second."""
    rested = so_far["said_at"] is None or now - so_far["said_at"] >= REPORT_EVERY_MS
    return so_far["welcome"] and so_far["owed"] and so_far["held"] is not None and rested


def then(event):
    """What follows the end of a socket."""
    code = event.get("closed", 4200)
    return {40: "stop", 42: "now"}.get(code // 100, "back_off")


def numbers(it):
    return {"epoch": it["epoch"], "revision": it["revision"]}


def named(it):
    return f"{it['epoch']}.{it['revision']}"


# ---- Silence ---------------------------------------------------------------------------------------------------------


def silence(staleness, heard_at, at):
    """How silent it has been, told hour by hour since the last contact."""
    hours = 0
    while seconds(heard_at) + (hours + 1) * 3600 <= seconds(at):
        hours += 1
    if hours >= staleness["safe_hours"]:
        return "safe"
    return "warn" if hours >= staleness["warn_hours"] else "short"


def alone(given):
    """What counts on a device that got an entry and has nobody to ask."""
    entry, at = given["entry"], given["at"]
    silent = silence(given["staleness"], given["heard_at"], at)
    if silent == "safe" and "safe" in entry:
        return {"silence": silent, "value": entry["safe"]}
    over = "until" in entry and seconds(at) >= seconds(entry["until"])
    return {"silence": silent, "value": entry["after"] if over else entry["value"]}


def safe(given):
    """The value that forbids everything that somebody told the device or the age forbids; nothing where that adds nothing."""
    kind, value = given["kind"], canonical(given["kind"], given["value"])
    told = [value, canonical(kind, given["after"])] if "after" in given else [value]
    limits = forbidden(kind, given["default"]).union(*(forbidden(kind, it) for it in told))
    added = any(forbidden(kind, it) != limits for it in told)
    return {"safe": allowing(kind, limits)} if added else {}


# ---- Frames ----------------------------------------------------------------------------------------------------------

FRAMES = {
    "welcome": ["connection_id", "server_time", "heartbeat_seconds", "desired", "resume"],
    "policy": ["epoch", "revision", "key_id", "payload", "signature", "sha256"],
    "ack": ["ref"],
    "heartbeat": ["n", "server_time", "desired"],
    "notice": [],
    "drain": ["reconnect_after_ms"],
    "error": ["code", "retry_after_ms"],
}
INSIDE = {
    "desired": ["epoch", "revision"],
    "changed": ["control", "from", "to", "direction", "effective"],
}
NOTICES = {
    "pairing": ["pairing_id", "teen_id", "state", "with"],
    "change": ["teen_id", "epoch", "revision", "by", "reason", "changed"],
}


def heard(frame):
    """A frame of the server without what this version of the protocol does not name."""
    names = FRAMES.get(frame["t"])
    if names is None:
        return {"ignored": True}
    if frame["t"] == "notice":
        if frame["kind"] not in NOTICES:
            return {"ignored": True}
        names = ["kind", *NOTICES[frame["kind"]]]
    return {"t": frame["t"], **{name: known(name, frame[name]) for name in names if name in frame}}


def known(name, value):
    """A field without what is not known inside of it."""
    inside = INSIDE.get(name)
    if inside is None:
        return value
    if isinstance(value, list):
        return [known(name, one) for one in value]
    return {field: value[field] for field in inside}


# ---- Use -------------------------------------------------------------------------------------------------------------


def slot_fault(slot, now):
    """Why a slot of use cannot be counted; None where it can."""
    start, now = slot["slot"] * 300, seconds(now)
    if not (1 <= len(slot["item"].encode()) <= 64 and all("!" <= c <= "~" for c in slot["item"])):
        return "item"
    if not 0 <= slot["seconds"] <= 300:
        return "seconds"
    if start > now + 600:
        return "future"
    return "too_old" if start < now - 8 * 86400 else None


def merged(reports):
    """What is known after all reports: of each device's slot and item, one figure that no report goes beyond."""
    told = [(report["device"], slot["slot"], slot["item"], slot["seconds"]) for report in reports for slot in report["slots"]]
    known = [it for it in set(told) if not any(other[:3] == it[:3] and other[3] > it[3] for other in told)]
    return [dict(zip(("device", "slot", "item", "seconds"), it)) for it in sorted(known)]
