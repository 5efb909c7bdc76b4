# Como se dizem os valores e as mudanças.

change = { $control }: { $change } ({ $direction })
from-to = { $from } → { $to }
between-parts = { "; " }
between-entries = { ", " }
before-last = { " e " }

direction-tighter = mais rígido
direction-looser = mais flexível
direction-mixed = em parte mais rígido, em parte mais flexível
direction-same = sem mudança

flag-allows-yes = permitido
flag-allows-no = não permitido
flag-protects-yes = ativado
flag-protects-no = desativado

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
no-limit = sem limite

# Precisa ter um espaço: assim nenhuma palavra bloqueada se confunde com este texto.
no-entries = nenhum item
added = adicionado: { $entries }
taken-away = retirado: { $entries }
own-entries = entradas próprias: { $from } → { $to }
all-entries = todos eles
item-minutes = { $item }: { $minutes }
between-items = { " / " }
quote-begins = “
quote-ends = ”

no-times = nenhum horário
window = { $days } { $from }–{ $to }
window-in-months = { $window } em { $months }
on-dates-only = { $dates }: só { $times }
on-dates-none = { $dates }: nenhum horário
dates-from-to = de { $first } a { $last }
date =
    { $day ->
        [1] 1º de { $month } de { $year }
       *[other] { $day } de { $month } de { $year }
    }
month-1 = janeiro
month-2 = fevereiro
month-3 = março
month-4 = abril
month-5 = maio
month-6 = junho
month-7 = julho
month-8 = agosto
month-9 = setembro
month-10 = outubro
month-11 = novembro
month-12 = dezembro
every-day = todos os dias
days-from-to = de { $first } a { $last }
day-mon = segunda-feira
    .short = seg
    .on = às segundas-feiras
day-tue = terça-feira
    .short = ter
    .on = às terças-feiras
day-wed = quarta-feira
    .short = qua
    .on = às quartas-feiras
day-thu = quinta-feira
    .short = qui
    .on = às quintas-feiras
day-fri = sexta-feira
    .short = sex
    .on = às sextas-feiras
day-sat = sábado
    .short = sáb
    .on = aos sábados
day-sun = domingo
    .short = dom
    .on = aos domingos

band-under-13 = menos de 13 anos
band-13-15 = de 13 a 15 anos
band-16-17 = 16 e 17 anos
band-adult = 18 anos ou mais

source-default = o valor normal nesta idade
source-kept = mantido da idade anterior
source-guardian = um responsável
source-teen = o adolescente ou a adolescente
source-grant = uma exceção por um tempo
source-hold = um limite extra por um tempo
source-platform = a plataforma
source-law = a lei
