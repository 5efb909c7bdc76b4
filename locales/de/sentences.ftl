# Wie Werte und Änderungen gesagt werden.

change = { $control }: { $change } ({ $direction })
from-to = { $from } → { $to }
between-parts = { "; " }
between-entries = { ", " }
before-last = { " und " }

direction-tighter = strenger
direction-looser = lockerer
direction-mixed = teils strenger, teils lockerer
direction-same = keine Änderung

flag-allows-yes = erlaubt
flag-allows-no = nicht erlaubt
flag-protects-yes = an
flag-protects-no = aus

minutes =
    { $count ->
        [one] { $count } Minute
       *[other] { $count } Minuten
    }
minutes-from-to =
    { $count ->
        [one] { $from } → { $count } Minute
       *[other] { $from } → { $count } Minuten
    }
no-limit = kein Limit

# Muss ein Leerzeichen haben: So wird kein gesperrtes Wort mit diesem Text verwechselt.
no-entries = keine Einträge
added = hinzugefügt: { $entries }
taken-away = entfernt: { $entries }
own-entries = eigene Einträge: { $from } → { $to }
all-entries = alle zusammen
item-minutes = { $item }: { $minutes }
between-items = { " / " }
quote-begins = „
quote-ends = “

no-times = keine Zeiten
window = { $days } { $from }–{ $to } Uhr
window-in-months = { $window } im { $months }
on-dates-only = { $dates }: nur { $times } Uhr
on-dates-none = { $dates }: keine Zeiten
dates-from-to = { $first } bis { $last }
date = { $day }. { $month } { $year }
month-1 = Januar
month-2 = Februar
month-3 = März
month-4 = April
month-5 = Mai
month-6 = Juni
month-7 = Juli
month-8 = August
month-9 = September
month-10 = Oktober
month-11 = November
month-12 = Dezember
every-day = jeden Tag
days-from-to = von { $first } bis { $last }
day-mon = Montag
    .short = Mo
    .on = montags
day-tue = Dienstag
    .short = Di
    .on = dienstags
day-wed = Mittwoch
    .short = Mi
    .on = mittwochs
day-thu = Donnerstag
    .short = Do
    .on = donnerstags
day-fri = Freitag
    .short = Fr
    .on = freitags
day-sat = Samstag
    .short = Sa
    .on = samstags
day-sun = Sonntag
    .short = So
    .on = sonntags

band-under-13 = unter 13
band-13-15 = 13 bis 15
band-16-17 = 16 und 17
band-adult = ab 18

source-default = der übliche Wert in diesem Alter
source-kept = aus jüngerem Alter beibehalten
source-guardian = Erziehungsberechtigte
source-teen = die oder der Jugendliche selbst
source-grant = eine Ausnahme auf Zeit
source-hold = eine zusätzliche Grenze auf Zeit
source-platform = die Plattform
source-law = das Gesetz
