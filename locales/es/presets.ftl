# Cómo se llaman en español las propuestas de ajustes, y para qué sirven.
# English: src/domain/presets.toml.

preset-sleep-first = Primero dormir
    .why =
        Las pantallas de noche quitan sueño, y ese es el daño que mejor se conoce. Por eso la app está apagada de noche. El día
        no tiene límite, solo un aviso cada hora para hacer una pausa.
preset-sleep-first-1617 = { preset-sleep-first }
    .why =
        Las pantallas de noche quitan sueño, y ese es el daño que mejor se conoce. Por eso la app está apagada de noche, y el
        día no tiene límite. Habladlo antes: a esta edad las horas funcionan mejor si las elige tu adolescente.
preset-balanced = Equilibrado
    .why =
        Un poco de todo: noches libres, silencio en la escuela, una hora los días de clase y hora y media los fines de semana, y
        contenidos que no siguen solos. El sueño está bien estudiado; que un número de horas sea el correcto, no.
preset-balanced-1617 = { preset-balanced }
    .why =
        Noches libres, dos horas los días de clase y dos y media los fines de semana. El sueño está bien estudiado; que un
        número de horas sea el correcto, no.
preset-school-focus = Atención en clase
    .why =
        En horas de clase la app está apagada y en silencio para que no interrumpa, y el resto del día es libre. Cambia las
        horas por las de vuestra escuela, y quítalas en vacaciones.
preset-school-focus-1617 = { preset-school-focus }
    .why =
        En horas de clase la app está apagada y en silencio para que no interrumpa, y el resto del día es libre. Cambia las
        horas por las de vuestra escuela, y quítalas en vacaciones.
preset-talk-first = Primero hablar
    .why =
        Sin límites, salvo noches en silencio: habláis de lo que le hace bien a tu adolescente, de lo que ve, de lo que le calma
        y de lo que eso le quita. Los pediatras no dicen un número de horas; aconsejan hablar.
preset-legal-minimum = Solo lo obligatorio
    .why =
        Lo que tú has ajustado se quita. Queda lo que la plataforma y la ley fijan para esta edad, que vale con todas las
        propuestas. Lo que han ajustado otros tutores y tu adolescente también queda.
preset-cn-minor-mode = Modo para menores
    .why =
        Las horas y los minutos del modo para menores en China para quienes tienen menos de 16 años, con una pausa cada media
        hora.
preset-cn-minor-mode-1617 = { preset-cn-minor-mode }
    .why =
        Las horas y los minutos del modo para menores en China para quienes tienen 16 o 17 años, con una pausa cada media hora.
