# Үлгілердің қазақша сөздері.
# Айнымалылар: docs/templates.md, "Words" бөлімі.

kind-press-release = Баспасөз хабарламасы
kind-media-advisory = БАҚ назарына
kind-statement = Мәлімдеме
kind-correction = Түзету
kind-retraction = Қайтарып алу

immediate-release = Дереу жариялауға
not-for-publication = Жариялауға болмайды

embargo-until = ЭМБАРГО аяқталады: { $full-date }, { $city } уақытымен сағат { $time } ({ $utc })
embargo-until-utc = ЭМБАРГО аяқталады: { $full-date }, сағат { $time } UTC
embargo-short = ЭМБАРГО аяқталады: { $day }, { $time } ({ $city })
embargo-note = Осы уақытқа дейін жариялауға, эфирге шығаруға және интернетте орналастыруға болмайды.
utc-same-day = { $utc-time } UTC
utc-other-day = { $utc-day }, { $utc-time } UTC

highlights = Қысқаша
press-contacts = Баспасөз үшін байланыс
notes-to-editors = Редакцияларға ескертпе
about = { $newsroom } туралы

version-below = Қазақ тіліндегі нұсқасы төменде

why-list = Бұл хат сізге { $email } мекенжайы { $newsroom } ұйымының «{ $list }» баспасөз тізімінде болғандықтан келді.
why = Бұл хат сізге { $email } мекенжайы { $newsroom } ұйымының баспасөз тізімінде болғандықтан келді.
opt-out = Таратылымнан бас тарту
opt-out-line = Таратылымнан бас тарту үшін мына мекенжайға жазыңыз: { $address }
opt-out-line-subject = Таратылымнан бас тарту үшін мына мекенжайға жазыңыз: { $address }, тақырыбы «{ $subject }»
opt-out-line-page = Таратылымнан бас тарту: { $link }
preferences = Сіз не аласыз және қашан
preferences-line = Сіз не аласыз және қашан: { $link }

notice-kill-headline = ҚАЙТАРЫП АЛЫНДЫ: { $headline }
notice-kill-body = Біз бұл баспасөз хабарламасын қайтарып алдық. **Оны жарияламауыңызды және одан дәйексөз келтірмеуіңізді сұраймыз.** Егер жариялап қойған болсаңыз, төменде көрсетілген байланыс тұлғасына хабарлаңыз.
notice-lifted-early-headline = ЭМБАРГО АЛЫНДЫ: { $headline }
notice-lifted-early-body = Бұл хабарламаға қойылған эмбарго мерзімінен бұрын алынды. **Оны қазір жариялауға болады.** Алдыңғы хатта көрсетілген уақыт енді күшінде емес; хабарлама мәтіні өзгерген жоқ.
notice-embargo-moved-headline = ЭМБАРГО УАҚЫТЫ ӨЗГЕРДІ: { $headline }
notice-embargo-moved-body = Бұл хабарламаға қойылған эмбарго уақыты өзгерді. **Осы хаттың басында көрсетілген уақыт күшінде**, алдыңғы хаттағы емес. Хабарлама мәтіні өзгерген жоқ.
