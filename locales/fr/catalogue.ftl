# Comment se dit en français ce que contient le catalogue des réglages.

control-time-daily-minutes = Temps d’écran par jour
control-time-away-windows = Temps sans l’appli
control-time-school-windows = Heures de cours
control-time-sleep-windows = Heures de sommeil
control-quiet-notifications = Heures calmes, sans notifications
control-time-break-every-minutes = Une pause après cette durée
control-time-weekly-minutes = Temps d’écran par semaine
control-time-item-minutes = Temps d’écran par appli et fonction
control-time-always-allowed = Toujours permis
control-time-not-counted = Ne compte pas dans le temps d’écran
control-time-counting = Plusieurs appareils à la fois
control-time-offline-minutes = Temps d’écran sans connexion
control-time-paused = Pause totale
control-dm-from = Qui peut envoyer des messages privés
control-comments-from = Qui peut commenter
control-mention-from = Qui peut mentionner ou identifier
control-dm-groups = Qui peut ajouter à des discussions de groupe
control-calls-from = Qui peut appeler
control-dm-blur-nudity = Flouter la nudité dans les messages
control-duet-from = Qui peut faire des duos avec ses vidéos
control-stitch-from = Qui peut faire un Stitch avec ses vidéos
control-download-from = Qui peut télécharger ses vidéos
control-account-private = Compte privé
control-account-suggested = Proposer ce compte à d’autres personnes
control-lists-following = Qui peut voir les comptes suivis
control-lists-liked = Qui peut voir ses «{ "\u00A0" }J’aime{ "\u00A0" }»
control-posts-audience = Qui peut voir ses publications
control-account-searchable = Laisser des inconnus et les moteurs de recherche trouver ce compte
control-location-share = Qui peut voir sa position
control-guardian-visibility-topics = Montrer aux adultes responsables les sujets choisis
control-guardian-visibility-connections = Montrer aux adultes responsables le nombre de contacts
control-guardian-visibility-adult-contacts = Montrer aux adultes responsables quels adultes lui écrivent
control-guardian-visibility-purchases = Montrer aux adultes responsables ses achats
control-devices-quiet-hours = Prévenir quand un appareil ne répond plus
control-monitoring-indicator = Montrer que le compte est supervisé
control-guardian-link = Adulte responsable associé au compte
control-account-create = Avoir un compte
control-content-maturity = Contenus pour
control-content-blocked-words = Mots et hashtags bloqués
control-blocked-subjects = Comptes, sons et pages bloqués
control-search-enabled = Recherche
control-feed-stem = Fil sciences et apprentissage
control-ai-chat = Discuter avec des personnages d’IA
control-feed-personalised = Fil choisi selon son comportement
control-feed-personalised-minutes = Minutes du fil choisi selon son comportement
control-feed-autoplay = Lancer automatiquement la vidéo suivante
control-feed-infinite-scroll = Fil sans fin
control-metrics-likes = Montrer combien de «{ "\u00A0" }J’aime{ "\u00A0" }» a une publication
control-warning-label = Montrer l’avertissement de l’autorité de santé
control-live-watch = Regarder des LIVE
control-live-host = Faire un LIVE
control-live-gifts = Envoyer et recevoir des cadeaux
control-purchase-approval = Achats seulement avec l’accord d’un adulte responsable
control-ads-profiled = Publicités choisies selon son comportement
control-consent-third-party = Partager ses données avec d’autres entreprises
control-age-recheck-days = Jours avant de revérifier l’âge
control-guardian-visibility-usage-totals = Montrer aux adultes responsables la durée d’utilisation
control-warning-after-minutes = Montrer de nouveau l’avertissement après cette durée par jour
control-warning-every-minutes = Et ensuite chaque fois après cette durée
control-data-export = Qui peut obtenir une copie de ses données
control-retention-usage-days = Jours pendant lesquels les données d’utilisation sont gardées

group-time = Temps
group-contact = Contact
group-reuse = Ce que les autres peuvent faire de ses publications
group-visibility = Visibilité
group-content = Contenus
group-feed = Fil
group-live = LIVE et cadeaux
group-guardians = Adultes responsables
group-data = Argent et données

value-everyone = tout le monde
value-suggested-friends = amis et amis suggérés
value-friends = amis
value-no-one = personne
value-teen = adolescent
value-teen-or-guardian = adolescent ou adulte responsable
value-guardian = adulte responsable
value-optional = facultatif
value-needed = nécessaire
value-allowed = autorisé
value-with-consent = avec accord
value-prohibited = non autorisé
value-adults = adultes
value-older-teens = grands ados
value-younger-teens = jeunes ados
value-children = enfants
value-union = comme une horloge
value-sum = chaque appareil à part

unit-minutes-of-use-per-local-day = minutes d’utilisation par jour
unit-minutes-of-use-without-a-break = minutes d’utilisation sans pause
    .amount =
        { $count ->
            [one] { $count } minute
           *[other] { $count } minutes
        }
    .most = jamais
unit-minutes-of-use = minutes d’utilisation
    .amount =
        { $count ->
            [one] { $count } minute
           *[other] { $count } minutes
        }
    .most = jamais
unit-minutes-of-use-per-week = minutes d’utilisation par semaine
    .amount =
        { $count ->
            [one] { $count } minute
           *[other] { $count } minutes
        }
    .most = aucune limite
unit-minutes-of-use-per-day-without-contact = minutes d’utilisation par jour sans connexion
    .amount =
        { $count ->
            [one] { $count } minute
           *[other] { $count } minutes
        }
    .most = aucune limite
unit-days = jours
    .amount =
        { $count ->
            [one] { $count } jour
           *[other] { $count } jours
        }
unit-hours = heures
    .amount =
        { $count ->
            [one] { $count } heure
           *[other] { $count } heures
        }
unit-local-times = heures locales
unit-words = mots
unit-identifiers-of-the-platform = identifiants de la plateforme
unit-apps-and-features = applis et fonctions
