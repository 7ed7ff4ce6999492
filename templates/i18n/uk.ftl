# Слова шаблонів українською мовою.
# Змінні описано в docs/templates.md, розділ "Words".

kind-press-release = Пресреліз
kind-media-advisory = Анонс для ЗМІ
kind-statement = Заява
kind-correction = Уточнення
kind-retraction = Відкликання

immediate-release = Для негайної публікації
not-for-publication = Не для публікації

embargo-until = ЕМБАРГО до { weekday-genitive }, { $date }, { $time } { at-zone }
embargo-until-utc = ЕМБАРГО до { weekday-genitive }, { $date }, { $time } UTC
embargo-short = ЕМБАРГО до { $day }, { $time } ({ $city })
embargo-note = До цього часу не публікувати, не передавати в ефір і не розміщувати в інтернеті.
utc-same-day = { $utc-time } UTC
utc-other-day = { $utc-day }, { $utc-time } UTC

weekday-genitive = { $weekday ->
    [mon] понеділка
    [tue] вівторка
    [wed] середи
    [thu] четверга
    [fri] п’ятниці
    [sat] суботи
   *[sun] неділі
}

# Місто відмінюється, тому часті зони названо повністю.
at-zone = { $zone ->
    [uaiev] за київським часом ({ $utc })
    [rumow] за московським часом ({ $utc })
    [bymsq] за мінським часом ({ $utc })
    [uztas] за ташкентським часом ({ $utc })
    [kgfru] за бішкекським часом ({ $utc })
    [amevn] за єреванським часом ({ $utc })
    [gblon] за лондонським часом ({ $utc })
    [frpar] за паризьким часом ({ $utc })
    [deber] за берлінським часом ({ $utc })
    [bebru] за брюссельським часом ({ $utc })
    [atvie] за віденським часом ({ $utc })
    [plwaw] за варшавським часом ({ $utc })
    [czprg] за празьким часом ({ $utc })
    [trist] за стамбульським часом ({ $utc })
    [egcai] за каїрським часом ({ $utc })
    [usnyc] за нью-йоркським часом ({ $utc })
    [kzala] за часом Алмати ({ $utc })
    [getbs] за часом Тбілісі ({ $utc })
    [azbak] за часом Баку ({ $utc })
   *[other] за місцевим часом ({ $city }; { $utc })
}

highlights = Коротко
press-contacts = Контакти для преси
notes-to-editors = Примітки для редакцій
about = { $newsroom }: про організацію

version-below = Версія українською мовою нижче

why-list = Ви отримали цей лист, бо адресу { $email } внесено до списку розсилки для преси «{ $list }» ({ $newsroom }).
why = Ви отримали цей лист, бо адресу { $email } внесено до списку розсилки для преси ({ $newsroom }).
opt-out = Відмовитися від розсилки
opt-out-line = Щоб відмовитися від розсилки, напишіть на { $address }
opt-out-line-subject = Щоб відмовитися від розсилки, напишіть на { $address } з темою «{ $subject }»
opt-out-line-page = Відмовитися від розсилки: { $link }
preferences = Що і коли ви отримуєте
preferences-line = Що і коли ви отримуєте: { $link }

notice-kill-headline = ВІДКЛИКАНО: { $headline }
notice-kill-body = Ми відкликали цей пресреліз. **Просимо не публікувати й не цитувати його.** Якщо ви вже опублікували його, будь ласка, повідомте контактну особу, зазначену нижче.
notice-lifted-early-headline = ЕМБАРГО ЗНЯТО: { $headline }
notice-lifted-early-body = Ембарго на цей пресреліз знято достроково. **Його можна публікувати вже зараз.** Час, зазначений у нашому попередньому листі, більше не діє; текст релізу не змінився.
notice-embargo-moved-headline = ЕМБАРГО ПЕРЕНЕСЕНО: { $headline }
notice-embargo-moved-body = Термін ембарго на цей пресреліз змінено. **Діє час, зазначений на початку цього листа**, а не той, що був у попередньому. Текст релізу не змінився.
