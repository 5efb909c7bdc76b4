# Wie die Vorschläge für Einstellungen auf Deutsch heißen, und wofür sie gut sind.
# English: src/domain/presets.toml.

preset-sleep-first = Schlaf zuerst
    .why =
        Bildschirme in der Nacht nehmen Schlaf weg, und das ist der Schaden, über den man am meisten weiß. Darum ist die App
        nachts aus. Der Tag hat keine Grenze, nur jede Stunde eine Erinnerung an eine Pause.
preset-sleep-first-1617 = { preset-sleep-first }
    .why =
        Bildschirme in der Nacht nehmen Schlaf weg, und das ist der Schaden, über den man am meisten weiß. Darum ist die App
        nachts aus, und der Tag hat keine Grenze. Sprecht zuerst über die Zeiten: In diesem Alter wirken sie am besten, wenn
        dein Teenager sie selbst gewählt hat.
preset-balanced = Ausgewogen
    .why =
        Von allem etwas: freie Nächte, Ruhe in der Schule, eine Stunde an Schultagen und anderthalb am Wochenende, und ein Feed,
        der nicht von selbst weiterläuft. Schlaf ist gut erforscht; dass eine bestimmte Zahl von Stunden die richtige ist,
        nicht.
preset-balanced-1617 = { preset-balanced }
    .why =
        Freie Nächte, zwei Stunden an Schultagen und zweieinhalb am Wochenende. Schlaf ist gut erforscht; dass eine bestimmte
        Zahl von Stunden die richtige ist, nicht.
preset-school-focus = In der Schule dabei
    .why =
        In der Schulzeit ist die App aus und still, damit sie nicht stört, und der Rest des Tages ist frei. Stelle die Zeiten
        eurer Schule ein, und nimm sie in den Ferien heraus.
preset-school-focus-1617 = { preset-school-focus }
    .why =
        In der Schulzeit ist die App aus und still, damit sie nicht stört, und der Rest des Tages ist frei. Stelle die Zeiten
        eurer Schule ein, und nimm sie in den Ferien heraus.
preset-talk-first = Erst reden
    .why =
        Keine Grenzen außer stillen Nächten: Ihr sprecht darüber, was deinem Teenager guttut, was er ansieht, was ihn beruhigt
        und was dafür zu kurz kommt. Kinderärzte nennen keine Zahl von Stunden; sie raten zum Gespräch.
preset-legal-minimum = Nur was sein muss
    .why =
        Was du eingestellt hast, geht zurück. Es bleibt, was Plattform und Gesetz für dieses Alter festlegen; das gilt bei jedem
        Vorschlag. Was andere Eltern und dein Teenager eingestellt haben, bleibt auch.
preset-cn-minor-mode = Jugendmodus
    .why =
        Die Stunden und Minuten des Jugendmodus in China für alle unter 16, mit einer Pause jede halbe Stunde.
preset-cn-minor-mode-1617 = { preset-cn-minor-mode }
    .why =
        Die Stunden und Minuten des Jugendmodus in China für alle, die 16 oder 17 sind, mit einer Pause jede halbe Stunde.
