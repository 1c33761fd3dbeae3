//! The words that say which number follows them.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::tokens::Tokens;
use crate::story::NumberKind;

/// How much a label needs beside it to make a number an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// It numbers things that are many in a post: cases, samples. It needs a mark and three digits.
    Counted,
    /// It has another meaning: it needs "no", "number", "id", "#" or a colon, or a number no post has otherwise.
    Marked,
    /// A usual label of an identifier: it needs a mark, or five digits, or letters and digits.
    Soft,
    /// It labels nothing else.
    Sure,
}

/// A label at some token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label {
    pub(super) kind: NumberKind,
    pub(super) strength: Strength,
    /// Its last token.
    pub(super) last: usize,
}

type Rest = (Vec<&'static str>, NumberKind, Strength);

static LABELS: LazyLock<HashMap<&'static str, Vec<Rest>>> = LazyLock::new(|| {
    let mut labels: HashMap<&'static str, Vec<Rest>> = HashMap::new();
    for (kind, strength, list) in LISTS {
        for phrase in list.split(',') {
            let mut words = phrase.split_whitespace();
            if let Some(first) = words.next() {
                labels.entry(first).or_default().push((words.collect(), *kind, *strength));
            }
        }
    }
    for rests in labels.values_mut() {
        rests.sort_by_key(|(words, ..)| std::cmp::Reverse(words.len()));
    }
    labels
});

/// The label that begins at token `i`, the longest there is.
pub(super) fn label(t: &Tokens, i: usize) -> Option<Label> {
    if !t.is_word(i) || (t.touches(i) && t.is_mark(i.wrapping_sub(1), "@_'")) {
        return None;
    }
    if let Some((word, last)) = initials(t, i)
        && let Some(found) = lookup(t, &word, last)
    {
        return Some(found);
    }
    lookup(t, t.norm(i), i)
}

/// The longest label whose first word is `first`, which ends at token `at`.
fn lookup(t: &Tokens, first: &str, at: usize) -> Option<Label> {
    let rests = LABELS.get(first)?;
    rests.iter().find_map(|(words, kind, strength)| {
        let mut next = at;
        for word in words {
            next += 1;
            // "ration-card", "reg. no": one mark between words is nothing.
            if t.is_mark(next, ".-'") && t.is_word(next + 1) {
                next += 1;
            }
            if t.norm(next) == "s" && t.is_mark(next.wrapping_sub(1), "'") {
                next += 1;
            }
            if t.norm(next) != *word {
                return None;
            }
        }
        Some(Label { kind: *kind, strength: *strength, last: next })
    })
}

/// Single letters with full stops or slashes between them as one word: "M.R.N." is "mrn", "A/c" is "ac".
fn initials(t: &Tokens, i: usize) -> Option<(String, usize)> {
    let single = |at: usize| t.is_word(at) && t.norm(at).chars().count() == 1;
    if !single(i) {
        return None;
    }
    let mut word = t.norm(i).to_owned();
    let mut last = i;
    while word.len() < 6
        && t.is_mark(last + 1, "./")
        && t.touches(last + 1)
        && t.touches(last + 2)
        && single(last + 2)
    {
        last += 2;
        word.push_str(t.norm(last));
    }
    if last == i {
        return None;
    }
    if t.is_mark(last + 1, ".") && t.touches(last + 1) {
        last += 1;
    }
    Some((word, last))
}

use NumberKind::{Account, Device, HealthPlan, Licence, National, Other, Record, Vehicle};
use Strength::{Counted, Marked, Soft, Sure};

const LISTS: &[(NumberKind, Strength, &str)] = &[
    (
        Record,
        Sure,
        "mrn,mrd,crn,uhid,crno,ipno,opno,hospno,medical record,med rec,medical record number,patient id,pt id,patient no,patient number,\
         hospital no,hospital number,hospital id,hosp no,hosp number,hosp id,hosp num,hospital reg,accession,accession no,nikshay id,\
         nikshay,nupi,rekam medis,sinan,prontuario,historia clinica,expediente clinico,no rm,nomor rm,rm no,bht no,rch id,hmis no,ccc no,\
         case sheet no,case record no,unit number,emr no,emr id,ehr id,registro hospitalar,mr no,mr number,hosp,hn,urn,ur no,ur number",
    ),
    (
        Record,
        Soft,
        "bht,opd,ipd,ur,ip,rm,file,folder,chart,record,ip no,ip number,op no,op number,opd no,opd number,ipd no,cr no,cr number,registration,regn,reg no,reg number,\
         reg,req no,requisition,lab no,lab number,lab id,lab ref,barcode,admission no,adm no,admission number,encounter,xray no,x ray no,\
         ct no,usg no,biopsy no,histo no,hpe no,study id,tb no,tb number,tb reg,art no,art number,anc no,anc number,referral,expediente,\
         atendimento,matricula,record no,upi,mlc,mlc no,outpatient no,inpatient no,slip no,opd slip,token id,case id,file no,berkas",
    ),
    (
        Record,
        Counted,
        "case no,case number,sample,specimen,slide no,visit no,visit id,episode,path no,sample id,specimen id,case",
    ),
    (
        National,
        Sure,
        "run no,cui,dpi,ppsn,pps no,pesel,bsn,tckn,nif,nie,fodselsnummer,personnummer,cnp,nhs,nhs no,nhs number,aadhaar,aadhar,adhaar,adhar,adhar card,aadhaar card,aadhar card,uidai,ssn,social security,social security number,\
         soc sec,ghana card,nik,ktp,cpf,curp,dni,nhi,cnic,nric,national id,national identity,national identification,philsys,huduma,\
         sa id,south african id,voter id,voter card,voter,epic no,nid no,citizenship no,identity no,identity number,\
         id number,id no,cedula,rut,nin,national insurance,ni number,identity card,ni no,sin no,social insurance,kk no,no kk,kartu keluarga,\
         visa,visa no,passport,passport no,passport number,pasaporte,passaporte,paspor,pan card,pan no,pan number,gsis,umid,election card,epic card,no ktp,nrc no",
    ),
    (National, Marked, "chi,pan,epic,uid,rg,sss,tin,ic,nid,kk,sin,citizenship,nrc,nino,id card,tax id"),
    (
        HealthPlan,
        Sure,
        "medicare,medicaid,ohip,philhealth,bpjs,cns,cartao sus,carteira sus,cartao nacional,abha,ayushman,pmjay,ab pmjay,nhif,nhis,shif,\
         health card,healthcard,health insurance,insurance id,insurance no,insurance number,member id,membership id,subscriber id,policy no,\
         policy number,policy id,group number,cghs,echs,esic,cmchis,swasthya sathi,health id,ihi,hcn,phn,ramq,medical aid,carteirinha,kis card,\
         plan id,health number,health no,jkn,carte vitale,mbi,arogyasri,yeshasvini,msp no,golden card,ayushman card",
    ),
    (
        HealthPlan,
        Soft,
        "insurance,policy,member,subscriber,claim,scheme no,convenio,seguro,imss,sus,dva,mutuelle,sha no,esi no,hmo,membership",
    ),
    (
        Account,
        Sure,
        "iban,bvn,bank account,bank ac,account no,account number,acct no,acct number,ac no,credit card,debit card,card number,\
         upi id,gpay,phonepe,paytm,savings account,rekening,no rekening,conta,cuenta,clabe",
    ),
    (
        Account,
        Soft,
        "ac,account,acct,transaction,txn,transaction id,txn id,utr,mpesa code,paybill,till no,card ending,bank",
    ),
    (
        Licence,
        Sure,
        "driving licence,driving license,drivers licence,drivers license,driver licence,driver license,licence no,license no,licence number,\
         license number,dl no,gmc no,gmc number,npi no,npi number,crm no,coren,ahpra,hpcsa,mdcn,mci reg,nmc reg,nmc pin,prc no,prc license,\
         medical council,council reg,registration certificate,kmpdc,hpcz,sim no,cnh",
    ),
    (
        Licence,
        Soft,
        "licence,license,permit,certificate,cert,cert no,npi,gmc,nmc,mci,prc,dea,sip,str no,licencia,licenca,gmc ref,crm",
    ),
    (Licence, Marked, "dl"),
    (
        Vehicle,
        Sure,
        "vin,chassis,chassis no,engine no,vehicle no,vehicle number,vehicle reg,number plate,licence plate,license plate,rego",
    ),
    (
        Device,
        Sure,
        "serial,serial no,serial number,imei,device id,device no,udi,device serial,serie no,numero de serie,no seri,nomor seri,ser no,sn no",
    ),
    (
        Device,
        Soft,
        "lot,lot no,batch,batch no,lot number,batch number,implant no,asset,asset tag,device,machine no,sl no,lote,serie",
    ),
    (Vehicle, Soft, "plate,plates,reg plate,plat,placa"),
    (Device, Marked, "sn,sr no,s n,ref no"),
    (
        Other,
        Soft,
        "card,card no,patient card,case card,roll no,roll number,badge,badge no,school card,student id,student no,student number,employee id,employee no,emp id,emp no,emp code,\
         staff no,staff id,worker id,asha id,police case,police case no,fir,fir no,crime no,gd no,gde no,court case,token,ticket,order,\
         receipt,invoice,bill no,booking,reference,ref,ration card,ration card no,job card,loan,customer id,consumer no,customer no,tracking,\
         awb,docket,prisoner no,inmate no,service no,force no,army no,nisn,nip,enrolment no,enrollment no,admit card,library card,id,\
         locker,confirmation,confirmation code,reservation,pnr,protocol,protocolo,boleta,folio,kode,barangay id,otp,password,passcode,coupon,\
         camp no,camp id,household no,household id,house id,nrega,mgnrega,bpl card,bpl no,apl card,arc no,kcc,family id,samagra id,\
         samagra,jan aadhaar,ppp id,mcts,mcp card,birth certificate,death certificate,birth cert,cr no police,ob no,ob number,occurrence book,\
         record locator,study no,trial id,participant id,subject id,volunteer id,donor id,donor no,bag no,unit id,form no,cover no,\
         membership no,member no,school id,school no,register no,regd no,serial on register,refugee id,unhcr,unhcr no,camp card,proof of registration",
    ),
];
