//! Swahili.

use super::Words;

pub(super) const WORDS: Words = Words {
    language: "sw",
    title: "Stakabadhi yako ya idhini",
    keep: "Hii ni nakala yako. Itunze mahali unapopajua wewe tu.",
    number: "Namba ya idhini hii",
    agreed: "Kilichokubaliwa",
    agreed_lead: "Picha ambazo uso na alama nyingine za utambulisho zimefunikwa, na maelezo yasiyo na \
                  majina, zinaweza kuonyeshwa kwa wengine. Ni kama ukurasa huu unavyosema tu.",
    patient: "Mgonjwa",
    giver: "Aliyekubali",
    discloser: "Nani anaweza kuonyesha",
    recipients: "Kwa nani",
    purpose: "Kwa ajili gani",
    reach: "Nani anaweza kuona",
    care_advice: "Wahudumu wa afya wanaoshauri kuhusu matibabu ya mgonjwa huyu tu.",
    teaching: "Wahudumu wa afya wanaoshauri kuhusu matibabu, na wanafunzi na walimu katika vikundi \
               vilivyofungwa.",
    publication: "Kila mtu: inaweza kuchapishwa.",
    shown: "Nini kinaweza kuonyeshwa",
    pictures: "Picha",
    thumbnails: "Picha ndogo",
    texts: "Maandishi",
    until: "Hadi mwisho wa tarehe",
    given: "Ilikubaliwa tarehe",
    how: "Ilikubaliwa vipi",
    signature: "Sahihi",
    thumbprint: "Alama ya kidole gumba",
    witnessed_oral: "Kwa mdomo, mbele ya shahidi",
    audio: "Sauti iliyorekodiwa",
    witness: "Shahidi",
    law: "Sheria au mwongozo",
    withdraw: "Jinsi ya kuondoa idhini",
    withdraw_any_time: "Unaweza kuondoa idhini hii wakati wowote. Huhitaji kusema kwa nini. Matibabu yako \
                        hayabadiliki.",
    withdraw_how: "Mwonyeshe karatasi hii anayeshiriki taarifa, au soma msimbo kwa sauti, hata kwa simu. \
                   Ikiwa karatasi imepotea, sema tu kwamba unaondoa idhini.",
    withdraw_then: "Kuanzia hapo hakuna kitakachoonyeshwa tena, kilichotumwa kinafutwa pale kinapoweza \
                    kufikiwa, na unaweza kuuliza nani amethibitisha.",
    code: "Msimbo wa kuondoa idhini",
    code_reading: "0 ni sifuri na 1 ni moja. Herufi ndogo na kubwa ni sawa.",
    code_secret: "Mwenye msimbo huu anaweza kuondoa idhini. Utunze kama ufunguo.",
    lasting: "Kisichoweza kurudishwa",
    lasting_lead: "Kuondoa idhini hakufikii:",
    lasting_screens: "picha ambazo mtu alipiga za skrini",
    lasting_files: "nakala ambazo mtu alihifadhi kwingine au kuwapa wengine",
    lasting_devices: "vifaa ambavyo haviunganishwi tena kamwe",
    lasting_backups: "nakala za akiba",
    lasting_published: "kilichokwisha kuchapishwa",
    ask: "Wa kuuliza",
    ask_lead: "Kwa maswali, kwa nakala, na kuondoa idhini:",
    wording: "Maneno yenyewe yaliyoonyeshwa",
    check: "Kuhakiki stakabadhi hii bila mtandao",
    check_lead: "Idhini hii ni ingizo katika daftari lililotiwa sahihi. Stakabadhi hii inaonyesha kwamba \
                 ingizo lilikuwepo, hata kama mtu atalibadilisha au kuliondoa baadaye. Mwenye faili ya \
                 stakabadhi hii na programu ya curtain anaweza kuihakiki kwa:",
    check_square: "Mraba una ingizo na uthibitisho wake. Hauna jina wala msimbo wa kuondoa idhini.",
    check_no_square: "Karatasi hii haina mraba, kwa sababu uthibitisho ni mrefu mno. Faili inao.",
    entry: "Ingizo na daftari",
    key: "Ufunguo wa daftari",
    fingerprint: "Alama ya utambuzi ya maneno (SHA-256)",
    months: [
        "Januari", "Februari", "Machi", "Aprili", "Mei", "Juni", "Julai", "Agosti", "Septemba", "Oktoba",
        "Novemba", "Desemba",
    ],
    between: " ",
};
