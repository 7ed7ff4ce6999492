# كلمات القوالب بالعربية. المتغيرات موصوفة في docs/templates.md، قسم "Words".
# U+2066 و U+2069 يعزلان ما يُكتب من اليسار إلى اليمين.

kind-press-release = بيان صحفي
kind-media-advisory = دعوة إعلامية
kind-statement = تصريح
kind-correction = تصحيح
kind-retraction = سحب بيان

immediate-release = للنشر الفوري
not-for-publication = ليس للنشر

embargo-until = محظور النشر حتى { $full-date }، الساعة { $time } بتوقيت { $city } ({ $utc })
embargo-until-utc = محظور النشر حتى { $full-date }، الساعة {"\u2066"}{ $time } UTC{"\u2069"}
embargo-short = محظور النشر حتى { $day }، { $time } ({ $city })
embargo-note = يُرجى عدم النشر أو البث أو النشر على الإنترنت قبل هذا الموعد.
utc-same-day = {"\u2066"}{ $utc-time } UTC{"\u2069"}
utc-other-day = { $utc-day }، {"\u2066"}{ $utc-time } UTC{"\u2069"}

highlights = أبرز النقاط
press-contacts = للتواصل الإعلامي
notes-to-editors = ملاحظات للمحررين
about = عن { $newsroom }

version-below = النسخة العربية أدناه

why-list = وصلتكم هذه الرسالة لأن العنوان {"\u2066"}{ $email }{"\u2069"} مدرج في القائمة الصحفية «{"\u2068"}{ $list }{"\u2069"}» لدى { $newsroom }.
why = وصلتكم هذه الرسالة لأن العنوان {"\u2066"}{ $email }{"\u2069"} مدرج في القائمة الصحفية لدى { $newsroom }.
opt-out = إلغاء الاشتراك
opt-out-line = لإلغاء الاشتراك، راسلونا على {"\u2066"}{ $address }{"\u2069"}
opt-out-line-subject = لإلغاء الاشتراك، راسلونا على {"\u2066"}{ $address }{"\u2069"} بعنوان «{"\u2066"}{ $subject }{"\u2069"}»
opt-out-line-page = لإلغاء الاشتراك: {"\u2066"}{ $link }{"\u2069"}
preferences = تفضيلاتكم
preferences-line = تفضيلاتكم: {"\u2066"}{ $link }{"\u2069"}

notice-kill-headline = سُحب: { $headline }
notice-kill-body = سحبنا هذا البيان. **نرجو عدم نشره وعدم الاقتباس منه.** إن كنتم قد نشرتموه، فنرجو إبلاغ جهة الاتصال الصحفية المذكورة أدناه.
notice-lifted-early-headline = رُفع الحظر: { $headline }
notice-lifted-early-body = رُفع حظر النشر عن هذا البيان قبل موعده. **يمكنكم نشره الآن.** الموعد المذكور في رسالتنا السابقة لم يعد ساريًا، ونص البيان لم يتغير.
notice-embargo-moved-headline = تغيّر موعد الحظر: { $headline }
notice-embargo-moved-body = تغيّر موعد رفع حظر النشر عن هذا البيان. **الموعد المعتمد هو المذكور في أول هذه الرسالة**، لا الموعد المذكور في رسالتنا السابقة. نص البيان لم يتغير.
