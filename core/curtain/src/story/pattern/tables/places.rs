//! Postal codes, addresses and coordinates.

use super::check;

#[test]
fn places() {
    check(
        None,
        "
        [[place:4 Chapel Row]], Great Wenlow, [[place:SY7 0QX]], tel
        Cherry Gulch (ZIP [[place:59847]]) on
        Cherry Gulch, MT [[place:59847]]
        at [[place:12 MG Road]], near
        the end of [[place:Muskrat Road]], there
        [[place:Plot 14 Sector 7]], town
        [[place:H.No 3-4-5/2]], town
        [[place:Flat 2B]], town
        [[place:Rua X 123]], vila
        [[place:Calle 5 No 12]], vila
        [[place:Jl. Merdeka 5]], kota
        alamat [[place:RT 03/RW 01 Desa Fatuneno]], HP
        pin [[place:846004]] and pincode [[place:846 004]]
        Darbhanga - [[place:846004]]
        in [[place:K0L 1A0]] now
        CEP [[place:12345-678]] ok
        postcode [[place:2830]] ok
        [[place:PO Box 12]], [[place:P.O. Box 77]] and [[place:Private Bag 7]]
        gps [[place:26.1542, 85.8918]] there
        at [[place:26.15 N, 85.89 E]] there
        at [[place:26°09'15\"N 85°53'30\"E]] there
        code [[place:8FVC9G8F+6X]] there
        [[place:///filled.count.soap]] there
        lives at [[place:4 chapel road]] alone
        [[place:Purok 3]], Malinao
        ",
    );
}

#[test]
fn no_places() {
    check(
        None,
        "
        Ward 6, Bed 12, Room 4, Figure 2, Day 5
        Grade 3, Stage 4, 10 close contacts, 5 ml way
        T1N0M0 and G3P2A0, L4 5mg
        lying flat 2 h, flat 3 hours
        Plt - 150000, TLC - 120000
        pin in the wrist, 4 units of blood by road
        3.2, 4.5 and 1.25, 2.75
        GIVE 20 MG IV BY ROAD
        street drugs, long road to recovery
        2 row of sutures, 3 close calls
        RT 3 months, RT 30 Gy
        ",
    );
}

#[test]
fn among_other_numbers() {
    check(
        None,
        "
        Flats at [[place:221B Baker Street]]. [[place:12 High St]], Testham
        [[place:House no. 45/2]], Ward no 6, PIN-[[place:846004]]
        [[place:Shastri Nagar]], Patna - [[place:800001]]
        [[place:Suite 501]] and [[place:Apt. 595]]
        zip code is [[place:880]]
        2-0 vicryl, 3-0 prolene, 22G cannula, 7.5 ETT at 22
        ",
    );
}
