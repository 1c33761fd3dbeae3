//! Ages of ninety and more.

use super::check;

#[test]
fn ages() {
    check(
        None,
        "
        A mãe, [[age:92]] anos, tem lesão
        Balagtas, [[age:91]] years old, from there
        age [[age:94]], pass away
        Marlow, [[age:97]] yrs, Hosp
        a [[age:95]] year old lady
        [[age:90]]-year-old man
        [[age:93]]F with a cough
        [[age:95]] M, fall
        [[age:93]]/M with a cough
        Age/Sex: [[age:93]]/F
        Elder Josephine, [[age:93]], lives alone
        LYLE OKPIK, [[age:90]], WHALE COVE
        His nan, [[age:ninety-one]], will meet the plane
        [[age:ninety one]] year old farmer
        a [[age:nonagenarian]] with a fall
        the [[age:centenarian]] of the village
        her [[age:95]]th birthday next week
        [[age:noventa e dois]] anos, mora só
        umar [[age:92]], gaon
        umur [[age:91]] tahun, [[age:91]] thn
        edad [[age:90]], vive sola
        [[age:91]] taong gulang
        miaka [[age:93]] sasa
        in her [[age:nineties]] now
        a man in his early [[age:90s]]
        aged [[age:101]] and well
        mrs test patient [[age:95]] lives at home
        Mr Test, [[age:93]], fell
        Pt [[age:96]], confused
        she is [[age:93]] and frail
        his mother ([[age:94]]) agrees
        [[age:98]]yo woman
        [[age:92]] y/o F
        a [[age:92]] lady with a fall
        [[age:hundred and two]] year old
        Test Patient ([[age:91]]), fisherman
        ",
    );
}

#[test]
fn no_ages() {
    check(
        None,
        "
        HR 92, BP 92/58, SpO2 94%, sats 95
        94 kg, GCS 15, temp 98, 92 bpm
        CD4 was 95, platelets 98, creatinine 96.
        plt 88, temp 99 F, fever 101 F, 97 F
        aspirin 95 mg, 92 percent
        89 years old, 85 yo, 47, kicked
        90 km, for 90 days, 90 degrees, 90 min
        HR 132, 96, lives in a hut
        pulse ninety, ninety over sixty
        sats in the 90s, HR in the nineties
        for 90 years the clinic stood
        Hb 9, Cr 96, K 4
        she was 94 on room air
        walked 95 m in 6 min
        values 91, 92, 93
        Sugars 110, 95, 140
        Temp 98.6 F
        ECG rate 98, normal axis
        ",
    );
}

#[test]
fn among_other_numbers() {
    check(
        None,
        "
        Pt [[age:92]]F, HR 96, BP 92/58, sats 93% RA, temp 98.4F, wt 48 kg
        P 102, [[age:95]] y M from the hills
        [[age:93]] yo female, 94% RA, plt 98, Cr 96, 97.9 F
        my gran [[age:94]] has been off food
        AGE: [[age:94]] SEX: F WT: 45 P: 94 R: 20 T: 99 SPO2: 94
        Father ([[age:96]]) died. Grandmother is [[age:91]]. Old man [[age:95]] with COPD.
        Room 92, bed 95. 93 beds. Ward 97. At 92 mmHg. 96 hours post. 95 cases
        Nani [[age:94]] saal ki hai. Seu Test, [[age:97]], lavrador
        92% on RA. CBG 96. 90 mins later. 97th percentile
        Wt 92, ht 160. FBS 92. Aged 92 months? no
        ",
    );
}
