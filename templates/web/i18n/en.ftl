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
state-withheld = Withheld: not encrypted
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
counting = Counting the audience: every contact is looked at. This page goes on by itself.
verifying = Every entry is read and hashed. This page goes on by itself.
looking-through = Looking through every table for this address. This page goes on by itself.
comparing = The file is compared with every contact. This page goes on by itself.
choose-segments = Choose whom it is for.
n-recipients = { $n ->
    [one] 1 recipient
   *[other] { $n } recipients
 }
n-excluded = { $n } left out
n-fallbacks = { $n } get a language they did not ask for.
n-without-zone = { $n } have no time zone of their own (*): the newsroom's is used.
shown-of = { $first }–{ $last } of { $n }
by-country = By country
by-language = By language
by-state = By state
by-domain = By domain
n-in-others = { $n } more in others.
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
reason-cannot-encrypt = their mail must be encrypted
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
rate-now = Rate now
rate-second = { $n } a second
rate-minute = { $n } a minute
live-lost = The connection is lost; trying again.
first-n-shown = The first { $n } are shown.
outcome-accepted = Accepted
outcome-waiting = Waiting
outcome-in-doubt = In doubt
outcome-failed = Failed
outcome-ended = Barred or withdrawn
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
event-withheld = withheld
event-cancelled = cancelled
event-in-doubt = in doubt
event-held = held
event-resumed = resumed
event-killed = killed
event-embargo-moved = embargo moved
event-erased = personal data erased
in-figures = In figures
tab-contacts = Contacts
tab-groups = Lists and segments
tab-suppressed = Suppressed
find-contact = Address, name or outlet
press-list = Press list
press-lists = Press lists
all-lists = All
add-contact = Add a contact
edit-contact = Edit
editing-contact = Edit a contact
n-contacts = { $n ->
    [one] 1 contact
   *[other] { $n } contacts
 }
country = Country
languages = Languages
no-contact-found = No contact is like that.
from-the-first = From the first
next-page = Further
field-email = Address
field-name = Name
field-salutation = Salutation
field-outlet = Outlet
field-role = Role
field-country = Country
field-languages = Languages
field-time-zone = Time zone
field-send-window = Their hours for mail
field-beats = Beats
field-lists = Press lists
field-notes = Notes, never sent
field-encryption = Encryption
hint-salutation = As it is printed: Dear Ms Narsee,
hint-country = Two letters: KZ
hint-languages = The best first: ru, en
hint-time-zone = Asia/Almaty; where it is empty, their country's only zone holds, else the newsroom's
hint-send-window = mon-fri 08:00-20:00, or always
hint-lists = Separated by commas; a new name is a new list
hint-encryption = required, preferred or off; empty is off
overtaken = Somebody else changed this contact while you were editing, so nothing was saved. What stands there now is shown beside your words wherever the two differ. Saving puts yours in its place.
not-saved = Nothing was saved:
address-stays = Their address is who they are, and stays:
new-column = A column of your own
column-name = Column
column-value = Value
stands-now = Stands there now:
empty = nothing
save = Save
save-over = Save mine
said-contact-added = The contact is added.
said-contact-saved = The contact is saved.
agreements = Embargo agreements
word-granted = granted
word-revoked = revoked
of-whom = Of whom
whole-outlet = Everybody at
for-release = For
every-release = Every release
days = Days
word-note = Where it can be found
listed-as-agreed = The imported contact list says that they agreed.
listed-since = The imported contact list says that they agreed on { $day }.
no-agreement = No agreement is on record: nothing of an embargoed release reaches them before its lift.
encryption = Encryption
encryption-policy = Is their mail encrypted?
policy-off = Not encrypted
policy-preferred = Encrypted where it can be
policy-required = Always encrypted
policy-hint = Always: where it cannot be encrypted, nothing is sent to them, and you are told. Where it can be: else it goes in the clear.
no-key = There is no OpenPGP key.
key-fingerprint = Fingerprint
key-algorithms = Algorithms
key-encrypts-by = encrypts by
key-made = Made
key-ends = Ends
key-never = never
key-state = State
key-good = can be used
key-user-ids = Whose it says it is
key-change = Change key and policy
key-file = Public key
key-file-hint = A file from the contact themselves, by a way you trust. It takes the place of the one above.
key-bring = Take the key
key-remove = Remove the key
key-warning-names-nobody = The key does not name this address. Ask the contact for its fingerprint by another way, such as by telephone.
key-warning-ends-soon = The key ends within 30 days: ask the contact for a newer copy.
key-warning-unused = There is a key, but mail to them is not encrypted: that is the policy.
key-warning-nothing-sent = Their mail must be encrypted and cannot be, so nothing is sent to them.
obstacle-no-key = there is no key
obstacle-key-revoked = the key was revoked
obstacle-key-expired = the key ends { $at }
obstacle-key-not-yet = the key is not valid before { $at }
obstacle-key-failed = the key did not encrypt
said-policy-set = It is set.
said-key-imported = The key is taken.
said-key-removed = The key is gone.
encrypted = encrypted
signed = signed
encrypted-mail = This mail is encrypted: only its reader can open it. Its subject stands inside.
signed-mail = This mail is signed by the newsroom's OpenPGP key.
encrypted-to = It goes encrypted, to the key { $key }. Its source shows what others see of it.
in-the-clear = Encryption is preferred, and it goes in the clear: { $why }.
record-word = Put a word on record
first-day = First day
last-day = Last day
grant = They agreed
revoke = It is over
revoke-hint = When it is over, early copies that have not left wait for the lift. Days count for an agreement alone.
said-granted = The agreement is on record.
said-revoked = That it is over is on record.
suppression = Suppression
bar-opt-out = asked not to be written to
bar-hard-bounce = the mailbox does not exist
bar-soft-bounces = mail kept bouncing
bar-complaint = complained
bar-manual = barred by the newsroom
bar-erasure = erased on request
bar-reason = Reason
bar-why = In words
since-when = Since
not-barred = This address may be written to.
set-bar = Bar from being written to
lift-bar = Lift
said-barred = It is barred: nothing more is sent to it, what is planned included.
said-lifted = The bar is lifted.
latest-deliveries = Latest deliveries
delivery-state = State
in-the-log = All of it in the log
no-deliveries = Nothing was planned for them yet.
suppressed-hint = Nothing is sent to these addresses, whoever chooses them, and whatever was planned before.
addresses = Addresses
address = Address
import-bars = Import
import-bars-hint = A file in any usual encoding: one address a line, or CSV with the columns email, reason, at, source and note.
file = File
n-bars-read = { $read ->
    [one] 1 address read,
   *[other] { $read } addresses read,
 } { $added } barred that were not barred before.
barred-addresses = Barred addresses
part-of-address = A part of the address
nobody-barred = Nobody is barred so.
tab-bounces = Came back
bounces-hint = What servers and readers sent back about mails: bounces, complaints, opt-outs by mail, auto-replies.
take-in = Take reports in
take-in-hint = One message as it came (.eml), or a whole mailbox (mbox); at most 16 MiB. The same report counts once, however often it is brought.
n-reports-read = { $n ->
    [one] 1 message read.
   *[other] { $n } messages read.
 }
reports-bounced = deliveries that are bounced now: { $n }
reports-barred = addresses that are barred now: { $n }
reports-known = taken in before: { $n }
reports-unmatched = of no delivery that is known: { $n }
reports-unknown = no report: { $n }
nothing-came-back = Nothing of the kind came back.
from-the-newest = From the newest
all-that-came-back = All that came back
bounce = Came back
bounce-kind = Kind
bounce-class = Class
bounce-said = In the server’s words
bounce-status = Status
bounce-rule = Understood by
bounce-form = Form
bounce-evidence = Matched by
bounce-delivery = The mail
bounce-report = The report
delivery-name = Name of the delivery
no-such-contact = No contact has this address any more.
no-delivery-left = The delivery is not on record any more.
this-report = this report
finding-hard = hard bounce
finding-soft = soft bounce
finding-complaint = complaint
finding-opt-out = opt-out
finding-delayed = delayed
finding-delivered = delivered
finding-auto-reply = auto-reply
finding-challenge = challenge
bounce-mailbox-unknown = no such mailbox
bounce-mailbox-disabled = mailbox closed
bounce-mailbox-full = mailbox full
bounce-spam = taken for spam
bounce-policy = against the receiver’s rules
bounce-too-large = too large
bounce-dns = no such domain
bounce-relay-denied = not passed on
bounce-expired = tried for too long
bounce-unreachable = server not reached
bounce-protocol = servers disagree
bounce-other = another reason
ground-words = the words
ground-status = the status
ground-reply = the reply code
ground-report = what it says of itself:
ground-nothing = nothing that is known
evidence-return-path = its signed return path
evidence-message-id = the Message-ID of the mail
evidence-word = the signed word to opt out by
evidence-address = the address alone, which anybody can write
event-complaint = complaint
event-opt-out = opt-out by mail
segments-hint = Rules of segments.toml, asked of every contact as it is now.
no-segments = There is no segment yet.
press-lists-hint = Kept by hand: on a contact's own page.
no-lists = Nobody stands on a list yet.
new-segment = A new segment
segment-name = Name of the segment
rule = Rule
rule-hint = In CEL: contact.country in ['KZ', 'KG'] && 'radio' in contact.lists
rule-composed = Made of:
but-not = but not
save-segment = Save the segment
save-as-segment = Save as a segment
save-as-segment-hint = Whoever is in the chosen segments, and not in those left out; times are not part of it.
said-segment-saved = The segment is saved in segments.toml.

# Another embargo, and follow-ups.
embargo-change = Change the embargo
embargo-change-hint = Of the release, in all its distributions that have not begun. The texts still say what they said: change them too.
embargo-lift-now = Lift it now
embargo-lift-hint = Everybody gets it from this moment on.
embargo-move = Move it
embargo-until = Until
embargo-until-hint = In the newsroom's time, or with a zone: 2027-03-11T11:00[Asia/Almaty].
said-embargo-changed = The embargo is another, and what had not begun is planned anew.
said-embargo-tell = The embargo is another. Advance copies went out that name the old time: tell their readers below.
follow = Tell those who have it
follows = Follows up on
told-since = Told since to those who have it
follow-hint = Exactly those who received it, each in their language, as an answer to the first mail.
follow-with = A correction
follow-release = Its release, by folder
follow-kill = A kill notice: it is withdrawn and is not to be used
follow-lifted-early = The embargo was lifted early
follow-embargo-moved = The embargo was moved
follow-in-doubt = Also those of whom nobody knows whether they have it
follow-send = Tell them
said-some-in-doubt = It is planned. Some are left out of whom nobody knows whether they have it.

# Import.
import = Import contacts
import-lede = Bring a file, see how it is understood and what would change, and confirm. Nothing is written before that.
import-file = File
import-file-hint = CSV as a spreadsheet saves it, XLSX, vCard or LDIF; at most 16 MiB.
import-look = Look at it
import-no-file = Choose a file first.
import-columns = Columns
import-columns-hint = What each column is taken for. Change what is wrong, and look again.
import-encoding = Encoding
import-again = Look again
import-sample = First rows
import-what = What would be done
import-n-added = { $n ->
    [one] 1 contact added
   *[other] { $n } contacts added
 }
import-n-changed = { $n ->
    [one] 1 contact changed
   *[other] { $n } contacts changed
 }
import-n-unchanged = { $n ->
    [one] 1 contact as it is already
   *[other] { $n } contacts as they are already
 }
import-do = Import
import-first = At most { $n } of each kind are shown.
import-problems = { $n ->
    [one] 1 remark
   *[other] { $n } remarks
 }
import-conflicts = { $n ->
    [one] 1 conflict
   *[other] { $n } conflicts
 }
import-duplicates = May be somebody you know: { $n }
import-line = Line
import-address = Address
import-like = May be
import-rejected = left out
import-added = Would be added
import-changed = Would be changed
imports = Imports so far
import-none = Nothing has been imported yet.
import-merge = two contacts merged
import-undo = Undo
import-undone-by = undone by { $by }, { $at }
import-stale = Contacts were changed since you looked. See what would be done now, and confirm again.
said-imported = The contacts are imported.
said-import-undone = The import is undone.
fault-no-upload = The file is not kept any more: files are kept for an hour. Bring it again.
imported-added = Added
imported-changed = Changed
field-embargo-agreement = Embargo agreement
field-given-name = First name
field-middle-name = Middle name
field-family-name = Last name
field-ignore = Leave out
tab-duplicates = Duplicates
comparing-contacts = Contacts are being compared. This goes on by itself.
duplicates-hint = Two records of one name at one outlet, in whatever script, or of two addresses that differ in capitals alone. Nothing is merged by itself.
n-duplicates = { $n ->
    [one] 1 pair may be one person.
   *[other] { $n } pairs may be one person.
 }
no-duplicates = Nobody is here twice, as far as can be told.
n-told-apart = { $n ->
    [one] 1 pair that is two people
   *[other] { $n } pairs that are two people
 }
like-name = The same name at the same outlet
like-capitals = The addresses differ in capitals alone
two-people = These are two people
compare = Compare
offer-again = Offer again
the-one = The one
the-other = The other
said-told-apart = They are two people, and are not offered any more.
said-offered-again = They may be one person again.
said-merged = The two are one now. The imports page can undo it.
merge-title = One person?
stays = Stays
goes-into-it = Goes into it
keep-the-other = Keep the other record instead
merge-choose = What stays where they differ
keep-both = Both
left-empty = nothing
nothing-differs = The two records say the same.
merge-what = What follows
merge-address = Mail goes to { $kept } from now on; { $other } is remembered as an address of the same person, who is not sent twice what they have.
merge-bar = Nothing is sent to either address, since one is barred:
merge-agreements = What either record says of embargo agreements counts, and so do revocations.
merge-encryption = Of two policies of encryption the stricter stays:
merge-waiting = A release that waits for both addresses goes to one.
merge-undo = The imports page can undo it; bars and ended mails stay.
merge-do = Make them one
has-agreement-words = embargo agreement on record
has-key = OpenPGP key
n-latest-deliveries = { $n ->
    [one] 1 mail lately:
   *[other] { $n } mails lately, the last:
 }
former-addresses = Also had
field-public-key = OpenPGP key
# What journalists see.
reader-nobody = This link leads nowhere
reader-too-often = Too many requests by this link. Try again in a minute.
reader-opt-out = No more press releases?
reader-opt-out-hint = One click, and { $newsroom } writes to you no more.
reader-opt-out-all = Send me nothing more
reader-opt-out-list = Only take me off the list { $list }
reader-out = Done
reader-out-all = { $newsroom } writes to you no more. That counts from now on.
reader-out-list = You are off the list { $list }. That counts from now on.
reader-own = What you get, and when
reader-languages = Languages
reader-languages-hint = Their codes, the best first: en, ru
reader-beats = Subjects
reader-beats-hint = Separated by commas
reader-window = When mail may come
reader-window-always = At any time
reader-window-mon-fri = On working days
reader-window-mon-fri-08-00-18-00 = On working days, 08:00 to 18:00
reader-window-mon-fri-09-00-20-00 = On working days, 09:00 to 20:00
reader-window-07-00-22-00 = Every day, 07:00 to 22:00
reader-zone = Your time zone
reader-zone-hint = Such as Asia/Almaty; empty: the newsroom’s
reader-lists = Lists you are on
reader-agreement = Copy under embargo
reader-stands = You have agreed.
reader-stands-not = You have not agreed.
reader-agree = I agree
reader-withdraw = I take it back
reader-copy = The release in the browser
reader-barred = It is under embargo until { $time } ({ $zone }). Before that, only those who have agreed to the embargo read it here.
reader-news = Press releases
reader-news-none = There is nothing here yet
reader-news-older = Earlier
reader-news-notes = Notes to editors
reader-news-contact = Press contact
reader-news-others = In other languages
reader-news-about = About { $newsroom }
reader-news-feed = Feed
said-reader-saved = Saved.
said-reader-agreed = Your agreement is on record.
said-reader-withdrew = Your agreement is taken back.
said-reader-text-changed = The text has changed meanwhile. Please read it once more.
fault-429 = Not so fast
tokens = Tokens
tokens-hint = By a token a program acts in your name: it does what is ticked, and never more than you may.
token-name = Name of the token
token-scopes = What it is for
token-expires = Until
token-expires-hint = Such as 2027-01-31 18:00; empty: for 90 days
token-add = Make a token
token-revoke = Revoke
token-until = until { $at }
token-over = expired { $at }
token-used = last used { $at }
token-unused = never used
token-made = The token is made
token-made-hint = Copy it now: it is shown this once and kept nowhere.
said-token-revoked = The token opens nothing any more.
forget-contact = Forget somebody
forget-hint = Whoever asks for it is erased from the contact list, from what was planned and sent, from the log, from caught mails and from what is kept beside them. That cannot be taken back. Their address stays barred by a hash that nobody can read.
forgotten-now = { $email } is forgotten: { $rows } rows of the store erased or emptied, { $cancelled } planned mails cancelled, { $caught } files of caught mails removed.
also-from-copy = Also from the copy
what-stays = What names them still, and stays:
forget-pending = Something may remain in free pages of the store. Forget them once more:
may-be-known-again = { $email } may be known again.
held-of = What is held of { $email }
nothing-held = Nothing.
named-in-files = They are named in files. Take them out of the lists that you keep first; caught mails go by themselves, releases stay:
everything-held = Everything that is held
address-again = The address once more
forget-for-good = Forget for good
see-what-is-held = See what is held
lift-forgotten = Let somebody be known again
lift-forgotten-hint = Who was forgotten and asks to be written to again. Until then no import and no form brings them back.
n-forgotten = { $n ->
    [one] One address more is forgotten
   *[other] { $n } addresses more are forgotten
 }, and barred without being written down.
left-lists = Lists they left
