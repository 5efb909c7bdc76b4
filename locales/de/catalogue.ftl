# Wie auf Deutsch heißt, was im Katalog der Einstellungen steht.

control-time-daily-minutes = Bildschirmzeit pro Tag
control-time-away-windows = Zeit ohne die App
control-time-school-windows = Schulzeit
control-time-sleep-windows = Schlafenszeit
control-quiet-notifications = Ruhezeit ohne Benachrichtigungen
control-time-break-every-minutes = Pause nach dieser Zeit
control-time-weekly-minutes = Bildschirmzeit pro Woche
control-time-item-minutes = Bildschirmzeit für einzelne Apps und Funktionen
control-time-always-allowed = Immer erlaubt
control-time-not-counted = Zählt nicht zur Bildschirmzeit
control-time-counting = Mehrere Geräte zugleich
control-time-offline-minutes = Bildschirmzeit ohne Verbindung
control-time-paused = Pause für alles
control-dm-from = Wer Direktnachrichten senden darf
control-comments-from = Wer kommentieren darf
control-mention-from = Wer erwähnen oder markieren darf
control-dm-groups = Wer zu Gruppenchats hinzufügen darf
control-calls-from = Wer anrufen darf
control-dm-blur-nudity = Nacktbilder in Nachrichten unscharf zeigen
control-duet-from = Wer Duette mit den Videos machen darf
control-stitch-from = Wer die Videos für Stitches nutzen darf
control-download-from = Wer die Videos herunterladen darf
control-account-private = Privates Konto
control-account-suggested = Dieses Konto anderen vorschlagen
control-lists-following = Wer sehen darf, welchen Konten dieses Konto folgt
control-lists-liked = Wer die „Gefällt mir“-Angaben sehen darf
control-posts-audience = Wer die Beiträge sehen darf
control-account-searchable = Fremde und Suchmaschinen dieses Konto finden lassen
control-location-share = Wer den Standort sehen darf
control-guardian-visibility-topics = Erziehungsberechtigten die gewählten Themen zeigen
control-guardian-visibility-connections = Erziehungsberechtigten die Zahl der Kontakte zeigen
control-guardian-visibility-adult-contacts = Erziehungsberechtigten zeigen, welche Erwachsenen schreiben
control-guardian-visibility-purchases = Erziehungsberechtigten die Käufe zeigen
control-devices-quiet-hours = Melden, wenn ein Gerät schweigt
control-monitoring-indicator = Anzeigen, dass das Konto beaufsichtigt wird
control-guardian-link = Verknüpfung mit Erziehungsberechtigten
control-account-create = Ein Konto haben
control-content-maturity = Inhalte für
control-content-blocked-words = Gesperrte Wörter und Hashtags
control-blocked-subjects = Gesperrte Konten, Sounds und Seiten
control-search-enabled = Suche
control-feed-stem = Feed für Wissenschaft und Lernen
control-ai-chat = Mit KI-Figuren chatten
control-feed-personalised = Feed, der sich nach dem Verhalten richtet
control-feed-personalised-minutes = Minuten im Feed, der sich nach dem Verhalten richtet
control-feed-autoplay = Das nächste Video von selbst starten
control-feed-infinite-scroll = Feed ohne Ende
control-metrics-likes = Zeigen, wie viele Likes ein Beitrag hat
control-warning-label = Warnhinweis der Gesundheitsbehörde zeigen
control-live-watch = LIVE ansehen
control-live-host = Selbst LIVE gehen
control-live-gifts = Geschenke senden und bekommen
control-purchase-approval = Käufe nur mit Zustimmung einer erziehungsberechtigten Person
control-ads-profiled = Werbung, die sich nach dem Verhalten richtet
control-consent-third-party = Daten an andere Firmen weitergeben
control-age-recheck-days = Zeit bis zur nächsten Altersprüfung
control-guardian-visibility-usage-totals = Erziehungsberechtigten zeigen, wie lange die App genutzt wird
control-warning-after-minutes = Den Warnhinweis nach so viel Nutzung am Tag wieder zeigen
control-warning-every-minutes = Und von da an jedes Mal nach so langer Zeit
control-data-export = Wer eine Kopie der Daten bekommt
control-retention-usage-days = Wie lange Nutzungsdaten gespeichert bleiben

group-time = Zeit
group-contact = Kontakt
group-reuse = Was andere mit den Beiträgen machen dürfen
group-visibility = Sichtbarkeit
group-content = Inhalte
group-feed = Feed
group-live = LIVE und Geschenke
group-guardians = Erziehungsberechtigte
group-data = Geld und Daten

value-everyone = alle
value-suggested-friends = Freunde und vorgeschlagene Freunde
value-friends = Freunde
value-no-one = niemand
value-teen = Teenager
value-teen-or-guardian = Teenager oder erziehungsberechtigte Person
value-guardian = erziehungsberechtigte Person
value-optional = freiwillig
value-needed = nötig
value-allowed = erlaubt
value-with-consent = mit Zustimmung
value-prohibited = nicht erlaubt
value-adults = Erwachsene
value-older-teens = ältere Teenager
value-younger-teens = jüngere Teenager
value-children = Kinder
value-union = wie eine Uhr
value-sum = jedes Gerät für sich

unit-minutes-of-use-per-local-day = Minuten Nutzung pro Tag
unit-minutes-of-use-without-a-break = Minuten Nutzung ohne Pause
    .amount =
        { $count ->
            [one] { $count } Minute
           *[other] { $count } Minuten
        }
    .most = nie
unit-minutes-of-use = Minuten Nutzung
    .amount =
        { $count ->
            [one] { $count } Minute
           *[other] { $count } Minuten
        }
    .most = nie
unit-minutes-of-use-per-week = Minuten Nutzung pro Woche
    .amount =
        { $count ->
            [one] { $count } Minute
           *[other] { $count } Minuten
        }
    .most = kein Limit
unit-minutes-of-use-per-day-without-contact = Minuten Nutzung pro Tag ohne Verbindung
    .amount =
        { $count ->
            [one] { $count } Minute
           *[other] { $count } Minuten
        }
    .most = kein Limit
unit-days = Tage
    .amount =
        { $count ->
            [one] { $count } Tag
           *[other] { $count } Tage
        }
unit-hours = Stunden
    .amount =
        { $count ->
            [one] { $count } Stunde
           *[other] { $count } Stunden
        }
unit-local-times = Uhrzeiten vor Ort
unit-words = Wörter
unit-identifiers-of-the-platform = Kennungen der Plattform
unit-apps-and-features = Apps und Funktionen
