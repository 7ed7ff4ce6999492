# Редакционный стол по-русски.
skip = К содержанию
nav = Разделы
nav-releases = Релизы
nav-distributions = Рассылки
nav-contacts = Контакты
nav-log = Журнал
nav-users = Учётные записи
other-language = In English
sign-in = Войти
sign-out = Выйти
user-name = Имя пользователя
full-name = Полное имя
password = Пароль
code = Код
code-hint = Из приложения-аутентификатора; если его нет, оставьте поле пустым.
code-wanted = У этой учётной записи включён второй фактор. Введите пароль ещё раз и код.
refused = Неверно: имя, пароль или код.
locked = Слишком много неудачных попыток. Повторите после { $until }.
no-account-yet = Ни одной учётной записи ещё нет. Создайте первую в командной строке:
role = Роль
role-author = Автор
role-approver = Утверждающий
role-admin = Администратор
make-author = Сделать автором
make-approver = Сделать утверждающим
make-admin = Сделать администратором
second-factor = Второй фактор
second-factor-hint = Код из приложения на телефоне, который спрашивают вместе с паролем.
second-factor-begin = Настроить
second-factor-again = Настроить заново
second-factor-scan = Отсканируйте код приложением-аутентификатором и введите показанные цифры.
second-factor-qr = QR-код для приложения-аутентификатора
second-factor-type = Или введите вручную:
second-factor-confirm = Включить
second-factor-wrong = Код неверен. Проверьте часы телефона и дождитесь следующего кода.
on = включён
off = выключен
yes = да
no = нет
change = Изменить
change-password = Сменить пароль
change-password-hint = Все остальные ваши сеансы завершатся.
old-password = Нынешний пароль
new-password = Новый пароль, не короче 12 знаков
first-password = Первый пароль, не короче 12 знаков
set-password = Другой пароль сотруднику
set-password-hint = Все его сеансы закончатся, а с ними и запрет входа после неверных паролей.
no-tokens = Токенов никто не выпускал.
may-sign-in = Может войти
let-in = Снова впустить
lock-out = Закрыть вход
drop-factor = Снять второй фактор
add-user = Добавить учётную запись
acts = Кто что сделал
when = Когда
who = Кто
what = Что
details = Подробности
older = Раньше
back = Назад
said-password-changed = Пароль изменён. Все остальные сеансы завершены.
said-factor-set = Второй фактор включён.
said-changed = Готово.
said-user-added = Учётная запись создана.
fault-400 = Так сделать нельзя
fault-403 = На это у вас нет прав
fault-404 = Такой страницы нет
fault-405 = Такой страницы нет
fault-413 = Слишком большой объём
fault-415 = Это нельзя прочитать
fault-421 = По этому адресу стола нет
fault-422 = Так сделать нельзя
fault-500 = Что-то сломалось
fault-503 = Не сейчас
fault-forbidden = Ваша роль этого не позволяет. Обратитесь к тому, чья роль позволяет.
fault-origin = Запрос пришёл с чужого сайта. Ничего не сделано.
date-time = { $day } { $month } { $year }, { $time }
month-1 = января
month-2 = февраля
month-3 = марта
month-4 = апреля
month-5 = мая
month-6 = июня
month-7 = июля
month-8 = августа
month-9 = сентября
month-10 = октября
month-11 = ноября
month-12 = декабря
kind-press-release = Пресс-релиз
kind-media-advisory = Анонс для прессы
kind-statement = Заявление
kind-correction = Исправление
kind-retraction = Отзыв
stage-faulty = С ошибками
stage-draft = Черновик
stage-scheduled = Запланирован
stage-sending = Рассылается
stage-held = Приостановлен
stage-killed = Отозван
stage-sent = Разослан
embargo-lifted = Эмбарго снято
until-lift = до снятия эмбарго,
left-days = { $days } д { $hours } ч
left-hours = { $hours } ч { $minutes } мин
immediate = Для немедленной публикации
n-errors = { $n ->
    [one] { $n } ошибка
    [few] { $n } ошибки
   *[other] { $n } ошибок
 }
n-warnings = { $n ->
    [one] { $n } замечание
    [few] { $n } замечания
   *[other] { $n } замечаний
 }
n-words = { $n ->
    [one] { $n } слово
    [few] { $n } слова
   *[other] { $n } слов
 }
no-releases = Ни одного релиза ещё нет: создайте папку в releases/.
planned = Запланировано
edited = правка
problems = Что не так
bars = мешает рассылке
worth-a-look = стоит взглянуть
not-level = Языковые версии расходятся
variants = Тексты
history = История
nothing-planned = Пока ничего не запланировано.
approvals = Утверждения
parity-noted = отмечено, что языковые версии расходятся
course = Ход
course-under-way = Идёт
course-held = Приостановлена
course-killed = Отозвана
included = Получатели
waiting = Ждут
failed = Не удалось
state-planned = Запланировано
state-due = Пора отправлять
state-claimed = Отправляется
state-deferred = Отложено
state-in-doubt = Под вопросом
state-accepted = Принято
state-rejected = Отклонено
state-bounced = Вернулось
state-expired = Просрочено
state-suppressed = Под запретом
state-withheld = Не отправлено: не зашифровать
state-cancelled = Отменено
preview = Просмотр
language = Язык
as-chosen = Как выбрано для читателя
contact = Как это получит контакт
width = Ширина
desktop = Компьютер
phone = Телефон
light = Оформление
bright = Светлое
dark = Тёмное
show = Показать
subject = Тема
phase = Очередь
phase-immediate = Сразу
phase-advance = Заранее, под эмбарго
phase-general = Для всех, при снятии эмбарго
would-leave = Ушло бы
part-html = HTML
part-text = Простой текст
part-headers = Заголовки
part-source = Исходник
part-size = Размер
size-whole = Письмо целиком
size-html = Часть HTML
size-text = Текстовая часть
octets = { $n } Б
audience = Аудитория
to-segments = Сегменты
not-segments = Кроме
start-now = Сейчас
start-at = Не раньше указанного времени
start-local = В указанный час по часам каждого контакта
start-lift = При снятии эмбарго, всем сразу
time = Время
time-hint = 2026-11-30 09:00 по часам редакции; 09:00 по часам каждого контакта
window = Только в эти часы по местному времени
wave-gap = Каждый следующий сегмент позже на
not-after = Теряет смысл после
again = В том числе тем, у кого он уже есть
counting = Аудитория подсчитывается: просматривается каждый контакт. Страница обновится сама.
verifying = Читается и хэшируется каждая запись. Страница обновится сама.
looking-through = Этот адрес ищется во всех таблицах. Страница обновится сама.
comparing = Файл сравнивается с каждым контактом. Страница обновится сама.
choose-segments = Выберите, кому он предназначен.
n-recipients = { $n ->
    [one] { $n } получатель
    [few] { $n } получателя
   *[other] { $n } получателей
 }
n-excluded = Не получат: { $n }
n-fallbacks = { $n ->
    [one] { $n } получит не тот язык, который просил.
   *[other] { $n } получат не тот язык, который просили.
 }
n-without-zone = Без своего часового пояса (*): { $n }; берётся пояс редакции.
shown-of = { $first }–{ $last } из { $n }
by-country = По странам
by-language = По языкам
by-state = По состояниям
by-domain = По доменам
n-in-others = Ещё { $n } в остальных.
progress = Ход рассылки
contact-name = Контакт
outlet = Издание
their-time = Их время
segment = Сегмент
fallback = не запрошен
excluded = Не получат
why-not = Почему нет
reason-not-selected = нет ни в одном сегменте
reason-in-excluded-segment = в исключённом сегменте
reason-suppressed = под запретом
reason-cannot-encrypt = письма обязательно шифруются
reason-already-sent = уже получил
reason-no-variant = нет текста
reason-too-late = очередь подойдёт слишком поздно
will-immediate = { $n ->
    [one] { $n } журналист получит его { $when }.
    [few] { $n } журналиста получат его { $when }.
   *[other] { $n } журналистов получат его { $when }.
 }
will-advance = { $n ->
    [one] { $n } журналист с соглашением об эмбарго получит его { $when }.
    [few] { $n } журналиста с соглашением об эмбарго получат его { $when }.
   *[other] { $n } журналистов с соглашением об эмбарго получат его { $when }.
 }
will-general = { $n ->
    [one] Ещё { $n } получит его после снятия эмбарго: { $when }.
   *[other] Ещё { $n } получат его после снятия эмбарго: { $when }.
 }
when-now = немедленно
when-at = { $at }
when-between = с { $first } до { $last }
in-languages = { $n ->
    [one] На { $n } языке.
   *[other] На { $n } языках.
 }
last-through = Последнее письмо уйдёт примерно { $at }.
review = Проверить и отправить
will-happen = Что произойдёт
content = Содержание
rehearse = Репетиция
rehearsal = Репетиция
rehearsal-hint = Все письма попали в ловушку; ни одному серверу ничего не передано и ничего не запомнено.
rehearsal-under-way = Писем пока: { $n }.
rehearsal-done = { $n ->
    [one] поймано { $n } письмо
    [few] поймано { $n } письма
   *[other] поймано { $n } писем
 }
rehearsal-failed = не удалась
look-again = Посмотреть снова
not-rehearsed = С запуска службы репетиции не было.
caught = Поймано
largest = Самое большое письмо
caught-mails = Пойманные письма
mail = Письмо
mail-to = Кому
mail-from = От кого
mail-date = Дата
attachments = Вложения
further = Дальше
approvals-needed = { $n ->
    [one] Пока действует эмбарго, его должен утвердить один человек.
   *[other] Пока действует эмбарго, его должны утвердить разные люди: { $n }.
 }
no-approval-needed = Утверждение не требуется.
you-approved = Вы утвердили именно это содержание для этой аудитории.
note-parity = Я вижу, что языковые версии говорят одно и то же.
approve = Утвердить это содержание для этой аудитории
send = Отправить
send-hint = Если текст или аудитория изменятся до нажатия, ничего не уйдёт.
send-to = { $n ->
    [one] Отправить { $n } получателю
   *[other] Отправить { $n } получателям
 }
not-yet-approved = До утверждения отправить нельзя.
send-needs-approver = Отправляет утверждающий.
said-approved = Ваше утверждение записано. Любая правка его отменит.
said-planned = Запланировано.
said-continued = Такое же поручение уже было и не завершено: оно продолжается.
said-held = Приостановлено: что не начато, не начнётся.
said-resumed = Продолжается.
said-killed = Отозвано: что не начато, уже не начнётся.
n-of = Принято { $n } из { $whole }
n-waiting = ждут: { $n }
n-failed = не удалось: { $n }
n-in-doubt = под вопросом: { $n }
next-due = Следующее
through-at = Завершится примерно
rate-now = Скорость сейчас
rate-second = { $n } в секунду
rate-minute = { $n } в минуту
live-lost = Связь потеряна; пробуем снова.
first-n-shown = Показаны первые { $n }.
outcome-accepted = Принято
outcome-waiting = Ждут
outcome-in-doubt = Под вопросом
outcome-failed = Не удалось
outcome-ended = Запрещено или отозвано
steer = Приостановить, продолжить, отозвать
hold = Приостановить
hold-hint = Что не начато, не начнётся, пока кто-нибудь не продолжит.
resume = Продолжить
resume-hint = Уйдёт то, чему пора.
kill = Отозвать
kill-hint = Навсегда: что не начато, уже не начнётся.
why = Почему (для журнала)
why-needed = Журналу нужна причина.
in-doubt-hint = Сервер мог принять эти письма, но его ответ потерян. Знать может только человек.
attempts = Попытки
decide = Решить
decide-resend = Отправить снова
decide-arrived = Дошло
decide-abandon = Оставить
again-at = Снова
relay-said = Сервер ответил
order = Поручение
id = Идентификатор
distribution = Рассылка
everything = Всё
since = С
until = До
search = Искать
verify = Проверить журнал
number = №
nothing-found = В журнале такого нет.
log-whole = Журнал цел
log-broken = Журнал повреждён
n-entries = { $n ->
    [one] { $n } запись.
    [few] { $n } записи.
   *[other] { $n } записей.
 }
last-hash = Последний хеш
last-hash-hint = Кто его сохранит, сможет позже убедиться, что с конца ничего не убрано.
earlier-hash = Хеш прежней проверки
hash-in-chain = Этот хеш по-прежнему в журнале:
hash-not-in-chain = Этого хеша в журнале нет: журнал подменён или обрезан:
event-distribution = рассылка запланирована
event-planned = доставка запланирована
event-attempt = попытка
event-accepted = принято
event-deferred = отложено
event-rejected = отклонено
event-bounced = вернулось
event-expired = просрочено
event-suppressed = под запретом
event-withheld = не отправлено: не зашифровать
event-cancelled = отменено
event-in-doubt = под вопросом
event-held = приостановлено
event-resumed = продолжено
event-killed = отозвано
event-embargo-moved = эмбарго перенесено
event-erased = стёрто личное
in-figures = В цифрах
tab-contacts = Контакты
tab-groups = Списки и сегменты
leave-list = Убрать из списка рассылки
leave-list-hint = По просьбе самого контакта: то, что ждёт отправки по этому списку, отменяется, и импорт его туда не вернёт.
said-left-list = Контакта в списке больше нет.
tab-suppressed = Не писать
find-contact = Адрес, имя или издание
press-list = Пресс-список
press-lists = Пресс-списки
all-lists = Все
add-contact = Добавить контакт
edit-contact = Изменить
editing-contact = Правка контакта
n-contacts = { $n ->
    [one] { $n } контакт
    [few] { $n } контакта
   *[other] { $n } контактов
 }
country = Страна
languages = Языки
no-contact-found = Таких контактов нет.
from-the-first = С начала
next-page = Дальше
field-email = Адрес
field-name = Имя
field-salutation = Обращение
field-outlet = Издание
field-role = Должность
field-country = Страна
field-languages = Языки
field-time-zone = Часовой пояс
field-send-window = Часы для писем
field-beats = Темы
field-lists = Пресс-списки
field-notes = Заметки, никогда не отправляются
field-encryption = Шифрование
hint-salutation = Как будет напечатано: Уважаемая г-жа Нарси!
hint-country = Две буквы: KZ
hint-languages = Сначала лучший: ru, en
hint-time-zone = Asia/Almaty; если пусто, действует единственный пояс страны, иначе пояс редакции
hint-send-window = mon-fri 08:00-20:00 или always
hint-lists = Через запятую; новое имя — новый список
hint-encryption = required (обязательно), preferred (по возможности) или off; пусто — off
overtaken = Пока вы правили, этот контакт изменил кто-то другой, поэтому ничего не сохранено. Там, где есть расхождения, рядом с вашими словами показано то, что записано сейчас. При сохранении его заменят ваши.
not-saved = Ничего не сохранено:
address-stays = Адрес определяет контакт и не меняется:
new-column = Своя колонка
column-name = Колонка
column-value = Значение
stands-now = Сейчас записано:
empty = ничего
save = Сохранить
save-over = Сохранить моё
said-contact-added = Контакт добавлен.
said-contact-saved = Контакт сохранён.
agreements = Соглашения об эмбарго
word-granted = дано
word-revoked = отозвано
of-whom = Чьё
whole-outlet = Все в издании
for-release = Для чего
every-release = Для всех релизов
days = Дни
word-note = Где его найти
listed-as-agreed = Согласие указано в импортированном списке контактов.
listed-since = Согласие указано в импортированном списке контактов, дата { $day }.
no-agreement = Соглашения нет: до снятия эмбарго ничего из релиза под эмбарго сюда не попадёт.
encryption = Шифрование
encryption-policy = Шифровать письма?
policy-off = Не шифровать
policy-preferred = Шифровать, если можно
policy-required = Всегда шифровать
policy-hint = Всегда: если зашифровать нельзя, письмо не отправляется, и вам об этом скажут. Если можно: иначе письмо уйдёт открытым.
no-key = Ключа OpenPGP нет.
key-fingerprint = Отпечаток
key-algorithms = Алгоритмы
key-encrypts-by = шифрует по
key-made = Создан
key-ends = Действует до
key-never = бессрочно
key-state = Состояние
key-good = годен
key-user-ids = Чьим себя называет
key-change = Изменить ключ и правило
key-file = Открытый ключ
key-file-hint = Файл от самого контакта, полученный надёжным путём. Он заменит нынешний ключ.
key-bring = Принять ключ
key-remove = Удалить ключ
key-warning-names-nobody = Ключ не называет этого адреса. Сверьте отпечаток с контактом другим путём, например по телефону.
key-warning-ends-soon = Ключ истекает в ближайшие 30 дней: попросите у контакта обновлённый.
key-warning-unused = Ключ есть, но письма не шифруются: таково правило.
key-warning-nothing-sent = Письма нужно шифровать, а зашифровать их нельзя, поэтому контакту ничего не отправляется.
obstacle-no-key = ключа нет
obstacle-key-revoked = ключ отозван
obstacle-key-expired = ключ истекает { $at }
obstacle-key-not-yet = ключ не действует до { $at }
obstacle-key-failed = ключом не удалось зашифровать
said-policy-set = Задано.
said-key-imported = Ключ принят.
said-key-removed = Ключ удалён.
encrypted = зашифровано
signed = подписано
encrypted-mail = Это письмо зашифровано: открыть его может только получатель. Тема — внутри.
signed-mail = Это письмо подписано ключом OpenPGP редакции.
encrypted-to = Письмо уйдёт зашифрованным, ключ { $key }. В исходном тексте видно то, что увидят посторонние.
in-the-clear = Шифрование желательно, но письмо уйдёт открытым: { $why }.
record-word = Записать
first-day = Первый день
last-day = Последний день
grant = Согласие дано
revoke = Согласие прекращено
revoke-hint = После прекращения ещё не отправленные ранние копии ждут снятия эмбарго. Дни относятся только к данному согласию.
said-granted = Согласие записано.
said-revoked = Прекращение согласия записано.
suppression = Запрет писать
bar-opt-out = просили не писать
bar-hard-bounce = ящика не существует
bar-soft-bounces = письма возвращались раз за разом
bar-complaint = пожаловались
bar-manual = запрет редакции
bar-erasure = данные стёрты по просьбе
bar-reason = Причина
bar-why = Словами
since-when = С какого времени
not-barred = На этот адрес можно писать.
set-bar = Запретить писать
lift-bar = Снять запрет
said-barred = Запрет записан: сюда больше ничего не отправится, в том числе запланированное.
said-lifted = Запрет снят.
latest-deliveries = Последние доставки
delivery-state = Состояние
in-the-log = Всё в журнале
no-deliveries = Для этого контакта ещё ничего не планировалось.
suppressed-hint = На эти адреса ничего не отправляется, кто бы их ни выбрал и что бы ни было запланировано раньше.
addresses = Адреса
address = Адрес
import-bars = Импортировать
import-bars-hint = Файл в любой обычной кодировке: по одному адресу в строке или CSV с колонками email, reason, at, source и note.
file = Файл
n-bars-read = { $read ->
    [one] Прочитан { $read } адрес,
    [few] Прочитано { $read } адреса,
   *[other] Прочитано { $read } адресов,
 } новых запретов: { $added }.
barred-addresses = Адреса с запретом
part-of-address = Часть адреса
nobody-barred = Таких запретов нет.
tab-bounces = Вернулось
bounces-hint = Что серверы и читатели прислали в ответ на письма: возвраты, жалобы, отписки письмом, автоответы.
take-in = Внести возвраты
take-in-hint = Одно письмо, как оно пришло (.eml), или целый ящик (mbox); не больше 16 МиБ. Одно и то же считается один раз, сколько бы раз его ни внесли.
n-reports-read = { $n ->
    [one] Прочитано { $n } письмо.
    [few] Прочитано { $n } письма.
   *[other] Прочитано { $n } писем.
 }
reports-bounced = доставок, которые теперь вернулись: { $n }
reports-barred = адресов, на которые теперь нельзя писать: { $n }
reports-known = внесено раньше: { $n }
reports-unmatched = ни к одной известной доставке не относится: { $n }
reports-unknown = не сообщения о возврате: { $n }
nothing-came-back = Ничего такого не приходило.
from-the-newest = С самого нового
all-that-came-back = Всё, что вернулось
bounce = Вернулось
bounce-kind = Вид
bounce-class = Причина
bounce-said = Словами сервера
bounce-status = Код состояния
bounce-rule = Как это понято
bounce-form = Форма
bounce-evidence = Как найдено письмо
bounce-delivery = Письмо
bounce-report = Само сообщение
delivery-name = Имя доставки
no-such-contact = Контакта с этим адресом больше нет.
no-delivery-left = Записи об этой доставке больше нет.
this-report = это сообщение
finding-hard = окончательный возврат
finding-soft = временный возврат
finding-complaint = жалоба
finding-opt-out = отписка
finding-delayed = задержано
finding-delivered = доставлено
finding-auto-reply = автоответ
finding-challenge = проверка отправителя
bounce-mailbox-unknown = такого ящика нет
bounce-mailbox-disabled = ящик закрыт
bounce-mailbox-full = ящик переполнен
bounce-spam = принято за спам
bounce-policy = против правил получателя
bounce-too-large = слишком большое
bounce-dns = такого домена нет
bounce-relay-denied = дальше не передают
bounce-expired = слишком долго не доставлялось
bounce-unreachable = сервер недоступен
bounce-protocol = серверы не поняли друг друга
bounce-other = другая причина
ground-words = по словам
ground-status = по коду состояния
ground-reply = по коду ответа
ground-report = по тому, что сказано в самом сообщении:
ground-nothing = ничего знакомого в нём нет
evidence-return-path = по подписанному обратному адресу
evidence-message-id = по Message-ID письма
evidence-word = по подписанному слову для отписки
evidence-address = только по адресу, который может написать кто угодно
event-complaint = жалоба
event-opt-out = отписка письмом
segments-hint = Правила из segments.toml, проверенные на всех нынешних контактах.
no-segments = Сегментов ещё нет.
press-lists-hint = Ведутся вручную: на странице контакта.
no-lists = Ни в одном списке никого нет.
new-segment = Новый сегмент
segment-name = Имя сегмента
rule = Правило
rule-hint = На языке CEL: contact.country in ['KZ', 'KG'] && 'radio' in contact.lists
rule-composed = Составлено из:
but-not = кроме
save-segment = Сохранить сегмент
save-as-segment = Сохранить как сегмент
save-as-segment-hint = Все, кто в выбранных сегментах и не в исключённых; время в сегмент не входит.
said-segment-saved = Сегмент сохранён в segments.toml.

# Другое эмбарго и сообщения вслед.
embargo-change = Изменить эмбарго
embargo-change-hint = У релиза, во всех его рассылках, которые не начались. В текстах остаётся прежнее: исправьте и их.
embargo-lift-now = Снять сейчас
embargo-lift-hint = С этой минуты его получают все.
embargo-move = Перенести
embargo-until = До
embargo-until-hint = По времени редакции или с поясом: 2027-03-11T11:00[Asia/Almaty].
said-embargo-changed = Эмбарго изменено; всё, что не началось, запланировано заново.
said-embargo-tell = Эмбарго изменено. Ушли предварительные письма, где названо прежнее время: сообщите об этом ниже.
follow = Сообщить получившим
follows = В продолжение
told-since = Сообщено с тех пор получившим
follow-hint = Ровно тем, кто получил письмо, каждому на его языке, ответом на первое письмо.
follow-with = Исправление
follow-release = Его релиз (папка)
follow-kill = Отзыв: материал не использовать
follow-lifted-early = Эмбарго снято раньше срока
follow-embargo-moved = Эмбарго перенесено
follow-in-doubt = И тем, о ком неизвестно, получили ли
follow-send = Сообщить
said-some-in-doubt = Запланировано. Некоторые не включены: неизвестно, получили ли они письмо.

# Импорт.
import = Импорт контактов
import-lede = Загрузите файл, посмотрите, как он понят и что изменится, и подтвердите. До этого ничего не записывается.
import-file = Файл
import-file-hint = CSV из таблицы, XLSX, vCard или LDIF; не больше 16 МиБ.
import-look = Посмотреть
import-no-file = Сначала выберите файл.
import-columns = Столбцы
import-columns-hint = За что принят каждый столбец. Поправьте, если что-то не так, и посмотрите ещё раз.
import-encoding = Кодировка
import-again = Посмотреть ещё раз
import-sample = Первые строки
import-what = Что будет сделано
import-n-added = { $n ->
    [one] { $n } контакт добавится
    [few] { $n } контакта добавятся
   *[other] { $n } контактов добавятся
 }
import-n-changed = { $n ->
    [one] { $n } контакт изменится
    [few] { $n } контакта изменятся
   *[other] { $n } контактов изменятся
 }
import-n-unchanged = { $n ->
    [one] { $n } контакт уже такой
    [few] { $n } контакта уже такие
   *[other] { $n } контактов уже такие
 }
import-do = Импортировать
import-first = Каждого вида показано не больше { $n }.
import-problems = { $n ->
    [one] { $n } замечание
    [few] { $n } замечания
   *[other] { $n } замечаний
 }
import-conflicts = { $n ->
    [one] { $n } противоречие
    [few] { $n } противоречия
   *[other] { $n } противоречий
 }
import-duplicates = Возможно, вы их уже знаете: { $n }
import-line = Строка
import-address = Адрес
import-like = Возможно, это
import-rejected = пропущена
import-added = Добавится
import-changed = Изменится
imports = Прошлые импорты
import-none = Пока ничего не импортировали.
import-merge = два контакта объединены
import-undo = Отменить
import-undone-by = отменил(а) { $by }, { $at }
import-stale = Пока вы смотрели, контакты изменились. Посмотрите, что будет сделано теперь, и подтвердите ещё раз.
said-imported = Контакты импортированы.
said-import-undone = Импорт отменён.
fault-no-upload = Файл больше не хранится: файлы хранятся час. Загрузите его ещё раз.
imported-added = Добавлено
imported-changed = Изменено
field-embargo-agreement = Согласие на эмбарго
field-given-name = Только имя
field-middle-name = Отчество
field-family-name = Фамилия
field-ignore = Не брать
tab-duplicates = Повторы
comparing-contacts = Контакты сравниваются. Страница обновится сама.
duplicates-hint = Две записи с одним именем в одной редакции, на любой письменности, или два адреса, отличных только заглавными буквами. Само ничего не объединяется.
n-duplicates = { $n ->
    [one] { $n } пара — возможно, один человек.
    [few] { $n } пары — возможно, по одному человеку.
   *[other] { $n } пар — возможно, по одному человеку.
 }
no-duplicates = Насколько можно судить, никто не записан дважды.
n-told-apart = { $n ->
    [one] { $n } пара — разные люди
    [few] { $n } пары — разные люди
   *[other] { $n } пар — разные люди
 }
like-name = То же имя в той же редакции
like-capitals = Адреса отличаются только заглавными буквами
two-people = Это разные люди
compare = Сравнить
offer-again = Предлагать снова
the-one = Один
the-other = Другой
said-told-apart = Это разные люди, больше их не предложат.
said-offered-again = Возможно, это всё же один человек.
said-merged = Теперь это один контакт. Отменить можно на странице импорта.
merge-title = Один человек?
stays = Остаётся
goes-into-it = Войдёт в неё
keep-the-other = Оставить вместо неё другую запись
merge-choose = Что оставить там, где они различаются
keep-both = И то и другое
left-empty = ничего
nothing-differs = В обеих записях сказано одно и то же.
merge-what = Что из этого следует
merge-address = Письма пойдут на { $kept }; { $other } запомнится как адрес того же человека, и дважды ему одно и то же не пошлют.
merge-bar = Ни на один из адресов больше ничего не посылается, раз один закрыт:
merge-agreements = Согласия на эмбарго из обеих записей в силе, и отзывы тоже.
merge-encryption = Из двух правил шифрования остаётся более строгое:
merge-waiting = Релиз, который ждёт отправки на оба адреса, уйдёт на один.
merge-undo = Отменить можно на странице импорта; запреты и снятые письма останутся.
merge-do = Объединить
has-agreement-words = есть слово об эмбарго
has-key = ключ OpenPGP
n-latest-deliveries = { $n ->
    [one] { $n } письмо за последнее время:
    [few] { $n } письма за последнее время, последнее:
   *[other] { $n } писем за последнее время, последнее:
 }
former-addresses = Прежние адреса
field-public-key = Ключ OpenPGP
# Что видят журналисты.
reader-nobody = Эта ссылка никуда не ведёт
reader-too-often = Слишком много запросов по этой ссылке. Попробуйте через минуту.
reader-opt-out = Больше не присылать пресс-релизы?
reader-opt-out-hint = Одно нажатие, и { $newsroom } больше вам не пишет.
reader-opt-out-all = Больше ничего не присылать
reader-opt-out-list = Только убрать из списка { $list }
reader-out = Готово
reader-out-all = { $newsroom } больше вам не пишет. Это действует с этой минуты.
reader-out-list = Вас нет в списке { $list }. Это действует с этой минуты.
reader-own = Что и когда вы получаете
reader-languages = Языки
reader-languages-hint = Коды, сначала лучший: ru, en
reader-beats = Темы
reader-beats-hint = Через запятую
reader-window = Когда присылать
reader-window-always = В любое время
reader-window-mon-fri = По рабочим дням
reader-window-mon-fri-08-00-18-00 = По рабочим дням, с 08:00 до 18:00
reader-window-mon-fri-09-00-20-00 = По рабочим дням, с 09:00 до 20:00
reader-window-07-00-22-00 = Каждый день, с 07:00 до 22:00
reader-zone = Ваш часовой пояс
reader-zone-hint = Например, Asia/Almaty; пусто — пояс пресс-службы
reader-lists = Списки, в которых вы есть
reader-agreement = Тексты под эмбарго
reader-stands = Вы согласились.
reader-stands-not = Вы не соглашались.
reader-agree = Я согласен
reader-withdraw = Отзываю согласие
reader-copy = Релиз в браузере
reader-barred = Под эмбарго до { $time } ({ $zone }). До этого его читают здесь только те, кто согласился с эмбарго.
reader-news = Пресс-релизы
reader-news-none = Здесь пока ничего нет
reader-news-older = Более ранние
reader-news-notes = Примечания для редакторов
reader-news-contact = Контакт для прессы
reader-news-others = На других языках
reader-news-about = О нас: { $newsroom }
reader-news-feed = Лента
said-reader-saved = Сохранено.
said-reader-agreed = Ваше согласие записано.
said-reader-withdrew = Ваше согласие отозвано.
said-reader-text-changed = Текст тем временем изменился. Прочтите его, пожалуйста, ещё раз.
fault-429 = Не так быстро
tokens = Токены
tokens-hint = По токену программа действует от вашего имени: то, что отмечено, и никогда не больше, чем можно вам.
token-name = Имя токена
token-scopes = Для чего
token-expires = До
token-expires-hint = Например, 2027-01-31 18:00; пусто: на 90 дней
token-add = Создать токен
token-revoke = Отозвать
token-until = до { $at }
token-over = истёк { $at }
token-used = использован { $at }
token-unused = не использовался
token-made = Токен создан
token-made-hint = Скопируйте его сейчас: он показан один раз и нигде не хранится.
said-token-revoked = Токен больше ничего не открывает.
forget-contact = Забыть человека
forget-hint = Кто об этом просит, того стирают из списка контактов, из запланированного и отправленного, из журнала, из пойманных писем и из всего, что хранится рядом. Вернуть это нельзя. Адрес остаётся под запретом: хранится его хеш, который никто не прочтёт.
forgotten-now = { $email }: забыто. Стёрто или опустошено строк: { $rows }, отменено запланированных писем: { $cancelled }, удалено файлов пойманных писем: { $caught }.
also-from-copy = И из копии
what-stays = Где ещё есть упоминания, и они остаются:
forget-pending = В свободных страницах хранилища могло что-то остаться. Повторите:
may-be-known-again = { $email }: снова можно записывать.
held-of = Что хранится о { $email }
nothing-held = Ничего.
named-in-files = Упоминания есть в файлах. Сначала уберите их из списков, которые ведёте; пойманные письма удалятся сами, релизы остаются:
everything-held = Всё, что хранится
address-again = Адрес ещё раз
forget-for-good = Забыть навсегда
see-what-is-held = Посмотреть, что хранится
too-old = Что хранится слишком долго
old-count = Посчитать, что хранится слишком долго
old-hint = Столько записей старше срока из dateline.toml ([retention]). Сервис сам убирает их раз в сутки.
old-went = Это убрано, и об этом есть запись в действиях.
old-kind-log = Записи журнала: очищаются от личных данных
old-kind-bounces = Вернувшиеся отчёты: очищаются
old-kind-imports = Контакты импортов, которые больше нельзя отменить
old-kind-acts = Действия: убираются из записи
older-than = старше { $at }
old-let-go = Убрать сейчас
nothing-too-old = Хранится всё: в dateline.toml нет раздела [retention].
lift-forgotten = Разрешить записывать снова
lift-forgotten-hint = Кто был забыт и просит писать ему снова. До тех пор ни импорт, ни форма его не вернут.
n-forgotten = Ещё забыто адресов: { $n }; запрет на них хранится без самих адресов.
left-lists = Списки, из которых вышли
