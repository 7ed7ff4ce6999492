# What the templates say, in English.
# Variables: docs/templates.md, "Words".

kind-press-release = Press release
kind-media-advisory = Media advisory
kind-statement = Statement
kind-correction = Correction
kind-retraction = Retraction

immediate-release = For immediate release
not-for-publication = Not for publication

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
opt-out-line-page = To unsubscribe: { $link }
preferences = What you get, and when
preferences-line = What you get, and when: { $link }

notice-kill-headline = RETRACTED: { $headline }
notice-kill-body = We have withdrawn this release. **Please do not publish it, and do not quote from it.** If you have published it already, please tell us: write to the press contact below.
notice-lifted-early-headline = EMBARGO LIFTED: { $headline }
notice-lifted-early-body = The embargo on this release has been lifted early. **You may publish it now.** The time named in our earlier mail no longer holds; the text of the release has not changed.
notice-embargo-moved-headline = EMBARGO MOVED: { $headline }
notice-embargo-moved-body = The embargo on this release has been moved. **The time at the head of this mail holds**, not the time named in our earlier mail. The text of the release has not changed.
