"""What may be done with a teen now: every control that has a say is asked, and the strictest answer wins."""

import re
import unicodedata

import clock
from clock import instant, seconds
from values import DAY, DAYS, forbidden, is_invisible
from windows import schedule

AUDIENCES = ["everyone", "suggested_friends", "friends", "no_one"]
# Up to where on that list somebody is among those who may.
REACH = {"stranger": 0, "suggested_friend": 1, "friend": 2, "guardian": 2, "self": 3}
NEVER_LIMITED = {"call_emergency", "reach_help_line", "report"}
ASKS = {"approval_needed", "consent_needed", "guardian_needed"}
STRICTNESS = ["allow", "ask", "deny"]
# How far ahead an answer looks for another.
EIGHT_DAYS = 8 * 24 * 3600
# What Unicode calls White_Space.
WHITE = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
# What stands around words; a hashtag keeps its #.
MARKS = """.,;:!?"'`*_~-/\\|()[]{}<>…–—“”„‘’‚«»‹›¡¿。、！，？："""


def decide(catalogue, given):
    """The verdict on a question, or why it has none."""
    question = {"relationship": "stranger", "subjects": [], **given["question"]}
    deciders = [control for control in sorted(catalogue, key=lambda it: it["id"]) if "decides" in control]
    fault = unaskable(deciders, question)
    if fault:
        return {"refused": fault}
    if is_never_limited(question):
        return {"outcome": "allow", "reasons": [], "until": None}
    concerned = [control for control in deciders if control["decides"]["action"] in (question["action"], "any")]
    known = [control for control in concerned if control["id"] in given["policy"]]
    if all(control["decides"]["action"] == "any" for control in known):
        reason = {"control": None, "code": "not_known", "source": None, "rules": []}
        return {"outcome": "deny", "reasons": [reason], "until": None}
    return summed(known, given, question)


def unaskable(deciders, question):
    """Why a question has no answer; None where it has one."""
    about = [control for control in deciders if control["decides"]["action"] == question["action"]]
    if not is_never_limited(question) and (question["action"] == "any" or not about):
        return "unknown_action"
    if len(question["subjects"]) > 50:
        return "too_many_subjects"
    if sum(max(1, len(split(text))) for text in question.get("words", [])) > 200:
        return "too_many_words"
    levels = [control["kind"]["choice"]["values"] for control in about if control["decides"]["how"] == "level"]
    if "level" in question and levels and question["level"] not in levels[0]:
        return "unknown_level"
    if "actor" in question and not is_id(question["actor"]):
        return "actor"
    return None if all(is_id(subject) for subject in question["subjects"]) else "subject"


def is_id(text):
    return 1 <= len(text.encode()) <= 64 and all("!" <= c <= "~" for c in text)


def is_never_limited(question):
    """Help, and calls of a guardian."""
    guardian_calls = question["relationship"] == "guardian" and question["action"] == "call"
    return guardian_calls or question["action"] in NEVER_LIMITED


class Say:
    """What one control says to a question, and when it may say something else by itself."""

    def __init__(self, control, given, question, now):
        self.control, self.home, self.now = control["id"], given, now
        entry = given["policy"][self.control]
        later = "until" in entry and seconds(entry["until"]) <= self.now
        value = entry["after"] if later else entry["value"]
        self.source, self.rules = (None, []) if later else (entry["source"], entry.get("rules", []))
        self.code, turn = READERS[control["decides"]["how"]](self, control["kind"], value, question)
        ends = [] if later or "until" not in entry else [seconds(entry["until"])]
        turns = ([] if turn is None else [turn]) + ends
        self.next = min(turns) if turns else None

    @property
    def outcome(self):
        if self.code is None or self.code == "not_asked":
            return "allow"
        return "ask" if self.code in ASKS else "deny"

    def reason(self):
        return {"control": self.control, "code": self.code, "source": self.source, "rules": self.rules}

    # ---- How a value is read as an answer: the code, and the next turn of it ----

    def audience(self, kind, value, question):
        return ("not_in_audience" if REACH[question["relationship"]] < AUDIENCES.index(value) else None), None

    def permission(self, kind, value, question):
        return ("not_allowed" if forbidden(kind, value) else None), None

    def friends_only(self, kind, value, question):
        closed = forbidden(kind, value) and REACH[question["relationship"]] < REACH["friend"]
        return ("friends_only" if closed else None), None

    def approval(self, kind, value, question):
        return ("approval_needed" if forbidden(kind, value) else None), None

    def level(self, kind, value, question):
        """What nobody has rated counts as the loosest."""
        levels = kind["choice"]["values"]
        made_for = levels.index(question["level"]) if "level" in question else 0
        return ("above_level" if made_for < levels.index(value) else None), None

    def hours(self, kind, value, question):
        blocked, turn = clock.next_turn(schedule(value), self.home["zone"], self.now)
        return ("off_hours" if blocked else None), turn

    def budget(self, kind, value, question):
        """The minutes of the local day; a day without any is over before it begins."""
        week = value if isinstance(value, dict) else dict.fromkeys(DAYS, value)
        if set(week.values()) == {DAY}:
            return None, None
        (day,) = clock.days(self.home["zone"], self.home["day_start_minute"], self.now, self.now + 1)
        limit = week[DAYS[clock.date_of(day["date"]).weekday()]]
        # Of a day that has not begun when it is asked, nothing is used.
        used = question.get("used_minutes") if seconds(day["from"]) <= seconds(self.home["now"]) else 0
        if limit == DAY:
            code = None
        elif (used or 0) >= limit:
            code = "budget_used"
        else:
            code = "not_asked" if used is None else None
        return code, seconds(day["to"])

    def words(self, kind, value, question):
        if not value:
            return None, None
        if "words" not in question:
            return "not_asked", None
        text = [word for piece in question["words"] for word in compared(piece)]
        entries = [compared(entry) for entry in value]
        found = any(text[at : at + len(entry)] == entry for entry in entries for at in range(len(text)))
        return ("blocked_word" if found else None), None

    def subjects(self, kind, value, question):
        """Only who is alone has no other side to tell of."""
        parties = {*question["subjects"], *([question["actor"]] if "actor" in question else [])}
        if parties & set(value):
            return "blocked", None
        told = not value or "actor" in question or question["relationship"] == "self"
        return (None if told else "not_asked"), None

    def consent(self, kind, value, question):
        if value == "prohibited":
            return "prohibited", None
        needed = value == "with_consent" and not self.home["consented"]
        return ("consent_needed" if needed else None), None

    def guardian(self, kind, value, question):
        return ("guardian_needed" if value == "needed" and not self.home["paired"] else None), None


READERS = {name: getattr(Say, name) for name in
           ("audience", "permission", "friends_only", "approval", "level", "hours", "budget", "words", "subjects", "consent",
            "guardian")}


def split(text):
    return [word for word in WHITE.split(text) if word]


def compared(text):
    """The words of a text or of an entry, without the marks around them; of what is nothing but marks, the marks."""
    words = [folded(word) for word in split(text)]
    return [word.strip(MARKS) or word for word in words if word]


def folded(word):
    """A word in one case; what nobody can see must not hide it."""
    seen = "".join(c for c in word if not is_invisible(c))
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", seen).lower().strip())


def summed(known, given, question):
    """The strictest of all, who said it or could not say, and when that becomes another by itself."""
    now = seconds(given["now"])
    said = [Say(control, given, question, now) for control in known]
    outcome = strictest(said)
    reasons = [say.reason() for say in said if say.code and say.outcome in (outcome, "allow")]
    until = first_other(known, given, question, said)
    return {"outcome": outcome, "reasons": reasons, "until": None if until is None else instant(until)}


def strictest(said):
    return max((say.outcome for say in said), key=STRICTNESS.index)


def first_other(known, given, question, said):
    """Goes from one turn of any control to the next, asking all of them again, until the outcome is another."""
    now = seconds(given["now"])
    then = said
    while True:
        at = min((say.next for say in then if say.next is not None), default=None)
        if at is None or at >= now + EIGHT_DAYS:
            return None
        then = [Say(control, given, question, at) for control in known]
        if strictest(then) != strictest(said):
            return at
