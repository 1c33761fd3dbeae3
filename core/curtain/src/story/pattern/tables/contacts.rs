//! Telephones and addresses of the net.

use super::check;

#[test]
fn telephones() {
    check(
        None,
        "
        reach me on [[phone:+254 712 550 148]] or there
        His brother on [[phone:0803 555 0192]]. Nearest
        next of kin, [[phone:07700 900318]]) says
        tel [[phone:01632 960 214]]. He will
        Mom's cell [[phone:(406) 555-0137]].
        line [[phone:304-555-0121]], website
        Warden [[phone:9414 055 267]]. DM
        WhatsApp [[phone:+91 94480 61537]]. Refer
        mob [[phone:98765-43210]]
        HP [[phone:0812 5550 1843]]. Nyeri
        manager [[phone:04545 552 210]].
        call [[phone:555-0137]] or [[phone:555-0138]]
        ask at extension [[phone:x4587]]
        called from [[phone:0722 555 830]]. He vomited
        fax [[fax:049 555 0166]].
        Tel/Fax: [[fax:049 555 0166]]
        bleep [[phone:2231]] please
        number [[phone:nine eight four five five five zero one two three]] ok
        fone [[phone:(11) 95555-0123]]
        ph:[[phone:9845012345]]
        [[phone:+1 (406) 555-0137]] anytime
        [[phone:1-406-555-0137]] anytime
        call me at [[phone:4065550137]] please
        [[phone:(406) 555-0137 ext 45]]
        phone no. is [[phone:0712345678]]
        ",
    );
}

#[test]
fn no_telephones() {
    check(
        None,
        "
        38 of 60 boys, TMP-SMX 160/800, 2,71 V
        10 000 and 42000 and WBC 14 500
        slot 1600, 10 close contacts, cell count 14500
        parasites 1 200 000 per cc
        ratio 1:640, 4400 mL, 120 over 80
        BP 110 70, 120 80, 130 90
        platelets 150000-400000
        sugars 110 140 200 180
        call at 1600, contact in 10 days
        Call 911 or 108
        years 2019 2020 2021
        0900-1700 and 2019-2023
        Na+ 140, K+ 4.5, proteinuria +3
        ",
    );
}

#[test]
fn net() {
    check(
        None,
        "
        mail [[email:dr.anggi@puskesmas.example]] ya
        [[email:thandeka (dot) rural (at) mail (dot) example]]
        [[email:testname at gmail dot com]] ok
        [[email:name[at]clinic.example]] ok
        write to [[email:test.name at gmail.com]]
        mailto:[[email:a.b-c+d@x-y.example]].
        Pedigree at [[url:tharpani-care.example/family/3]]
        Notes: [[url:https://notes.fellside.example/case/7731]].
        website [[url:www.dryforkclinic.example]]
        ([[url:https://rm.pacing.example/t/330482]])
        see [[url:bit.ly/3xyz]], [[url:wa.me/254712550148]], [[url:t.me/testname]]
        see [[url:testclinic.com]] and [[url:clinic.co.in]].
        [[url:testclinic dot com slash notes]] is up
        Agree with [[handle:@hepdoc_rao]], but
        DM me at [[handle:@rx_dungar]].
        insta: [[handle:testname]] and ig [[handle:test_name]]
        telegram [[handle:@testname]]
        [[handle:fb.com/test.name]] has it
        Sent from [[ip:192.0.2.61]] on the line
        at [[ip:2001:db8::8a2e:370:7334]] now
        mac [[dev:00:1B:44:11:3A:B7]] seen
        pay [[acct:testname@okaxis]] now
        [[other:IMG_20240318_1040.jpg]] attached
        ",
    );
}

#[test]
fn nothing_of_the_net() {
    check(
        None,
        "
        e.g. this, i.v. that, b.d. and t.d.s.
        2 mg.kg daily, St.Mary, pt.has fever.is high
        no.in was.it then.no
        @ 5 mg, @ 60/min, @10 ml/hr, @night
        version 1.2.3 and 1.2.3.4, section 4.1.2.3
        10:40:22 and 4:3 and 1:640
        and/or, w/o, c/o pain.She said
        Had fever.Cough.No rash
        3@5 and BP@120
        Ig G 12, IgG4, IG M 3
        ",
    );
}

#[test]
fn among_other_numbers() {
    check(
        None,
        "
        lives c daughter (ph [[phone:9845012345]] / [[phone:9845012346]])
        call [[phone:0712345678]]/[[phone:0722345678]] now
        mom phone nmbr [[phone:9845012345]], dad [[phone:98450-54321]]
        Ext. [[phone:4587]]. Locker 12. Token 45.
        Alt. no [[phone:080-25550123]], e-mail [[email:test @ gmail . com]]
        his number is [[phone:oh seven seven zero zero nine zero zero three one eight]] ok
        NS 500ml@100ml/hr, O2@4L, 250mg/5ml
        6MWD 410m, EF 55-60, ABG 7.21/58/92/22, 12000/month
        ",
    );
}
