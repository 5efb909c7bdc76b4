# Cómo se dicen los valores y los cambios.

change = { $control }: { $change } ({ $direction })
from-to = { $from } → { $to }
between-parts = { "; " }
between-entries = { ", " }
before-last = { " y " }

direction-tighter = más estricto
direction-looser = más flexible
direction-mixed = en parte más estricto, en parte más flexible
direction-same = sin cambios

flag-allows-yes = permitido
flag-allows-no = no permitido
flag-protects-yes = activado
flag-protects-no = desactivado

minutes =
    { $count ->
        [one] { $count } minuto
       *[other] { $count } minutos
    }
minutes-from-to =
    { $count ->
        [one] { $from } → { $count } minuto
       *[other] { $from } → { $count } minutos
    }
no-limit = sin límite

# Tiene que llevar un espacio: así ninguna palabra bloqueada se confunde con este texto.
no-entries = ninguna entrada
added = añadido: { $entries }
taken-away = quitado: { $entries }
own-entries = entradas propias: { $from } → { $to }
all-entries = todos ellos
item-minutes = { $item }: { $minutes }
between-items = { " / " }
quote-begins = «
quote-ends = »

no-times = sin horario
window = { $days } { $from }–{ $to }
window-in-months = { $window } en { $months }
on-dates-only = { $dates }: solo { $times }
on-dates-none = { $dates }: sin horario
dates-from-to = del { $first } al { $last }
date = { $day } de { $month } de { $year }
month-1 = enero
month-2 = febrero
month-3 = marzo
month-4 = abril
month-5 = mayo
month-6 = junio
month-7 = julio
month-8 = agosto
month-9 = septiembre
month-10 = octubre
month-11 = noviembre
month-12 = diciembre
every-day = todos los días
days-from-to = de { $first } a { $last }
day-mon = lunes
    .short = lun
    .on = los lunes
day-tue = martes
    .short = mar
    .on = los martes
day-wed = miércoles
    .short = mié
    .on = los miércoles
day-thu = jueves
    .short = jue
    .on = los jueves
day-fri = viernes
    .short = vie
    .on = los viernes
day-sat = sábado
    .short = sáb
    .on = los sábados
day-sun = domingo
    .short = dom
    .on = los domingos

band-under-13 = menos de 13 años
band-13-15 = de 13 a 15 años
band-16-17 = 16 y 17 años
band-adult = 18 años o más

source-default = el valor habitual a esta edad
source-kept = se mantiene de cuando tenía menos edad
source-guardian = un adulto responsable
source-teen = el o la adolescente
source-grant = una excepción por un tiempo
source-hold = un límite extra por un tiempo
source-platform = la plataforma
source-law = la ley
