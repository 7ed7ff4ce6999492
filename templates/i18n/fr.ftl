# Les mots des modèles en français.
# Variables : docs/templates.md, section « Words ».

kind-press-release = Communiqué de presse
kind-media-advisory = Avis aux médias
kind-statement = Déclaration
kind-correction = Rectificatif
kind-retraction = Retrait

immediate-release = Pour diffusion immédiate
not-for-publication = Ne pas publier

embargo-until = SOUS EMBARGO jusqu’au { $full-date } à { $time }, { at-zone } ({ $utc })
embargo-until-utc = SOUS EMBARGO jusqu’au { $full-date } à { $time } UTC
embargo-short = SOUS EMBARGO jusqu’au { $day }, { $time } ({ city-name })
embargo-note = Ne pas publier, diffuser ni mettre en ligne avant cette heure.
utc-same-day = { $utc-time } UTC
utc-other-day = { $utc-day }, { $utc-time } UTC

at-zone = { $zone ->
    [egcai] heure du Caire
   *[other] { $initial ->
        [a] heure d’{ city-name }
        [e] heure d’{ city-name }
        [i] heure d’{ city-name }
        [o] heure d’{ city-name }
        [u] heure d’{ city-name }
       *[other] heure de { $city }
    }
}

# Les données d’ICU disent encore « Alma Ata ».
city-name = { $zone ->
    [kzala] Almaty
   *[other] { $city }
}

highlights = L’essentiel
press-contacts = Contacts presse
notes-to-editors = Notes aux rédactions
about = À propos de { $newsroom }

version-below = Version française ci-dessous

why-list = Vous recevez ce message car { $email } figure dans la liste presse « { $list } » de { $newsroom }.
why = Vous recevez ce message car { $email } figure dans la liste presse de { $newsroom }.
opt-out = Se désabonner
opt-out-line = Pour vous désabonner, écrivez à { $address }
opt-out-line-subject = Pour vous désabonner, écrivez à { $address } avec pour objet « { $subject } »
opt-out-line-page = Pour vous désabonner : { $link }
preferences = Vos préférences
preferences-line = Vos préférences : { $link }

notice-kill-headline = RETIRÉ : { $headline }
notice-kill-body = Nous avons retiré ce communiqué. **Merci de ne pas le publier ni le citer.** Si vous l’avez déjà publié, merci de le signaler au contact presse indiqué ci-dessous.
notice-lifted-early-headline = EMBARGO LEVÉ : { $headline }
notice-lifted-early-body = L’embargo sur ce communiqué a été levé plus tôt que prévu. **Vous pouvez le publier dès maintenant.** L’heure indiquée dans notre message précédent ne vaut plus ; le texte du communiqué n’a pas changé.
notice-embargo-moved-headline = EMBARGO DÉPLACÉ : { $headline }
notice-embargo-moved-body = L’embargo sur ce communiqué a été déplacé. **L’heure indiquée en tête de ce message fait foi**, et non celle de notre message précédent. Le texte du communiqué n’a pas changé.
