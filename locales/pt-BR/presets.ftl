# Como as propostas de ajustes se chamam em português do Brasil, e para que servem.
# English: src/domain/presets.toml.

preset-sleep-first = Primeiro o sono
    .why =
        Telas à noite tiram sono, e esse é o dano que melhor se conhece. Por isso o app fica desligado à noite. O dia não tem
        limite, só um lembrete de fazer uma pausa a cada hora.
preset-sleep-first-1617 = { preset-sleep-first }
    .why =
        Telas à noite tiram sono, e esse é o dano que melhor se conhece. Por isso o app fica desligado à noite, e o dia não tem
        limite. Conversem antes sobre os horários: nesta idade eles funcionam melhor quando são escolhidos pelo seu adolescente.
preset-balanced = Equilibrado
    .why =
        Um pouco de tudo: noites livres, silêncio na escola, uma hora nos dias de aula e uma hora e meia nos fins de semana, e
        um feed que não continua sozinho. O sono é bem estudado; que um número de horas seja o certo, não.
preset-balanced-1617 = { preset-balanced }
    .why =
        Noites livres, duas horas nos dias de aula e duas e meia nos fins de semana. O sono é bem estudado; que um número de
        horas seja o certo, não.
preset-school-focus = Atenção na escola
    .why =
        No horário da escola o app fica desligado e em silêncio, para não atrapalhar, e o resto do dia é livre. Troque os
        horários pelos da sua escola, e tire-os nas férias.
preset-school-focus-1617 = { preset-school-focus }
    .why =
        No horário da escola o app fica desligado e em silêncio, para não atrapalhar, e o resto do dia é livre. Troque os
        horários pelos da sua escola, e tire-os nas férias.
preset-talk-first = Primeiro conversar
    .why =
        Sem limites, só noites em silêncio: vocês conversam sobre o que faz bem ao seu adolescente, o que ele vê, o que o acalma
        e o que isso tira dele. Os pediatras não dão um número de horas; aconselham a conversar.
preset-legal-minimum = Só o obrigatório
    .why =
        O que você ajustou é retirado. Fica o que a plataforma e a lei definem para esta idade, e que vale com todas as
        propostas. O que outros responsáveis e seu adolescente ajustaram também fica.
preset-cn-minor-mode = Modo para menores
    .why =
        As horas e os minutos do modo para menores na China para quem tem menos de 16 anos, com uma pausa a cada meia hora.
preset-cn-minor-mode-1617 = { preset-cn-minor-mode }
    .why =
        As horas e os minutos do modo para menores na China para quem tem 16 ou 17 anos, com uma pausa a cada meia hora.
