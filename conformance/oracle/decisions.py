"""What may be done with a teen now: every control that has a say is asked, and the strictest answer wins."""

import unicodedata

import clock
from clock import instant, seconds
from values import DAY, DAYS, WEEK, forbidden, is_invisible

AUDIENCES = ["everyone", "suggested_friends", "friends", "no_one"]
# Up to where on that list somebody is among those who may.
REACH = {"stranger": 0, "suggested_friend": 1, "friend": 2, "guardian": 2, "self": 3}
NEVER_LIMITED = {"call_emergency", "reach_help_line", "report"}
ASKS = {"approval_needed", "consent_needed", "guardian_needed"}
STRICTNESS = ["allow", "ask", "deny"]


def decide(catalogue, given):
    """The verdict on a question, or why it has none."""
    question = {"relationship": "stranger", "subjects": [], "words": [], **given["question"]}
    deciders = [control for control in sorted(catalogue, key=lambda it: it["id"]) if "decides" in control]
    fault = unaskable(deciders, question)
    if fault:
        return {"refused": fault}
    if is_never_limited(question):
        return {"outcome": "allow", "reasons": [], "until": None}
    concerned = [control for control in deciders if control["decides"]["action"] in (question["action"], "any")]
    said = [Say(control, given, question) for control in concerned if control["id"] in given["policy"]]
    if all(say.action == "any" for say in said):
        reason = {"control": None, "code": "not_known", "source": None, "rules": []}
        return {"outcome": "deny", "reasons": [reason], "until": None}
    return summed(said)


def unaskable(deciders, question):
    """Why a question has no answer; None where it has one."""
    about = [control for control in deciders if control["decides"]["action"] == question["action"]]
    if not is_never_limited(question) and (question["action"] == "any" or not about):
        return "unknown_action"
    if len(question["subjects"]) > 50:
        return "too_many_subjects"
    if len(question["words"]) > 200:
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

    def __init__(self, control, given, question):
        self.control, self.action = control["id"], control["decides"]["action"]
        self.home, self.now = given, seconds(given["now"])
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
        minutes = forbidden(kind, value)
        if not minutes:
            return None, None
        if len(minutes) == WEEK:
            return "off_hours", None
        blocked, turn = clock.next_turn(minutes, self.home["zone"], self.now)
        return ("off_hours" if blocked else None), turn

    def budget(self, kind, value, question):
        """The minutes of the local day; a day without any is over before it begins."""
        week = value if isinstance(value, dict) else dict.fromkeys(DAYS, value)
        if set(week.values()) == {DAY}:
            return None, None
        (day,) = clock.days(self.home["zone"], self.home["day_start_minute"], self.now, self.now + 1)
        limit = week[DAYS[clock.date_of(day["date"]).weekday()]]
        used = question.get("used_minutes")
        if limit == DAY:
            code = None
        elif (used or 0) >= limit:
            code = "budget_used"
        else:
            code = "not_asked" if used is None else None
        return code, seconds(day["to"])

    def words(self, kind, value, question):
        words = [folded(word) for word in question["words"]]
        rows = lambda parts: (words[at : at + len(parts)] for at in range(len(words)))
        phrase = lambda entry: len(entry.split()) > 1 and entry.split() in rows(entry.split())
        found = any(entry in words or phrase(entry) for entry in value)
        return ("blocked_word" if found else None), None

    def subjects(self, kind, value, question):
        parties = {*question["subjects"], *([question["actor"]] if "actor" in question else [])}
        return ("blocked" if parties & set(value) else None), None

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


def folded(word):
    """A word of a text as a list would hold it; what nobody can see must not hide it."""
    seen = "".join(c for c in word if not is_invisible(c))
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", seen).lower().strip())


def summed(said):
    """The strictest of all, who said it or could not say, and how long it lasts."""
    outcome = max((say.outcome for say in said), key=STRICTNESS.index)
    loud = [say for say in said if say.outcome == outcome]
    if outcome == "deny":
        # It lasts until the last of those who say no may say something else.
        ends = [say.next for say in loud]
        until = None if None in ends else max(ends)
    else:
        # Anything else may get stricter at any turn.
        until = min((say.next for say in said if say.next is not None), default=None)
    reasons = [say.reason() for say in said if say.code and say.outcome in (outcome, "allow")]
    return {"outcome": outcome, "reasons": reasons, "until": None if until is None else instant(until)}
