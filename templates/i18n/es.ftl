# Las palabras de las plantillas en español.
# Variables: docs/templates.md, sección «Words».

kind-press-release = Nota de prensa
kind-media-advisory = Aviso a los medios
kind-statement = Declaración
kind-correction = Rectificación

immediate-release = Para publicación inmediata

embargo-until = EMBARGADO hasta { article-hour } { $time } (hora de { $city }; { $utc }) del { $full-date }
embargo-until-utc = EMBARGADO hasta { article-hour } { $time } UTC del { $full-date }
embargo-short = EMBARGADO hasta el { $day }, { $time } ({ $city })
embargo-note = No publicar, emitir ni difundir en línea antes de esta hora.
utc-same-day = { $utc-time } UTC
utc-other-day = { $utc-day }, { $utc-time } UTC

article-hour = { $hour ->
    [1] la
   *[other] las
}

highlights = Puntos clave
press-contacts = Contactos de prensa
notes-to-editors = Notas para la redacción
about = Acerca de { $newsroom }

version-below = Versión en español más abajo

why-list = Recibe este mensaje porque { $email } figura en la lista de prensa «{ $list }» de { $newsroom }.
why = Recibe este mensaje porque { $email } figura en la lista de prensa de { $newsroom }.
opt-out = Darse de baja
opt-out-line = Para darse de baja, escriba a { $address }
opt-out-line-subject = Para darse de baja, escriba a { $address } con el asunto «{ $subject }»
