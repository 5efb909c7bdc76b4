# Como se chama em português do Brasil o que está no catálogo de controles.

control-time-daily-minutes = Tempo de tela por dia
control-time-away-windows = Tempo longe do app
control-time-school-windows = Horário da escola
control-time-sleep-windows = Horas de sono
control-quiet-notifications = Horas de silêncio, sem notificações
control-time-break-every-minutes = Pausa depois deste tempo
control-time-weekly-minutes = Tempo de tela por semana
control-time-item-minutes = Tempo de tela por app e recurso
control-time-always-allowed = Sempre permitido
control-time-not-counted = Não conta no tempo de tela
control-time-counting = Vários aparelhos ao mesmo tempo
control-time-offline-minutes = Tempo de tela sem conexão
control-time-paused = Pausa de tudo
control-dm-from = Quem pode enviar mensagens diretas
control-comments-from = Quem pode comentar
control-mention-from = Quem pode mencionar ou marcar
control-dm-groups = Quem pode adicionar a conversas em grupo
control-calls-from = Quem pode ligar
control-dm-blur-nudity = Desfocar nudez nas mensagens
control-duet-from = Quem pode fazer duetos com seus vídeos
control-stitch-from = Quem pode fazer Stitch com seus vídeos
control-download-from = Quem pode baixar seus vídeos
control-account-private = Conta privada
control-account-suggested = Sugerir esta conta a outras pessoas
control-lists-following = Quem pode ver quem esta conta segue
control-lists-liked = Quem pode ver as curtidas
control-posts-audience = Quem pode ver as publicações
control-account-searchable = Deixar desconhecidos e buscadores encontrarem esta conta
control-location-share = Quem pode ver a localização
control-guardian-visibility-topics = Mostrar aos responsáveis os temas escolhidos
control-guardian-visibility-connections = Mostrar aos responsáveis o número de contatos
control-guardian-visibility-adult-contacts = Mostrar aos responsáveis quais adultos mandam mensagens
control-guardian-visibility-purchases = Mostrar aos responsáveis as compras
control-devices-quiet-hours = Avisar quando um aparelho não responde
control-monitoring-indicator = Mostrar que a conta é supervisionada
control-guardian-link = Responsável vinculado
control-account-create = Ter uma conta
control-content-maturity = Conteúdo para
control-content-blocked-words = Palavras e hashtags bloqueadas
control-blocked-subjects = Contas, sons e páginas bloqueados
control-search-enabled = Busca
control-feed-stem = Feed de ciência e aprendizagem
control-ai-chat = Conversar com personagens de IA
control-feed-personalised = Feed escolhido pelo comportamento
control-feed-personalised-minutes = Minutos do feed escolhido pelo comportamento
control-feed-autoplay = Iniciar o próximo vídeo automaticamente
control-feed-infinite-scroll = Feed sem fim
control-metrics-likes = Mostrar quantas curtidas uma publicação tem
control-warning-label = Mostrar o aviso da autoridade de saúde
control-live-watch = Assistir a LIVEs
control-live-host = Fazer LIVEs
control-live-gifts = Enviar e receber presentes
control-purchase-approval = Compras precisam do sim de um responsável
control-ads-profiled = Anúncios escolhidos pelo comportamento
control-consent-third-party = Compartilhar dados com outras empresas
control-age-recheck-days = Dias até verificar a idade de novo
control-guardian-visibility-usage-totals = Mostrar aos responsáveis por quanto tempo usa o app
control-warning-after-minutes = Mostrar o aviso de novo após este tempo de uso por dia
control-warning-every-minutes = E daí em diante a cada vez após este tempo
control-data-export = Quem pode receber uma cópia dos dados
control-retention-usage-days = Dias em que os dados de uso ficam guardados

group-time = Tempo
group-contact = Contato
group-reuse = O que outras pessoas podem fazer com as publicações
group-visibility = Visibilidade
group-content = Conteúdo
group-feed = Feed
group-live = LIVE e presentes
group-guardians = Responsáveis
group-data = Dinheiro e dados

value-everyone = todos
value-suggested-friends = amigos e amigos sugeridos
value-friends = amigos
value-no-one = ninguém
value-teen = adolescente
value-teen-or-guardian = adolescente ou responsável
value-guardian = responsável
value-optional = opcional
value-needed = necessário
value-allowed = permitido
value-with-consent = com autorização
value-prohibited = não permitido
value-adults = adultos
value-older-teens = adolescentes mais velhos
value-younger-teens = adolescentes mais novos
value-children = crianças
value-union = como um relógio
value-sum = cada aparelho por si

unit-minutes-of-use-per-local-day = minutos de uso por dia
unit-minutes-of-use-without-a-break = minutos de uso sem pausa
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
    .most = sem limite
unit-minutes-of-use-per-day-without-contact = minutos de uso por dia sem conexão
    .amount =
        { $count ->
            [one] { $count } minuto
           *[other] { $count } minutos
        }
    .most = sem limite
unit-days = dias
    .amount =
        { $count ->
            [one] { $count } dia
           *[other] { $count } dias
        }
unit-hours = horas
    .amount =
        { $count ->
            [one] { $count } hora
           *[other] { $count } horas
        }
unit-local-times = horários locais
unit-words = palavras
unit-identifiers-of-the-platform = identificadores da plataforma
unit-apps-and-features = apps e recursos
