# What the templates say, in English.
# Variables: docs/templates.md, "Words".

kind-press-release = Press release
kind-media-advisory = Media advisory
kind-statement = Statement
kind-correction = Correction

immediate-release = For immediate release

embargo-until = EMBARGOED until { weekday-name } { $date }, { $time } { $city } time ({ $utc })
embargo-until-utc = EMBARGOED until { weekday-name } { $date }, { $time } UTC
embargo-short = EMBARGOED until { $day }, { $time } ({ $city })
embargo-note = Not for publication, broadcast or posting online before this time.
utc-same-day = { $utc-time } UTC
utc-other-day = { $utc-day }, { $utc-time } UTC

weekday-name = { $weekday ->
    [mon] Monday
    [tue] Tuesday
    [wed] Wednesday
    [thu] Thursday
    [fri] Friday
    [sat] Saturday
   *[sun] Sunday
}

highlights = Key points
press-contacts = Press contacts
notes-to-editors = Notes to editors
about = About { $newsroom }

version-below = English version below

why-list = You receive this because { $email } is on the “{ $list }” press list of { $newsroom }.
why = You receive this because { $email } is on the press list of { $newsroom }.
opt-out = Unsubscribe
opt-out-line = To unsubscribe, write to { $address }
opt-out-line-subject = To unsubscribe, write to { $address } with the subject “{ $subject }”
