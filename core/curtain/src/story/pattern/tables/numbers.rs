//! Numbers with and without labels.

use super::check;

#[test]
fn labelled() {
    check(
        None,
        "
        61F, MRN [[rec:00482913]], PHC
        MRN: [[rec:123]], MRN #[[rec:1234]], MRN no [[rec:12345]]
        (NHS no. [[nat:999 806 9629]], DOB soon)
        SSN [[nat:536-22-8147]] and his name
        SA ID [[nat:8707142394081]], presents
        CPF [[nat:201.901.674-59]], de
        NIK [[nat:5304126508910003]], rujukan
        Medicare [[plan:4007 09387 1]]. T12
        Her health card is [[plan:6481-169-081]] if anyone
        Aadhaar [[nat:9091 5651 2270]]. 2 hafte
        HOSPITAL NO. [[rec:SH/2291/23]]. MR
        ward tablet serial [[dev:TC52-19284A7]]. The wound
        Accession [[rec:RAD-2024-00719]]. Q
        Cartão SUS [[plan:898 0041 2237 6108]]. CPF [[nat:389.655.911-71]].
        NHS [[nat:999 242 5229]], CHI on request
        Hosp no [[rec:K448120]], Ward 6
        Insurance Bluepeak ID [[plan:BPX4471902]].
        bus [[veh:TN 58 BX 4071]], Mr
        Licence [[lic:TN5820090012345]] is visible
        Voter card [[nat:WB/21/143/552017]] was
        model A2DR01, serial [[dev:PVY330482H]], battery 2.71 V
        UPI [[rec:0034-771-20]], Mbeere
        Police case no. [[other:112/2024]] registered
        school card no. [[other:5512-B]] was
        Nikshay ID [[rec:47719028]].
        M.R.N. [[rec:12345]] and A/c no [[acct:1234567890]]
        Passport [[nat:A1234567]] and passport [[nat:A 1234567]]
        roll no [[other:23]] of class
        lot no [[dev:AB1234]] of vaccine
        reg [[veh:KCA 123A]] hit him
        token no. [[other:4512]] at OPD
        ID: [[other:47719028]]
        Ref [[other:ABC/123]]
        PAN [[nat:ABCDE1234F]]
        CASE 14. follows
        ",
    );
}

#[test]
fn unlabelled() {
    check(
        None,
        "
        slip [[nat:9091 5651 2270]] seen
        slip [[other:9091 5651 2271]] seen
        slip [[nat:201.901.674-59]] seen
        slip [[nat:536-22-8147]] seen
        slip [[plan:4007 09387 1]] seen
        slip [[plan:898 0041 2237 6108]] seen
        slip [[plan:12-3456-7890-1234]] seen
        slip [[acct:4111 1111 1111 1111]] seen
        slip [[acct:GB82 WEST 1234 5698 7654 32]] seen
        slip [[veh:TN 58 BX 4071]] seen
        slip [[veh:KA-19-MC-0212]] seen
        slip [[veh:1M8GDM9AXKP042788]] seen
        slip [[nat:QQ 12 34 56 C]] seen
        slip [[other:00482913]] seen
        slip [[other:TC52-19284A7]] seen
        slip [[nat:8707142394081]] seen
        slip [[nat:5304126508910003]] seen
        ",
    );
}

#[test]
fn no_numbers() {
    check(
        None,
        "
        c.1521_1523delCTT and rs123456 and p.Gly12Asp
        ICD-10 B35.4, J18.9, LOINC 2160-0
        CHA2DS2-VASc 4, COVID-19, SARS-CoV-2, H1N1, V4-V6
        BP150/90, SpO2-98%, 1000mg/200mg, 12000IU, WBC14500
        G20210A and C677T, HLA-B27, BNT162b2
        G3P2A0L3, E4V5M6, T2N1M0
        PMID 12345678, NCT01234567
        ID schedule, 0.1 mL ID, ID 0.1 mL
        pan 40 mg, CR 96, Cr 88, RG 120, TIN 4
        case: 45M, chart 3, file 2 pages
        order 500 mL saline, lot of pain
        no 500 mg, number 3, No. 5
        model A2DR01 only
        10000000 CFU, 5000000 IU, 10000000
        roll no withheld, CHI on request
        Ceftriaxone1000mg and Dolo650
        Medicare patient 45 M
        insurance for 3000 rupees
        chi square 12.5
        range 150000-400000
        99mTc, 18F-FDG, QTc 450-480ms
        Diwali2023, TB/2024
        ",
    );
}

#[test]
fn among_other_numbers() {
    check(
        None,
        "
        IP No. [[rec:4521/24]], OPD no [[rec:8837]]. TLC 14500
        lot [[dev:FF2589]] and Batch no. [[dev:4120Z001]], SN: [[dev:RNB123456S]], IMEI [[dev:490154203237518]]
        CRN [[rec:445-22-19]], Sample ID [[rec:S-2024-1187]], lab ref [[rec:24/10/4471]]
        the hospital number is [[rec:four four eight two nine one three]] and
        Hosp. No: [[rec:12-34-56]]. X-ray No [[rec:442]]. Lab No. [[rec:5567/B]]
        Ambulance [[veh:KA 01 AB 1234]] came. taxi [[veh:GR 1234-20]]
        passport [[nat:N1234567]], visa no [[nat:889123]]
        License #[[lic:RN-203944]], NPI [[lic:1234567893]]
        Case 3: Case 4. Patient #4. Pt 12. ward no 3. Photo 2024. n=1204
        Trelegy 100/62.5/25, ORS 200-400 ml, Rs. 1,20,000
        MRN [[rec:00482913]] 61 F, MRN [[rec:4482913]] 52 bed
        ",
    );
}
