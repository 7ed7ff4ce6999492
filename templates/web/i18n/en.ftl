# The desk in English.
skip = Skip to content
nav = Sections
nav-releases = Releases
nav-distributions = Distributions
nav-contacts = Contacts
nav-log = Log
nav-users = Accounts
other-language = По-русски
sign-in = Sign in
sign-out = Sign out
user-name = User name
full-name = Full name
password = Password
code = Code
code-hint = From your authenticator; leave it empty if you have set none up.
code-wanted = This account has a second factor. Enter the password once more, and the code.
refused = That is not right: name, password or code.
locked = Too many failed tries. Try again after { $until }.
no-account-yet = Nobody has an account yet. Make the first on the command line:
role = Role
role-author = Author
role-approver = Approver
role-admin = Admin
make-author = Make author
make-approver = Make approver
make-admin = Make admin
second-factor = Second factor
second-factor-hint = A code from an app on your phone, asked for beside the password.
second-factor-begin = Set it up
second-factor-again = Set it up anew
second-factor-scan = Scan this with an authenticator app, then enter the code that it shows.
second-factor-qr = QR code for an authenticator app
second-factor-type = Or type this in by hand:
second-factor-confirm = Turn it on
second-factor-wrong = That code is not right. Check the clock of your phone, and wait for the next code.
on = on
off = off
yes = yes
no = no
change = Change
change-password = Change password
change-password-hint = Every other session of yours ends.
old-password = Present password
new-password = New password, at least 12 characters
first-password = First password, at least 12 characters
may-sign-in = May sign in
let-in = Let in again
lock-out = Lock out
drop-factor = Drop second factor
add-user = Add account
acts = Who did what
when = When
who = Who
what = What
details = Details
older = Older
back = Back
said-password-changed = Your password is changed. Every other session has ended.
said-factor-set = The second factor is on.
said-changed = Done.
said-user-added = The account is made.
fault-400 = That cannot be done
fault-403 = You may not do that
fault-404 = There is no such page
fault-405 = There is no such page
fault-413 = That is too large
fault-415 = That cannot be read
fault-421 = There is no desk at this address
fault-422 = That cannot be done
fault-500 = Something broke
fault-503 = Not now
fault-forbidden = Your role does not include it. Ask somebody whose role does.
fault-origin = The request came from another site. Nothing was done.
date-time = { $day } { $month } { $year }, { $time }
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
kind-press-release = Press release
kind-media-advisory = Media advisory
kind-statement = Statement
kind-correction = Correction
kind-retraction = Retraction
stage-faulty = Has errors
stage-draft = Draft
stage-scheduled = Scheduled
stage-sending = Sending
stage-held = Held
stage-killed = Killed
stage-sent = Sent
embargo-lifted = Embargo lifted
until-lift = until the embargo lifts,
left-days = { $days } d { $hours } h
left-hours = { $hours } h { $minutes } min
immediate = For immediate release
n-errors = { $n ->
    [one] 1 error
   *[other] { $n } errors
 }
n-warnings = { $n ->
    [one] 1 warning
   *[other] { $n } warnings
 }
n-words = { $n ->
    [one] 1 word
   *[other] { $n } words
 }
no-releases = There is no release yet: make a folder under releases/.
planned = Planned
edited = edited
problems = Problems
bars = bars sending
worth-a-look = worth a look
not-level = The languages are not level
variants = Texts
history = History
nothing-planned = Nothing of it was planned yet.
approvals = Approvals
parity-noted = noted that the languages are not level
course = Course
course-under-way = Under way
course-held = Held
course-killed = Killed
included = Recipients
waiting = Waiting
failed = Failed
state-planned = Planned
state-due = Due
state-claimed = Being sent
state-deferred = Deferred
state-in-doubt = In doubt
state-accepted = Accepted
state-rejected = Rejected
state-bounced = Bounced
state-expired = Expired
state-suppressed = Suppressed
state-cancelled = Cancelled
preview = Preview
language = Language
as-chosen = As chosen for the reader
contact = As this contact gets it
width = Width
desktop = Desktop
phone = Phone
light = Light
bright = Light
dark = Dark
show = Show
subject = Subject
phase = Phase
phase-immediate = Immediate
phase-advance = Advance, under embargo
phase-general = General, at the lift
would-leave = Would leave
part-html = HTML
part-text = Plain text
part-headers = Headers
part-source = Source
part-size = Size
size-whole = Whole mail
size-html = HTML part
size-text = Text part
octets = { $n } B
audience = Audience
to-segments = Segments
not-segments = Left out
start-now = Now
start-at = Not before a time
start-local = At a time of each contact's own clock
start-lift = At the lift, for everybody
time = Time
time-hint = 2026-11-30 09:00 on the newsroom's clock; 09:00 for each contact's own clock
window = Only in these local hours
not-after = Stale after
again = Also to those who have it already
choose-segments = Choose whom it is for.
n-recipients = { $n ->
    [one] 1 recipient
   *[other] { $n } recipients
 }
n-excluded = { $n } left out
n-fallbacks = { $n } get a language they did not ask for.
n-without-zone = { $n } have no time zone of their own (*): the newsroom's is used.
first-shown = The first 200 are shown; the numbers count all.
by-country = By country
by-language = By language
by-state = By state
by-domain = By domain
progress = Progress
contact-name = Contact
outlet = Outlet
their-time = Their time
segment = Segment
fallback = not asked for
excluded = Left out
why-not = Why not
reason-not-selected = in none of the segments
reason-in-excluded-segment = in a segment that is left out
reason-suppressed = suppressed
reason-already-sent = has it already
reason-no-variant = no text
reason-too-late = their turn would be too late
will-immediate = { $n ->
    [one] 1 journalist gets it { $when }.
   *[other] { $n } journalists get it { $when }.
 }
will-advance = { $n ->
    [one] 1 journalist with an embargo agreement gets it { $when }.
   *[other] { $n } journalists with an embargo agreement get it { $when }.
 }
will-general = { $n ->
    [one] 1 other gets it after the lift: { $when }.
   *[other] { $n } others get it after the lift: { $when }.
 }
when-now = at once
when-at = on { $at }
when-between = between { $first } and { $last }
in-languages = { $n ->
    [one] In 1 language.
   *[other] In { $n } languages.
 }
last-through = The last one is through at about { $at }.
review = Review and send
will-happen = What will happen
content = Content
rehearse = Rehearse
rehearsal = Dry run
rehearsal-hint = Every mail went to the catcher; no relay was spoken to, nothing was remembered.
rehearsal-under-way = { $n } mails so far.
rehearsal-done = { $n ->
    [one] 1 mail caught
   *[other] { $n } mails caught
 }
rehearsal-failed = failed
look-again = Look again
not-rehearsed = It was not rehearsed since the service started.
caught = Caught
largest = Largest mail
caught-mails = Caught mails
mail = Mail
mail-to = To
mail-from = From
mail-date = Date
attachments = Attachments
further = Further
approvals-needed = { $n ->
    [one] While it is under embargo, one person must approve it.
   *[other] While it is under embargo, { $n } different people must approve it.
 }
no-approval-needed = No approval is asked for.
you-approved = You approved this very content for this audience.
note-parity = I have seen that the languages say the same.
approve = Approve this content for this audience
send = Send
send-hint = If the text or the audience changes before you press, nothing is sent.
send-to = { $n ->
    [one] Send to 1 recipient
   *[other] Send to { $n } recipients
 }
not-yet-approved = It cannot be sent before it is approved.
send-needs-approver = An approver sends it.
said-approved = Your approval is on record. Any later edit makes it void.
said-planned = It is planned.
said-continued = The same order was given before and has not come to its end: it goes on.
said-held = It is held: nothing that has not begun will begin.
said-resumed = It goes on.
said-killed = It is killed: what had not begun never will.
n-of = { $n } of { $whole } accepted
n-waiting = { $n } waiting
n-failed = { $n } failed
n-in-doubt = { $n } in doubt
next-due = Next
through-at = Through at about
steer = Hold, resume, kill
hold = Hold
hold-hint = Nothing that has not begun will begin, until somebody resumes it.
resume = Resume
resume-hint = What is due is sent.
kill = Kill
kill-hint = Withdrawn for good: what has not begun never will.
why = Why (for the log)
why-needed = The log needs a reason.
in-doubt-hint = The relay may have taken these, but its reply was lost. Only a person can know.
attempts = Attempts
decide = Decide
decide-resend = Send again
decide-arrived = It arrived
decide-abandon = Give it up
again-at = Again at
relay-said = The relay said
order = Order
id = Identifier
distribution = Distribution
everything = Everything
since = From
until = Before
search = Search
verify = Verify the log
number = No.
nothing-found = Nothing of that is in the log.
log-whole = The log is whole
log-broken = The log is broken
n-entries = { $n ->
    [one] 1 entry, as it was written.
   *[other] { $n } entries.
 }
last-hash = Last hash
last-hash-hint = Whoever keeps it can tell later that nothing was taken off the end.
event-distribution = distribution planned
event-planned = delivery planned
event-attempt = attempt
event-accepted = accepted
event-deferred = deferred
event-rejected = rejected
event-bounced = bounced
event-expired = expired
event-suppressed = suppressed
event-cancelled = cancelled
event-in-doubt = in doubt
event-held = held
event-resumed = resumed
event-killed = killed
event-embargo-moved = embargo moved
in-figures = In figures
