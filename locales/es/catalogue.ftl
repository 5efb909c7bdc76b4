# Cómo se llama en español lo que hay en el catálogo de controles.

control-time-daily-minutes = Tiempo de pantalla al día
control-time-away-windows = Tiempo sin la app
control-time-school-windows = Horario escolar
control-time-sleep-windows = Horas de sueño
control-quiet-notifications = Horas de silencio, sin notificaciones
control-time-break-every-minutes = Descanso después de este tiempo
control-time-weekly-minutes = Tiempo de pantalla por semana
control-time-item-minutes = Tiempo de pantalla por app y función
control-time-always-allowed = Siempre permitido
control-time-not-counted = No cuenta para el tiempo de pantalla
control-time-counting = Varios dispositivos a la vez
control-time-offline-minutes = Tiempo de pantalla sin conexión
control-time-paused = Pausa de todo
control-dm-from = Quién puede enviar mensajes directos
control-comments-from = Quién puede comentar
control-mention-from = Quién puede mencionar o etiquetar
control-dm-groups = Quién puede añadir a chats de grupo
control-calls-from = Quién puede llamar
control-dm-blur-nudity = Difuminar desnudos en los mensajes
control-duet-from = Quién puede hacer dúos con sus videos
control-stitch-from = Quién puede hacer un Stitch con sus videos
control-download-from = Quién puede descargar sus videos
control-account-private = Cuenta privada
control-account-suggested = Sugerir esta cuenta a otras personas
control-lists-following = Quién puede ver a quién sigue
control-lists-liked = Quién puede ver lo que le gustó
control-posts-audience = Quién puede ver sus publicaciones
control-account-searchable = Dejar que desconocidos y buscadores encuentren esta cuenta
control-location-share = Quién puede ver dónde está
control-guardian-visibility-topics = Mostrar a los adultos responsables los temas elegidos
control-guardian-visibility-connections = Mostrar a los adultos responsables a cuántas personas conoce
control-guardian-visibility-adult-contacts = Mostrar a los adultos responsables qué adultos le escriben
control-guardian-visibility-purchases = Mostrar a los adultos responsables lo que compra
control-devices-quiet-hours = Avisar cuando un dispositivo no responde
control-monitoring-indicator = Mostrar que la cuenta está supervisada
control-guardian-link = Adulto responsable vinculado
control-account-create = Tener una cuenta
control-content-maturity = Contenido para
control-content-blocked-words = Palabras y hashtags bloqueados
control-blocked-subjects = Cuentas, sonidos y páginas bloqueados
control-search-enabled = Búsqueda
control-feed-stem = Feed de ciencia y aprendizaje
control-ai-chat = Chatear con personajes de IA
control-feed-personalised = Feed elegido según su comportamiento
control-feed-personalised-minutes = Minutos del feed elegido según su comportamiento
control-feed-autoplay = Reproducir el siguiente video automáticamente
control-feed-infinite-scroll = Feed sin fin
control-metrics-likes = Mostrar cuántos «me gusta» tiene una publicación
control-warning-label = Mostrar el aviso de la autoridad sanitaria
control-live-watch = Ver LIVE
control-live-host = Transmitir en LIVE
control-live-gifts = Enviar y recibir regalos
control-purchase-approval = Las compras necesitan el sí de un adulto responsable
control-ads-profiled = Anuncios elegidos según su comportamiento
control-consent-third-party = Compartir sus datos con otras empresas
control-age-recheck-days = Días hasta volver a comprobar la edad
control-guardian-visibility-usage-totals = Mostrar a los adultos responsables cuánto tiempo usa la app
control-warning-after-minutes = Mostrar otra vez el aviso tras este tiempo de uso al día
control-warning-every-minutes = Y desde entonces cada vez tras este tiempo
control-data-export = Quién puede obtener una copia de sus datos
control-retention-usage-days = Días que se guardan los datos de uso

group-time = Tiempo
group-contact = Contacto
group-reuse = Qué pueden hacer otros con sus publicaciones
group-visibility = Visibilidad
group-content = Contenido
group-feed = Feed
group-live = LIVE y regalos
group-guardians = Adultos responsables
group-data = Dinero y datos

value-everyone = cualquiera
value-suggested-friends = amigos y amigos sugeridos
value-friends = amigos
value-no-one = nadie
value-teen = adolescente
value-teen-or-guardian = adolescente o adulto responsable
value-guardian = adulto responsable
value-optional = opcional
value-needed = necesario
value-allowed = permitido
value-with-consent = con permiso
value-prohibited = no permitido
value-adults = adultos
value-older-teens = adolescentes mayores
value-younger-teens = adolescentes menores
value-children = niñas y niños
value-union = como un reloj
value-sum = cada dispositivo por separado

unit-minutes-of-use-per-local-day = minutos de uso al día
unit-minutes-of-use-without-a-break = minutos de uso sin descanso
    .amount =
        { $count ->
            [one] { $count } minuto
           *[other] { $count } minutos
        }
    .most = nunca
unit-minutes-of-use = minutos de uso
    .amount =
        { $count ->
            [one] { $count } minuto
           *[other] { $count } minutos
        }
    .most = nunca
unit-minutes-of-use-per-week = minutos de uso por semana
    .amount =
        { $count ->
            [one] { $count } minuto
           *[other] { $count } minutos
        }
    .most = sin límite
unit-minutes-of-use-per-day-without-contact = minutos de uso al día sin conexión
    .amount =
        { $count ->
            [one] { $count } minuto
           *[other] { $count } minutos
        }
    .most = sin límite
unit-days = días
    .amount =
        { $count ->
            [one] { $count } día
           *[other] { $count } días
        }
unit-hours = horas
    .amount =
        { $count ->
            [one] { $count } hora
           *[other] { $count } horas
        }
unit-local-times = horas locales
unit-words = palabras
unit-identifiers-of-the-platform = identificadores de la plataforma
unit-apps-and-features = apps y funciones
