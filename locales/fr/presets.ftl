# Comment les propositions de réglages s'appellent en français, et à quoi elles servent.
# English: src/domain/presets.toml.

preset-sleep-first = Le sommeil d'abord
    .why =
        Les écrans la nuit prennent du sommeil, et c'est le tort que l'on connaît le mieux. L'appli est donc coupée la nuit. La
        journée est sans limite, avec seulement un rappel de faire une pause chaque heure.
preset-sleep-first-1617 = { preset-sleep-first }
    .why =
        Les écrans la nuit prennent du sommeil, et c'est le tort que l'on connaît le mieux. L'appli est donc coupée la nuit, et
        la journée est sans limite. Parlez d'abord des horaires : à cet âge, ils marchent mieux si votre ado les choisit.
preset-balanced = Équilibré
    .why =
        Un peu de tout : des nuits libres, le calme à l'école, une heure les jours d'école et une heure et demie le week-end, et
        un fil qui ne continue pas tout seul. Le sommeil est bien étudié ; qu'un nombre d'heures soit le bon ne l'est pas.
preset-balanced-1617 = { preset-balanced }
    .why =
        Des nuits libres, deux heures les jours d'école et deux heures et demie le week-end. Le sommeil est bien étudié ; qu'un
        nombre d'heures soit le bon ne l'est pas.
preset-school-focus = Attention en classe
    .why =
        Pendant l'école, l'appli est coupée et silencieuse pour ne pas déranger, et le reste de la journée est libre. Mettez les
        horaires de votre école, et retirez-les pendant les vacances.
preset-school-focus-1617 = { preset-school-focus }
    .why =
        Pendant l'école, l'appli est coupée et silencieuse pour ne pas déranger, et le reste de la journée est libre. Mettez les
        horaires de votre école, et retirez-les pendant les vacances.
preset-talk-first = D'abord parler
    .why =
        Pas de limites, sauf des nuits calmes : vous parlez de ce qui est bon pour votre ado, de ce qu'il regarde, de ce qui le
        calme et de ce que cela remplace. Les pédiatres ne donnent pas de nombre d'heures ; ils conseillent de parler.
preset-legal-minimum = Seulement l'obligatoire
    .why =
        Ce que vous avez réglé est retiré. Il reste ce que la plateforme et la loi fixent pour cet âge, et qui vaut avec chaque
        proposition. Ce que d'autres responsables et votre ado ont réglé reste aussi.
preset-cn-minor-mode = Mode mineurs
    .why =
        Les heures et les minutes du mode mineurs en Chine pour les moins de 16 ans, avec une pause chaque demi-heure.
preset-cn-minor-mode-1617 = { preset-cn-minor-mode }
    .why =
        Les heures et les minutes du mode mineurs en Chine pour ceux qui ont 16 ou 17 ans, avec une pause chaque demi-heure.
