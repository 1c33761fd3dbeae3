//! Dates finer than a year.

use super::{check, find, locale};
use crate::story::{Class, DateParts};

#[test]
fn written_with_a_month() {
    check(
        None,
        "
        seen [[date:3 July 2023]]. T2DM for 11 years
        admitted [[date:July 3rd, 2023]] with fever
        seen on [[date:12th august]] with fever 4 days
        on [[date:Nov 7th]], Apgar 7/9
        PT SEEN MON [[date:16 SEPT]]. AFB 2+
        Onset [[date:2 April]], mid lambing
        it was the [[date:3rd of May]] I think
        em [[date:3 de julho de 2023]] na vila
        el [[date:3 julio]] por la tarde
        tanggal [[date:17 Agustus 2024]] jam 10
        [[date:3 जुलाई]] को आया
        on Memorial Day weekend ([[date:May 27]]). Rash on palms
        died 5:10 this morning, [[date:3 Oct]]. Last BP 60/40
        ruptured on [[date:30 Nov 2022]]. Notes follow
        will be scanned on [[date:19 Dec]].
        review [[date:5 Nov]] please
        seen [[date:12-Aug-2023]] and [[date:12-Aug-23]]
        seen [[date:2023-Mar-18]] at noon
        [[date:Dec. 5, 2022]] first dose
        from [[date:July 4-6, 2023]] she had fever
        [[date:3-5 May 2024]] camp
        [[date:3rd to 5th June]] camp
        since [[date:12aug2023]] cough
        spoken [[date:third of july]] and [[date:july the fourth]]
        came on [[date:twelfth august twenty twenty three]] with pain
        on [[date:july fourth]] we saw her
        [[date:twenty first march two thousand and nineteen]] first visit
        operated [[date:12 Aug 23]] with mesh
        petsa [[date:5 ng Mayo 2023]]
        tarehe [[date:5 Machi]] alikuja
        le [[date:1er mai 2023]] au village
        el [[date:5 de mayo]] fue visto
        [[date:3 de ago de 2023]] consulta
        on [[date:May 5]] she came
        on [[date:may 5]] she came
        seen [[date:5 May]] in clinic
        seen [[date:May 5th]] in clinic
        last seen [[date:5 may 2023]] in clinic
        he came [[date:3 march]] with cough
        ",
    );
}

#[test]
fn months_with_a_year() {
    check(
        None,
        "
        diagnosed [[date:March 2023]] in town
        since [[date:Mar '23]] cough
        operated [[date:03/2023]] elsewhere
        TB in [[date:julho de 2023]]
        in [[date:may 2022]] he fell
        started [[date:Sept, 2021]] on DTG
        by [[date:2024-03]] it had closed
        first seen [[date:Mar-23]] here
        ",
    );
}

#[test]
fn in_digits() {
    check(
        None,
        "
        last [[date:14/02/24]]. Right leg shortened
        on [[date:22/6]]. Medicare card lost
        Photo taken [[date:2024-03-18]] at 10.40
        Baruipara, [[date:11.1.2024]]. Pt 76M
        the date [[date:08-12-23]] still shows
        Janm [[date:02-10-1988]]. Wt 44 kg
        Came 18:00 on [[date:5/1/24]], two hours after
        implanted [[date:19/05/2017]] at the infirmary
        DOB [[date:4/11/56]] and male
        D.O.B. [[date:04.11.1956]]
        DOB: [[date:04 / 11 / 1956]]
        dated [[date:03.04]] by the lab
        stamp [[date:2024-03-18T10:40Z]] on it
        stamp [[date:2024-03-18T10:40:22.5+05:30]] on it
        stamp [[date:2024-03-18]] 10:40 on it
        दिनांक [[date:१२/०८/२०२४]] को
        admitted [[date:20240318]] at night
        dob [[date:18031962]] male
        dob [[date:180362]] male
        [[date:22/6]]: fever again
        seen on [[date:3/4]] at the camp
        aaya tha [[date:3/8]] ko
        review [[date:05/06]] in clinic
        ",
    );
}

#[test]
fn what_is_no_date() {
    check(
        None,
        "
        BP 120/80 and 150/90, MgSO4 4 g
        Woke 3/7 ago with palsy, x 2/52, 4/12 of cough
        3/6 murmur, 5/5 power, 6/6 h, VA 6/60, 24/30 MMSE
        Apgar 7/9 and pain 8/10, co-careldopa 25/100
        L4/5 stays, L3/4 tap, T12/L1
        may 10 mg help? may 2 tablets do
        March 5 km each day
        march past the school
        monthly, Jan to June; monthly, March to August; every December
        since 2016, in 2023, 2022-2023
        1-2/7 and doses 2-3 days
        labs 1.2. and 3.4, version 1.2.3
        Day 0, 3, 7 and 28
        at 10.40 and 1600 and 0530
        gestation 31+4, G2P1
        Flucloxacillin 500 mg qds for 7/7 or 10/7
        Day 5 may need drainage; patient 2 may go home
        24/7 cover, ratio 4:3, BCG 1/2 dose
        GCS 15/15 since 3/7, MMSE 24/30 on admission
        power 4/5 on the left, Barthel 9/20
        June, 19, has a rash
        DEC 6 mg/kg x 12 days
        Mayo 2 colitis, Mayo score 3
        TMP-SMX 160/800 bd, dol 2,71
        schedule 1-0-1, 0-3-7-28, 1-1-1
        she rose at 6 am, the first may need help
        seen in march and april, by june
        1/2 tab, 1/4 dose, 3/5 grade power
        set 3 and out 4, 3 days ago
        vaccine at 6/10/14 weeks
        ",
    );
}

#[test]
fn orders_and_parts() {
    let parts = |text: &str, country| {
        find(text, locale(country)).into_iter().find(|hit| hit.class == Class::Date).and_then(|hit| hit.date)
    };
    let made = |year, month, day, birth| Some(DateParts { year, month, day, birth });
    assert_eq!(parts("seen 03/04/2024", None), made(Some(2024), Some(4), Some(3), false));
    assert_eq!(parts("seen 03/04/2024", Some(*b"US")), made(Some(2024), Some(3), Some(4), false));
    assert_eq!(parts("seen 14/02/24", Some(*b"US")), made(Some(2024), Some(2), Some(14), false));
    assert_eq!(parts("seen 02/14/24", Some(*b"IN")), made(Some(2024), Some(2), Some(14), false));
    assert_eq!(parts("DOB 4/11/56", None), made(Some(1956), Some(11), Some(4), true));
    assert_eq!(parts("DOB 4/11/25", None), made(Some(2025), Some(11), Some(4), true));
    assert_eq!(parts("DOB 4/11/26", None), made(Some(1926), Some(11), Some(4), true));
    assert_eq!(parts("Janm 02-10-1988", None), made(Some(1988), Some(10), Some(2), true));
    assert_eq!(parts("born 12 May", None), made(None, Some(5), Some(12), true));
    assert_eq!(parts("DOB 4/11/56, seen 3 July", None).map(|p| p.birth), Some(true));
    assert_eq!(parts("on 22/6", None), made(None, Some(6), Some(22), false));
    assert_eq!(parts("Mar '23", None), made(Some(2023), Some(3), None, false));
    assert_eq!(parts("twelfth august twenty twenty three", None), made(Some(2023), Some(8), Some(12), false));
    assert_eq!(parts("१२/०८/२०२४", None), made(Some(2024), Some(8), Some(12), false));
    assert_eq!(parts("2024-03-18T10:40Z", None), made(Some(2024), Some(3), Some(18), false));
    assert_eq!(parts("seen 31/02/2024", None), None);
}

#[test]
fn years_of_birth() {
    check(
        None,
        "
        born [[age:1931]], lives alone
        (b. [[age:1931]])
        born 1941, b. 1950
        YOB [[age:1929]]
        since 1931 the house stood
        ",
    );
}

#[test]
fn among_other_numbers() {
    check(
        None,
        "
        Echo on [[date:3/4]]: EF 35%. K 5.1 ([[date:12/2]]), 4.8 ([[date:13/2]])
        LMP [[date:2/3/24]], EDD [[date:9/12/24]], 31+4, FHR 140, BP 140/90 on [[date:3/11]]
        son came [[date:12/8]] evening
        seen Tues [[date:5th]]. Home on the [[date:12th]]. 4th ICS, 1st dose, 95th centile
        on the 5th day, on the 3rd attempt, the 2nd dose
        stamp [[date:2000-04-16 11:34:35]] on it
        APGAR 8/9/10, Bili 12/14/16 on d 3/4/5, Insulin 10-8-12
        bloods [[date:15/3]] show cr 132, us on [[date:18 mar]]
        10/10 pain, 5/10 after, 3/3 cultures, 2/2 sets, 13/15 on GCS
        Amox-clav 875/125, septran 800/160, seretide 25/250, FEV1/FVC 0.65
        FEV1 41%, Mayo clinic, OCT 3 mm thick, MAR chart
        ",
    );
}
