# Las palabras de las plantillas en español.
# Variables: docs/templates.md, sección «Words».

kind-press-release = Nota de prensa
kind-media-advisory = Aviso a los medios
kind-statement = Declaración
kind-correction = Rectificación
kind-retraction = Retirada

immediate-release = Para publicación inmediata
not-for-publication = No publicar

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
opt-out-line-page = Para darse de baja: { $link }
preferences = Sus preferencias
preferences-line = Sus preferencias: { $link }

notice-kill-headline = RETIRADO: { $headline }
notice-kill-body = Hemos retirado este comunicado. **Rogamos que no lo publique ni lo cite.** Si ya lo ha publicado, le pedimos que avise al contacto de prensa indicado más abajo.
notice-lifted-early-headline = EMBARGO LEVANTADO: { $headline }
notice-lifted-early-body = El embargo de este comunicado se ha levantado antes de lo previsto. **Puede publicarlo desde ahora.** La hora indicada en nuestro mensaje anterior ya no es válida; el texto del comunicado no ha cambiado.
notice-embargo-moved-headline = EMBARGO CAMBIADO: { $headline }
notice-embargo-moved-body = El embargo de este comunicado ha cambiado. **Vale la hora indicada al principio de este mensaje**, no la de nuestro mensaje anterior. El texto del comunicado no ha cambiado.
