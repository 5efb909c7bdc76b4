"""Windows: which minutes of which civil days they cover, read from the rules, and how that is written.

Nothing is computed with intervals. A day is looked at by itself: what begins on it and on the eve is laid out minute by
minute, and what falls on the day is kept. To compare two values, they are laid out on the same days: an ordinary day for
every day of the week (of every month, where one of both names months), and each date that one of both names.
"""

import json
import re
from contextlib import contextmanager
from datetime import date, timedelta
from functools import lru_cache

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAY = 1440
WEEK = 7 * DAY
MOST_WINDOWS = 50
MOST_DATES = 400
LONGEST_RANGE = 100
FIRST_YEAR, LAST_YEAR = 2000, 2200
EVERY_MONTH = tuple(range(1, 13))
TOMORROW = timedelta(days=1)


class Refused(Exception):
    """A value that a control does not take; the argument is the code for why."""


# ---- What may be given -----------------------------------------------------------------------------------------------


def is_entry(given):
    """Whether it has the fields of one of the three entries, and nothing else."""
    if not isinstance(given, dict):
        return False
    fields = set(given)
    if fields in ({"days", "from", "to"}, {"days", "from", "to", "months"}):
        days, months = given["days"], given.get("months", [])
        named = isinstance(days, list) and all(day in DAYS for day in days)
        numbered = isinstance(months, list) and all(type(month) is int for month in months)
        return named and numbered and is_text(given["from"], given["to"])
    if fields in ({"on", "windows"}, {"on", "windows", "also"}):
        return are_dates(given["on"]) and are_spans(given["windows"]) and type(given.get("also", True)) is bool
    return fields == {"on", "only"} and are_dates(given["on"]) and are_spans(given["only"])


def is_text(*given):
    return all(isinstance(it, str) for it in given)


def are_dates(given):
    fine = lambda it: is_text(it) or (isinstance(it, dict) and set(it) == {"first", "last"} and is_text(*it.values()))
    return isinstance(given, list) and all(fine(it) for it in given)


def are_spans(given):
    fine = lambda it: isinstance(it, dict) and set(it) == {"from", "to"} and is_text(*it.values())
    return isinstance(given, list) and all(fine(it) for it in given)


def within_limits(entries):
    """Not more windows and dates than may be given, or written."""
    if sum(1 if "days" in entry else len(entry.get("windows", entry.get("only"))) for entry in entries) > MOST_WINDOWS:
        raise Refused("too_many_windows")
    if sum(count(it) for entry in entries for it in entry.get("on", [])) > MOST_DATES:
        raise Refused("too_many_dates")


def count(dates):
    try:
        return len(list(each_date(dates)))
    except Refused:
        return 1


def check(entry):
    """Raises [Refused] for an entry of the right shape that says nothing."""
    if "days" in entry:
        if not entry["days"]:
            raise Refused("window_days")
        if "months" in entry and not (entry["months"] and set(entry["months"]) <= set(EVERY_MONTH)):
            raise Refused("window_months")
        minutes_begun(entry)
    else:
        if not [day for it in entry["on"] for day in each_date(it)]:
            raise Refused("window_dates")
        for span in entry.get("windows", []):
            minutes_begun(span)
        for span in entry.get("only", []):
            if times(span)[0] >= times(span)[1]:
                raise Refused("window_over_midnight")


def minute_of_day(text):
    """The minutes that have gone by since midnight when a clock shows this; 24:00 is a whole day."""
    if not re.fullmatch("[0-9]{2}:[0-5][0-9]", text) or text > "24:00":
        raise Refused("window_time")
    return int(text[:2]) * 60 + int(text[3:])


def times(span):
    start, end = minute_of_day(span["from"]), minute_of_day(span["to"])
    if start == DAY:
        raise Refused("window_time")
    return start, end


def minutes_begun(span):
    """The minutes of a window, counted from midnight of the day on which it begins, on into the next."""
    start, end = times(span)
    return range(start, end if end > start else end + DAY)


def day_of(text):
    """A date that may be named."""
    try:
        day = date.fromisoformat(text) if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Refused("window_date")
    return day


def each_date(given):
    """The dates of a range, both ends included; or the one."""
    if isinstance(given, str):
        return [day_of(given)]
    first, last = day_of(given["first"]), day_of(given["last"])
    days = (last - first).days + 1
    if not 1 <= days <= LONGEST_RANGE:
        raise Refused("window_dates")
    return [first + timedelta(days=number) for number in range(days)]


# ---- What is covered -------------------------------------------------------------------------------------------------


class Schedule:
    """Sound entries, and what they cover."""

    def __init__(self, entries):
        self.weekly = [entry for entry in entries if "days" in entry]
        # What is said of each date, entry by entry.
        self.said = {}
        for entry in entries:
            for it in entry.get("on", []):
                for day in each_date(it):
                    self.said.setdefault(day, []).append(entry)
        self.seen = {}
        months = EVERY_MONTH if self.has_months() else EVERY_MONTH[:1]
        self.lengths = {len(self.ordinary(month, weekday)) for month in months for weekday in range(7)}

    def has_months(self):
        return any("months" in window for window in self.weekly)

    def touched(self):
        """The dates on which another thing may be covered than on other days: those that are named, and the days after."""
        days = {*self.said, *(day + TOMORROW for day in self.said)}
        return {day for day in days if day.year <= LAST_YEAR}

    def on(self, day):
        """The minutes of a civil day that are covered."""
        if day not in self.seen:
            fitting = day in self.touched()
            self.seen[day] = self.of_date(day) if fitting else self.ordinary(day.month, day.weekday())
        return self.seen[day]

    def ordinary(self, month, weekday):
        """Those of a day of the week in a month in which nothing is said of it, nor of the eve."""
        return frozenset(
            minute - midnight
            for begin, midnight in ((weekday, 0), ((weekday - 1) % 7, DAY))
            for window in self.weekly
            if DAYS[begin] in window["days"] and month in window.get("months", EVERY_MONTH)
            for minute in minutes_begun(window)
            if midnight <= minute < midnight + DAY
        )

    def of_date(self, day):
        covered = set()
        only = [entry for entry in self.said.get(day, []) if "only" in entry]
        for begin, midnight in ((day, 0), (day - TOMORROW, DAY)):
            for span in self.begins(begin, day.month, week=not only):
                covered.update(minute - midnight for minute in minutes_begun(span) if 0 <= minute - midnight < DAY)
        for span in (span for entry in only for span in entry["only"]):
            covered.update(range(*times(span)))
        return frozenset(covered)

    def begins(self, day, month, week):
        """The windows that begin on a date; of the week's those whose minutes count in the month, if the week is asked at all."""
        entries = [entry for entry in self.said.get(day, []) if "windows" in entry]
        if week and all(entry.get("also") for entry in entries):
            for window in self.weekly:
                if DAYS[day.weekday()] in window["days"] and month in window.get("months", EVERY_MONTH):
                    yield window
        for entry in entries:
            yield from entry["windows"]

    def rests_from(self, day):
        """True or false where all days from this one on are covered, or none is; None where it is neither."""
        kinds = self.lengths | {len(self.on(named)) for named in self.touched() if named >= day}
        return {0: False, DAY: True}[kinds.pop()] if kinds in ({0}, {DAY}) else None

    def last_named(self, day):
        """The last date that is named, or this one."""
        return max([day, *self.touched()])


def schedule(entries):
    """The schedule of a list of entries, made once."""
    return made(json.dumps(entries))


@lru_cache(maxsize=512)
def made(text):
    return Schedule(json.loads(text))


# ---- What is forbidden -----------------------------------------------------------------------------------------------

# The days on which all values of a question are laid out: months (0 stands for any) and dates.
LAID_OUT = [((0,), ())]


@contextmanager
def laid_out_for(given):
    """Lays everything within out on the days that any of the windows somewhere in this names."""
    schedules = [schedule(entries) for entries in windows_in(given)]
    months = EVERY_MONTH if any(it.has_months() for it in schedules) else (0,)
    LAID_OUT.append((months, tuple(sorted({day for it in schedules for day in it.touched()}))))
    try:
        yield
    finally:
        LAID_OUT.pop()


def windows_in(given):
    """Every list of sound windows, however deep."""
    if isinstance(given, list) and given and all(is_entry(entry) for entry in given):
        try:
            for entry in given:
                check(entry)
            yield given
        except Refused:
            pass
    elif isinstance(given, (list, dict)):
        for it in given.values() if isinstance(given, dict) else given:
            yield from windows_in(it)


def forbidden(entries):
    """Each minute of each day that is laid out, if it is covered: of ordinary days as (month, day of the week, minute), of dates
    as (date, minute)."""
    it, (months, dates) = schedule(entries), LAID_OUT[-1]
    ordinary = {
        (month, weekday, minute) for month in months for weekday in range(7) for minute in it.ordinary(month or 1, weekday)
    }
    return frozenset(ordinary | {(day, minute) for day in dates for minute in it.on(day)})


# ---- How it is written -----------------------------------------------------------------------------------------------


def written(limits):
    """The week first: none longer than a day, equal times in one line, lines by their times. Then the dates on which something
    else counts than on an ordinary day, those alike in one entry, entries by their first dates."""
    months, dates = LAID_OUT[-1]
    minutes = {}
    for *day, minute in limits:
        minutes.setdefault(tuple(day), set()).add(minute)
    week_of = lambda month: {
        weekday * DAY + minute for weekday in range(7) for minute in minutes.get((month, weekday), ())
    }
    lines = [*weekly_lines({month: week_of(month) for month in months})]
    alike = {}
    for day in dates:
        ordinary = (day.month if len(months) > 1 else 0, day.weekday())
        covered = minutes.get((day,), set())
        if covered != minutes.get(ordinary, set()):
            alike.setdefault(tuple(sorted(covered)), []).append(day)
    for covered, days in sorted(alike.items(), key=lambda it: it[1]):
        only = [{"from": hhmm(begin), "to": hhmm(end)} for begin, end in stretches(covered)]
        lines.append({"on": [*in_rows(days)], "only": only})
    return lines


def weekly_lines(weeks):
    """One line for all windows with equal times in equal months."""
    months_of = {}
    for month, minutes in weeks.items():
        for start, length in pieces(minutes):
            begin = start % DAY
            end = begin + length if begin + length <= DAY else begin + length - DAY
            months_of.setdefault((begin, end, start // DAY % 7), []).append(month)
    days_of = {}
    for (begin, end, weekday), months in months_of.items():
        # Windows of all months come before those of some.
        named = [] if len(months) == len(weeks) else months
        days_of.setdefault((begin, end, tuple(named)), set()).add(weekday)
    for (begin, end, months), days in sorted(days_of.items()):
        line = {"days": [DAYS[day] for day in sorted(days)], "from": hhmm(begin), "to": hhmm(end)}
        yield {**line, "months": list(months)} if months else line


def hhmm(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


def pieces(minutes):
    """The runs of a set of minutes of the week as (start, length). Longer than 24 hours: cut at midnights."""
    for start, length in runs(minutes):
        while length > DAY:
            to_midnight = DAY - start % DAY
            yield start, to_midnight
            start, length = start + to_midnight, length - to_midnight
        yield start, length


def runs(minutes):
    """What hangs together, over the end of the week too. A week without a gap begins on Monday."""
    if len(minutes) == WEEK:
        yield 0, WEEK
        return
    for start in sorted(minutes):
        if (start - 1) % WEEK not in minutes:
            length = 1
            while (start + length) % WEEK in minutes:
                length += 1
            yield start, length


def stretches(minutes):
    """What hangs together within a day, as (first minute, first minute after)."""
    begins = [minute for minute in minutes if minute - 1 not in minutes]
    ends = [minute + 1 for minute in minutes if minute + 1 not in minutes]
    return zip(begins, ends)


def in_rows(days):
    """Sorted dates, those that follow each other as a range."""
    row = []
    for day in [*days, None]:
        if row and (day is None or day - row[-1] != TOMORROW or len(row) == LONGEST_RANGE):
            first, last = row[0].isoformat(), row[-1].isoformat()
            yield first if first == last else {"first": first, "last": last}
            row = []
        row.append(day)
