# How values and changes are said.

# A change of one control: Daily screen time: 60 → 90 minutes on Tuesday (looser)
change = { $control }: { $change } ({ $direction })
from-to = { $from } → { $to }
# Between the parts of a value or change that are said one after the other, the entries of a list, and the last two of it.
between-parts = { "; " }
between-entries = { ", " }
before-last = { " and " }

direction-tighter = tighter
direction-looser = looser
direction-mixed = partly tighter, partly looser
direction-same = no change

# A yes-or-no that allows something, and one that protects.
flag-allows-yes = allowed
flag-allows-no = not allowed
flag-protects-yes = on
flag-protects-no = off

minutes =
    { $count ->
        [one] { $count } minute
       *[other] { $count } minutes
    }
minutes-from-to =
    { $count ->
        [one] { $from } → { $count } minute
       *[other] { $from } → { $count } minutes
    }
no-limit = no limit

# Words and names that are kept out. The text for none of them must have a space in it: no single word can be mistaken for it.
no-entries = no entries
added = added: { $entries }
taken-away = taken away: { $entries }
own-entries = the teen’s own entries: { $from } → { $to }
all-entries = all of them
item-minutes = { $item }: { $minutes }
between-items = { " / " }
quote-begins = “
quote-ends = ”

# Times of the week, in some months and on dates: Mon–Fri 21:00–07:00; 24 December 2026: only 22:00–24:00
no-times = no times
window = { $days } { $from }–{ $to }
window-in-months = { $window } in { $months }
on-dates-only = { $dates }: only { $times }
on-dates-none = { $dates }: no times
dates-from-to = { $first } to { $last }
date = { $day } { $month } { $year }
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
every-day = every day
days-from-to = from { $first } to { $last }
day-mon = Monday
    .short = Mon
    .on = on Monday
day-tue = Tuesday
    .short = Tue
    .on = on Tuesday
day-wed = Wednesday
    .short = Wed
    .on = on Wednesday
day-thu = Thursday
    .short = Thu
    .on = on Thursday
day-fri = Friday
    .short = Fri
    .on = on Friday
day-sat = Saturday
    .short = Sat
    .on = on Saturday
day-sun = Sunday
    .short = Sun
    .on = on Sunday

band-under-13 = under 13
band-13-15 = 13 to 15
band-16-17 = 16 and 17
band-adult = 18 and over

# Who or what decided a value.
source-default = the usual value at this age
source-kept = kept from a younger age
source-guardian = a guardian
source-teen = the teen
source-grant = an exception for a while
source-hold = an extra limit for a while
source-platform = the platform
source-law = the law
