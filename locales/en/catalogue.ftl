# What the catalogue of controls is called in English. The labels of controls and their units are in
# src/domain/controls.toml; here are the words for its groups and values, and how amounts of a unit are said.

group-time = Time
group-contact = Contact
group-reuse = What others may do with their posts
group-visibility = Visibility
group-content = Content
group-feed = Feed
group-live = LIVE and gifts
group-guardians = Guardians
group-data = Money and data

value-everyone = everyone
value-suggested-friends = friends and suggested friends
value-friends = friends
value-no-one = no one
value-teen = the teen
value-teen-or-guardian = the teen or a guardian
value-guardian = a guardian
value-optional = optional
value-needed = needed
value-allowed = allowed
value-with-consent = with consent
value-prohibited = not allowed
value-adults = adults
value-older-teens = older teens
value-younger-teens = younger teens
value-children = children
value-union = as a clock counts
value-sum = each device by itself

unit-minutes-of-use-without-a-break =
    .amount =
        { $count ->
            [one] { $count } minute
           *[other] { $count } minutes
        }
    .most = never
unit-minutes-of-use =
    .amount =
        { $count ->
            [one] { $count } minute
           *[other] { $count } minutes
        }
    .most = never
unit-minutes-of-use-per-week =
    .amount =
        { $count ->
            [one] { $count } minute
           *[other] { $count } minutes
        }
    .most = no limit
unit-minutes-of-use-per-day-without-contact =
    .amount =
        { $count ->
            [one] { $count } minute
           *[other] { $count } minutes
        }
    .most = no limit
unit-days =
    .amount =
        { $count ->
            [one] { $count } day
           *[other] { $count } days
        }
unit-hours =
    .amount =
        { $count ->
            [one] { $count } hour
           *[other] { $count } hours
        }
