"""Ages, counted birthday by birthday and day by day."""

from datetime import date, timedelta

BANDS = ["under_13", "13_15", "16_17", "adult"]


def birthday(born, year):
    """The day of a year on which somebody gets older: for 29 February in a common year the first of March."""
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def age(born, today):
    """Completed years; None before the birth."""
    if today < born:
        return None
    return sum(1 for year in range(born.year + 1, today.year + 1) if birthday(born, year) <= today)


def band_of(years):
    """The band of somebody who has completed this many years."""
    return BANDS[sum(1 for border in (13, 16, 18) if years >= border)]


def band(born, today):
    """The band on a day. A birth that is still to come is a mistake: the most protected band."""
    return band_of(age(born, today) or 0)


def next_transition(born, today):
    """The first day after today on which the band is another one; None for an adult."""
    if band(born, today) == "adult":
        return None
    day = today
    while band(born, day) == band(born, today):
        day += timedelta(days=1)
    return day
