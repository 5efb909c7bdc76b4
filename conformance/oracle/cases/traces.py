"""Whole conversations of a device: hello, resume, change, lost reports, ends of sockets, a restore."""

from cases import case
from cases.receiving import at
from cases.snapshots import MINE, OTHER, key, payload, signed
from draw import dice

WELCOME = {"t": "welcome", "connection_id": "00000000-0000-7000-8000-00000000c0c0", "server_time": "2026-03-01T12:00:00Z", "heartbeat_seconds": 30}


def trace(name, why, events, held=None, **more):
    """Each event is (milliseconds, what)."""
    told = [{"at_ms": at_ms, **what} for at_ms, what in events]
    given = {"teen_id": MINE, "keys": [key("first")], "held": held, "events": told, **more}
    return case(f"traces/{name}", "converse", why, given)


def opened():
    return {"opened": True}


def waited():
    return {"waited": True}


def closed(code):
    return {"closed": code}


def frame(named, **fields):
    return {"frame": {"t": named, **fields}}


def welcome(revision, resume, epoch=1):
    return {"frame": {**WELCOME, "desired": {"epoch": epoch, "revision": revision}, "resume": resume}}


def policy(snapshot):
    return {"frame": {"t": "policy", **snapshot}}


def ack(snapshot):
    return frame("ack", ref=f"applied-{snapshot['epoch']}.{snapshot['revision']}")


def cases():
    five, six, seven, eight = (signed(payload(revision)) for revision in (5, 6, 7, 8))
    met = [(0, opened()), (20, welcome(5, "snapshot")), (30, policy(five)), (40, ack(five))]
    yield trace("first-meeting", "Hello, welcome, the policy, the report, its ack.", met)
    yield trace("back-and-current", "A device that comes back reports what it holds: an app that was updated may have other abilities.",
                [(0, opened()), (20, welcome(5, "current")), (30, ack(five))], at(five))
    yield trace("back-and-behind", "What it missed comes as one snapshot.",
                [(0, opened()), (20, welcome(7, "snapshot")), (1_100, policy(seven)), (1_110, ack(seven))], at(five))
    yield trace("a-change", "A change is applied and reported at once.", [*met, (60_000, policy(six)), (60_010, ack(six))])
    burst = [(60_000, policy(six)), (60_100, policy(seven)), (60_200, policy(eight)), (60_900, waited()), (61_000, waited())]
    yield trace("rapid-changes", "Reports come at most once a second, and only about the newest.", [*met, *burst])
    yield trace("hard-33-late-copies", "Late copies change nothing and are not reported.",
                [*met, (60_000, policy(seven)), (61_500, policy(six)), (63_000, policy(five))])
    lost = [(60_000, policy(six)), (70_000, closed(1006)), (70_200, opened()), (70_220, welcome(6, "snapshot"))]
    yield trace("report-lost", "A report that was never confirmed is owed again on the next socket.",
                [*met, *lost, (70_230, policy(six)), (71_300, waited())])
    yield trace("report-confirmed", "One that was confirmed is not.",
                [*met, (70_000, closed(1006)), (70_200, opened()), (70_220, welcome(5, "current")), (72_000, waited())])
    yield trace("asked-again", "The server sends what the device holds: it has missed the report.", [*met, (90_000, policy(five))])
    yield trace("another-teen", "A policy for another teen is refused, and what is held stays.",
                [*met, (60_000, policy(signed(payload(6, teen=OTHER)))), (60_010, policy(six))])
    yield trace("forged", "A forged one is refused.", [*met, (60_000, policy({**six, "sha256": "00" * 32}))])
    yield trace("hard-36-two-contents", "One version with two contents is refused.",
                [*met, (60_000, policy(signed(payload(controls={"demo.minutes": {"value": 10}}))))])
    yield trace("unknown-key", "A key that is not known: nothing is said until the keys are fetched.",
                [*met, (60_000, policy(signed(payload(6), "second")))])
    restored = signed(payload(2, epoch=2))
    back = [(60_000, closed(4102)), (61_000, opened()), (61_020, welcome(2, "snapshot", 2)), (61_030, policy(restored)), (61_040, ack(restored))]
    yield trace("a-restore", "After a restore the epoch is greater, and a lower revision of it is newer.", [*met, *back])
    able = [(0, opened()), (20, welcome(5, "snapshot")), (30, policy(signed(payload(controls={
        "demo.minutes": {"value": 45, "source": "guardian"}, "demo.new": {"value": True, "source": "default"}}))))]
    yield trace("hard-37-unknown-control", "What the app cannot enforce is named in the report.", able, capabilities={"demo.minutes": 1})
    yield trace("unknown-frames", "Frames of a kind that is not known say nothing.",
                [*met, (50_000, frame("forecast", left=5)), (60_000, frame("notice", kind="weather", sky="blue"))])
    yield trace("errors-and-heartbeats", "Neither asks for a word.",
                [*met, (50_000, frame("error", code="unavailable", retry_after_ms=2_000)),
                 (60_000, frame("heartbeat", n=1, server_time="2026-03-01T12:01:00Z", desired={"epoch": 1, "revision": 5}))])
    for code in (1000, 1001, 1006, 1012, 4001, 4003, 4004, 4005, 4006, 4050, 4100, 4101, 4102, 4103, 4104, 4199, 4200, 4201, 4250, 4300):
        yield trace(f"closed-{code}", "What follows a code goes by its range, so that codes of the future count too.", [*met, (90_000, closed(code))])
    yield trace("drained", "A node that goes away says so: come back at once, to another one.",
                [*met, (90_000, frame("drain", reconnect_after_ms=0)), (90_010, opened()), (90_030, welcome(5, "current"))])
    yield from histories()


def histories():
    """Whatever happens, in whatever order: what is held only grows, and it is reported."""
    chance = dice("traces")
    made = {(epoch, revision): signed(payload(revision, epoch)) for epoch in (1, 2) for revision in range(1, 6)}
    for number in range(1, 13):
        events, now, is_open = [], 0, False
        for _ in range(14):
            now += chance.choice((5, 300, 1_000, 5_000))
            if not is_open:
                events += [(now, opened()), (now + 1, welcome(5, "snapshot"))]
                now, is_open = now + 1, True
                continue
            snapshot = made[chance.randrange(1, 3), chance.randrange(1, 6)]
            what = chance.choice(("policy", "policy", "policy", "ack", "wait", "end"))
            if what == "policy":
                events.append((now, policy(snapshot)))
            elif what == "ack":
                events.append((now, ack(snapshot)))
            elif what == "wait":
                events.append((now, waited()))
            else:
                events.append((now, closed(chance.choice((1006, 4102, 4200)))))
                is_open = False
        yield trace(f"history-{number}", "Never backwards, and no report is lost.", events)
