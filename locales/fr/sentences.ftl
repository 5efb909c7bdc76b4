# Comment se disent les valeurs et les changements. \u00A0 est l’espace insécable de la typographie française.

change = { $control }{ "\u00A0" }: { $change } ({ $direction })
from-to = { $from } → { $to }
between-parts = { "\u00A0; " }
between-entries = { ", " }
before-last = { " et " }

direction-tighter = plus strict
direction-looser = plus souple
direction-mixed = en partie plus strict, en partie plus souple
direction-same = aucun changement

flag-allows-yes = autorisé
flag-allows-no = non autorisé
flag-protects-yes = activé
flag-protects-no = désactivé

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
no-limit = sans limite

# Doit contenir une espace : ainsi aucun mot bloqué ne se confond avec ce texte.
no-entries = aucune entrée
added = ajouté{ "\u00A0" }: { $entries }
taken-away = retiré{ "\u00A0" }: { $entries }
own-entries = entrées personnelles : { $from } → { $to }
all-entries = tous sans exception
item-minutes = { $item } : { $minutes }
between-items = { " / " }
quote-begins = { "«\u00A0" }
quote-ends = { "\u00A0»" }

no-times = aucun horaire
window = { $days } { $from }–{ $to }
window-in-months = { $window } en { $months }
on-dates-only = { $dates }{ "\u00A0" }: seulement { $times }
on-dates-none = { $dates }{ "\u00A0" }: aucun horaire
dates-from-to = du { $first } au { $last }
date =
    { $day ->
        [1] 1er { $month } { $year }
       *[other] { $day } { $month } { $year }
    }
month-1 = janvier
month-2 = février
month-3 = mars
month-4 = avril
month-5 = mai
month-6 = juin
month-7 = juillet
month-8 = août
month-9 = septembre
month-10 = octobre
month-11 = novembre
month-12 = décembre
every-day = tous les jours
days-from-to = du { $first } au { $last }
day-mon = lundi
    .short = lun.
    .on = le lundi
day-tue = mardi
    .short = mar.
    .on = le mardi
day-wed = mercredi
    .short = mer.
    .on = le mercredi
day-thu = jeudi
    .short = jeu.
    .on = le jeudi
day-fri = vendredi
    .short = ven.
    .on = le vendredi
day-sat = samedi
    .short = sam.
    .on = le samedi
day-sun = dimanche
    .short = dim.
    .on = le dimanche

band-under-13 = moins de 13 ans
band-13-15 = de 13 à 15 ans
band-16-17 = 16 et 17 ans
band-adult = 18 ans et plus

source-default = la valeur habituelle à cet âge
source-kept = conservé de l’âge précédent
source-guardian = un adulte responsable
source-teen = l’ado
source-grant = une exception pour un temps
source-hold = une limite en plus pour un temps
source-platform = la plateforme
source-law = la loi
