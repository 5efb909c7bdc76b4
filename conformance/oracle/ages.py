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
    """One band further for every border that these years have reached."""
    return BANDS[sum(1 for border in (13, 16, 18) if years >= border)]


def band(born, today):
    """The band on a day. Nobody is younger than not born yet, so that counts like a newborn."""
    return band_of(age(born, today) or 0)


def next_transition(born, today):
    """Leafs through the calendar until the band is no longer today's; an adult's never ends."""
    if band(born, today) == "adult":
        return None
    day = today
    while band(born, day) == band(born, today):
        day += timedelta(days=1)
    return day
