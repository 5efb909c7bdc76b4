"""The groups of cases, one file each. A case here has no expectation: the oracle answers it."""

import json

# What has been asked so far, by reviewed and drawn cases of all groups: the generator writes it, and refuses a repetition.
ASKED = set()


def case(name, op, why, given):
    """A case that the oracle is asked about."""
    return {"id": name, "op": op, "why": why, "input": given}


def question(op, given):
    """What a case asks, whatever it is called."""
    return json.dumps([op, given], sort_keys=True)


def fresh(op, draw, tries=100):
    """The first drawn input that was not asked before; None where nothing else seems to be left."""
    drawn = (draw() for _ in range(tries))
    return next((given for given in drawn if question(op, given) not in ASKED), None)
