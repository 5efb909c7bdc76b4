"""The groups of cases, one file each. A case here has no expectation: the oracle answers it."""


def case(name, op, why, given):
    """A case that the oracle is asked about."""
    return {"id": name, "op": op, "why": why, "input": given}
