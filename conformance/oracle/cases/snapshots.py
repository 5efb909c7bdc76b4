"""Signed snapshots, made from test keys, and what is done to them on the way."""

import base64
import hashlib
import json

import ed25519
from cases import case
from draw import DANA, NOW

MINE, OTHER = "00000000-0000-7000-8000-0000000000aa", "00000000-0000-7000-8000-0000000000bb"
SEEDS = {"first": bytes([1]) * 32, "second": bytes([2]) * 32}


def encoded(raw):
    return base64.b64encode(raw).decode()


def key(name):
    """What `GET /v1/keys` has of a key."""
    public = ed25519.public(SEEDS[name])
    named = hashlib.sha256(public).hexdigest()[:16]
    return {"key_id": named, "algorithm": "ed25519", "public_key": encoded(public), "not_before": "2026-01-01T00:00:00Z"}


def payload(revision=5, epoch=1, teen=MINE, controls=None, **more):
    """A policy as it is signed."""
    plain = {"demo.minutes": {"value": 45, "source": "guardian", "by": DANA, "since": NOW, "reason": "exam week"}}
    return {
        "teen_id": teen,
        "epoch": epoch,
        "revision": revision,
        "issued_at": NOW,
        "home_zone": "Europe/Berlin",
        "day_start_minute": 0,
        "controls": plain if controls is None else controls,
        "timeline": [],
        "warnings": [10, 2],
        "staleness": {"warn_hours": 24, "safe_hours": 72},
        **more,
    }


def signed(it, by="first", **frame):
    """The frame around the exact bytes of a payload; text is signed as it is."""
    raw = it if isinstance(it, bytes) else json.dumps(it, separators=(",", ":")).encode()
    named = it if isinstance(it, dict) else payload()
    return {
        "epoch": named["epoch"],
        "revision": named["revision"],
        "key_id": key(by)["key_id"],
        "payload": encoded(raw),
        "signature": encoded(ed25519.sign(SEEDS[by], raw)),
        "sha256": hashlib.sha256(raw).hexdigest(),
        **frame,
    }


def cases():
    yield from signatures()


def verify(name, why, snapshot, teen=MINE, keys=("first",)):
    given = {"keys": [key(one) for one in keys], "snapshot": snapshot, "teen_id": teen}
    return case(f"signatures/{name}", "verify", why, given)


def signatures():
    good = signed(payload())
    raw = base64.b64decode(good["payload"])
    flipped = base64.b64decode(good["signature"])
    yield verify("good", "The key is known, the signature verifies over the exact bytes, frame and payload agree.", good)
    yield verify("good-among-two-keys", "Keys are found by their id.", signed(payload(), "second"), keys=("first", "second"))
    spaced = json.dumps(payload(), indent=2).encode()
    yield verify("good-with-blanks", "The bytes are signed as they are; nothing is canonicalised.", signed(spaced))
    yield verify("good-with-more-fields", "Fields that are not known are signed too, and ignored.", signed(payload(later=[1, 2])))
    yield verify("unknown-key", "Signed by a key that is not among the known ones.", signed(payload(), "second"))
    forged = {**signed(payload(), "second"), "key_id": key("first")["key_id"]}
    yield verify("other-key-under-a-known-name", "A name of a key proves nothing.", forged)
    for at in (0, 40, len(raw) - 2):
        bent = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        told = {**good, "payload": encoded(bent), "sha256": hashlib.sha256(bent).hexdigest()}
        yield verify(f"payload-bent-at-{at}", "One bit of the payload is another one.", told)
    for at in (0, 31, 32, 63):
        bent = flipped[:at] + bytes([flipped[at] ^ 1]) + flipped[at + 1 :]
        yield verify(f"signature-bent-at-{at}", "One bit of the signature is another one.", {**good, "signature": encoded(bent)})
    short = {**good, "signature": encoded(flipped[:63])}
    yield verify("signature-too-short", "A signature has 64 bytes.", short)
    scalar = int.from_bytes(flipped[32:], "little") + ed25519.ORDER
    twin = flipped[:32] + scalar.to_bytes(32, "little")
    yield verify("signature-twin", "The same signature with a scalar that is not reduced is another one: refused.",
                 {**good, "signature": encoded(twin)})
    yield verify("signature-no-base64", "What cannot be decoded is no signature.", {**good, "signature": "*" * 88})
    yield verify("payload-no-base64", "What cannot be decoded cannot be read.", {**good, "payload": "*" * 40})
    yield verify("wrong-hash", "The hash in the frame is that of the bytes.", {**good, "sha256": "00" * 32})
    yield verify("wrong-revision", "Frame and payload name the same revision.", {**good, "revision": 6})
    yield verify("wrong-epoch", "Frame and payload name the same epoch.", {**good, "epoch": 2})
    yield verify("hard-40-payload-for-a-sibling", "A sound policy for another teen is refused.", signed(payload(teen=OTHER)))
    yield verify("no-json", "Signed bytes that are no policy.", signed(b"not json"))
    lacking = {name: it for name, it in payload().items() if name != "home_zone"}
    yield verify("missing-field", "Signed JSON that lacks a field is no policy.", signed(lacking))
    yield verify("hard-39-retired-key", "Signed by a key that is not served any more.", signed(payload()), keys=("second",))
    yield verify("no-keys", "Without keys nothing is believed.", good, keys=())
