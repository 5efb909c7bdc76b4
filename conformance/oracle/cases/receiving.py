"""Snapshots as they come to a device: what it applies, what it leaves, what it does not know and ignores."""

from cases import case
from cases.snapshots import MINE, OTHER, key, payload, signed
from draw import dice


def receive(name, why, arrivals, held=None, keys=("first",), **more):
    given = {"teen_id": MINE, "keys": [key(one) for one in keys], "held": held, "arrivals": arrivals, **more}
    return case(f"receiving/{name}", "receive", why, given)


def at(snapshot):
    return {name: snapshot[name] for name in ("epoch", "revision", "sha256")}


TIMELINE = {
    "from": "2026-03-01T12:00:00Z",
    "until": "2026-03-03T12:00:00Z",
    "tzdata": "2026a",
    "days": {"2026-03-01": -780, "2026-03-02": 660, "2026-03-03": 2100},
    "blocks": {"demo.quiet": [540, 1140]},
    "safe": {"demo.quiet": [480, 1140]},
}
BENT = {
    "without-an-end": {name: it for name, it in TIMELINE.items() if name != "until"},
    "without-days": {name: it for name, it in TIMELINE.items() if name != "days"},
    "with-a-day-that-never-was": {**TIMELINE, "days": {"2026-02-30": 0}},
    "with-half-a-minute": {**TIMELINE, "days": {"2026-03-01": 0.5}},
    "with-words-for-minutes": {**TIMELINE, "blocks": {"demo.quiet": ["540", "1140"]}},
    "of-words": "none",
}


def cases():
    five, six, seven = (signed(payload(revision)) for revision in (5, 6, 7))
    yield receive("first", "A device without a policy applies a sound one.", [five])
    yield receive("newer", "A greater revision is applied.", [six], at(five))
    yield receive("same", "The very policy that is held: nothing to apply, the report is owed again.", [five], at(five))
    yield receive("older", "An older one is a late copy.", [five], at(six))
    other = signed(payload(controls={"demo.minutes": {"value": 10}}))
    yield receive("hard-36-same-revision-other-hash", "One version has one content: refused.", [other], at(five))
    restored = signed(payload(1, epoch=2))
    yield receive("epoch-counts-first", "After a restore the epoch is greater, whatever the revision.", [restored], at(seven))
    yield receive("epoch-below", "A lower epoch is older, whatever the revision.", [seven], at(restored))
    yield receive("hard-33-only-the-newest", "Policies are state: from 5 to 7 without 6.", [seven], at(five))
    yield receive("out-of-order", "Late copies never take a device back.", [five, seven, six, five])
    yield receive("sibling", "A policy for another teen is refused and changes nothing.", [signed(payload(6, teen=OTHER))], at(five))
    yield receive("forged", "A forged one changes nothing, and the next sound one counts.",
                  [{**six, "sha256": "00" * 32}, six], at(five))
    rotated = signed(payload(6), "second")
    yield receive("unknown-key", "An unknown key: fetch the keys, then judge again.", [rotated], at(five))
    both = [key("first"), key("second")]
    yield receive("key-fetched", "Once the keys are fetched it is judged again.", [rotated], at(five), fetched=both)
    yield receive("key-still-unknown", "A key that the server does not serve either is a bad signature.",
                  [rotated], at(five), fetched=[key("first")])
    yield receive("hard-39-old-key-retired", "After a fetch only the fetched keys count.",
                  [rotated, signed(payload(7))], at(five), fetched=[key("second")])
    yield from unknown()
    yield from histories()


def unknown():
    """What a newer server adds, an older client ignores."""
    plain = {"demo.minutes": {"value": 45, "source": "guardian"}}
    yield receive("unknown-field-in-payload", "A field that is not known is ignored.", [signed(payload(later={"a": [1]}))])
    entry = {"demo.minutes": {"value": 45, "source": "guardian", "mood": "calm"}}
    yield receive("unknown-field-in-control", "In a control too.", [signed(payload(controls=entry))])
    source = {"demo.minutes": {"value": 45, "source": "court"}}
    yield receive("unknown-source", "A layer that is not known decides like any other.", [signed(payload(controls=source))])
    frame = {**signed(payload()), "t": "policy", "priority": 9}
    yield receive("unknown-field-in-frame", "A field of the frame that is not known is ignored.", [frame])
    able = {"demo.minutes": 1}
    more = {**plain, "demo.new": {"value": True, "source": "default"}}
    yield receive("hard-37-unknown-control", "A control that the app cannot enforce is applied for the rest, and reported.",
                  [signed(payload(controls=more))], capabilities=able)
    yield receive("no-capabilities", "An app that names no abilities can enforce everything.", [signed(payload(controls=more))])
    strange = {**plain, "demo.strange": {"value": {"any": ["shape", 7]}, "source": "default"}}
    yield receive("unknown-shape-of-value", "A value of a shape that is not known stops nothing else.",
                  [signed(payload(controls=strange))], capabilities=able)
    bare = {"demo.minutes": 45}
    yield receive("control-without-a-value", "An entry must name its value.", [signed(payload(controls=bare))])
    interval = [{"control": "demo.quiet", "from": "2026-03-01T21:00:00Z", "until": "2026-03-02T07:00:00Z", "why": "night"}]
    yield receive("list-for-a-timeline", "A list says that there is none, whatever it holds.", [signed(payload(timeline=interval))])
    yield receive("timeline", "Days and blocks in UTC.", [signed(payload(timeline=TIMELINE))])
    later = {**TIMELINE, "leap_seconds": []}
    yield receive("unknown-field-in-timeline", "In the timeline too.", [signed(payload(timeline=later))])
    for name, bent in BENT.items():
        yield receive(f"timeline-{name}", "Signed or not: what cannot be read is not applied.", [signed(payload(timeline=bent))])
    stale = {"warn_hours": 24, "safe_hours": 72, "shout_hours": 96}
    yield receive("unknown-field-in-staleness", "And in the rule for silence.", [signed(payload(staleness=stale))])


def histories():
    """Whatever comes, in whatever order: what is held only grows."""
    chance = dice("receiving")
    made = {(epoch, revision): signed(payload(revision, epoch)) for epoch in (1, 2) for revision in range(1, 6)}
    for number in range(1, 9):
        arrivals = []
        for _ in range(6):
            snapshot = made[chance.randrange(1, 3), chance.randrange(1, 6)]
            bent = {**snapshot, "sha256": "00" * 32} if chance.random() < 0.2 else snapshot
            arrivals.append(bent)
        yield receive(f"history-{number}", "Never backwards, and only what verified is applied.", arrivals)
