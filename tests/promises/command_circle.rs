//! Identities, circles and posts through the command: people with a vault each, and one folder that nobody believes.

mod mishaps;

use std::fs;
use std::path::{Path, PathBuf};

use curtain::circle::{Invite, JoinRequest, LinkGrant, LinkRequest, Paper, Pen};
use curtain::exchange::{self, Folder, Here, Rotate};
use curtain::time::UnixTime;
use curtain::vault::FileKeyStore;
use ring::rand::SystemRandom;
use serde_json::{Value, json};

use crate::command::{curtain, lines, path};
use crate::desks::{Person, World, code, done, now_s, text, witness_key};
use crate::people::open;

fn codes(values: &Value) -> Vec<&str> {
    values.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect()
}

#[test]
fn a_case_travels_and_who_is_removed_reads_no_other() {
    let world = World::new();
    let (ada, ben) = (world.person("Ada", "clinician"), world.person("Ben", "clinician"));
    let cara = world.person("Cara", "student");
    let circle = ada.new_circle("Test Dermatology", "teaching", "archive");
    ada.add(&circle, &ben, "member");
    ada.add(&circle, &cara, "student");
    done(&ben.through(&["circle", "pull", "Test Dermatology"]));
    let shown = ben.show(&circle[..8]);
    let mut names: Vec<_> =
        shown["members"].as_array().unwrap().iter().map(|one| text(&one["name"])).collect();
    names.sort_unstable();
    assert_eq!(names, ["Test Ada", "Test Ben", "Test Cara"]);
    assert!(shown["members"].as_array().unwrap().iter().all(|one| one["credential"] == "valid"), "{shown}");
    assert_eq!((&shown["blocked"], shown["epochs"].as_array().unwrap().len()), (&json!(false), 3));

    // Sealed without a network, once; sent when everything that is missing is there.
    let case = ada.case("Quillibrand came with a rash.");
    let offline = done(&ada.run(&["post", "seal", &case, "--circle", &circle]));
    assert_eq!((&offline["new"], &offline["sent"]), (&json!(true), &json!(false)));
    let early = ada.seal(&case, &circle);
    assert_eq!(early.status.code(), Some(1));
    let early = lines(&early).pop().unwrap();
    assert_eq!(codes(&early["missing"]), ["consent_not_witnessed", "no_cosigned_head"]);
    ada.meet_log();
    done(&ada.meet_head(&circle, 25 * 3600));
    assert_eq!(codes(&lines(&ada.seal(&case, &circle)).pop().unwrap()["missing"]), ["head_stale"]);
    done(&ada.meet_head(&circle, 60));
    assert_eq!(code(&ada.meet_head(&circle, 120)), "older_head");
    let sent = done(&ada.seal(&case, &circle));
    assert_eq!((&sent["post"], &sent["new"], &sent["place"]), (&offline["post"], &json!(false), &json!(0)));
    assert_eq!(done(&ada.seal(&case, &circle))["place"], 0, "the same header is there once");
    let post = text(&sent["post"]);
    let kept = done(&ada.run(&["post", "show", &post]));
    assert_eq!((&kept["standing"], &kept["circles"][0]["circle"]), (&json!("live"), &json!(circle)));

    for reader in [&ben, &cara] {
        let out = format!("opened-{}", &reader.user[..8]);
        let opened = done(&reader.open(&circle, &out));
        assert_eq!(opened["author"]["name"], "Test Ada");
        let folder = PathBuf::from(world.at(&out)).join(&post);
        let said = fs::read_to_string(folder.join("text.json")).unwrap();
        assert!(!said.contains("Quillibrand") && said.contains("came with a rash."), "{said}");
        assert!(fs::read(folder.join("picture-1.jpg")).unwrap().starts_with(&[0xff, 0xd8]));
        assert_eq!(code(&reader.open(&circle, &out)), "exists", "nothing is overwritten");
    }
    let remark = world.at("remark");
    fs::write(&remark, "Has Quillibrand tried zinc paste?").unwrap();
    done(&cara.meet_head(&circle, 0));
    let known = world.at("known");
    fs::write(&known, "name: Quillibrand\n").unwrap();
    let comment = ["post", "comment", &circle, &post, &remark, "--known", &known];
    assert_eq!(code(&cara.through(&comment)), "text_not_read");
    let sent_comment = done(&cara.through(&[&comment[..], &["--read"]].concat()));
    assert_eq!(sent_comment["n"], 1);
    let opened = done(&ben.open(&circle, "commented"));
    let said = &opened["events"][0];
    assert_eq!((&said["author"]["name"], &said["said"]["kind"]), (&json!("Test Cara"), &json!("comment")));
    assert!(!said.to_string().contains("Quillibrand") && said.to_string().contains("zinc paste"), "{said}");
    let signed = curtain(&["identity", "issuer", "--json", "--key", &world.at("issuer")]);
    assert_eq!(code(&signed), "exists", "a key is never overwritten");

    // A student's case is not sealed.
    let students = cara.reviewed("A rash.");
    assert_eq!(code(&cara.seal(&students, &circle)), "role");
    // A header in another circle is none of it.
    let other = ben.new_circle("Other", "teaching", "archive");
    fs::create_dir_all(world.circle(&other, "posts")).unwrap();
    fs::copy(world.circle(&circle, "posts/0.json"), world.circle(&other, "posts/0.json")).unwrap();
    assert_eq!(code(&ben.open("Other", "other")), "other_circle");

    let removed = done(&ada.through(&["circle", "remove", &circle, &ben.user[..8]]));
    assert_eq!((&removed["epoch"], &removed["rotation_due"]), (&json!(3), &json!(false)));
    let again = ["post", "seal", &case, "--circle", &circle, "--again"];
    let unseen = lines(&ada.through(&again)).pop().unwrap();
    assert_eq!((codes(&unseen["missing"]), &unseen["new"]), (vec!["not_cosigned_yet"], &json!(true)));
    done(&ada.meet_head(&circle, 0));
    let second = done(&ada.seal(&case, &circle));
    assert_eq!(second["place"], 2, "{second}");
    assert_ne!(second["post"], sent["post"]);
    done(&cara.open(&circle, "second"));
    let refused = ben.open(&circle, "removed");
    assert_eq!(refused.status.code(), Some(1));
    let refused = lines(&refused);
    assert_eq!(refused[0]["post"], sent["post"], "what was there before stays readable: {refused:?}");
    assert_eq!(refused[1]["error"]["code"], "no_epoch_secret");

    hostile_files(&world, &circle, &cara, &post);

    // Who may not withdraw is told; who may, is followed.
    let withdraw = |who: &Person<'_>, reason: &str| {
        who.through(&["post", "withdraw", &circle, &post, "--reason", reason])
    };
    assert_eq!(code(&withdraw(&cara, "author")), "role");
    done(&withdraw(&ada, "author"));
    let gone = cara.open(&circle, "gone");
    assert_eq!(lines(&gone)[0]["error"]["code"], "withdrawn");

    // Without the consent nothing is sealed or sent; with another photo, not before another review.
    let consent = text(&done(&ada.run(&["post", "show", &post]))["consent"]);
    done(&ada.run(&["consent", "withdraw", &consent]));
    assert_eq!(code(&ada.seal(&case, &circle)), "consent_falls_short");
    done(&ada.run(&["post", "add-photo", &case, &path("orient/o3.jpg")]));
    assert_eq!(code(&ada.seal(&case, &circle)), "not_reviewed");
}

#[test]
fn two_admins_at_once_lose_nothing() {
    let world = World::new();
    let ada = world.person("Ada", "clinician");
    let circle = ada.new_circle("Test Circle", "teaching", "archive");
    let through = world.through();
    let (id, folder) = (circle.parse().unwrap(), Folder::new(Path::new(&through)));
    let (members, boxes) = (world.circle(&circle, "members/3.json"), world.circle(&circle, "boxes/1.boxes"));
    {
        let keys = FileKeyStore::new(ada.vault.join("vault.key"));
        let mut vault = open(&ada.vault).unwrap();
        let mut me = vault.identity(&keys).unwrap().unwrap();
        let (random, now) = (SystemRandom::new(), UnixTime::new(now_s().try_into().unwrap()).unwrap());
        let mut here = Here { vault: &mut vault, keys: &keys, me: &mut me, random: &random, now };
        let mut mine = exchange::kept(here.vault, here.keys, here.me.user, id).unwrap();
        let mut other = mine.clone();
        // Between reading and writing, somebody else has written.
        let first = Pen::new(here.me, now, &random).rotate(&mut other).unwrap();
        fs::write(&members, &first.entry).unwrap();
        fs::write(&boxes, first.boxes.as_bytes()).unwrap();
        let late = exchange::change(&mut here, &folder, &mut mine, Rotate::Always, |_, _| Ok(Vec::new()));
        assert_eq!(late.unwrap_err().code(), "somebody_was_faster");
        assert_eq!(here.vault.entries(id).unwrap().len(), 3, "nothing of it was kept");
        assert_eq!(fs::read(&members).unwrap(), first.entry, "and nothing replaced");
    }
    let rotated = done(&ada.through(&["circle", "rotate", &circle]));
    assert_eq!(rotated["epoch"], 2, "pulled, and done again");
}

#[test]
fn a_paper_that_was_cut_or_changed_is_refused() {
    let world = World::new();
    let (ada, ben) = (world.person("Ada", "clinician"), world.person("Ben", "clinician"));
    let circle = ada.new_circle("Test Circle", "teaching", "archive");
    let (invite, request) = ada.request(&circle, &ben);
    let link = world.at("link");
    let mut phone = world.empty("phone");
    phone.user.clone_from(&ben.user);
    done(&phone.run(&["identity", "link", &ben.user, "--name", "Test Ben", "--out", &link]));
    let grant = world.at("grant");
    done(&ben.run(&["identity", "approve", &link, "--out", &grant, "--yes"]));
    let (invite, request, link, grant) = (
        fs::read(invite).unwrap(),
        fs::read(request).unwrap(),
        fs::read(link).unwrap(),
        fs::read(grant).unwrap(),
    );
    for paper in [&invite, &request, &link, &grant] {
        for end in (0..paper.len()).step_by(61) {
            let cut = &paper[..end];
            assert!(Invite::parse(cut).is_err() && JoinRequest::parse(cut).is_err());
            assert!(LinkRequest::parse(cut).is_err() && LinkGrant::parse(cut).is_err());
        }
    }
    let identity = |person: &Person<'_>| {
        let keys = FileKeyStore::new(person.vault.join("vault.key"));
        open(&person.vault).unwrap().identity(&keys).unwrap().unwrap()
    };
    let (mut phones, bens) = (identity(&phone), identity(&ben).key().unwrap().public());
    let accepted = |bytes: &[u8]| {
        let taken = LinkGrant::parse(bytes).is_ok_and(|grant| grant.accept(&mut phones).is_ok());
        assert!(!taken || phones.key().unwrap().public() == bens, "never another key");
        taken
    };
    let refused = flipped(&grant, 211, accepted);
    // What is left are copies of the key for other devices, which are theirs to refuse.
    assert!(refused.iter().filter(|refused| **refused).count() * 2 > refused.len());

    let mut mine = identity(&ben);
    let random = SystemRandom::new();
    let linked =
        |bytes: &[u8]| LinkRequest::parse(bytes).is_ok_and(|link| link.approve(&mut mine, &random).is_ok());
    assert!(flipped(&link, 53, linked).iter().all(|refused| *refused), "each byte is signed by the device");
}

/// Whether `taken` refuses `paper` with a bit flipped: at every so many bytes.
fn flipped(paper: &[u8], every: usize, mut taken: impl FnMut(&[u8]) -> bool) -> Vec<bool> {
    let places = (0..paper.len()).step_by(every);
    places
        .map(|place| {
            let mut changed = paper.to_vec();
            changed[place] ^= 1;
            !taken(&changed)
        })
        .collect()
}

/// What whoever has the folder can do to files of a post.
fn hostile_files(world: &World, circle: &str, reader: &Person<'_>, post: &str) {
    let header = fs::read_to_string(world.circle(circle, "posts/0.json")).unwrap();
    let header: Value = serde_json::from_str(&header).unwrap();
    let object = text(&header["body"]["content"]["objects"][1]["sha256"]);
    let blob = Path::new(&world.through()).join("blobs").join(&object);
    let whole = fs::read(&blob).unwrap();
    let open = |out: &str| {
        let (out, witness) = (world.at(out), witness_key());
        let output = reader.through(&["post", "open", circle, post, "--witness", &witness, "--out", &out]);
        assert!(!Path::new(&out).join(post).exists(), "nothing of it is written");
        code(&output)
    };
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for (bytes, refusal) in [(flipped, "other_bytes"), ([&whole[..], b"x"].concat(), "other_bytes")] {
        fs::write(&blob, bytes).unwrap();
        assert_eq!(open("hostile"), refusal);
    }
    fs::remove_file(&blob).unwrap();
    assert_eq!(open("hostile"), "file_missing");
    #[cfg(unix)]
    {
        let elsewhere = world.at("elsewhere");
        fs::write(&elsewhere, &whole).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &blob).unwrap();
        assert_eq!(open("hostile"), "not_a_file");
        fs::remove_file(&blob).unwrap();
    }
    fs::write(&blob, &whole).unwrap();
    fs::write(world.circle(circle, "posts/3.json"), "{}").unwrap();
    let output = reader.open(circle, "all");
    let lines = lines(&output);
    assert_eq!(lines[2]["error"]["code"], "header_form", "{lines:?}");
    assert!(lines[..2].iter().all(|line| line.get("error").is_none()), "the others are opened");
    // The same header once more; and an old one, which is of an epoch that is over.
    fs::copy(world.circle(circle, "posts/0.json"), world.circle(circle, "posts/4.json")).unwrap();
    fs::copy(world.circle(circle, "posts/2.json"), world.circle(circle, "posts/3.json")).unwrap();
    let refused = reader.open(circle, "again");
    let codes: Vec<_> =
        super::command::lines(&refused)[2..].iter().map(|line| line["error"]["code"].clone()).collect();
    assert_eq!(codes, ["chain_replay", "old_epoch"]);
}

#[test]
fn a_folder_is_not_believed() {
    let world = World::new();
    let (ada, ben) = (world.person("Ada", "clinician"), world.person("Ben", "clinician"));
    let circle = ada.new_circle("Test Circle", "teaching", "archive");
    ada.add(&circle, &ben, "member");
    let pull = |person: &Person<'_>| person.through(&["circle", "pull", &circle]);
    let entry = |n: u64| world.circle(&circle, &format!("members/{n}.json"));
    let known = ben.show(&circle)["entries"].clone();

    let whole = fs::read(entry(2)).unwrap();
    fs::write(entry(2), fs::read(entry(3)).unwrap()).unwrap();
    assert_eq!(code(&pull(&ben)), "forked");
    fs::remove_file(entry(2)).unwrap();
    assert_eq!(code(&pull(&ben)), "rolled_back");
    fs::write(entry(2), vec![b' '; (64 << 10) + 1]).unwrap();
    assert_eq!(code(&pull(&ben)), "file_too_large");
    fs::remove_file(entry(2)).unwrap();
    fs::create_dir(entry(2)).unwrap();
    assert_eq!(code(&pull(&ben)), "not_a_file");
    fs::remove_dir(entry(2)).unwrap();
    fs::write(entry(2), whole).unwrap();
    let n = known.as_u64().unwrap();
    fs::copy(entry(n - 1), entry(n)).unwrap();
    assert_eq!(code(&pull(&ben)), "entry_number");
    fs::remove_file(entry(n)).unwrap();
    assert_eq!(ben.show(&circle)["entries"], known, "nothing was taken");
    done(&pull(&ben));

    // Boxes that are held back, or others: the log is taken, and what is missing is said.
    done(&ada.through(&["circle", "rotate", &circle]));
    let boxes = world.circle(&circle, "boxes/2.boxes");
    let right = fs::read(&boxes).unwrap();
    fs::remove_file(&boxes).unwrap();
    let without = pull(&ben);
    assert_eq!(without.status.code(), Some(1));
    assert_eq!(lines(&without)[0]["no_key"]["code"], "file_missing");
    fs::copy(world.circle(&circle, "boxes/1.boxes"), &boxes).unwrap();
    assert_eq!(lines(&pull(&ben))[0]["no_key"]["code"], "other_boxes");
    fs::write(&boxes, &right[1..]).unwrap();
    assert_eq!(lines(&pull(&ben))[0]["no_key"]["code"], "box_set_length");
    fs::write(&boxes, right).unwrap();
    assert_eq!(done(&pull(&ben))["no_key"], Value::Null);
}

#[test]
fn who_may_not_come_in_is_told_why() {
    let world = World::new();
    let (ada, cara) = (world.person("Ada", "clinician"), world.person("Cara", "student"));
    assert_eq!(code(&ada.run(&["identity", "new", "--name", "Somebody"])), "exists");
    assert_eq!(code(&world.empty("nobody").run(&["circle", "list"])), "no_vault");
    let theirs = world.at(&format!("credential-student-{}", &cara.user[..8]));
    assert_eq!(code(&ada.run(&["identity", "credential", &theirs])), "credential_user");
    let nothing = world.at("nothing");
    fs::write(&nothing, "{}").unwrap();
    assert_eq!(code(&ada.run(&["identity", "credential", &nothing])), "paper_form");

    let advice = ada.new_circle("Care", "care-advice", "none");
    let teaching = ada.new_circle("Teaching", "teaching", "archive");
    let add = |circle: &str, request: &str, role: &str| {
        ada.through(&["circle", "add", circle, request, "--role", role])
    };
    let (_, request) = ada.request(&advice, &cara);
    assert_eq!(code(&add(&advice, &request, "student")), "credential_role");
    assert_eq!(code(&add(&advice, &request, "member")), "credential_kind");
    assert_eq!(code(&add(&teaching, &request, "student")), "join_circle");
    assert_eq!(code(&add("no such circle", &request, "student")), "no_such_circle");
    let dora = world.empty("Dora");
    let made = done(&dora.run(&["identity", "new", "--name", "Test Dora"]));
    let dora = Person { user: text(&made["user"]), device: text(&made["device"]), ..dora };
    let (_, request) = ada.request(&teaching, &dora);
    assert_eq!(code(&add(&teaching, &request, "member")), "credential_missing");
    // Nothing of it is in the log.
    assert_eq!(ada.show(&teaching)["entries"], 3);

    ada.add(&teaching, &cara, "student");
    assert_eq!(code(&cara.through(&["circle", "remove", &teaching, &ada.user])), "not_admin");
    assert_eq!(code(&ada.through(&["circle", "remove", &teaching, &ada.user])), "last_admin");
    assert_eq!(code(&ada.through(&["circle", "role", &teaching, &cara.user, "member"])), "credential_kind");

    // Several who come in with one epoch.
    let eve = world.person("Eve", "clinician");
    let (invite, request) = ada.request(&teaching, &eve);
    let later = done(&ada.through(&["circle", "add", &teaching, &request, "--role", "member", "--later"]));
    assert_eq!((&later["epoch"], &later["rotation_due"]), (&Value::Null, &json!(true)));
    done(&eve.through(&["circle", "pull", &invite, "--name", "Lessons"]));
    assert_eq!(eve.show("Lessons")["epochs"][1]["key"], false, "nothing is read until the next epoch");
    done(&ada.through(&["circle", "rotate", &teaching]));
    done(&eve.through(&["circle", "pull", "Lessons"]));
    assert_eq!(eve.show("Lessons")["epochs"][1]["key"], true, "and then the archive, too");

    // An officer's key is the officer's alone.
    let (key, public) = (world.at("officer"), world.at("officer.public"));
    done(&curtain(&["identity", "officer", "--json", "--key", &key, "--out", &public]));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let readable = |file: &str| fs::metadata(file).unwrap().permissions().mode() & 0o077;
        assert_eq!(readable(&key), 0);
        let issue = [
            "identity",
            "issue",
            "--json",
            "--user",
            &eve.user,
            "--device",
            &eve.device,
            "--kind",
            "officer",
        ];
        let issue = |key: &str| {
            let out = world.at("wrong");
            curtain(&[&issue[..], &["--days", "1", "--out", &out, "--key", key]].concat())
        };
        assert_eq!(code(&issue(&key)), "not_a_key", "a key of another kind");
        let copy = world.at("copy");
        fs::copy(world.at("issuer"), &copy).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(code(&issue(&copy)), "key_exposed");
    }

    // An issuer takes a credential back.
    let (key, out) = (world.at("issuer"), world.at("revocation"));
    done(&curtain(&["identity", "discredit", "--json", "--key", &key, &theirs, "--out", &out]));
    done(&cara.run(&["identity", "credential", &theirs]));
    done(&cara.through(&["identity", "credential", &theirs]));
    done(&ada.through(&["circle", "discredit", &teaching, &out]));
    assert_eq!(code(&ada.through(&["circle", "discredit", &teaching, &out])), "already_discredited");
    let shown = ada.show(&teaching);
    let member = shown["members"].as_array().unwrap().iter().find(|one| one["user"] == json!(cara.user));
    assert_eq!(member.unwrap()["credential"], "credential_revoked");
}

#[test]
fn a_user_has_many_devices_and_comes_back_without_any() {
    let world = World::new();
    let (ada, ben) = (world.person("Ada", "clinician"), world.person("Ben", "clinician"));
    let circle = ada.new_circle("Test Circle", "teaching", "archive");
    ada.add(&circle, &ben, "member");

    // A second device of Ben's.
    let mut phone = world.empty("Ben's phone");
    phone.user.clone_from(&ben.user);
    let (request, grant) = (world.at("link"), world.at("grant"));
    let asked = done(&phone.run(&["identity", "link", &ben.user, "--name", "Test Ben", "--out", &request]));
    phone.device = text(&asked["device"]);
    assert_eq!(code(&phone.run(&["identity", "recovery-code"])), "not_linked");
    let approve = ["identity", "approve", &request, "--out", &grant];
    assert_eq!(code(&ben.through(&approve)), "not_confirmed");
    let approved = done(&ben.through(&[&approve[..], &["--yes"]].concat()));
    assert_eq!(approved["request_fingerprint"], asked["fingerprint"]);
    assert_eq!(code(&ada.run(&["identity", "accept", &grant, "--yes"])), "other_user");
    let accepted = done(&phone.through(&["identity", "accept", &grant, "--yes"]));
    assert_eq!(
        (&accepted["fingerprint"], &accepted["circles"]),
        (&approved["fingerprint"], &json!([circle]))
    );
    let has_key = |person: &Person<'_>| {
        let shown = person.show(&circle);
        shown["epochs"].as_array().unwrap().last().unwrap()["key"] == json!(true)
    };
    assert!(has_key(&phone));

    // A recovery code, and every device is lost but the phone's finder has it.
    let made = done(&ben.through(&["identity", "recovery-code"]));
    let recovery = text(&made["recovery_code"]);
    done(&phone.through(&["circle", "pull", &circle]));
    let devices = done(&phone.run(&["identity", "show"]))["devices"].clone();
    assert_eq!(devices.as_array().unwrap().len(), 3, "the phone learns of the code: {devices}");

    let mut fresh = world.empty("Ben's new phone");
    let restore = ["identity", "restore", "--user", &ben.user, "--revoke", &phone.device];
    let through = world.through();
    let restore = [&restore[..], &["--through", &through]].concat();
    assert_eq!(code(&fresh.run_with(&restore, "ABCD-EFGH")), "code_length");
    let other = ["identity", "restore", "--user", &ada.user, "--through", &through];
    assert_eq!(code(&fresh.run_with(&other, &recovery)), "code_unknown");
    let restored = done(&fresh.run_with(&restore, &recovery));
    fresh.device = text(&restored["device"]);
    assert_eq!(restored["circles"], json!([circle]));
    let who = done(&fresh.run(&["identity", "show"]));
    assert_eq!((&who["name"], who["devices"].as_array().unwrap().len()), (&json!("Test Ben"), 3));
    assert!(has_key(&fresh));

    // The lost phone has no key of the new epoch; the other device takes the new key.
    let lost = phone.through(&["circle", "pull", &circle]);
    assert_eq!(lines(&lost)[0]["no_key"]["code"], "device_not_listed", "{lost:?}");
    assert!(!has_key(&phone));
    done(&ben.through(&["circle", "pull", &circle]));
    assert!(has_key(&ben));
    done(&ada.through(&["circle", "pull", &circle]));
    assert!(has_key(&ada));

    // An admin revokes a device: its user waits until there is a new key.
    let revoked = done(&ada.through(&["circle", "revoke", &circle, &ben.user, &ben.device]));
    assert_eq!(revoked["rotation_due"], false);
    assert_eq!(
        done(&fresh.through(&["circle", "pull", &circle]))["no_key"],
        Value::Null,
        "there is no box yet"
    );
    assert!(!has_key(&fresh));
    done(&fresh.through(&["circle", "rekey", &circle]));
    done(&ada.through(&["circle", "rotate", &circle]));
    done(&fresh.through(&["circle", "pull", &circle]));
    assert!(has_key(&fresh));
    let out = ben.through(&["circle", "pull", &circle]);
    assert_eq!(lines(&out)[0]["no_key"]["code"], "device_not_listed");
    assert!(!has_key(&ben));
}
