# Слова шаблонов на русском языке.
# Переменные описаны в docs/templates.md, раздел "Words".

kind-press-release = Пресс-релиз
kind-media-advisory = Анонс для СМИ
kind-statement = Заявление
kind-correction = Уточнение
kind-retraction = Отзыв

immediate-release = Для немедленной публикации
not-for-publication = Не для публикации

embargo-until = ЭМБАРГО до { weekday-genitive }, { $date }, { $time } { at-zone }
embargo-until-utc = ЭМБАРГО до { weekday-genitive }, { $date }, { $time } UTC
embargo-short = ЭМБАРГО до { $day }, { $time } ({ $city })
embargo-note = До этого времени не публиковать, не передавать в эфир и не размещать в интернете.
utc-same-day = { $utc-time } UTC
utc-other-day = { $utc-day }, { $utc-time } UTC

weekday-genitive = { $weekday ->
    [mon] понедельника
    [tue] вторника
    [wed] среды
    [thu] четверга
    [fri] пятницы
    [sat] субботы
   *[sun] воскресенья
}

# Город склоняется, поэтому частые зоны названы целиком.
at-zone = { $zone ->
    [rumow] по московскому времени ({ $utc })
    [uaiev] по киевскому времени ({ $utc })
    [bymsq] по минскому времени ({ $utc })
    [uztas] по ташкентскому времени ({ $utc })
    [kgfru] по бишкекскому времени ({ $utc })
    [amevn] по ереванскому времени ({ $utc })
    [gblon] по лондонскому времени ({ $utc })
    [frpar] по парижскому времени ({ $utc })
    [deber] по берлинскому времени ({ $utc })
    [bebru] по брюссельскому времени ({ $utc })
    [chzrh] по цюрихскому времени ({ $utc })
    [atvie] по венскому времени ({ $utc })
    [plwaw] по варшавскому времени ({ $utc })
    [czprg] по пражскому времени ({ $utc })
    [trist] по стамбульскому времени ({ $utc })
    [egcai] по каирскому времени ({ $utc })
    [usnyc] по нью-йоркскому времени ({ $utc })
    [kzala] по времени Алматы ({ $utc })
    [getbs] по времени Тбилиси ({ $utc })
    [azbak] по времени Баку ({ $utc })
   *[other] по местному времени ({ $city }; { $utc })
}

highlights = Коротко
press-contacts = Контакты для прессы
notes-to-editors = Примечания для редакций
about = { $newsroom }: об организации

version-below = Версия на русском языке ниже

why-list = Вы получили это письмо, потому что адрес { $email } включён в список рассылки для прессы «{ $list }» ({ $newsroom }).
why = Вы получили это письмо, потому что адрес { $email } включён в список рассылки для прессы ({ $newsroom }).
opt-out = Отказаться от рассылки
opt-out-line = Чтобы отказаться от рассылки, напишите на { $address }
opt-out-line-subject = Чтобы отказаться от рассылки, напишите на { $address } с темой «{ $subject }»
opt-out-line-page = Отказаться от рассылки: { $link }
preferences = Что и когда вы получаете
preferences-line = Что и когда вы получаете: { $link }

notice-kill-headline = ОТОЗВАНО: { $headline }
notice-kill-body = Мы отозвали этот пресс-релиз. **Просим не публиковать и не цитировать его.** Если вы уже опубликовали его, пожалуйста, сообщите об этом контактному лицу, указанному ниже.
notice-lifted-early-headline = ЭМБАРГО СНЯТО: { $headline }
notice-lifted-early-body = Эмбарго на этот пресс-релиз снято досрочно. **Его можно публиковать уже сейчас.** Время, указанное в нашем предыдущем письме, больше не действует; текст релиза не изменился.
notice-embargo-moved-headline = ЭМБАРГО ПЕРЕНЕСЕНО: { $headline }
notice-embargo-moved-body = Срок эмбарго на этот пресс-релиз изменён. **Действует время, указанное в начале этого письма**, а не то, что было названо в предыдущем. Текст релиза не изменился.
